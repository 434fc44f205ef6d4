#include "judge/recent.h"

#include <stdlib.h>
#include <string.h>

bool recent_init(struct recent *r, size_t size)
{
    r->size = size;
    r->used = 0;
    r->young = calloc(size, sizeof *r->young);
    r->old = calloc(size, sizeof *r->old);
    return r->young && r->old;
}

void recent_free(struct recent *r)
{
    free(r->young);
    free(r->old);
}

/* Where the number is, or would be. */
static size_t place(const uint64_t *slots, size_t size, uint64_t number)
{
    size_t i = number & (size - 1);

    while (slots[i] && slots[i] != number)
        i = (i + 1) & (size - 1);
    return i;
}

bool recent_has(const struct recent *r, uint64_t number)
{
    return r->young[place(r->young, r->size, number)] == number ||
           r->old[place(r->old, r->size, number)] == number;
}

void recent_add(struct recent *r, uint64_t number)
{
    size_t i = place(r->young, r->size, number);

    if (r->young[i])
        return;
    r->young[i] = number;
    if (++r->used < r->size / 2)
        return;
    uint64_t *forgotten = r->old;
    r->old = r->young;
    r->young = forgotten;
    memset(r->young, 0, r->size * sizeof *r->young);
    r->used = 0;
}
