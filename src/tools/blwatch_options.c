#include "blwatch_options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/ledger.h"
#include "base/cli.h"
#include "base/exits.h"
#include "base/moment.h"
#include "base/msg.h"
#include "base/share.h"

static const char usage[] =
    "usage: blwatch [-nqv] [-C DIR] [-o tsv|json|table] [-w FILE] [--ledger FILE]\n"
    "               [--resolver ADDR[:PORT]] [--keys FILE] [--list ID]... [--no-dns]\n"
    "               [--recipients N] [--customers M] [--window SPAN] [--metrics FILE]\n"
    "               [--now TIME] [--year YEAR] [--follow LOG] [ADDRESS | LOG]...\n"
    "       blwatch --clear ID [--by NAME] ADDRESS...\n"
    "       blwatch --check-config\n"
    "Are our outbound addresses listed? Asks DNS blocklists and reads what a mail log says.\n"
    "For example:\n"
    "    blwatch 203.0.113.5                           one look at one address\n"
    "    blwatch --follow /var/log/mail.log            from cron, every quarter of an hour\n"
    "    blwatch --no-dns -n /var/log/mail.log         what does the log say?\n";

enum {
    O_LEDGER = 256,
    O_FOLLOW,
    O_RESOLVER,
    O_KEYS,
    O_METRICS,
    O_CLEAR,
    O_BY,
    O_LIST,
    O_NO_DNS,
    O_RECIPIENTS,
    O_CUSTOMERS,
    O_WINDOW,
    O_NOW,
    O_YEAR,
    O_CHECK
};

static const struct option long_options[] = {{"config", required_argument, NULL, 'C'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"dry-run", no_argument, NULL, 'n'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {"ledger", required_argument, NULL, O_LEDGER},
                                             {"follow", required_argument, NULL, O_FOLLOW},
                                             {"resolver", required_argument, NULL, O_RESOLVER},
                                             {"keys", required_argument, NULL, O_KEYS},
                                             {"metrics", required_argument, NULL, O_METRICS},
                                             {"clear", required_argument, NULL, O_CLEAR},
                                             {"by", required_argument, NULL, O_BY},
                                             {"list", required_argument, NULL, O_LIST},
                                             {"no-dns", no_argument, NULL, O_NO_DNS},
                                             {"recipients", required_argument, NULL, O_RECIPIENTS},
                                             {"customers", required_argument, NULL, O_CUSTOMERS},
                                             {"window", required_argument, NULL, O_WINDOW},
                                             {"now", required_argument, NULL, O_NOW},
                                             {"year", required_argument, NULL, O_YEAR},
                                             {"check-config", no_argument, NULL, O_CHECK},
                                             {NULL, 0, NULL, 0}};

static int wrong(const char *option, const char *expected)
{
    msg_error("%s: %s is not %s", option, optarg, expected);
    return EXIT_USAGE;
}

static int take_number(const char *name, uint64_t *out)
{
    if (slice_u64(slice_str(optarg), out) && *out > 0 && *out <= 200)
        return -1;
    return wrong(name, "a number from 1 to 200");
}

static int take_format(struct options *o)
{
    static const char *const name[] = {"tsv", "json", "table"};

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(optarg, name[i]) == 0) {
            o->format = (enum output_format)i;
            o->format_said = true;
            return -1;
        }
    }
    return wrong("-o", "tsv, json or table");
}

static int take_time(struct options *o, int c)
{
    int64_t t;
    int year;

    if (c == O_YEAR) {
        if (!cli_year(optarg, &year))
            return wrong("--year", "a year");
        o->year = (uint64_t)year;
    } else if (c == O_WINDOW) {
        if (!time_option(optarg, 0, &t) || t > -60 * WHEN_SECOND || t < -WHEN_DAY)
            return wrong("--window", "a span from 1m to 24h");
        o->window = -t;
    } else {
        if (!time_option(optarg, when_now(), &o->now))
            return wrong("--now", "a time, as 2026-11-24T10:00:00Z");
        o->now_said = true;
    }
    return -1;
}

