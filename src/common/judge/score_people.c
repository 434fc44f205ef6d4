#include <stdlib.h>

#include "judge/score_parts.h"

struct slice person_key(unsigned kind, struct slice name, char buf[IDENTITY_LONGEST + 1])
{
    if (name.n > IDENTITY_LONGEST || kind > IDENTITY_CLIENT)
        return SLICE_NONE;
    buf[0] = (char)('0' + kind);
    for (size_t i = 0; i < name.n; i++)
        buf[i + 1] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
    return slice_of(buf, name.n + 1);
}

/* Where the key is, or would be. */
static size_t place(const struct people *all, struct slice key, uint64_t hash)
{
    size_t i = hash & (all->size - 1);

    while (all->slot[i] &&
           (all->slot[i]->hash != hash || !slice_eq(person_bytes(all->slot[i]), key)))
        i = (i + 1) & (all->size - 1);
    return i;
}

struct person *person_of_key(const struct scorer *s, struct slice key)
{
    if (s->people.used == 0)
        return NULL;
    return s->people.slot[place(&s->people, key, scorer_hash(s, key))];
}

struct person *person_known(const struct scorer *s, unsigned kind, struct slice name)
{
    char buf[IDENTITY_LONGEST + 1];
    struct slice key = person_key(kind, name, buf);

    return key.n ? person_of_key(s, key) : NULL;
}

static bool grow(struct people *all)
{
    struct people wide = {.size = all->size ? all->size * 2 : 64, .used = all->used};

    if ((wide.slot = calloc(wide.size, sizeof *wide.slot)) == NULL)
        return false;
    for (size_t i = 0; i < all->size; i++) {
        struct person *p = all->slot[i];
        if (p == NULL)
            continue;
        size_t at = p->hash & (wide.size - 1);
        while (wide.slot[at])
            at = (at + 1) & (wide.size - 1);
        wide.slot[at] = p;
    }
    free(all->slot);
    *all = wide;
    return true;
}

struct person *person_add(struct scorer *s, struct slice key)
{
    struct person *p = arena_alloc(&s->arena, offsetof(struct person, key) + key.n);

    if (p == NULL || (s->people.used >= s->people.size / 2 && !grow(&s->people)))
        return NULL;
    memcpy(p->key, key.p, key.n);
    p->name_n = (uint8_t)(key.n - 1);
    p->kind = (uint8_t)(key.p[0] - '0');
    p->hash = scorer_hash(s, key);
    s->people.slot[place(&s->people, key, p->hash)] = p;
    s->people.used++;
    return p;
}

struct person *person_next(const struct scorer *s, size_t *at)
{
    while (*at < s->people.size) {
        struct person *p = s->people.slot[(*at)++];
        if (p)
            return p;
    }
    return NULL;
}

struct group *group_of(struct scorer *s, struct slice label, struct slice partner)
{
    struct group *g = map_get(&s->groups, label);

    if (g)
        return g;
    if ((g = arena_alloc(&s->arena, sizeof *g)) == NULL)
        return NULL;
    g->label = arena_slice(&s->arena, label);
    g->partner = arena_slice(&s->arena, partner);
    g->hash = scorer_hash(s, label);
    g->id = (uint32_t)g->hash | 1;
    bool ok = g->label.n == label.n && g->partner.n == partner.n;
    return ok && map_put(&s->groups, g->label, g) ? g : NULL;
}
