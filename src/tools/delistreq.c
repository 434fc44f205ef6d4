/* delistreq: may our addresses be taken off the lists they are on, and the requests for it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/delist_record.h"
#include "act/delist_reply.h"
#include "act/delist_show.h"
#include "act/notice_escape.h"
#include "base/exits.h"
#include "base/lockfile.h"
#include "base/msg.h"
#include "base/outfile.h"
#include "delistreq_config.h"

struct run {
    const struct options *o;
    const struct delistreq_config *c;
    struct ledger *l;
    struct delists d;
    struct text out;
    struct failure failure;
    bool writes, begun;
};

static int failed(struct run *r)
{
    return ledger_failure(r->l)->status ? ledger_failure(r->l)->status : r->failure.status;
}

/* Is there a listing whose cause isn't gone? */
static int found(const struct delists *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct delist *x = &d->list[i];
        if (x->provider && x->cause >= CAUSE_RECENT && x->verdict != DELIST_GOING)
            return EXIT_FOUND;
    }
    return EXIT_DONE;
}

/* What is read takes longer than what is written: others needn't wait for it. */
static int begin(struct run *r)
{
    r->begun = r->writes && ledger_begin(r->l);
    return failed(r);
}

static int load(struct run *r)
{
    if (!delists_load(&r->d, r->l, &r->c->office, r->o->listing))
        return failed(r);
    if (r->o->listing && r->d.n == 0)
        return failure_set(&r->failure, EXIT_USAGE,
                           "%lld: there is no such listing: delistreq alone lists them",
                           (long long)r->o->listing);
    return 0;
}

/* --- what is done --- */

static int show(struct run *r)
{
    struct table_style style = table_style_of(STDOUT_FILENO);
    int status = load(r);

    if (status)
        return status;
    if (r->o->format == FORMAT_TABLE)
        delist_show_table(&r->out, &r->d, &style);
    else if (r->o->format == FORMAT_TSV)
        delist_show_tsv(&r->out, &r->d);
    else
        delist_show_json(&r->out, &r->d);
    return found(&r->d);
}

static int print_mail(struct run *r, struct delist_request *q, const struct delist *x)
{
    if (r->o->to)
        q->to = slice_str(r->o->to);
    if (q->way != PROVIDER_MAIL)
        return failure_set(
            &r->failure, EXIT_USAGE, "listing %lld: goes by %.*s, not by mail: leave --mail out",
            (long long)x->id, (int)delist_way_name(q->way).n, delist_way_name(q->way).p);
    if (!delist_request_mailable(q))
        return failure_set(&r->failure, EXIT_USAGE,
                           "listing %lld: its mail address isn't known: look at %.*s and name it "
                           "with --to",
                           (long long)x->id, q->to.n ? (int)q->to.n : 9,
                           q->to.n ? q->to.p : "the reply");
    delist_request_mail(&r->out, q, x, &r->c->office);
    if (q->id)
        msg_info("nothing has been sent; when you have: delistreq --sent %lld", (long long)q->id);
    for (struct slice rest = SLICE_NONE, line; delist_request_note(q, &rest, &line);)
        msg_info("listing %lld: %.*s", (long long)x->id, (int)line.n, line.p);
    return 0;
}

static int print_request(struct run *r, const struct delist *x)
{
    struct delist_request q = {.id = 0};
    int status = delist_request_make(&q, x, &r->c->office, r->l, &r->failure);

    if (status == 0 && !r->o->dry_run &&
        !delist_record_draft(r->l, &q, x, slice_str(r->o->by), r->o->now))
        status = failed(r);
    if (status == 0 && r->o->mail)
        status = print_mail(r, &q, x);
    else if (status == 0 && r->o->format == FORMAT_JSON)
        delist_request_json(&r->out, &q, x);
    else if (status == 0) {
        if (r->out.n)
            text_addc(&r->out, '\n');
        delist_request_print(&r->out, &q, x);
    }
    delist_request_free(&q);
    return status;
}

/* With --all that isn't a mistake. */
static void refuse(const struct delist *x, bool all)
{
    struct slice verdict = delist_verdict_name(x->verdict);

    (all ? msg_info : msg_error)("listing %lld, %.*s at %.*s: %.*s: %.*s%s%.*s", (long long)x->id,
                                 (int)x->ip.n, x->ip.p, (int)x->list.n, x->list.p, (int)verdict.n,
                                 verdict.p, (int)x->reason.n, x->reason.n ? x->reason.p : "",
                                 x->reason.n && x->next.n ? ": " : "", (int)x->next.n,
                                 x->next.n ? x->next.p : "");
}

