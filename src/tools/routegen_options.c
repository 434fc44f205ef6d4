#include "routegen_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/ledger.h"
#include "act/route_means.h"
#include "base/cli.h"
#include "base/exits.h"
#include "base/moment.h"
#include "base/msg.h"

#define MAPS_DEFAULT "/etc/postfix/mptools"

static const char usage[] =
    "usage: routegen [-nqv] [-C DIR] [-d DIR] [-w FILE] [--ledger FILE] [--postmap]\n"
    "                [--reload] [--map-type TYPE] [--slots N] [--hop ADDRESS:PORT] [--auto]\n"
    "                [--route CUSTOMER:PROVIDER[:VIA]]... [--end CUSTOMER:PROVIDER]...\n"
    "                [--now TIME] [--year YEAR] [--follow LOG | LOG...]\n"
    "       routegen --show [--all] [-o tsv|json|table]\n"
    "       routegen --print-postfix | --print-master | --check-postfix | --check-config\n"
    "Sends customers' mail by outbound servers that its receiver doesn't list.\n"
    "For example:\n"
    "    routegen -n --auto                            what would be routed?\n"
    "    routegen --follow /var/log/mail.log --postmap --reload      from cron\n"
    "    routegen --route acme:microsoft --postmap --reload\n";

enum {
    O_LEDGER = 256,
    O_FOLLOW,
    O_TYPE,
    O_ROUTE,
    O_END,
    O_SLOTS,
    O_HOP,
    O_AUTO,
    O_POSTMAP,
    O_RELOAD,
    O_ALL,
    O_NOW,
    O_YEAR,
    O_SHOW,
    O_PRINT,
    O_MASTER,
    O_CHECK_POSTFIX,
    O_CHECK
};

static const struct option long_options[] = {{"config", required_argument, NULL, 'C'},
                                             {"maps", required_argument, NULL, 'd'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"dry-run", no_argument, NULL, 'n'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {"ledger", required_argument, NULL, O_LEDGER},
                                             {"follow", required_argument, NULL, O_FOLLOW},
                                             {"map-type", required_argument, NULL, O_TYPE},
                                             {"route", required_argument, NULL, O_ROUTE},
                                             {"end", required_argument, NULL, O_END},
                                             {"slots", required_argument, NULL, O_SLOTS},
                                             {"hop", required_argument, NULL, O_HOP},
                                             {"auto", no_argument, NULL, O_AUTO},
                                             {"postmap", no_argument, NULL, O_POSTMAP},
                                             {"reload", no_argument, NULL, O_RELOAD},
                                             {"all", no_argument, NULL, O_ALL},
                                             {"now", required_argument, NULL, O_NOW},
                                             {"year", required_argument, NULL, O_YEAR},
                                             {"show", no_argument, NULL, O_SHOW},
                                             {"print-postfix", no_argument, NULL, O_PRINT},
                                             {"print-master", no_argument, NULL, O_MASTER},
                                             {"check-postfix", no_argument, NULL, O_CHECK_POSTFIX},
                                             {"check-config", no_argument, NULL, O_CHECK},
                                             {NULL, 0, NULL, 0}};

static int wrong(const char *option, const char *expected)
{
    msg_error("%s: %s is not %s", option, optarg, expected);
    return EXIT_USAGE;
}

static int take_format(struct options *o)
{
    static const char *const name[] = {"tsv", "json", "table"};

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(optarg, name[i]) == 0) {
            o->format = (enum route_format)i;
            o->format_said = true;
            return -1;
        }
    }
    return wrong("-o", "tsv, json or table");
}

/* Options with a value that has to be understood. */
static int take_value(struct options *o, int c)
{
    int year;

    switch (c) {
    case O_YEAR:
        if (!cli_year(optarg, &year))
            return wrong("--year", "a year");
        o->year = (uint64_t)year;
        return -1;
    case O_SLOTS:
        if (!slice_u64(slice_str(optarg), &o->slots) || o->slots == 0 || o->slots > ROUTE_SLOTS_MAX)
            return wrong("--slots", "a number from 1 to 99");
        return -1;
    case O_HOP:
        if (!route_place_parse(slice_str(optarg), &o->hop) || !route_place_is_loopback(&o->hop) ||
            o->hop.port > 65535 - ROUTE_SLOTS_MAX)
            return wrong("--hop", "ADDRESS:PORT on this machine, as 127.0.0.1:10031");
        return -1;
    default:
        if (!time_option(optarg, when_now(), &o->now))
            return wrong("--now", "a time, as 2026-11-24T10:00:00Z");
        o->now_said = true;
        return -1;
    }
}

