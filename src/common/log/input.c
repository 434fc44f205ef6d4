#include "log/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exits.h"

#define PACKED_BLOCK ((size_t)128 * 1024)
/* The first packed bytes are read into the block's buffer. */
_Static_assert(INPUT_BLOCK >= PACKED_BLOCK, "the first read has to fit");
#define ROOM_MIN ((size_t)64 * 1024) /* at least that is read at once, beside what is kept */

struct input {
    char *name;
    int fd;
    bool owned, regular, sniffed, at_end;
    char *buffer;
    size_t size;        /* of the buffer */
    size_t used, kept;  /* bytes in it; how many of them, at the end, come again */
    size_t first;       /* bytes that sniff() read to its front, not handed out yet */
    uint64_t disk_size; /* 0: not known */
    uint64_t disk_read;
    uint64_t handed_out;
    struct decompress *unpack; /* NULL: plain */
    char *packed;
    struct slice packed_left;
    bool packed_end;
    struct failure failure;
    char *warning;
};

static struct input *input_new(const char *name)
{
    struct input *in = calloc(1, sizeof *in);

    if (in == NULL)
        return NULL;
    in->fd = -1;
    in->size = INPUT_BLOCK;
    in->name = strdup(name);
    in->buffer = malloc(in->size);
    if (in->name && in->buffer)
        return in;
    input_close(in);
    return NULL;
}

static void cannot_open(struct input *in)
{
    const char *advice = "check the file";

    if (errno == ENOENT || errno == ENOTDIR)
        advice = "check the name";
    else if (errno == EACCES || errno == EPERM)
        advice = "run this as a user who may read it (on Debian, group adm reads /var/log)";
    failure_set(&in->failure, EXIT_NOINPUT, "%s: can't be opened: %s: %s", in->name,
                strerror(errno), advice);
}

static void examine(struct input *in)
{
    struct stat st;

    if (fstat(in->fd, &st) != 0) {
        cannot_open(in);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        failure_set(&in->failure, EXIT_NOINPUT, "%s: is a folder: name the log files in it",
                    in->name);
        return;
    }
    in->regular = S_ISREG(st.st_mode);
    if (in->regular && st.st_size > 0) {
        off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->disk_size =
            at > 0 && at < st.st_size ? (uint64_t)(st.st_size - at) : (uint64_t)st.st_size;
        posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
}

struct input *input_open_fd(int fd, const char *name)
{
    struct input *in = input_new(name);

    if (in == NULL) {
        close(fd);
        return NULL;
    }
    in->fd = fd;
    in->owned = true;
    examine(in);
    return in;
}

struct input *input_open(const char *name)
{
    struct input *in;
    int fd;

    if (strcmp(name, "-") == 0) {
        if ((in = input_new("standard input")) == NULL)
            return NULL;
        in->fd = STDIN_FILENO;
        examine(in);
        return in;
    }
    do
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd >= 0)
        return input_open_fd(fd, name);
    if ((in = input_new(name)) != NULL)
        cannot_open(in);
    return in;
}

void input_close(struct input *in)
{
    int saved = errno;

    if (in == NULL)
        return;
    if (in->owned)
        close(in->fd);
    decompress_free(in->unpack);
    failure_free(&in->failure);
    free(in->packed);
    free(in->warning);
    free(in->buffer);
    free(in->name);
    free(in);
    errno = saved;
}

/* read(2); 0 at the end, -1 with the failure set. */
static ssize_t disk_read(struct input *in, char *p, size_t n)
{
    for (;;) {
        ssize_t r = read(in->fd, p, n);

        if (r >= 0) {
            in->disk_read += (uint64_t)r;
            return r;
        }
        if (errno == EAGAIN) {
            struct pollfd pfd = {.fd = in->fd, .events = POLLIN};
            if (poll(&pfd, 1, -1) >= 0 || errno == EINTR)
                continue;
        }
        if (errno == EINTR)
            continue;
        failure_set(&in->failure, EXIT_IO, "%s: reading failed at byte %llu: %s: check the disk",
                    in->name, (unsigned long long)in->disk_read, strerror(errno));
        return -1;
    }
}

static void start_unpacking(struct input *in)
{
    in->unpack = decompress_new();
    in->packed = malloc(PACKED_BLOCK);
    if (in->unpack == NULL || in->packed == NULL) {
        failure_memory(&in->failure);
        return;
    }
    memcpy(in->packed, in->buffer, in->first);
    in->packed_left = slice_of(in->packed, in->first);
    in->first = 0;
    in->packed_end = in->at_end;
    in->at_end = false;
}

