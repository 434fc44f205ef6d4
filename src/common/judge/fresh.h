/* fresh: what was first seen of an identity since it is watched: a set of hashes.
 *
 * At most FRESH_MOST of them; what comes then is not kept, and so is found new again some day.
 * Starts as {0}; takes no memory while it is empty.
 */
#ifndef MPTOOLS_JUDGE_FRESH_H
#define MPTOOLS_JUDGE_FRESH_H

#include "base/pack.h"

#define FRESH_MOST 32768u

struct fresh {
    uint64_t *slot;
    uint32_t size, used;
};

bool fresh_has(const struct fresh *f, uint64_t number);
bool fresh_add(struct fresh *f, uint64_t number); /* false when memory runs out */
void fresh_clear(struct fresh *f);                /* empty, its memory kept */
void fresh_free(struct fresh *f);

/* All of them, and back into one that is {0}. False when memory runs out; bytes that can't be read
 * set in->bad. */
void fresh_save(const struct fresh *f, struct text *out);
bool fresh_load(struct fresh *f, struct unpack *in);

#endif
