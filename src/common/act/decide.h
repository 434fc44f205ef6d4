/* decide: from a suspect to the one address to block, or why there is none.
 *
 * Only what two independent kinds of evidence (or a virus) say is blocked, and only when at least
 * 95 % of the suspected messages have one sender address. Whose customer it is comes from what was
 * authenticated: the operator's customers file says whose the suspect's login or client address is.
 * An identity that the file gives to nobody is blocked alone; the label that spamscore made up for
 * it from a domain never widens a block.
 *
 * Nothing here allocates; the slices of *out point into the suspect and the struct decision.
 */
#ifndef MPTOOLS_ACT_DECIDE_H
#define MPTOOLS_ACT_DECIDE_H

#include "act/blocks.h"
#include "judge/customer.h"
#include "judge/suspect.h"

#define DECIDE_SHARE 95 /* per cent of the messages */

enum decision_kind {
    DECISION_BLOCK,   /* block: decision.block is filled but for slot, incident and rule */
    DECISION_WATCH,   /* one kind of evidence alone, or clear */
    DECISION_SEVERAL, /* several sender addresses, or none known; block is filled all the same, with
                         the most frequent one, or no address */
    DECISION_UNFIT,   /* an address that no map can carry: decision.fault */
    DECISION_STRANGE  /* a login that no map can carry, or a client that is no address */
};

struct decision {
    enum decision_kind kind;
    enum address_fault fault;
    struct address address;
    uint64_t share; /* messages with that address */
    struct block block;
    const struct customer *owner; /* by the customers file, NULL when it has none */
    char time[32], since[32];
};

/* customers may be NULL. */
void decide(const struct suspect *s, const struct customers *customers, struct decision *out);

/* More customers than this blocked by one run look like a broken log: 1 % of them, or 10. */
size_t decide_max_new(const struct customers *customers);

/* Who owns the identity by the customers file; NULL when nobody. The identity of a client is an
 * address or, for IPv6, a net. */
const struct customer *identity_owner(const struct customers *customers, unsigned kind,
                                      struct slice identity);

#endif
