#include "senderblock_options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/blockmap.h"
#include "act/ledger.h"
#include "base/cli.h"
#include "base/exits.h"
#include "base/moment.h"
#include "base/msg.h"
#include "base/share.h"

#define MAPS_DIR "/etc/postfix/mptools"

static const char usage[] =
    "usage: senderblock [-nqv] [-C DIR] [-d DIR] [--ledger FILE] [--postmap [--reload]]\n"
    "                   [--map-type TYPE] [--slots N] [--max-new-blocks N | --confirm]\n"
    "                   [--metrics FILE] [--now TIME] [--follow LOG | FILE ...]\n"
    "       senderblock --show [INCIDENT] [--all] [-o table|json]\n"
    "       senderblock --reinstate CUSTOMER --ticket ID --statement TEXT [--force]\n"
    "       senderblock --undo INCIDENT.RULE\n"
    "       senderblock --print-postfix | --check-postfix | --check-config\n"
    "Blocks exactly those whose mail is spam. FILE is a mail log, records or suspects.\n"
    "For example:\n"
    "    senderblock -n /var/log/mail.log                      what would be done?\n"
    "    senderblock --follow /var/log/mail.log --postmap --reload         from cron\n"
    "    senderblock --show                                    who is blocked, and why?\n";

enum {
    O_LEDGER = 256,
    O_FOLLOW,
    O_REINSTATE,
    O_TICKET,
    O_STATEMENT,
    O_STATEMENT_FILE,
    O_UNDO,
    O_BY,
    O_METRICS,
    O_NOW,
    O_SLOTS,
    O_MAX_NEW,
    O_TYPE,
    O_SHOW,
    O_ALL,
    O_POSTMAP,
    O_RELOAD,
    O_CONFIRM,
    O_FORCE,
    O_PRINT,
    O_CHECK_POSTFIX,
    O_CHECK,
    O_YEAR
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'C'},
    {"maps", required_argument, NULL, 'd'},
    {"output", required_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"ledger", required_argument, NULL, O_LEDGER},
    {"follow", required_argument, NULL, O_FOLLOW},
    {"reinstate", required_argument, NULL, O_REINSTATE},
    {"ticket", required_argument, NULL, O_TICKET},
    {"statement", required_argument, NULL, O_STATEMENT},
    {"statement-file", required_argument, NULL, O_STATEMENT_FILE},
    {"undo", required_argument, NULL, O_UNDO},
    {"by", required_argument, NULL, O_BY},
    {"metrics", required_argument, NULL, O_METRICS},
    {"now", required_argument, NULL, O_NOW},
    {"slots", required_argument, NULL, O_SLOTS},
    {"max-new-blocks", required_argument, NULL, O_MAX_NEW},
    {"map-type", required_argument, NULL, O_TYPE},
    {"show", no_argument, NULL, O_SHOW},
    {"all", no_argument, NULL, O_ALL},
    {"postmap", no_argument, NULL, O_POSTMAP},
    {"reload", no_argument, NULL, O_RELOAD},
    {"confirm", no_argument, NULL, O_CONFIRM},
    {"force", no_argument, NULL, O_FORCE},
    {"print-postfix", no_argument, NULL, O_PRINT},
    {"check-postfix", no_argument, NULL, O_CHECK_POSTFIX},
    {"check-config", no_argument, NULL, O_CHECK},
    {"year", required_argument, NULL, O_YEAR},
    {NULL, 0, NULL, 0}};

static int number(const char *name, uint64_t most, uint64_t *out)
{
    if (slice_u64(slice_str(optarg), out) && *out > 0 && *out <= most)
        return -1;
    msg_error("%s: %s is not a number from 1 to %llu", name, optarg, (unsigned long long)most);
    return EXIT_USAGE;
}

static int take_text(struct options *o, int c)
{
    const char **const to[] = {[O_LEDGER - O_LEDGER] = &o->ledger,
                               [O_FOLLOW - O_LEDGER] = &o->follow,
                               [O_REINSTATE - O_LEDGER] = &o->reinstate,
                               [O_TICKET - O_LEDGER] = &o->ticket,
                               [O_STATEMENT - O_LEDGER] = &o->statement,
                               [O_STATEMENT_FILE - O_LEDGER] = &o->statement_file,
                               [O_UNDO - O_LEDGER] = &o->undo,
                               [O_BY - O_LEDGER] = &o->by,
                               [O_METRICS - O_LEDGER] = &o->metrics};

    *to[c - O_LEDGER] = optarg;
    return -1;
}

static int take_number(struct options *o, int c)
{
    int year;

    switch (c) {
    case O_SLOTS:
        return number("--slots", BLOCKMAP_SLOTS_MAX, &o->slots);
    case O_MAX_NEW:
        return number("--max-new-blocks", 1000000, &o->max_new);
    case O_YEAR:
        if (cli_year(optarg, &year)) {
            o->year = (uint64_t)year;
            return -1;
        }
        msg_error("--year: %s is no year", optarg);
        return EXIT_USAGE;
    default:
        if (time_option(optarg, when_now(), &o->now))
            return -1;
        msg_error("--now: %s is no time, as 2026-11-24T10:00:00Z", optarg);
        return EXIT_USAGE;
    }
}

