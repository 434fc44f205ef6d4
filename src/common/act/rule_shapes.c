/* Which patterns a set of senders suggests: the same shape at one domain, at a few, at any. */
#include <stdlib.h>

#include "act/rule_parts.h"

#define SHAPES RULE_SHARE /* of one cut, with enough spam */
#define NO_SHAPE 0xffu
#define ANY_LOCAL_SEEN 2u /* local parts for `.+@domain` */

/* A sender of spam whose local part a pattern can be made of. */
struct word {
    struct slice local;
    uint64_t spam;
    uint32_t domain;
    uint8_t shape[PATTERN_CUTS]; /* place among those with enough spam */
};

struct tally {
    struct slice name;
    uint64_t spam;
    uint32_t at;
};

/* What is counted by name. */
struct tallies {
    struct tally *list;
    size_t n, cap;
    struct map by_name;
};

struct senders {
    struct word *word;
    size_t n;
    struct tallies domains, shapes[PATTERN_CUTS];
    uint32_t *shape[PATTERN_CUTS]; /* of each word; UINT32_MAX: none */
    struct slice *members;
    uint64_t floor;
    struct arena *arena;
    struct wanted_list *out;
    struct text text;
    bool failed;
};

/* The domains that a pattern is for. */
struct scope {
    uint32_t domain[PATTERN_DOMAINS];
    unsigned domains; /* 0: any */
};

/* Its place; UINT32_MAX when memory runs out. */
static uint32_t tally(struct senders *s, struct tallies *t, struct slice name, uint64_t spam)
{
    uintptr_t at = (uintptr_t)map_get(&t->by_name, name);

    if (at == 0) {
        if (t->n == t->cap) {
            size_t cap = t->cap ? t->cap * 2 : 64;
            struct tally *list = realloc(t->list, cap * sizeof *list);
            if (list == NULL)
                return UINT32_MAX;
            t->list = list;
            t->cap = cap;
        }
        name = arena_slice(s->arena, name);
        if (name.n == 0 || !map_put(&t->by_name, name, (void *)(uintptr_t)(t->n + 1)))
            return UINT32_MAX;
        t->list[t->n] = (struct tally){name, 0, (uint32_t)t->n};
        at = ++t->n;
    }
    t->list[at - 1].spam += spam;
    return (uint32_t)at - 1;
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    int order = (x->spam < y->spam) - (x->spam > y->spam);

    if (order == 0)
        order = memcmp(x->name.p, y->name.p, x->name.n < y->name.n ? x->name.n : y->name.n);
    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* The most frequent first; `at` still says which it was. */
static void rank(struct tallies *t)
{
    if (t->n)
        qsort(t->list, t->n, sizeof *t->list, compare_tallies);
}

static void add_word(struct senders *s, const struct column_entry *e)
{
    const struct rule_value *v = &e->value;
    struct slice domain = slice_skip(v->text, v->local + 1);
    struct word *w = &s->word[s->n];
    char shape[PATTERN_WORD_MAX + 1];

    if (!pattern_domain_good(domain))
        return;
    *w = (struct word){slice_of(v->text.p, v->local), e->spam, 0, {0}};
    w->domain = tally(s, &s->domains, domain, e->spam);
    s->failed |= w->domain == UINT32_MAX;
    for (unsigned cut = 0; cut < PATTERN_CUTS && !s->failed; cut++) {
        s->shape[cut][s->n] = UINT32_MAX;
        if (v->quoted || !pattern_shape(w->local, cut, shape))
            continue;
        uint32_t at = tally(s, &s->shapes[cut], slice_str(shape), e->spam);
        s->shape[cut][s->n] = at;
        s->failed |= at == UINT32_MAX;
    }
    s->n++;
}

static bool read_words(struct senders *s, const struct column *col)
{
    s->word = malloc((col->n + 1) * sizeof *s->word);
    s->members = malloc((col->n + 1) * sizeof *s->members);
    s->failed = s->word == NULL || s->members == NULL;
    for (unsigned cut = 0; cut < PATTERN_CUTS; cut++) {
        s->shape[cut] = malloc((col->n + 1) * sizeof *s->shape[cut]);
        s->failed |= s->shape[cut] == NULL;
    }
    for (size_t i = 0; i < col->n && !s->failed; i++)
        if (col->entry[i]->spam && col->entry[i]->value.good)
            add_word(s, col->entry[i]);
    return !s->failed;
}

/* Each word's shapes as places among the few with enough spam. */
static bool choose_shapes(struct senders *s, unsigned cut)
{
    struct tallies *t = &s->shapes[cut];
    uint8_t *place = malloc(t->n + 1);

    if (place == NULL)
        return false;
    memset(place, NO_SHAPE, t->n + 1);
    rank(t);
    for (uint8_t i = 0; i < SHAPES && i < t->n && t->list[i].spam >= s->floor; i++)
        place[t->list[i].at] = i;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t shape = s->shape[cut][i];
        s->word[i].shape[cut] = shape == UINT32_MAX ? NO_SHAPE : place[shape];
    }
    free(place);
    return true;
}

