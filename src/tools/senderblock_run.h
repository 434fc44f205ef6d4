/* senderblock_run: one run over a log, records or suspects: scores, decides, and keeps it all in
 * the ledger, in one transaction. */
#ifndef MPTOOLS_TOOLS_SENDERBLOCK_RUN_H
#define MPTOOLS_TOOLS_SENDERBLOCK_RUN_H

#include "act/ledger.h"
#include "act/metrics.h"
#include "config.h"
#include "senderblock_options.h"

/* The ledger's transaction is open. told: each decision, a line. Returns 0 (commit it), or the
 * status (told by msg.h, or the ledger's failure): roll it back. *left: somebody is compromised,
 * and nothing could be done. metrics: what was read is added. */
int run_log(const struct options *o, struct config *c, struct ledger *l, char *const *names,
            int count, struct text *told, bool *left, struct metrics *metrics);

#endif
