#include "base/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/links.h"

struct atomic {
    char *path;       /* what is replaced, links resolved */
    const char *base; /* its last part */
    char *temp;       /* the temporary file's name in the folder; NULL while it has none */
    int fd, folder;
    unsigned flags;
    bool direct; /* no regular file: written to in place */
    bool old_exists, changed, done;
    struct stat old;
    struct failure failure;
};

bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);

        if (w >= 0) {
            p += w;
            n -= (size_t)w;
        } else if (errno == EAGAIN) {
            struct pollfd pfd = {.fd = fd, .events = POLLOUT};
            if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (errno != EINTR)
            return false;
    }
    return true;
}

static int cannot(struct atomic *a, const char *what, const char *advice)
{
    return failure_set(&a->failure, EXIT_CANTCREAT, "%s: %s: %s: %s", a->path, what,
                       strerror(errno), advice);
}

int atomic_write_failed(struct atomic *a)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    const char *kept = a->direct       ? ""
                       : a->old_exists ? ": the old file is kept"
                                       : ": nothing is left of it";

    return failure_set(&a->failure, EXIT_IO, "%s: writing failed: %s%s%s", a->path, strerror(errno),
                       kept, full ? ": make room and run it again" : "");
}

/* Decides between replacing and writing in place; sets path, old and old_exists. */
static int examine(struct atomic *a, const char *given)
{
    struct stat end;

    if (stat(given, &a->old) == 0) {
        if (S_ISDIR(a->old.st_mode))
            return failure_set(&a->failure, EXIT_CANTCREAT,
                               "%s: is a folder: give the name of a file in it", given);
        a->old_exists = S_ISREG(a->old.st_mode);
        a->direct = !a->old_exists;
    }
    a->path = a->direct ? strdup(given) : links_follow(given, &a->failure);
    if (a->path == NULL)
        return failure_memory(&a->failure);
    /* Where the links' text doesn't lead to the file (/dev/stdout), it can only be written to. */
    if (a->old_exists &&
        (lstat(a->path, &end) != 0 || end.st_dev != a->old.st_dev || end.st_ino != a->old.st_ino))
        a->direct = true;
    return 0;
}

static int open_folder(struct atomic *a)
{
    char *slash = strrchr(a->path, '/');
    char *folder;

    a->base = slash ? slash + 1 : a->path;
    if (*a->base == '\0')
        return failure_set(&a->failure, EXIT_CANTCREAT,
                           "%s: no file name after the last slash: give one", a->path);
    folder = slash ? strndup(a->path, (size_t)(slash - a->path) + 1) : strdup(".");
    if (folder == NULL)
        return failure_memory(&a->failure);
    a->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->folder < 0 && errno == EACCES) /* may be entered, not listed: it can't be synced then */
        a->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return a->folder < 0 ? cannot(a, "its folder can't be opened", "make the folder first") : 0;
}

/* A fresh name in a->temp. */
static bool new_name(struct atomic *a)
{
    uint64_t random;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    free(a->temp);
    if (asprintf(&a->temp, ".%.200s.%016llx", a->base, (unsigned long long)random) < 0)
        a->temp = NULL;
    return a->temp != NULL;
}

static bool proc_is_there(int fd)
{
    char self[32];

    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return access(self, F_OK) == 0;
}

