/* senderblock_options: the command line of senderblock(8). */
#ifndef MPTOOLS_TOOLS_SENDERBLOCK_OPTIONS_H
#define MPTOOLS_TOOLS_SENDERBLOCK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"

struct options {
    const char *conf, *dir, *ledger, *type, *follow, *format;
    const char *reinstate, *ticket, *statement, *statement_file, *undo, *by;
    const char *metrics;           /* NULL: none are written */
    const char *incident;          /* of --show, NULL: all */
    uint64_t slots, max_new, year; /* 0: not said */
    int64_t now;                   /* WHEN_NONE: not said */
    bool dry_run, verbose, postmap, reload, confirm, force, all;
    bool show, print_postfix, check_postfix, check_config;
    char *made; /* of the ledger's default name */
};

/* Reads and checks the command line, and tells what is wrong with it. Returns -1 to go on with the
 * input files from argv[optind] on, or an exit status. */
int senderblock_options(struct options *o, int argc, char **argv);
/* What the command line leaves open comes from mptools.conf. False when memory runs out. */
bool senderblock_settings(struct options *o, const struct settings *s);
void senderblock_options_free(struct options *o);

#endif
