#include "judge/score_parts.h"

#include <stdlib.h>

#include "base/when.h"

/* Widths of the rates' intervals in minutes; from a day on they double. */
static const uint16_t scales[] = {1, 5, 15, 60, 120, 240, 480, 1440};
#define SCALES (sizeof scales / sizeof *scales)

static uint64_t scale_minutes(unsigned scale)
{
    return scale < SCALES ? scales[scale] : (uint64_t)scales[SCALES - 1] << (scale - SCALES + 1);
}

static uint16_t add_count(uint16_t a, uint32_t b)
{
    return a + b > UINT16_MAX ? UINT16_MAX : (uint16_t)(a + b);
}

/* The rates in wider intervals. */
static void widen(uint16_t rate[SCORER_RATES], unsigned from, unsigned to)
{
    uint64_t factor = scale_minutes(to) / scale_minutes(from);
    uint16_t wide[SCORER_RATES] = {0};

    for (uint64_t i = 0; i < SCORER_RATES; i++)
        wide[i / factor] = add_count(wide[i / factor], rate[i]);
    memcpy(rate, wide, sizeof wide);
}

void person_rate(struct scorer *s, struct person *p, int64_t time)
{
    int64_t minute = time / (60 * WHEN_SECOND);

    if (s->start == INT64_MIN)
        s->start = minute;
    uint64_t at = minute > s->start ? (uint64_t)(minute - s->start) : 0;
    while (at / scale_minutes(s->scale) >= SCORER_RATES)
        s->scale++;
    if (p->scale != s->scale) {
        widen(p->rate, p->scale, s->scale);
        p->scale = s->scale;
    }
    uint16_t *n = &p->rate[at / scale_minutes(s->scale)];
    *n = add_count(*n, 1);
}

void scorer_rates(const struct scorer *s, size_t i, struct scorer_rates *out)
{
    const struct person *p = s->ranked[i];
    int64_t now = s->now / (60 * WHEN_SECOND);

    memcpy(out->count, p->rate, sizeof out->count);
    if (p->scale != s->scale)
        widen(out->count, p->scale, s->scale);
    out->minutes = (unsigned)scale_minutes(s->scale);
    bool any = s->start != INT64_MIN && now >= s->start;
    uint64_t n = any ? (uint64_t)(now - s->start) / out->minutes + 1 : 0;
    out->n = n < SCORER_RATES ? (unsigned)n : SCORER_RATES;
}

/* What is told of a person: the flagged window that is worst, and newest among equals. */
static const struct window *told(const struct person *p)
{
    if (p->window && (p->worst == NULL || p->window->state >= p->worst->state))
        return p->window;
    return p->worst;
}

int scorer_state_of(const struct scorer *s, struct slice identity)
{
    int state = -1;

    for (unsigned kind = IDENTITY_LOGIN; kind <= IDENTITY_CLIENT; kind++) {
        const struct person *p = person_known(s, kind, identity);
        const struct window *w = p ? told(p) : NULL;
        if (p && state < (w ? w->state : STATE_CLEAR))
            state = w ? w->state : STATE_CLEAR;
    }
    return state;
}

static int worst_first(const void *a, const void *b)
{
    const struct person *p = *(struct person *const *)a, *q = *(struct person *const *)b;
    const struct window *x = told(p), *y = told(q);

    if (x->state != y->state)
        return (int)y->state - (int)x->state;
    if (x->best > y->best || x->best < y->best)
        return x->best > y->best ? -1 : 1;
    if (x->messages != y->messages)
        return x->messages > y->messages ? -1 : 1;
    size_t n = p->name.n < q->name.n ? p->name.n : q->name.n;
    int c = memcmp(p->name.p, q->name.p, n);
    if (c || p->name.n != q->name.n)
        return c ? c : p->name.n < q->name.n ? -1 : 1;
    return (int)p->kind - (int)q->kind;
}

size_t scorer_rank(struct scorer *s, bool all)
{
    const struct map_entry *e;

    free(s->ranked);
    s->n_ranked = 0;
    if ((s->ranked = calloc(s->people.used + 1, sizeof *s->ranked)) == NULL)
        return SIZE_MAX;
    for (size_t at = 0; (e = map_next(&s->people, &at)) != NULL;) {
        const struct window *w = told(e->value);
        if (w && (all || w->state > STATE_CLEAR))
            s->ranked[s->n_ranked++] = e->value;
    }
    qsort(s->ranked, s->n_ranked, sizeof *s->ranked, worst_first);
    return s->n_ranked;
}

void person_suspect(struct scorer *s, const struct person *p, const struct window *w,
                    struct suspect *out)
{
    *out = (struct suspect){0};
    window_suspect(w, &s->seen_text, out);
    out->kind = p->kind;
    out->identity = p->name;
    out->customer = p->group->label;
    out->partner = p->group->partner;
    out->threshold = (double)w->share * s->scoring->threshold;
}

void scorer_suspect(struct scorer *s, size_t i, struct suspect *out)
{
    person_suspect(s, s->ranked[i], told(s->ranked[i]), out);
}

void scorer_stats(const struct scorer *s, struct scorer_stats *out)
{
    const struct map_entry *e;

    *out = (struct scorer_stats){
        .records = s->records, .identities = s->people.used, .flags = s->flags};
    for (size_t at = 0; (e = map_next(&s->people, &at)) != NULL;) {
        const struct window *w = told(e->value);
        out->flagged += w && w->state > STATE_CLEAR;
    }
}
