#include "log/rotation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/exits.h"

#define LOOKS_MAX 50
#define NUMBER_DIGITS 5 /* more are a date */

/* The log's name, taken apart. */
struct name {
    const char *path;
    struct slice folder; /* with its slash, or empty */
    struct slice base;
    struct slice stem, extension; /* base without it, and ".log"; empty when there is none */
};

static const struct slice packed_endings[] = {SL(".gz"),  SL(".zst"), SL(".xz"), SL(".bz2"),
                                              SL(".lz4"), SL(".Z"),   SL(".zip")};

static struct name name_of(const char *path)
{
    struct name n = {.path = path};
    struct slice all = slice_str(path);
    const char *slash = slice_rchr(all, '/'), *dot;

    n.base = slash ? slice_range(slash + 1, all.p + all.n) : all;
    n.folder = slice_range(all.p, n.base.p);
    dot = slice_rchr(n.base, '.');
    if (dot && dot > n.base.p) {
        n.stem = slice_range(n.base.p, dot);
        n.extension = slice_range(dot, n.base.p + n.base.n);
    }
    return n;
}

static bool cut_end(struct slice *s, struct slice end)
{
    if (!slice_ends(*s, end))
        return false;
    s->n -= end.n;
    return true;
}

/* `.1`, `-20261124`, `-2026-11-24_10`: a separator, then digits and separators. */
static bool read_stamp(struct slice s, struct rotated *f)
{
    size_t n = 0, runs = 0;

    if (s.n < 2 || !strchr(".-_", s.p[0]) || !is_digit(s.p[1]))
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (is_digit(s.p[i]) && n < sizeof f->digits - 1) {
            runs += !is_digit(s.p[i - 1]);
            f->digits[n++] = s.p[i];
        } else if (!strchr(".-_:T", s.p[i])) {
            return false;
        }
    }
    f->digits[n] = '\0';
    f->numbered = runs == 1 && n <= NUMBER_DIGITS;
    return is_digit(s.p[s.n - 1]);
}

/* Whether that name is the log's or one it was rotated to; fills what the name tells. */
static bool recognise(const struct name *log, struct slice name, struct rotated *f)
{
    struct slice rest;

    if (slice_eq(name, log->base))
        return f->current = true;
    for (size_t i = 0; i < sizeof packed_endings / sizeof *packed_endings && !f->packed; i++)
        f->packed = cut_end(&name, packed_endings[i]);
    if (slice_starts(name, log->base) && read_stamp(slice_skip(name, log->base.n), f))
        return true;
    if (log->extension.n == 0 || !slice_starts(name, log->stem))
        return false;
    rest = slice_skip(name, log->stem.n);
    f->beside = true;
    return cut_end(&rest, log->extension) && read_stamp(rest, f);
}

/* Whether a was written after b. */
static bool newer(const struct rotated *a, const struct rotated *b)
{
    size_t n = strlen(a->digits), m = strlen(b->digits);

    if (a->current || b->current)
        return a->current;
    if (a->numbered && b->numbered && atoi(a->digits) != atoi(b->digits))
        return atoi(a->digits) < atoi(b->digits);
    if (!a->numbered && !b->numbered && n == m && strcmp(a->digits, b->digits) != 0)
        return strcmp(a->digits, b->digits) > 0;
    return a->changed > b->changed;
}

/* Whether they are one file: a hard link, or one that is just being packed. */
static bool same(const struct rotated *a, const struct rotated *b)
{
    if (a->device == b->device && a->inode == b->inode && a->born == b->born)
        return true;
    return !a->current && !b->current && a->beside == b->beside && a->numbered == b->numbered &&
           strcmp(a->digits, b->digits) == 0;
}

static bool better(const struct rotated *a, const struct rotated *b)
{
    if (a->current || b->current)
        return a->current;
    return a->packed != b->packed ? b->packed : a->changed > b->changed;
}

static void remove_at(struct rotation *r, size_t i)
{
    free(r->file[i].path);
    memmove(&r->file[i], &r->file[i + 1], (r->n - i - 1) * sizeof *r->file);
    r->n--;
}

/* Adds to the list, in order; false when memory runs out. By insertion, as the order need not be
 * total where numbers and dates mix, which qsort(3) wants. */
