/* resume: finds the place where reading stopped among a log and its rotated files.
 *
 * A file is recognised by its content (mark.h), whatever it is called now; device and inode only
 * say where to look first. Packed files are unpacked up to the mark to compare.
 */
#ifndef MPTOOLS_LOG_RESUME_H
#define MPTOOLS_LOG_RESUME_H

#include "log/input.h"
#include "log/mark.h"
#include "log/rotation.h"

enum found {
    FOUND_NOTHING, /* no file begins like the one that was read */
    FOUND_DAMAGED, /* one does, but it is damaged before the mark */
    FOUND_CHANGED, /* one does, but it is different just before the mark */
    FOUND_SHORTER, /* one does, but it ends before the mark */
    FOUND_EXACT
};

struct place {
    enum found found;
    size_t at;          /* index in the rotation */
    struct input *in;   /* at the mark, or at the end where that comes first; the user's */
    struct trace trace; /* of what lies before that place */
    struct failure why; /* FOUND_DAMAGED, and FOUND_NOTHING where a file can't be opened */
};

/* False when a file is not what the rotation says any more: list again. The place ends in
 * place_free(). */
bool place_find(struct place *p, const struct rotation *r, const struct mark *m);
void place_free(struct place *p);

#endif
