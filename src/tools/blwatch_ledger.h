/* blwatch_ledger: a run of blwatch(8) with the ledger: what the log and DNS say goes into it in one
 * short transaction, with how far the log was read. */
#ifndef MPTOOLS_TOOLS_BLWATCH_LEDGER_H
#define MPTOOLS_TOOLS_BLWATCH_LEDGER_H

#include "blwatch_dns.h"
#include "blwatch_log.h"

/* What a run works with. */
struct watch {
    const struct options *o;
    struct annotate *annotate;
    struct settings settings;
    struct providers *providers;
    struct watch_dns dns;
    struct watch_log log;
    struct report report;
    struct ipaddr *ours; /* the file's addresses and the command line's, ascending */
    size_t ours_n;
};

/* The exit status; what went wrong is told. */
int watch_ledger(struct watch *w);

#endif
