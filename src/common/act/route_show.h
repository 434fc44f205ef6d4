/* route_show: what `routegen --show` prints: which mail is routed, by which server, and why.
 *
 * Times are the ledger's, in UTC. Every name in it was chosen by a stranger or an operator and is
 * made harmless. JSON is one array, members named as the ledger's columns are.
 */
#ifndef MPTOOLS_ACT_ROUTE_SHOW_H
#define MPTOOLS_ACT_ROUTE_SHOW_H

#include "act/ledger.h"
#include "act/providers.h"

enum route_format { ROUTE_TSV, ROUTE_JSON, ROUTE_TABLE };

/* Adds whole lines. all: routes that have ended, too. False after a failure of the ledger. */
bool route_show(struct ledger *l, const struct providers *providers, enum route_format format,
                bool all, struct text *out);

#endif
