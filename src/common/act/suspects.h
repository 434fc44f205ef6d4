/* suspects: all suspects of the suspect streams of files and standard input.
 *
 * Whoever acts on suspects may do so only after suspects_read() returned 0: a stream without its
 * end line was left by a producer that died (EXIT_TEMPFAIL). Packed input is unpacked
 * (log/input.h).
 */
#ifndef MPTOOLS_ACT_SUSPECTS_H
#define MPTOOLS_ACT_SUSPECTS_H

#include "base/failure.h"
#include "judge/suspect.h"

/* The suspect is valid during the call. Returns 0 or a status, which ends the reading. */
typedef int suspect_handler(void *context, const struct suspect *s);

/* names: files, "-" for standard input; none is standard input too. Returns 0, what the handler
 * returned, or the status of *failure: EXIT_DATA for something else than suspects. */
int suspects_read(char *const *names, int count, suspect_handler *handler, void *context,
                  struct failure *failure);

#endif
