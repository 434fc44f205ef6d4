#include "senderblock_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/blockmap.h"
#include "act/ledger.h"
#include "base/options.h"
#include "base/share.h"
#include "base/when.h"

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

#define AT(member) .at = offsetof(struct options, member)

static const struct option_row rows[] = {
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"maps", 'd', OPTION_TEXT, AT(dir)},
    {"output", 'o', OPTION_TEXT, AT(format), .word = (const char *const[]){"table", "json", NULL}},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"ledger", 0, OPTION_TEXT, AT(ledger)},
    {"follow", 0, OPTION_TEXT, AT(follow)},
    {"reinstate", 0, OPTION_TEXT, AT(reinstate)},
    {"ticket", 0, OPTION_TEXT, AT(ticket)},
    {"statement", 0, OPTION_TEXT, AT(statement)},
    {"statement-file", 0, OPTION_TEXT, AT(statement_file)},
    {"undo", 0, OPTION_TEXT, AT(undo)},
    {"by", 0, OPTION_TEXT, AT(by)},
    {"metrics", 0, OPTION_TEXT, AT(metrics)},
    {"now", 0, OPTION_TIME, AT(now)},
    {"slots", 0, OPTION_NUMBER, AT(slots), 1, BLOCKMAP_SLOTS_MAX},
    {"max-new-blocks", 0, OPTION_NUMBER, AT(max_new), 1, 1000000},
    {"map-type", 0, OPTION_TEXT, AT(type)},
    {"show", 0, OPTION_FLAG, AT(show)},
    {"all", 0, OPTION_FLAG, AT(all)},
    {"postmap", 0, OPTION_FLAG, AT(postmap)},
    {"reload", 0, OPTION_FLAG, AT(reload)},
    {"confirm", 0, OPTION_FLAG, AT(confirm)},
    {"force", 0, OPTION_FLAG, AT(force)},
    {"print-postfix", 0, OPTION_FLAG, AT(print_postfix)},
    {"check-postfix", 0, OPTION_FLAG, AT(check_postfix)},
    {"check-config", 0, OPTION_FLAG, AT(check_config)},
    {"year", 0, OPTION_YEAR, AT(year)},
};

static const char *contradiction(void *to, int names, char **argument)
{
    struct options *o = to;
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
    if (o->show && names)
        o->incident = argument[0];
    return modes == 0 && names == 0 && isatty(STDIN_FILENO) ? "no log was named" : NULL;
}

static const struct command command = {"senderblock", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int senderblock_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.now = WHEN_NONE};
    int status = options_read(&command, o, argc, argv);

    o->conf = conf_dir(o->conf);
    return status;
}

bool senderblock_settings(struct options *o, const struct settings *s)
{
    bool dir_said = o->dir != NULL;

    if (o->by == NULL)
        o->by = options_user();
    if (o->dir == NULL)
        o->dir = s->maps ? s->maps : MAPS_DIR;
    if (o->slots == 0)
        o->slots = s->slots ? s->slots : BLOCKMAP_SLOTS;
    if (o->max_new == 0)
        o->max_new = s->max_new_blocks;
    if (o->ledger == NULL)
        o->ledger = s->ledger;
    if (o->ledger == NULL && dir_said && asprintf(&o->made, "%s/mp_ledger.db", o->dir) > 0)
        o->ledger = o->made;
    else if (o->ledger == NULL)
        o->ledger = LEDGER_DEFAULT;
    return o->ledger != NULL;
}

void senderblock_options_free(struct options *o)
{
    free(o->made);
}
