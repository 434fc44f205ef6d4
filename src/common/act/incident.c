#include "act/incident.h"

#include "judge/suspect_columns.h"

#define COLUMNS                                                                             \
    "id, customer, partner, scope, identity, state, slot, opened, since, clock, last_spam," \
    " last_attempt, attempts, reinstated, before, relapses, closed"

static const struct slice state_name[] = {SL("watch"),     SL("address"),    SL("rule"),
                                          SL("suspended"), SL("reinstated"), SL("closed")};

struct slice incident_state_name(unsigned state)
{
    return state <= INCIDENT_CLOSED ? state_name[state] : SLICE_NONE;
}

static enum incident_state state_of(struct slice name)
{
    unsigned i = 0;

    while (i < INCIDENT_CLOSED && !slice_eq(name, state_name[i]))
        i++;
    return i;
}

const struct customer *identity_owner(const struct customers *customers, unsigned kind,
                                      struct slice identity)
{
    struct ipnet net;

    if (customers == NULL)
        return NULL;
    if (kind == IDENTITY_LOGIN)
        return customers_by_login(customers, identity);
    if (kind == IDENTITY_CLIENT && ipnet_parse(identity, &net) == NULL)
        return customers_by_client(customers, net.addr);
    return NULL;
}

struct owner owner_of(const struct customers *customers, const struct suspect *s)
{
    const struct customer *c = identity_owner(customers, s->kind, s->identity);

    if (c)
        return (struct owner){.whole = true, .customer = c->key, .partner = c->partner};
    return (struct owner){
        .kind = s->kind, .identity = s->identity, .customer = s->customer, .partner = s->partner};
}

static struct slice scope_of(const struct owner *o)
{
    return o->whole ? SL("customer") : identity_kind_name(o->kind);
}

static void fill(const struct ledger_rows *r, struct arena *arena, struct incident *out)
{
    struct slice scope = ledger_text(r, 3);

    *out = (struct incident){
        .id = ledger_int(r, 0),
        .owner = {.whole = slice_eq(scope, SL("customer")),
                  .kind = slice_eq(scope, SL("client")) ? IDENTITY_CLIENT : IDENTITY_LOGIN,
                  .identity = arena_slice(arena, ledger_text(r, 4)),
                  .customer = arena_slice(arena, ledger_text(r, 1)),
                  .partner = arena_slice(arena, ledger_text(r, 2))},
        .state = state_of(ledger_text(r, 5)),
        .slot = (unsigned)ledger_int(r, 6),
        .opened = ledger_int(r, 7),
        .since = ledger_int(r, 8),
        .clock = ledger_int(r, 9),
        .last_spam = ledger_int(r, 10),
        .last_attempt = ledger_int(r, 11),
        .attempts = ledger_int(r, 12),
        .reinstated = ledger_int(r, 13),
        .before = state_of(ledger_text(r, 14)),
        .relapses = (unsigned)ledger_int(r, 15),
        .closed = ledger_int(r, 16)};
}

static bool one(struct ledger_rows r, struct arena *arena, struct incident *out)
{
    bool found = ledger_next(&r);

    if (found)
        fill(&r, arena, out);
    ledger_done(&r);
    return found;
}

bool incident_find(struct ledger *l, const struct owner *o, struct arena *arena,
                   struct incident *out)
{
    if (o->whole)
        return one(ledger_query(l,
                                "SELECT " COLUMNS " FROM incidents WHERE state <> 'closed' AND"
                                " scope = 'customer' AND customer = ?",
                                "t", o->customer),
                   arena, out);
    /* its label follows from what it writes as, and may change */
    return one(ledger_query(l,
                            "SELECT " COLUMNS " FROM incidents WHERE state <> 'closed' AND"
                            " scope = ? AND identity = ?",
                            "tt", scope_of(o), o->identity),
               arena, out);
}

bool incident_get(struct ledger *l, int64_t id, struct arena *arena, struct incident *out)
{
    return one(ledger_query(l, "SELECT " COLUMNS " FROM incidents WHERE id = ?", "i", id), arena,
               out);
}

