/* lockfile: one run at a time.
 *
 * flock(2) on a file of its own that holds the pid of its holder; the kernel gives the lock back
 * when the process ends, however it ends. The file stays: removing it would let two runs lock two
 * files of one name. A struct lockfile starts as {.fd = -1} and ends in lockfile_drop(). On file
 * systems without flock (some NFS) taking the lock fails rather than passing unlocked.
 */
#ifndef MPTOOLS_BASE_LOCKFILE_H
#define MPTOOLS_BASE_LOCKFILE_H

#include "base/failure.h"

struct lockfile {
    int fd;
};

/* 0; EXIT_TEMPFAIL when another run holds it ("held by pid 123: …"), EXIT_CANTCREAT when the file
 * can't be made or locked. Does not wait. */
int lockfile_take(struct lockfile *l, const char *path, struct failure *failure);
void lockfile_drop(struct lockfile *l);

#endif
