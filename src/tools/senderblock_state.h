/* senderblock_state: what a run of senderblock leaves in the ledger for the next: how far the log
 * was read, its open messages, the scores, and the log's latest time. */
#ifndef MPTOOLS_TOOLS_SENDERBLOCK_STATE_H
#define MPTOOLS_TOOLS_SENDERBLOCK_STATE_H

#include "act/ledger.h"
#include "judge/score_save.h"
#include "log/stream.h"
#include "senderblock_options.h"

/* Opens the followed log where the last run left it. 0 or a status, which is then the ledger's
 * failure. *usable false: the scores that were kept can't be read (told), and the scorer is only
 * good to be freed. */
int state_load(const struct options *o, struct ledger *l, struct follow **follow,
               struct stream **in, struct scorer *scorer, bool *usable);
int state_save(struct ledger *l, struct follow *follow, struct stream *in,
               const struct scorer *scorer);

int64_t state_clock(struct ledger *l); /* WHEN_NONE: no log was read yet */
void state_set_clock(struct ledger *l, int64_t time);

#endif
