#include "spamscore_options.h"

#include <unistd.h>

#include "base/options.h"

static const char usage[] =
    "usage: spamscore [-aqv] [-o table|tsv|json] [--top N] [--since TIME]\n"
    "                 [--until TIME] [--state FILE] [-w FILE] [-C DIR]\n"
    "                 [--metrics FILE] [--year YEAR] [--tz ZONE] [FILE ...]\n"
    "       spamscore --explain IDENTITY [--state FILE] [FILE ...]\n"
    "       spamscore --calibrate [-a] [-w FILE] [FILE ...]\n"
    "       spamscore --check-config [-C DIR]\n"
    "Reads mail logs or mplog-parse's records (gzip, zstd too; - or nothing: standard\n"
    "input) and names the logins and machines that send spam. For example:\n"
    "    spamscore /var/log/mail.log\n";

#define AT(member) .at = offsetof(struct options, member)

static const struct option_row rows[] = {
    {"output", 'o', OPTION_WORD, AT(format), .word = option_formats},
    {"all", 'a', OPTION_FLAG, AT(all)},
    {"write", 'w', OPTION_TEXT, AT(output)},
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"calibrate", 0, OPTION_FLAG, AT(calibrate)},
    {"check-config", 0, OPTION_FLAG, AT(check)},
    {"explain", 0, OPTION_TEXT, AT(explain)},
    {"metrics", 0, OPTION_TEXT, AT(metrics)},
    {"since", 0, OPTION_TIME, AT(since)},
    {"state", 0, OPTION_TEXT, AT(state)},
    {"top", 0, OPTION_NUMBER, AT(top), 1, SIZE_MAX / 2},
    {"tz", 0, OPTION_ZONE, .at = 0},
    {"until", 0, OPTION_TIME, AT(until)},
    {"year", 0, OPTION_YEAR, AT(year)},
};

static const char *contradiction(void *to, int files, char **argument)
{
    const struct options *o = to;
    bool ranked = o->top || o->format != OPTION_UNSAID || o->metrics;

    (void)argument;
    if (o->since >= o->until)
        return "--since has to be before --until";
    if (o->explain && (o->all || ranked || o->since != WHEN_NONE))
        return "specify only one of --explain and -a, -o, --since, --top, --metrics";
    if (o->calibrate && (o->explain || o->state || ranked))
        return "specify only one of --calibrate and --explain, --state, -o, --top, --metrics";
    if (files == 0 && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return NULL;
}

static const struct command command = {"spamscore", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int spamscore_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.format = OPTION_UNSAID, .since = WHEN_NONE, .until = INT64_MAX};
    int status = options_read(&command, o, argc, argv);

    o->format = options_format(o->format, o->output);
    return status;
}
