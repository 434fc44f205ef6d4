#include "log/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/exits.h"
#include "base/lockfile.h"
#include "log/chain.h"
#include "log/followstate.h"

enum skip { SKIP_NOT, SKIP_LONG, SKIP_REST };

/* Where a source's bytes were taken up to: enough to make a mark. */
struct position {
    const struct chain_source *source;
    struct trace trace;
};

struct follow {
    char *path; /* of the log, links resolved */
    char *state_path;
    struct lockfile lock;
    struct followstate state; /* what a commit would write */
    bool opened;
    int64_t started; /* before the folder was listed; nanoseconds since 1970 */
    struct chain chain;
    size_t at; /* the source being read */
    struct position here;
    enum skip skip; /* bytes are dropped up to the next newline, and why */
    uint64_t skip_start;
    struct text half; /* a rotated file's last line, with the newline that it lacks */
    bool half_waits;
    struct position half_end;
    struct notes notes;
    int status;
    struct failure failure;
};

static void consume(struct follow *f, const char *from, const char *to)
{
    trace_consume(&f->here.trace, slice_range(from, to));
}

/* From now on a commit begins the next run there. */
static void mark(struct follow *f, const struct position *p)
{
    trace_mark(&p->trace, &f->state.mark);
    f->state.mark.device = p->source->device;
    f->state.mark.inode = p->source->inode;
    f->state.mark.time = f->started;
}

/* Drops up to and with the next newline; returns where going on starts. */
static const char *skip(struct follow *f, const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));

    consume(f, p, newline ? newline + 1 : end);
    if (newline == NULL)
        return end;
    if (f->skip == SKIP_LONG)
        notes_add(&f->notes,
                  "%s: a line of %llu bytes, at byte %llu, was left out: it is no log line",
                  follow_source(f), (unsigned long long)(f->here.trace.offset - f->skip_start),
                  (unsigned long long)f->skip_start);
    f->skip = SKIP_NOT;
    mark(f, &f->here);
    return newline + 1;
}

static ssize_t give_half(struct follow *f, const char **block)
{
    f->half_waits = false;
    trace_consume(&f->half_end.trace, slice_of(f->half.p, f->half.n - 1));
    mark(f, &f->half_end);
    *block = f->half.p;
    return (ssize_t)f->half.n;
}

/* Takes the whole lines of a block, keeps the rest; 0 when there is none. */
static ssize_t take(struct follow *f, struct slice got, const char **block)
{
    struct input *in = f->here.source->in;
    const char *p = got.p, *end = got.p + got.n, *newline;
    size_t nuls;

    if (f->skip && got.n)
        p = skip(f, p, end);
    nuls = leading_nuls(slice_range(p, end));
    consume(f, p, p + nuls);
    p += nuls;
    if (p < end && f->half_waits) {
        input_keep(in, (size_t)(end - p));
        return give_half(f, block);
    }
    newline = slice_rchr(slice_range(p, end), '\n');
    if (newline == NULL && (size_t)(end - p) > FOLLOW_LINE_MAX) {
        f->skip = SKIP_LONG;
        f->skip_start = f->here.trace.offset;
        consume(f, p, end);
        p = end;
    }
    input_keep(in, (size_t)(end - (newline ? newline + 1 : p)));
    if (newline == NULL)
        return 0;
    consume(f, p, newline + 1);
    mark(f, &f->here);
    *block = p;
    return newline + 1 - p;
}

static void begin_source(struct follow *f)
{
    f->skip = SKIP_NOT;
    f->here = (struct position){.source = &f->chain.source[f->at]};
}

