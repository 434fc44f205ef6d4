#include "judge/customer.h"

#include <stdlib.h>

#include "judge/customer_parts.h"

const struct customer_id *customer_wildcard(const struct customers *c, unsigned kind,
                                            struct slice login, size_t below)
{
    const bool *used = c->length[kind - CUSTOMER_LOGIN_PREFIX];

    for (size_t n = below < login.n + 1 ? below : login.n + 1; n-- > 0;) {
        if (!used[n])
            continue;
        struct slice part =
            kind == CUSTOMER_LOGIN_PREFIX ? slice_of(login.p, n) : slice_skip(login, login.n - n);
        const struct customer_id *id = map_get(&c->id[kind], part);
        if (id)
            return id;
    }
    return NULL;
}

void customers_free(struct customers *c)
{
    if (c == NULL)
        return;
    map_free(&c->keys);
    for (size_t i = 0; i < sizeof c->id / sizeof *c->id; i++)
        map_free(&c->id[i]);
    free(c->list);
    free(c->net);
    arena_free(&c->arena);
    free(c);
}

size_t customers_count(const struct customers *c)
{
    return c ? c->n : 0;
}

const struct customer *customers_at(const struct customers *c, size_t i)
{
    return c && i < c->n ? c->list[i] : NULL;
}

const struct customer *customers_by_key(const struct customers *c, struct slice key)
{
    return c ? map_get(&c->keys, key) : NULL;
}

/* s in lower case, in buf; an empty slice when it doesn't fit. */
static struct slice fold(struct slice s, char buf[LOGIN_LONGEST])
{
    if (s.n > LOGIN_LONGEST)
        return SLICE_NONE;
    for (size_t i = 0; i < s.n; i++)
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
    return slice_of(buf, s.n);
}

const struct customer *customers_by_login(const struct customers *c, struct slice login)
{
    char buf[LOGIN_LONGEST];
    struct slice name = fold(login, buf);

    if (c == NULL || name.n == 0)
        return NULL;
    const struct customer_id *id = map_get(&c->id[CUSTOMER_LOGIN], name);
    if (id)
        return id->customer;
    const struct customer_id *prefix = customer_wildcard(c, CUSTOMER_LOGIN_PREFIX, name, SIZE_MAX);
    const struct customer_id *suffix = customer_wildcard(c, CUSTOMER_LOGIN_SUFFIX, name, SIZE_MAX);
    if (prefix && suffix)
        id = prefix->text.n > suffix->text.n ? prefix : suffix;
    else
        id = prefix ? prefix : suffix;
    if (id)
        return id->customer;
    const char *at = slice_rchr(name, '@');
    return at ? customers_by_domain(c, slice_range(at + 1, name.p + name.n)) : NULL;
}

const struct customer *customers_by_client(const struct customers *c, struct ipaddr client)
{
    size_t low = 0, high = c ? c->nets : 0;

    while (low < high) { /* the last net that begins at or before the address */
        size_t middle = (low + high) / 2;
        if (ipaddr_cmp(c->net[middle].id->net.addr, client) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low ? (uint32_t)low - 1 : NO_NET; i != NO_NET; i = c->net[i].outer)
        if (ipnet_has(c->net[i].id->net, client))
            return c->net[i].id->customer;
    return NULL;
}

const struct customer *customers_by_domain(const struct customers *c, struct slice domain)
{
    char buf[LOGIN_LONGEST];
    struct slice name = fold(domain, buf);

    while (c && name.n) {
        const struct customer_id *id = map_get(&c->id[CUSTOMER_DOMAIN], name);
        if (id)
            return id->customer;
        const char *dot = slice_chr(name, '.');
        name = dot ? slice_range(dot + 1, name.p + name.n) : SLICE_NONE;
    }
    return NULL;
}
