#include "act/route_plan_parts.h"

#include <stdlib.h>

#include "act/listing.h"
#include "base/ipnet.h"

static bool asked_for(const struct planning *g, const struct provider *p)
{
    for (size_t i = 0; i < g->conf->wishes; i++)
        if (g->conf->wish[i].provider == p)
            return true;
    return false;
}

/* Does that list take an address out of the pool? */
static bool is_burden(const struct planning *g, const struct provider *p)
{
    return p && p->kind == PROVIDER_DNSBL && map_get(&g->conf->leave, p->id) == NULL &&
           ((p->ask == PROVIDER_ASK && p->weight >= ROUTE_POOL_WEIGHT) || asked_for(g, p));
}

static bool add_listed(struct planning *g, size_t out, const struct outbound_address *address,
                       int64_t id, struct slice name)
{
    if (g->listings == g->room) {
        size_t room = g->room ? g->room * 2 : 16;
        struct route_listed *more = realloc(g->listed, room * sizeof *more);
        if (more == NULL)
            return false;
        g->listed = more;
        g->room = room;
    }
    struct route_listed k = {id, out, address, provider_find(g->providers, name),
                             arena_slice(&g->plan->arena, name)};
    g->listed[g->listings++] = k;
    if (is_burden(g, k.provider))
        g->burden[out] += k.provider->weight;
    return k.name.p != NULL;
}

static bool same_address(struct slice a, struct slice b)
{
    struct ipaddr x, y;

    return ipaddr_parse(a, &x) && ipaddr_parse(b, &y) && ipaddr_cmp(x, y) == 0;
}

bool listed_load(struct planning *g)
{
    struct ledger_rows rows = ledger_query(g->ledger,
                                           "SELECT id, ip, provider FROM listings"
                                           " WHERE state IN ('listed', 'clearing') ORDER BY id",
                                           "");
    bool ok = true;

    while (ledger_next(&rows))
        for (size_t i = 0; i < g->conf->outs && ok; i++)
            for (unsigned k = 0; k < 2 && ok; k++) {
                const struct outbound_address *a = (k ? g->conf->twin : g->conf->out)[i];
                if (a && same_address(ledger_text(&rows, 1), a->ip))
                    ok = add_listed(g, i, a, ledger_int(&rows, 0), ledger_text(&rows, 2));
            }
    ledger_done(&rows);
    return ok && ledger_failure(g->ledger)->status == 0;
}

/* Does that listing stop mail for the provider? */
static bool stops(const struct planning *g, const struct provider *p, const struct route_listed *k)
{
    if (listing_covers(g->providers, p->id, k->name))
        return true;
    for (const struct provider_match *m = p->match; m; m = m->next)
        if (m->meaning == PROVIDER_LIST && m->list.n &&
            listing_covers(g->providers, m->list, k->name))
            return true;
    return false;
}

int64_t listed_look(struct planning *g, const struct provider *p, struct slice wanted, size_t *left)
{
    int64_t cause = 0;

    for (size_t i = 0; i < g->conf->outs; i++)
        g->may[i] = map_get(&g->means->missing, g->conf->out[i]->name) == NULL;
    for (size_t i = 0; i < g->listings; i++) {
        const struct route_listed *k = &g->listed[i];
        if (!stops(g, p, k))
            continue;
        g->may[k->out] = false;
        if (cause == 0 && g->conf->out[k->out]->weight)
            cause = k->id;
    }
    *left = 0;
    for (size_t i = 0; i < g->conf->outs; i++)
        *left += g->may[i] &&
                 (!route_conf_only_v6(g->conf, i) || slice_eq(g->conf->out[i]->name, wanted));
    return cause;
}

const struct outbound_address *listed_out(const struct planning *g, const struct provider *p)
{
    const struct outbound_address *best = NULL;

    for (size_t i = 0; i < g->listings; i++) {
        const struct outbound_address *o = g->conf->out[g->listed[i].out];
        if (o->weight && (best == NULL || o->weight > best->weight) && stops(g, p, &g->listed[i]) &&
            map_get(&g->means->missing, o->name) == NULL)
            best = o;
    }
    return best;
}

void listed_words(const struct planning *g, const struct provider *p, struct text *out)
{
    size_t n = 0;

    for (size_t i = 0; i < g->listings; i++) {
        const struct route_listed *k = &g->listed[i];
        const struct outbound_address *o = k->address;
        if (!stops(g, p, k))
            continue;
        text_add(out, n++ ? SL(", ") : SLICE_NONE);
        text_add(out, o->name);
        text_addf(out, " (%.*s) is listed at ", (int)o->ip.n, o->ip.p);
        text_add_visible(out, k->provider ? k->provider->name : k->name);
    }
}

/* --- which server --- */

/* Without its being named. */
static bool may_be_chosen(const struct planning *g, size_t i)
{
    return g->may[i] && !route_conf_only_v6(g->conf, i);
}

uint64_t least_burden(const struct planning *g)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < g->conf->outs; i++)
        if (may_be_chosen(g, i) && g->burden[i] < least)
            least = g->burden[i];
    return least;
}

static bool is_best(const struct planning *g, size_t i)
{
    return i < g->conf->outs && may_be_chosen(g, i) && g->burden[i] == least_burden(g);
}

static size_t index_of(const struct planning *g, struct slice name)
{
    size_t i = 0;

    while (i < g->conf->outs && !slice_eq(g->conf->out[i]->name, name))
        i++;
    return i;
}

static uint64_t weight_of(const struct planning *g, size_t i)
{
    return g->conf->out[i]->weight ? g->conf->out[i]->weight : 1;
}

/* Of the best ones the one that carries the fewest routes for its weight. */
static size_t least_given(const struct planning *g)
{
    size_t best = g->conf->outs;

    for (size_t i = 0; i < g->conf->outs; i++)
        if (is_best(g, i) && (best == g->conf->outs || (g->given[i] + 1) * weight_of(g, best) <
                                                           (g->given[best] + 1) * weight_of(g, i)))
            best = i;
    return best;
}

const struct outbound_address *choose_one(struct planning *g, struct slice wanted,
                                          struct slice standing)
{
    size_t i = index_of(g, wanted), stands = index_of(g, standing);

    if (i == g->conf->outs || !g->may[i])
        i = is_best(g, stands) ? stands : least_given(g);
    g->given[i]++;
    return g->conf->out[i];
}

void choose_all(const struct planning *g, struct text *via)
{
    bool weighted = false;

    for (size_t i = 0; i < g->conf->outs; i++)
        weighted |= is_best(g, i) && g->conf->out[i]->weight;
    for (size_t i = 0; i < g->conf->outs; i++) {
        if (!is_best(g, i) || (weighted && g->conf->out[i]->weight == 0))
            continue;
        if (via->n)
            text_addc(via, ROUTE_SEPARATOR);
        text_add(via, g->conf->out[i]->name);
    }
}
