/* blwatch_options: the command line of blwatch(8). */
#ifndef MPTOOLS_TOOLS_BLWATCH_OPTIONS_H
#define MPTOOLS_TOOLS_BLWATCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipnet.h"
#include "base/settings.h"

enum output_format { OUTPUT_TSV, OUTPUT_JSON, OUTPUT_TABLE };

struct options {
    const char *conf, *ledger, *follow, *resolver, *keys, *metrics, *output;
    const char *clear, *by; /* a provider whose listings are over, by whose word */
    char **lists;           /* the only ones to ask */
    size_t lists_n;
    struct ipaddr *addr; /* that the command line names */
    size_t addrs;
    char **file; /* logs */
    int files;
    uint64_t recipients, customers, year; /* 0: not said */
    int64_t window;                       /* microseconds; 0: not said */
    int64_t now;
    enum output_format format;
    bool now_said, no_dns, dry_run, verbose, check_config;
    bool one_look; /* addresses alone: no ledger */
};

/* Reads and checks the command line, and tells what is wrong with it. Returns -1 to go on, or an
 * exit status. blwatch_options_free() it in any case. */
int blwatch_options(struct options *o, int argc, char **argv);
/* What the command line leaves open comes from mptools.conf. */
void blwatch_settings(struct options *o, const struct settings *s);
void blwatch_options_free(struct options *o);

#endif