static bool is_wanted(const struct wanted_list *out, struct slice value)
{
    for (size_t i = 0; i < out->n; i++)
        if (slice_eq(out->list[i].value, value))
            return true;
    return false;
}

static void want(struct senders *s, const struct scope *scope, unsigned cut)
{
    struct wanted_list *out = s->out;
    unsigned width = scope->domains == 0 ? 2 : scope->domains > 1;

    if (s->text.failed || s->text.n > PATTERN_TEXT_MAX || is_wanted(out, text_slice(&s->text))) {
        s->failed |= s->text.failed;
        return;
    }
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 32;
        struct wanted *list = realloc(out->list, cap * sizeof *list);
        if (list == NULL) {
            s->failed = true;
            return;
        }
        out->list = list;
        out->cap = cap;
    }
    struct slice value = arena_slice(s->arena, text_slice(&s->text));
    s->failed |= value.n == 0;
    out->list[out->n++] =
        (struct wanted){value, RANK_PATTERN + width * (PATTERN_CUTS + 1) + cut, width == 2};
}

/* `@` and the domains, with the end. */
static void add_domains(struct senders *s, const struct scope *scope)
{
    text_addc(&s->text, '@');
    if (scope->domains == 0)
        text_add(&s->text, SL(".+"));
    if (scope->domains > 1)
        text_addc(&s->text, '(');
    for (unsigned i = 0; i < scope->domains; i++) {
        if (i)
            text_addc(&s->text, '|');
        pattern_add_literal(&s->text, s->domains.list[scope->domain[i]].name);
    }
    if (scope->domains > 1)
        text_addc(&s->text, ')');
    text_addc(&s->text, '$');
}

static bool in_scope(const struct senders *s, const struct scope *scope, const struct word *w)
{
    for (unsigned i = 0; i < scope->domains; i++)
        if (w->domain == s->domains.list[scope->domain[i]].at)
            return true;
    return scope->domains == 0;
}

/* cut PATTERN_CUTS: any local part. */
static void try_shape(struct senders *s, const struct scope *scope, unsigned cut, uint8_t shape)
{
    bool any = cut == PATTERN_CUTS;
    uint64_t spam = 0;
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        const struct word *w = &s->word[i];
        if ((!any && w->shape[cut] != shape) || !in_scope(s, scope, w))
            continue;
        s->members[n++] = w->local;
        spam += w->spam;
    }
    if (spam < s->floor || n < (any ? ANY_LOCAL_SEEN : PATTERN_SEEN))
        return;
    s->text.n = 0;
    text_addc(&s->text, '^');
    if (any)
        text_add(&s->text, SL(".+"));
    else
        pattern_learn(&s->text, s->members, n, cut);
    add_domains(s, scope);
    want(s, scope, cut);
}

static void try_scope(struct senders *s, const struct scope *scope)
{
    for (unsigned cut = 0; cut < PATTERN_CUTS; cut++)
        for (uint8_t i = 0; i < SHAPES && i < s->shapes[cut].n && !s->failed; i++)
            if (s->shapes[cut].list[i].spam >= s->floor)
                try_shape(s, scope, cut, i);
    if (scope->domains && !s->failed)
        try_shape(s, scope, PATTERN_CUTS, 0);
}

/* Each domain with enough spam, the two and the three with most (not by chance), all. */
static void try_scopes(struct senders *s)
{
    const struct tallies *d = &s->domains;

    for (uint32_t i = 0; i < d->n && d->list[i].spam >= s->floor; i++)
        try_scope(s, &(struct scope){{i}, 1});
    for (unsigned n = 2; n <= PATTERN_DOMAINS && n <= d->n && d->list[n - 1].spam >= RULE_SEEN; n++)
        try_scope(s, &(struct scope){{0, 1, 2}, n});
    try_scope(s, &(struct scope){{0}, 0});
}

bool patterns_find(const struct column *senders, uint64_t floor, struct arena *arena,
                   struct wanted_list *out)
{
    struct senders s = {.floor = floor, .arena = arena, .out = out};
    bool ok = read_words(&s, senders);

    for (unsigned cut = 0; cut < PATTERN_CUTS && ok; cut++)
        ok = choose_shapes(&s, cut);
    if (ok) {
        rank(&s.domains);
        try_scopes(&s);
    }
    for (unsigned cut = 0; cut < PATTERN_CUTS; cut++) {
        free(s.shape[cut]);
        free(s.shapes[cut].list);
        map_free(&s.shapes[cut].by_name);
    }
    free(s.domains.list);
    map_free(&s.domains.by_name);
    free(s.word);
    free(s.members);
    text_free(&s.text);
    return ok && !s.failed;
}