static void take_flag(struct options *o, int c)
{
    switch (c) {
    case 'n':
        o->dry_run = true;
        break;
    case 'v':
        o->verbose = true;
        break;
    case 'q':
        o->quiet = true;
        break;
    case O_SHOW:
        o->show = true;
        break;
    case O_ALL:
        o->all = true;
        break;
    case O_POSTMAP:
        o->postmap = true;
        break;
    case O_RELOAD:
        o->reload = true;
        break;
    case O_CONFIRM:
        o->confirm = true;
        break;
    case O_FORCE:
        o->force = true;
        break;
    case O_PRINT:
        o->print_postfix = true;
        break;
    case O_CHECK_POSTFIX:
        o->check_postfix = true;
        break;
    default:
        o->check_config = true;
    }
}

static int take(struct options *o, int c, char *arg)
{
    if (c >= O_LEDGER && c <= O_METRICS)
        return take_text(o, c);
    if ((c >= O_NOW && c <= O_MAX_NEW) || c == O_YEAR)
        return take_number(o, c);
    switch (c) {
    case 'C':
        o->conf = optarg;
        return -1;
    case 'd':
        o->dir = optarg;
        o->dir_said = true;
        return -1;
    case 'o':
        o->format = optarg;
        return -1;
    case O_TYPE:
        o->type = optarg;
        return -1;
    case 'h':
        return cli_usage(usage, NULL);
    case 'V':
        puts("senderblock " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    case '?':
    case ':':
        return cli_bad_option(usage, c, arg);
    default:
        take_flag(o, c);
        return -1;
    }
}

static const char *contradiction(const struct options *o, int names)
{
    int modes = o->show + o->print_postfix + o->check_postfix + o->check_config +
                (o->reinstate != NULL) + (o->undo != NULL) + (o->follow != NULL);

    if (modes > 1)
        return "specify only one of --follow, --show, --reinstate, --undo, --print-postfix, "
               "--check-postfix and --check-config";
    if (modes && names > (o->show ? 1 : 0))
        return "input files don't go with that";
    if (o->reload && !o->postmap)
        return "--reload goes with --postmap";
    if (o->dry_run && o->postmap)
        return "specify only one of --dry-run and --postmap";
    if (o->reinstate && (o->ticket == NULL || *o->ticket == '\0'))
        return "--reinstate needs --ticket ID: the ticket that says what was done";
    if (o->reinstate && (o->statement == NULL) == (o->statement_file == NULL))
        return "--reinstate needs one of --statement TEXT and --statement-file FILE";
    if (!o->reinstate && (o->ticket || o->statement || o->statement_file || o->force))
        return "--ticket, --statement and --force go with --reinstate";
    if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
        return "--output is table or json";
    return NULL;
}

int senderblock_options(struct options *o, int argc, char **argv)
{
    int status = -1, c;

    *o = (struct options){.now = WHEN_NONE};
    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":C:d:o:nvqhV", long_options, NULL)) != -1)
        status = take(o, c, argv[optind - 1]);
    if (status >= 0)
        return status;
    msg_quiet(o->quiet);
    o->conf = conf_dir(o->conf);
    const char *wrong = contradiction(o, argc - optind);
    if (wrong)
        return cli_usage(usage, wrong);
    if (o->show && optind < argc)
        o->incident = argv[optind];
    bool reads = !o->show && !o->reinstate && !o->undo && !o->print_postfix && !o->check_postfix &&
                 !o->check_config && !o->follow;
    if (reads && optind == argc && isatty(STDIN_FILENO))
        return cli_usage(usage, "no log was named");
    return -1;
}

bool senderblock_settings(struct options *o, const struct settings *s)
{
    const struct passwd *user;

    if (o->by == NULL)
        o->by = (user = getpwuid(getuid())) ? user->pw_name : "operator";
    if (o->dir == NULL)
        o->dir = s->maps ? s->maps : MAPS_DIR;
    if (o->slots == 0)
        o->slots = s->slots ? s->slots : BLOCKMAP_SLOTS;
    if (o->max_new == 0)
        o->max_new = s->max_new_blocks;
    if (o->ledger == NULL)
        o->ledger = s->ledger;
    if (o->ledger == NULL && o->dir_said && asprintf(&o->made, "%s/mp_ledger.db", o->dir) > 0)
        o->ledger = o->made;
    else if (o->ledger == NULL)
        o->ledger = LEDGER_DEFAULT;
    return o->ledger != NULL;
}

void senderblock_options_free(struct options *o)
{
    free(o->made);
}
