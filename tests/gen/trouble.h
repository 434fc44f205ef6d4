/* trouble: for a while some of the recipients' servers refuse everybody's mail, whoever sends it:
 * one of our addresses is on a list, or their directory of users is broken.
 */
#ifndef GEN_TROUBLE_H
#define GEN_TROUBLE_H

#include "names.h"

struct role;

struct trouble {
    struct trouble *next;
    int64_t from, to;
    uint32_t styles;     /* bits: whose software (enum style) does it */
    uint32_t transports; /* bits: of mail by which outbound transports */
    enum outcome outcome;
    struct role *role;
};

/* The trouble that a delivery to that domain has at the time t, NULL for none. */
static inline struct trouble *trouble_at(struct trouble *t, int64_t now, const struct domain *to,
                                         uint32_t transport)
{
    while (t != NULL && (now < t->from || now >= t->to || !(t->styles >> to->style & 1) ||
                         !(t->transports >> transport & 1)))
        t = t->next;
    return t;
}

#endif
