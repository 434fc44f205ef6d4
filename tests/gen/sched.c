/* sched: see sched.h. */
#include "sched.h"

#include <stdlib.h>

static inline bool earlier(const struct event *a, const struct event *b)
{
    return a->t < b->t || (a->t == b->t && a->order < b->order);
}

void sched_add(struct sched *q, int64_t t, event_fn fn, void *arg)
{
    struct event e = {t, q->order++, fn, arg};
    size_t i = q->n;

    if (q->n == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 4096;
        q->heap = realloc(q->heap, q->cap * sizeof(*q->heap));
        if (q->heap == NULL)
            abort();
    }
    q->n++;
    while (i > 0 && earlier(&e, &q->heap[(i - 1) / 4])) {
        q->heap[i] = q->heap[(i - 1) / 4];
        i = (i - 1) / 4;
    }
    q->heap[i] = e;
}

static size_t earliest_child(const struct sched *q, size_t first)
{
    size_t end = first + 4 < q->n ? first + 4 : q->n;
    size_t best = first;

    for (size_t c = first + 1; c < end; c++)
        if (earlier(&q->heap[c], &q->heap[best]))
            best = c;
    return best;
}

bool sched_take(struct sched *q, struct event *e)
{
    struct event last;
    size_t i = 0;

    if (q->n == 0)
        return false;
    *e = q->heap[0];
    last = q->heap[--q->n];
    while (4 * i + 1 < q->n) {
        size_t c = earliest_child(q, 4 * i + 1);
        if (!earlier(&q->heap[c], &last))
            break;
        q->heap[i] = q->heap[c];
        i = c;
    }
    q->heap[i] = last;
    return true;
}

void sched_free(struct sched *q)
{
    free(q->heap);
    q->heap = NULL;
    q->n = q->cap = 0;
}
