#include "mplog-parse_options.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/when.h"
#include "log/record.h"

static const char usage_text[] =
    "usage: mplog-parse [-qv] [-o tsv|json] [-c COLUMNS] [-s kind=KINDS] [-w FILE]\n"
    "                   [-C DIR] [--year YEAR] [--tz ZONE] [--live] [FILE ...]\n"
    "       mplog-parse --follow FILE --state FILE [...]\n"
    "       mplog-parse --facts [FILE ...]\n"
    "Reads Postfix mail logs (gzip, zstd too; - or nothing: standard input) and writes\n"
    "one event a line. For example:\n"
    "    mplog-parse -c time,sasl_user,rcpt,status -s kind=deliver mail.log\n";

enum { OPT_FACTS = 256, OPT_FOLLOW, OPT_STATE, OPT_LIVE, OPT_YEAR, OPT_TZ, OPT_CHECK };

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"columns", required_argument, NULL, 'c'},
                                             {"select", required_argument, NULL, 's'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"config", required_argument, NULL, 'C'},
                                             {"facts", no_argument, NULL, OPT_FACTS},
                                             {"follow", required_argument, NULL, OPT_FOLLOW},
                                             {"state", required_argument, NULL, OPT_STATE},
                                             {"live", no_argument, NULL, OPT_LIVE},
                                             {"year", required_argument, NULL, OPT_YEAR},
                                             {"tz", required_argument, NULL, OPT_TZ},
                                             {"check-config", no_argument, NULL, OPT_CHECK},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

/* Returns -1 to go on, or an exit status. */
static int parse_options(struct options *o, int argc, char **argv)
{
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:c:s:w:C:qvhV", long_options, NULL)) != -1) {
        switch (c) {
        case 'o':
            o->format = optarg;
            break;
        case 'c':
            o->columns = optarg;
            break;
        case 's':
            o->select = optarg;
            break;
        case 'w':
            o->output = optarg;
            break;
        case 'C':
            o->conf = optarg;
            break;
        case OPT_FACTS:
            o->facts = true;
            break;
        case OPT_FOLLOW:
            o->follow = optarg;
            break;
        case OPT_STATE:
            o->state = optarg;
            break;
        case OPT_LIVE:
            o->live = true;
            break;
        case OPT_YEAR:
            if (!cli_year(optarg, &o->year))
                return cli_usage(usage_text, "--year wants a year, such as 2026");
            break;
        case OPT_TZ:
            o->tz = optarg;
            break;
        case OPT_CHECK:
            o->check = true;
            break;
        case 'q':
            msg_quiet(true);
            break;
        case 'v':
            o->verbose = true;
            break;
        case 'h':
            return cli_usage(usage_text, NULL);
        case 'V':
            puts("mplog-parse " MPTOOLS_VERSION);
            return EXIT_DONE;
        default:
            return cli_bad_option(usage_text, c, argv[optind - 1]);
        }
    }
    return -1;
}

/* "kind=deliver,reject" */
static const char *select_kinds(struct options *o)
{
    static char problem[128];
    struct slice s = slice_str(o->select);

    if (!slice_starts(s, SL("kind=")))
        return "--select wants kind=KIND[,KIND...]";
    s = slice_skip(s, 5);
    for (;;) {
        const char *comma = slice_chr(s, ',');
        struct slice name = comma ? slice_range(s.p, comma) : s;
        unsigned k = record_kind_of(name);
        if (k == KIND_NONE) {
            snprintf(problem, sizeof problem,
                     "--select: no kind '%.*s': accept, deliver, reject, auth-fail, login, "
                     "verdict, ndr, hold, remove",
                     (int)(name.n > 30 ? 30 : name.n), name.p);
            return problem;
        }
        o->kinds |= 1u << k;
        if (comma == NULL)
            return NULL;
        s = slice_range(comma + 1, s.p + s.n);
    }
}

static const char *check_options(struct options *o, int files)
{
    if (o->format && strcmp(o->format, "tsv") != 0 && strcmp(o->format, "json") != 0)
        return "-o wants tsv or json";
    if ((o->follow == NULL) != (o->state == NULL))
        return "--follow FILE and --state FILE go together";
    if (o->follow && files)
        return "specify only one of --follow and input files";
    if (o->live && o->output)
        return "--live goes with standard output: a file appears as a whole at the end";
    if (o->facts && (o->follow || o->select || o->columns || o->format))
        return "--facts goes with input files only";
    if (o->tz && !when_zone(o->tz))
        return "--tz wants a time zone that this system knows, such as Europe/Berlin";
    if (files == 0 && !o->follow && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return o->select ? select_kinds(o) : NULL;
}

int options_parse(struct options *o, int argc, char **argv, int *first)
{
    int status = parse_options(o, argc, argv);

    if (status >= 0)
        return status;
    *first = optind;
    const char *problem = check_options(o, argc - optind);
    return problem ? cli_usage(usage_text, problem) : -1;
}
