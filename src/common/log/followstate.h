/* followstate: what --follow remembers between two runs, and its form as bytes.
 *
 * The log's name, the mark up to which it was read, and byte strings that the caller added under
 * names of its own (open messages). The bytes go to a state file or into a database row; they are
 *
 *     #mptools-follow 1
 *     log NAME                (TSV escapes)
 *     file DEVICE INODE
 *     mark OFFSET TIME
 *     head AT LENGTH HASH
 *     tail LENGTH HASH
 *     blob NAME LENGTH        (that many bytes and a newline follow), any number
 *     end HASH                (XXH3, 64 bit, of everything before this line)
 *
 * Bytes that are cut short, changed, or of another version are refused as a whole.
 */
#ifndef MPTOOLS_LOG_FOLLOWSTATE_H
#define MPTOOLS_LOG_FOLLOWSTATE_H

#include "base/failure.h"
#include "base/text.h"
#include "log/mark.h"

struct followstate_blob {
    char *name;
    char *p;
    size_t n;
};

struct followstate {
    char *log; /* NULL: nothing known yet */
    struct mark mark;
    struct followstate_blob *blobs;
    size_t blob_count;
};

void followstate_free(struct followstate *s);

/* False when memory runs out. */
bool followstate_print(const struct followstate *s, struct text *out);
/* Fills *s, which is {0}. 0, or EXIT_DATA for bytes that are refused (and when memory runs out); *s
 * is {0} then. The text begins with `name`, the file that the bytes come from. */
int followstate_parse(struct followstate *s, struct slice bytes, const char *name,
                      struct failure *failure);

/* Names are 1 to 64 letters, digits, - and _. A blob that is not there is SLICE_NONE; an empty one
 * has a p. */
struct slice followstate_blob(const struct followstate *s, const char *name);
/* Copies; p NULL removes it. False for a wrong name or when memory runs out: nothing is changed. */
bool followstate_blob_set(struct followstate *s, const char *name, struct slice bytes);

#endif
