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
/* Servers that are no transport of master.cf: routed mail would be deferred. Of `via` (names with
 * commas between), the first one; empty: all are there. */
struct slice route_missing(const struct route_postfix *r, struct slice via);

#endif
