/* pool: memory for very many small, short-lived pieces, without a malloc for each.
 *
 * Pieces come in size classes (multiples of 32 bytes up to 1 KiB, larger ones from malloc) and go
 * back to their class's free list with the size that they were asked for. Memory is given back to
 * the system by pool_free() only. NULL when memory runs out.
 */
#ifndef MPTOOLS_BASE_POOL_H
#define MPTOOLS_BASE_POOL_H

#include <stddef.h>

#define POOL_CLASSES 32

struct pool_block;
struct pool {
    void *free[POOL_CLASSES];
    struct pool_block *blocks;
    char *at, *end;
    size_t used; /* bytes handed out and not given back */
};

/* What a piece of n bytes really has room for. */
size_t pool_round(size_t n);
void *pool_get(struct pool *p, size_t n); /* not zeroed; aligned to 16 */
void pool_put(struct pool *p, void *piece, size_t n);
void pool_free(struct pool *p); /* pieces over 1 KiB have to be put back before */

#endif
