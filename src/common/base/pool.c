#include "base/pool.h"

#include <stdlib.h>

#define UNIT 32u
#define LARGE (POOL_CLASSES * UNIT)
#define BLOCK 65536u

struct pool_block {
    struct pool_block *next;
    max_align_t data[];
};

size_t pool_round(size_t n)
{
    if (n > LARGE)
        return n;
    return n == 0 ? UNIT : (n + UNIT - 1) / UNIT * UNIT;
}

static void *carve(struct pool *p, size_t n)
{
    if ((size_t)(p->end - p->at) < n) {
        struct pool_block *b = malloc(sizeof *b + BLOCK);
        if (b == NULL)
            return NULL;
        b->next = p->blocks;
        p->blocks = b;
        p->at = (char *)b->data;
        p->end = p->at + BLOCK;
    }
    void *piece = p->at;
    p->at += n;
    return piece;
}

void *pool_get(struct pool *p, size_t n)
{
    void *piece;

    n = pool_round(n);
    if (n > LARGE) {
        piece = malloc(n);
    } else if ((piece = p->free[n / UNIT - 1]) != NULL) {
        p->free[n / UNIT - 1] = *(void **)piece;
    } else {
        piece = carve(p, n);
    }
    if (piece)
        p->used += n;
    return piece;
}

void pool_put(struct pool *p, void *piece, size_t n)
{
    if (piece == NULL)
        return;
    n = pool_round(n);
    p->used -= n;
    if (n > LARGE) {
        free(piece);
        return;
    }
    *(void **)piece = p->free[n / UNIT - 1];
    p->free[n / UNIT - 1] = piece;
}

void pool_free(struct pool *p)
{
    struct pool_block *b = p->blocks, *next;

    for (; b; b = next) {
        next = b->next;
        free(b);
    }
    *p = (struct pool){0};
}
