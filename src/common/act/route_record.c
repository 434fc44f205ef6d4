#include "act/route_record.h"

#include <stdlib.h>

#include "base/exits.h"

struct open_route {
    int64_t id, listing;
    struct slice customer, provider, via;
};

struct open_routes {
    struct arena arena;
    struct open_route *list;
    size_t n, room;
};

static bool out_of_memory(struct ledger *l)
{
    if (ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return false;
}

static bool keep_open(struct open_routes *o, const struct ledger_rows *rows)
{
    if (o->n == o->room) {
        size_t room = o->room ? o->room * 2 : 32;
        struct open_route *more = realloc(o->list, room * sizeof *more);
        if (more == NULL)
            return false;
        o->list = more;
        o->room = room;
    }
    int64_t listing = ledger_int(rows, 4);
    struct open_route r = {ledger_int(rows, 0), listing == INT64_MIN ? 0 : listing,
                           arena_slice(&o->arena, ledger_text(rows, 1)),
                           arena_slice(&o->arena, ledger_text(rows, 2)),
                           arena_slice(&o->arena, ledger_text(rows, 3))};
    o->list[o->n++] = r;
    return r.customer.p && r.provider.p && r.via.p;
}

static bool load_open(struct ledger *l, struct open_routes *o)
{
    struct ledger_rows rows = ledger_query(
        l,
        "SELECT id, customer, provider, via, listing FROM routes WHERE until IS NULL ORDER BY id",
        "");
    bool ok = true;

    while (ledger_next(&rows))
        ok = ok && keep_open(o, &rows);
    ledger_done(&rows);
    return (ok && ledger_failure(l)->status == 0) || out_of_memory(l);
}

static const struct route *planned(const struct route_plan *plan, const struct open_route *r)
{
    for (size_t i = 0; i < plan->n; i++)
        if (slice_eq(plan->list[i].customer, r->customer) &&
            slice_eq(plan->list[i].provider->id, r->provider))
            return &plan->list[i];
    return NULL;
}

/* The open row that the route goes on in: *other is set when one of another way ends for it. */
static const struct open_route *stands(const struct open_routes *o, const struct route *r,
                                       bool *other)
{
    *other = false;
    for (size_t i = 0; i < o->n; i++) {
        if (!slice_eq(o->list[i].customer, r->customer) ||
            !slice_eq(o->list[i].provider, r->provider->id))
            continue;
        if (slice_eq(o->list[i].via, r->via))
            return &o->list[i];
        *other = true;
    }
    return NULL;
}

static bool note(struct ledger *l, const struct route_event *e, route_told_fn *told, void *user)
{
    struct text t = {0};

    text_add(&t, slice_eq(e->customer, ROUTE_EVERYBODY) ? SL("everybody") : e->customer);
    text_add(&t, SL(" to "));
    text_add(&t, e->provider);
    text_add(&t, SL(" by "));
    text_add(&t, e->via);
    text_add(&t, SL(": "));
    text_add(&t, e->reason);
    bool ok = !t.failed ? ledger_journal(l, e->time, SL("routegen"), SL("routegen"), 0, e->listing,
                                         slice_str(e->what), text_slice(&t))
                        : out_of_memory(l);
    text_free(&t);
    if (ok && told)
        told(user, e);
    return ok;
}

static struct slice why_it_ends(struct ledger *l, const struct route_plan *plan,
                                const struct open_route *r)
{
    struct open_route all = *r;

    all.customer = ROUTE_EVERYBODY;
    if (planned(plan, &all))
        return SL("everybody's mail is routed now");
    if (r->listing && ledger_int_of(l, 0,
                                    "SELECT count(*) FROM listings WHERE id = ?"
                                    " AND state IN ('listed', 'clearing')",
                                    "i", r->listing) == 0)
        return SL("the listing is over");
    return SL("not wanted, or not possible any more");
}

static bool end_routes(struct ledger *l, const struct route_plan *plan, const struct open_routes *o,
                       int64_t now, route_told_fn *told, void *user)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct open_route *r = &o->list[i];
        const struct route *p = planned(plan, r);
        if (p && slice_eq(p->via, r->via))
            continue;
        if (!ledger_run(l, "UPDATE routes SET until = max(since, ?) WHERE id = ?", "ii", now,
                        r->id))
            return false;
        struct route_event e = {"ends",      now,    r->listing, r->customer,
                                r->provider, r->via, SLICE_NONE};
        if (p == NULL) {
            e.reason = why_it_ends(l, plan, r);
            if (!note(l, &e, told, user))
                return false;
        }
    }
    return true;
}

static bool begin_routes(struct ledger *l, const struct route_plan *plan,
                         const struct open_routes *o, int64_t now, route_told_fn *told, void *user)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct route *r = &plan->list[i];
        bool other;
        if (stands(o, r, &other))
            continue;
        if (!ledger_run(l,
                        "INSERT INTO routes (customer, provider, via, why, listing, since)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        "ttttIi", r->customer, r->provider->id, r->via,
                        r->asked ? SL("asked") : SL("listed"), r->listing ? r->listing : INT64_MIN,
                        now))
            return false;
        struct route_event e = {other ? "changes" : "begins",
                                now,
                                r->listing,
                                r->customer,
                                r->provider->id,
                                r->via,
                                r->reason};
        if (!note(l, &e, told, user))
            return false;
    }
    return true;
}

