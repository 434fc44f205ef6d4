#include "act/delist_parts.h"

#define HOUR (3600 * WHEN_SECOND)
#define USUAL (24 * HOUR) /* of a list whose time isn't known */
#define LONGEST_GAP (14 * WHEN_DAY)
#define NAMED 3u /* culprits that a reason names */

struct decision {
    struct delist *x;
    const struct delist_office *o;
    struct text reason, next;
    int64_t quiet;
};

static void add(struct text *t, const char *s)
{
    text_add(t, slice_str(s));
}

static void add_at(struct text *t, const char *before, int64_t us)
{
    add(t, before);
    delist_add_time(t, us);
}

/* --- the cause --- */

static void name_culprit(struct text *t, const struct delist_culprit *c)
{
    add(t, c->login ? "login " : "client ");
    text_add_visible(t, c->identity);
    if (c->customer.n) {
        add(t, " of ");
        text_add_visible(t, c->customer);
    }
    if (c->incident)
        text_addf(t, " (incident %lld)", (long long)c->incident);
}

static void say_culprit(struct text *t, const struct delist_culprit *c)
{
    name_culprit(t, c);
    switch (c->state) {
    case CULPRIT_SENDING:
        add_at(t, " still sends: mail left at ", c->ended);
        add_at(t,
               c->judged == c->reinstated ? ", after it was reinstated at "
                                          : ", after the block of ",
               c->judged);
        break;
    case CULPRIT_FREE:
        add(t, " is not blocked: its block was taken back");
        break;
    case CULPRIT_NO_TICKET:
        add(t, " was reinstated without a ticket that says how it was cleaned up");
        break;
    case CULPRIT_WATCHED:
        add_at(t, " is only watched, nothing of it is refused; its last spam left at ", c->ended);
        break;
    case CULPRIT_UNFLAGGED:
        text_addf(t,
                  " was not flagged, but %lld of its %lld messages were refused or look like spam",
                  (long long)c->refused, (long long)c->messages);
        break;
    case CULPRIT_TRYING:
        add_at(t, " is stopped, but still tries: the last time at ", c->last_attempt);
        break;
    case CULPRIT_RECENT:
        add_at(t, " is stopped; the last sign of it was at ", c->sign);
        break;
    case CULPRIT_FIXED:
        add(t, c->stage == INCIDENT_REINSTATED || c->stage == INCIDENT_CLOSED ? " was cleaned up"
                                                                              : " is stopped");
        add_at(t, " and has been quiet since ", c->sign);
        break;
    }
}

static void say_culprits(struct decision *d)
{
    const struct delist *x = d->x;

    for (size_t i = 0; i < x->culprits && i < NAMED; i++) {
        add(&d->reason, i ? "; " : "");
        say_culprit(&d->reason, &x->culprit[i]);
    }
    if (x->culprits > NAMED)
        text_addf(&d->reason, "; and %zu more", x->culprits - NAMED);
}

static bool is_policy(const struct delist *x)
{
    struct slice p = x->policy ? x->policy->policy : SLICE_NONE;

    return p.n && (slice_eq(p, SL("*")) || slice_find(x->sample, p) || slice_find(x->said, p));
}

/* Whoever wasn't flagged is the operator's to judge: his own word on the cause goes before it. */
static enum delist_cause cause_of(const struct delist *x, int64_t quiet, int64_t now)
{
    bool said = x->stated.n > 0, counted = false;
    enum delist_cause worst = CAUSE_GONE;

    for (size_t i = 0; i < x->culprits; i++) {
        enum culprit_state s = x->culprit[i].state;
        if (s == CULPRIT_UNFLAGGED && said)
            continue;
        counted = true;
        if (s >= CULPRIT_WATCHED)
            return CAUSE_UNFIXED;
        if (s != CULPRIT_FIXED)
            worst = CAUSE_RECENT;
    }
    if (said && x->fixed != WHEN_NONE && x->fixed + quiet > now)
        worst = CAUSE_RECENT;
    if (counted || said)
        return worst;
    return is_policy(x) ? CAUSE_NONE : CAUSE_UNKNOWN;
}

static int64_t ready_at(const struct delist *x, int64_t quiet)
{
    int64_t at = x->stated.n && x->fixed != WHEN_NONE ? x->fixed + quiet : WHEN_NONE;

    for (size_t i = 0; i < x->culprits; i++)
        if (x->culprit[i].ready > at)
            at = x->culprit[i].ready;
    return at;
}

static void next_of_unfixed(struct decision *d)
{
    const struct delist_culprit *c = d->x->culprits ? &d->x->culprit[0] : NULL;

    if (c == NULL)
        return;
    if (c->state == CULPRIT_UNFLAGGED) {
        add(&d->next, "look at it with spamscore --explain, and block it; or say what the cause "
                      "was: delistreq ");
        text_addf(&d->next, "%lld --cause TEXT --measure TEXT", (long long)d->x->id);
    } else {
        text_addf(&d->next, "senderblock --show %lld: ", (long long)c->incident);
        add(&d->next, c->state == CULPRIT_SENDING
                          ? "are its maps installed, or was the mail queued?"
                          : "stop it, or wait until it is closed");
    }
}

