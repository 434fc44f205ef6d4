#include "judge/score_parts.h"

#include <stdlib.h>

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
    size_t n = p->name_n < q->name_n ? p->name_n : q->name_n;
    int c = memcmp(person_name(p).p, person_name(q).p, n);
    if (c || p->name_n != q->name_n)
        return c ? c : p->name_n < q->name_n ? -1 : 1;
    return (int)p->kind - (int)q->kind;
}

size_t scorer_rank(struct scorer *s, bool all)
{
    struct person *p;

    free(s->ranked);
    s->n_ranked = 0;
    if ((s->ranked = calloc(s->people.used + 1, sizeof *s->ranked)) == NULL)
        return SIZE_MAX;
    for (size_t at = 0; (p = person_next(s, &at)) != NULL;) {
        const struct window *w = told(p);
        if (w && (all || w->state > STATE_CLEAR))
            s->ranked[s->n_ranked++] = p;
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
    out->identity = person_name(p);
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
    const struct person *p;

    *out = (struct scorer_stats){
        .records = s->records, .identities = s->people.used, .flags = s->flags};
    for (size_t at = 0; (p = person_next(s, &at)) != NULL;) {
        const struct window *w = told(p);
        out->flagged += w && w->state > STATE_CLEAR;
    }
}
