/* route_plan_parts: what route_plan.c (wishes and routes) and route_listed.c (listings, servers)
 * share; for these two only. */
#ifndef MPTOOLS_ACT_ROUTE_PLAN_PARTS_H
#define MPTOOLS_ACT_ROUTE_PLAN_PARTS_H

#include "act/route_open.h"
#include "act/route_plan.h"

/* A server of ours on a list, or at a provider. */
struct route_listed {
    int64_t id;
    size_t out;
    const struct outbound_address *address;
    const struct provider *provider; /* NULL: not known any more */
    struct slice name;               /* its id */
};

struct planning {
    struct route_plan *plan;
    struct ledger *ledger;
    struct route_opens open;
    const struct providers *providers;
    const struct route_means *means;
    const struct route_conf *conf;
    struct route_listed *listed;
    size_t listings, room;
    uint64_t *burden, *given; /* of each server: weight of its DNS lists; routes that it has */
    bool *may;                /* of each server: may it be used? For the provider at hand */
    bool failed;
};

bool listed_load(struct planning *g);
/* Marks the servers that aren't listed there and counts them: those that may be chosen, and the
 * wanted one. Returns the first listing of one that mail leaves by, 0: none. */
int64_t listed_look(struct planning *g, const struct provider *p, struct slice wanted,
                    size_t *left);
/* A server with a weight that is listed there, the one with the largest; NULL: none. */
const struct outbound_address *listed_out(const struct planning *g, const struct provider *p);
/* `out1 (203.0.113.10) is listed at …, …`. */
void listed_words(const struct planning *g, const struct provider *p, struct text *out);

/* Of those that may be used. One: the wanted one, else the standing one, else by what it carries;
 * there has to be one. All: names, joined. */
const struct outbound_address *choose_one(struct planning *g, struct slice wanted,
                                          struct slice standing);
void choose_all(const struct planning *g, struct text *via);
uint64_t least_burden(const struct planning *g);

#endif
