#include "act/notice.h"

#include <stdlib.h>

#include "base/exits.h"
#include "base/when.h"

static const char claim[] = "mpnotify.claim";

#define SELECT                                                                                     \
    "SELECT n.id, n.time, coalesce(n.incident, 0), coalesce(n.listing, 0), n.event, n.customer,"   \
    " n.partner, n.name, json_valid(n.facts), n.sent IS NOT NULL,"                                 \
    " (SELECT f.name FROM notices f WHERE (f.incident = n.incident OR f.listing = n.listing) AND " \
    "f.partner = n.partner"                                                                        \
    "  AND f.id < n.id ORDER BY f.id LIMIT 1)"                                                     \
    " FROM notices n"

static void fill(struct notice *n, const struct ledger_rows *r, struct arena *a)
{
    *n = (struct notice){.id = ledger_int(r, 0),
                         .time = ledger_int(r, 1),
                         .incident = ledger_int(r, 2),
                         .listing = ledger_int(r, 3),
                         .event = notice_event_of(ledger_text(r, 4)),
                         .event_name = arena_slice(a, ledger_text(r, 4)),
                         .customer = arena_slice(a, ledger_text(r, 5)),
                         .partner = arena_slice(a, ledger_text(r, 6)),
                         .name = arena_slice(a, ledger_text(r, 7)),
                         .readable = ledger_int(r, 8) == 1,
                         .sent = ledger_int(r, 9) == 1,
                         .first = arena_slice(a, ledger_text(r, 10))};
    if (n->event == NOTICE_DIGEST)
        n->event = NOTICE_EVENTS;
}

static bool room(struct notices *out)
{
    if (out->n < out->cap)
        return true;
    size_t cap = out->cap ? out->cap * 2 : 32;
    struct notice *list = realloc(out->list, cap * sizeof(*list));
    if (list == NULL)
        return false;
    out->list = list;
    out->cap = cap;
    return true;
}

bool notices_load(struct notices *out, struct ledger *l, int64_t since, int64_t only)
{
    struct ledger_rows r =
        only ? ledger_query(l, SELECT " WHERE n.id = ?", "i", only)
             : ledger_query(l, SELECT " WHERE n.sent IS NULL AND n.time >= ? ORDER BY n.id", "i",
                            since);
    bool ok = true;

    while (ok && ledger_next(&r)) {
        ok = room(out);
        if (ok)
            fill(&out->list[out->n++], &r, &out->arena);
    }
    ledger_done(&r);
    if (!ok)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory");
    return ledger_failure(l)->status == 0;
}

void notices_free(struct notices *n)
{
    free(n->list);
    arena_free(&n->arena);
    *n = (struct notices){0};
}

static bool add_listing(struct notice_facts *f, const struct ledger_rows *r)
{
    static const char *const name[] = {"ip",          "provider", "source", "code",
                                       "list_reason", "url",      "sample"};
    bool ok = true;

    for (int i = 0; i < 7; i++)
        if (notice_fact(f, slice_str(name[i])).p == NULL)
            ok = notice_facts_add(f, slice_str(name[i]), 0, 0, ledger_text(r, i)) && ok;
    if (notice_fact(f, SL("since")).p == NULL)
        ok = notice_facts_add_time(f, SL("since"), ledger_int(r, 7)) && ok;
    if (notice_fact(f, SL("until")).p == NULL)
        ok = notice_facts_add_time(f, SL("until"), ledger_int(r, 8)) && ok;
    return ok;
}

bool notice_facts_of(struct notice_facts *f, struct ledger *l, const struct notice *n)
{
    bool ok = notice_facts_load(f, l, n->id);

    if (n->listing) {
        struct ledger_rows r =
            ledger_query(l,
                         "SELECT ip, provider, source, code, reason, url, sample, since, until"
                         " FROM listings WHERE id = ?",
                         "i", n->listing);
        if (ledger_next(&r))
            ok = add_listing(f, &r) && ok;
        ledger_done(&r);
    }
    return ok && ledger_failure(l)->status == 0;
}

static bool one_text(struct text *out, struct ledger_rows r)
{
    if (ledger_next(&r))
        text_add(out, ledger_text(&r, 0));
    ledger_done(&r);
    return !out->failed && ledger_failure(r.ledger)->status == 0;
}

bool notice_evidence_of(struct text *out, struct ledger *l, const struct notice *n)
{
    return one_text(out, ledger_query(l, "SELECT evidence FROM notices WHERE id = ?", "i", n->id));
}

bool notice_json_of(struct text *out, struct ledger *l, const struct notice *n)
{
    return one_text(out,
                    ledger_query(l, "SELECT json(facts) FROM notices WHERE id = ?", "i", n->id));
}

bool notices_claimed(struct ledger *l, struct arena *arena, int64_t **id, size_t *n)
{
    struct text t = {0};
    size_t words = 1;

    *n = 0;
    if (!ledger_state(l, claim, &t)) {
        text_free(&t);
        return ledger_failure(l)->status == 0;
    }
    for (size_t i = 0; i < t.n; i++)
        words += t.p[i] == ' ';
    *id = arena_alloc(arena, words * sizeof(**id));
    for (struct slice s = text_slice(&t); s.n && *id;) {
        const char *blank = slice_chr(s, ' ');
        struct slice word = blank ? slice_range(s.p, blank) : s;
        uint64_t v;
        if (slice_u64(word, &v) && v < INT64_MAX)
            (*id)[(*n)++] = (int64_t)v;
        s = slice_skip(s, word.n + 1);
    }
    text_free(&t);
    return *id != NULL;
}

int notices_claim(struct ledger *l, struct notice *const *list, size_t n)
{
    struct text t = {0};

    for (size_t i = 0; i < n; i++)
        text_addf(&t, i ? " %lld" : "%lld", (long long)list[i]->id);
    ledger_begin(l);
    if (t.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory");
    ledger_state_set(l, claim, text_slice(&t));
    text_free(&t);
    return ledger_commit(l);
}

static bool forget(struct ledger *l)
{
    return ledger_run(l, "DELETE FROM state WHERE name = ?", "t", slice_str(claim));
}

int notices_release(struct ledger *l)
{
    ledger_begin(l);
    forget(l);
    return ledger_commit(l);
}

int notices_sent(struct ledger *l, struct notice *const *list, size_t n, int64_t now)
{
    ledger_begin(l);
    for (size_t i = 0; i < n; i++)
        ledger_run(l, "UPDATE notices SET sent = ? WHERE id = ? AND sent IS NULL", "ii", now,
                   list[i]->id);
    forget(l);
    return ledger_commit(l);
}