static bool add(struct rotation *r, struct rotated *f)
{
    struct rotated *more;
    size_t at = 0;

    while (at < r->n && !same(&r->file[at], f))
        at++;
    if (at < r->n && better(&r->file[at], f)) {
        free(f->path);
        return true;
    }
    if (at < r->n)
        remove_at(r, at);
    if ((more = realloc(r->file, (r->n + 1) * sizeof *more)) == NULL)
        return false;
    r->file = more;
    for (at = r->n; at > 0 && newer(&r->file[at - 1], f); at--)
        r->file[at] = r->file[at - 1];
    r->file[at] = *f;
    r->n++;
    return true;
}

void rotation_free(struct rotation *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->file[i].path);
    free(r->file);
    *r = (struct rotation){0};
}

/* Drops those of the kind that only counts alone. */
static void drop_beside(struct rotation *r)
{
    bool own = false;
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        own = own || (!r->file[i].current && !r->file[i].beside);
    for (size_t i = 0; i < r->n; i++) {
        if (own && r->file[i].beside)
            free(r->file[i].path);
        else
            r->file[n++] = r->file[i];
    }
    r->n = n;
}

static int64_t nanoseconds(const struct statx_timestamp *t)
{
    return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

/* Fills in what is not in the name; false when there is no such file, or none that counts. */
static bool identify(struct rotated *f, int folder, const char *name, int flags)
{
    struct statx x;

    if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, &x) != 0)
        return false;
    f->device = makedev(x.stx_dev_major, x.stx_dev_minor);
    f->inode = x.stx_ino;
    f->size = x.stx_size;
    f->changed = nanoseconds(&x.stx_mtime);
    f->born = x.stx_mask & STATX_BTIME ? nanoseconds(&x.stx_btime) : 0;
    return S_ISREG(x.stx_mode) || f->current;
}

/* A name in the folder; false when memory runs out. */
static bool look_at(struct rotation *r, const struct name *log, int folder, const char *name)
{
    struct rotated f = {0};

    if (!recognise(log, slice_str(name), &f) ||
        !identify(&f, folder, name, f.current ? 0 : AT_SYMLINK_NOFOLLOW))
        return true;
    if (asprintf(&f.path, "%.*s%s", (int)log->folder.n, log->folder.p, name) < 0)
        return false;
    if (add(r, &f))
        return true;
    free(f.path);
    return false;
}

static int look(struct rotation *r, const struct name *log, struct failure *failure)
{
    char *folder = log->folder.n ? strndup(log->folder.p, log->folder.n) : strdup(".");
    DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    bool fine = true;

    if (folder == NULL)
        return failure_memory(failure);
    if (dir == NULL)
        failure_set(failure, EXIT_NOINPUT,
                    "%s: the folder can't be read: %s: check the name and "
                    "who may read it",
                    folder, strerror(errno));
    free(folder);
    if (dir == NULL)
        return failure->status;
    while (fine && (entry = readdir(dir)) != NULL)
        fine = look_at(r, log, dirfd(dir), entry->d_name);
    closedir(dir);
    drop_beside(r);
    return fine ? 0 : failure_memory(failure);
}

static bool equal(const struct rotation *a, const struct rotation *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->file[i].inode != b->file[i].inode || a->file[i].born != b->file[i].born ||
            strcmp(a->file[i].path, b->file[i].path) != 0)
            return false;
    return true;
}

int rotation_list(struct rotation *r, const char *path, struct failure *failure)
{
    struct name log = name_of(path);
    struct rotation before = {0};
    int status = look(&before, &log, failure);

    *r = (struct rotation){0};
    for (int i = 0; status == 0 && i < LOOKS_MAX; i++) {
        status = look(r, &log, failure);
        if (status == 0 && equal(&before, r)) {
            rotation_free(&before);
            return 0;
        }
        rotation_free(&before);
        before = *r;
        *r = (struct rotation){0};
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    rotation_free(&before);
    return status ? status
                  : failure_set(failure, EXIT_TEMPFAIL,
                                "%s: its folder keeps changing: nothing was read: try again", path);
}

int rotated_open(const struct rotated *f)
{
    int fd =
        open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (f->current ? 0 : O_NOFOLLOW));
    struct rotated now = {.current = true};

    if (fd < 0 || (identify(&now, fd, "", AT_EMPTY_PATH) && now.device == f->device &&
                   now.inode == f->inode && now.born == f->born))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}
