/* cli: what the tools' command lines have in common. Prints, as tools do; never exits. */
#ifndef MPTOOLS_BASE_CLI_H
#define MPTOOLS_BASE_CLI_H

#include "base/slice.h"

/* Prints the usage: after a problem to stderr, behind its message, and returns EXIT_USAGE; without
 * (NULL) to stdout, and returns EXIT_DONE, or EXIT_IO when that fails. */
int cli_usage(const char *usage, const char *problem);

/* The same for what getopt_long(3), told by a leading ':' to be silent, returned c ('?' or ':')
 * for. arg: the argument at hand. */
int cli_bad_option(const char *usage, int c, const char *arg);

/* The year of --year; false when it is none. */
bool cli_year(const char *s, int *year);

#endif
