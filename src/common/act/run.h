/* run: a program of the system, started without a shell, its input given and its output taken.
 *
 * Input and outputs go through unnamed files in memory, so nothing can wait for the other side. The
 * program is looked for in PATH, then in /usr/sbin.
 */
#ifndef MPTOOLS_ACT_RUN_H
#define MPTOOLS_ACT_RUN_H

#include "base/text.h"

#define RUN_MISSING 127 /* no such program */
#define RUN_FAILED (-1) /* it could not be started or died of a signal; errno, or 0 */

/* argv ends in NULL. Adds what the program wrote to out and err; returns its exit status. */
int run_program(const char *const argv[], struct slice input, struct text *out, struct text *err);

#endif
