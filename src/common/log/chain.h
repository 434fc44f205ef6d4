/* chain: the files that hold what comes after a mark, opened, oldest first.
 *
 * The first one stands at the mark, those after it at their beginning. All are opened before
 * anything is read, so that a rotation meanwhile changes nothing. What can't be had any more is a
 * gap: counted, and explained in a note.
 */
#ifndef MPTOOLS_LOG_CHAIN_H
#define MPTOOLS_LOG_CHAIN_H

#include "log/input.h"
#include "log/mark.h"
#include "log/notes.h"

struct chain_source {
    struct input *in;
    uint64_t device, inode, size; /* size on disk */
};

struct chain {
    struct chain_source *source;
    size_t count;
    struct trace trace; /* what of the first source lies before its place */
    bool moved;         /* that place is not the mark's: it has to be marked anew */
    bool mid_line;      /* and lies in the middle of a line */
    unsigned gaps;
};

/* m NULL: the first run, the log from its beginning. 0 or the status of the failure: EXIT_NOINPUT,
 * or EXIT_TEMPFAIL while a rotation is going on. The chain ends in chain_free() either way. */
int chain_open(struct chain *c, const char *path, const struct mark *m, struct notes *notes,
               struct failure *failure);
void chain_free(struct chain *c);

#endif
