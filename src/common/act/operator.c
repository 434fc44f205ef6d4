#include "act/operator.h"

#include "base/exits.h"

#define TOOL SL("senderblock")

static void add_time(struct text *t, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    text_add(t, slice_of(buf, when_print(buf, us, 0)));
}

static int64_t find(struct ledger *l, struct slice name)
{
    int64_t id = ledger_int_of(l, 0,
                               "SELECT id FROM incidents WHERE state <> 'closed' AND"
                               " scope = 'customer' AND customer = ?",
                               "t", name);

    return id ? id
              : ledger_int_of(l, 0,
                              "SELECT id FROM incidents WHERE state <> 'closed' AND"
                              " scope <> 'customer' AND identity = ?",
                              "t", name);
}

/* 0 when it may be reinstated. */
static int check(const struct incident *i, const struct settings *settings,
                 const struct reinstatement *r, struct failure *failure)
{
    struct text last = {0};

    if (i->state == INCIDENT_REINSTATED)
        return failure_set(failure, EXIT_USAGE, "%.*s: incident %lld is reinstated already",
                           (int)r->customer.n, r->customer.p, (long long)i->id);
    if (i->state == INCIDENT_WATCH)
        return failure_set(failure, EXIT_USAGE,
                           "%.*s: incident %lld is only watched: nothing is refused",
                           (int)r->customer.n, r->customer.p, (long long)i->id);
    if (r->force || i->last_attempt == WHEN_NONE ||
        r->now - i->last_attempt >= settings->quiet * WHEN_SECOND)
        return 0;
    add_time(&last, i->last_attempt);
    failure_set(failure, EXIT_FOUND,
                "%.*s: not reinstated: it still tries to send what is refused, %lld times, last "
                "at %.*s: wait until it has been quiet for %lld hours, or say --force",
                (int)r->customer.n, r->customer.p, (long long)i->attempts, (int)last.n, last.p,
                (long long)(settings->quiet / 3600));
    text_free(&last);
    return EXIT_FOUND;
}

static void reason_of(struct text *t, const struct incident *i, const struct reinstatement *r)
{
    text_add(t, SL("ticket "));
    text_add(t, r->ticket);
    text_add(t, SL(": "));
    text_add(t, r->statement);
    if (i->last_attempt == WHEN_NONE)
        return;
    text_addf(t, " (%lld attempts were refused, the last at ", (long long)i->attempts);
    add_time(t, i->last_attempt);
    text_add(t, r->force ? SL("; forced)") : SL(")"));
}

int operator_reinstate(struct ledger *l, const struct settings *settings,
                       const struct reinstatement *r, struct text *out, struct failure *failure)
{
    struct arena arena = {0};
    struct incident i;
    struct text reason = {0};
    int64_t id = find(l, r->customer);
    int status = 0;

    if (id == 0)
        status = failure_set(failure, EXIT_USAGE,
                             "%.*s: has no open incident: `senderblock --show` lists them",
                             (int)r->customer.n, r->customer.p);
    else if (incident_get(l, id, &arena, &i))
        status = check(&i, settings, r, failure);
    if (status == 0 && id) {
        i.before = i.state;
        i.state = INCIDENT_REINSTATED;
        i.reinstated = r->now;
        i.slot = 0;
        reason_of(&reason, &i, r);
        ledger_run(l,
                   "INSERT INTO tickets (incident, ticket, statement, time, by, forced)"
                   " VALUES (?, ?, ?, ?, ?, ?)",
                   "ittiti", i.id, r->ticket, r->statement, r->now, r->by, (int64_t)r->force);
        int64_t lifted = incident_lift(l, &i, r->now, r->by);
        incident_save(l, &i);
        ledger_journal(l, r->now, TOOL, r->by, i.id, 0, SL("reinstated"), text_slice(&reason));
        announce(l, &(struct announcement){.event = "reinstated",
                                           .incident = &i,
                                           .time = r->now,
                                           .reason = text_slice(&reason),
                                           .deadline = WHEN_NONE,
                                           .ticket = r->ticket,
                                           .statement = r->statement});
        text_add_visible(out, r->customer);
        text_addf(out,
                  ": reinstated, incident %lld: %lld action%s lifted; watched for %lld hours "
                  "at half the threshold\n",
                  (long long)i.id, (long long)lifted, lifted == 1 ? "" : "s",
                  (long long)(settings->forget / 3600));
    }
    text_free(&reason);
    arena_free(&arena);
    return status ? status : ledger_failure(l)->status;
}

static bool parse_action(struct slice s, int64_t *incident, int64_t *rule)
{
    const char *dot = slice_chr(s, '.');
    uint64_t a, b;

    if (dot == NULL || !slice_u64(slice_range(s.p, dot), &a) ||
        !slice_u64(slice_range(dot + 1, s.p + s.n), &b) || a > INT32_MAX || b > INT32_MAX)
        return false;
    *incident = (int64_t)a;
    *rule = (int64_t)b;
    return true;
}

/* Nothing of it stands any more: it is only watched. */
static void end_incident(struct ledger *l, struct incident *i, int64_t now)
{
    int64_t left = ledger_int_of(
        l, 0, "SELECT count(*) FROM actions WHERE incident = ? AND until IS NULL", "i", i->id);

    if (left)
        return;
    i->state = INCIDENT_WATCH;
    i->slot = 0;
    i->clock = WHEN_NONE;
    i->last_spam = now;
    incident_save(l, i);
}

int operator_undo(struct ledger *l, struct slice action, struct slice by, int64_t now,
                  struct text *out, struct failure *failure)
{
    struct arena arena = {0};
    struct incident i;
    struct text reason = {0};
    int64_t incident, rule;

    if (!parse_action(action, &incident, &rule))
        return failure_set(failure, EXIT_USAGE, "%.*s: an action is written INCIDENT.RULE, as 7.1",
                           (int)action.n, action.p);
    ledger_run(l,
               "UPDATE actions SET until = ?, ended_by = ?"
               " WHERE incident = ? AND rule = ? AND until IS NULL",
               "itii", now, by, incident, rule);
    if (ledger_changes(l) == 0)
        return ledger_failure(l)->status
                   ? ledger_failure(l)->status
                   : failure_set(failure, EXIT_USAGE,
                                 "%.*s: no such action stands: `senderblock --show` lists them",
                                 (int)action.n, action.p);
    text_addf(&reason, "action %lld.%lld was taken back", (long long)incident, (long long)rule);
    if (incident_get(l, incident, &arena, &i)) {
        end_incident(l, &i, now);
        ledger_journal(l, now, TOOL, by, i.id, 0, SL("undone"), text_slice(&reason));
        announce(l, &(struct announcement){.event = "undone",
                                           .incident = &i,
                                           .time = now,
                                           .reason = text_slice(&reason),
                                           .deadline = WHEN_NONE});
        text_add(out, text_slice(&reason));
        text_addc(out, '\n');
    }
    text_free(&reason);
    arena_free(&arena);
    return ledger_failure(l)->status;
}
