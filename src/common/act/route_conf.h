/* route_conf: which routes the operator wants, from the file `routes` of the configuration folder.
 *
 *   route CUSTOMER|* PROVIDER|* [VIA]   without VIA: around listings, while there is one; with
 *                                       VIA: always by that outbound server
 *   leave PROVIDER                      never routed around because of `route * *` or auto_route
 *   never CUSTOMER [PROVIDER]           nothing happens by itself for this customer: its mail stays
 *                                       where it is when everybody's is routed
 *   hop ADDRESS:PORT                    the first of the listeners that make routes exact
 *   filter none|ADDRESS:PORT            the content filter, where it can't be found out
 *   scan VIA TRANSPORT:[ADDRESS]:PORT   mail given to the scanner here comes back and leaves by VIA
 *   scan * ADDRESS:PORT                 the first of the scanner's listeners that lead to `hop`
 *   ours DOMAIN...                      recipient domains of ours, which never leave
 *
 * A server has a line in `outbound` for each of its addresses, one or two, of different families.
 * Without an IPv4 address it is only used where a VIA names it: many servers have no other.
 *
 * PROVIDER is an id of providers.conf or the name that a group of them shares (listed-by). All
 * mistakes are told at once; the caller then uses nothing of it. All strings live in the arena.
 */
#ifndef MPTOOLS_ACT_ROUTE_CONF_H
#define MPTOOLS_ACT_ROUTE_CONF_H

#include "act/providers.h"
#include "act/route_value.h"
#include "base/arena.h"
#include "base/map.h"
#include "judge/customer.h"
#include "judge/outbound.h"

#define ROUTE_EVERYBODY SL("*")

struct route_wish {
    struct slice customer;           /* or `*` */
    const struct provider *provider; /* NULL: all */
    struct slice via;                /* an outbound server's name, or empty */
    bool asked;                      /* for this provider by name, not by `*` */
};

struct route_scan {
    struct slice via, way;
};

struct route_conf {
    struct arena arena;
    struct route_wish *wish;
    size_t wishes, room;
    struct route_wish *never;
    size_t nevers;
    const struct outbound_address **out;  /* the first of each name, in the order of `outbound` */
    const struct outbound_address **twin; /* [i]: out[i]'s of the other family, or NULL */
    size_t outs;
    struct map leave, ours;      /* provider ids; domains */
    struct route_place hop;      /* port 0: there is none */
    struct route_place scan_hop; /* of `scan *` */
    struct route_scan *scan;
    size_t scans;
    bool filter_none, filter_said;
    struct route_place filter;
};

struct route_known {
    const struct providers *providers;
    const struct customers *customers; /* NULL: any name will do */
    const struct outbound *outbound;   /* NULL: none */
};

/* DIR/routes, which may be missing. False when there were mistakes, or memory ran out (told, too).
 * Starts as anything, ends in route_conf_free(). */
bool route_conf_load(struct route_conf *c, const char *dir, const struct route_known *known,
                     struct problems *problems);
/* `CUSTOMER:PROVIDER[:VIA]`, as --route has it. NULL, or what is wrong with it, as text that lives
 * in the arena. */
const char *route_conf_add(struct route_conf *c, const struct route_known *known,
                           struct slice text);
/* Everybody's mail around every listing. */
bool route_conf_auto(struct route_conf *c);
void route_conf_free(struct route_conf *c);

/* Has server i no IPv4 address? */
bool route_conf_only_v6(const struct route_conf *c, size_t i);
/* Does `never` mean that customer's mail for it? */
bool route_conf_never(const struct route_conf *c, struct slice customer, const struct provider *p);
const struct outbound_address *route_conf_out(const struct route_conf *c, struct slice name);
/* The scanner's listener whose mail leaves by that server; empty: none is known. */
struct slice route_conf_scan(const struct route_conf *c, struct slice via);

#endif
