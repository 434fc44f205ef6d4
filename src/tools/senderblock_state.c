#include "senderblock_state.h"

#include <stdio.h>

#include "base/exits.h"
#include "base/msg.h"
#include "base/when.h"

static int no_memory(struct ledger *l)
{
    return ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
}

static int load_scores(const struct options *o, struct ledger *l, struct scorer *scorer,
                       struct slice saved, bool *usable)
{
    *usable = false;
    switch (scorer_load(scorer, saved)) {
    case SCORER_LOADED:
        *usable = true;
        break;
    case SCORER_NO_MEMORY:
        return no_memory(l);
    case SCORER_OTHER_VERSION:
        msg_warn("%s: scores of another version: judging begins anew", o->ledger);
        break;
    case SCORER_DAMAGED:
        msg_warn("%s: its scores are damaged: judging begins anew", o->ledger);
        break;
    }
    return 0;
}

int state_load(const struct options *o, struct ledger *l, struct follow **follow,
               struct stream **in, struct scorer *scorer, bool *usable)
{
    struct stream_options so = {.parser = {.year = (int)o->year}, .progress = true};
    struct text t = {0};
    int status = 0;

    *usable = true;
    ledger_state(l, "follow", &t);
    *follow = follow_resume(o->follow, text_slice(&t));
    if (*follow && follow_failure(*follow)->status)
        status = ledger_fail(l, follow_failure(*follow)->status, "%s",
                             failure_text(follow_failure(*follow)));
    else if (*follow == NULL || (*in = stream_follow(&so, *follow)) == NULL)
        status = no_memory(l);
    else if (ledger_state(l, "scores", &t))
        status = load_scores(o, l, scorer, text_slice(&t), usable);
    text_free(&t);
    return status ? status : ledger_failure(l)->status;
}

int state_save(struct ledger *l, struct follow *follow, struct stream *in,
               const struct scorer *scorer)
{
    struct text t = {0};
    bool ok = stream_save(in) && follow_state(follow, &t) &&
              ledger_state_set(l, "follow", text_slice(&t));

    t.n = 0;
    ok = ok && scorer_save(scorer, &t) && ledger_state_set(l, "scores", text_slice(&t));
    text_free(&t);
    if (ok)
        return 0;
    return ledger_failure(l)->status ? ledger_failure(l)->status : no_memory(l);
}

int64_t state_clock(struct ledger *l)
{
    return ledger_int_of(l, WHEN_NONE,
                         "SELECT CAST(CAST(bytes AS TEXT) AS INTEGER) FROM state"
                         " WHERE name = 'clock'",
                         "");
}

void state_set_clock(struct ledger *l, int64_t time)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%lld", (long long)time);

    ledger_state_set(l, "clock", slice_of(number, (size_t)n));
}
