#include "act/listing.h"

#include "base/exits.h"

static const char *const names[] = {"clear", "seen", "listed", "clearing"};

#define COLUMNS "SELECT id, source, state, since, provider FROM listings"

struct row {
    int64_t id, since;
    bool dns;
    enum listing_state state;
};

const char *listing_state_name(enum listing_state state)
{
    return names[state];
}

enum listing_state listing_state_of(struct slice name)
{
    for (unsigned i = LISTING_CLEARING; i > LISTING_CLEAR; i--)
        if (slice_eq(name, slice_str(names[i])))
            return (enum listing_state)i;
    return LISTING_CLEAR;
}

enum listing_state listing_step(enum listing_state state, bool found)
{
    static const enum listing_state next[][2] = {
        [LISTING_CLEAR] = {LISTING_CLEAR, LISTING_SEEN},
        [LISTING_SEEN] = {LISTING_CLEAR, LISTING_LISTED},
        [LISTING_LISTED] = {LISTING_CLEARING, LISTING_LISTED},
        [LISTING_CLEARING] = {LISTING_CLEAR, LISTING_LISTED},
    };

    return next[state][found];
}

static const char *event_of(enum listing_state from, enum listing_state to)
{
    if (from == to)
        return NULL;
    switch (to) {
    case LISTING_SEEN:
        return "seen";
    case LISTING_LISTED:
        return from == LISTING_CLEARING ? "persists" : "listed";
    case LISTING_CLEARING:
        return "clearing";
    default:
        return from == LISTING_SEEN ? "unconfirmed" : "delisted";
    }
}

bool listing_covers(const struct providers *providers, struct slice id, struct slice other)
{
    const struct provider *p = provider_find(providers, id), *o = provider_find(providers, other);

    if (slice_eq(id, other))
        return true;
    return p && o &&
           (o->part_of == p || o->replaces == p || p->replaces == o ||
            (o->part_of && o->part_of == p->replaces));
}

/* --- rows --- */

static void fill(struct row *row, const struct ledger_rows *r)
{
    row->id = ledger_int(r, 0);
    row->dns = slice_eq(ledger_text(r, 1), SL("dns"));
    row->state = listing_state_of(ledger_text(r, 2));
    row->since = ledger_int(r, 3);
}

static bool own_row(struct ledger *l, const struct listing_look *k, struct row *row)
{
    struct ledger_rows r = ledger_query(
        l, COLUMNS " WHERE ip = ? AND provider = ? AND state <> 'clear'", "tt", k->ip, k->provider);
    bool found = ledger_next(&r);

    if (found)
        fill(row, &r);
    ledger_done(&r);
    return found;
}

/* A look of the log about a list that DNS follows already, by itself or by a part of it; or one of
 * DNS about what the log calls by the name of the whole. */
static bool other_row(struct ledger *l, const struct providers *providers,
                      const struct listing_look *k, struct row *row)
{
    struct ledger_rows r =
        ledger_query(l, COLUMNS " WHERE ip = ? AND source = ? AND state <> 'clear' ORDER BY id",
                     "tt", k->ip, k->dns ? SL("log") : SL("dns"));
    bool found = false;

    while (!found && ledger_next(&r)) {
        struct slice its = ledger_text(&r, 4);
        found = k->dns ? listing_covers(providers, its, k->provider)
                       : listing_covers(providers, k->provider, its);
        if (found)
            fill(row, &r);
    }
    ledger_done(&r);
    return found;
}

bool listing_open(struct ledger *l, const struct providers *providers, struct slice ip,
                  const struct provider *asked, struct text *out)
{
    struct ledger_rows r = ledger_query(
        l, COLUMNS " WHERE ip = ? AND source = 'dns' AND state <> 'clear' ORDER BY id", "t", ip);

    while (ledger_next(&r)) {
        struct slice its = ledger_text(&r, 4);
        if (!listing_covers(providers, asked->id, its))
            continue;
        if (out->n)
            text_addc(out, ' ');
        text_add(out, its);
    }
    ledger_done(&r);
    return !out->failed && ledger_failure(l)->status == 0;
}

int64_t listing_standing(struct ledger *l)
{
    return ledger_int_of(l, 0,
                         "SELECT count(*) FROM listings WHERE state IN ('listed', 'clearing')", "");
}

/* --- changes --- */

static void insert(struct ledger *l, const struct listing_look *k, struct listing_change *c)
{
    ledger_run(l,
               "INSERT INTO listings (ip, provider, source, state, first, last, looks, code,"
               " reason, url, sample) VALUES (?, ?, ?, 'seen', ?, ?, 1, ?, ?, ?, ?)",
               "tttiitttt", k->ip, k->provider, k->dns ? SL("dns") : SL("log"), k->time, k->time,
               k->code, k->reason, k->url, k->sample);
    c->id = ledger_inserted(l);
}

