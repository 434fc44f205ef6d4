#include "base/arena.h"

#include <stdlib.h>

#define CHUNK 65536u

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    max_align_t data[];
};

static size_t round_up(size_t n)
{
    return (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct arena_chunk *c = a->chunk;

    if (n > SIZE_MAX / 2)
        return NULL;
    n = round_up(n ? n : 1);
    if (c == NULL || c->size - c->used < n) {
        size_t size = n > CHUNK / 4 ? n : CHUNK;
        if ((c = calloc(1, sizeof *c + size)) == NULL)
            return NULL;
        c->size = size;
        a->bytes += sizeof *c + size;
        if (n > CHUNK / 4 && a->chunk) { /* a large piece of its own, behind the current chunk */
            c->next = a->chunk->next;
            a->chunk->next = c;
        } else {
            c->next = a->chunk;
            a->chunk = c;
        }
    }
    void *p = (char *)c->data + c->used;
    c->used += n;
    return p;
}

struct slice arena_slice(struct arena *a, struct slice s)
{
    char *p = s.n ? arena_alloc(a, s.n) : NULL;

    if (p == NULL)
        return SLICE_NONE;
    memcpy(p, s.p, s.n);
    return slice_of(p, s.n);
}

char *arena_str(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (p != NULL && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

void arena_free(struct arena *a)
{
    struct arena_chunk *c = a->chunk, *next;

    for (; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = (struct arena){0};
}
