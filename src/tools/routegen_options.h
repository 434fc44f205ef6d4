/* routegen_options: the command line of routegen(8). */
#ifndef MPTOOLS_TOOLS_ROUTEGEN_OPTIONS_H
#define MPTOOLS_TOOLS_ROUTEGEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "act/route_show.h"
#include "act/route_value.h"
#include "base/settings.h"

enum routegen_task {
    TASK_ROUTE,
    TASK_SHOW,
    TASK_PRINT_POSTFIX,
    TASK_PRINT_MASTER,
    TASK_CHECK_POSTFIX,
    TASK_CHECK_CONFIG
};

struct options {
    enum routegen_task task;
    const char *conf, *ledger, *follow, *dir, *type, *output;
    char *dir_made;      /* where dir is not somebody else's string */
    char **route, **end; /* CUSTOMER:PROVIDER[:VIA] */
    size_t routes, ends;
    char **file; /* logs */
    int files;
    uint64_t slots, year; /* 0: not said */
    int64_t now;
    struct route_place hop; /* port 0: not said */
    enum route_format format;
    bool task_said[TASK_CHECK_CONFIG + 1];
    bool now_said, automatic, postmap, reload, all;
    bool dry_run, verbose;
};

/* Reads and checks the command line, and tells what is wrong with it. Returns -1 to go on, or an
 * exit status. routegen_options_free() it in any case. */
int routegen_options(struct options *o, int argc, char **argv);
/* What the command line leaves open comes from mptools.conf. False when memory runs out. */
bool routegen_settings(struct options *o, const struct settings *s);
void routegen_options_free(struct options *o);

#endif