static void update(struct ledger *l, const struct listing_look *k, const struct row *row,
                   struct listing_change *c)
{
    struct slice state = slice_str(names[c->state]);

    if (c->state == LISTING_LISTED && row->since == WHEN_NONE)
        c->since = k->time;
    if (k->found)
        ledger_run(l,
                   "UPDATE listings SET provider = ?, source = ?, state = ?, since = ?, last = ?,"
                   " looks = 0, code = ?, reason = ?, url = ?, sample = ? WHERE id = ?",
                   "tttIitttti", k->provider, k->dns ? SL("dns") : SL("log"), state, c->since,
                   k->time, k->code, k->reason, k->url, k->sample, row->id);
    else
        ledger_run(l, "UPDATE listings SET state = ?, looks = ?, until = ? WHERE id = ?", "tiIi",
                   state, (int64_t)(c->state == LISTING_CLEARING),
                   c->state == LISTING_CLEAR ? k->time : WHEN_NONE, row->id);
}

static void sentence(struct text *t, const struct listing_look *k, const char *event)
{
    const char *by = k->dns ? "DNS" : "the log";

    text_addf(t, "%.*s, %.*s: ", (int)k->ip.n, k->ip.p, (int)k->name.n, k->name.p);
    if (k->over.n)
        text_add(t, k->over);
    else if (strcmp(event, "seen") == 0)
        text_addf(t, "one look, by %s, found it", by);
    else if (strcmp(event, "listed") == 0)
        text_addf(t, "two looks, by %s, found it", by);
    else if (strcmp(event, "persists") == 0)
        text_addf(t, "one look didn't find it, the next one, by %s, did", by);
    else if (strcmp(event, "unconfirmed") == 0)
        text_addf(t, "a second look, by %s, didn't find it", by);
    else
        text_addf(t, "%s in a row, by %s, didn't find it",
                  strcmp(event, "clearing") == 0 ? "one look" : "two looks", by);
    if (k->found && k->code.n)
        text_addf(t, " (%.*s)", (int)k->code.n, k->code.p);
}

static bool note(struct ledger *l, const struct listing_look *k, const struct listing_change *c)
{
    struct text t = {0};

    sentence(&t, k, c->event);
    if (t.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    ledger_journal(l, k->time, SL("blwatch"), SL("blwatch"), 0, c->id, slice_str(c->event),
                   text_slice(&t));
    text_free(&t);
    return ledger_failure(l)->status == 0;
}

/* Those who are touched while it stands are told as soon as they are. */
static bool tell(struct ledger *l, const struct listing_look *k, const struct listing_change *c)
{
    if (k->found && c->state >= LISTING_LISTED)
        return listing_announce(l, k, c, "listed");
    if (c->event && strcmp(c->event, "delisted") == 0)
        return listing_announce(l, k, c, "delisted");
    return ledger_failure(l)->status == 0;
}

bool listing_look(struct ledger *l, const struct providers *providers, const struct listing_look *k,
                  struct listing_change *c)
{
    struct row row = {.state = LISTING_CLEAR, .since = WHEN_NONE};
    bool open = own_row(l, k, &row);

    *c = (struct listing_change){.since = WHEN_NONE};
    /* the log's word on what DNS follows: only whom it touches is new */
    if (!k->dns && (open ? row.dns : other_row(l, providers, k, &row))) {
        *c = (struct listing_change){.id = row.id, .since = row.since, .state = row.state};
        return tell(l, k, c);
    }
    if (k->dns && !open && k->found)
        open = other_row(l, providers, k, &row);
    if (!open && !k->found)
        return ledger_failure(l)->status == 0;
    c->id = row.id;
    c->since = row.since;
    c->state = row.state;
    if (k->dns && open && !row.dns && !k->found) /* the log's row: it may know more */
        return ledger_failure(l)->status == 0;
    c->state = listing_step(row.state, k->found);
    c->event = event_of(row.state, c->state);
    if (open)
        update(l, k, &row, c);
    else
        insert(l, k, c);
    if (c->event && !note(l, k, c))
        return false;
    return tell(l, k, c);
}

bool listing_end(struct ledger *l, const struct listing_look *k, struct slice by,
                 struct listing_change *c)
{
    struct row row = {.state = LISTING_CLEAR, .since = WHEN_NONE};

    *c = (struct listing_change){.since = WHEN_NONE};
    if (!own_row(l, k, &row))
        return false;
    struct listing_look end = *k;
    end.dns = row.dns;
    end.found = false;
    *c = (struct listing_change){event_of(row.state, LISTING_CLEAR), row.id, row.since,
                                 LISTING_CLEAR};
    update(l, &end, &row, c);
    ledger_journal(l, k->time, SL("blwatch"), by, 0, c->id, slice_str(c->event), k->over);
    return tell(l, &end, c);
}
