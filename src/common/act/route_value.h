/* route_value: the values that route maps may hold, and the names in them.
 *
 * What Postfix doesn't know as a value hits everybody who meets the row: an unknown access(5)
 * action is a 451, `FILTER out2` without its colon is a warning and no route, and a transport that
 * master.cf lacks defers the mail. So nothing goes into a map that isn't one of the shapes here;
 * whether master.cf has the transport is route_check.h's part. Nothing allocates or fails.
 */
#ifndef MPTOOLS_ACT_ROUTE_VALUE_H
#define MPTOOLS_ACT_ROUTE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define ROUTE_NAME_MOST 40u
#define ROUTE_PLACE 64u /* room for `[ADDRESS]:PORT`, with its NUL */

/* The name of a transport: 1 to ROUTE_NAME_MOST letters, digits, `_`, `-`, `.`; no word that means
 * something else (randmap:, unix:, inet:). */
bool route_name_good(struct slice name);
/* `TRANSPORT:`, or `TRANSPORT:[ADDRESS]:PORT`. */
bool route_way_good(struct slice way);
/* What a row of a route map may say: `FILTER WAY`, or a way alone. */
bool route_value_good(struct slice value);
/* A recipient domain that can be a key: at least two labels of letters, digits, `-` and `_`, in
 * lower case; no address literal. */
bool route_domain_good(struct slice domain);

/* A listener: ADDRESS:PORT, IPv6 in brackets. */
struct route_place {
    char address[46];
    uint16_t port; /* 0: there is none */
};

bool route_place_parse(struct slice s, struct route_place *out);
/* `[ADDRESS]:PORT`, the port `step` further on. Returns buf. */
const char *route_place_text(const struct route_place *p, unsigned step, char buf[ROUTE_PLACE]);
/* Is it an address of this machine alone? */
bool route_place_is_loopback(const struct route_place *p);
/* Is that port one of `count` from the place's on? */
bool route_place_has(const struct route_place *p, unsigned count, struct slice address,
                     uint64_t port);

#endif