static int take_long(struct options *o, int c)
{
    const char **const to[] = {&o->ledger,  &o->follow, &o->resolver, &o->keys,
                               &o->metrics, &o->clear,  &o->by};

    switch (c) {
    case O_LIST:
        o->lists[o->lists_n++] = optarg;
        return -1;
    case O_NO_DNS:
        o->no_dns = true;
        return -1;
    case O_CHECK:
        o->check_config = true;
        return -1;
    case O_RECIPIENTS:
        return take_number("--recipients", &o->recipients);
    case O_CUSTOMERS:
        return take_number("--customers", &o->customers);
    case O_WINDOW:
    case O_NOW:
    case O_YEAR:
        return take_time(o, c);
    default:
        *to[c - O_LEDGER] = optarg;
        return -1;
    }
}

static int take(struct options *o, int c, char *arg)
{
    switch (c) {
    case 'C':
        o->conf = optarg;
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
        puts("blwatch " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    case '?':
    case ':':
        return cli_bad_option(usage, c, arg);
    default:
        return take_long(o, c);
    }
}

/* What is an address is asked about, everything else is a log. */
static void sort_arguments(struct options *o, int n, char **argv)
{
    struct ipaddr a;

    for (int i = 0; i < n; i++) {
        if (!ipaddr_parse(slice_str(argv[i]), &a)) {
            o->file[o->files++] = argv[i];
            continue;
        }
        bool again = false;
        for (size_t k = 0; k < o->addrs; k++)
            again |= ipaddr_cmp(o->addr[k], a) == 0;
        if (!again)
            o->addr[o->addrs++] = a;
    }
}

static const char *contradiction(const struct options *o)
{
    if (o->follow && o->files)
        return "specify only one of --follow and logs";
    if (o->no_dns && !o->follow && !o->files && !o->check_config)
        return "--no-dns leaves nothing to look at: name a log";
    if (o->no_dns && (o->lists_n || o->resolver))
        return "specify only one of --no-dns and --list, --resolver";
    if (o->clear && (o->addrs == 0 || o->follow || o->files || o->lists_n || o->no_dns))
        return "--clear ID wants addresses, and nothing else";
    if (o->one_look && (o->metrics || o->dry_run))
        return "--metrics and --dry-run go with the ledger: name it with --ledger";
    return NULL;
}

int blwatch_options(struct options *o, int argc, char **argv)
{
    int status = -1, c;
    size_t room = (size_t)argc + 1;

    *o = (struct options){0};
    o->lists = calloc(room, sizeof *o->lists);
    o->addr = calloc(room, sizeof *o->addr);
    o->file = calloc(room, sizeof *o->file);
    if (o->lists == NULL || o->addr == NULL || o->file == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":C:o:w:nvqhV", long_options, NULL)) != -1)
        status = take(o, c, argv[optind - 1]);
    if (status >= 0)
        return status;
    msg_quiet(o->quiet);
    sort_arguments(o, argc - optind, argv + optind);
    o->one_look =
        o->addrs && !o->files && !o->follow && !o->ledger && !o->check_config && !o->clear;
    const char *problem = contradiction(o);
    if (problem)
        return cli_usage(usage, problem);
    if (!o->format_said && o->output == NULL && isatty(STDOUT_FILENO))
        o->format = OUTPUT_TABLE;
    if (!o->now_said)
        o->now = when_now();
    return -1;
}

void blwatch_settings(struct options *o, const struct settings *s)
{
    const struct passwd *user = o->by ? NULL : getpwuid(getuid());

    if (o->by == NULL)
        o->by = user ? user->pw_name : "operator";
    if (o->ledger == NULL)
        o->ledger = s->ledger ? s->ledger : LEDGER_DEFAULT;
    if (o->keys == NULL)
        o->keys = s->keys;
    if (o->resolver == NULL)
        o->resolver = s->resolver;
    if (o->metrics == NULL && !o->one_look)
        o->metrics = s->metrics;
    if (o->recipients == 0)
        o->recipients = s->listed_recipients;
    if (o->customers == 0)
        o->customers = s->listed_customers;
    if (o->window == 0)
        o->window = s->listed_window * WHEN_SECOND;
}

void blwatch_options_free(struct options *o)
{
    free(o->lists);
    free(o->addr);
    free(o->file);
}
