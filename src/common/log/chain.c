#include "log/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/when.h"
#include "log/resume.h"
#include "log/rotation.h"

#define TRIES_MAX 50 /* in a folder whose files come and go */
/* A file's time can be that much off the clock's (nanoseconds): the kernel's tick. */
#define TICK_MAX INT64_C(10000000)

/* What one try works with. */
struct
try {
    struct chain *chain;
    const char *path;
    const struct mark *mark; /* NULL: first run */
    struct rotation rotation;
    struct place place;
    struct failure *failure;
};

enum outcome { DONE, FAILED, AGAIN };

void chain_free(struct chain *c)
{
    for (size_t i = 0; i < c->count; i++)
        input_close(c->source[i].in);
    free(c->source);
    *c = (struct chain){0};
}

static bool add(struct try *t, struct input *in, const struct rotated *f)
{
    struct chain *c = t->chain;
    struct chain_source *more = in ? realloc(c->source, (c->count + 1) * sizeof *more) : NULL;

    if (more == NULL) {
        input_close(in);
        failure_memory(t->failure);
        return false;
    }
    c->source = more;
    c->source[c->count++] = (struct chain_source){in, f->device, f->inode, f->size};
    return true;
}

static enum outcome open_next(struct try *t, const struct rotated *f)
{
    int fd = rotated_open(f);
    struct stat st;

    if (fd < 0 && (errno == ENOENT || errno == ESTALE))
        return AGAIN;
    if (fd < 0) {
        failure_set(t->failure, EXIT_NOINPUT,
                    "%s: can't be opened: %s: run this as a user who may read it", f->path,
                    strerror(errno));
        return FAILED;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        failure_set(t->failure, EXIT_NOINPUT,
                    "%s: is not a regular file, which --follow needs: give the log file's name",
                    f->path);
        return FAILED;
    }
    return add(t, input_open_fd(fd, f->path), f) ? DONE : FAILED;
}

/* Whether a file after number `from` of the list belongs to what has not been read. After a rotated
 * file those with names of its kind do; otherwise the time of the last change has to tell. */
static bool belongs(const struct try *t, const struct rotated *f)
{
    const struct rotated *found = &t->rotation.file[t->place.at];

    if (f->current)
        return true;
    if (t->mark == NULL)
        return false;
    if (t->place.found != FOUND_NOTHING && found->numbered == f->numbered &&
        found->beside == f->beside)
        return true;
    /* Where nothing can come twice, the same tick of the clock is taken too. */
    return f->changed >= t->mark->time + (t->mark->head_n ? TICK_MAX : 0);
}

static enum outcome open_newer(struct try *t, size_t from)
{
    enum outcome o = DONE;

    for (size_t i = from; i < t->rotation.n && o == DONE; i++)
        if (belongs(t, &t->rotation.file[i]))
            o = open_next(t, &t->rotation.file[i]);
    return o;
}

/* Takes over the file in which the place is. */
static bool begin_at_place(struct try *t)
{
    struct chain *c = t->chain;
    struct input *in = t->place.in;

    t->place.in = NULL;
    c->trace = t->place.trace;
    c->moved = t->place.found != FOUND_EXACT;
    c->mid_line = c->moved && c->trace.tail_n && c->trace.tail[c->trace.tail_n - 1] != '\n';
    return add(t, in, &t->rotation.file[t->place.at]);
}

static void note_nothing(const struct try *t, struct notes *notes)
{
    char when[WHEN_TEXT_MAX];
    size_t n = when_print(when, t->mark->time / 1000, 0);

    notes_add(notes,
              "%s: what was read last (up to byte %llu, at %.*s) is neither there nor in a rotated "
              "file beside it: what was written between that and the beginning of %s is missing: "
              "let rotation keep more files, or run this more often",
              t->path, (unsigned long long)t->mark->offset, (int)n, when,
              t->chain->count ? input_name(t->chain->source[0].in) : "a new log");
}

