/* spamscore_options: the command line of spamscore(1). */
#ifndef MPTOOLS_TOOLS_SPAMSCORE_OPTIONS_H
#define MPTOOLS_TOOLS_SPAMSCORE_OPTIONS_H

#include "judge/report.h"

struct options {
    const char *explain, *output, *state, *conf, *metrics;
    enum report_format format;
    uint64_t top, year;   /* 0: not said */
    int64_t since, until; /* WHEN_NONE, INT64_MAX: not said */
    bool all, verbose, check, calibrate;
};

/* Reads and checks the command line, and tells what is wrong with it. Returns -1 to go on with the
 * input files from argv[optind] on, or an exit status. */
int spamscore_options(struct options *o, int argc, char **argv);

#endif
