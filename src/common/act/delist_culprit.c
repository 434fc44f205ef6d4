#include "act/delist_culprit.h"

#include <stdlib.h>

#include "act/delist_culprit_parts.h"
#include "base/exits.h"

/* Of one whose refusals are looked at, that many messages and one in so many were refused: below
 * that it is mistyped addresses. */
#define REFUSED_LEAST 3
#define REFUSED_SHARE 10

static bool grow(struct culprits *c)
{
    size_t cap = c->cap ? 2 * c->cap : 16;
    struct delist_culprit *more;

    if (c->n < c->cap)
        return true;
    if ((more = realloc(c->list, cap * sizeof *more)) == NULL) {
        ledger_fail(c->ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
        return false;
    }
    c->list = more;
    c->cap = cap;
    return true;
}

struct delist_culprit *culprits_add(struct culprits *c)
{
    struct delist_culprit *d;

    if (!grow(c))
        return NULL;
    d = &c->list[c->n++];
    *d = (struct delist_culprit){.began = WHEN_NONE,
                                 .ended = WHEN_NONE,
                                 .acted = WHEN_NONE,
                                 .judged = WHEN_NONE,
                                 .reinstated = WHEN_NONE,
                                 .sign = WHEN_NONE,
                                 .last_attempt = WHEN_NONE,
                                 .ready = WHEN_NONE};
    return d;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- who was flagged --- */

static const char flagged_sql[] =
    "SELECT i.id, i.customer, i.scope, i.identity, i.state, i.last_spam, i.last_attempt,"
    " i.attempts, i.reinstated, min(coalesce(nullif(s.since, 0), s.time)), max(s.time),"
    " max(s.state = 'infected'), max(s.kind = 'login'), max(s.kind = 'client'), min(s.identity),"
    " max(s.messages), (SELECT count(*) FROM tickets t WHERE t.incident = i.id)"
    " FROM suspects s JOIN incidents i ON i.id = s.incident"
    " WHERE s.time >= ? AND coalesce(nullif(s.since, 0), s.time) <= ?"
    " GROUP BY i.id ORDER BY i.id";

static enum incident_state stage_of(struct slice name)
{
    unsigned i = 0;

    while (i < INCIDENT_CLOSED && !slice_eq(incident_state_name(i), name))
        i++;
    return i;
}

static void take_flagged(struct culprits *c, const struct ledger_rows *r, struct delist_culprit *d,
                         bool *whole)
{
    *whole = slice_eq(ledger_text(r, 2), SL("customer"));
    d->incident = ledger_int(r, 0);
    d->customer = arena_slice(c->arena, ledger_text(r, 1));
    d->stage = stage_of(ledger_text(r, 4));
    d->ended = later(ledger_int(r, 5), ledger_int(r, 10));
    d->last_attempt = ledger_int(r, 6);
    d->attempts = ledger_int(r, 7);
    d->reinstated = ledger_int(r, 8);
    d->began = ledger_int(r, 9);
    d->virus = ledger_int(r, 11) > 0;
    d->login = ledger_int(r, 12) > 0;
    d->client = ledger_int(r, 13) > 0;
    d->identity = arena_slice(c->arena, *whole ? ledger_text(r, 14) : ledger_text(r, 3));
    d->messages = later(ledger_int(r, 15), 0);
    d->ticket = ledger_int(r, 16) > 0;
}

/* --- what was done --- */

struct acts {
    int64_t all, standing, first, last; /* first of the standing ones, else of all */
};

static struct acts acts_of(struct culprits *c, struct delist_culprit *d)
{
    struct acts a = {0};
    struct ledger_rows r =
        ledger_query(c->ledger,
                     "SELECT count(*), count(*) FILTER (WHERE until IS NULL),"
                     " coalesce(min(since) FILTER (WHERE until IS NULL), min(since)), max(since),"
                     " max(CASE type WHEN 'suspension' THEN 2 WHEN 'rule' THEN 1 ELSE 0 END)"
                     " FILTER (WHERE until IS NULL) FROM actions WHERE incident = ?",
                     "i", d->incident);

    if (ledger_next(&r)) {
        a = (struct acts){ledger_int(&r, 0), ledger_int(&r, 1), ledger_int(&r, 2),
                          ledger_int(&r, 3)};
        d->type = a.standing ? (enum action_type)ledger_int(&r, 4) : ACTION_ADDRESS;
        d->acted = a.all ? a.first : WHEN_NONE;
    }
    ledger_done(&r);
    return a;
}

/* --- its mail --- */

#define OF_FLAGGED                                                          \
    " m.customer = ? AND EXISTS (SELECT 1 FROM suspects s WHERE s.incident" \
    " = ? AND s.kind = m.kind AND s.identity = m.identity)"

/* Did its spam leave by the address? It may have, unless all of it is known to have left by
 * others: all its mail while it was spamming, and what the filter took for spam since. */
static bool came_by(struct culprits *c, struct delist_culprit *d, struct slice customer)
{
    int64_t all = 0, here = 0, unknown = 0, until = later(d->ended, d->began);
    struct ledger_rows r = ledger_query(c->ledger,
                                        "SELECT count(*), sum(m.outbound IN (?, ?)),"
                                        " sum(m.outbound = '') FROM messages m WHERE" OF_FLAGGED
                                        " AND (m.time BETWEEN ? AND ? OR (m.spam > 0 AND"
                                        " m.time BETWEEN ? AND ?))",
                                        "tttiiiii", c->q->ip, c->plain_ip, customer, d->incident,
                                        d->began, until, until, c->q->now);

    if (ledger_next(&r)) {
        all = ledger_int(&r, 0);
        here = later(ledger_int(&r, 1), 0);
        unknown = later(ledger_int(&r, 2), 0);
    }
    ledger_done(&r);
    if (all)
        d->messages = here;
    return all == 0 || here > 0 || unknown > 0;
}

/* The last mail past its block, WHEN_NONE for none: after the latest action, or the
 * reinstatement. */
static int64_t past_block(struct culprits *c, const struct delist_culprit *d, struct slice customer,
                          bool whole, int64_t after)
{
    int64_t last = WHEN_NONE;
    struct ledger_rows r =
        ledger_query(c->ledger,
                     "SELECT max(m.time) FILTER (WHERE m.spam > 0), count(*), sum(m.refused > 0),"
                     " max(m.time) FILTER (WHERE m.refused > 0) FROM messages m WHERE" OF_FLAGGED
                     " AND m.time > ? AND m.time <= ?",
                     "tiii", customer, d->incident, after, c->q->now);

    if (ledger_next(&r)) {
        int64_t n = ledger_int(&r, 1), refused = later(ledger_int(&r, 2), 0);
        last = ledger_int(&r, 0);
        if (refused >= REFUSED_LEAST && refused * REFUSED_SHARE >= n)
            last = later(last, ledger_int(&r, 3));
    }
    ledger_done(&r);
    if (d->stage == INCIDENT_SUSPENDED && whole)
        last = later(last, ledger_int_of(c->ledger, WHEN_NONE,
                                         "SELECT max(time) FROM messages WHERE customer = ? AND"
                                         " time > ? AND time <= ?",
                                         "tii", customer, after, c->q->now));
    else if (d->stage == INCIDENT_SUSPENDED)
        last = later(last, ledger_int_of(c->ledger, WHEN_NONE,
                                         "SELECT max(m.time) FROM messages m WHERE" OF_FLAGGED
                                         " AND m.time > ? AND m.time <= ?",
                                         "tiii", customer, d->incident, after, c->q->now));
    return later(last, culprits_past_rules(c, d, customer, after));
}

/* --- how it stands --- */

/* Is nothing refused, and why? */
static bool is_free(struct delist_culprit *d, const struct acts *a)
{
    if (d->stage == INCIDENT_REINSTATED || d->stage == INCIDENT_CLOSED) {
        d->state = CULPRIT_NO_TICKET;
        return !d->ticket;
    }
    if (d->stage == INCIDENT_WATCH)
        d->state = a->all ? CULPRIT_FREE : CULPRIT_WATCHED;
    else if (a->standing == 0)
        d->state = CULPRIT_FREE;
    else
        return false;
    return true;
}

static void judge(struct culprits *c, struct delist_culprit *d, struct slice customer, bool whole)
{
    struct acts a = acts_of(c, d);
    int64_t after = a.all ? a.last : WHEN_NONE, past;

    d->sign = later(d->ended, d->last_attempt);
    if (is_free(d, &a))
        return;
    if (d->reinstated != WHEN_NONE && d->reinstated > after)
        after = d->reinstated;
    d->judged = after;
    past = past_block(c, d, customer, whole, after);
    if (d->ended > after)
        past = later(past, d->ended);
    d->sign = later(d->sign, past);
    d->ready = d->sign == WHEN_NONE ? WHEN_NONE : d->sign + c->q->quiet;
    if (d->ready == WHEN_NONE || d->ready <= c->q->now)
        d->state = CULPRIT_FIXED;
    else if (past != WHEN_NONE && past + c->q->quiet > c->q->now)
        d->state = CULPRIT_SENDING;
    else if (d->last_attempt != WHEN_NONE && d->last_attempt + c->q->quiet > c->q->now)
        d->state = CULPRIT_TRYING;
    else
        d->state = CULPRIT_RECENT;
    d->ended = later(d->ended, past);
}

/* Nothing was done about it, or what was done was taken back. */
static bool is_closed_watch(const struct delist_culprit *d)
{
    return d->stage == INCIDENT_CLOSED && d->reinstated == WHEN_NONE;
}

static void find_flagged(struct culprits *c)
{
    struct ledger_rows r = ledger_query(c->ledger, flagged_sql, "ii", c->q->from, c->q->now);

    while (ledger_next(&r)) {
        bool whole = false;
        struct delist_culprit *d = culprits_add(c);
        if (d == NULL)
            break;
        take_flagged(c, &r, d, &whole);
        struct slice customer = whole ? d->customer : SL("");
        if (is_closed_watch(d) || !came_by(c, d, customer))
            c->n--;
        else
            judge(c, d, customer, whole);
    }
    ledger_done(&r);
}

static int worst_first(const void *x, const void *y)
{
    const struct delist_culprit *a = x, *b = y;

    if (a->state != b->state)
        return a->state > b->state ? -1 : 1;
    if (a->messages != b->messages)
        return a->messages > b->messages ? -1 : 1;
    return a->incident < b->incident ? -1 : a->incident > b->incident;
}

bool culprits_find(struct ledger *l, const struct culprit_question *q, struct arena *arena,
                   struct delist_culprit **out, size_t *n)
{
    struct culprits c = {.ledger = l, .q = q, .arena = arena, .plain_ip = q->ip};
    char buf[IPADDR_TEXT];
    struct ipaddr ip;

    if (ipaddr_parse(q->ip, &ip))
        c.plain_ip = slice_str(ipaddr_text(ip, buf));
    find_flagged(&c);
    culprits_unflagged(&c);
    *n = 0;
    *out = arena_alloc(arena, (c.n + 1) * sizeof **out);
    if (*out == NULL) {
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    } else if (c.n) {
        memcpy(*out, c.list, c.n * sizeof **out);
        *n = c.n;
        qsort(*out, *n, sizeof **out, worst_first);
    }
    free(c.list);
    return ledger_failure(l)->status == 0;
}
