#include "act/route_map.h"

#include <stdio.h>
#include <stdlib.h>

#include "act/blockmap_parts.h"
#include "act/route_learn.h"

/* Places in the list of maps; a slot's two follow. */
enum { SASL, SASL_REGEXP, NET, TRANSPORT, TRANSPORT_POOLS, POOL, FIXED_MAPS };
enum { SLOT_RCPT, SLOT_HOP, MAPS_OF_SLOT };

static const struct {
    const char *name;
    enum map_kind kind;
} fixed[FIXED_MAPS] = {
    [SASL] = {"mp_route_sasl", MAP_INDEXED},
    [SASL_REGEXP] = {"mp_route_sasl_regexp", MAP_REGEXP},
    [NET] = {"mp_route_net", MAP_CIDR},
    [TRANSPORT] = {"mp_transport", MAP_INDEXED},
    [TRANSPORT_POOLS] = {"mp_transport_pools", MAP_INDEXED},
    [POOL] = {"mp_pool", MAP_INDEXED},
};

struct building {
    struct blockmap *b;
    const struct route_map_input *in;
    struct problems *problems;
    struct map_set owners;
    struct arena arena;
    struct slice *pool; /* lists of servers, [0] is mp_pool01 */
    size_t pools;
    bool *filled; /* slots whose maps are written */
};

static bool make_maps(struct blockmap *b, unsigned slots)
{
    b->slots = slots;
    b->n = FIXED_MAPS + (size_t)MAPS_OF_SLOT * slots;
    b->maps = calloc(b->n, sizeof *b->maps);
    b->names = calloc(b->n, sizeof *b->names);
    if (b->maps == NULL || b->names == NULL)
        return false;
    for (size_t i = 0; i < b->n; i++) {
        size_t of_slot = i - FIXED_MAPS;
        b->maps[i].name = b->names[i];
        if (i < FIXED_MAPS) {
            b->maps[i].kind = fixed[i].kind;
            snprintf(b->names[i], sizeof b->names[i], "%s", fixed[i].name);
        } else {
            snprintf(b->names[i], sizeof b->names[i], "mp_route%02u_%s",
                     (unsigned)(of_slot / MAPS_OF_SLOT) + 1,
                     of_slot % MAPS_OF_SLOT == SLOT_RCPT ? "rcpt" : "hop");
        }
    }
    return true;
}

bool route_is_ours(const struct map *ours, struct slice domain)
{
    for (;;) {
        if (map_get(ours, domain))
            return true;
        const char *dot = slice_chr(domain, '.');
        if (dot == NULL)
            return false;
        domain = slice_skip(domain, (size_t)(dot + 1 - domain.p));
    }
}

void route_shares(const uint64_t *weight, size_t n, unsigned *share)
{
    uint64_t sum = 0, given = 0;

    for (size_t i = 0; i < n; i++)
        sum += weight[i];
    for (size_t i = 0; i < n; i++) {
        share[i] = (unsigned)(weight[i] * ROUTE_DRAWS / sum);
        share[i] += share[i] == 0 && n <= ROUTE_DRAWS;
        given += share[i];
    }
    /* Too many: from the largest; too few: to the one with the largest remainder. */
    while (given > ROUTE_DRAWS) {
        size_t most = 0;
        for (size_t i = 1; i < n; i++)
            most = share[i] > share[most] ? i : most;
        share[most]--;
        given--;
    }
    while (given < ROUTE_DRAWS) {
        size_t best = 0;
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < n; i++) {
            int64_t over = (int64_t)(share[i] * sum) - (int64_t)(weight[i] * ROUTE_DRAWS);
            if (over < least) {
                least = over;
                best = i;
            }
        }
        share[best]++;
        given++;
    }
}

/* --- pools --- */

/* The rows PREFIX DRAW -> server of one list of servers. */
static bool add_draws(struct building *w, struct mapfile *m, const char *prefix, struct slice via)
{
    const struct route_conf *c = w->in->means->conf;
    const struct outbound_address *out[ROUTE_DRAWS];
    uint64_t weight[ROUTE_DRAWS], sum = 0;
    unsigned share[ROUTE_DRAWS], draw = 1;
    struct slice name;
    size_t n = 0;

    while (n < ROUTE_DRAWS && route_via_next(&via, &name))
        if ((out[n] = route_conf_out(c, name)) != NULL &&
            map_get(&w->in->means->missing, name) == NULL) {
            weight[n] = out[n]->weight;
            sum += weight[n++];
        }
    if (n == 0)
        return true;
    for (size_t i = 0; sum == 0 && i < n; i++)
        weight[i] = 1;
    route_shares(weight, n, share);
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < share[i]; k++, draw++) {
            char key[60], value[ROUTE_NAME_MOST + 2];
            snprintf(key, sizeof key, "%s%u", prefix, draw);
            snprintf(value, sizeof value, "%.*s:", (int)out[i]->name.n, out[i]->name.p);
            problem_key(w->problems, m->name, slice_str(key),
                        mapfile_add(m, slice_str(key), slice_str(value), slice_str(key)));
        }
    return !m->failed;
}