/* Goes over to the next file. A last line without its end waits until that one has something. */
static void next_source(struct follow *f, bool damaged)
{
    struct input *in = f->here.source->in;
    struct slice kept = input_kept(in);

    if (damaged) {
        f->chain.gaps++;
        f->status = exit_worse(f->status, input_failure(in)->status);
        notes_add(&f->notes, "%s", failure_text(input_failure(in)));
    } else if (f->skip == SKIP_LONG && f->at + 1 < f->chain.count) {
        notes_add(&f->notes,
                  "%s: its last line, at byte %llu, is too long to be a log line, and "
                  "was left out",
                  input_name(in), (unsigned long long)f->skip_start);
    } else if (kept.n && f->at + 1 < f->chain.count) {
        f->half.n = 0;
        text_add(&f->half, kept);
        text_addc(&f->half, '\n');
        if (f->half.failed)
            failure_memory(&f->failure);
        f->half_waits = !f->half.failed;
        f->half_end = f->here;
    }
    if (input_warning(in))
        notes_add(&f->notes, "%s", input_warning(in));
    if (++f->at < f->chain.count)
        begin_source(f);
}

ssize_t follow_read(struct follow *f, const char **block)
{
    while (f->opened && f->failure.status == 0 && f->at < f->chain.count) {
        struct input *in = f->here.source->in;
        const char *p = NULL;
        ssize_t n = input_read(in, &p), whole;
        const struct failure *failure = input_failure(in);

        if (n < 0 && failure->status != EXIT_DATA) {
            failure_set(&f->failure, failure->status, "%s", failure_text(failure));
            break;
        }
        whole = take(f, n > 0 ? slice_of(p, (size_t)n) : input_kept(in), block);
        if (f->notes.failed)
            failure_memory(&f->failure);
        if (whole)
            return whole;
        if (n <= 0)
            next_source(f, n < 0);
    }
    return f->failure.status ? -1 : 0;
}

/* The log's name as the state has it: absolute, its last part as given. */
static char *absolute(const char *path, struct failure *failure)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL, *name = NULL;

    if (folder == NULL)
        failure_memory(failure);
    else if (real == NULL)
        failure_set(failure, EXIT_NOINPUT, "%s: can't be opened: %s: check the name", path,
                    strerror(errno));
    else if (asprintf(&name, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base) < 0)
        failure_memory(failure);
    free(folder);
    free(real);
    return name;
}

static bool prepare(struct follow *f, const char *path)
{
    struct timespec now;
    char *real = realpath(path, NULL);

    /* Never later than what the kernel stamps a file with that changes now. */
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    f->started = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    f->path = real ? real : strdup(path);
    if (f->path == NULL)
        failure_memory(&f->failure);
    return f->failure.status == 0;
}

/* Compares the log with the state's, then opens what is to be read. */
static void start(struct follow *f, const char *path)
{
    char *log = absolute(path, &f->failure);
    bool first = f->state.log == NULL;

    if (log && !first && strcmp(log, f->state.log) != 0)
        failure_set(&f->failure, EXIT_USAGE,
                    "%s: the state belongs to %s: nothing was read or changed: give each log a "
                    "--state of its own",
                    log, f->state.log);
    if (f->failure.status || !prepare(f, path) ||
        chain_open(&f->chain, f->path, first ? NULL : &f->state.mark, &f->notes, &f->failure)) {
        free(log);
        return;
    }
    free(f->state.log);
    f->state.log = log;
    f->opened = true;
    if (first)
        f->state.mark.time = f->started;
    if (f->chain.count == 0)
        return;
    begin_source(f);
    f->here.trace = f->chain.trace;
    if (f->chain.mid_line)
        f->skip = SKIP_REST;
    else if (f->chain.moved)
        mark(f, &f->here);
}

static struct follow *follow_new(void)
{
    struct follow *f = calloc(1, sizeof *f);

    if (f)
        f->lock.fd = -1;
    return f;
}

struct follow *follow_resume(const char *path, struct slice state)
{
    struct follow *f = follow_new();
    char *name = NULL;

    if (f && asprintf(&name, "the saved state of %s", path) < 0)
        failure_memory(&f->failure);
    else if (f && (state.n == 0 || followstate_parse(&f->state, state, name, &f->failure) == 0))
        start(f, path);
    free(name);
    return f;
}