/* Reads until the first bytes tell how the data is packed: up to PACKED_BLOCK. */
static void sniff(struct input *in)
{
    const char *command = NULL;
    enum packing packing = PACKING_UNSURE;

    in->sniffed = true;
    while (packing == PACKING_UNSURE && !in->at_end) {
        ssize_t n = disk_read(in, in->buffer + in->first, PACKED_BLOCK - in->first);
        if (n < 0)
            return;
        in->at_end = n == 0;
        in->first += (size_t)n;
        packing = packing_of(slice_of(in->buffer, in->first), &command);
    }
    if (packing == PACKING_FOREIGN)
        failure_set(&in->failure, EXIT_DATA,
                    "%s: is packed in a way that is not read here: unpack it first: %s", in->name,
                    command);
    else if (packing == PACKING_GZIP || packing == PACKING_ZSTD)
        start_unpacking(in);
}

bool input_is_packed(struct input *in)
{
    if (in->failure.status == 0 && !in->sniffed)
        sniff(in);
    return in->unpack != NULL;
}

bool input_seek(struct input *in, uint64_t offset)
{
    if (!in->regular || offset > INT64_MAX || input_is_packed(in) || in->failure.status ||
        lseek(in->fd, (off_t)offset, SEEK_SET) < 0)
        return false;
    in->first = in->used = in->kept = 0;
    in->at_end = false;
    in->handed_out = in->disk_read = offset;
    return true;
}

static void note_garbage(struct input *in)
{
    uint64_t at, n = decompress_garbage(in->unpack, &at);

    if (n && asprintf(&in->warning,
                      "%s: %llu bytes after the end of the packed data, at byte %llu, were left "
                      "out: look at what was appended",
                      in->name, (unsigned long long)n, (unsigned long long)at) < 0)
        in->warning = NULL;
}

/* The next packed bytes, when the last ones are used up; false when reading failed. */
static bool feed(struct input *in)
{
    ssize_t n;

    if (in->packed_left.n || in->packed_end)
        return true;
    n = disk_read(in, in->packed, PACKED_BLOCK);
    in->packed_end = n == 0;
    in->packed_left = slice_of(in->packed, n > 0 ? (size_t)n : 0);
    return n >= 0;
}

static void unpack_some(struct input *in)
{
    size_t room = in->size - in->used;
    enum decompress_result r =
        decompress_run(in->unpack, &in->packed_left, in->packed_end, in->buffer + in->used, &room);

    in->used += room;
    in->at_end = r == DECOMPRESS_END;
    if (in->at_end)
        note_garbage(in);
    if (r == DECOMPRESS_DAMAGED) {
        const struct failure *f = decompress_failure(in->unpack);
        failure_set(&in->failure, f->status, "%s: %s", in->name, failure_text(f));
    }
}

/* Until the buffer is full, or holds something and the next read might have to wait. */
static void fill_packed(struct input *in)
{
    size_t old = in->used;

    while (in->used < in->size && !in->at_end && in->failure.status == 0) {
        if (in->used > old && in->packed_left.n == 0 && !in->packed_end)
            return;
        if (feed(in))
            unpack_some(in);
    }
}

static void fill_plain(struct input *in)
{
    ssize_t n;

    if (in->first) { /* what sniff() read lies at the front already */
        in->used = in->first;
        in->first = 0;
    } else if (!in->at_end) {
        n = disk_read(in, in->buffer + in->used, in->size - in->used);
        in->at_end = n == 0;
        in->used += n > 0 ? (size_t)n : 0;
    }
}

/* Moves what is kept to the front and makes room after it. */
static bool make_room(struct input *in)
{
    char *bigger;

    if (in->kept && in->kept < in->used)
        memmove(in->buffer, in->buffer + in->used - in->kept, in->kept);
    in->used = in->kept;
    if (in->size - in->used >= ROOM_MIN)
        return true;
    bigger = in->size > SIZE_MAX / 4 ? NULL : realloc(in->buffer, in->size * 2);
    if (bigger == NULL) {
        failure_memory(&in->failure);
        return false;
    }
    in->buffer = bigger;
    in->size *= 2;
    return true;
}

ssize_t input_read(struct input *in, const char **block)
{
    size_t old;

    if (in->failure.status == 0 && !in->sniffed)
        sniff(in);
    if (in->failure.status || !make_room(in))
        return -1;
    old = in->used;
    in->unpack ? fill_packed(in) : fill_plain(in);
    *block = in->buffer;
    if (in->used == old)
        return in->failure.status ? -1 : 0;
    in->kept = 0;
    in->handed_out += in->used - old;
    return (ssize_t)in->used;
}

void input_keep(struct input *in, size_t n)
{
    in->kept = n < in->used ? n : in->used;
}

struct slice input_kept(const struct input *in)
{
    return slice_of(in->buffer + in->used - in->kept, in->kept);
}

const char *input_name(const struct input *in)
{
    return in->name;
}

const struct failure *input_failure(const struct input *in)
{
    return &in->failure;
}

const char *input_warning(const struct input *in)
{
    return in->warning;
}

uint64_t input_offset(const struct input *in)
{
    return in->handed_out - in->kept;
}

void input_progress(const struct input *in, uint64_t *done, uint64_t *size)
{
    *done = in->disk_read;
    *size = in->disk_size;
}
