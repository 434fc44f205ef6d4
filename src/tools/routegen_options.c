#include "routegen_options.h"

#include <stdio.h>
#include <stdlib.h>

#include "act/ledger.h"
#include "act/route_means.h"
#include "base/options.h"
#include "base/when.h"

#define MAPS_DEFAULT "/etc/postfix/mptools"

static const char usage[] =
    "usage: routegen [-nqv] [-C DIR] [-d DIR] [-w FILE] [--ledger FILE] [--postmap]\n"
    "                [--reload] [--map-type TYPE] [--slots N] [--hop ADDRESS:PORT] [--auto]\n"
    "                [--route CUSTOMER:PROVIDER[:VIA]]... [--end CUSTOMER:PROVIDER]...\n"
    "                [--now TIME] [--year YEAR] [--follow LOG | LOG...]\n"
    "       routegen --show [--all] [-o tsv|json|table]\n"
    "       routegen --print-postfix | --print-master | --check-postfix | --check-config\n"
    "Sends customers' mail by outbound servers that its receiver doesn't list.\n"
    "For example:\n"
    "    routegen -n --auto                            what would be routed?\n"
    "    routegen --follow /var/log/mail.log --postmap --reload      from cron\n"
    "    routegen --route acme:microsoft --postmap --reload\n";

#define AT(member) .at = offsetof(struct options, member)
#define AT_TASK(task) .at = offsetof(struct options, task_said) + (task) * sizeof(bool)

static const char *take_hop(void *to, const char *value)
{
    struct options *o = to;

    return route_place_parse(slice_str(value), &o->hop) && route_place_is_loopback(&o->hop) &&
                   o->hop.port <= 65535 - ROUTE_SLOTS_MAX
               ? NULL
               : "is no ADDRESS:PORT on this machine, as 127.0.0.1:10031";
}

static const struct option_row rows[] = {
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"maps", 'd', OPTION_TEXT, AT(dir)},
    {"output", 'o', OPTION_WORD, AT(format), .word = option_formats},
    {"write", 'w', OPTION_TEXT, AT(output)},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"ledger", 0, OPTION_TEXT, AT(ledger)},
    {"follow", 0, OPTION_TEXT, AT(follow)},
    {"map-type", 0, OPTION_TEXT, AT(type)},
    {"route", 0, OPTION_TEXTS, AT(route), .count = offsetof(struct options, routes)},
    {"end", 0, OPTION_TEXTS, AT(end), .count = offsetof(struct options, ends)},
    {"slots", 0, OPTION_NUMBER, AT(slots), 1, ROUTE_SLOTS_MAX},
    {"hop", 0, OPTION_OWN, .take = take_hop},
    {"auto", 0, OPTION_FLAG, AT(automatic)},
    {"postmap", 0, OPTION_FLAG, AT(postmap)},
    {"reload", 0, OPTION_FLAG, AT(reload)},
    {"all", 0, OPTION_FLAG, AT(all)},
    {"now", 0, OPTION_TIME, AT(now)},
    {"year", 0, OPTION_YEAR, AT(year)},
    {"show", 0, OPTION_FLAG, AT_TASK(TASK_SHOW)},
    {"print-postfix", 0, OPTION_FLAG, AT_TASK(TASK_PRINT_POSTFIX)},
    {"print-master", 0, OPTION_FLAG, AT_TASK(TASK_PRINT_MASTER)},
    {"check-postfix", 0, OPTION_FLAG, AT_TASK(TASK_CHECK_POSTFIX)},
    {"check-config", 0, OPTION_FLAG, AT_TASK(TASK_CHECK_CONFIG)},
};

static const char *contradiction(void *to, int files, char **argument)
{
    struct options *o = to;

    o->file = argument;
    o->files = files;
    for (unsigned task = TASK_SHOW; task <= TASK_CHECK_CONFIG; task++) {
        if (o->task_said[task] && o->task != TASK_ROUTE)
            return "specify only one of --show, --print-postfix, --print-master, --check-postfix "
                   "and --check-config";
        if (o->task_said[task])
            o->task = task;
    }
    if (o->follow && o->files)
        return "specify only one of --follow and logs";
    if (o->task != TASK_ROUTE &&
        (o->follow || o->files || o->routes || o->ends || o->postmap || o->reload))
        return "--show, --print-postfix, --print-master and the checks change nothing: leave out "
               "logs, --route, --end, --postmap and --reload";
    if (o->all && o->task != TASK_SHOW)
        return "--all goes with --show";
    if (o->reload && !o->postmap)
        return "--reload goes with --postmap";
    if (o->dry_run && (o->postmap || o->reload))
        return "specify only one of --dry-run and --postmap";
    return NULL;
}

static const struct command command = {"routegen", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int routegen_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.task = TASK_ROUTE, .format = OPTION_UNSAID, .now = WHEN_NONE};
    int status = options_read(&command, o, argc, argv);

    o->format = options_format(o->format, o->output);
    o->now_said = o->now != WHEN_NONE;
    return status;
}

bool routegen_settings(struct options *o, const struct settings *s)
{
    o->automatic |= s->route_auto;
    if (o->slots == 0)
        o->slots = s->route_slots;
    if (o->ledger == NULL)
        o->ledger = s->ledger ? s->ledger : LEDGER_DEFAULT;
    if (o->dir == NULL) {
        /* Beside senderblock's maps: the two tools needn't wait for each other's lock. */
        if (asprintf(&o->dir_made, "%s/routes", s->maps ? s->maps : MAPS_DEFAULT) < 0)
            o->dir_made = NULL;
        o->dir = o->dir_made;
    }
    return o->dir != NULL;
}

void routegen_options_free(struct options *o)
{
    options_free(&command, o);
    free(o->dir_made);
}
