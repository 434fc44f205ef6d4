#include "blwatch_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/metrics.h"
#include "base/exits.h"
#include "base/lockfile.h"
#include "base/msg.h"

static int memory_failed(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

static bool on_change(void *user, const struct listing_look *k, const struct listing_change *c)
{
    struct watch *w = user;

    report_row(&w->report, &(struct report_row){.time = k->time,
                                                .since = c->since,
                                                .event = slice_str(c->event),
                                                .ip = k->ip,
                                                .provider = k->provider,
                                                .state = slice_str(listing_state_name(c->state)),
                                                .code = k->code,
                                                .reason = k->over.n ? k->over : k->reason,
                                                .url = k->url});
    return true;
}

/* A warning, or a refusal of nobody knows which address. */
static bool note(struct watch *w, struct ledger *l, const struct log_look *look)
{
    const struct listing_look *k = &look->look;
    bool warning = look->event == PROVBLOCK_WARNING;

    report_row(&w->report, &(struct report_row){.time = k->time,
                                                .since = WHEN_NONE,
                                                .event = warning ? SL("warning") : SL("unknown"),
                                                .ip = k->ip,
                                                .provider = k->provider,
                                                .code = k->code,
                                                .reason = k->reason,
                                                .url = k->url});
    if (!warning)
        return true;
    struct text t = {0};
    text_addf(&t, "%.*s, %.*s: %.*s", (int)k->ip.n, k->ip.p, (int)k->name.n, k->name.p,
              (int)k->reason.n, k->reason.p);
    bool ok = !t.failed && ledger_journal(l, k->time, SL("blwatch"), SL("blwatch"), 0, 0,
                                          SL("warning"), text_slice(&t));
    text_free(&t);
    return ok;
}

static bool take_log(struct watch *w, struct ledger *l)
{
    struct listing_change c;

    for (size_t i = 0; i < w->log.looks; i++) {
        const struct log_look *look = &w->log.look[i];
        if (look->event != PROVBLOCK_LOOK) {
            if (!note(w, l, look))
                return false;
            continue;
        }
        if (!listing_look(l, w->providers, &look->look, &c))
            return false;
        if (c.event)
            on_change(w, &look->look, &c);
    }
    return watch_log_save(&w->log, w->o, l);
}

static struct provblock_options block_options(const struct watch *w)
{
    return (struct provblock_options){.providers = w->providers,
                                      .customers = annotate_customers(w->annotate),
                                      .ours = w->ours,
                                      .ours_n = w->ours_n,
                                      .recipients = (unsigned)w->o->recipients,
                                      .customers_least = (unsigned)w->o->customers,
                                      .window = w->o->window};
}

static int read_log(struct watch *w, struct ledger *l)
{
    struct provblock_options po = block_options(w);

    return watch_log_read(&w->log, w->o, l, w->annotate, &po);
}

static int write_metrics(struct watch *w, struct ledger *l, int64_t standing)
{
    struct metrics m = {0};
    struct parser_stats stats;

    metrics_listings(&m, l);
    metrics_gauge(&m, "mptools_blwatch_standing", "Listings that stand.", (double)standing);
    metrics_gauge(&m, "mptools_blwatch_last_run_timestamp_seconds", "When blwatch last ran.",
                  (double)(w->o->now / WHEN_SECOND));
    if (w->dns.answers) {
        struct dnsbl_stats s = dnsbl_stats(w->dns.answers);
        metrics_gauge(&m, "mptools_blwatch_questions", "DNS questions of the last run.",
                      (double)s.asked);
        metrics_gauge(&m, "mptools_blwatch_answers", "Those of them that were answered.",
                      (double)s.answered);
        metrics_gauge(&m, "mptools_blwatch_cannot_tell", "Lists and addresses without an answer.",
                      w->dns.unclear);
    }
    if (w->log.in && stream_parser(w->log.in)) {
        parser_stats(stream_parser(w->log.in), &stats);
        metrics_parse(&m, "blwatch", &stats);
    }
    int status = metrics_save(&m, w->o->metrics);
    metrics_free(&m);
    return status;
}

/* Nothing waits for DNS, or for the log, within a transaction. */
static int watch(struct watch *w, struct ledger *l)
{
    const struct options *o = w->o;
    bool log = o->follow || o->files;
    int status = log ? read_log(w, l) : 0, asked = 0;

    if (status)
        return status;
    if (!o->no_dns)
        asked = watch_dns_ask(&w->dns, o);
    if (!ledger_begin(l) || (log && !take_log(w, l)))
        return ledger_failure(l)->status;
    if (w->dns.answers && asked == 0)
        watch_dns_take(&w->dns, o, l, &w->report, on_change, w);
    int64_t standing = listing_standing(l);
    report_open(&w->report, l, w->providers);
    if (ledger_failure(l)->status == 0 && o->metrics && !o->dry_run)
        status = write_metrics(w, l, standing);
    if (o->dry_run)
        ledger_rollback(l);
    else
        ledger_commit(l);
    status = exit_worse(exit_worse(status, ledger_failure(l)->status), asked);
    return status ? status : standing > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* --clear: a person says that it is over. */
static int clear(struct watch *w, struct ledger *l)
{
    const struct options *o = w->o;
    struct provblock_options po = block_options(w);
    const struct provider *p = provider_find(w->providers, slice_str(o->clear));
    struct listing_look k = {.time = o->now, .provider = slice_str(o->clear)};
    struct listing_change c;
    char ip[IPADDR_TEXT];
    int status = 0;

    k.name = p ? p->name : k.provider;
    k.over = SL("ended by hand");
    ledger_begin(l);
    for (size_t i = 0; i < o->addrs && status == 0; i++) {
        k.ip = slice_str(ipaddr_text(o->addr[i], ip));
        if (listing_end(l, &k, slice_str(o->by), &c)) {
            on_change(w, &k, &c);
            status = watch_log_forget(l, &po, k.ip, k.provider);
        } else if (ledger_failure(l)->status == 0) {
            msg_error("%s: has no open listing at `%s'; nothing was changed", ip, o->clear);
            status = EXIT_DATA;
        }
    }
    if (status || o->dry_run)
        ledger_rollback(l);
    else
        ledger_commit(l);
    return exit_worse(status, ledger_failure(l)->status);
}

static int with_ledger(struct watch *w, const char *path)
{
    struct ledger *l = ledger_open(path, LEDGER_WRITE);

    if (l == NULL)
        return memory_failed();
    int status = ledger_failure(l)->status;
    if (status == 0)
        status = w->o->clear ? clear(w, l) : watch(w, l);
    if (ledger_failure(l)->status) {
        msg_error("%s", failure_text(ledger_failure(l)));
        status = exit_worse(status, ledger_failure(l)->status);
    }
    ledger_close(l);
    return status;
}

int watch_ledger(struct watch *w)
{
    struct lockfile lock = {.fd = -1};
    struct failure failure = {0};
    char *path;

    if (w->o->dry_run && access(w->o->ledger, F_OK) != 0) /* leave nothing behind */
        return with_ledger(w, LEDGER_MEMORY);
    if (asprintf(&path, "%s.blwatch.lock", w->o->ledger) < 0)
        return memory_failed();
    int status = lockfile_take(&lock, path, &failure);
    if (status)
        msg_error("%s", failure_text(&failure));
    else
        status = with_ledger(w, w->o->ledger);
    lockfile_drop(&lock);
    failure_free(&failure);
    free(path);
    return status;
}
