#include "act/route_plan_parts.h"

#include <stdlib.h>

bool route_via_next(struct slice *via, struct slice *name)
{
    if (via->n == 0)
        return false;
    const char *comma = slice_chr(*via, ROUTE_SEPARATOR);
    *name = comma ? slice_range(via->p, comma) : *via;
    *via = slice_skip(*via, name->n + 1);
    return true;
}

/* Ends the text. */
static struct slice keep(struct planning *g, struct text *t)
{
    struct slice s = t->failed ? SLICE_NONE : arena_slice(&g->plan->arena, text_slice(t));

    g->failed |= t->failed || s.n != t->n;
    text_free(t);
    return s;
}

static void add_trouble(struct planning *g, struct slice customer, const struct provider *p,
                        struct text *what)
{
    struct route_plan *plan = g->plan;
    struct slice text = keep(g, what);

    if (plan->troubles == plan->trouble_room) {
        size_t room = plan->trouble_room ? plan->trouble_room * 2 : 8;
        struct route_trouble *more = realloc(plan->trouble, room * sizeof *more);
        if (more == NULL) {
            g->failed = true;
            return;
        }
        plan->trouble = more;
        plan->trouble_room = room;
    }
    plan->trouble[plan->troubles++] = (struct route_trouble){customer, p->id, text};
}

static void add_route(struct planning *g, struct route r)
{
    struct route_plan *plan = g->plan;

    if (plan->n == plan->room) {
        size_t room = plan->room ? plan->room * 2 : 16;
        struct route *more = realloc(plan->list, room * sizeof *more);
        if (more == NULL) {
            g->failed = true;
            return;
        }
        plan->list = more;
        plan->room = room;
    }
    plan->list[plan->n++] = r;
    struct text key = {0};
    route_key(&key, r.customer, r.provider->id);
    struct slice kept = keep(g, &key);
    g->failed |= !map_put(&plan->index, kept, (void *)(uintptr_t)plan->n);
}

const struct route *route_plan_find(const struct route_plan *plan, struct slice customer,
                                    struct slice provider)
{
    struct text key = {0};
    size_t at = (size_t)(uintptr_t)map_get(&plan->index, route_key(&key, customer, provider));

    text_free(&key);
    return at ? &plan->list[at - 1] : NULL;
}

/* By which server it goes now, or empty. */
static struct slice standing(struct planning *g, struct slice customer, const struct provider *p)
{
    const struct route_open *r = route_opens_find(&g->open, customer, p->id);
    struct slice via = r ? arena_slice(&g->plan->arena, r->via) : SLICE_NONE;

    g->failed |= r && via.n != r->via.n;
    return via;
}

/* One wish for one provider at work. */
struct wanted {
    struct slice customer, via;
    const struct provider *provider;
    bool asked;
};

static bool is_everybody(struct slice customer)
{
    return slice_eq(customer, ROUTE_EVERYBODY);
}

/* May what stands stay? Its servers have to be there, and mail has to pass the scanner. */
static bool can_stay(const struct planning *g, struct slice customer, struct slice via)
{
    struct slice name;

    while (route_via_next(&via, &name))
        if (route_conf_out(g->conf, name) == NULL ||
            (!is_everybody(customer) && route_means_fault(g->means, name)))
            return false;
    return true;
}

/* Every server is listed there. */
static void plan_none_left(struct planning *g, const struct wanted *w, int64_t cause)
{
    struct slice via = standing(g, w->customer, w->provider);
    struct text t = {0};

    text_add(&t, SL("no server is left that isn't listed there, so nothing changes: "));
    listed_words(g, w->provider, &t);
    add_trouble(g, w->customer, w->provider, &t);
    if (via.n && can_stay(g, w->customer, via))
        add_route(g, (struct route){w->customer, w->provider, via, w->asked, cause,
                                    SL("no other server is left")});
}

/* Around a list: all mail by those that are listed least. */
static void plan_pool(struct planning *g, const struct wanted *w, int64_t cause)
{
    struct text via = {0}, why = {0};

    listed_words(g, w->provider, &why);
    for (size_t i = 0; i < g->conf->outs; i++)
        g->may[i] = g->conf->out[i]->weight > 0 &&
                    map_get(&g->means->missing, g->conf->out[i]->name) == NULL;
    choose_all(g, &via);
    if (via.n == 0) {
        text_free(&why);
        return;
    }
    if (least_burden(g) > 0) {
        struct text t = {0};
        text_add(&t, SL("every server is on a list; those that are listed least go on: "));
        text_add(&t, text_slice(&why));
        add_trouble(g, w->customer, w->provider, &t);
    }
    struct route r = {w->customer, w->provider, keep(g, &via), w->asked, cause, keep(g, &why)};
    add_route(g, r);
}

