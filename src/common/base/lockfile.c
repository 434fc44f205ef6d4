#include "base/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/slice.h"

/* The pid in the file, for a message: digits only, whatever stands there. */
static void holder(int fd, char *pid, size_t size)
{
    ssize_t n = pread(fd, pid, size - 1, 0);
    size_t digits = 0;

    while (n > 0 && digits < (size_t)n && is_digit(pid[digits]))
        digits++;
    pid[digits] = '\0';
}

static int held(int fd, const char *path, struct failure *failure)
{
    char pid[24];

    holder(fd, pid, sizeof pid);
    return failure_set(failure, EXIT_TEMPFAIL,
                       "%s: held by pid %s: another run is at work: try again when it has ended",
                       path, *pid ? pid : "(not known)");
}

int lockfile_take(struct lockfile *l, const char *path, struct failure *failure)
{
    char pid[24];
    int n, status, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return failure_set(failure, EXIT_CANTCREAT,
                           "%s: can't be made: %s: check its folder and who may write there", path,
                           strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? held(fd, path, failure)
                                      : failure_set(failure, EXIT_CANTCREAT,
                                                    "%s: can't be locked: %s: put it on a "
                                                    "local disk",
                                                    path, strerror(errno));
        close(fd);
        return status;
    }
    /* The pid is for people: a disk too full for it does not matter. */
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    (void)!(ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) == n);
    l->fd = fd;
    return 0;
}

void lockfile_drop(struct lockfile *l)
{
    int saved = errno;

    if (l->fd >= 0) {
        /* A pid that stays in the file harms nobody: only a held lock makes it be read. */
        (void)!ftruncate(l->fd, 0);
        close(l->fd);
    }
    l->fd = -1;
    errno = saved;
}