static void open_nameless(struct atomic *a, mode_t mode)
{
    a->fd = openat(a->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (a->fd >= 0 && !proc_is_there(a->fd)) { /* it could not get a name later */
        close(a->fd);
        a->fd = -1;
        errno = EOPNOTSUPP;
    }
}

static void open_named(struct atomic *a, mode_t mode)
{
    for (int i = 0; i < 100 && a->fd < 0; i++) {
        if (!new_name(a))
            return;
        a->fd =
            openat(a->folder, a->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (a->fd < 0 && errno != EEXIST) {
            int saved = errno;
            free(a->temp);
            a->temp = NULL;
            errno = saved;
            return;
        }
    }
}

/* Owner first: chown takes the set-id bits away. */
static int same_owner_and_mode(struct atomic *a)
{
    struct stat st;

    if (fstat(a->fd, &st) != 0)
        return cannot(a, "the new file can't be looked at", "the old file is kept");
    if ((st.st_uid != a->old.st_uid || st.st_gid != a->old.st_gid) &&
        fchown(a->fd, a->old.st_uid, a->old.st_gid) != 0)
        return failure_set(
            &a->failure, EXIT_CANTCREAT,
            "%s: belongs to user %ld and group %ld, which a new file can't be given: "
            "%s: the old file is kept: run this as root or as that user",
            a->path, (long)a->old.st_uid, (long)a->old.st_gid, strerror(errno));
    if (fchmod(a->fd, a->old.st_mode & 07777) != 0)
        return cannot(a, "the new file can't get the old one's mode", "the old file is kept");
    return 0;
}

static int open_temporary(struct atomic *a)
{
    /* The kernel applies the umask; an old file's mode comes when the new one has its owner. */
    mode_t mode = a->old_exists || (a->flags & ATOMIC_PRIVATE) ? 0600 : 0644;

    if (open_folder(a) != 0)
        return a->failure.status;
    if (!(a->flags & ATOMIC_NAMED))
        open_nameless(a, mode);
    if (a->fd < 0 && ((a->flags & ATOMIC_NAMED) || errno == EOPNOTSUPP || errno == EISDIR ||
                      errno == EINVAL || errno == ENOENT))
        open_named(a, mode);
    if (a->fd < 0)
        return cannot(a, "no file can be made in its folder", "check who may write there");
    return a->old_exists ? same_owner_and_mode(a) : 0;
}

struct atomic *atomic_open(const char *path, unsigned flags)
{
    struct atomic *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->fd = a->folder = -1;
    a->flags = flags;
    if (examine(a, path) != 0)
        return a;
    if (!a->direct) {
        open_temporary(a);
        return a;
    }
    /* Appending: what another one wrote to the same standard output stays. */
    a->fd = open(a->path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
    if (a->fd < 0)
        cannot(a, "can't be opened for writing", "check the name and who may write there");
    return a;
}

const struct failure *atomic_failure(const struct atomic *a)
{
    return &a->failure;
}

int atomic_fd(const struct atomic *a)
{
    return a->failure.status ? -1 : a->fd;
}

const char *atomic_path(const struct atomic *a)
{
    return a->path ? a->path : "";
}

bool atomic_changed(const struct atomic *a)
{
    return a->changed;
}

/* pread(2) until n bytes or the end. */
static ssize_t read_at(int fd, char *p, size_t n, off_t at)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = pread(fd, p + got, n - got, at + (off_t)got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

/* Where the lines that begin with # end; -1 with an error. */
static off_t after_header(int fd)
{
    char buf[4096];
    off_t at = 0;
    bool line_start = true;

    for (;;) {
        ssize_t n = read_at(fd, buf, sizeof buf, at);
        if (n <= 0)
            return n < 0 ? -1 : at;
        for (ssize_t i = 0; i < n; i++) {
            if (line_start && buf[i] != '#')
                return at + i;
            line_start = buf[i] == '\n';
        }
        at += n;
    }
}

/* Whether two files say the same from these places on; an error means no. */
static bool same_bytes(int a, off_t at_a, int b, off_t at_b)
{
    char x[16384], y[sizeof x];

    for (;;) {
        ssize_t n = read_at(a, x, sizeof x, at_a);
        if (n < 0 || read_at(b, y, sizeof y, at_b) != n || memcmp(x, y, (size_t)n) != 0)
            return false;
        if (n < (ssize_t)sizeof x)
            return true;
        at_a += n;
        at_b += n;
    }
}

static bool unchanged(const struct atomic *a)
{
    int old = openat(a->folder, a->base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    off_t at_old = 0, at_new = 0;
    struct stat st;
    bool same = false;

    if (old < 0)
        return false;
    if (fstat(old, &st) == 0 && S_ISREG(st.st_mode)) {
        if (a->flags & ATOMIC_NOT_HEADER) {
            at_old = after_header(old);
            at_new = after_header(a->fd);
        }
        same = at_old >= 0 && at_new >= 0 && same_bytes(old, at_old, a->fd, at_new);
    }
    close(old);
    return same;
}

/* Gives a nameless temporary file a name beside the target: rename(2) needs one. */
static bool give_name(struct atomic *a)
{
    char self[32];

    snprintf(self, sizeof self, "/proc/self/fd/%d", a->fd);
    for (int i = 0; i < 100; i++) {
        if (!new_name(a))
            return false;
        if (linkat(AT_FDCWD, self, a->folder, a->temp, AT_SYMLINK_FOLLOW) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    int saved = errno;
    free(a->temp);
    a->temp = NULL;
    errno = saved;
    return false;
}

static int replace(struct atomic *a)
{
    if (fsync(a->fd) != 0)
        return atomic_write_failed(a);
    if (a->temp == NULL && !give_name(a)) {
        if (errno == ENOSPC || errno == EDQUOT)
            return atomic_write_failed(a);
        return cannot(a, "the new file can't be put in place", "the old file is kept");
    }
    if (renameat(a->folder, a->temp, a->folder, a->base) != 0)
        return cannot(a, "can't be replaced", "the old file is kept");
    free(a->temp);
    a->temp = NULL;
    a->changed = true;
    if (fsync(a->folder) != 0 && errno != EINVAL && errno != EBADF)
        return failure_set(&a->failure, EXIT_IO,
                           "%s: written, but its folder can't be synced: %s: check the disk",
                           a->path, strerror(errno));
    return 0;
}

int atomic_commit(struct atomic *a)
{
    if (a->failure.status)
        return a->failure.status;
    if (a->done)
        return 0;
    a->done = true;
    if (a->direct) {
        int fd = a->fd;
        a->fd = -1;
        a->changed = true;
        return close(fd) != 0 && errno != EINTR ? atomic_write_failed(a) : 0;
    }
    if ((a->flags & ATOMIC_IF_CHANGED) && unchanged(a))
        return 0;
    return replace(a);
}

void atomic_free(struct atomic *a)
{
    int saved = errno;

    if (a == NULL)
        return;
    if (a->temp)
        unlinkat(a->folder, a->temp, 0);
    if (a->fd >= 0)
        close(a->fd);
    if (a->folder >= 0)
        close(a->folder);
    failure_free(&a->failure);
    free(a->temp);
    free(a->path);
    free(a);
    errno = saved;
}

int atomic_write(const char *path, struct slice content, unsigned flags, bool *changed,
                 struct failure *failure)
{
    struct atomic *a = atomic_open(path, flags);
    int status;

    if (a == NULL)
        return failure_memory(failure);
    if (a->failure.status == 0 && !write_all(a->fd, content.p, content.n))
        atomic_write_failed(a);
    status = atomic_commit(a);
    if (status == 0 && changed)
        *changed = a->changed;
    failure_move(failure, &a->failure);
    atomic_free(a);
    return status;
}
