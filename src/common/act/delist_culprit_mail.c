#include "act/delist_culprit_parts.h"

#include "act/standing.h"

/* Who was not flagged is named from so many messages on that our filter took for spam, or that
 * others refused, if these are more than one in REFUSED_SHARE of its recipients. */
#define SPAM_LEAST 3
#define REFUSED_LEAST 5
#define REFUSED_SHARE 5

/* --- past a rule --- */

static bool matches_any(const struct standing *standing, int64_t incident,
                        const struct rule_message *m)
{
    for (size_t i = 0; i < standing->n; i++) {
        const struct standing_action *a = &standing->list[i];
        if ((int64_t)a->incident == incident && a->since < m->time && a->conditions &&
            rule_matches(a->condition, a->conditions, m))
            return true;
    }
    return false;
}

int64_t culprits_past_rules(struct culprits *c, const struct delist_culprit *d,
                            struct slice customer, int64_t after)
{
    struct standing standing = {0};
    int64_t last = WHEN_NONE;

    if (d->stage != INCIDENT_ADDRESS && d->stage != INCIDENT_RULE)
        return last;
    standing_load(c->ledger, &standing);
    struct ledger_rows r =
        ledger_query(c->ledger,
                     "SELECT time, sender, client, kind, identity, helo FROM messages m"
                     " WHERE customer = ? AND time > ? AND time <= ? AND (? <> '' OR EXISTS"
                     " (SELECT 1 FROM suspects s WHERE s.incident = ? AND s.kind = m.kind AND"
                     " s.identity = m.identity)) ORDER BY time",
                     "tiiti", customer, after, c->q->now, customer, d->incident);
    while (ledger_next(&r)) {
        bool login = slice_eq(ledger_text(&r, 3), SL("login"));
        struct rule_message m = {.time = ledger_int(&r, 0),
                                 .sender = ledger_text(&r, 1),
                                 .client = ledger_text(&r, 2),
                                 .login = login ? ledger_text(&r, 4) : SLICE_NONE,
                                 .helo = ledger_text(&r, 5)};
        if (matches_any(&standing, d->incident, &m))
            last = m.time;
    }
    ledger_done(&r);
    standing_free(&standing);
    return last;
}

/* --- who wasn't flagged --- */

static bool is_named(const struct culprits *c, size_t flagged, struct slice customer,
                     struct slice identity)
{
    for (size_t i = 0; i < flagged; i++)
        if (slice_eq(c->list[i].identity, identity) ||
            (customer.n && slice_eq(c->list[i].customer, customer)))
            return true;
    return false;
}

void culprits_unflagged(struct culprits *c)
{
    size_t flagged = c->n;
    struct ledger_rows r = ledger_query(
        c->ledger,
        "SELECT kind, identity, max(customer), count(*), sum(spam > 0 OR refused > 0),"
        " min(time) FILTER (WHERE spam > 0 OR refused > 0),"
        " max(time) FILTER (WHERE spam > 0 OR refused > 0), max(spam)"
        " FROM messages WHERE time BETWEEN ? AND ? AND outbound IN (?, ?, '')"
        " GROUP BY kind, identity HAVING sum(spam > 0) >= ?"
        " OR (sum(refused > 0) >= ? AND sum(refused) * ? >= sum(recipients)) ORDER BY 2",
        "iittiii", c->q->from, c->q->now, c->q->ip, c->plain_ip, (int64_t)SPAM_LEAST,
        (int64_t)REFUSED_LEAST, (int64_t)REFUSED_SHARE);

    while (ledger_next(&r)) {
        struct slice identity = ledger_text(&r, 1), customer = ledger_text(&r, 2);
        struct delist_culprit *d =
            is_named(c, flagged, customer, identity) ? NULL : culprits_add(c);
        if (d == NULL)
            continue;
        d->state = CULPRIT_UNFLAGGED;
        d->login = slice_eq(ledger_text(&r, 0), SL("login"));
        d->client = !d->login;
        d->virus = ledger_int(&r, 7) > 1;
        d->identity = arena_slice(c->arena, identity);
        d->customer = arena_slice(c->arena, customer);
        d->messages = ledger_int(&r, 3);
        d->refused = ledger_int(&r, 4);
        d->began = ledger_int(&r, 5);
        d->ended = d->sign = ledger_int(&r, 6);
    }
    ledger_done(&r);
}
