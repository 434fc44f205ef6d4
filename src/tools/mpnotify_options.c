#include "mpnotify_options.h"

#include "act/notice_facts.h"
#include "base/options.h"
#include "base/when.h"

static const char usage[] =
    "usage: mpnotify [-qv] [-C DIR] [--ledger FILE] [--since TIME | --only ID]\n"
    "                [--digest N] [--print | --json]\n"
    "       mpnotify --sendmail PATH | --send [-nqv] [--timeout SECONDS] [...]\n"
    "       mpnotify --check-config [-C DIR]\n"
    "Tells the partners what the ledger has not told them yet. Without --sendmail or\n"
    "--send it only says what waits. For example:\n"
    "    mpnotify --print | less\n"
    "    mpnotify --sendmail /usr/sbin/sendmail\n";

#define AT(member) .at = offsetof(struct options, member)

/* In UTC, as all times of notices are; a date alone is its midnight. */
static const char *take_since(void *to, const char *value)
{
    struct options *o = to;
    struct text t = {0};

    text_add(&t, slice_str(value));
    if (t.n == 10)
        text_add(&t, SL("T00:00:00Z"));
    o->since = t.failed ? WHEN_NONE : notice_time(text_slice(&t));
    text_free(&t);
    return o->since == WHEN_NONE ? "is no time in UTC, as 2026-11-24T10:00:00Z or 2026-11-24"
                                 : NULL;
}

static const struct option_row rows[] = {
    {"config", 'C', OPTION_TEXT, AT(conf)},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run)},
    {"verbose", 'v', OPTION_FLAG, AT(verbose)},
    {"check-config", 0, OPTION_FLAG, AT(check)},
    {"digest", 0, OPTION_NUMBER, AT(digest), 0, 1000},
    {"json", 0, OPTION_FLAG, AT(json)},
    {"ledger", 0, OPTION_TEXT, AT(ledger)},
    {"only", 0, OPTION_NUMBER, AT(only), 1, INT64_MAX},
    {"print", 0, OPTION_FLAG, AT(print)},
    {"send", 0, OPTION_FLAG, AT(send)},
    {"sendmail", 0, OPTION_TEXT, AT(sendmail)},
    {"since", 0, OPTION_OWN, .take = take_since},
    {"timeout", 0, OPTION_NUMBER, AT(timeout), 1, 3600},
};

static const char *contradiction(void *to, int files, char **argument)
{
    const struct options *o = to;

    (void)argument;
    if (o->print + o->json + o->send + (o->sendmail != NULL) + o->check > 1)
        return "specify only one of --sendmail, --send, --print, --json and --check-config";
    if (o->sendmail && strchr(o->sendmail, '/') == NULL)
        return "--sendmail wants a path, such as /usr/sbin/sendmail";
    if (files)
        return "it reads no files: --ledger names the ledger";
    if (o->digest == 1)
        return "--digest wants a number from 2 to 1000, or 0 for no digests";
    if (o->since != WHEN_NONE && o->only)
        return "specify only one of --since and --only";
    return NULL;
}

static const struct command command = {"mpnotify", usage, rows, sizeof rows / sizeof *rows,
                                       contradiction};

int mpnotify_options(struct options *o, int argc, char **argv)
{
    *o = (struct options){.since = WHEN_NONE, .digest = DIGEST_AS_SET, .timeout = 60};
    int status = options_read(&command, o, argc, argv);

    o->mode = o->print                 ? MODE_PRINT
              : o->json                ? MODE_JSON
              : o->send || o->sendmail ? MODE_SEND
                                       : MODE_LIST;
    return status;
}