static void decide_cause(struct decision *d)
{
    struct delist *x = d->x;

    x->cause = cause_of(x, d->quiet, d->o->now);
    switch (x->cause) {
    case CAUSE_UNFIXED:
        say_culprits(d);
        next_of_unfixed(d);
        break;
    case CAUSE_RECENT:
        say_culprits(d);
        if (x->stated.n && x->fixed != WHEN_NONE) {
            add(&d->reason, x->culprits ? "; " : "");
            add_at(&d->reason, "the cause, as it was stated, was removed at ", x->fixed);
        }
        x->at = ready_at(x, d->quiet);
        add_at(&d->next, "nothing may be seen of it until ", x->at);
        break;
    case CAUSE_UNKNOWN:
        add(&d->reason, "nobody was found who sent spam through this address between ");
        delist_add_time(&d->reason, x->first - d->o->before);
        add(&d->reason, " and now");
        add(&d->next, "is the log of that time read by senderblock, and does `outbound` name each "
                      "syslog name? Look at spamscore's suspects, at bounces and at mail that "
                      "isn't the relay's; then say the cause: delistreq ");
        text_addf(&d->next, "%lld --cause TEXT --measure TEXT", (long long)x->id);
        break;
    case CAUSE_NONE:
        add(&d->reason, "a matter of the list's policy: nobody need have sent spam");
        break;
    default:
        if (x->stated.n && x->culprits == 0)
            add(&d->reason, "the cause, as it was stated, has been removed");
        else
            say_culprits(d);
    }
}

/* --- the list --- */

static int64_t usual(const struct provider *p)
{
    return p->clears ? p->clears * HOUR : USUAL;
}

/* Until when no further request may go out; WHEN_NONE: none did. */
static int64_t gap_end(const struct delist *x)
{
    const struct provider *p = x->provider;
    int64_t gap = p->gap ? p->gap * HOUR : p->lockout ? usual(p) : p->clears * HOUR;

    if (x->asked_last == WHEN_NONE)
        return WHEN_NONE;
    for (unsigned i = 1; p->lockout && i < x->asked_before && gap < LONGEST_GAP; i++)
        gap *= 2;
    return x->asked_last + (gap > LONGEST_GAP ? LONGEST_GAP : gap);
}

/* An open listing of the same address that has to go first, or 0. */
static int64_t first_one(const struct delist *x, struct ledger *l, struct slice *which,
                         struct arena *arena)
{
    struct ledger_rows r = ledger_query(l,
                                        "SELECT id, provider FROM listings WHERE ip = ? AND"
                                        " state IN ('listed', 'clearing') AND id <> ? ORDER BY id",
                                        "ti", x->ip, x->id);
    int64_t found = 0;

    while (x->policy && !found && ledger_next(&r))
        if (delist_word_in(x->policy->after, ledger_text(&r, 1))) {
            found = ledger_int(&r, 0);
            *which = arena_slice(arena, ledger_text(&r, 1));
        }
    ledger_done(&r);
    return found;
}

static void by_itself(struct decision *d)
{
    struct delist *x = d->x;
    int64_t last = x->first;

    for (size_t i = 0; i < x->culprits; i++)
        if (x->culprit[i].ended > last)
            last = x->culprit[i].ended;
    x->verdict = DELIST_BY_ITSELF;
    if (d->next.n) { /* as long as it goes on, that time doesn't begin */
        add(&d->next, "; then it goes by itself, ");
        if (x->provider->expires) {
            delist_add_span(&d->next, x->provider->expires * HOUR);
            add(&d->next, " after the last sign");
        } else {
            add(&d->next, "in time");
        }
        add(&d->next, ": requests are useless");
    }
    if (x->provider->expires)
        x->at = last + x->provider->expires * HOUR;
    if (d->next.n)
        return;
    if (x->at != WHEN_NONE) {
        add_at(&d->next, "goes by itself, not before ", x->at);
        add(&d->next, x->at <= d->o->now
                          ? ": that is over, so run blwatch, or it was seen again"
                          : ", and only if nothing new is seen; requests are useless");
    } else {
        add(&d->next, "goes by itself; requests are useless");
    }
}

