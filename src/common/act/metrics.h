/* metrics: what the ledger says, for Prometheus (base/metrics.h). */
#ifndef MPTOOLS_ACT_METRICS_H
#define MPTOOLS_ACT_METRICS_H

#include "act/ledger.h"
#include "log/parser_metrics.h"

/* False after a failure of the ledger. */
bool metrics_listings(struct metrics *m, struct ledger *l);
bool metrics_blocks(struct metrics *m, struct ledger *l); /* incidents, suspects, actions */

#endif
