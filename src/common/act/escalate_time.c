#include "act/escalate_parts.h"

#include "base/exits.h"

bool probation_load(struct escalate *e)
{
    struct ledger *l = e->o.ledger;
    int64_t *ids;
    size_t n;

    if (!incidents_open(l, &e->kept, &ids, &n))
        return ids != NULL;
    e->on = arena_alloc(&e->kept, (n + 1) * sizeof *e->on);
    for (size_t i = 0; e->on && i < n; i++) {
        struct probation *p = &e->on[e->ons];
        if (incident_get(l, ids[i], &e->kept, &p->i) && p->i.state == INCIDENT_REINSTATED) {
            p->until = p->i.reinstated + e->o.settings->forget * WHEN_SECOND;
            p->begun = e->o.clock != WHEN_NONE && e->o.clock >= p->i.reinstated;
            e->ons++;
        }
    }
    return e->on != NULL;
}

static void put(struct escalate *e, const struct probation *p, unsigned kind, struct slice identity)
{
    if (e->o.probation)
        e->o.probation(e->o.user, kind, identity, 0.5, p->until);
}

/* The log has come to the ticket: what was held against its identities until then is settled. */
static void begin(struct escalate *e, struct probation *p)
{
    struct ledger_rows r =
        ledger_query(e->o.ledger, "SELECT DISTINCT kind, identity FROM suspects WHERE incident = ?",
                     "i", p->i.id);

    p->begun = true;
    while (ledger_next(&r)) {
        unsigned kind =
            slice_eq(ledger_text(&r, 0), SL("client")) ? IDENTITY_CLIENT : IDENTITY_LOGIN;
        if (e->o.dealt)
            e->o.dealt(e->o.user, kind, ledger_text(&r, 1));
        put(e, p, kind, ledger_text(&r, 1));
    }
    ledger_done(&r);
}

void escalate_seen(struct escalate *e, unsigned kind, struct slice identity)
{
    for (size_t i = 0; i < e->ons; i++) {
        struct probation *p = &e->on[i];
        if (!p->begun || e->now >= p->until)
            continue;
        const struct customer *c = identity_owner(e->o.customers, kind, identity);
        if (p->i.owner.whole
                ? c && slice_eq(c->key, p->i.owner.customer)
                : c == NULL && kind == p->i.owner.kind && slice_eq(identity, p->i.owner.identity))
            put(e, p, kind, identity);
    }
}

/* When something is to be looked at; WHEN_NONE: nothing is. */
static int64_t due_at(const struct escalate *e, const struct incident *i)
{
    int64_t forget = e->o.settings->forget * WHEN_SECOND;

    switch (i->state) {
    case INCIDENT_WATCH:
        return i->last_spam + forget;
    case INCIDENT_RULE:
        return escalate_deadline(e, i);
    case INCIDENT_REINSTATED:
        return i->reinstated + forget;
    case INCIDENT_ADDRESS:
    case INCIDENT_SUSPENDED:
    case INCIDENT_CLOSED:
        break;
    }
    return WHEN_NONE;
}

/* Spam still leaves: it was seen after the latest rule, and lately. */
static bool still_leaves(struct escalate *e, const struct incident *i)
{
    return i->last_spam > incident_last_action(e->o.ledger, i) &&
           i->last_spam >= escalate_deadline(e, i) - e->o.settings->quiet * WHEN_SECOND;
}

static void close_it(struct escalate *e, struct incident *i, int64_t time)
{
    bool told = i->state == INCIDENT_REINSTATED;

    e->text.n = 0;
    text_add(&e->text, told ? SL("quiet since it was reinstated at ")
                            : SL("nothing more was held against it since "));
    escalate_add_time(&e->text, told ? i->reinstated : i->last_spam);
    i->state = INCIDENT_CLOSED;
    i->closed = time;
    i->slot = 0;
    incident_save(e->o.ledger, i);
    escalate_note(e, i, "closed", time);
    if (told || e->o.settings->notify_watch)
        announce(e->o.ledger, &(struct announcement){.event = "closed",
                                                     .incident = i,
                                                     .time = time,
                                                     .reason = text_slice(&e->text),
                                                     .deadline = WHEN_NONE});
}

static void look_at(struct escalate *e, struct incident *i, int64_t due)
{
    if (i->state != INCIDENT_RULE)
        close_it(e, i, due);
    else if (still_leaves(e, i))
        escalate_suspend(e, i, NULL, due);
}

static void look_at_all(struct escalate *e)
{
    struct incident i;
    int64_t *ids;
    size_t n;

    e->due = INT64_MAX;
    if (!incidents_open(e->o.ledger, &e->arena, &ids, &n))
        return;
    for (size_t k = 0; k < n; k++) {
        if (!incident_get(e->o.ledger, ids[k], &e->arena, &i))
            continue;
        int64_t due = due_at(e, &i);
        if (due == WHEN_NONE)
            continue;
        if (due <= e->now)
            look_at(e, &i, due);
        else if (due < e->due)
            e->due = due;
    }
    arena_free(&e->arena);
}

void escalate_time(struct escalate *e, int64_t now)
{
    if (now <= e->now || ledger_failure(e->o.ledger)->status)
        return;
    e->now = now;
    for (size_t i = 0; i < e->ons; i++)
        if (!e->on[i].begun && now >= e->on[i].i.reinstated)
            begin(e, &e->on[i]);
    if (e->due == WHEN_NONE || now >= e->due)
        look_at_all(e);
}
