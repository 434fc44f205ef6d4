#include "mpnotify_options.h"

#include <getopt.h>
#include <stdio.h>

#include "act/notice_facts.h"
#include "base/cli.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/when.h"

static const char usage_text[] =
    "usage: mpnotify [-qv] [-C DIR] [--ledger FILE] [--since TIME | --only ID]\n"
    "                [--digest N] [--print | --json]\n"
    "       mpnotify --sendmail PATH | --send [-nqv] [--timeout SECONDS] [...]\n"
    "       mpnotify --check-config [-C DIR]\n"
    "Tells the partners what the ledger has not told them yet. Without --sendmail or\n"
    "--send it only says what waits. For example:\n"
    "    mpnotify --print | less\n"
    "    mpnotify --sendmail /usr/sbin/sendmail\n";

enum {
    OPT_CHECK = 256,
    OPT_DIGEST,
    OPT_JSON,
    OPT_LEDGER,
    OPT_ONLY,
    OPT_PRINT,
    OPT_SEND,
    OPT_SENDMAIL,
    OPT_SINCE,
    OPT_TIMEOUT
};

static const struct option long_options[] = {{"check-config", no_argument, NULL, OPT_CHECK},
                                             {"config", required_argument, NULL, 'C'},
                                             {"digest", required_argument, NULL, OPT_DIGEST},
                                             {"dry-run", no_argument, NULL, 'n'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"json", no_argument, NULL, OPT_JSON},
                                             {"ledger", required_argument, NULL, OPT_LEDGER},
                                             {"only", required_argument, NULL, OPT_ONLY},
                                             {"print", no_argument, NULL, OPT_PRINT},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"send", no_argument, NULL, OPT_SEND},
                                             {"sendmail", required_argument, NULL, OPT_SENDMAIL},
                                             {"since", required_argument, NULL, OPT_SINCE},
                                             {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

/* Where the argument of an option goes; NULL for one that has none. */
static const char **argument(struct options *o, int c)
{
    const struct {
        int option;
        const char **to;
    } where[] = {{'C', &o->conf},
                 {OPT_DIGEST, &o->digest_text},
                 {OPT_LEDGER, &o->ledger},
                 {OPT_ONLY, &o->only_text},
                 {OPT_SENDMAIL, &o->sendmail},
                 {OPT_SINCE, &o->since_text},
                 {OPT_TIMEOUT, &o->timeout_text}};

    for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++)
        if (where[i].option == c)
            return where[i].to;
    return NULL;
}

static bool *flag(struct options *o, int c)
{
    switch (c) {
    case OPT_CHECK:
        return &o->check;
    case OPT_JSON:
        return &o->json;
    case OPT_PRINT:
        return &o->print;
    case OPT_SEND:
        return &o->send;
    case 'n':
        return &o->dry_run;
    case 'v':
        return &o->verbose;
    default:
        return NULL;
    }
}

/* Returns -1 to go on, or an exit status. */
static int take_option(struct options *o, int c, const char *arg)
{
    const char **to = argument(o, c);
    bool *set = flag(o, c);

    if (to)
        *to = optarg;
    else if (set)
        *set = true;
    else if (c == 'q')
        msg_quiet(true);
    else if (c == 'h')
        return cli_usage(usage_text, NULL);
    else if (c == 'V') {
        puts("mpnotify " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    } else {
        return cli_bad_option(usage_text, c, arg);
    }
    return -1;
}

static bool number(const char *s, uint64_t least, uint64_t most, uint64_t *out)
{
    return s == NULL || (slice_u64(slice_str(s), out) && *out >= least && *out <= most);
}

/* RFC 3339 in UTC, or a date alone. */
static bool read_time(const char *s, int64_t *out)
{
    char full[32];

    if (s && strlen(s) == 10) {
        snprintf(full, sizeof(full), "%.10sT00:00:00Z", s);
        s = full;
    }
    *out = s ? notice_time(slice_str(s)) : WHEN_NONE;
    return s == NULL || *out != WHEN_NONE;
}

static const char *check_mode(struct options *o)
{
    if (o->print + o->json + o->send + (o->sendmail != NULL) + o->check > 1)
        return "specify only one of --sendmail, --send, --print, --json and --check-config";
    o->mode = o->print                 ? MODE_PRINT
              : o->json                ? MODE_JSON
              : o->send || o->sendmail ? MODE_SEND
                                       : MODE_LIST;
    if (o->sendmail && strchr(o->sendmail, '/') == NULL)
        return "--sendmail wants a path, such as /usr/sbin/sendmail";
    return NULL;
}

static const char *check_options(struct options *o, int files)
{
    const char *problem = check_mode(o);

    o->digest = DIGEST_AS_SET;
    o->timeout = 60;
    if (problem)
        return problem;
    if (files)
        return "it reads no files: --ledger names the ledger";
    if (!read_time(o->since_text, &o->since))
        return "--since wants a time in UTC, such as 2026-11-24T10:00:00Z or 2026-11-24";
    if (!number(o->only_text, 1, INT64_MAX, &o->only))
        return "--only wants a notice's number: mpnotify lists them";
    if (!number(o->digest_text, 0, 1000, &o->digest) || o->digest == 1)
        return "--digest wants a number from 2 to 1000, or 0 for no digests";
    if (!number(o->timeout_text, 1, 3600, &o->timeout))
        return "--timeout wants seconds, 1 to 3600";
    if (o->since_text && o->only_text)
        return "specify only one of --since and --only";
    return NULL;
}

int mpnotify_options(struct options *o, int argc, char **argv)
{
    int c, status = -1;
    const char *problem;

    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":C:nqvhV", long_options, NULL)) != -1)
        status = take_option(o, c, argv[optind - 1]);
    problem = status < 0 ? check_options(o, argc - optind) : NULL;
    return problem ? cli_usage(usage_text, problem) : status;
}
