#include "act/route_record.h"

#include "act/route_open.h"
#include "base/exits.h"

static bool out_of_memory(struct ledger *l)
{
    if (ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return false;
}

static struct slice why(const struct route *r)
{
    return r->asked ? SL("asked") : SL("listed");
}

static int64_t listing_of(const struct route *r)
{
    return r->listing ? r->listing : INT64_MIN;
}

/* The open row that the route goes on in: *other is set when one of another way ends for it. */
static const struct route_open *stands(struct route_opens *o, const struct route *r, bool *other)
{
    const struct route_open *k = route_opens_find(o, r->customer, r->provider->id);

    *other = false;
    for (; k && !slice_eq(k->via, r->via); k = k->same)
        *other = true;
    return k;
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
                                const struct route_open *r)
{
    if (route_plan_find(plan, ROUTE_EVERYBODY, r->provider))
        return SL("everybody's mail is routed now");
    if (r->listing && ledger_int_of(l, 0,
                                    "SELECT count(*) FROM listings WHERE id = ?"
                                    " AND state IN ('listed', 'clearing')",
                                    "i", r->listing) == 0)
        return SL("the listing is over");
    return SL("not wanted, or not possible any more");
}

static bool end_routes(struct ledger *l, const struct route_plan *plan, const struct route_opens *o,
                       int64_t now, route_told_fn *told, void *user)
{
    for (const struct route_open *r = o->first; r; r = r->next) {
        const struct route *p = route_plan_find(plan, r->customer, r->provider);
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

/* The same way, maybe for another reason. */
static bool goes_on(struct ledger *l, const struct route_open *k, const struct route *r)
{
    return k->listing == r->listing ||
           ledger_run(l, "UPDATE routes SET why = ?, listing = ? WHERE id = ?", "tIi", why(r),
                      listing_of(r), k->id);
}

static bool begin_routes(struct ledger *l, const struct route_plan *plan, struct route_opens *o,
                         int64_t now, route_told_fn *told, void *user)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct route *r = &plan->list[i];
        bool other;
        const struct route_open *k = stands(o, r, &other);
        if (k && !goes_on(l, k, r))
            return false;
        if (k)
            continue;
        if (!ledger_run(l,
                        "INSERT INTO routes (customer, provider, via, why, listing, since)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        "ttttIi", r->customer, r->provider->id, r->via, why(r), listing_of(r), now))
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
    struct route_opens o;
    bool ok = route_opens_load(&o, l) && end_routes(l, plan, &o, now, told, user) &&
              begin_routes(l, plan, &o, now, told, user) && !o.failed;

    if (o.failed)
        out_of_memory(l);
    route_opens_free(&o);
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

bool route_asked_has(struct ledger *l, struct slice text)
{
    struct text t = {0};
    struct slice rest, line;
    bool has = false;

    ledger_state(l, ROUTE_STATE_ASKED, &t);
    rest = text_slice(&t);
    while (!has && next_asked(&rest, &line))
        has = slice_eq(line, text);
    text_free(&t);
    return has;
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
        if (route_plan_find(plan, customer, w->provider->id) ||
            route_plan_find(plan, ROUTE_EVERYBODY, w->provider->id))
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