bool route_record(struct ledger *l, const struct route_plan *plan, int64_t now, route_told_fn *told,
                  void *user)
{
    struct open_routes o = {.n = 0};
    bool ok = load_open(l, &o) && end_routes(l, plan, &o, now, told, user) &&
              begin_routes(l, plan, &o, now, told, user);

    free(o.list);
    arena_free(&o.arena);
    return ok;
}

/* --- routes that were asked for --- */

static bool next_asked(struct slice *rest, struct slice *line)
{
    if (rest->n == 0)
        return false;
    const char *end = slice_chr(*rest, '\n');
    *line = end ? slice_range(rest->p, end) : *rest;
    *rest = slice_skip(*rest, line->n + 1);
    return true;
}

bool route_asked_load(struct ledger *l, struct route_conf *c, const struct route_known *known,
                      struct problems *problems)
{
    struct text t = {0};
    struct slice rest, line;

    ledger_state(l, ROUTE_STATE_ASKED, &t);
    rest = text_slice(&t);
    while (next_asked(&rest, &line)) {
        const char *what = route_conf_add(c, known, line);
        if (what)
            problem_add(problems, NULL, 0, "%.*s, asked for with --route: %s", (int)line.n, line.p,
                        what);
    }
    text_free(&t);
    return ledger_failure(l)->status == 0;
}

/* Does the line ask for that customer and provider, whatever the server? */
static bool asks_for(struct slice line, struct slice text)
{
    return slice_starts(line, text) && (line.n == text.n || line.p[text.n] == ':');
}

/* Customer and provider of a line. */
static struct slice head_of(struct slice line)
{
    const char *colon = slice_chr(line, ':');
    struct slice rest = colon ? slice_skip(line, (size_t)(colon + 1 - line.p)) : SLICE_NONE;
    const char *second = slice_chr(rest, ':');

    return second ? slice_range(line.p, second) : line;
}

static bool store(struct ledger *l, struct text *t)
{
    bool ok = t->failed ? out_of_memory(l)
              : t->n    ? ledger_state_set(l, ROUTE_STATE_ASKED, text_slice(t))
                     : ledger_run(l, "DELETE FROM state WHERE name = '" ROUTE_STATE_ASKED "'", "");

    text_free(t);
    return ok;
}

bool route_asked_set(struct ledger *l, struct slice text, bool add, bool *found)
{
    struct text old = {0}, new = {0};
    struct slice rest, line;

    *found = false;
    ledger_state(l, ROUTE_STATE_ASKED, &old);
    rest = text_slice(&old);
    while (next_asked(&rest, &line)) {
        if (asks_for(line, head_of(text))) {
            *found = true;
            continue;
        }
        text_add(&new, line);
        text_addc(&new, '\n');
    }
    if (add) {
        text_add(&new, text);
        text_addc(&new, '\n');
    }
    text_free(&old);
    return store(l, &new);
}

/* Has the plan a route, or trouble, for what the line names? Its provider may be a group. */
static bool is_alive(const struct route_plan *plan, const struct route_conf *c, struct slice line)
{
    const char *colon = slice_chr(line, ':');
    struct slice customer = colon ? slice_range(line.p, colon) : line;
    struct slice name = colon ? slice_skip(line, customer.n + 1) : SLICE_NONE;

    if (slice_chr(name, ':'))
        return true;
    for (size_t i = 0; i < c->wishes; i++) {
        const struct route_wish *w = &c->wish[i];
        if (!slice_eq(w->customer, customer) || w->provider == NULL ||
            (!slice_eq(w->provider->id, name) && !slice_eq(w->provider->listed_by, name)))
            continue;
        for (size_t k = 0; k < plan->n; k++)
            if (plan->list[k].provider == w->provider &&
                (slice_eq(plan->list[k].customer, customer) ||
                 slice_eq(plan->list[k].customer, ROUTE_EVERYBODY)))
                return true;
        for (size_t k = 0; k < plan->troubles; k++)
            if (slice_eq(plan->trouble[k].provider, w->provider->id) &&
                slice_eq(plan->trouble[k].customer, customer))
                return true;
    }
    return false;
}

bool route_asked_expire(struct ledger *l, const struct route_plan *plan, const struct route_conf *c)
{
    struct text old = {0}, new = {0};
    struct slice rest, line;

    if (!ledger_state(l, ROUTE_STATE_ASKED, &old)) {
        text_free(&old);
        return ledger_failure(l)->status == 0;
    }
    rest = text_slice(&old);
    while (next_asked(&rest, &line))
        if (is_alive(plan, c, line)) {
            text_add(&new, line);
            text_addc(&new, '\n');
        }
    text_free(&old);
    return store(l, &new);
}
