/* identity: who answers for a message, by what was authenticated and nothing else.
 *
 * The SASL login in lower case (Postfix folds its map keys), else the client address: with a
 * customers file only if it is in a customer's net, without one any. An IPv6 client stands for its
 * /64, since hosts change their address within it (RFC 8981). Nobody answers for
 *   - mail with the null sender, notices that a mail server made, and their deliveries;
 *   - mail from outside: a client that is no customer's, when the customers are known;
 *   - loopback clients that are no customer's (mail that comes in again from a filter, or is made
 *     here), and private ones on a record that has an origin: a later leg whose first is unknown.
 * SECURITY: MAIL FROM, HELO and header addresses are claims by anyone and are not looked at here.
 *
 * The customer of an identity without a customers file is only a label: the organisational domain
 * (libpsl) of the login, else of the sender (a claim!), else the client address. Nothing may be
 * blocked for a label's sake: a block is for the identity, or for a customer from the file.
 */
#ifndef MPTOOLS_JUDGE_IDENTITY_H
#define MPTOOLS_JUDGE_IDENTITY_H

#include <libpsl.h>

#include "judge/customer.h"
#include "judge/suspect.h"
#include "log/record.h"

#define IDENTITY_LONGEST 255u /* a longer login is nobody: no map could carry it */

struct identity {
    uint8_t kind;       /* enum identity_kind */
    struct slice name;  /* in buf */
    struct ipaddr addr; /* the client, of IDENTITY_CLIENT */
    bool outsider;      /* a public client, no customers file: it may be a stranger writing to us */
    char buf[IDENTITY_LONGEST + 1];
};

/* The record's identity; IDENTITY_NONE when nobody answers for it. customers may be NULL. The
 * fields of the message's origin have to be in the record (mplog(5)). */
enum identity_kind identity_of(const struct customers *customers, const struct record *r,
                               struct identity *out);

/* Its customer from the file; NULL when there is none. */
const struct customer *identity_customer(const struct customers *customers,
                                         const struct identity *id);

/* The label for an identity without a customer; it points into buf, the record or the identity. */
struct slice identity_label(const psl_ctx_t *psl, const struct identity *id, const struct record *r,
                            char buf[IDENTITY_LONGEST + 1]);

/* The organisational domain of a host or domain name, in lower case in buf: the public suffix and
 * one label more; the whole name when it is a public suffix itself. Empty for what isn't a name.
 * psl may be NULL: the last two labels then. */
struct slice organisational_domain(const psl_ctx_t *psl, struct slice name,
                                   char buf[IDENTITY_LONGEST + 1]);

#endif
