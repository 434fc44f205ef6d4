#include "delistreq_options.h"

#include <unistd.h>

#include "base/options.h"

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

#define AT(member) .at = offsetof(struct options, member)

static const struct option_row rows[] = {
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"output", 'o', OPTION_WORD, AT(format), .word = option_formats},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run)},
    {"ledger", 0, OPTION_TEXT, AT(ledger)},
    {"from", 0, OPTION_TEXT, AT(from)},
    {"organisation", 0, OPTION_TEXT, AT(organisation)},
    {"name", 0, OPTION_TEXT, AT(name)},
    {"phone", 0, OPTION_TEXT, AT(phone)},
    {"website", 0, OPTION_TEXT, AT(website)},
    {"to", 0, OPTION_TEXT, AT(to)},
    {"by", 0, OPTION_TEXT, AT(by)},
    {"cause", 0, OPTION_TEXT, AT(cause)},
    {"measure", 0, OPTION_TEXT, AT(measure)},
    {"sent", 0, OPTION_NUMBER, AT(sent), 1, INT64_MAX},
    {"answer", 0, OPTION_NUMBER, AT(answered), 1, INT64_MAX},
    {"now", 0, OPTION_TIME, AT(now)},
    {"fixed", 0, OPTION_TIME, AT(fixed)},
    {"window", 0, OPTION_SPAN, AT(before), 1, 999 * 86400},
    {"all", 0, OPTION_FLAG, AT(all)},
    {"mail", 0, OPTION_FLAG, AT(mail)},
    {"check-config", 0, OPTION_FLAG, AT(check)},
};

static const char *contradiction(void *to, int left, char **argument)
{
    const struct options *o = to;
    int modes = (o->sent > 0) + (o->answered > 0) + (o->cause != NULL) + o->all + o->check;

    (void)argument;
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

static const struct command command = {"delistreq", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int delistreq_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .format = OPTION_UNSAID, .now = WHEN_NONE, .fixed = WHEN_NONE, .before = BEFORE};
    int status = options_read(&command, o, argc, argv);

    o->format = options_format(o->format, NULL);
    if (o->by == NULL)
        o->by = options_user();
    if (o->now == WHEN_NONE)
        o->now = when_now();
    if (status >= 0 || optind == argc)
        return status;
    if (o->answered == 0)
        return options_number("LISTING", argv[optind], 1, INT64_MAX, (uint64_t *)&o->listing);
    o->answer = argv[optind];
    return -1;
}
