#include "act/standing.h"

#include <stdlib.h>

#include "base/exits.h"

static const struct slice field_name[RULE_FIELDS] = {
    SL("sender"), SL("sender_pattern"), SL("client"), SL("login"), SL("helo"), SL("subject")};
static const struct slice type_name[] = {SL("address"), SL("rule"), SL("suspension")};

struct slice rule_field_name(unsigned field)
{
    return field < RULE_FIELDS ? field_name[field] : SLICE_NONE;
}

int rule_field_of(struct slice name)
{
    for (unsigned i = 0; i < RULE_FIELDS; i++)
        if (slice_eq(name, field_name[i]))
            return (int)i;
    return -1;
}

struct slice action_type_name(unsigned type)
{
    return type <= ACTION_SUSPENSION ? type_name[type] : SLICE_NONE;
}

static enum action_type type_of(struct slice name)
{
    return slice_eq(name, type_name[ACTION_ADDRESS]) ? ACTION_ADDRESS
           : slice_eq(name, type_name[ACTION_RULE])  ? ACTION_RULE
                                                     : ACTION_SUSPENSION;
}

static struct standing_action *another(struct standing *s)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct standing_action *more = realloc(s->list, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        s->list = more;
        s->cap = cap;
    }
    return &s->list[s->n++];
}

static struct standing_action action_of(const struct ledger_rows *r, struct arena *arena)
{
    struct slice scope = ledger_text(r, 6);

    return (struct standing_action){
        .id = ledger_int(r, 0),
        .incident = (unsigned)ledger_int(r, 1),
        .rule = (unsigned)ledger_int(r, 2),
        .type = type_of(ledger_text(r, 3)),
        .since = ledger_int(r, 4),
        .slot = (unsigned)ledger_int(r, 5),
        .whole_customer = slice_eq(scope, SL("customer")),
        .kind = slice_eq(ledger_text(r, 12), SL("client")) ? IDENTITY_CLIENT : IDENTITY_LOGIN,
        .identity = arena_slice(arena, ledger_text(r, 7)),
        .customer = arena_slice(arena, ledger_text(r, 8)),
        .partner = arena_slice(arena, ledger_text(r, 9))};
}

/* False: memory ran out, or the ledger holds what these tools would not write. A condition that is
 * left out would refuse more than was decided. */
static bool add_condition(const struct ledger_rows *r, struct arena *arena,
                          struct standing_action *a)
{
    int field = rule_field_of(ledger_text(r, 10));

    if (a->type == ACTION_SUSPENSION && ledger_text(r, 10).n == 0)
        return true;
    if (a->type == ACTION_SUSPENSION || field < 0 || a->conditions == RULE_CONDITIONS) {
        ledger_fail(r->ledger, EXIT_DATA,
                    "action %u.%u of the ledger has conditions that don't fit: nothing was "
                    "changed: was it changed by hand? --undo %u.%u ends it",
                    a->incident, a->rule, a->incident, a->rule);
        return false;
    }
    struct slice value = arena_slice(arena, ledger_text(r, 11));
    a->condition[a->conditions++] = (struct rule_condition){(enum rule_field)field, value};
    return value.p != NULL || ledger_text(r, 11).n == 0;
}

bool standing_load(struct ledger *l, struct standing *out)
{
    struct ledger_rows r = ledger_query(
        l,
        "SELECT a.id, a.incident, a.rule, a.type, a.since, i.slot, i.scope,"
        " CASE i.scope WHEN 'customer' THEN coalesce(s.identity, '') ELSE i.identity END,"
        " i.customer, i.partner, c.field, c.value, coalesce(s.kind, i.scope)"
        " FROM actions a JOIN incidents i ON i.id = a.incident"
        " LEFT JOIN suspects s ON s.id = (SELECT id FROM suspects WHERE"
        "  incident = i.id ORDER BY time DESC, id DESC LIMIT 1)"
        " LEFT JOIN conditions c ON c.action = a.id WHERE a.until IS NULL"
        " ORDER BY a.incident, a.rule, c.number",
        "");
    struct standing_action *a = NULL;
    bool ok = true;

    *out = (struct standing){0};
    while (ok && ledger_next(&r)) {
        if (a == NULL || a->id != ledger_int(&r, 0)) {
            if ((a = another(out)) == NULL) {
                ok = false;
                break;
            }
            *a = action_of(&r, &out->arena);
            ok = a->identity.n == ledger_text(&r, 7).n && a->customer.n == ledger_text(&r, 8).n &&
                 a->partner.n == ledger_text(&r, 9).n; /* else memory ran out */
        }
        ok = ok && add_condition(&r, &out->arena, a);
    }
    ledger_done(&r);
    return ok && ledger_failure(l)->status == 0;
}

void standing_free(struct standing *s)
{
    free(s->list);
    arena_free(&s->arena);
    *s = (struct standing){0};
}
