/* remote: the sites that answer our deliveries, and what they say to everybody.
 *
 * A site is known by the organisational domain of its host name and, for public addresses, by its
 * net (/24, /48 for IPv6): two hosts are one site if either is the same, so that whoever runs a
 * server can't speak with several voices by giving it several names.
 *
 * Refusals that are about our outbound address are no evidence against a sender. Often their text
 * says so (class ip-blocklisted, rate-limited); where it says 'spam' instead, what the site does to
 * others tells: of the customers that wrote to it last, how many were refused? A site that refuses
 * most of them has a quarrel with us, not with this one. remote_share_refused() is that share, to
 * be used in place of the usual share of refusals. A customer never explains its own refusals,
 * however many logins it has, and whoever is flagged already explains nobody's.
 *
 * Bounded: the 4,096 to 8,192 sites that refused last, sixteen customers each, forgotten after a
 * day.
 */
#ifndef MPTOOLS_JUDGE_REMOTE_H
#define MPTOOLS_JUDGE_REMOTE_H

#include <libpsl.h>

#include "base/pack.h"
#include "log/record.h"

struct remote {
    uint64_t name; /* hash of the organisational domain, or of the address when it has no name */
    uint64_t net;  /* hash of the net; 0 for private addresses */
    bool local;    /* a private address: a filter of ours, or a server next door */
};

struct remotes;
/* seed: of the hashes. NULL when memory runs out. */
struct remotes *remotes_new(uint64_t seed);
void remotes_free(struct remotes *rs);

/* The site that a delivery record's words are from; false when nobody answered. */
bool remote_of(struct remotes *rs, const psl_ctx_t *psl, const struct record *r,
               struct remote *out);

/* The hash of a host's organisational domain; 0 when it is no name. */
uint64_t remote_domain(struct remotes *rs, const psl_ctx_t *psl, struct slice host);

/* What the site did with mail of that customer (a hash that isn't 0). */
void remote_heard(struct remotes *rs, const struct remote *site, uint32_t customer, bool refused,
                  int64_t time);
/* The share of other customers' mail that the site refuses now, `usual` when nothing is known. */
double remote_share_refused(const struct remotes *rs, const struct remote *site, uint32_t customer,
                            int64_t time, double usual);
/* Takes back what was heard of that customer. */
void remote_forget(struct remotes *rs, const struct remote *site, uint32_t customer);

/* All that was heard, and back into one that is new, of the same seed. Bytes that can't be read set
 * in->bad. */
void remotes_save(const struct remotes *rs, struct text *out);
void remotes_load(struct remotes *rs, struct unpack *in);

#endif
