#include "blwatch_options.h"

#include <stdlib.h>

#include "act/ledger.h"
#include "base/exits.h"
#include "base/msg.h"
#include "base/options.h"
#include "base/when.h"

static const char usage[] =
    "usage: blwatch [-nqv] [-C DIR] [-o tsv|json|table] [-w FILE] [--ledger FILE]\n"
    "               [--resolver ADDR[:PORT]] [--keys FILE] [--list ID]... [--no-dns]\n"
    "               [--recipients N] [--customers M] [--window SPAN] [--metrics FILE]\n"
    "               [--now TIME] [--year YEAR] [--follow LOG] [ADDRESS | LOG]...\n"
    "       blwatch --clear ID [--by NAME] ADDRESS...\n"
    "       blwatch --check-config\n"
    "Are our outbound addresses listed? Asks DNS blocklists and reads what a mail log says.\n"
    "For example:\n"
    "    blwatch 203.0.113.5                           one look at one address\n"
    "    blwatch --follow /var/log/mail.log            from cron, every quarter of an hour\n"
    "    blwatch --no-dns -n /var/log/mail.log         what does the log say?\n";

#define AT(member) .at = offsetof(struct options, member)

static const struct option_row rows[] = {
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"output", 'o', OPTION_WORD, AT(format), .word = option_formats},
    {"write", 'w', OPTION_TEXT, AT(output)},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"ledger", 0, OPTION_TEXT, AT(ledger)},
    {"follow", 0, OPTION_TEXT, AT(follow)},
    {"resolver", 0, OPTION_TEXT, AT(resolver)},
    {"keys", 0, OPTION_TEXT, AT(keys)},
    {"metrics", 0, OPTION_TEXT, AT(metrics)},
    {"clear", 0, OPTION_TEXT, AT(clear)},
    {"by", 0, OPTION_TEXT, AT(by)},
    {"list", 0, OPTION_TEXTS, AT(lists), .count = offsetof(struct options, lists_n)},
    {"no-dns", 0, OPTION_FLAG, AT(no_dns)},
    {"recipients", 0, OPTION_NUMBER, AT(recipients), 1, 200},
    {"customers", 0, OPTION_NUMBER, AT(customers), 1, 200},
    {"window", 0, OPTION_SPAN, AT(window), 60, 86400},
    {"now", 0, OPTION_TIME, AT(now)},
    {"year", 0, OPTION_YEAR, AT(year)},
    {"check-config", 0, OPTION_FLAG, AT(check_config)},
};

/* What is an address is asked about, everything else is a log. */
static void sort_arguments(struct options *o, int n, char **argv)
{
    struct ipaddr a;

    for (int i = 0; i < n; i++) {
        if (!ipaddr_parse(slice_str(argv[i]), &a)) {
            o->file[o->files++] = argv[i];
            continue;
        }
        bool again = false;
        for (size_t k = 0; k < o->addrs; k++)
            again |= ipaddr_cmp(o->addr[k], a) == 0;
        if (!again)
            o->addr[o->addrs++] = a;
    }
}

static const char *contradiction(void *to, int n, char **argument)
{
    struct options *o = to;

    sort_arguments(o, n, argument);
    o->one_look =
        o->addrs && !o->files && !o->follow && !o->ledger && !o->check_config && !o->clear;
    if (o->follow && o->files)
        return "specify only one of --follow and logs";
    if (o->no_dns && !o->follow && !o->files && !o->check_config)
        return "--no-dns leaves nothing to look at: name a log";
    if (o->no_dns && (o->lists_n || o->resolver))
        return "specify only one of --no-dns and --list, --resolver";
    if (o->clear && (o->addrs == 0 || o->follow || o->files || o->lists_n || o->no_dns))
        return "--clear ID wants addresses, and nothing else";
    if (o->one_look && (o->metrics || o->dry_run))
        return "--metrics and --dry-run go with the ledger: name it with --ledger";
    return NULL;
}

static const struct command command = {"blwatch", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int blwatch_options(struct options *o, int argc, char **argv)
{
    size_t room = (size_t)argc + 1;

    *o = (struct options){.format = OPTION_UNSAID, .now = WHEN_NONE};
    o->addr = calloc(room, sizeof *o->addr);
    o->file = calloc(room, sizeof *o->file);
    if (o->addr == NULL || o->file == NULL) {
        msg_error("out of memory");
        return EXIT_TEMPFAIL;
    }
    int status = options_read(&command, o, argc, argv);
    o->format = options_format(o->format, o->output);
    o->now_said = o->now != WHEN_NONE;
    if (!o->now_said)
        o->now = when_now();
    return status;
}

void blwatch_settings(struct options *o, const struct settings *s)
{
    if (o->by == NULL)
        o->by = options_user();
    if (o->ledger == NULL)
        o->ledger = s->ledger ? s->ledger : LEDGER_DEFAULT;
    if (o->keys == NULL)
        o->keys = s->keys;
    if (o->resolver == NULL)
        o->resolver = s->resolver;
    if (o->metrics == NULL && !o->one_look)
        o->metrics = s->metrics;
    if (o->recipients == 0)
        o->recipients = s->listed_recipients;
    if (o->customers == 0)
        o->customers = s->listed_customers;
    if (o->window == 0)
        o->window = s->listed_window * WHEN_SECOND;
}

void blwatch_options_free(struct options *o)
{
    options_free(&command, o);
    free(o->addr);
    free(o->file);
}
