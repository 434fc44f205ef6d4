/* recent: a bounded memory of what was seen: numbers go in, and are found again for a while.
 *
 * Two generations: the younger grows to `most` slots; when it is half full then, the older is
 * forgotten, so at least most/2 and at most `most` numbers are remembered once there were so many.
 * A number is a hash of 64 bits; that two things share one is taken as chance.
 */
#ifndef MPTOOLS_JUDGE_RECENT_H
#define MPTOOLS_JUDGE_RECENT_H

#include "base/pack.h"

struct recent {
    uint64_t *young, *old;
    size_t young_size, old_size; /* slots, powers of two */
    size_t used, most;           /* taken in the younger; the most slots it may have */
};

/* Powers of two. False when memory runs out. */
bool recent_init(struct recent *r, size_t first, size_t most);
void recent_free(struct recent *r);
bool recent_has(const struct recent *r, uint64_t number);
/* It is asked for soon. */
static inline void recent_soon(const struct recent *r, uint64_t number)
{
    __builtin_prefetch(&r->young[number & (r->young_size - 1)]);
    __builtin_prefetch(&r->old[number & (r->old_size - 1)]);
}
/* When memory runs out for growing, it forgets earlier instead. */
void recent_add(struct recent *r, uint64_t number);
/* recent_has(), and what is found is remembered anew. */
bool recent_touch(struct recent *r, uint64_t number);

/* What it remembers, and back into one that is new. False when memory runs out; bytes that can't be
 * read set in->bad. */
void recent_save(const struct recent *r, struct text *out);
bool recent_load(struct recent *r, struct unpack *in);

/* One number from two. */
static inline uint64_t recent_mix(uint64_t a, uint64_t b)
{
    a ^= b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2);
    a ^= a >> 30;
    a *= UINT64_C(0xbf58476d1ce4e5b9);
    a ^= a >> 27;
    return a ? a : 1;
}

#endif
