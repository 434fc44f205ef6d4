#include "act/escalate_parts.h"

#include <stdlib.h>

#include "act/mapfile.h"
#include "base/exits.h"

#define TOOL SL("senderblock")

struct escalate *escalate_new(const struct escalate_options *options)
{
    struct escalate *e = calloc(1, sizeof *e);

    if (e == NULL)
        return NULL;
    e->o = *options;
    e->now = e->due = WHEN_NONE;
    if (probation_load(e))
        return e;
    escalate_free(e);
    return NULL;
}

void escalate_free(struct escalate *e)
{
    if (e == NULL)
        return;
    arena_free(&e->arena);
    text_free(&e->text);
    arena_free(&e->kept);
    free(e);
}

struct escalate_counts escalate_counts(const struct escalate *e)
{
    return e->counts;
}

size_t escalate_max_new(const struct customers *customers)
{
    size_t hundredth = customers ? customers_count(customers) / 100 : 0;

    return hundredth > 10 ? hundredth : 10;
}

const struct customer *escalate_customer(const struct escalate *e, const struct incident *i)
{
    return i->owner.whole ? customers_by_key(e->o.customers, i->owner.customer) : NULL;
}

int64_t escalate_deadline(const struct escalate *e, const struct incident *i)
{
    return i->clock == WHEN_NONE ? WHEN_NONE : i->clock + e->o.settings->deadline * WHEN_SECOND;
}

void escalate_add_time(struct text *t, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    text_add(t, slice_of(buf, when_print(buf, us, 0)));
}

void escalate_note(struct escalate *e, const struct incident *i, const char *what, int64_t time)
{
    struct text line = {0};

    ledger_journal(e->o.ledger, time, TOOL, TOOL, i->id, 0, slice_str(what), text_slice(&e->text));
    text_add_visible(&line, i->owner.whole ? i->owner.customer : i->owner.identity);
    if (i->owner.partner.n) {
        text_add(&line, SL(" ("));
        text_add_visible(&line, i->owner.partner);
        text_addc(&line, ')');
    }
    text_addf(&line, ", incident %lld, %s: ", (long long)i->id, what);
    text_add_visible(&line, text_slice(&e->text));
    if (e->o.told && !line.failed)
        e->o.told(e->o.user, text_slice(&line));
    text_free(&line);
}

/* "login bob@acme.example, 41 messages since 2026-…" */
void escalate_add_who(struct text *t, const struct suspect *s)
{
    text_addf(t, "%s ", identity_kind_name(s->kind).p);
    text_add(t, s->identity);
    text_addf(t, ", %llu messages to %llu recipients since ", (unsigned long long)s->messages,
              (unsigned long long)s->recipients);
    escalate_add_time(t, s->since);
    text_addf(t, ", score %.1f of %.1f: ", s->score, s->threshold);
}

void escalate_add_tag(struct text *t, const struct incident *i, unsigned number)
{
    text_addf(t, " [mp %lld.%u]", (long long)i->id, number);
}

void escalate_tell(struct escalate *e, const char *event, const struct incident *i,
                   const struct suspect *s, int64_t time, const char *type, unsigned number,
                   const struct rule *rule, const struct trail_list *evidence)
{
    bool suspended = i->state == INCIDENT_SUSPENDED;

    announce(e->o.ledger,
             &(struct announcement){.event = event,
                                    .incident = i,
                                    .time = time,
                                    .reason = text_slice(&e->text),
                                    .s = s,
                                    .rule = rule,
                                    .type = type,
                                    .number = number,
                                    .deadline = i->state == INCIDENT_RULE ? escalate_deadline(e, i)
                                                                          : WHEN_NONE,
                                    .customer = suspended ? escalate_customer(e, i) : NULL,
                                    .evidence = evidence});
}

static void let_go(struct escalate *e, const struct suspect *s)
{
    if (e->o.dealt && s->state >= STATE_COMPROMISED)
        e->o.dealt(e->o.user, s->kind, s->identity);
}