static void asked(struct decision *d)
{
    struct delist *x = d->x;
    int64_t over = x->asked + usual(x->provider), again = gap_end(x);

    x->verdict = d->o->now < over ? DELIST_WAITING : DELIST_FOLLOW_UP;
    x->at = x->verdict == DELIST_WAITING ? over : again;
    x->may_ask = x->verdict == DELIST_FOLLOW_UP && again <= d->o->now;
    d->next.n = 0;
    add(&d->next, "asked ");
    delist_add_span(&d->next, d->o->now - x->asked);
    add(&d->next, " ago, usual time ");
    delist_add_span(&d->next, usual(x->provider));
    if (x->verdict == DELIST_WAITING) {
        add(&d->next, x->answer.n ? ": reply to their answer, or wait" : ": wait");
        return;
    }
    add(&d->next, x->last < x->asked ? ": look again with blwatch"
                  : x->answer.n      ? ": reply to their answer"
                                     : ": look again, or reply to the ticket");
    if (x->may_ask)
        text_addf(&d->next, "; or ask again: delistreq %lld", (long long)x->id);
    else
        add_at(&d->next, "; ask again not before ", again);
}

static bool cause_allows(const struct delist *x)
{
    return x->cause == CAUSE_GONE || x->cause == CAUSE_NONE;
}

static void decide_request(struct decision *d, struct ledger *l, struct arena *arena)
{
    struct delist *x = d->x;
    struct slice which = SLICE_NONE;
    int64_t other = first_one(x, l, &which, arena), gap = gap_end(x);

    if (!cause_allows(x)) {
        x->verdict = DELIST_REFUSED;
    } else if (other) {
        x->verdict = DELIST_BEHIND;
        text_addf(&d->next, "first listing %lld, %.*s: they don't take requests before it is gone",
                  (long long)other, (int)which.n, which.p);
    } else if (x->asked != WHEN_NONE) {
        asked(d);
    } else if (gap > d->o->now) {
        x->verdict = DELIST_TOO_EARLY;
        x->at = gap;
        text_addf(&d->next, "%u request%s for this address in 30 days: the next one not before ",
                  x->asked_before, x->asked_before == 1 ? "" : "s");
        delist_add_time(&d->next, gap);
    } else {
        x->verdict = DELIST_ALLOWED;
        x->may_ask = true;
        text_addf(&d->next, "%s%lld",
                  x->request ? "send it, then say delistreq --sent " : "delistreq ",
                  (long long)(x->request ? x->request : x->id));
        if (x->provider->owner_only)
            add(&d->next,
                " (only the owner of the network may ask: if that isn't you, pass it on)");
        if (x->provider->expires) {
            add(&d->next, "; without a request it goes by itself, ");
            delist_add_span(&d->next, x->provider->expires * HOUR);
            add(&d->next, " after the last sign");
        }
    }
}

static void decide(struct decision *d, struct ledger *l, struct arena *arena)
{
    struct delist *x = d->x;

    if (x->provider == NULL) {
        x->verdict = DELIST_UNKNOWN;
        add(&d->next, "providers.conf has no section ");
        text_add_visible(&d->next, x->list);
        add(&d->next, ": write one, or ask by hand");
        return;
    }
    decide_cause(d);
    if (slice_eq(x->state, SL("seen"))) {
        x->verdict = DELIST_UNCONFIRMED;
        d->next.n = 0;
        add(&d->next, "one look found it: wait for the second one (blwatch)");
    } else if (!slice_eq(x->state, SL("listed"))) {
        x->verdict = DELIST_GOING;
        d->next.n = 0;
        add(&d->next, slice_eq(x->state, SL("clear")) ? "it is off the list: nothing to do"
                                                      : "the latest look didn't find it: wait for "
                                                        "the second one (blwatch)");
    } else if (x->provider->way == PROVIDER_NO_WAY) {
        x->verdict = DELIST_NOBODY;
        if (d->next.n == 0)
            add(&d->next, "nobody takes requests: remove the cause and slow down; it goes in time");
    } else if (x->provider->way == PROVIDER_AUTOMATIC) {
        by_itself(d);
    } else {
        decide_request(d, l, arena);
    }
}

bool delist_decide(struct delist *x, struct ledger *l, const struct delist_office *o,
                   struct arena *arena)
{
    struct decision d = {.x = x, .o = o, .quiet = o->quiet};

    if (x->provider && x->provider->quiet * HOUR > d.quiet)
        d.quiet = x->provider->quiet * HOUR;
    decide(&d, l, arena);
    if (x->cleared != WHEN_NONE) {
        add_at(&d.reason,
               d.reason.n ? "; relisted: it was off this list from "
                          : "relisted: it was off this list from ",
               x->cleared);
        add_at(&d.reason, " to ", x->first);
    }
    bool good = !d.reason.failed && !d.next.failed;
    x->reason = arena_slice(arena, text_slice(&d.reason));
    x->next = arena_slice(arena, text_slice(&d.next));
    good = good && (x->reason.p || d.reason.n == 0) && (x->next.p || d.next.n == 0);
    text_free(&d.reason);
    text_free(&d.next);
    return good;
}
