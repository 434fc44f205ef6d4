#include "spamscore_options.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/when.h"

static const char usage_text[] =
    "usage: spamscore [-aqv] [-o table|tsv|json] [--top N] [-w FILE] [-C DIR]\n"
    "                 [--year YEAR] [--tz ZONE] [FILE ...]\n"
    "       spamscore --explain IDENTITY [FILE ...]\n"
    "       spamscore --check-config [-C DIR]\n"
    "Reads mail logs or mplog-parse's records (gzip, zstd too; - or nothing: standard\n"
    "input) and names the logins and machines that send spam. For example:\n"
    "    spamscore /var/log/mail.log\n";

enum { OPT_EXPLAIN = 256, OPT_TOP, OPT_YEAR, OPT_TZ, OPT_CHECK };

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"all", no_argument, NULL, 'a'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"config", required_argument, NULL, 'C'},
                                             {"explain", required_argument, NULL, OPT_EXPLAIN},
                                             {"top", required_argument, NULL, OPT_TOP},
                                             {"year", required_argument, NULL, OPT_YEAR},
                                             {"tz", required_argument, NULL, OPT_TZ},
                                             {"check-config", no_argument, NULL, OPT_CHECK},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

/* Where the argument of an option goes; NULL for one that has none. */
static const char **argument(struct options *o, int c)
{
    const struct {
        int option;
        const char **to;
    } where[] = {{'o', &o->format_name},  {'w', &o->output},
                 {'C', &o->conf},         {OPT_EXPLAIN, &o->explain},
                 {OPT_TOP, &o->top_text}, {OPT_YEAR, &o->year_text},
                 {OPT_TZ, &o->tz}};

    for (size_t i = 0; i < sizeof where / sizeof *where; i++)
        if (where[i].option == c)
            return where[i].to;
    return NULL;
}

/* Returns -1 to go on, or an exit status. */
static int take_option(struct options *o, int c, const char *arg)
{
    const char **to = argument(o, c);

    if (to) {
        *to = optarg;
        return -1;
    }
    switch (c) {
    case 'a':
        o->all = true;
        return -1;
    case OPT_CHECK:
        o->check = true;
        return -1;
    case 'q':
        msg_quiet(true);
        return -1;
    case 'v':
        o->verbose = true;
        return -1;
    case 'h':
        return cli_usage(usage_text, NULL);
    case 'V':
        puts("spamscore " MPTOOLS_VERSION);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_IO;
    default:
        return cli_bad_option(usage_text, c, arg);
    }
}

static int parse_options(struct options *o, int argc, char **argv)
{
    int c, status = -1;

    opterr = 0;
    while (status < 0 && (c = getopt_long(argc, argv, ":o:aw:C:qvhV", long_options, NULL)) != -1)
        status = take_option(o, c, argv[optind - 1]);
    return status;
}

static bool number(const char *s, uint64_t least, uint64_t most, uint64_t *out)
{
    return s == NULL || (slice_u64(slice_str(s), out) && *out >= least && *out <= most);
}

static const char *check_options(struct options *o, int files)
{
    static const char *const formats[] = {"tsv", "json", "table"};

    o->format = isatty(STDOUT_FILENO) && o->output == NULL ? REPORT_TABLE : REPORT_TSV;
    for (int i = REPORT_TSV; o->format_name && i <= REPORT_TABLE + 1; i++) {
        if (i > REPORT_TABLE)
            return "-o wants table, tsv or json";
        o->format = (enum report_format)i;
        if (strcmp(o->format_name, formats[i]) == 0)
            break;
    }
    if (!number(o->top_text, 1, SIZE_MAX / 2, &o->top))
        return "--top wants a number, 1 or more";
    if (!number(o->year_text, 1970, 9999, &o->year))
        return "--year wants a year, such as 2026";
    if (o->explain && (o->all || o->top || o->format_name))
        return "specify only one of --explain and -a, -o, --top";
    if (o->tz && !when_zone(o->tz))
        return "--tz wants a time zone that this system knows, such as Europe/Berlin";
    if (files == 0 && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return NULL;
}

int spamscore_options(struct options *o, int argc, char **argv)
{
    int status = parse_options(o, argc, argv);
    const char *problem = status < 0 ? check_options(o, argc - optind) : NULL;

    return problem ? cli_usage(usage_text, problem) : status;
}
