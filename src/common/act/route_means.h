/* route_means: by which access(5) action one customer's mail gets to an outbound server.
 *
 * FILTER holds for a whole message and takes the place of content_filter, so what it says depends:
 *   nothing else          FILTER out2:                     all recipients of the message go there
 *   `hop`                 FILTER mp_hop:[127.0.0.1]:10031  each recipient alone to its slot's
 *                         listener, whose own map sends on the routed ones and no others: exact
 *   a content filter      FILTER scan:[127.0.0.1]:10026    to the scanner's listener whose mail
 *                         comes back and leaves by that server (`scan VIA`), or, exact, to those
 *                         that lead to the hop (`scan *`)
 * Where there is a content filter and no such listener, or where it isn't known whether there is
 * one, nothing is routed: mail must not get around the scanner. Mail that everybody sends to a
 * provider is routed by transport_maps, after the scanner, and has none of these troubles.
 */
#ifndef MPTOOLS_ACT_ROUTE_MEANS_H
#define MPTOOLS_ACT_ROUTE_MEANS_H

#include "act/route_conf.h"

#define ROUTE_SLOTS 8u /* classes in main.cf, the default */
#define ROUTE_SLOTS_MAX 99u
#define ROUTE_HOP "mp_hop" /* the transport to hop and scanner: one recipient at a time */

enum route_filter { ROUTE_FILTER_UNKNOWN, ROUTE_FILTER_NONE, ROUTE_FILTER_THERE };

struct route_means {
    const struct route_conf *conf;
    enum route_filter filter;
    struct text seen;    /* where a content filter was found, for people */
    unsigned slots;      /* 0: ROUTE_SLOTS */
    unsigned undeclared; /* so many of them, the last ones, main.cf lacks */
    bool proxied;       /* all mail comes in through a smtpd_proxy_filter, which rules FILTER out */
    bool hop_missing;   /* master.cf lacks mp_hop, or a listener of it */
    struct map missing; /* names that are no transport of master.cf: mail would be deferred */
};

/* Starts as {0}, ends in this. */
void route_means_free(struct route_means *m);
unsigned route_means_slots(const struct route_means *m);
unsigned route_means_usable(const struct route_means *m); /* may be given to customers */
/* Does mail go through the hop, so that each recipient is judged alone? */
bool route_means_exact(const struct route_means *m);
/* Why a customer's mail can't be sent by that server, or NULL; what to do comes with it. */
const char *route_means_fault(const struct route_means *m, struct slice via);
/* The value for a slot's map (from 1); there has to be no fault. */
void route_means_value(const struct route_means *m, struct slice via, unsigned slot,
                       struct text *out);

#endif