static void plan_everybody(struct planning *g, const struct wanted *w, int64_t cause)
{
    struct text via = {0}, why = {0};

    if (w->via.n)
        text_add(&via, choose_one(g, w->via, standing(g, w->customer, w->provider))->name);
    else
        choose_all(g, &via);
    listed_words(g, w->provider, &why);
    if (why.n == 0)
        text_add(&why, SL("asked for"));
    struct route r = {w->customer, w->provider, keep(g, &via), w->asked, cause, keep(g, &why)};
    add_route(g, r);
}

static void plan_customer(struct planning *g, const struct wanted *w, int64_t cause)
{
    struct slice stands = standing(g, w->customer, w->provider);
    struct slice via = choose_one(g, w->via, stands)->name;
    const char *fault = route_means_fault(g->means, via);
    struct text why = {0};

    if (fault) {
        text_add(&why, SL("not routed: "));
        text_add(&why, slice_str(fault));
        add_trouble(g, w->customer, w->provider, &why);
        return;
    }
    listed_words(g, w->provider, &why);
    if (why.n == 0)
        text_add(&why, SL("asked for"));
    add_route(g, (struct route){w->customer, w->provider, via, w->asked, cause, keep(g, &why)});
}

static void tell_other(struct planning *g, const struct wanted *w)
{
    struct text t = {0};

    text_addf(&t, "wanted by %.*s, but another server has to do: ", (int)w->via.n, w->via.p);
    listed_words(g, w->provider, &t);
    add_trouble(g, w->customer, w->provider, &t);
}

static void plan_one(struct planning *g, const struct wanted *w)
{
    size_t left, i = 0;
    int64_t cause = listed_look(g, w->provider, w->via, &left);

    if (cause == 0 && w->via.n == 0)
        return;
    if (w->provider->kind == PROVIDER_DNSBL) {
        plan_pool(g, w, cause);
        return;
    }
    if (left == 0) {
        plan_none_left(g, w, cause);
        return;
    }
    while (w->via.n && !slice_eq(g->conf->out[i]->name, w->via))
        i++;
    if (w->via.n && !g->may[i])
        tell_other(g, w);
    (is_everybody(w->customer) ? plan_everybody : plan_customer)(g, w, cause);
}

/* --- wishes --- */

struct wanted_list {
    struct wanted *list;
    size_t n, room;
};

static bool want(struct wanted_list *l, struct wanted w)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct wanted *more = realloc(l->list, room * sizeof *more);
        if (more == NULL)
            return false;
        l->list = more;
        l->room = room;
    }
    l->list[l->n++] = w;
    return true;
}

/* Does a wish for all providers mean that one? A list takes everybody's mail only, and a keyed zone
 * of it means the same. */
static bool is_meant(const struct planning *g, const struct route_wish *w, const struct provider *p)
{
    if (map_get(&g->conf->leave, p->id) || route_conf_never(g->conf, w->customer, p))
        return false;
    if (p->kind == PROVIDER_DNSBL)
        return is_everybody(w->customer) && p->ask == PROVIDER_ASK && p->replaces == NULL &&
               p->weight >= ROUTE_POOL_WEIGHT;
    return (p->kind == PROVIDER_MAILBOX || p->kind == PROVIDER_FILTER) && (p->mx.n || p->domain.n);
}

static bool expand(const struct planning *g, const struct route_wish *w, struct wanted_list *l)
{
    const struct provider *p;

    if (w->provider)
        return want(l, (struct wanted){w->customer, w->via, w->provider, w->asked});
    for (size_t i = 0; (p = provider_at(g->providers, i)) != NULL; i++)
        if (is_meant(g, w, p) && !want(l, (struct wanted){w->customer, w->via, p, false}))
            return false;
    return true;
}

/* By customer and provider; with a server before without one, by name before `all'. */
static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    int order = slice_cmp(x->customer, y->customer);

    if (order == 0)
        order = slice_cmp(x->provider->id, y->provider->id);
    if (order == 0)
        order = (y->via.n > 0) - (x->via.n > 0);
    if (order == 0 && x->via.n)
        order = slice_cmp(x->via, y->via);
    return order ? order : (int)y->asked - (int)x->asked;
}

