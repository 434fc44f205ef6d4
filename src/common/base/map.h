/* map: a hash table from byte strings to pointers (xxHash XXH3, open addressing).
 *
 * A struct map starts as {0} and ends in map_free(). It doesn't own keys or values: keys have to
 * live as long as the map (an arena, say). Look-ups have two results, found and absent; map_put
 * returns false when memory runs out and then has changed nothing.
 */
#ifndef MPTOOLS_BASE_MAP_H
#define MPTOOLS_BASE_MAP_H

#include "base/slice.h"

struct map_entry {
    struct slice key; /* p == NULL: free */
    void *value;
    uint64_t hash;
};

struct map {
    struct map_entry *entries;
    size_t used, size; /* size is a power of two */
};

uint64_t slice_hash(struct slice s); /* seeded once a process: a stranger can't choose collisions */
/* The same with a seed of the caller's, for hashes that outlive the process. */
uint64_t slice_hash_with(struct slice s, uint64_t seed);
uint64_t slice_hash_seed(void); /* a number that nobody knows; not 0 */

void *map_get(const struct map *m, struct slice key);       /* NULL when absent */
bool map_put(struct map *m, struct slice key, void *value); /* adds or replaces */
/* Walks all entries in no order: *at starts at 0; NULL at the end. */
const struct map_entry *map_next(const struct map *m, size_t *at);
void map_free(struct map *m);

#endif
