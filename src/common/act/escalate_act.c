#include "act/escalate_parts.h"

#include "act/blockmap_slots.h"
#include "base/exits.h"

/* A restriction class for the incident, if it has none. */
static bool take_slot(struct escalate *e, struct incident *i, int64_t time)
{
    if (i->slot == 0)
        i->slot = slot_choose(e->o.ledger, e->o.slots, time);
    return i->slot != 0;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
    bool same = a->conditions == b->conditions;

    for (unsigned c = 0; c < a->conditions && same; c++)
        same = a->condition[c].field == b->condition[c].field &&
               slice_eq(a->condition[c].value, b->condition[c].value);
    return same;
}

bool escalate_stands(struct escalate *e, const struct incident *i, const struct rule *rule)
{
    struct rule *rules;
    size_t n;
    bool found = false;

    if (!incident_rules(e->o.ledger, i, &e->arena, &rules, &n))
        return false;
    for (size_t k = 0; k < n && !found; k++)
        found = same_rule(&rules[k], rule);
    return found;
}

/* Takes the action; its number, or 0 when the maps can't carry it. */
static unsigned act(struct escalate *e, struct incident *i, enum action_type type,
                    const struct rule *rule, int64_t time)
{
    if (!take_slot(e, i, time) || !blockmap_can_carry(e->o.ledger, i->id, rule))
        return 0;
    return incident_act(e->o.ledger, i, type, rule, time);
}

static void add_rule(struct text *t, const struct rule *rule)
{
    text_add(t, SL("refused is: "));
    rule_add_words(t, rule->condition, rule->conditions);
    if (rule->spam)
        text_addf(t, " (%llu of %llu spam messages, %llu of %llu others)",
                  (unsigned long long)rule->covered, (unsigned long long)rule->spam,
                  (unsigned long long)rule->collateral, (unsigned long long)rule->legitimate);
}

/* What its subjects have in common; nothing is refused by that. */
static void add_subject(struct escalate *e, const struct spam *spam)
{
    struct rule_subject subject = {.covered = 0};

    if (spam->measured && !rule_subject(spam->all, spam->list.n, &subject))
        ledger_fail(e->o.ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    if (subject.text.n == 0)
        return;
    text_add(&e->text, SL("; most have the "));
    rule_subject_add_words(&e->text, &subject);
}

bool escalate_to_address(struct escalate *e, struct incident *i, const struct suspect *s,
                         const struct spam *spam)
{
    struct rule rule = {.condition = {{RULE_SENDER, address_key(&spam->address)}}, .conditions = 1};

    spam_measure(spam, &rule);
    unsigned number = act(e, i, ACTION_ADDRESS, &rule, s->time);
    if (number == 0)
        return false;
    i->state = INCIDENT_ADDRESS;
    incident_save(e->o.ledger, i);
    e->text.n = 0;
    escalate_add_who(&e->text, s);
    text_addf(&e->text, "%llu of %llu have one sender address: refused is ",
              (unsigned long long)spam->share, (unsigned long long)spam->of);
    text_add(&e->text, address_key(&spam->address));
    text_add(&e->text, i->owner.whole ? SL(", when this customer uses it")
                                      : SL(", when this identity uses it"));
    if (spam->address.doubtful)
        text_add(&e->text,
                 SL(" (its `?` may stand for a control character: then nothing matches)"));
    escalate_add_tag(&e->text, i, number);
    add_subject(e, spam);
    escalate_note(e, i, "address", s->time);
    escalate_tell(e, i->relapses ? "relapse" : "address", i, s, s->time, "address", number, &rule,
                  &spam->list);
    return true;
}

/* What is left to say when nothing is refused: n rules were found. */
static struct slice why_not(const struct spam *spam, unsigned n)
{
    if (spam->one && spam->fault == ADDRESS_OK && !spam->measured)
        n = 1; /* the address would have done */
    if (n == 0 && !spam->measured)
        return SL("no rule is known without the messages: give senderblock the log");
    return n ? SL("no restriction class is free (--slots), or the maps can't carry the rule")
             : SL("no rule stops it without stopping other mail");
}

/* Takes the rules that aren't there yet; the first one's number, 0 for none. */
static unsigned act_rules(struct escalate *e, struct incident *i, const struct suspect *s,
                          const struct rule *rules, unsigned n, bool *stands_already,
                          const struct rule **taken)
{
    unsigned first = 0;

    for (unsigned k = 0; k < n; k++) {
        if (escalate_stands(e, i, &rules[k])) {
            *stands_already = true;
            continue;
        }
        unsigned number = act(e, i, ACTION_RULE, &rules[k], s->time);
        if (number == 0)
            continue;
        add_rule(&e->text, &rules[k]);
        escalate_add_tag(&e->text, i, number);
        text_add(&e->text, SL("; "));
        if (first == 0) {
            first = number;
            *taken = &rules[k];
        }
    }
    return first;
}

void escalate_to_rule(struct escalate *e, struct incident *i, const struct suspect *s,
                      const struct spam *spam, const char *event)
{
    struct rule rules[RULES_MOST];
    const struct rule *taken = NULL;
    unsigned n;
    bool entered = i->state != INCIDENT_RULE, again = false;

    if (!spam_rules(e, i, spam, rules, &n))
        return;
    e->text.n = 0;
    escalate_add_who(&e->text, s);
    text_addf(&e->text, "%llu sender address%s: ", (unsigned long long)s->senders,
              s->senders == 1 ? "" : "es");
    unsigned number = act_rules(e, i, s, rules, n, &again, &taken);
    i->state = INCIDENT_RULE;
    if (i->clock == WHEN_NONE)
        i->clock = s->time;
    incident_save(e->o.ledger, i);
    e->counts.left += number == 0 && !again;
    if (!entered && number == 0)
        return; /* it still leaves: last_spam says so, and the clock runs */
    if (number == 0) {
        text_add(&e->text, why_not(spam, n));
        text_add(&e->text, SL("; "));
    }
    text_add(&e->text, SL("suspended at "));
    escalate_add_time(&e->text, escalate_deadline(e, i));
    text_add(&e->text, SL(" if spam still leaves then"));
    add_subject(e, spam);
    escalate_note(e, i, "rule", s->time);
    escalate_tell(e, event, i, s, s->time, number ? "rule" : NULL, number, taken, &spam->list);
}
