/* customer_parts: what customer.c (look-ups) and customer_read.c (the file) share; for these two
 * only. */
#ifndef MPTOOLS_JUDGE_CUSTOMER_PARTS_H
#define MPTOOLS_JUDGE_CUSTOMER_PARTS_H

#include "base/arena.h"
#include "base/map.h"
#include "judge/customer.h"

#define LOGIN_LONGEST 255u /* what a Postfix map key carries */

struct net_node {
    const struct customer_id *id;
    uint32_t outer; /* index of the smallest net around this one; NO_NET when there is none */
};
#define NO_NET UINT32_MAX

struct customers {
    struct arena arena;
    struct customer **list;
    size_t n, room;
    struct net_node *net; /* sorted, a net before those within it */
    size_t nets, nets_room;
    struct map keys; /* -> struct customer; the others -> struct customer_id */
    struct map id[CUSTOMER_MAIL];
    bool length[2][LOGIN_LONGEST + 1]; /* of the texts of wildcards, trailing and leading star */
    bool failed;                       /* out of memory */
};

/* The wildcard of that kind with the longest text, but under `below`, that fits the login. */
const struct customer_id *customer_wildcard(const struct customers *c, unsigned kind,
                                            struct slice login, size_t below);

#endif
