/* delist_culprit_parts: what delist_culprit.c (whoever was flagged) and delist_culprit_mail.c (what
 * messages say) share; for these only. */
#ifndef MPTOOLS_ACT_DELIST_CULPRIT_PARTS_H
#define MPTOOLS_ACT_DELIST_CULPRIT_PARTS_H

#include "act/delist_culprit.h"

struct culprits {
    struct ledger *ledger;
    const struct culprit_question *q;
    struct slice plain_ip; /* as RFC 5952 has it */
    struct arena *arena;
    struct delist_culprit *list;
    size_t n, cap;
};

struct delist_culprit *culprits_add(struct culprits *c); /* NULL: out of memory */

/* The last message after that time that a standing action of the incident should have refused:
 * its maps aren't in place. WHEN_NONE: none. */
int64_t culprits_past_rules(struct culprits *c, const struct delist_culprit *d,
                            struct slice customer, int64_t after);
/* Adds those that nobody flagged. */
void culprits_unflagged(struct culprits *c);

#endif
