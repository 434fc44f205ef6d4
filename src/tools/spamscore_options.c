#include "spamscore_options.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/moment.h"

static const char usage_text[] =
    "usage: spamscore [-aqv] [-o table|tsv|json] [--top N] [--since TIME]\n"
    "                 [--until TIME] [--state FILE] [-w FILE] [-C DIR]\n"
    "                 [--year YEAR] [--tz ZONE] [FILE ...]\n"
    "       spamscore --explain IDENTITY [--state FILE] [FILE ...]\n"
    "       spamscore --calibrate [-a] [-w FILE] [FILE ...]\n"
    "       spamscore --check-config [-C DIR]\n"
    "Reads mail logs or mplog-parse's records (gzip, zstd too; - or nothing: standard\n"
    "input) and names the logins and machines that send spam. For example:\n"
    "    spamscore /var/log/mail.log\n";

enum {
    OPT_CALIBRATE = 256,
    OPT_CHECK,
    OPT_EXPLAIN,
    OPT_SINCE,
    OPT_STATE,
    OPT_TOP,
    OPT_TZ,
    OPT_UNTIL,
    OPT_YEAR
};

static const struct option long_options[] = {{"all", no_argument, NULL, 'a'},
                                             {"calibrate", no_argument, NULL, OPT_CALIBRATE},
                                             {"check-config", no_argument, NULL, OPT_CHECK},
                                             {"config", required_argument, NULL, 'C'},
                                             {"explain", required_argument, NULL, OPT_EXPLAIN},
                                             {"help", no_argument, NULL, 'h'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"since", required_argument, NULL, OPT_SINCE},
                                             {"state", required_argument, NULL, OPT_STATE},
                                             {"top", required_argument, NULL, OPT_TOP},
                                             {"tz", required_argument, NULL, OPT_TZ},
                                             {"until", required_argument, NULL, OPT_UNTIL},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"version", no_argument, NULL, 'V'},
                                             {"write", required_argument, NULL, 'w'},
                                             {"year", required_argument, NULL, OPT_YEAR},
                                             {NULL, 0, NULL, 0}};

/* Where the argument of an option goes; NULL for one that has none. */
static const char **argument(struct options *o, int c)
{
    const struct {
        int option;
        const char **to;
    } where[] = {{'C', &o->conf},
                 {'o', &o->format_name},
                 {'w', &o->output},
                 {OPT_EXPLAIN, &o->explain},
                 {OPT_SINCE, &o->since_text},
                 {OPT_STATE, &o->state},
                 {OPT_TOP, &o->top_text},
                 {OPT_TZ, &o->tz},
                 {OPT_UNTIL, &o->until_text},
                 {OPT_YEAR, &o->year_text}};

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
    case OPT_CALIBRATE:
        o->calibrate = true;
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

/* Returns what is wrong, or NULL. */
static const char *check_format(struct options *o)
{
    static const char *const formats[] = {"tsv", "json", "table"};

    o->format = isatty(STDOUT_FILENO) && o->output == NULL ? REPORT_TABLE : REPORT_TSV;
    if (o->format_name == NULL)
        return NULL;
    for (int i = REPORT_TSV; i <= REPORT_TABLE; i++)
        if (strcmp(o->format_name, formats[i]) == 0) {
            o->format = (enum report_format)i;
            return NULL;
        }
    return "-o wants table, tsv or json";
}

static const char *check_times(struct options *o)
{
    int64_t now = when_now();

    o->since = WHEN_NONE;
    o->until = INT64_MAX;
    if (o->tz && !when_zone(o->tz))
        return "--tz wants a time zone that this system knows, such as Europe/Berlin";
    if (o->since_text && !time_option(o->since_text, now, &o->since))
        return "--since wants a time (2026-11-24T10:00Z, 2026-11-24) or a span (2h, 1d)";
    if (o->until_text && !time_option(o->until_text, now, &o->until))
        return "--until wants a time (2026-11-24T10:00Z, 2026-11-24) or a span (2h, 1d)";
    if (o->since >= o->until)
        return "--since has to be before --until";
    return NULL;
}

static const char *check_together(const struct options *o)
{
    bool ranked = o->top || o->format_name;

    if (o->explain && (o->all || ranked || o->since_text))
        return "specify only one of --explain and -a, -o, --since, --top";
    if (o->calibrate && (o->explain || o->state || ranked))
        return "specify only one of --calibrate and --explain, --state, -o, --top";
    return NULL;
}

static const char *check_options(struct options *o, int files)
{
    const char *problem = check_format(o);

    if (problem == NULL)
        problem = check_times(o);
    if (problem)
        return problem;
    if (!number(o->top_text, 1, SIZE_MAX / 2, &o->top))
        return "--top wants a number, 1 or more";
    if (!number(o->year_text, 1970, 9999, &o->year))
        return "--year wants a year, such as 2026";
    if ((problem = check_together(o)) != NULL)
        return problem;
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
