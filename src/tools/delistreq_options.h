/* delistreq_options: the command line of delistreq. */
#ifndef MPTOOLS_TOOLS_DELISTREQ_OPTIONS_H
#define MPTOOLS_TOOLS_DELISTREQ_OPTIONS_H

#include <stdbool.h>

#include "base/when.h"

enum delistreq_format { FORMAT_TSV, FORMAT_JSON, FORMAT_TABLE };

/* Strings are of the command line; NULL: not said. */
struct options {
    const char *conf, *ledger;
    const char *from, *organisation, *name, *phone, *website, *to;
    const char *by, *cause, *measure, *answer;
    int64_t sent, answered; /* requests; 0: none */
    int64_t listing;        /* 0: none */
    int64_t now, fixed;     /* WHEN_NONE: not said */
    int64_t before;         /* microseconds */
    enum delistreq_format format;
    bool all, mail, dry_run, check;
};

/* -1: go on; else the exit status. */
int delistreq_options(struct options *o, int argc, char **argv);

#endif
