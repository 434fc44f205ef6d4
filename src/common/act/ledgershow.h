/* ledgershow: what `senderblock --show` prints: who is blocked, what exactly, why, and what comes
 * next.
 *
 * The table is for a terminal of 80 columns, a few lines an incident; one incident alone comes with
 * everything that was ever flagged, refused and decided. Every name in it was chosen by a stranger;
 * wrap.h makes them harmless (LC_CTYPE has to be set). JSON is one array of incidents with all that
 * the ledger knows of them, named as its columns are: mptools-ledger(5). Times are the log's, UTC.
 */
#ifndef MPTOOLS_ACT_LEDGERSHOW_H
#define MPTOOLS_ACT_LEDGERSHOW_H

#include "act/ledger.h"
#include "judge/table.h"

enum show_format { SHOW_TABLE, SHOW_JSON };

struct show_options {
    int64_t incident; /* this one with its story; 0: all that are open */
    bool all;         /* closed ones, too */
    int64_t deadline; /* seconds from a clock's start to the suspension */
    struct table_style style;
};

/* Adds whole lines to out. False when memory runs out or the ledger failed. */
bool ledgershow(struct ledger *l, enum show_format format, const struct show_options *o,
                struct text *out);

#endif
