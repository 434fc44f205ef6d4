#include "routegen_run.h"

#include <stdlib.h>

#include "base/exits.h"
#include "base/msg.h"

int run_status(const struct run *r, int status)
{
    return exit_worse(status, ledger_failure(r->ledger)->status);
}

/* --- what is told --- */

static void add_time(struct text *out, int64_t t)
{
    char buf[WHEN_TEXT_MAX];

    text_add(out, slice_of(buf, when_print(buf, t, 0)));
}

static void add_json(struct text *out, const char *name, struct slice value)
{
    text_addf(out, "\"%s\":", name);
    text_add_json(out, value);
}

static void row_json(struct run *r, const struct route_event *e)
{
    struct text *out = &r->out;

    text_addc(out, '{');
    add_json(out, "event", slice_str(e->what));
    text_add(out, SL(",\"time\":\""));
    add_time(out, e->time);
    text_add(out, SL("\","));
    add_json(out, "customer", e->customer);
    text_addc(out, ',');
    add_json(out, "provider", e->provider);
    text_addc(out, ',');
    add_json(out, "via", e->via);
    text_addc(out, ',');
    add_json(out, "reason", e->reason);
    text_add(out, SL("}\n"));
}

static void row_tsv(struct run *r, const struct route_event *e)
{
    const struct slice field[] = {slice_str(e->what), e->customer, e->provider, e->via, e->reason};

    if (r->changes == 0)
        text_add(&r->out, SL("#time\tevent\tcustomer\tprovider\tvia\treason\n"));
    add_time(&r->out, e->time);
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        text_addc(&r->out, '\t');
        text_add_tsv(&r->out, field[i]);
    }
    text_addc(&r->out, '\n');
}

static void row_table(struct run *r, const struct route_event *e)
{
    bool all = slice_eq(e->customer, ROUTE_EVERYBODY);

    text_addf(&r->out, "%-8s", e->what);
    text_add_visible(&r->out, all ? SL("everybody") : e->customer);
    text_add(&r->out, SL(" to "));
    text_add_visible(&r->out, e->provider);
    if (e->via.n) {
        text_add(&r->out, SL(" by "));
        text_add_visible(&r->out, e->via);
    }
    text_add(&r->out, SL(": "));
    text_add_visible(&r->out, e->reason);
    text_addc(&r->out, '\n');
}

static void on_event(void *user, const struct route_event *e)
{
    struct run *r = user;

    if (r->o->format == ROUTE_JSON)
        row_json(r, e);
    else if (r->o->format == ROUTE_TSV)
        row_tsv(r, e);
    else
        row_table(r, e);
    r->changes++;
}

static void tell_troubles(struct run *r, const struct route_plan *plan, int64_t now)
{
    for (size_t i = 0; i < plan->troubles; i++) {
        const struct route_trouble *t = &plan->trouble[i];
        on_event(r, &(struct route_event){"trouble", now, 0, t->customer, t->provider, SLICE_NONE,
                                          t->text});
        msg_warn("%.*s to %.*s: %.*s", (int)t->customer.n, t->customer.p, (int)t->provider.n,
                 t->provider.p, (int)t->text.n, t->text.p);
    }
    r->troubles += plan->troubles;
}

/* --- the transaction --- */

/* The time of what is decided: of the log and the listings, so that a run that is repeated decides
 * the same; the clock's only where there is neither. */
static int64_t time_of(struct run *r)
{
    int64_t latest =
        ledger_int_of(r->ledger, WHEN_NONE,
                      "SELECT max(t) FROM (SELECT max(last, coalesce(until, last)) AS t FROM"
                      " listings UNION ALL SELECT max(since, coalesce(until, since)) FROM routes)",
                      "");

    if (r->o->now_said)
        return r->o->now;
    latest = r->clock > latest ? r->clock : latest;
    latest = r->latest > latest ? r->latest : latest;
    return latest == WHEN_NONE ? when_now() : latest;
}

