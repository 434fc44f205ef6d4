#include "blwatch_dns.h"

#include "base/exits.h"
#include "base/msg.h"

#define STATE_TOLD "blwatch.told"

int watch_dns_load(struct watch_dns *w, const struct options *o, const struct providers *providers)
{
    struct problems problems = {0};
    bool ok = listing_lists_load(&w->lists, providers, o->keys, o->lists, o->lists_n, &problems);

    w->providers = providers;
    problems_print(&problems);
    problems_free(&problems);
    return ok ? 0 : EXIT_CONFIG;
}

int watch_dns_ask(struct watch_dns *w, const struct options *o)
{
    struct failure failure = {0};
    struct dnsbl_question q = {.zone = w->lists.zone,
                               .key = w->lists.key,
                               .zones = w->lists.n,
                               .addr = w->addr,
                               .addrs = w->addrs,
                               .options = {.resolver = o->resolver}};

    w->answers = dnsbl_ask(&q, &failure);
    if (w->answers == NULL) {
        int status = failure.status;
        msg_error("%s", failure_text(&failure));
        failure_free(&failure);
        return status;
    }
    struct dnsbl_stats stats = dnsbl_stats(w->answers);
    if (o->verbose)
        msg_info("%u lists, %u addresses: %lu questions, %lu answers", w->lists.n, w->addrs,
                 stats.asked, stats.answered);
    if (stats.asked == 0 || stats.answered)
        return 0;
    msg_error("%s: nothing answers: no list could be asked, and nothing was changed by DNS: look "
              "at the resolver",
              o->resolver ? o->resolver : "the resolver of resolv.conf(5)");
    return EXIT_UNAVAILABLE;
}

/* --- what can't be told, once --- */

/* Notes the line; true if the last run didn't have it. */
static bool is_news(struct watch_dns *w, const struct text *line)
{
    struct slice before = text_slice(&w->before), l = text_slice(line);

    if (line->failed)
        return w->now.failed = true;
    text_add(&w->now, l);
    while (before.n) {
        const char *nl = slice_chr(before, '\n');
        size_t n = nl ? (size_t)(nl - before.p) + 1 : before.n;
        if (slice_eq(slice_of(before.p, n), l))
            return false;
        before = slice_skip(before, n);
    }
    return true;
}

static void tell_lists(struct watch_dns *w)
{
    struct text line = {0};

    for (unsigned i = 0; i < w->lists.n; i++) {
        for (int v6 = 0; v6 < 2; v6++) {
            const struct provider *p = w->lists.of[i];
            enum dnsbl_reason why = dnsbl_tested(w->answers, i, v6);
            if (why == DNSBL_FINE)
                continue;
            w->unclear++;
            line.n = 0;
            text_addf(&line, "%.*s %d %d\n", (int)p->id.n, p->id.p, v6, (int)why);
            if (is_news(w, &line))
                msg_warn("%.*s (%.*s), IPv%d: can't tell: %s", (int)p->name.n, p->name.p,
                         (int)p->id.n, p->id.p, v6 ? 6 : 4, dnsbl_reason_text(why));
        }
    }
    text_free(&line);
}

static void tell_address(struct watch_dns *w, const struct listing_answer *a, const char *ip)
{
    struct text line = {0};

    if (dnsbl_tested(w->answers, a->list, !ipaddr_is_v4(w->addr[a->addr])) != DNSBL_FINE)
        return; /* said of the list */
    w->unclear++;
    text_addf(&line, "%.*s %s %d\n", (int)a->asked->id.n, a->asked->id.p, ip, (int)a->why);
    if (is_news(w, &line))
        msg_warn("%.*s (%.*s), %s: can't tell: %s", (int)a->asked->name.n, a->asked->name.p,
                 (int)a->asked->id.n, a->asked->id.p, ip, dnsbl_reason_text(a->why));
    text_free(&line);
}

/* Lists that are for information only: shown when they are new, and nothing more. */
static void tell_information(struct watch_dns *w, const struct options *o, struct report *report,
                             const struct listing_answer *a, const char *ip)
{
    struct text line = {0}, reason = {0};
    char code[16];

    if (a->verdict != DNSBL_LISTED)
        return;
    text_addf(&line, "%.*s %s information\n", (int)a->of->id.n, a->of->id.p, ip);
    listing_text(&reason, a->meaning);
    if (is_news(w, &line))
        report_row(report, &(struct report_row){.time = o->now,
                                                .since = WHEN_NONE,
                                                .event = SL("information"),
                                                .ip = slice_str(ip),
                                                .provider = a->of->id,
                                                .state = SL("information"),
                                                .code = slice_str(listing_code(a->code, code)),
                                                .reason = text_slice(&reason)});
    text_free(&line);
    text_free(&reason);
}

/* --- into the ledger --- */

static bool take(struct watch_dns *w, const struct options *o, struct ledger *l, unsigned list,
                 unsigned addr, struct report *report, listing_changed *changed, void *user)
{
    struct listing_answer a[LISTING_ANSWERS];
    unsigned n = listing_answers(w->providers, &w->lists, w->answers, list, addr, a);
    struct slice txt = dnsbl_result(w->answers, list, addr)->txt;
    char ip[IPADDR_TEXT];

    ipaddr_text(w->addr[addr], ip);
    if (n && a[0].verdict == DNSBL_CANNOT_TELL)
        tell_address(w, &a[0], ip);
    if (w->lists.of[list]->ask != PROVIDER_ASK_INFORMATION)
        return listing_take(l, w->providers, a, n, slice_str(ip), txt, o->now, changed, user);
    for (unsigned i = 0; i < n; i++)
        tell_information(w, o, report, &a[i], ip);
    return true;
}

int watch_dns_take(struct watch_dns *w, const struct options *o, struct ledger *l,
                   struct report *report, listing_changed *changed, void *user)
{
    bool ok = true;

    ledger_state(l, STATE_TOLD, &w->before);
    tell_lists(w);
    for (unsigned addr = 0; addr < w->addrs; addr++)
        for (unsigned list = 0; ok && list < w->lists.n; list++)
            ok = take(w, o, l, list, addr, report, changed, user);
    if (!ok || w->now.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    ledger_state_set(l, STATE_TOLD, text_slice(&w->now));
    return ledger_failure(l)->status;
}

void watch_dns_free(struct watch_dns *w)
{
    dnsbl_free(w->answers);
    listing_lists_free(&w->lists);
    text_free(&w->before);
    text_free(&w->now);
}
