/* spamscore_state: what one run of spamscore --state leaves for the next.
 *
 * One file, replaced as a whole:
 *     #mptools-spamscore 1
 *     messages LENGTH       (that many bytes and a newline follow: the log's open messages)
 *     scorer                (the scorer's bytes, score_save.h, and a newline follow)
 *     end HASH              (XXH3, 64 bit, of everything before this line)
 *
 * A struct state starts as STATE_NONE and ends in state_free(). Failures are in `failure`: another
 * run holds it (75), it can't be read (66), it is damaged or another version's (65), it can't be
 * written (73, 74; the old one stays).
 */
#ifndef MPTOOLS_TOOLS_SPAMSCORE_STATE_H
#define MPTOOLS_TOOLS_SPAMSCORE_STATE_H

#include "base/failure.h"
#include "base/lockfile.h"
#include "base/text.h"
#include "judge/score_save.h"

struct state {
    const char *path;
    struct lockfile lock;
    struct text bytes;             /* of the file */
    struct slice messages, scorer; /* in them; empty on the first run */
    struct failure failure;
};

#define STATE_NONE ((struct state){.lock = {.fd = -1}})

/* Reads the file, if it is there; locked until state_free(), if it will be written. 0 or the
 * status. */
int state_open(struct state *s, const char *path, bool will_write);
/* Hands the saved scorer to a new one, then forgets the file's bytes. 0 or the status. */
int state_load(struct state *s, struct scorer *scorer);
/* 0 or the status. */
int state_save(struct state *s, struct slice messages, const struct scorer *scorer);
void state_free(struct state *s);

#endif
