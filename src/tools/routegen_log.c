#include "routegen_run.h"

#include <stdio.h>

#include "base/exits.h"
#include "base/msg.h"

#define STATE_FOLLOW "follow.routegen"
#define STATE_CLOCK "routegen.clock"

static int no_memory(void)
{
    msg_error("out of memory: nothing was changed: try again");
    return EXIT_TEMPFAIL;
}

static int open_log(struct run *r)
{
    struct stream_options so = {.parser = {.year = (int)r->o->year}, .progress = true};
    struct text t = {0};
    int status = 0;

    if (r->o->follow == NULL) {
        r->in = stream_open(&so, r->o->file, r->o->files);
        return r->in ? 0 : no_memory();
    }
    ledger_state(r->ledger, STATE_FOLLOW, &t);
    r->follow = follow_resume(r->o->follow, text_slice(&t));
    if (r->follow && follow_failure(r->follow)->status) {
        msg_error("%s", failure_text(follow_failure(r->follow)));
        status = follow_failure(r->follow)->status;
    } else if (r->follow == NULL || (r->in = stream_follow(&so, r->follow)) == NULL) {
        status = no_memory();
    }
    text_free(&t);
    return run_status(r, status);
}

/* A time a day ahead is a wrong clock's; what was read once doesn't count again. */
static bool is_new(const struct run *r, int64_t time)
{
    int64_t most = (r->o->now_said && r->o->now > when_now() ? r->o->now : when_now()) + WHEN_DAY;

    return time <= most && (r->o->follow || r->clock == WHEN_NONE || time > r->clock);
}

int log_read(struct run *r)
{
    struct record *rec;
    bool raw;
    int status = 0;

    r->latest = WHEN_NONE;
    r->clock = ledger_int_of(r->ledger, WHEN_NONE,
                             "SELECT CAST(CAST(bytes AS TEXT) AS INTEGER) FROM state"
                             " WHERE name = '" STATE_CLOCK "'",
                             "");
    r->learn.providers = r->providers;
    r->learn.ledger = r->ledger;
    r->learn.skip[0] = r->conf.hop;
    r->learn.skip[1] = r->conf.scan_hop;
    r->learn.skip_count = route_means_slots(&r->means);
    if (r->o->follow == NULL && r->o->files == 0)
        return run_status(r, 0);
    status = open_log(r);
    while (status == 0 && stream_next(r->in, &rec, &raw) == STREAM_RECORD) {
        if (!is_new(r, rec->time))
            continue;
        if (rec->time > r->latest)
            r->latest = rec->time;
        if (!route_learn_record(&r->learn, rec))
            status = run_status(r, EXIT_TEMPFAIL);
    }
    return status == 0 ? stream_status(r->in) : status;
}

bool log_save(struct run *r, int64_t now)
{
    struct text t = {0};
    char number[24];
    bool ok = route_learn_save(&r->learn, now);

    if (ok && r->o->follow) {
        ok = stream_save(r->in) && follow_state(r->follow, &t);
        if (!ok)
            ledger_fail(r->ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
        ok = ok && ledger_state_set(r->ledger, STATE_FOLLOW, text_slice(&t));
    }
    if (ok && r->latest != WHEN_NONE && r->latest > r->clock) {
        int n = snprintf(number, sizeof number, "%lld", (long long)r->latest);
        ok = ledger_state_set(r->ledger, STATE_CLOCK, slice_of(number, (size_t)n));
    }
    text_free(&t);
    return ok;
}

void log_free(struct run *r)
{
    stream_close(r->in);
    follow_close(r->follow);
    route_learn_free(&r->learn);
}