static int take_task(struct options *o, int c)
{
    enum routegen_task task = TASK_SHOW + (enum routegen_task)(c - O_SHOW);

    if (o->task != TASK_ROUTE && o->task != task)
        return cli_usage(usage, "specify only one of --show, --print-postfix, --print-master, "
                                "--check-postfix and --check-config");
    o->task = task;
    return -1;
}

static int take_long(struct options *o, int c)
{
    const char **const to[] = {&o->ledger, &o->follow, &o->type};
    bool *const flag[] = {&o->automatic, &o->postmap, &o->reload, &o->all};

    if (c >= O_SHOW)
        return take_task(o, c);
    if (c <= O_TYPE)
        *to[c - O_LEDGER] = optarg;
    else if (c == O_ROUTE)
        o->route[o->routes++] = optarg;
    else if (c == O_END)
        o->end[o->ends++] = optarg;
    else if (c >= O_AUTO && c <= O_ALL)
        *flag[c - O_AUTO] = true;
    else
        return take_value(o, c);
    return -1;
}

static int take(struct options *o, int c, char *arg)
{
    switch (c) {
    case 'C':
        o->conf = optarg;
        return -1;
    case 'd':
        o->dir = optarg;
        return -1;
    case 'o':
        return take_format(o);
    case 'w':
        o->output = optarg;
        return -1;
    case 'n':
        o->dry_run = true;
        return -1;
    case 'v':
        o->verbose = true;
        return -1;
    case 'q':
        o->quiet = true;
        return -1;
    case 'h':
        return cli_usage(usage, NULL);
    case 'V':
        puts("routegen " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    case '?':
    case ':':
        return cli_bad_option(usage, c, arg);
    default:
        return take_long(o, c);
    }
}

static const char *contradiction(const struct options *o)
{
    if (o->follow && o->files)
        return "specify only one of --follow and logs";
    if (o->task != TASK_ROUTE &&
        (o->follow || o->files || o->routes || o->ends || o->postmap || o->reload))
        return "--show, --print-postfix, --print-master and the checks change nothing: leave out "
               "logs, --route, --end, --postmap and --reload";
    if (o->all && o->task != TASK_SHOW)
        return "--all goes with --show";
    if (o->reload && !o->postmap)
        return "--reload goes with --postmap";
    if (o->dry_run && (o->postmap || o->reload))
        return "specify only one of --dry-run and --postmap";
    return NULL;
}

int routegen_options(struct options *o, int argc, char **argv)
{
    int status = -1, c;
    size_t room = (size_t)argc + 1;

    *o = (struct options){.task = TASK_ROUTE};
    o->route = calloc(room, sizeof *o->route);
    o->end = calloc(room, sizeof *o->end);
    if (o->route == NULL || o->end == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":C:d:o:w:nvqhV", long_options, NULL)) != -1)
        status = take(o, c, argv[optind - 1]);
    if (status >= 0)
        return status;
    msg_quiet(o->quiet);
    o->file = argv + optind;
    o->files = argc - optind;
    const char *problem = contradiction(o);
    if (problem)
        return cli_usage(usage, problem);
    if (!o->format_said && o->output == NULL && isatty(STDOUT_FILENO))
        o->format = ROUTE_TABLE;
    return -1;
}

bool routegen_settings(struct options *o, const struct settings *s)
{
    if (o->ledger == NULL)
        o->ledger = s->ledger ? s->ledger : LEDGER_DEFAULT;
    if (o->dir == NULL) {
        /* Beside senderblock's maps: the two tools needn't wait for each other's lock. */
        if (asprintf(&o->dir_made, "%s/routes", s->maps ? s->maps : MAPS_DEFAULT) < 0)
            o->dir_made = NULL;
        o->dir = o->dir_made;
    }
    return o->dir != NULL;
}

void routegen_options_free(struct options *o)
{
    free(o->route);
    free(o->end);
    free(o->dir_made);
}