bool incident_add(struct ledger *l, struct incident *i)
{
    if (!ledger_run(l,
                    "INSERT INTO incidents (customer, partner, scope, identity, state, opened)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    "ttttti", i->owner.customer, i->owner.partner, scope_of(&i->owner),
                    i->owner.whole ? SL("") : i->owner.identity, state_name[i->state], i->opened))
        return false;
    i->id = ledger_inserted(l);
    return incident_save(l, i);
}

bool incident_save(struct ledger *l, const struct incident *i)
{
    return ledger_run(l,
                      "UPDATE incidents SET state = ?, slot = ?, since = ?, clock = ?,"
                      " last_spam = ?, reinstated = ?, before = ?, relapses = ?, closed = ?,"
                      " partner = ? WHERE id = ?",
                      "tiIIIItiIti", state_name[i->state], (int64_t)i->slot, i->since, i->clock,
                      i->last_spam, i->reinstated,
                      i->reinstated == WHEN_NONE ? SL("") : state_name[i->before],
                      (int64_t)i->relapses, i->closed, i->owner.partner, i->id);
}

bool incidents_open(struct ledger *l, struct arena *arena, int64_t **ids, size_t *n)
{
    int64_t count =
        ledger_int_of(l, 0, "SELECT count(*) FROM incidents WHERE state <> 'closed'", "");
    struct ledger_rows r =
        ledger_query(l, "SELECT id FROM incidents WHERE state <> 'closed' ORDER BY id", "");

    *n = 0;
    *ids = arena_alloc(arena, (size_t)(count + 1) * sizeof **ids);
    while (ledger_next(&r) && *ids && (int64_t)*n < count)
        (*ids)[(*n)++] = ledger_int(&r, 0);
    ledger_done(&r);
    return *ids != NULL && ledger_failure(l)->status == 0;
}

/* The columns of its line of TSV, undone: the ledger says it as spamscore does. */
static bool columns_of(const struct suspect *s, struct text *field)
{
    struct text line = {0};
    bool ok = true;

    suspect_tsv(&line, s);
    struct slice rest = text_slice(&line);
    if (rest.n)
        rest.n--; /* the newline */
    for (unsigned i = 0; i < C_COUNT && ok; i++) {
        const char *tab = slice_chr(rest, '\t');
        struct slice one = tab ? slice_range(rest.p, tab) : rest;
        ok = text_add_untsv(&field[i], one) && !field[i].failed;
        rest = slice_skip(rest, tab ? one.n + 1 : one.n);
    }
    ok = ok && !line.failed;
    text_free(&line);
    return ok;
}

bool incident_suspect(struct ledger *l, const struct incident *i, const struct suspect *s,
                      struct slice facts)
{
    struct text f[C_COUNT] = {0};
    bool ok =
        columns_of(s, f) &&
        ledger_run(l,
                   "INSERT OR REPLACE INTO suspects (incident, kind, identity, state, time, since,"
                   " score, threshold, messages, recipients, refused, unknown, senders,"
                   " sender_list, clients, countries, families, samples, facts)"
                   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   "itttiIddiiiiitttttt", i->id, identity_kind_name(s->kind), s->identity,
                   suspect_state_name(s->state), s->time, s->since ? s->since : WHEN_NONE, s->score,
                   s->threshold, (int64_t)s->messages, (int64_t)s->recipients, (int64_t)s->refused,
                   (int64_t)s->unknown, (int64_t)s->senders, text_slice(&f[C_SENDER_LIST]),
                   text_slice(&f[C_CLIENTS]), text_slice(&f[C_COUNTRIES]),
                   text_slice(&f[C_FAMILIES]), text_slice(&f[C_SAMPLES]), facts);

    for (unsigned c = 0; c < C_COUNT; c++)
        text_free(&f[c]);
    return ok;
}

int64_t suspect_known(struct ledger *l, const struct suspect *s)
{
    return ledger_int_of(l, 0,
                         "SELECT incident FROM suspects WHERE kind = ? AND identity = ? AND"
                         " time = ? AND state = ?",
                         "ttit", identity_kind_name(s->kind), s->identity, s->time,
                         suspect_state_name(s->state));
}

