#include "act/route_open.h"

struct slice route_key(struct text *t, struct slice customer, struct slice provider)
{
    t->n = 0;
    text_add(t, provider); /* an id: it has no blank */
    text_addc(t, ' ');
    text_add(t, customer);
    return text_slice(t);
}

static struct route_open *copy(struct route_opens *o, const struct ledger_rows *rows)
{
    struct route_open *r = arena_alloc(&o->arena, sizeof *r);
    int64_t listing = ledger_int(rows, 4);

    if (r == NULL)
        return NULL;
    *r = (struct route_open){.id = ledger_int(rows, 0),
                             .listing = listing == INT64_MIN ? 0 : listing,
                             .customer = arena_slice(&o->arena, ledger_text(rows, 1)),
                             .provider = arena_slice(&o->arena, ledger_text(rows, 2)),
                             .via = arena_slice(&o->arena, ledger_text(rows, 3))};
    return r->customer.p && r->provider.p && r->via.p ? r : NULL;
}

bool route_opens_load(struct route_opens *o, struct ledger *l)
{
    struct ledger_rows rows = ledger_query(l,
                                           "SELECT id, customer, provider, via, listing FROM routes"
                                           " WHERE until IS NULL ORDER BY id DESC",
                                           "");
    struct text key = {0};

    *o = (struct route_opens){.first = NULL};
    while (ledger_next(&rows) && !o->failed) {
        struct route_open *r = copy(o, &rows);
        if (r == NULL) {
            o->failed = true;
            break;
        }
        r->next = o->first;
        o->first = r;
        r->same = route_opens_find(o, r->customer, r->provider);
        struct slice kept = arena_slice(&o->arena, route_key(&key, r->customer, r->provider));
        o->failed |= key.failed || kept.p == NULL || !map_put(&o->by_key, kept, r);
    }
    ledger_done(&rows);
    text_free(&key);
    return !o->failed && ledger_failure(l)->status == 0;
}

const struct route_open *route_opens_find(struct route_opens *o, struct slice customer,
                                          struct slice provider)
{
    struct text key = {0};
    const struct route_open *r = map_get(&o->by_key, route_key(&key, customer, provider));

    o->failed |= key.failed;
    text_free(&key);
    return r;
}

void route_opens_free(struct route_opens *o)
{
    map_free(&o->by_key);
    arena_free(&o->arena);
}