/* What all other mail leaves by: what the routes around lists say, else every server that has a
 * weight. */
static bool build_pool(struct building *w)
{
    const struct route_conf *c = w->in->means->conf;
    struct ledger_rows rows = ledger_query(w->in->ledger,
                                           "SELECT provider, via FROM routes WHERE until IS NULL"
                                           " AND customer = '*' ORDER BY id DESC",
                                           "");
    struct text via = {0};

    while (ledger_next(&rows)) {
        const struct provider *p = provider_find(w->in->providers, ledger_text(&rows, 0));
        if (via.n == 0 && p && p->kind == PROVIDER_DNSBL)
            text_add(&via, ledger_text(&rows, 1));
    }
    ledger_done(&rows);
    for (size_t i = 0, all = via.n == 0; all && i < c->outs; i++) {
        if (c->out[i]->weight == 0 || route_conf_only_v6(c, i))
            continue;
        if (via.n)
            text_addc(&via, ROUTE_SEPARATOR);
        text_add(&via, c->out[i]->name);
    }
    bool ok = !via.failed && add_draws(w, &w->b->maps[POOL], "", text_slice(&via));
    text_free(&via);
    return ok && ledger_failure(w->in->ledger)->status == 0;
}

/* The number of that list of servers, from 1; 0: out of memory. */
static size_t pool_of(struct building *w, struct slice via)
{
    char prefix[40];

    for (size_t i = 0; i < w->pools; i++)
        if (slice_eq(w->pool[i], via))
            return i + 1;
    struct slice *more = realloc(w->pool, (w->pools + 1) * sizeof *more);
    if (more == NULL)
        return 0;
    w->pool = more;
    w->pool[w->pools] = arena_slice(&w->arena, via);
    if (w->pool[w->pools++].n != via.n)
        return 0;
    snprintf(prefix, sizeof prefix, "mp_pool%02zu,", w->pools);
    return add_draws(w, &w->b->maps[TRANSPORT_POOLS], prefix, via) ? w->pools : 0;
}

struct domain_rows {
    struct building *w;
    struct mapfile *map;
    struct slice value;
};

static bool add_domain(void *user, struct slice domain)
{
    struct domain_rows *d = user;

    if (route_is_ours(d->w->in->ours, domain))
        return true;
    problem_key(d->w->problems, d->map->name, domain,
                mapfile_add(d->map, domain, d->value, domain));
    return !d->map->failed;
}

static bool add_everybody(struct building *w, const struct provider *p, struct slice via)
{
    char value[40];
    size_t pool = pool_of(w, via);

    snprintf(value, sizeof value, "mp_pool%02zu", pool);
    struct domain_rows d = {w, &w->b->maps[TRANSPORT], slice_str(value)};
    return pool && route_domains(w->in->ledger, p, add_domain, &d);
}

/* --- customers --- */

static struct mapfile *slot_maps(struct building *w, unsigned slot)
{
    return &w->b->maps[FIXED_MAPS + (size_t)MAPS_OF_SLOT * (slot - 1)];
}

static bool add_provider(struct building *w, unsigned slot, const struct provider *p,
                         struct slice via)
{
    const struct route_means *means = w->in->means;
    const char *fault = route_means_fault(means, via);
    struct mapfile *maps = slot_maps(w, slot);
    struct text value = {0};
    bool ok = true;

    if (fault) {
        problem_add(w->problems, NULL, 0, "%.*s by %.*s: not routed: %s", (int)p->id.n, p->id.p,
                    (int)via.n, via.p, fault);
        return true;
    }
    route_means_value(means, via, slot, &value);
    struct domain_rows d = {w, &maps[SLOT_RCPT], text_slice(&value)};
    ok = !value.failed && route_domains(w->in->ledger, p, add_domain, &d);
    if (ok && route_means_exact(means)) {
        value.n = 0;
        text_addf(&value, "FILTER %.*s:", (int)via.n, via.p);
        d = (struct domain_rows){w, &maps[SLOT_HOP], text_slice(&value)};
        ok = !value.failed && route_domains(w->in->ledger, p, add_domain, &d);
    }
    text_free(&value);
    return ok;
}

