/* rotation: a log and what it was rotated to, oldest first.
 *
 * Known are the names of logrotate, newsyslog and savelog: the log's own name and a number (.1, .0)
 * or a date (-20261124, .2026-11-24, -20261124-10, -1795516070), or, as logrotate's `extension`
 * makes them, the number or date before the log's extension (mail-20261124.log) where there are
 * none of the other kind; packed ones have one more ending (.gz, .zst, …). Only regular files
 * count. Of two that differ in that ending only, the unpacked one: packing is just going on. The
 * order is that of numbers or dates in the names, or of their last change where names can't tell.
 *
 * The folder is listed until two looks in a row are the same: a rotation in between could hide a
 * file or show one twice.
 */
#ifndef MPTOOLS_LOG_ROTATION_H
#define MPTOOLS_LOG_ROTATION_H

#include "base/failure.h"
#include "base/slice.h"

struct rotated {
    char *path;
    bool current;    /* the log itself */
    bool beside;     /* its date stands before the extension */
    bool packed;     /* by its name */
    bool numbered;   /* else dated */
    char digits[24]; /* of the number or date, the separators left out */
    uint64_t device, inode, size;
    int64_t changed; /* mtime, nanoseconds since 1970 */
    int64_t born;    /* 0 where the file system can't tell: inodes are used again at once */
};

struct rotation {
    struct rotated *file; /* oldest first; the log itself, if it is there, is the last */
    size_t n;
};

/* 0; EXIT_NOINPUT when the folder can't be read, EXIT_TEMPFAIL when it never stands still or memory
 * runs out. The log itself may be missing. */
int rotation_list(struct rotation *r, const char *path, struct failure *failure);
void rotation_free(struct rotation *r);

/* Opens a file of the list; -1 with errno ESTALE when another one has its name now. */
int rotated_open(const struct rotated *f);

#endif