unsigned incident_act(struct ledger *l, const struct incident *i, enum action_type type,
                      const struct rule *rule, int64_t time)
{
    static const struct rule none = {.covered = 0};
    bool measured = rule && rule->spam;
    int64_t number = ledger_int_of(
        l, 1, "SELECT coalesce(max(rule), 0) + 1 FROM actions WHERE incident = ?", "i", i->id);

    if (rule == NULL)
        rule = &none;
    ledger_run(l,
               "INSERT INTO actions (incident, rule, type, since, by, covered, spam, collateral,"
               " legitimate) VALUES (?, ?, ?, ?, 'senderblock', ?, ?, ?, ?)",
               "iitiIIII", i->id, number, action_type_name(type), time,
               measured ? (int64_t)rule->covered : WHEN_NONE,
               measured ? (int64_t)rule->spam : WHEN_NONE,
               measured ? (int64_t)rule->collateral : WHEN_NONE,
               measured ? (int64_t)rule->legitimate : WHEN_NONE);
    int64_t action = ledger_inserted(l);
    for (unsigned c = 0; c < rule->conditions; c++)
        ledger_run(l, "INSERT INTO conditions (action, number, field, value) VALUES (?, ?, ?, ?)",
                   "iitt", action, (int64_t)c + 1, rule_field_name(rule->condition[c].field),
                   rule->condition[c].value);
    return ledger_failure(l)->status ? 0 : (unsigned)number;
}

int64_t incident_lift(struct ledger *l, const struct incident *i, int64_t time, struct slice by)
{
    ledger_run(l, "UPDATE actions SET until = ?, ended_by = ? WHERE incident = ? AND until IS NULL",
               "iti", time, by, i->id);
    return ledger_changes(l);
}

bool incident_rules(struct ledger *l, const struct incident *i, struct arena *arena,
                    struct rule **rules, size_t *n)
{
    int64_t count = ledger_int_of(
        l, 0, "SELECT count(*) FROM actions WHERE incident = ? AND until IS NULL", "i", i->id);
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT a.id, c.field, c.value FROM actions a JOIN conditions c"
                     " ON c.action = a.id WHERE a.incident = ? AND a.until IS NULL"
                     " ORDER BY a.id, c.number",
                     "i", i->id);
    int64_t id = 0;

    *n = 0;
    *rules = arena_alloc(arena, (size_t)(count + 1) * sizeof **rules);
    while (ledger_next(&r) && *rules && *n <= (size_t)count) {
        int field = rule_field_of(ledger_text(&r, 1));
        if (ledger_int(&r, 0) != id) {
            id = ledger_int(&r, 0);
            ++*n;
        }
        struct rule *rule = &(*rules)[*n - 1];
        if (field >= 0 && rule->conditions < RULE_CONDITIONS)
            rule->condition[rule->conditions++] = (struct rule_condition){
                (enum rule_field)field, arena_slice(arena, ledger_text(&r, 2))};
    }
    ledger_done(&r);
    return *rules != NULL && ledger_failure(l)->status == 0;
}

bool incident_flagged(struct ledger *l, const struct incident *i, struct arena *arena,
                      struct flagged **list, size_t *n, int64_t *since)
{
    int64_t count =
        ledger_int_of(l, 0, "SELECT count(*) FROM suspects WHERE incident = ?", "i", i->id);
    struct ledger_rows r = ledger_query(
        l,
        "SELECT kind, identity, min(since) FROM suspects WHERE incident = ?1 AND state <> 'suspect'"
        " AND time > coalesce((SELECT max(time) FROM tickets WHERE incident = ?1), 0)"
        " GROUP BY kind, identity ORDER BY kind, identity",
        "i", i->id);

    *n = 0;
    *since = INT64_MAX;
    *list = arena_alloc(arena, (size_t)(count + 1) * sizeof **list);
    while (ledger_next(&r) && *list && *n < (size_t)count) {
        bool client = slice_eq(ledger_text(&r, 0), SL("client"));
        (*list)[(*n)++] = (struct flagged){client ? IDENTITY_CLIENT : IDENTITY_LOGIN,
                                           arena_slice(arena, ledger_text(&r, 1))};
        if (ledger_int(&r, 2) < *since)
            *since = ledger_int(&r, 2);
    }
    ledger_done(&r);
    return *list != NULL && ledger_failure(l)->status == 0;
}

int64_t incident_last_action(struct ledger *l, const struct incident *i)
{
    return ledger_int_of(l, WHEN_NONE, "SELECT max(since) FROM actions WHERE incident = ?", "i",
                         i->id);
}