static void watch(struct escalate *e, struct incident *i, const struct suspect *s, bool fresh,
                  bool never)
{
    i->last_spam = s->time;
    incident_save(e->o.ledger, i);
    if (!fresh &&
        (!never || ledger_int_of(e->o.ledger, 0, "SELECT count(*) FROM notices WHERE incident = ?",
                                 "i", i->id) > 0))
        return;
    e->text.n = 0;
    escalate_add_who(&e->text, s);
    text_add(&e->text, never ? SL("compromised, but it stands in never_block: nothing is refused")
                             : SL("one kind of evidence alone: nothing is refused"));
    escalate_note(e, i, "watch", s->time);
    if (never || e->o.settings->notify_watch)
        escalate_tell(e, "watch", i, s, s->time, NULL, 0, NULL, NULL);
}

void escalate_suspend(struct escalate *e, struct incident *i, const struct suspect *s, int64_t time)
{
    incident_lift(e->o.ledger, i, time, SL("suspension"));
    unsigned number = incident_act(e->o.ledger, i, ACTION_SUSPENSION, NULL, time);
    i->state = INCIDENT_SUSPENDED;
    i->slot = 0;
    incident_save(e->o.ledger, i);
    e->text.n = 0;
    text_add(&e->text, SL("spam from several addresses still left at "));
    escalate_add_time(&e->text, i->last_spam);
    if (i->clock != WHEN_NONE) {
        text_add(&e->text, SL(", the clock began at "));
        escalate_add_time(&e->text, i->clock);
    }
    text_add(&e->text, i->owner.whole ? SL(": every login and net of the customer is refused")
                                      : SL(": all mail of this identity is refused"));
    escalate_add_tag(&e->text, i, number);
    escalate_note(e, i, "suspended", time);
    escalate_tell(e, "suspended", i, s, time, "suspension", number, NULL, NULL);
}

/* Back to where it was: the clock goes on from where it stood when the ticket came. */
static void relapse(struct escalate *e, struct incident *i, const struct suspect *s,
                    const struct spam *spam)
{
    int64_t passed = i->clock == WHEN_NONE ? 0 : i->reinstated - i->clock;
    enum incident_state before = i->before;

    i->relapses++;
    i->reinstated = WHEN_NONE;
    if (i->clock != WHEN_NONE)
        i->clock = s->time - passed;
    e->text.n = 0;
    escalate_add_who(&e->text, s);
    text_add(&e->text, SL("spam again after it was reinstated"));
    escalate_note(e, i, "relapse", s->time);
    if (before == INCIDENT_SUSPENDED) {
        escalate_suspend(e, i, s, s->time);
        return;
    }
    if (before == INCIDENT_ADDRESS && spam->one && spam->fault == ADDRESS_OK &&
        escalate_to_address(e, i, s, spam))
        return;
    escalate_to_rule(e, i, s, spam, "relapse");
}

/* Past what is refused; told once. */
static void still_leaves(struct escalate *e, const struct incident *i, const struct suspect *s)
{
    if (ledger_int_of(e->o.ledger, 0,
                      "SELECT what = 'leaves' FROM journal WHERE incident = ? ORDER BY id DESC",
                      "i", i->id) == 1)
        return;
    e->text.n = 0;
    escalate_add_who(&e->text, s);
    text_add(&e->text, SL("it still leaves: are the maps installed, or was it queued?"));
    escalate_note(e, i, "leaves", s->time);
}

/* Its messages don't have to be looked at: that one address is refused already, it is suspended, or
 * rules were looked for not long ago (after the 1st, 2nd, 4th, … flag). */
static bool is_settled(struct escalate *e, const struct incident *i, const struct suspect *s)
{
    struct address address;

    if (i->state == INCIDENT_SUSPENDED)
        return true;
    if (i->state == INCIDENT_ADDRESS && s->sender_n &&
        s->sender[0].count * 100 >= s->messages * ESCALATE_SHARE &&
        address_parse(s->sender[0].name, &address) == ADDRESS_OK) {
        struct rule same = {.condition = {{RULE_SENDER, address_key(&address)}}, .conditions = 1};
        return escalate_stands(e, i, &same);
    }
    if (i->state != INCIDENT_RULE)
        return false;
    int64_t flags = ledger_int_of(e->o.ledger, 0,
                                  "SELECT count(*) FROM suspects WHERE incident = ?", "i", i->id);
    return flags & (flags - 1);
}

