/* route_record: routes in the ledger: what a plan begins and ends, and which class carries whom.
 *
 * All of it within the caller's transaction; failures are the ledger's. The rows of `routes` are
 * what stands (until NULL) and what stood; a route that goes another way is a new row. Each change
 * is a row of the journal.
 *
 * Customers with the same routes share a restriction class, and keep it as long as one of them has
 * these routes: open smtpd sessions still know their old way into it. Classes that were given back
 * longest ago are given first. Which is whose stands in the ledger's state `routegen.slots`.
 */
#ifndef MPTOOLS_ACT_ROUTE_RECORD_H
#define MPTOOLS_ACT_ROUTE_RECORD_H

#include "act/route_plan.h"

struct route_event {
    const char *what; /* begins, changes, ends */
    int64_t time, listing;
    struct slice customer, provider, via, reason; /* valid during the call */
};
typedef void route_told_fn(void *user, const struct route_event *event);

/* Makes the ledger's open routes those of the plan. told may be NULL. */
bool route_record(struct ledger *l, const struct route_plan *plan, int64_t now, route_told_fn *told,
                  void *user);

/* Routes that --route has asked for, as text, one a line; they end with their listing. */
#define ROUTE_STATE_ASKED "routegen.asked"
/* Adds them to what is wanted; those that can't be read any more are told and left out. */
bool route_asked_load(struct ledger *l, struct route_conf *c, const struct route_known *known,
                      struct problems *problems);
/* Adds or takes away (`CUSTOMER:PROVIDER`) a line. *found: was it there before? */
bool route_asked_set(struct ledger *l, struct slice text, bool add, bool *found);
/* Is that line, as --route has it, among them? */
bool route_asked_has(struct ledger *l, struct slice text);
/* Takes away those without a server of their own that the plan has nothing for. */
bool route_asked_expire(struct ledger *l, const struct route_plan *plan,
                        const struct route_conf *c);

/* The slot, from 1, of each set of routes of a customer. */
struct route_slots {
    struct slice *set;  /* [0] is slot 1; `provider=via`, joined by blanks; empty: free */
    int64_t *freed;     /* when it was given back; 0: never used */
    unsigned n, usable; /* only the first ones are given */
    struct arena arena;
};

/* Calls with each customer that has routes, by name, and these as a set. False when the callback
 * does, or after a failure. */
typedef bool route_set_fn(void *user, struct slice customer, struct slice set);
bool route_sets(struct ledger *l, route_set_fn *each, void *user);
/* Reads the state and makes it fit what stands now. Sets that find no slot are told.
 * route_slots_free() in any case. */
bool route_slots_make(struct route_slots *s, struct ledger *l, unsigned slots, unsigned usable,
                      int64_t now, struct problems *problems);
/* 0: it has none. */
unsigned route_slot_of(const struct route_slots *s, struct slice set);
void route_slots_free(struct route_slots *s);

#endif
