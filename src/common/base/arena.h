/* arena: memory that is given back all at once.
 *
 * For what lives as long as its owner: configuration, interned names. A struct arena starts as {0}.
 * Allocation failure returns NULL (or SLICE_NONE with a non-empty source); the arena stays usable.
 */
#ifndef MPTOOLS_BASE_ARENA_H
#define MPTOOLS_BASE_ARENA_H

#include "base/slice.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *chunk;
    size_t bytes; /* taken from the system so far */
};

void *arena_alloc(struct arena *a, size_t n); /* aligned for any type, zeroed */
struct slice arena_slice(struct arena *a, struct slice s);
char *arena_str(struct arena *a, struct slice s); /* NUL-terminated copy */
void arena_free(struct arena *a);

#endif
