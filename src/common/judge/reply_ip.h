/* reply_ip: the IP addresses in a remote server's reply.
 *
 * A refusal often quotes the address that it refuses: `Client host [192.0.2.1] blocked using …`. Of
 * several outbound addresses that is the one that was used, where the log itself doesn't say.
 * The remote chooses its words: what it quotes is a hint, to be believed only if it is an address
 * of ours. Nothing is allocated, nothing fails; slices point into the reply.
 */
#ifndef MPTOOLS_JUDGE_REPLY_IP_H
#define MPTOOLS_JUDGE_REPLY_IP_H

#include "base/slice.h"

/* The length of the IPv4 or IPv6 address that starts at p, 0 if there is none. `1.2.3.4.` at the
 * end of a sentence is one, `1.2.3.4.example.org`, `1.2.3.4.5` and 13:05:22 are not. */
size_t reply_ip_length(const char *p, const char *end);

/* The address that the reply calls its client's, without brackets; false when it names none. The
 * remote's own (in Postfix's `host NAME[IP] said:`, `connect to NAME[IP]`), loopback and multicast
 * addresses are passed over. */
bool reply_quoted_ip(struct slice reply, struct slice *ip);

#endif
