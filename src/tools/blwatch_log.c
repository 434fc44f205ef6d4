#include "blwatch_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/exits.h"
#include "base/msg.h"

#define STATE_FOLLOW "follow.blwatch"
#define STATE_BLOCKS "blwatch.blocks"
#define STATE_CLOCK "blwatch.clock"

static int no_memory(void)
{
    msg_error("out of memory: nothing was changed: try again");
    return EXIT_TEMPFAIL;
}

/* --- gathering --- */

static const struct listing_touched *copy_touched(struct arena *a, const struct listing_look *k)
{
    struct listing_touched *t = arena_alloc(a, (k->touched_n + 1) * sizeof *t);

    /* the names are provblock's own and stay */
    if (t && k->touched_n)
        memcpy(t, k->touched, k->touched_n * sizeof *t);
    return t;
}

static bool gather(void *user, enum provblock_event event, const struct listing_look *k)
{
    struct watch_log *w = user;
    struct arena *a = &w->arena;

    if (w->looks == w->room) {
        size_t room = w->room ? w->room * 2 : 16;
        struct log_look *more = realloc(w->look, room * sizeof *more);
        if (more == NULL)
            return false;
        w->look = more;
        w->room = room;
    }
    struct listing_look c = *k;
    c.ip = arena_slice(a, k->ip);
    c.provider = arena_slice(a, k->provider);
    c.name = arena_slice(a, k->name);
    c.code = arena_slice(a, k->code);
    c.reason = arena_slice(a, k->reason);
    c.url = arena_slice(a, k->url);
    c.sample = arena_slice(a, k->sample);
    c.over = arena_slice(a, k->over);
    c.touched = copy_touched(a, k);
    w->look[w->looks++] = (struct log_look){event, c};
    return c.ip.p && c.provider.p && c.name.p && c.touched && (c.reason.p || k->reason.n == 0);
}

/* --- reading --- */

static int load_blocks(struct watch_log *w, struct ledger *l)
{
    struct text t = {0};
    int status = 0;

    if (ledger_state(l, STATE_BLOCKS, &t) && !provblock_load(w->blocks, text_slice(&t)))
        msg_warn("what was remembered of refusals can't be read: that begins anew");
    w->clock = ledger_int_of(l, WHEN_NONE,
                             "SELECT CAST(CAST(bytes AS TEXT) AS INTEGER) FROM state"
                             " WHERE name = '" STATE_CLOCK "'",
                             "");
    if (t.failed)
        status = no_memory();
    text_free(&t);
    return exit_worse(status, ledger_failure(l)->status);
}

static int open_log(struct watch_log *w, const struct options *o, struct ledger *l)
{
    struct stream_options so = {.parser = {.year = (int)o->year}, .progress = true};
    struct text t = {0};
    int status = 0;

    if (o->follow == NULL) {
        w->in = stream_open(&so, o->file, o->files);
        return w->in ? 0 : no_memory();
    }
    ledger_state(l, STATE_FOLLOW, &t);
    w->follow = follow_resume(o->follow, text_slice(&t));
    if (w->follow && follow_failure(w->follow)->status) {
        msg_error("%s", failure_text(follow_failure(w->follow)));
        status = follow_failure(w->follow)->status;
    } else if (w->follow == NULL || (w->in = stream_follow(&so, w->follow)) == NULL) {
        status = no_memory();
    }
    text_free(&t);
    return exit_worse(status, ledger_failure(l)->status);
}

/* A time a day ahead is a wrong clock's. */
static bool is_new(const struct watch_log *w, const struct options *o, int64_t time)
{
    int64_t most = (o->now_said && o->now > when_now() ? o->now : when_now()) + WHEN_DAY;

    return time <= most && (o->follow || w->clock == WHEN_NONE || time > w->clock);
}

int watch_log_read(struct watch_log *w, const struct options *o, struct ledger *l,
                   struct annotate *annotate, const struct provblock_options *po)
{
    struct provblock_options mine = *po;
    struct record *r;
    bool raw;

    mine.told = gather;
    mine.user = w;
    w->latest = WHEN_NONE;
    if ((w->blocks = provblock_new(&mine)) == NULL)
        return no_memory();
    int status = load_blocks(w, l);
    if (status == 0)
        status = open_log(w, o, l);
    while (status == 0 && stream_next(w->in, &r, &raw) == STREAM_RECORD) {
        if (!is_new(w, o, r->time))
            continue;
        annotate_record(annotate, r, raw);
        if (r->time > w->latest)
            w->latest = r->time;
        if (!provblock_record(w->blocks, r))
            status = no_memory();
    }
    if (status == 0)
        status = stream_status(w->in);
    return status;
}

bool watch_log_save(struct watch_log *w, const struct options *o, struct ledger *l)
{
    struct text t = {0};
    char number[24];
    bool ok = true;

    if (o->follow)
        ok = stream_save(w->in) && follow_state(w->follow, &t) &&
             ledger_state_set(l, STATE_FOLLOW, text_slice(&t));
    t.n = 0;
    ok = ok && provblock_save(w->blocks, &t) && ledger_state_set(l, STATE_BLOCKS, text_slice(&t));
    if (ok && w->latest != WHEN_NONE && w->latest > w->clock) {
        int n = snprintf(number, sizeof number, "%lld", (long long)w->latest);
        ok = ledger_state_set(l, STATE_CLOCK, slice_of(number, (size_t)n));
    }
    text_free(&t);
    if (!ok && ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return ok;
}

int watch_log_forget(struct ledger *l, const struct provblock_options *po, struct slice ip,
                     struct slice provider)
{
    struct watch_log w = {.blocks = provblock_new(po)};
    struct text t = {0};
    int status = w.blocks ? load_blocks(&w, l) : no_memory();

    if (status == 0) {
        provblock_forget(w.blocks, ip, provider);
        if (provblock_save(w.blocks, &t))
            ledger_state_set(l, STATE_BLOCKS, text_slice(&t));
        else
            status = no_memory();
    }
    text_free(&t);
    watch_log_free(&w);
    return exit_worse(status, ledger_failure(l)->status);
}

void watch_log_free(struct watch_log *w)
{
    stream_close(w->in);
    follow_close(w->follow);
    provblock_free(w->blocks);
    free(w->look);
    arena_free(&w->arena);
}
