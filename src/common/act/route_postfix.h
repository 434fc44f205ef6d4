/* route_postfix: what the running Postfix says of itself, as far as routes need it: its parameters
 * and services, a content filter, and the recipient domains that are its own.
 *
 * postconf and postmap are asked (run.h; MAIL_CONFIG is obeyed), nothing is changed. That
 * there is no Postfix on this machine, or none that is set up, is no error: `asked` says so then.
 * Domains that stand in tables are asked for one by one, files of domains are read; where that
 * can't be done it is a failure, because a domain of ours must never be sent out.
 */
#ifndef MPTOOLS_ACT_ROUTE_POSTFIX_H
#define MPTOOLS_ACT_ROUTE_POSTFIX_H

#include "act/ledger.h"
#include "act/postfixcheck_parts.h"
#include "act/route_means.h"

struct route_postfix {
    struct postfix p; /* main, master, service */
    bool asked;
    struct failure why; /* it could not be asked */
};

/* Starts as {0}, ends in route_postfix_free(). */
void route_postfix_load(struct route_postfix *r);
void route_postfix_free(struct route_postfix *r);

/* A content filter of main.cf, or of a service. Adds `TRANSPORT:PLACE of …`; false: there is none.
 * A way back from the scanner that leads to a server (content_filter=out2:) is none. */
bool route_postfix_filter(const struct route_postfix *r, const struct route_conf *conf,
                          struct text *out);
/* Is the value of content_filter a way to a server of ours, or the hop? */
bool route_is_way_out(const struct route_conf *conf, struct slice filter);
/* `y` or `n`: does the smtp service run in a chroot? */
char route_postfix_chroot(const struct route_postfix *r);
/* Puts mydestination, virtual and relay domains into conf->ours; those in tables as far as a
 * provider's domains are concerned. Returns 0 or the failure's status. */
int route_postfix_ours(const struct route_postfix *r, struct ledger *l,
                       const struct providers *providers, struct route_conf *conf,
                       struct failure *failure);

#endif
