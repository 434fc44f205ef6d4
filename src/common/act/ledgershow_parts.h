/* ledgershow_parts: what the files of ledgershow share; for ledgershow*.c only. */
#ifndef MPTOOLS_ACT_LEDGERSHOW_PARTS_H
#define MPTOOLS_ACT_LEDGERSHOW_PARTS_H

#include "act/ledgershow.h"

/* The numbers of the incidents that are asked for, ascending. */
struct ledger_rows ledgershow_chosen(struct ledger *l, const struct show_options *o);

void ledgershow_json(struct ledger *l, const struct show_options *o, struct text *out);

#endif