/* `provider=via provider=via`. */
static bool fill_slot(struct building *w, unsigned slot, struct slice set)
{
    struct text about = {0};

    if (w->filled[slot])
        return true;
    w->filled[slot] = true;
    text_add(&about, SL("Routes: "));
    text_add(&about, set);
    mapfile_about(&slot_maps(w, slot)[SLOT_RCPT], text_slice(&about));
    mapfile_about(&slot_maps(w, slot)[SLOT_HOP], text_slice(&about));
    text_free(&about);
    while (set.n) {
        const char *space = slice_chr(set, ' ');
        struct slice one = space ? slice_range(set.p, space) : set;
        const char *equals = slice_chr(one, '=');
        set = slice_skip(set, one.n + 1);
        const struct provider *p =
            equals ? provider_find(w->in->providers, slice_range(one.p, equals)) : NULL;
        if (p && !add_provider(w, slot, p, slice_skip(one, (size_t)(equals + 1 - one.p))))
            return false;
    }
    return true;
}

static bool add_customer(void *user, struct slice key, struct slice set)
{
    struct building *w = user;
    const struct customer *c = customers_by_key(w->in->customers, key);
    char class_text[24];
    unsigned slot = route_slot_of(w->in->slots, set);

    if (c == NULL)
        problem_add(w->problems, NULL, 0,
                    "customer %.*s isn't in the customers file any more: not routed", (int)key.n,
                    key.p);
    if (c == NULL || slot == 0)
        return true;
    snprintf(class_text, sizeof class_text, "mp_route%02u", slot);
    return fill_slot(w, slot, set) && map_set_customer(&w->owners, c, slice_str(class_text));
}

/* Subdomains of a routed domain that the log or the operator knows as somebody else's. */
static bool is_below(const struct mapfile *m, struct slice domain)
{
    const char *dot;

    if (map_get(&m->index, domain))
        return false;
    while ((dot = slice_chr(domain, '.')) != NULL) {
        domain = slice_skip(domain, (size_t)(dot + 1 - domain.p));
        if (map_get(&m->index, domain))
            return true;
    }
    return false;
}

static void add_exception(struct building *w, struct slice domain)
{
    for (size_t i = FIXED_MAPS; i < w->b->n; i++)
        if (w->b->maps[i].n && is_below(&w->b->maps[i], domain))
            mapfile_add(&w->b->maps[i], domain, SL("DUNNO"), domain);
}

static bool add_exceptions(struct building *w)
{
    struct ledger_rows rows =
        ledger_query(w->in->ledger, "SELECT domain FROM domains ORDER BY domain", "");
    const struct map_entry *e;
    size_t at = 0;

    while (ledger_next(&rows))
        add_exception(w, ledger_text(&rows, 0));
    ledger_done(&rows);
    while ((e = map_next(w->in->ours, &at)) != NULL)
        if (route_domain_good(e->key))
            add_exception(w, e->key);
    return ledger_failure(w->in->ledger)->status == 0;
}

static bool build_routes(struct building *w)
{
    static const char everybody[] = "SELECT provider, via FROM routes WHERE until IS NULL"
                                    " AND customer = '*' ORDER BY provider, id";
    struct ledger_rows rows = ledger_query(w->in->ledger, everybody, "");
    bool ok = true;

    while (ledger_next(&rows)) {
        const struct provider *p = provider_find(w->in->providers, ledger_text(&rows, 0));
        if (ok && p && p->kind != PROVIDER_DNSBL)
            ok = add_everybody(w, p, ledger_text(&rows, 1));
    }
    ledger_done(&rows);
    return ok && route_sets(w->in->ledger, add_customer, w) && add_exceptions(w);
}

bool route_map_build(struct blockmap *out, const struct route_map_input *in,
                     struct problems *problems)
{
    struct building w = {
        .b = out,
        .in = in,
        .problems = problems,
        .owners = {out, (enum shared_map)SASL, .customers = in->customers, .problems = problems}};
    bool ok = false;

    w.filled = calloc(in->slots->n + 1, sizeof *w.filled);
    if (w.filled && make_maps(out, in->slots->n))
        ok = build_pool(&w) && build_routes(&w) && map_set_write(&w.owners);
    for (size_t i = 0; ok && i < out->n; i++)
        ok = !out->maps[i].failed;
    map_set_free(&w.owners);
    free(w.filled);
    free(w.pool);
    arena_free(&w.arena);
    return ok;
}

void route_map_free(struct blockmap *b)
{
    blockmap_free(b);
}
