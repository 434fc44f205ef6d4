#include <stdlib.h>

#include "act/rule_parts.h"

#define ENOUGH 99u /* per cent of the spam */

/* What was found so far. */
struct search {
    const struct candidates *c;
    uint64_t allowed; /* collateral */
    const struct candidate *best[RULE_FOUND];
    unsigned conditions;
    uint64_t covered, collateral;
    bool good; /* covers enough and nothing else */
};

static bool is_enough(const struct search *s, uint64_t covered)
{
    return covered * 100 >= (uint64_t)s->c->spam * ENOUGH;
}

/* Of rules that are equal the first one stays: candidates come in the order of their worth. */
static bool is_better(const struct search *s, bool good, unsigned conditions, uint64_t covered,
                      uint64_t collateral)
{
    if (s->conditions == 0 || good != s->good)
        return s->conditions == 0 || good;
    if (covered != s->covered)
        return covered > s->covered;
    if (collateral != s->collateral)
        return collateral < s->collateral;
    return conditions < s->conditions;
}

static void consider(struct search *s, const struct candidate *a, const struct candidate *b,
                     uint64_t covered, uint64_t collateral)
{
    bool good = collateral == 0 && is_enough(s, covered);
    unsigned conditions = b ? 2 : 1;

    if (collateral > s->allowed || covered < s->c->floor ||
        !is_better(s, good, conditions, covered, collateral))
        return;
    s->best[0] = a;
    s->best[1] = b;
    s->conditions = conditions;
    s->covered = covered;
    s->collateral = collateral;
    s->good = good;
}

/* a is worth more than b: logins, clients and HELO names come before patterns. */
static bool fit_together(const struct candidate *a, const struct candidate *b)
{
    enum rule_field x = a->condition.field, y = b->condition.field;
    bool sender = x == RULE_SENDER || x == RULE_SENDER_PATTERN;

    if (x == y)
        return false;
    if (sender && (y == RULE_SENDER || y == RULE_SENDER_PATTERN))
        return false;
    return !b->wide || x == RULE_LOGIN || x == RULE_CLIENT;
}

static uint64_t count_both(const uint64_t *a, const uint64_t *b, size_t from, size_t to)
{
    uint64_t n = 0;

    for (size_t i = from; i < to; i++)
        n += (uint64_t)__builtin_popcountll(a[i] & b[i]);
    return n;
}

/* Can a pair that covers so many, or fewer, still win? Never over one condition that is good. */
static bool can_win(const struct search *s, uint64_t covered)
{
    if (s->good)
        return s->conditions > 1 && covered >= s->covered;
    return covered >= s->c->floor && (covered >= s->covered || is_enough(s, covered));
}

static void consider_pair(struct search *s, const struct candidate *a, const struct candidate *b)
{
    const struct candidates *c = s->c;

    if (!fit_together(a, b) || !can_win(s, a->covered < b->covered ? a->covered : b->covered))
        return;
    uint64_t covered = count_both(a->bits, b->bits, 0, c->spam_words);
    if (can_win(s, covered))
        consider(s, a, b, covered, count_both(a->bits, b->bits, c->spam_words, c->words));
}

static void search(struct search *s)
{
    const struct candidates *c = s->c;

    for (size_t i = 0; i < c->n; i++)
        if (!c->list[i].wide)
            consider(s, &c->list[i], NULL, c->list[i].covered, c->list[i].collateral);
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = i + 1; k < c->n; k++)
            consider_pair(s, &c->list[i], &c->list[k]);
}

bool rule_find(const struct rule_message *messages, size_t n, double max_collateral,
               struct arena *arena, struct rule *out)
{
    struct candidates c;
    struct search s = {.c = &c};
    bool ok = candidates_find(&c, messages, n, arena);

    *out = (struct rule){.spam = c.spam, .legitimate = n - c.spam};
    if (ok) {
        /* 3 of 1,000 are 0.003, which binary fractions don't have */
        s.allowed = (uint64_t)(max_collateral * (double)out->legitimate + 1e-9);
        search(&s);
        out->conditions = s.conditions;
        out->covered = s.covered;
        out->collateral = s.collateral;
        for (unsigned i = 0; i < s.conditions; i++)
            out->condition[i] = s.best[i]->condition;
    }
    candidates_free(&c);
    return ok;
}

/* Whose and from where: equal for messages that look alike. Upper case is no difference. */
static struct slice look(const struct rule_message *m, struct text *t)
{
    const struct slice part[] = {m->sender, m->client, m->login};

    t->n = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        uint32_t n = (uint32_t)part[i].n;
        text_add(t, slice_of((const char *)&n, sizeof n));
        text_add(t, part[i]);
        for (size_t k = t->n - (t->failed ? 0 : n); k < t->n; k++)
            if (t->p[k] >= 'A' && t->p[k] <= 'Z')
                t->p[k] |= 0x20;
    }
    return text_slice(t);
}

static bool learn_looks(const struct rule_message *messages, size_t n, int64_t since,
                        struct map *seen, struct arena *arena, struct text *t)
{
    for (size_t i = 0; i < n; i++) {
        if (messages[i].time >= since || messages[i].sender.n == 0)
            continue;
        struct slice key = look(&messages[i], t);
        if (t->failed)
            return false;
        if (map_get(seen, key))
            continue;
        key = arena_slice(arena, key);
        if (key.n == 0 || !map_put(seen, key, arena))
            return false;
    }
    return true;
}

bool rule_mark(struct rule_message *messages, size_t n, int64_t since)
{
    struct map seen = {0};
    struct arena arena = {0};
    struct text t = {0};
    bool ok = text_room(&t, 1) && learn_looks(messages, n, since, &seen, &arena, &t);

    for (size_t i = 0; i < n && ok; i++)
        if (messages[i].spam &&
            (messages[i].time < since || map_get(&seen, look(&messages[i], &t))))
            messages[i].spam = false;
    ok = ok && !t.failed;
    text_free(&t);
    map_free(&seen);
    arena_free(&arena);
    return ok;
}
