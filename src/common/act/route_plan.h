/* route_plan: which routes there ought to be, from the listings that stand and what is wanted.
 *
 * A route is somebody's mail (a customer's, or `*`, everybody's) for a provider, by outbound
 * servers that aren't listed there: not by the provider, not on a part of its list, not on a list
 * that its replies are known to name. Of those the ones that are on the fewest and lightest DNS
 * lists; a customer goes by one, everybody by all of them, weights kept. A provider that is a DNS
 * list stands for the pool that all other mail leaves by. When every server is listed at a provider
 * nothing changes there; when every server is on DNS lists, the pool keeps the least listed ones,
 * so that mail flows.
 *
 * A wish without a server is for as long as one of our addresses is listed; one with a server
 * stands, and gives way to another server while that one is listed. A customer whose route stands
 * keeps its server while it may.
 *
 * Pure: the same ledger, files and means give the same plan, in one order. Nothing is changed here.
 */
#ifndef MPTOOLS_ACT_ROUTE_PLAN_H
#define MPTOOLS_ACT_ROUTE_PLAN_H

#include "act/ledger.h"
#include "act/route_means.h"

#define ROUTE_POOL_WEIGHT 5u /* lighter DNS lists don't take an address out of the pool */
#define ROUTE_SEPARATOR ','  /* between the servers of `via` */

struct route {
    struct slice customer;
    const struct provider *provider;
    struct slice via; /* names of servers, with commas between */
    bool asked;       /* by name; else because of a listing */
    int64_t listing;  /* that it is around; 0: none */
    struct slice reason;
};

/* What couldn't be had. */
struct route_trouble {
    struct slice customer, provider, text;
};

struct route_plan {
    struct arena arena;
    struct route *list; /* by customer, then provider */
    size_t n, room;
    struct map index; /* for route_plan_find() */
    struct route_trouble *trouble;
    size_t troubles, trouble_room;
};

/* False when memory ran out, or after a failure of the ledger. route_plan_free() in any case. */
bool route_plan_make(struct route_plan *plan, struct ledger *l, const struct providers *providers,
                     const struct route_means *means);
void route_plan_free(struct route_plan *plan);
/* provider: its id. NULL: there is none. */
const struct route *route_plan_find(const struct route_plan *plan, struct slice customer,
                                    struct slice provider);

/* The next name in `via`; false at the end. */
bool route_via_next(struct slice *via, struct slice *name);

#endif
