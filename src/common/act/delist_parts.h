/* delist_parts: what delist.c (what the ledger has) and delist_decide.c (what follows) share; for
 * these only. */
#ifndef MPTOOLS_ACT_DELIST_PARTS_H
#define MPTOOLS_ACT_DELIST_PARTS_H

#include "act/delist.h"

/* Sets cause, verdict, may_ask, at, reason and next. False when memory runs out. */
bool delist_decide(struct delist *x, struct ledger *l, const struct delist_office *o,
                   struct arena *arena);

#endif
