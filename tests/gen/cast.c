/* cast: see cast.h. */
#include "cast.h"

#include <math.h>

#include "place.h"

/* Whether customer c suits: of that kind, by logins or by address. */
static bool suits(const struct customer *c, enum customer_kind kind, bool machine)
{
    return c->kind == kind && (c->net[0] != '\0') == machine;
}

/* An identity of c that is free; of a machine all have the same address, so there is but one. */
static struct identity *free_identity(struct sim *s, struct customer *c)
{
    uint32_t at = rng_skewed(&s->rng, c->identities);

    for (uint32_t i = 0; i < c->identities; i++) {
        struct identity *id = &s->world->identity[c->first + (at + i) % c->identities];

        if (!id->cast && !(c->net[0] != '\0' && c->cast))
            return id;
    }
    return NULL;
}

/* Looks at all the customers from a random one on; fresh: only at those with no part yet. */
static struct identity *find(struct sim *s, enum customer_kind kind, bool machine, bool fresh)
{
    struct world *w = s->world;
    uint32_t at = rng_below(&s->rng, w->customers);

    for (uint32_t i = 0; i < w->customers; i++) {
        struct customer *c = &w->customer[(at + i) % w->customers];
        struct identity *id;

        if (!suits(c, kind, machine) || (fresh && c->cast))
            continue;
        id = free_identity(s, c);
        if (id == NULL)
            continue;
        c->cast = id->cast = true;
        return id;
    }
    return NULL;
}

struct identity *cast_login(struct sim *s)
{
    struct identity *id = find(s, CUSTOMER_OFFICE, false, true);

    return id != NULL ? id : find(s, CUSTOMER_OFFICE, false, false);
}

struct identity *cast_machine(struct sim *s, enum customer_kind kind)
{
    return find(s, kind, true, true);
}

struct customer *cast_office(struct sim *s, uint32_t least, uint32_t most)
{
    struct world *w = s->world;
    uint32_t at = rng_below(&s->rng, w->customers);

    for (uint32_t i = 0; i < w->customers; i++) {
        struct customer *c = &w->customer[(at + i) % w->customers];

        if (!suits(c, CUSTOMER_OFFICE, false) || c->cast || c->identities < least ||
            c->identities > most)
            continue;
        c->cast = true;
        for (uint32_t j = 0; j < c->identities; j++)
            w->identity[c->first + j].cast = true;
        return c;
    }
    return NULL;
}

static struct identity *add(struct sim *s, enum customer_kind kind, const char *net, uint32_t n)
{
    struct customer *c = world_add(s->world, &s->rng, kind, net, n);

    if (c == NULL)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        s->world->identity[c->first + i].cast = true;
    return &s->world->identity[c->first];
}

struct identity *cast_new(struct sim *s, enum customer_kind kind, uint32_t logins)
{
    return add(s, kind, "", logins);
}

struct identity *cast_new_machine(struct sim *s, enum customer_kind kind)
{
    char net[48];

    place_net(s->world->customers, net, sizeof(net));
    return add(s, kind, net, 1);
}

int64_t cast_time(struct sim *s, double lo, double hi)
{
    double at = lo + (hi - lo) * rng_unit(&s->rng);

    return s->opt.start + (int64_t)(at * s->opt.days * (double)DAY);
}

int64_t cast_worktime(struct sim *s, double lo, double hi)
{
    int64_t t = cast_time(s, lo, hi);

    for (int i = 0; i < 200 && traffic_office_hour(t) < 150; i++)
        t = cast_time(s, lo, hi);
    return t;
}

double cast_size(struct sim *s, double lo, double hi)
{
    return lo * pow(hi / lo, rng_unit(&s->rng));
}

void cast_nobody(const char *part)
{
    fprintf(stderr, "loggen: %s left out: no customer for it\n", part);
}
