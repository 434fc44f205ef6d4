#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/msg.h"
#include "base/exits.h"

static int open_stdout(struct outfile *o)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return failure_set(&o->failure, EXIT_CANTCREAT,
                           "standard output is closed: send it somewhere, or use -w FILE");
    o->fd = STDOUT_FILENO;
    return 0;
}

static int open_file(struct outfile *o, const char *path)
{
    if ((o->file = atomic_open(path, 0)) == NULL)
        return failure_memory(&o->failure);
    if (atomic_failure(o->file)->status)
        return failure_set(&o->failure, atomic_failure(o->file)->status, "%s",
                           failure_text(atomic_failure(o->file)));
    o->fd = atomic_fd(o->file);
    return 0;
}

int outfile_open(struct outfile *o, const char *path, bool live)
{
    bool is_stdout = path == NULL || strcmp(path, "-") == 0;

    *o = (struct outfile){.fd = -1, .live = live};
    if ((is_stdout ? open_stdout(o) : open_file(o, path)) != 0)
        return o->failure.status;
    if ((o->buffer = malloc(OUTFILE_BUFFER)) == NULL)
        return failure_memory(&o->failure);
    o->at = o->buffer;
    o->end = o->buffer + OUTFILE_BUFFER;
    return 0;
}

const char *outfile_error(const struct outfile *o)
{
    return failure_text(&o->failure);
}

bool outfile_stopped(const struct outfile *o)
{
    return o->gone || o->finished || o->failure.status != 0;
}

bool outfile_gone(const struct outfile *o)
{
    return o->gone;
}

uint64_t outfile_bytes(const struct outfile *o)
{
    return o->written + (uint64_t)(o->at - o->buffer);
}

static void write_failed(struct outfile *o)
{
    if (errno == EPIPE) {
        o->gone = true;
    } else if (o->file) {
        atomic_write_failed(o->file);
        failure_set(&o->failure, EXIT_IO, "%s", failure_text(atomic_failure(o->file)));
    } else {
        failure_set(&o->failure, EXIT_IO,
                    "standard output: writing failed: %s: the output is not complete: %s",
                    strerror(errno),
                    errno == ENOSPC ? "make room and run it again" : "run it again");
    }
}

static void hand_over(struct outfile *o, struct slice s)
{
    o->written += s.n;
    if (s.n && !outfile_stopped(o) && !write_all(o->fd, s.p, s.n))
        write_failed(o);
}

void outfile_flush(struct outfile *o)
{
    if (o->buffer == NULL)
        return;
    hand_over(o, slice_range(o->buffer, o->at));
    o->at = o->buffer;
}

void outfile_add_slow(struct outfile *o, struct slice s)
{
    if (o->buffer == NULL)
        return;
    if (s.n < OUTFILE_BUFFER) { /* top it up: the kernel likes whole buffers best */
        size_t n = (size_t)(o->end - o->at);

        if (n > s.n)
            n = s.n;
        memcpy(o->at, s.p, n);
        o->at += n;
        s = slice_skip(s, n);
    }
    outfile_flush(o);
    if (s.n >= OUTFILE_BUFFER) {
        hand_over(o, s);
    } else if (s.n) {
        memcpy(o->at, s.p, s.n);
        o->at += s.n;
    }
}

void outfile_addf(struct outfile *o, const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0) {
        failure_memory(&o->failure);
        return;
    }
    outfile_add(o, slice_of(s, (size_t)n));
    free(s);
}

int outfile_finish(struct outfile *o)
{
    if (o->finished)
        return o->failure.status;
    outfile_flush(o);
    if (o->failure.status == 0 && o->file && !o->gone && atomic_commit(o->file) != 0)
        failure_set(&o->failure, atomic_failure(o->file)->status, "%s",
                    failure_text(atomic_failure(o->file)));
    /* A close can be the first to say that the disk is full (NFS, quotas). */
    if (o->file == NULL && o->fd >= 0 && close(o->fd) != 0 && errno != EINTR && !o->gone)
        write_failed(o);
    o->fd = -1;
    o->finished = true;
    return o->failure.status;
}

int outfile_text(const char *path, const struct text *t)
{
    struct outfile out;

    outfile_open(&out, path, false);
    if (t->failed)
        failure_memory(&out.failure);
    outfile_add(&out, text_slice(t));
    int status = out.failure.status ? out.failure.status : outfile_finish(&out);
    if (status)
        msg_error("%s", outfile_error(&out));
    outfile_free(&out);
    return status;
}

void outfile_free(struct outfile *o)
{
    atomic_free(o->file);
    failure_free(&o->failure);
    free(o->buffer);
    *o = (struct outfile){.fd = -1, .finished = true};
}
