/* mpnotify_options: the command line of mpnotify(8). */
#ifndef MPTOOLS_TOOLS_MPNOTIFY_OPTIONS_H
#define MPTOOLS_TOOLS_MPNOTIFY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define DIGEST_AS_SET UINT64_MAX /* as mptools.conf says */

enum mode { MODE_LIST, MODE_PRINT, MODE_JSON, MODE_SEND };

struct options {
    const char *conf, *ledger, *sendmail;
    enum mode mode;
    int64_t since;          /* WHEN_NONE: not said */
    uint64_t only, digest;  /* only 0: not said; digest 0: none */
    uint64_t timeout;       /* seconds */
    bool print, json, send; /* --send: by the mailer of mptools.conf */
    bool dry_run, verbose, check;
};

/* Reads and checks the command line, and tells what is wrong with it. Returns -1 to go on, or an
 * exit status. */
int mpnotify_options(struct options *o, int argc, char **argv);

#endif
