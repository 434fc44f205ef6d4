/* ipnet: IP addresses and nets, version 4 and 6, as numbers that compare.
 *
 * An IPv4 address is kept as the IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 section
 * 2.5.5.2), so one order, one search and one comparison serve both; an IPv4-mapped address that was
 * written as IPv6 is the IPv4 address. Prefix lengths count from the front of the 128 bits (an IPv4
 * /28 is 124 here) and are written as their own family's. Nothing allocates.
 */
#ifndef MPTOOLS_BASE_IPNET_H
#define MPTOOLS_BASE_IPNET_H

#include "base/slice.h"

struct ipaddr {
    uint64_t hi, lo;
};

struct ipnet {
    struct ipaddr addr; /* host bits are zero */
    uint8_t bits;       /* 0 to 128 */
};

#define IPADDR_TEXT 46u /* room for an address as text, with its NUL */
#define IPNET_TEXT 50u

/* A dotted quad without leading zeros, or RFC 4291 text without a zone; false for anything else. */
bool ipaddr_parse(struct slice s, struct ipaddr *out);
/* ADDRESS/BITS, or an address alone (its own /32 or /128). NULL when it is one, else what is wrong
 * with it. Host bits that are set are wrong: the net meant isn't known then. */
const char *ipnet_parse(struct slice s, struct ipnet *out);

/* RFC 5952 for version 6. Returns buf. */
const char *ipaddr_text(struct ipaddr a, char buf[IPADDR_TEXT]);
const char *ipnet_text(struct ipnet n, char buf[IPNET_TEXT]);

bool ipaddr_is_v4(struct ipaddr a);
/* Loopback, RFC 1918, link-local, and unique local (RFC 4193) addresses, and the unspecified one:
 * hosts of our own or of nobody, never a stranger on the Internet. */
bool ipaddr_is_private(struct ipaddr a);

struct ipnet ipnet_of(struct ipaddr a, uint8_t bits); /* the net of that size around a */
bool ipnet_has(struct ipnet n, struct ipaddr a);
bool ipnet_covers(struct ipnet outer, struct ipnet inner); /* the same net, too */
struct ipaddr ipnet_last(struct ipnet n);

int ipaddr_cmp(struct ipaddr a, struct ipaddr b);
int ipnet_cmp(struct ipnet a,
              struct ipnet b); /* by address, wider first: a net before what it holds */

#endif
