#include "mplog-parse_options.h"

#include <unistd.h>

#include "base/options.h"
#include "log/record.h"

static const char usage[] =
    "usage: mplog-parse [-qv] [-o tsv|json] [-c COLUMNS] [-s kind=KINDS] [-w FILE]\n"
    "                   [-C DIR] [--metrics FILE] [--year YEAR] [--tz ZONE]\n"
    "                   [--live] [FILE ...]\n"
    "       mplog-parse --follow FILE --state FILE [...]\n"
    "       mplog-parse --facts [FILE ...]\n"
    "Reads Postfix mail logs (gzip, zstd too; - or nothing: standard input) and writes\n"
    "one event a line. For example:\n"
    "    mplog-parse -c time,sasl_user,rcpt,status -s kind=deliver mail.log\n";

#define AT(member) .at = offsetof(struct options, member)

/* "kind=deliver,reject" */
static const char *take_kinds(void *to, const char *value)
{
    struct options *o = to;
    struct slice s = slice_str(value);

    o->select = value;
    o->kinds = 0;
    if (!slice_starts(s, SL("kind=")))
        return "is no kind=KIND[,KIND...]";
    for (const char *at = s.p + 4; at; at = slice_chr(s, ',')) {
        s = slice_range(at + 1, s.p + s.n);
        const char *comma = slice_chr(s, ',');
        unsigned kind = record_kind_of(comma ? slice_range(s.p, comma) : s);
        if (kind == KIND_NONE)
            return "has another kind than accept, deliver, reject, auth-fail, login, verdict, "
                   "ndr, hold and remove";
        o->kinds |= 1u << kind;
    }
    return NULL;
}

static const struct option_row rows[] = {
    {"output", 'o', OPTION_WORD, AT(format), .word = (const char *const[]){"tsv", "json", NULL}},
    {"columns", 'c', OPTION_TEXT, AT(columns)},
    {"select", 's', OPTION_OWN, .take = take_kinds},
    {"write", 'w', OPTION_TEXT, AT(output)},
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"facts", 0, OPTION_FLAG, AT(facts)},
    {"follow", 0, OPTION_TEXT, AT(follow)},
    {"state", 0, OPTION_TEXT, AT(state)},
    {"metrics", 0, OPTION_TEXT, AT(metrics)},
    {"live", 0, OPTION_FLAG, AT(live)},
    {"year", 0, OPTION_YEAR, AT(year)},
    {"tz", 0, OPTION_ZONE, .at = 0},
    {"check-config", 0, OPTION_FLAG, AT(check)},
};

static const char *contradiction(void *to, int files, char **argument)
{
    const struct options *o = to;

    (void)argument;
    if ((o->follow == NULL) != (o->state == NULL))
        return "--follow FILE and --state FILE go together";
    if (o->follow && files)
        return "specify only one of --follow and input files";
    if (o->live && o->output)
        return "--live goes with standard output: a file appears as a whole at the end";
    if (o->facts &&
        (o->follow || o->select || o->columns || o->format != OPTION_UNSAID || o->metrics))
        return "--facts goes with input files only";
    if (files == 0 && !o->follow && !o->check && isatty(STDIN_FILENO))
        return "no input: name a log, or pipe one in";
    return NULL;
}

static const struct command command = {"mplog-parse", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int options_parse(struct options *o, int argc, char **argv, int *first)
{
    *o = (struct options){.format = OPTION_UNSAID};
    int status = options_read(&command, o, argc, argv);

    *first = optind;
    return status;
}