static bool same(const struct wanted *a, const struct wanted *b)
{
    return a->provider == b->provider && slice_eq(a->customer, b->customer);
}

/* `*` sorts before most names; what everybody's route does needn't be done for a customer again. */
static bool done_for_all(const struct planning *g, const struct wanted *w)
{
    return w->via.n == 0 && !is_everybody(w->customer) &&
           route_plan_find(g->plan, ROUTE_EVERYBODY, w->provider->id);
}

static void plan_all(struct planning *g, struct wanted_list *l, bool everybody)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct wanted *w = &l->list[i];
        if (is_everybody(w->customer) == everybody && (i == 0 || !same(w, w - 1)) &&
            !done_for_all(g, w))
            plan_one(g, w);
    }
}

/* A customer that stays by a listed server, as the operator has said, while everybody's mail is
 * routed around it: transport_maps knows no customers, so that takes a route of its own. */
static void plan_stay(struct planning *g, struct slice customer, const struct route *r)
{
    const struct outbound_address *out = listed_out(g, r->provider);
    const char *fault = out ? route_means_fault(g->means, out->name) : NULL;
    struct text t = {0};

    if (out == NULL || route_plan_find(g->plan, customer, r->provider->id))
        return;
    if (fault) {
        text_addf(&t, "everybody's mail is routed, and this customer's can't be kept out: %s",
                  fault);
        add_trouble(g, customer, r->provider, &t);
        return;
    }
    add_route(g, (struct route){customer, r->provider, out->name, true, r->listing,
                                SL("stays (`never' in the file routes)")});
}

/* `route * PROVIDER VIA` is no matter of listings. */
static bool is_named(const struct planning *g, const struct provider *p)
{
    const struct route_conf *c = g->conf;

    for (size_t i = 0; i < c->wishes; i++)
        if (c->wish[i].provider == p && c->wish[i].via.n && is_everybody(c->wish[i].customer))
            return true;
    return false;
}

static void plan_never(struct planning *g)
{
    const struct route_conf *c = g->conf;
    size_t n = g->plan->n;

    for (size_t i = 0; i < c->nevers; i++)
        for (size_t k = 0; k < n; k++) {
            struct route r = g->plan->list[k];
            if (is_everybody(r.customer) && r.listing && !is_named(g, r.provider) &&
                r.provider->kind != PROVIDER_DNSBL &&
                (c->never[i].provider == NULL || c->never[i].provider == r.provider))
                plan_stay(g, c->never[i].customer, &r);
        }
}

static bool plan_wishes(struct planning *g)
{
    struct wanted_list l = {.n = 0};
    bool ok = true;

    for (size_t i = 0; i < g->conf->wishes && ok; i++)
        ok = expand(g, &g->conf->wish[i], &l);
    if (ok && l.n) {
        qsort(l.list, l.n, sizeof *l.list, compare_wanted);
        plan_all(g, &l, true);
        plan_all(g, &l, false);
        plan_never(g);
    }
    free(l.list);
    return ok && !g->failed && !g->open.failed && ledger_failure(g->ledger)->status == 0;
}

bool route_plan_make(struct route_plan *plan, struct ledger *l, const struct providers *providers,
                     const struct route_means *means)
{
    size_t outs = means->conf->outs;
    struct planning g = {.plan = plan,
                         .ledger = l,
                         .providers = providers,
                         .means = means,
                         .conf = means->conf,
                         .burden = calloc(outs + 1, sizeof *g.burden),
                         .given = calloc(outs + 1, sizeof *g.given),
                         .may = calloc(outs + 1, sizeof *g.may)};

    *plan = (struct route_plan){.n = 0};
    bool ok = route_opens_load(&g.open, l) && g.burden && g.given && g.may && listed_load(&g) &&
              (outs == 0 || plan_wishes(&g));
    route_opens_free(&g.open);
    free(g.burden);
    free(g.given);
    free(g.may);
    free(g.listed);
    return ok;
}

void route_plan_free(struct route_plan *plan)
{
    free(plan->list);
    free(plan->trouble);
    map_free(&plan->index);
    arena_free(&plan->arena);
    *plan = (struct route_plan){.n = 0};
}
