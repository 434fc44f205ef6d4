#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t seed;

uint64_t slice_hash_seed(void)
{
    uint64_t fresh;

    if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != (ssize_t)sizeof fresh)
        fresh = (uint64_t)(uintptr_t)&seed;
    return fresh | 1;
}

uint64_t slice_hash_with(struct slice s, uint64_t with)
{
    return XXH3_64bits_withSeed(s.p ? s.p : "", s.n, with);
}

uint64_t slice_hash(struct slice s)
{
    if (seed == 0)
        seed = slice_hash_seed();
    return slice_hash_with(s, seed);
}

static struct map_entry *find(const struct map *m, struct slice key, uint64_t hash)
{
    size_t i = hash & (m->size - 1);

    for (;; i = (i + 1) & (m->size - 1)) {
        struct map_entry *e = &m->entries[i];
        if (e->key.p == NULL || (e->hash == hash && slice_eq(e->key, key)))
            return e;
    }
}

void *map_get(const struct map *m, struct slice key)
{
    if (m->used == 0)
        return NULL;
    return find(m, key, slice_hash(key))->value;
}

static bool grow(struct map *m)
{
    struct map bigger = {.size = m->size ? m->size * 2 : 16, .used = m->used};

    if ((bigger.entries = calloc(bigger.size, sizeof *bigger.entries)) == NULL)
        return false;
    for (size_t i = 0; i < m->size; i++)
        if (m->entries[i].key.p)
            *find(&bigger, m->entries[i].key, m->entries[i].hash) = m->entries[i];
    free(m->entries);
    *m = bigger;
    return true;
}

bool map_put(struct map *m, struct slice key, void *value)
{
    uint64_t hash = slice_hash(key);

    if ((m->used + 1) * 4 > m->size * 3 && !grow(m))
        return false;
    if (key.p == NULL)
        key.p = ""; /* the empty key is a key; a NULL pointer marks a free entry */
    struct map_entry *e = find(m, key, hash);
    if (e->key.p == NULL) {
        e->key = key;
        e->hash = hash;
        m->used++;
    }
    e->value = value;
    return true;
}

const struct map_entry *map_next(const struct map *m, size_t *at)
{
    while (*at < m->size) {
        const struct map_entry *e = &m->entries[(*at)++];
        if (e->key.p)
            return e;
    }
    return NULL;
}

void map_free(struct map *m)
{
    free(m->entries);
    *m = (struct map){0};
}
