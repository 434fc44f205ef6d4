/* route_check: is Postfix set up so that route maps can do their work?
 *
 * Looks at what route_postfix.h has read, changes nothing. Each finding is one line: what is wrong,
 * and what to do.
 */
#ifndef MPTOOLS_ACT_ROUTE_CHECK_H
#define MPTOOLS_ACT_ROUTE_CHECK_H

#include "act/blockmap.h"
#include "act/postmap.h"
#include "act/route_postfix.h"

struct route_check {
    const struct route_postfix *postfix;
    const struct route_means *means;
    const struct blockmap *maps; /* as they would be written */
    const char *dir;
    const struct table_type *type;
};

void route_check(const struct route_check *c, struct problems *out);
/* Listeners of the hop, and its transport, that master.cf lacks. */
unsigned route_hop_missing(const struct route_postfix *r, const struct route_means *means,
                           char first[ROUTE_PLACE]);
/* Does every service that customers hand mail to have a smtpd_proxy_filter? FILTER is unknown
 * there. */
bool route_proxied(const struct route_postfix *r, const struct route_conf *conf);
/* How many of our classes main.cf declares, from the first on; *uses: does it name our maps? */
unsigned route_declared(const struct route_postfix *r, bool *uses);
/* Servers that are no transport of master.cf: routed mail would be deferred. Of `via` (names with
 * commas between), the first one; empty: all are there. */
struct slice route_missing(const struct route_postfix *r, struct slice via);

#endif
