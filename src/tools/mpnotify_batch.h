/* mpnotify_batch: which notices go into one mail. */
#ifndef MPTOOLS_TOOLS_MPNOTIFY_BATCH_H
#define MPTOOLS_TOOLS_MPNOTIFY_BATCH_H

#include "act/notice_mail.h"

#define DIGEST_BYTES ((size_t)4 << 20) /* of one mail, about; servers often take 10 MB */

struct batches {
    const struct notice_office *office;
    struct ledger *ledger;
    struct notices *notices;
    uint64_t digest;      /* from so many of one partner on; 0: never */
    struct notice **list; /* the mail at hand: n of them */
    size_t n;
    bool *done; /* by notice */
};

/* False when memory runs out. */
bool batches_begin(struct batches *b);
/* The next mail's notices: false when there is none left. */
bool batches_next(struct batches *b);
/* Renders it; of a digest that would get too large the rest is left for the next one. What is in
 * it, or can't be rendered, is done. 0, or a status with its failure. */
int batches_compose(struct batches *b, struct notice_mail *mail, struct failure *failure);
void batches_end(struct batches *b);

#endif