static int wrong(const char *option, const char *text, const char *what)
{
    msg_error("%s %s: %s: nothing was changed", option, text, what);
    return EXIT_USAGE;
}

/* --route and --end. */
static int take_orders(struct run *r)
{
    bool found;

    for (size_t i = 0; i < r->o->ends; i++) {
        if (!route_asked_set(r->ledger, slice_str(r->o->end[i]), false, &found))
            return run_status(r, 0);
        if (!found)
            return wrong(
                "--end", r->o->end[i],
                "was not asked for with --route; what stands in the file routes ends there");
    }
    for (size_t i = 0; i < r->o->routes; i++) {
        size_t before = r->conf.wishes;
        const char *what = route_conf_add(&r->conf, &r->known, slice_str(r->o->route[i]));
        if (what)
            return wrong("--route", r->o->route[i], what);
        r->conf.wishes = before; /* route_asked_load() adds it with the others */
        if (!route_asked_set(r->ledger, slice_str(r->o->route[i]), true, &found))
            return run_status(r, 0);
    }
    return 0;
}

/* A route around listings that there are none of would end at once. */
static int check_orders(struct run *r)
{
    int status = 0;

    for (size_t i = 0; i < r->o->routes && status == 0; i++)
        if (!route_asked_has(r->ledger, slice_str(r->o->route[i])))
            status = wrong("--route", r->o->route[i],
                           "no address of ours is listed there, so there is nothing to route "
                           "around: name a server, CUSTOMER:PROVIDER:VIA");
    return status;
}

static int decide(struct run *r, int64_t now, struct blockmap *maps)
{
    struct problems problems = {0};
    struct route_plan plan = {.n = 0};
    int status = take_orders(r);

    if (status == 0 && !route_asked_load(r->ledger, &r->conf, &r->known, &problems))
        status = run_status(r, 0);
    r->troubles += problems.count;
    problems_print(&problems);
    problems_free(&problems);
    if (status == 0 && (!route_plan_make(&plan, r->ledger, r->providers, &r->means) ||
                        !route_record(r->ledger, &plan, now, on_event, r) ||
                        !route_asked_expire(r->ledger, &plan, &r->conf)))
        status = ledger_failure(r->ledger)->status
                     ? ledger_failure(r->ledger)->status
                     : ledger_fail(r->ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed");
    if (status == 0)
        status = check_orders(r);
    if (status == 0) {
        tell_troubles(r, &plan, now);
        status = maps_build(r, maps, now);
    }
    route_plan_free(&plan);
    return status;
}

/* What the log has shown of a content filter counts beside what Postfix says. */
static void find_filter(struct run *r)
{
    struct route_place seen;
    char place[ROUTE_PLACE];

    if (r->conf.filter_said || r->means.filter == ROUTE_FILTER_THERE ||
        !route_learn_filter(r->ledger, &seen))
        return;
    r->means.filter = ROUTE_FILTER_THERE;
    r->means.seen.n = 0;
    text_addf(&r->means.seen, "%s, seen in the log", route_place_text(&seen, 0, place));
}

int run_route(struct run *r)
{
    struct blockmap maps = {0};
    int status = log_read(r);
    int64_t now = time_of(r);

    if (status == 0 && !ledger_begin(r->ledger))
        status = run_status(r, 0);
    if (status == 0 && !log_save(r, now))
        status = run_status(r, 0);
    if (status == 0) {
        find_filter(r);
        if (r->o->verbose && r->means.filter == ROUTE_FILTER_THERE && r->means.seen.n)
            msg_info("mail passes a content filter: %.*s", (int)r->means.seen.n, r->means.seen.p);
        status = decide(r, now, &maps);
    }
    if (status || r->o->dry_run)
        ledger_rollback(r->ledger);
    else
        status = ledger_commit(r->ledger);
    if (status == 0 && r->o->dry_run)
        maps_show(r, &maps);
    else if (status == 0)
        status = maps_install(r, &maps);
    route_map_free(&maps);
    return status ? status : r->troubles ? EXIT_FOUND : EXIT_DONE;
}
