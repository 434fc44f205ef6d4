/* field: the pieces that Postfix writes into its lines: queue ids, addresses, clients, relays.
 *
 * Postfix logs an address in its external form (RFC 5321 quoting): odd bytes stand only inside a
 * quoted local part, where a quote is escaped. Addresses are therefore read by that grammar, from
 * the side that the stranger doesn't control, never by looking for the next ">, key=".
 */
#ifndef MPTOOLS_LOG_FIELD_H
#define MPTOOLS_LOG_FIELD_H

#include "base/slice.h"

/* A queue id: short (upper-case hex, at least 5) or long (Postfix's base 52, no vowels). */
bool field_is_qid(struct slice s);
/* "QID: rest": the id and the rest; also "NOQUEUE", whose id is then empty. */
bool field_qid(struct slice *s, struct slice *qid);

/* Is all of s one address as it stands between brackets? */
bool field_is_address(struct slice s);
/* "<address>" or, as old versions write, "address" up to a comma; s moves behind it. The null
 * sender comes out as "<>". */
bool field_address(struct slice *s, struct slice *address);
/* Digits and at most one point between them; at most 18 bytes. */
bool field_is_number(struct slice s);
/* A status as Postfix writes it: lower-case letters and hyphens. */
bool field_is_status(struct slice s);
/* "5.7.1": an enhanced status code (RFC 3463). */
bool field_is_dsn(struct slice s);

/* "<>" for an empty slice. */
struct slice field_sender(struct slice address);

/* "key=<address>" or "key=word" at the end of s, which shrinks to what stands before. key is given
 * with its "=<" or "=". */
bool field_tail(struct slice *s, struct slice key, struct slice *value);

struct host {
    struct slice name, ip, port, service;
};
/* "NAME[IP]", "NAME[IP]:PORT", "[IP]:PORT", "NAME[socket/path]"; s moves behind it. An address that
 * Postfix doesn't know ("unknown") comes out empty. */
bool field_host(struct slice *s, struct host *host);
/* Looks like an IPv4 or IPv6 address. */
bool field_is_ip(struct slice s);

/* A loopback, private or link-local address: one that can only be this machine or its network
 * (RFC 1122, 1918, 3927, 4193, 4291). */
bool field_is_local_ip(struct slice s);

#endif
