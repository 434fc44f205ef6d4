#include "delistreq_options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/exits.h"
#include "base/moment.h"
#include "base/msg.h"

#define BEFORE (48 * 3600 * WHEN_SECOND)

static const char usage[] =
    "usage: delistreq [-q] [-C DIR] [--ledger FILE] [-o table|tsv|json] [--now TIME]\n"
    "       delistreq [-n] [--mail [--to ADDRESS]] [-o json] LISTING | --all\n"
    "       delistreq --sent REQUEST [--by NAME]\n"
    "       delistreq --answer REQUEST TEXT [--by NAME]\n"
    "       delistreq --cause TEXT --measure TEXT [--fixed TIME] LISTING\n"
    "       delistreq --check-config\n"
    "Which blocklists our addresses may be taken off, and the requests for it. It sends nothing.\n"
    "For example:\n"
    "    delistreq                         which listings are there, and what is next?\n"
    "    delistreq 4                       the request for listing 4, if it is allowed\n"
    "    delistreq --sent 12               request 12 was sent\n";

enum {
    O_LEDGER = 256,
    O_FROM,
    O_ORGANISATION,
    O_NAME,
    O_PHONE,
    O_WEBSITE,
    O_TO,
    O_BY,
    O_CAUSE,
    O_MEASURE,
    O_SENT,
    O_ANSWER,
    O_NOW,
    O_FIXED,
    O_WINDOW,
    O_ALL,
    O_MAIL,
    O_CHECK
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'C'},
    {"output", required_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"ledger", required_argument, NULL, O_LEDGER},
    {"from", required_argument, NULL, O_FROM},
    {"organisation", required_argument, NULL, O_ORGANISATION},
    {"name", required_argument, NULL, O_NAME},
    {"phone", required_argument, NULL, O_PHONE},
    {"website", required_argument, NULL, O_WEBSITE},
    {"to", required_argument, NULL, O_TO},
    {"by", required_argument, NULL, O_BY},
    {"cause", required_argument, NULL, O_CAUSE},
    {"measure", required_argument, NULL, O_MEASURE},
    {"sent", required_argument, NULL, O_SENT},
    {"answer", required_argument, NULL, O_ANSWER},
    {"now", required_argument, NULL, O_NOW},
    {"fixed", required_argument, NULL, O_FIXED},
    {"window", required_argument, NULL, O_WINDOW},
    {"all", no_argument, NULL, O_ALL},
    {"mail", no_argument, NULL, O_MAIL},
    {"check-config", no_argument, NULL, O_CHECK},
    {NULL, 0, NULL, 0}};

static void take_text(struct options *o, int c)
{
    const char **const to[] = {[O_LEDGER - O_LEDGER] = &o->ledger,
                               [O_FROM - O_LEDGER] = &o->from,
                               [O_ORGANISATION - O_LEDGER] = &o->organisation,
                               [O_NAME - O_LEDGER] = &o->name,
                               [O_PHONE - O_LEDGER] = &o->phone,
                               [O_WEBSITE - O_LEDGER] = &o->website,
                               [O_TO - O_LEDGER] = &o->to,
                               [O_BY - O_LEDGER] = &o->by,
                               [O_CAUSE - O_LEDGER] = &o->cause,
                               [O_MEASURE - O_LEDGER] = &o->measure};

    *to[c - O_LEDGER] = optarg;
}

static int take_id(const char *what, const char *s, int64_t *to)
{
    uint64_t n;

    if (!slice_u64(slice_str(s), &n) || n == 0 || n > INT64_MAX) {
        msg_error("%s: %s is no number", what, s);
        return EXIT_USAGE;
    }
    *to = (int64_t)n;
    return -1;
}

static int take_time(const char *what, int64_t *to)
{
    if (time_option(optarg, when_now(), to))
        return -1;
    msg_error("%s: %s is no time, as 2026-11-24T10:00:00Z", what, optarg);
    return EXIT_USAGE;
}

