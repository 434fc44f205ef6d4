/* mplog-parse_options: the command line of mplog-parse(1). */
#ifndef MPTOOLS_TOOLS_MPLOG_PARSE_OPTIONS_H
#define MPTOOLS_TOOLS_MPLOG_PARSE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum parse_format { PARSE_TSV, PARSE_JSON };

struct options {
    const char *columns, *select, *output, *conf, *follow, *state, *metrics;
    enum parse_format format;
    uint64_t year; /* 0: not said */
    bool facts, live, verbose, check;
    unsigned kinds; /* bit set; all when 0 */
};

/* -1 to go on, with the first input file's index in *first; else the exit status, everything said.
 */
int options_parse(struct options *o, int argc, char **argv, int *first);

#endif