static void note_gap(const struct try *t, struct notes *notes)
{
    const struct rotated *f = &t->rotation.file[t->place.at];
    unsigned long long offset = t->mark->offset, size = t->place.trace.offset;

    switch (t->place.found) {
    case FOUND_NOTHING:
        note_nothing(t, notes);
        break;
    case FOUND_DAMAGED:
        notes_add(notes, "%s: what followed byte %llu of the unpacked log is missing",
                  failure_text(&t->place.why), offset);
        break;
    case FOUND_CHANGED:
        notes_add(notes,
                  "%s: begins as when it was read last, but is different before byte %llu: going "
                  "on from there: lines may be missing: look at who writes to it",
                  f->path, offset);
        break;
    default:
        notes_add(notes,
                  "%s: ends at byte %llu, but was read up to byte %llu before: going on from its "
                  "end: lines may be missing: look at who cut it",
                  f->path, size, offset);
    }
    t->chain->gaps++;
}

/* With neither the log nor anything that was rotated since. */
static enum outcome nothing_there(struct try *t)
{
    failure_set(t->failure, EXIT_TEMPFAIL,
                "%s: is not there, and neither is a rotated file that goes on where reading "
                "stopped: nothing was changed: try again when it is back",
                t->path);
    return FAILED;
}

/* Opens the files from the place on. */
static enum outcome open_from_place(struct try *t, struct notes *notes)
{
    const struct place *p = &t->place;
    bool copy = p->found == FOUND_SHORTER && !t->rotation.file[p->at].current;
    bool inside = p->found >= FOUND_CHANGED && !copy;
    enum outcome o;

    if (p->found == FOUND_NOTHING && p->why.status) {
        failure_move(t->failure, &t->place.why);
        return FAILED;
    }
    if (inside && !begin_at_place(t))
        return FAILED;
    o = open_newer(t, p->found == FOUND_NOTHING ? 0 : p->at + 1);
    if (o == DONE && p->found == FOUND_NOTHING && t->chain->count == 0)
        return nothing_there(t);
    if (o == DONE && p->found != FOUND_EXACT && !copy)
        note_gap(t, notes);
    return o;
}

/* With nothing read before: all that changed since the state was made. */
static enum outcome open_first(struct try *t)
{
    enum outcome o = open_newer(t, 0);

    if (o != DONE || t->chain->count)
        return o;
    if (t->mark)
        return nothing_there(t);
    failure_set(t->failure, EXIT_NOINPUT, "%s: no such file: check the name", t->path);
    return FAILED;
}

static enum outcome attempt(struct try *t, struct notes *notes)
{
    const struct rotation *r = &t->rotation;
    enum outcome o;

    if (rotation_list(&t->rotation, t->path, t->failure) != 0)
        return FAILED;
    if (t->mark == NULL || t->mark->head_n == 0)
        return open_first(t);
    if (!place_find(&t->place, r, t->mark))
        return AGAIN;
    o = open_from_place(t, notes);
    if (o == DONE && !r->file[r->n - 1].current)
        notes_add(notes, "%s: is not there at the moment: what it was rotated to has been read",
                  t->path);
    return o;
}

int chain_open(struct chain *c, const char *path, const struct mark *m, struct notes *notes,
               struct failure *failure)
{
    enum outcome o = AGAIN;

    *c = (struct chain){0};
    for (int i = 0; o == AGAIN && i < TRIES_MAX; i++) {
        struct try t = {.chain = c, .path = path, .mark = m, .failure = failure};

        o = attempt(&t, notes);
        place_free(&t.place);
        rotation_free(&t.rotation);
        if (o != DONE)
            chain_free(c);
        if (o == AGAIN)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    if (o == AGAIN)
        failure_set(failure, EXIT_TEMPFAIL,
                    "%s: is being rotated all the time: nothing was changed: try again", path);
    return failure->status;
}
