/* routegen_run: one run of routegen(8): the log, the plan, the ledger, the maps. */
#ifndef MPTOOLS_TOOLS_ROUTEGEN_RUN_H
#define MPTOOLS_TOOLS_ROUTEGEN_RUN_H

#include "act/route_check.h"
#include "act/route_learn.h"
#include "act/route_map.h"
#include "judge/annotate.h"
#include "log/stream.h"
#include "routegen_options.h"

struct run {
    const struct options *o;
    struct annotate *annotate;
    struct settings settings;
    struct providers *providers;
    struct route_known known;
    struct route_conf conf;
    struct route_postfix postfix;
    struct route_means means;
    bool in_use; /* does main.cf name our maps? */
    struct ledger *ledger;
    struct text out; /* what is printed */
    size_t changes, troubles;
    /* of the log */
    struct route_learn learn;
    struct follow *follow;
    struct stream *in;
    int64_t clock, latest;
};

/* Configuration and Postfix are loaded, the ledger is open. 0, EXIT_FOUND when something that is
 * wanted couldn't be had, or the status of what failed, told. */
int run_route(struct run *r);

/* routegen_log.c: reads the logs, and keeps what they show within the transaction. */
int log_read(struct run *r);
bool log_save(struct run *r, int64_t now);
void log_free(struct run *r);

/* routegen_maps.c */
int maps_build(struct run *r, struct blockmap *maps, int64_t now);
int maps_install(struct run *r, struct blockmap *maps);
void maps_show(struct run *r, struct blockmap *maps);
int maps_check(struct run *r);
int maps_print(struct run *r);

/* The ledger's failure, if there is one, is told by main(). */
int run_status(const struct run *r, int status);
int run_told(struct failure *failure);

#endif
