#include "act/providers_parts.h"

#include <ctype.h>
#include <stdlib.h>

void providers_free(struct providers *all)
{
    if (all == NULL)
        return;
    provider_matches_free(all);
    map_free(&all->by_id);
    map_free(&all->by_mx);
    map_free(&all->by_domain);
    map_free(&all->by_zone);
    arena_free(&all->arena);
    free(all->entry);
    free(all->order);
    free(all);
}

static const struct provider *in_use(const struct entry *e)
{
    return e && !e->off ? &e->p : NULL;
}

const struct provider *provider_at(const struct providers *all, size_t i)
{
    for (size_t k = 0; k < all->n; k++)
        if (!all->entry[k]->off && i-- == 0)
            return &all->entry[k]->p;
    return NULL;
}

const struct provider *provider_find(const struct providers *all, struct slice id)
{
    return in_use(map_get(&all->by_id, id));
}

/* The entry of the longest suffix of name, at a label's border, that the map has. */
static struct entry *by_suffix(const struct map *map, struct slice name)
{
    char buf[256];
    struct slice s;
    const char *dot;
    struct entry *e;

    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n >= sizeof buf || map->used == 0)
        return NULL;
    for (size_t i = 0; i < name.n; i++)
        buf[i] = (char)tolower((unsigned char)name.p[i]);
    for (s = slice_of(buf, name.n); (e = map_get(map, s)) == NULL;
         s = slice_range(dot + 1, s.p + s.n))
        if ((dot = slice_chr(s, '.')) == NULL)
            return NULL;
    return e;
}

const struct provider *provider_of_mx(const struct providers *all, struct slice host)
{
    return in_use(by_suffix(&all->by_mx, host));
}

const struct provider *provider_of_domain(const struct providers *all, struct slice domain)
{
    struct slice name = domain;
    char buf[256];

    if (name.n == 0 || name.n > sizeof buf)
        return NULL;
    for (size_t i = 0; i < name.n; i++)
        buf[i] = (char)tolower((unsigned char)name.p[i]);
    return in_use(map_get(&all->by_domain, slice_of(buf, name.n)));
}

struct entry *provider_zone_entry(const struct providers *all, struct slice zone)
{
    return by_suffix(&all->by_zone, zone);
}

const struct provider *provider_of_zone(const struct providers *all, struct slice zone)
{
    return in_use(provider_zone_entry(all, zone));
}

const struct provider *provider_of_code(const struct providers *all, const struct provider *asked,
                                        uint32_t code)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct provider *p = &all->entry[i]->p;
        /* a list that stands for another one, with a key, has the same parts */
        if (all->entry[i]->off || p->part_of == NULL ||
            (p->part_of != asked && p->part_of != asked->replaces))
            continue;
        for (unsigned k = 0; k < p->parts; k++)
            if (code >= p->part[k].first && code <= p->part[k].last)
                return p;
    }
    return asked;
}
