/* routegen: sends customers' mail by outbound servers that its receiver doesn't list. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/lockfile.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "routegen_run.h"

static int no_memory(void)
{
    msg_error("out of memory");
    return EXIT_TEMPFAIL;
}

/* --- configuration --- */

static int note_transport(struct run *r, struct slice name)
{
    if (route_missing(&r->postfix, name).n == 0 || map_get(&r->means.missing, name))
        return 0;
    if (!map_put(&r->means.missing, name, r))
        return no_memory();
    if (r->o->task == TASK_ROUTE)
        msg_warn("master.cf has no transport %.*s, so no mail is routed there: add it (routegen "
                 "--print-master)",
                 (int)name.n, name.p);
    return 0;
}

/* What isn't there must not be routed to: mail would be deferred, or refused with a 451. */
static int look_at_master(struct run *r)
{
    char first[ROUTE_PLACE];
    int status = 0;

    for (size_t i = 0; i < r->conf.outs && status == 0; i++)
        status = note_transport(r, r->conf.out[i]->name);
    for (size_t i = 0; i < r->conf.scans && status == 0; i++) {
        struct slice way = r->conf.scan[i].way;
        const char *colon = slice_chr(way, ':');
        status = note_transport(r, slice_range(way.p, colon ? colon : way.p));
    }
    r->means.proxied = route_proxied(&r->postfix, &r->conf);
    r->means.hop_missing = route_hop_missing(&r->postfix, &r->means, first) > 0;
    unsigned declared = route_declared(&r->postfix, &r->in_use);
    if (r->in_use && declared < route_means_slots(&r->means)) {
        r->means.undeclared = route_means_slots(&r->means) - declared;
        if (r->o->task == TASK_ROUTE)
            msg_warn("main.cf declares %u of %u classes, so no others are used: take the lines of "
                     "routegen --print-postfix",
                     declared, route_means_slots(&r->means));
    }
    return status;
}

/* What Postfix says of a content filter and of its transports. */
static int ask_postfix(struct run *r)
{
    route_postfix_load(&r->postfix);
    r->means.conf = &r->conf;
    r->means.slots = (unsigned)r->o->slots;
    if (r->conf.filter_said)
        r->means.filter = r->conf.filter_none ? ROUTE_FILTER_NONE : ROUTE_FILTER_THERE;
    else if (r->postfix.asked)
        r->means.filter = route_postfix_filter(&r->postfix, &r->conf, &r->means.seen)
                              ? ROUTE_FILTER_THERE
                              : ROUTE_FILTER_NONE;
    return r->postfix.asked ? look_at_master(r) : 0;
}

static int load(struct run *r, struct options *o)
{
    struct problems problems = {0};
    int status = annotate_new(o->conf, 1u << COL_CUSTOMER | 1u << COL_OUTBOUND_IP, &r->annotate);

    if (r->annotate == NULL)
        return status;
    const char *dir = annotate_dir(r->annotate);
    settings_load(dir, &problems, &r->settings);
    r->providers = providers_load(NULL, dir, &problems);
    if (status == 0 && r->providers) {
        r->known = (struct route_known){r->providers, annotate_customers(r->annotate),
                                        annotate_outbound(r->annotate)};
        route_conf_load(&r->conf, dir, &r->known, &problems);
        if (r->conf.outs == 0 && o->task != TASK_CHECK_CONFIG && o->task != TASK_SHOW)
            problem_add(&problems, NULL, 0, "%s/outbound: names no server that mail could leave by",
                        dir);
    }
    if (problems.count)
        status = exit_worse(status, EXIT_CONFIG);
    problems_print(&problems);
    problems_free(&problems);
    if (status)
        return status;
    if (!routegen_settings(o, &r->settings) || (o->automatic && !route_conf_auto(&r->conf)))
        return no_memory();
    if (o->hop.port)
        r->conf.hop = o->hop;
    return o->task == TASK_SHOW || o->task == TASK_CHECK_CONFIG ? 0 : ask_postfix(r);
}

/* --- the ledger --- */

static int with_ledger(struct run *r, const char *path, enum ledger_use use)
{
    r->ledger = ledger_open(path, use);
    if (r->ledger == NULL)
        return no_memory();
    int status = ledger_failure(r->ledger)->status;
    if (status == 0 && r->o->task == TASK_ROUTE)
        status = run_route(r);
    else if (status == 0 && r->o->task == TASK_CHECK_POSTFIX)
        status = maps_check(r);
    else if (status == 0)
        route_show(r->ledger, r->providers, r->o->format, r->o->all, &r->out);
    if (ledger_failure(r->ledger)->status) {
        msg_error("%s", failure_text(ledger_failure(r->ledger)));
        status = run_status(r, status);
    }
    log_free(r);
    ledger_close(r->ledger);
    return status;
}

static int locked(struct run *r)
{
    struct lockfile lock = {.fd = -1};
    struct failure failure = {0};
    char *path;

    if (asprintf(&path, "%s.routegen.lock", r->o->ledger) < 0)
        return no_memory();
    int status = lockfile_take(&lock, path, &failure);
    if (status == 0)
        status = with_ledger(r, r->o->ledger, LEDGER_WRITE);
    run_told(&failure);
    lockfile_drop(&lock);
    free(path);
    return status;
}

static int work(struct run *r)
{
    switch (r->o->task) {
    case TASK_CHECK_CONFIG:
        return 0;
    case TASK_PRINT_POSTFIX:
    case TASK_PRINT_MASTER:
        return maps_print(r);
    case TASK_SHOW:
        return with_ledger(r, r->o->ledger, LEDGER_READ);
    case TASK_CHECK_POSTFIX:
    case TASK_ROUTE:
        break;
    }
    /* Leave nothing behind where there is nothing yet. */
    if ((r->o->dry_run || r->o->task == TASK_CHECK_POSTFIX) && access(r->o->ledger, F_OK) != 0)
        return with_ledger(r, LEDGER_MEMORY, LEDGER_WRITE);
    return locked(r);
}

int main(int argc, char **argv)
{
    struct options o;
    struct run r = {.o = &o};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = routegen_options(&o, argc, argv);
    if (status < 0) {
        status = load(&r, &o);
        if (status == 0)
            status = work(&r);
        if (status <= EXIT_FOUND)
            status = exit_worse(status, outfile_text(o.output, &r.out));
    }
    route_conf_free(&r.conf);
    route_means_free(&r.means);
    route_postfix_free(&r.postfix);
    providers_free(r.providers);
    settings_free(&r.settings);
    annotate_free(r.annotate);
    text_free(&r.out);
    routegen_options_free(&o);
    return status;
}
