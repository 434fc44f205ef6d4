#include "act/escalate_parts.h"

#include "base/exits.h"

static bool is_flagged(const struct trail_message *m, const struct suspect *s)
{
    return m->m.time >= s->since && m->kind == s->kind && slice_eq(m->identity, s->identity);
}

static bool same_address(struct slice logged, const struct address *a)
{
    struct address other;

    return address_parse(logged, &other) == ADDRESS_OK &&
           slice_eq(address_key(&other), address_key(a));
}

static bool is_nearly_all(uint64_t n, uint64_t of)
{
    return of > 0 && (double)n * 100 >= (double)of * ESCALATE_SHARE;
}

/* If one sender has most of the spam, it is this one (Boyer and Moore 1981). */
static struct slice majority(const struct spam *s)
{
    struct slice candidate = SLICE_NONE;
    uint64_t votes = 0;

    for (size_t i = 0; i < s->list.n; i++) {
        const struct rule_message *m = &s->all[i];
        if (!m->spam)
            continue;
        if (votes == 0)
            candidate = m->sender;
        votes += votes == 0 || slice_ieq(candidate, m->sender) ? 1 : -(uint64_t)1;
    }
    return candidate;
}

static void count_address(struct spam *s, const struct suspect *suspect)
{
    struct slice most = s->measured         ? majority(s)
                        : suspect->sender_n ? suspect->sender[0].name
                                            : SLICE_NONE;

    s->fault = address_parse(most, &s->address);
    for (size_t i = 0; s->measured && i < s->list.n; i++) {
        const struct rule_message *m = &s->all[i];
        s->of += m->spam;
        s->share += m->spam && (s->fault == ADDRESS_OK ? same_address(m->sender, &s->address)
                                                       : slice_ieq(m->sender, most));
    }
    if (!s->measured) {
        s->of = suspect->messages;
        for (unsigned i = 0; i < suspect->sender_n; i++)
            if (i == 0 ||
                (s->fault == ADDRESS_OK && same_address(suspect->sender[i].name, &s->address)))
                s->share += suspect->sender[i].count;
    }
    s->one = most.n > 0 && is_nearly_all(s->share, s->of);
}

static bool no_memory(struct escalate *e)
{
    ledger_fail(e->o.ledger, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return false;
}

bool spam_load(struct escalate *e, const struct owner *o, const struct suspect *s, struct spam *out)
{
    int64_t from = s->time - e->o.settings->keep_messages * WHEN_SECOND;
    struct ledger *l = e->o.ledger;
    size_t spam = 0;

    *out = (struct spam){.measured = false};
    if (e->o.trail) {
        if (!trail_flush(e->o.trail, s->time, e->o.settings->keep_messages * WHEN_SECOND) ||
            !(o->whole ? trail_of_customer(l, o->customer, from, s->time, &e->arena, &out->list)
                       : trail_of_identity(l, s->kind, s->identity, from, s->time, &e->arena,
                                           &out->list)))
            return false;
        out->all = arena_alloc(&e->arena, (out->list.n + 1) * sizeof *out->all);
        if (out->all == NULL)
            return no_memory(e);
    }
    for (size_t i = 0; i < out->list.n; i++) {
        out->all[i] = out->list.list[i].m;
        out->all[i].spam = is_flagged(&out->list.list[i], s);
    }
    if (out->list.n && !rule_mark(out->all, out->list.n, s->since))
        return no_memory(e);
    for (size_t i = 0; i < out->list.n; i++) {
        out->list.list[i].m.spam = out->all[i].spam;
        spam += out->all[i].spam;
    }
    out->measured = spam > 0;
    count_address(out, s);
    return true;
}

void spam_free(struct spam *s)
{
    trail_list_free(&s->list);
}

static void measure(const struct rule_message *m, size_t n, struct rule *rule)
{
    rule->covered = rule->spam = rule->collateral = rule->legitimate = 0;
    for (; n > 0; n--, m++) {
        if (m->spam) {
            rule->spam++;
            rule->covered += rule_matches(rule->condition, rule->conditions, m);
        } else {
            rule->legitimate++;
            rule->collateral += rule_may_match(rule->condition, rule->conditions, m);
        }
    }
}

void spam_measure(const struct spam *s, struct rule *rule)
{
    measure(s->all, s->measured ? s->list.n : 0, rule);
}

/* Drops the spam that the rule covers; how many messages are left. */
static size_t drop_covered(struct rule_message *m, size_t n, const struct rule *rule)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++)
        if (!m[i].spam || !rule_matches(rule->condition, rule->conditions, &m[i]))
            m[left++] = m[i];
    return left;
}

static size_t spam_in(const struct rule_message *m, size_t n)
{
    size_t spam = 0;

    for (size_t i = 0; i < n; i++)
        spam += m[i].spam;
    return spam;
}

/* The owner's messages; spam is all that the incident's flagged identities sent since they began,
 * since a rule that is learned from one window holds for little more than that. NULL after a
 * failure. */
static struct rule_message *whole_affair(struct escalate *e, const struct incident *i,
                                         const struct spam *s)
{
    struct rule_message *m = arena_alloc(&e->arena, (s->list.n + 1) * sizeof *m);
    struct flagged *who;
    size_t whos;
    int64_t since;

    if (!incident_flagged(e->o.ledger, i, &e->arena, &who, &whos, &since) || m == NULL)
        return no_memory(e), NULL;
    for (size_t k = 0; k < s->list.n; k++) {
        const struct trail_message *t = &s->list.list[k];
        m[k] = t->m;
        m[k].spam = false;
        for (size_t w = 0; w < whos && t->m.time >= since && !m[k].spam; w++)
            m[k].spam = t->kind == who[w].kind && slice_eq(t->identity, who[w].identity);
    }
    if (!rule_mark(m, s->list.n, since))
        return no_memory(e), NULL;
    return m;
}

bool spam_rules(struct escalate *e, const struct incident *i, const struct spam *s,
                struct rule out[RULES_MOST], unsigned *n)
{
    struct rule_message *all, *m;
    struct rule *standing;
    size_t left = s->list.n, rules;

    *n = 0;
    if (!s->measured)
        return true;
    if ((all = whole_affair(e, i, s)) == NULL ||
        (m = arena_alloc(&e->arena, (left + 1) * sizeof *m)) == NULL ||
        !incident_rules(e->o.ledger, i, &e->arena, &standing, &rules))
        return no_memory(e);
    memcpy(m, all, left * sizeof *m);
    for (size_t k = 0; k < rules; k++)
        if (standing[k].conditions)
            left = drop_covered(m, left, &standing[k]);
    size_t open = spam_in(m, left), rest = left; /* what no rule of it covers yet */
    memcpy(all, m, rest * sizeof *m);
    while (*n < RULES_MOST && spam_in(m, left) * 100 > open) {
        struct rule *rule = &out[*n];
        if (!rule_find(m, left, e->o.settings->max_collateral, &e->arena, rule))
            return no_memory(e);
        if (rule->conditions == 0)
            break;
        left = drop_covered(m, left, rule);
        measure(all, rest, rule);
        ++*n;
    }
    if (spam_in(m, left) * 2 > open)
        *n = 0; /* they would hardly slow it down, and each may hit somebody one day */
    return true;
}