/* A span, read as one back from a time. */
static int take_window(struct options *o)
{
    int64_t then;

    if (time_option(optarg, 1000 * WHEN_DAY, &then) && 1000 * WHEN_DAY - then > 0 && then > 0) {
        o->before = 1000 * WHEN_DAY - then;
        return -1;
    }
    msg_error("--window: %s is no span, as 48h", optarg);
    return EXIT_USAGE;
}

static int take_format(struct options *o)
{
    static const char *const names[] = {"table", "tsv", "json"};

    for (unsigned i = 0; i < 3; i++)
        if (strcmp(optarg, names[i]) == 0) {
            o->format = i;
            return -1;
        }
    msg_error("--output: %s is none of table, tsv, json", optarg);
    return EXIT_USAGE;
}

static int take_value(struct options *o, int c)
{
    switch (c) {
    case 'C':
        o->conf = optarg;
        return -1;
    case 'o':
        return take_format(o);
    case O_SENT:
        return take_id("--sent", optarg, &o->sent);
    case O_ANSWER:
        return take_id("--answer", optarg, &o->answered);
    case O_NOW:
        return take_time("--now", &o->now);
    case O_FIXED:
        return take_time("--fixed", &o->fixed);
    case O_WINDOW:
        return take_window(o);
    default:
        take_text(o, c);
        return -1;
    }
}

static int take(struct options *o, int c, char *arg)
{
    switch (c) {
    case 'n':
        o->dry_run = true;
        return -1;
    case 'q':
        o->quiet = true;
        return -1;
    case O_ALL:
        o->all = true;
        return -1;
    case O_MAIL:
        o->mail = true;
        return -1;
    case O_CHECK:
        o->check = true;
        return -1;
    case 'h':
        return cli_usage(usage, NULL);
    case 'V':
        puts("delistreq " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    case '?':
    case ':':
        return cli_bad_option(usage, c, arg);
    default:
        return take_value(o, c);
    }
}

static const char *contradiction(const struct options *o, int left)
{
    int modes = (o->sent > 0) + (o->answered > 0) + (o->cause != NULL) + o->all + o->check;

    if (modes > 1)
        return "specify only one of --sent, --answer, --cause, --all and --check-config";
    if ((o->cause == NULL) != (o->measure == NULL))
        return "--cause and --measure go together: what it was, and what was done about it";
    if (o->fixed != WHEN_NONE && o->cause == NULL)
        return "--fixed goes with --cause";
    if (o->cause && left != 1)
        return "--cause needs the listing's number";
    if (o->answered && left != 1)
        return "--answer needs the request's number and what they wrote: --answer 12 'TEXT'";
    if ((o->sent || o->all || o->check) && left)
        return "a listing's number doesn't go with that";
    if (o->mail && (o->all || left != 1))
        return "--mail is for one listing: each mail goes to sendmail -t alone";
    if (o->to && !o->mail)
        return "--to goes with --mail";
    if (left > 1)
        return "specify one listing, or --all";
    return NULL;
}

int delistreq_options(struct options *o, int argc, char **argv)
{
    const struct passwd *user;
    int c, status = -1;

    *o = (struct options){.now = WHEN_NONE, .fixed = WHEN_NONE, .before = BEFORE};
    o->format = isatty(STDOUT_FILENO) ? FORMAT_TABLE : FORMAT_TSV;
    while (status < 0 && (c = getopt_long(argc, argv, ":C:o:nqhV", long_options, NULL)) != -1)
        status = take(o, c, argv[optind - 1]);
    if (status >= 0)
        return status;
    msg_quiet(o->quiet);
    const char *wrong = contradiction(o, argc - optind);
    if (wrong)
        return cli_usage(usage, wrong);
    if (o->by == NULL)
        o->by = (user = getpwuid(getuid())) ? user->pw_name : "operator";
    if (o->now == WHEN_NONE)
        o->now = when_now();
    if (optind == argc)
        return -1;
    if (o->answered == 0)
        return take_id("LISTING", argv[optind], &o->listing);
    o->answer = argv[optind];
    return -1;
}