static int ask(struct run *r)
{
    int status = delistreq_config_asks(r->c), result = EXIT_DONE;

    if (status == 0)
        status = load(r);
    if (status == 0)
        status = begin(r);
    for (size_t i = 0; status == 0 && i < r->d.n; i++) {
        if (r->d.list[i].may_ask) {
            status = print_request(r, &r->d.list[i]);
        } else {
            refuse(&r->d.list[i], r->o->all);
            result = r->o->listing ? EXIT_FOUND : result;
        }
    }
    return status ? status : exit_worse(result, found(&r->d));
}

static int state_cause(struct run *r)
{
    const struct options *o = r->o;
    const char *texts[] = {o->cause, o->measure};
    int64_t fixed = o->fixed == WHEN_NONE ? o->now : o->fixed;
    int status = load(r);

    if (status)
        return status;
    if (fixed > o->now)
        return failure_set(&r->failure, EXIT_USAGE,
                           "--fixed: lies ahead: state the cause when it has been removed");
    for (size_t i = 0; i < 2; i++) {
        struct slice name = delist_names(&r->d.list[0], slice_str(texts[i]));
        if (name.n || *texts[i] == '\0')
            return failure_set(&r->failure, EXIT_USAGE,
                               name.n ? "`%.*s': a request never names customers or their "
                                        "addresses: say it without"
                                      : "--cause and --measure: say what it was, and what was "
                                        "done%.*s",
                               (int)name.n, name.n ? name.p : "");
    }
    begin(r);
    delist_record_cause(r->l, o->listing, slice_str(o->cause), slice_str(o->measure), fixed,
                        slice_str(o->by), o->now);
    text_addf(&r->out, "listing %lld: the cause is noted; delistreq says when to ask\n",
              (long long)o->listing);
    return failed(r);
}

static int work(struct run *r)
{
    const struct options *o = r->o;
    struct slice by = slice_str(o->by);
    int status = o->sent || o->answered ? begin(r) : 0;

    if (status)
        return status;
    if (o->sent)
        return delist_record_sent(r->l, o->sent, by, o->now, &r->out, &r->failure);
    if (o->answered)
        return delist_record_answer(r->l, o->answered, slice_str(o->answer), by, o->now, &r->out,
                                    &r->failure);
    if (o->cause)
        return state_cause(r);
    return o->listing || o->all ? ask(r) : show(r);
}

/* --- around it --- */

static bool writes(const struct options *o)
{
    return !o->dry_run && (o->sent || o->answered || o->cause || o->listing || o->all);
}

/* One writing run at a time. */
static int take_lock(struct lockfile *lock, const char *ledger, struct failure *failure)
{
    char *path;

    if (asprintf(&path, "%s.delistreq.lock", ledger) < 0)
        return failure_memory(failure);
    int status = lockfile_take(lock, path, failure);
    free(path);
    return status;
}

static int with_ledger(struct run *r)
{
    struct lockfile lock = {.fd = -1};
    int status = 0;

    /* a ledger without listings is nothing to begin with */
    r->writes = writes(r->o) && access(r->c->ledger, F_OK) == 0;
    if (r->writes)
        status = take_lock(&lock, r->c->ledger, &r->failure);
    r->l = status ? NULL : ledger_open(r->c->ledger, r->writes ? LEDGER_WRITE : LEDGER_READ);
    if (status == 0 && r->l == NULL)
        status = failure_memory(&r->failure);
    if (r->l) {
        status = ledger_failure(r->l)->status;
        if (status == 0)
            status = work(r);
        if (status <= EXIT_FOUND && r->begun)
            status = exit_worse(status, ledger_commit(r->l));
        if (ledger_failure(r->l)->status)
            msg_error("%s", failure_text(ledger_failure(r->l)));
        ledger_close(r->l);
    }
    if (r->failure.status)
        msg_error("%s", failure_text(&r->failure));
    lockfile_drop(&lock);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    struct delistreq_config c = {.providers = NULL};
    struct run r = {.o = &o, .c = &c};

    msg_init(argv[0]);
    setlocale(LC_CTYPE, "");
    int status = delistreq_options(&o, argc, argv);
    if (status >= 0)
        return status;
    status = delistreq_config_load(&c, &o);
    if (status == 0 && !o.check)
        status = with_ledger(&r);
    if (status <= EXIT_FOUND)
        status = exit_worse(status, outfile_text(NULL, &r.out));
    delists_free(&r.d);
    text_free(&r.out);
    failure_free(&r.failure);
    delistreq_config_free(&c);
    return status;
}
