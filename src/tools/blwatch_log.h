/* blwatch_log: the log's side of blwatch(8): what it says of our addresses, gathered for the
 * ledger, and how far it was read. */
#ifndef MPTOOLS_TOOLS_BLWATCH_LOG_H
#define MPTOOLS_TOOLS_BLWATCH_LOG_H

#include "act/metrics.h"
#include "act/provblock.h"
#include "blwatch_options.h"
#include "judge/annotate.h"
#include "log/stream.h"

struct log_look {
    enum provblock_event event;
    struct listing_look look;
};

/* Starts as {0}, ends in watch_log_free(). */
struct watch_log {
    struct arena arena;
    struct log_look *look; /* in the order of the log */
    size_t looks, room;
    struct follow *follow;
    struct stream *in;
    struct provblock *blocks;
    int64_t clock, latest;
    bool no_memory;
};

/* Reads what the command line names, going on from the ledger's state. 0 or the status, told. */
int watch_log_read(struct watch_log *w, const struct options *o, struct ledger *l,
                   struct annotate *annotate, const struct provblock_options *po);
/* For a listing that a person has ended, within a transaction. 0 or the status, told. */
int watch_log_forget(struct ledger *l, const struct provblock_options *po, struct slice ip,
                     struct slice provider);
/* Into the ledger's state, within a transaction; false after a failure of it. */
bool watch_log_save(struct watch_log *w, const struct options *o, struct ledger *l);
void watch_log_free(struct watch_log *w);

#endif