/* All of the state file; nothing, and true, when there is none. */
static bool read_state(const char *path, struct text *to, struct failure *failure)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st = {0};
    ssize_t n = fd < 0 || fstat(fd, &st) != 0 ? -1 : 1;

    if (fd < 0 && errno == ENOENT)
        return true;
    if (n > 0 && !S_ISREG(st.st_mode)) /* /dev/zero would never end */
        failure_set(failure, EXIT_NOINPUT, "%s: is no regular file: give --state a file of its own",
                    path);
    while (n > 0 && failure->status == 0 && text_room(to, 65536)) {
        do
            n = read(fd, to->p + to->n, 65536);
        while (n < 0 && errno == EINTR);
        to->n += n > 0 ? (size_t)n : 0;
    }
    if (n < 0)
        failure_set(failure, EXIT_NOINPUT,
                    "%s: the state can't be read: %s: nothing was changed: check the file and who "
                    "may read it",
                    path, strerror(errno));
    else if (to->failed)
        failure_memory(failure);
    if (fd >= 0)
        close(fd);
    return failure->status == 0;
}

static bool lock(struct follow *f, const char *state_path)
{
    char *name;

    if ((f->state_path = strdup(state_path)) == NULL ||
        asprintf(&name, "%s.lock", state_path) < 0) {
        failure_memory(&f->failure);
        return false;
    }
    lockfile_take(&f->lock, name, &f->failure);
    free(name);
    return f->failure.status == 0;
}

struct follow *follow_open(const char *path, const char *state_path)
{
    struct follow *f = follow_new();
    struct text bytes = {0};

    if (f && lock(f, state_path) && read_state(state_path, &bytes, &f->failure) &&
        (bytes.p == NULL ||
         followstate_parse(&f->state, text_slice(&bytes), state_path, &f->failure) == 0))
        start(f, path);
    text_free(&bytes);
    return f;
}

void follow_close(struct follow *f)
{
    if (f == NULL)
        return;
    chain_free(&f->chain);
    followstate_free(&f->state);
    lockfile_drop(&f->lock);
    notes_free(&f->notes);
    failure_free(&f->failure);
    text_free(&f->half);
    free(f->state_path);
    free(f->path);
    free(f);
}

const char *follow_note(struct follow *f)
{
    return notes_take(&f->notes);
}

unsigned follow_gaps(const struct follow *f)
{
    return f->chain.gaps;
}

int follow_status(const struct follow *f)
{
    return f->status;
}

const struct failure *follow_failure(const struct follow *f)
{
    return &f->failure;
}

const char *follow_source(const struct follow *f)
{
    return f->here.source ? input_name(f->here.source->in) : f->path ? f->path : "";
}

void follow_progress(const struct follow *f, uint64_t *done, uint64_t *size)
{
    uint64_t now, all;

    *done = *size = 0;
    for (size_t i = 0; i < f->chain.count; i++) {
        input_progress(f->chain.source[i].in, &now, &all);
        *done += now;
        *size += all > now ? all : now;
    }
}

struct slice follow_blob(const struct follow *f, const char *name)
{
    return followstate_blob(&f->state, name);
}

bool follow_blob_set(struct follow *f, const char *name, struct slice bytes)
{
    return followstate_blob_set(&f->state, name, bytes);
}

bool follow_state(const struct follow *f, struct text *out)
{
    return f->opened && followstate_print(&f->state, out);
}

int follow_commit(struct follow *f)
{
    struct text bytes = {0};

    if (!f->opened || f->failure.status || f->state_path == NULL)
        return f->failure.status;
    if (!follow_state(f, &bytes))
        failure_memory(&f->failure);
    else
        atomic_write(f->state_path, text_slice(&bytes), ATOMIC_PRIVATE, NULL, &f->failure);
    text_free(&bytes);
    return f->failure.status;
}
