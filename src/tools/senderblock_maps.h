/* senderblock_maps: the ledger's standing actions become Postfix maps. Messages go to stderr, what
 * a person wants to read is added to report. All return a status. */
#ifndef MPTOOLS_TOOLS_SENDERBLOCK_MAPS_H
#define MPTOOLS_TOOLS_SENDERBLOCK_MAPS_H

#include "act/ledger.h"
#include "config.h"
#include "senderblock_options.h"

/* Writes them, and with --postmap builds and proves the tables. */
int maps_install(const struct options *o, struct config *c, struct ledger *l, struct text *report);
/* What would be written. */
int maps_show(const struct options *o, struct config *c, struct ledger *l, struct text *report);
/* The lines for main.cf and master.cf. */
int maps_print(const struct options *o, struct text *report);
/* Is Postfix set up for them? EXIT_FOUND when something is missing. */
int maps_check(const struct options *o);
/* The mistakes in the operator's files that only senderblock reads. */
int maps_check_config(const struct options *o, struct config *c);

#endif
