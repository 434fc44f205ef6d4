/* progress: one line on the terminal for work that takes longer than a second: how much, how fast,
 * how long still.
 *
 * It is written to stderr, only if that is a terminal, at most four times a second, and taken away
 * again by progress_end(). A struct progress starts as {0}.
 */
#ifndef MPTOOLS_BASE_PROGRESS_H
#define MPTOOLS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool off, shown;
    int64_t start, last; /* microseconds */
};

/* done and size in bytes of what is named; size 0: not known. */
void progress_step(struct progress *p, const char *name, uint64_t done, uint64_t size);
void progress_end(struct progress *p);

#endif
