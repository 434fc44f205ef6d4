/* outbound: the relay's own outgoing addresses, from the operator's file `outbound`.
 *
 * One line an address: NAME ADDRESS [syslog:NAME] [weight:N] [hostname:FQDN]. The syslog name is
 * the transport's (-o syslog_name= in master.cf), postfix-NAME if none is given: the only thing in
 * Postfix's log that tells which address a delivery used. A name may have an address of each
 * family, which share the transport. Absent is not an error: then nothing is known.
 */
#ifndef MPTOOLS_JUDGE_OUTBOUND_H
#define MPTOOLS_JUDGE_OUTBOUND_H

#include "base/arena.h"
#include "base/map.h"
#include "base/words.h"

struct outbound {
    struct arena arena;
    struct map by_syslog; /* syslog name -> struct outbound_address */
    struct map by_name, by_ip;
};

struct outbound_address {
    struct slice name, ip, syslog, hostname;
    const struct outbound_address *twin; /* the name's address of the other family, or NULL */
    unsigned weight, line;
};

/* DIR/outbound. All mistakes are added to problems. */
enum words_result outbound_load(struct outbound *o, const char *dir, struct problems *problems);
void outbound_free(struct outbound *o);

/* The address that mail of this syslog name ("postfix-out1", "postfix/out1") to that server leaves
 * by, or NULL. relay: the server's address, for the family; empty where it isn't known. */
const struct outbound_address *outbound_by_syslog(const struct outbound *o, struct slice name,
                                                  struct slice relay);
const struct outbound_address *outbound_by_ip(const struct outbound *o, struct slice ip);

#endif
