/* route_open: the routes that stand in the ledger (`until` is NULL), at hand by whose they are and
 * where they lead: a plan of a hundred thousand customers asks for each of them.
 *
 * Everything is a copy in the arena. Failures are the ledger's, or `failed`: memory ran out.
 */
#ifndef MPTOOLS_ACT_ROUTE_OPEN_H
#define MPTOOLS_ACT_ROUTE_OPEN_H

#include "act/ledger.h"
#include "base/arena.h"
#include "base/map.h"

struct route_open {
    int64_t id, listing; /* listing 0: none */
    struct slice customer, provider, via;
    const struct route_open *next; /* of all, by id */
    const struct route_open *same; /* the next one of that customer and provider */
};

struct route_opens {
    struct arena arena;
    const struct route_open *first;
    struct map by_key;
    bool failed;
};

/* Starts as anything, ends in route_opens_free(). False after a failure. */
bool route_opens_load(struct route_opens *o, struct ledger *l);
void route_opens_free(struct route_opens *o);
/* The first of them, or NULL. */
const struct route_open *route_opens_find(struct route_opens *o, struct slice customer,
                                          struct slice provider);

/* Two names as one key of a map; in t, which is emptied before. */
struct slice route_key(struct text *t, struct slice customer, struct slice provider);

#endif
