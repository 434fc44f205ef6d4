/* delist_record: what happens to requests, noted in the ledger: made, sent, answered; and the
 * operator's own word on a cause. Each within the caller's transaction.
 *
 * Failures: EXIT_USAGE (no such request or listing; already sent), or the ledger's.
 */
#ifndef MPTOOLS_ACT_DELIST_RECORD_H
#define MPTOOLS_ACT_DELIST_RECORD_H

#include "act/delist_request.h"

/* The listing's draft becomes this text; r->id is set. The journal tells of a new one. */
bool delist_record_draft(struct ledger *l, struct delist_request *r, const struct delist *x,
                         struct slice by, int64_t now);
int delist_record_sent(struct ledger *l, int64_t request, struct slice by, int64_t now,
                       struct text *told, struct failure *failure);
int delist_record_answer(struct ledger *l, int64_t request, struct slice answer, struct slice by,
                         int64_t now, struct text *told, struct failure *failure);
/* What the operator says of a cause that no evidence shows. */
bool delist_record_cause(struct ledger *l, int64_t listing, struct slice cause,
                         struct slice measure, int64_t fixed, struct slice by, int64_t now);

#endif