/* Several addresses, or one that isn't refused yet. */
static void decide_by(struct escalate *e, struct incident *i, const struct suspect *s,
                      const struct spam *spam)
{
    bool one = spam->one && spam->fault == ADDRESS_OK;

    if (i->state == INCIDENT_REINSTATED) {
        relapse(e, i, s, spam);
        return;
    }
    if (i->state == INCIDENT_ADDRESS && one) {
        struct rule same = {.condition = {{RULE_SENDER, address_key(&spam->address)}},
                            .conditions = 1};
        if (escalate_stands(e, i, &same)) {
            still_leaves(e, i, s);
            return;
        }
    }
    if (i->state != INCIDENT_WATCH || !one || !escalate_to_address(e, i, s, spam))
        escalate_to_rule(e, i, s, spam, "rule");
}

/* Compromised: what now? */
static void decide(struct escalate *e, struct incident *i, const struct suspect *s)
{
    struct spam spam;

    if (i->state == INCIDENT_RULE &&
        s->time - i->last_spam > 2 * e->o.settings->deadline * WHEN_SECOND)
        i->clock = s->time; /* it had stopped: nothing still leaves, it begins anew */
    i->last_spam = s->time;
    if (i->since == WHEN_NONE || s->since < i->since)
        i->since = s->since;
    incident_save(e->o.ledger, i);
    if (i->state == INCIDENT_RULE && s->time >= escalate_deadline(e, i)) {
        escalate_suspend(e, i, s, s->time);
        return;
    }
    if (is_settled(e, i, s)) {
        if (i->state != INCIDENT_RULE)
            still_leaves(e, i, s);
        return;
    }
    if (spam_load(e, &i->owner, s, &spam))
        decide_by(e, i, s, &spam);
    spam_free(&spam);
}

static bool identity_good(const struct suspect *s)
{
    struct ipnet net;

    return s->kind == IDENTITY_LOGIN ? map_text_good(s->identity)
                                     : ipnet_parse(s->identity, &net) == NULL;
}

/* The incident that the suspect belongs to. False: nothing is to be done, or a failure. */
static bool find(struct escalate *e, const struct suspect *s, struct incident *i, bool *fresh)
{
    struct owner o = owner_of(e->o.customers, s);

    *fresh = !incident_find(e->o.ledger, &o, &e->arena, i);
    if (!*fresh) {
        i->owner.partner = o.partner.n ? o.partner : i->owner.partner;
        return i->reinstated == WHEN_NONE || s->time > i->reinstated;
    }
    *i = (struct incident){.owner = o,
                           .state = INCIDENT_WATCH,
                           .opened = s->time,
                           .since = s->since,
                           .clock = WHEN_NONE,
                           .last_spam = s->time,
                           .last_attempt = WHEN_NONE,
                           .reinstated = WHEN_NONE,
                           .closed = WHEN_NONE};
    return incident_add(e->o.ledger, i);
}

static void take(struct escalate *e, const struct suspect *s)
{
    struct text facts = {0};
    struct incident i;
    bool fresh;

    if (!identity_good(s)) {
        e->counts.left++;
        return;
    }
    int64_t known = suspect_known(e->o.ledger, s);
    if (known) {
        /* read again; a stream of suspects may know of another address by now */
        if (incident_get(e->o.ledger, known, &e->arena, &i) && i.state == INCIDENT_ADDRESS &&
            s->sender_n > 1 && s->sender[0].count * 100 < s->messages * ESCALATE_SHARE)
            decide(e, &i, s);
        return;
    }
    if (!find(e, s, &i, &fresh))
        return;
    suspect_facts(&facts, s);
    incident_suspect(e->o.ledger, &i, s, text_slice(&facts));
    bool failed = facts.failed;
    text_free(&facts);
    if (failed) {
        ledger_fail(e->o.ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
        return;
    }
    bool never = never_has(e->o.never, &i.owner, s->kind, s->identity);
    if (s->state >= STATE_COMPROMISED && !never) {
        e->counts.new_customers += i.state == INCIDENT_WATCH;
        decide(e, &i, s);
    } else if (i.state == INCIDENT_WATCH) {
        watch(e, &i, s, fresh, never && s->state >= STATE_COMPROMISED);
    }
}

void escalate_flag(struct escalate *e, const struct suspect *s)
{
    if (s->state < STATE_SUSPECT || s->time == 0 || ledger_failure(e->o.ledger)->status)
        return;
    take(e, s);
    let_go(e, s);
    arena_free(&e->arena);
    e->due = WHEN_NONE;
}
