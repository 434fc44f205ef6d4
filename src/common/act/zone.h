/* zone: a DNS blocklist as far as a query and its answer are concerned (RFC 5782).
 *
 * Belongs to whoever filled it (providers.h); everything is read only. Answers are IPv4 addresses;
 * what a list means by them differs from list to list, so each list names its codes, and a code
 * that isn't named means `cannot tell`.
 */
#ifndef MPTOOLS_ACT_ZONE_H
#define MPTOOLS_ACT_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct zone_code {
    uint32_t first, last; /* addresses in host byte order, both included */
    bool listed;          /* else the answer says something else: a white list, a note */
    struct slice meaning; /* for people */
};

struct zone {
    struct slice id, name; /* of the provider */
    struct slice zone;     /* `bl.example`; a keyed one has `KEY` where the key goes */
    bool ipv4, ipv6;       /* what may be asked */
    bool keyed;            /* asked only when the operator has a key */
    bool test_listed;      /* has RFC 5782's entry 127.0.0.2 (::ffff:7f00:2): ask it first */
    bool test_unlisted;    /* 127.0.0.1 (::ffff:7f00:1) must not be listed */
    const struct zone_code *code;
    unsigned codes;
};

#endif
