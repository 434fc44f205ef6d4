/* route_learn: what the log shows of routes: which recipient domains a provider's servers take mail
 * for, and whether mail passes a content filter.
 *
 * A domain whose relay= is a provider's mail server (providers.h, mx) is that provider's, and goes
 * into the ledger's table `domains`. Where the log shows other servers for a domain that is known
 * as a provider's, its count is halved with each such delivery, and at nothing it is theirs who
 * take it now: another provider's, or nobody's ('', so that the shipped list doesn't bring it
 * back). What no delivery has confirmed for ROUTE_FORGET is forgotten.
 *
 * A content filter shows in a delivery to a loopback address whose reply says `queued as`, and in a
 * second leg of that queue id, which the log's reader has tied to it (column origin). What our own
 * hop (ROUTE_HOP, by its syslog name) hands on shows none.
 *
 * All depends on the records' own times. SECURITY: recipients and names of servers are a stranger's
 * choice: a domain has to be a good key (route_value.h), and at most ROUTE_LEARN_MOST are looked at
 * in a run, and kept, those with the most mail; a domain's owner chooses its MX, and nothing else
 * decides.
 */
#ifndef MPTOOLS_ACT_ROUTE_LEARN_H
#define MPTOOLS_ACT_ROUTE_LEARN_H

#include "act/ledger.h"
#include "act/providers.h"
#include "act/route_value.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/when.h"
#include "log/record.h"

#define ROUTE_FORGET (90 * WHEN_DAY)
#define ROUTE_FILTER_FORGET (7 * WHEN_DAY)
#define ROUTE_LEARN_MOST 200000u

#define ROUTE_LEGS 256u

/* A queue id that the next hop gave, or that a second leg has; the least recent ones are dropped.
 */
struct route_leg {
    uint64_t qid; /* its hash; 0: none */
    struct route_place place;
};

/* Starts as {0} with its providers and ledger, ends in route_learn_free(). */
struct route_learn {
    const struct providers *providers;
    struct ledger *ledger; /* only read until route_learn_save() */
    struct arena arena;
    struct map domains; /* by name */
    struct route_place filter;
    int64_t filter_last;
    bool filter_seen;
    struct route_leg queued[ROUTE_LEGS], second[ROUTE_LEGS];
    struct route_place skip[2]; /* listeners of our own that are no content filter */
    unsigned skip_count;
};

/* False when memory ran out. */
bool route_learn_record(struct route_learn *r, const struct record *rec);
/* Into the ledger, within a transaction. now: of the log. False after a failure of it. */
bool route_learn_save(struct route_learn *r, int64_t now);
void route_learn_free(struct route_learn *r);

/* What the log has shown of a content filter, from the ledger; false: nothing within the last
 * ROUTE_FILTER_FORGET of log time. */
bool route_learn_filter(struct ledger *l, struct route_place *out);

/* Calls with each domain of a provider, learned or shipped, in their order. False when the callback
 * does, or after a failure. */
typedef bool route_domain_fn(void *user, struct slice domain);
bool route_domains(struct ledger *l, const struct provider *p, route_domain_fn *each, void *user);

#endif
