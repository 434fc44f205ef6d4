#include "log/resume.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/exits.h"

void place_free(struct place *p)
{
    input_close(p->in);
    failure_free(&p->why);
    *p = (struct place){0};
}

static enum found compare_plain(struct place *p, int fd, const struct mark *m)
{
    struct stat st;
    uint64_t size;

    if (input_failure(p->in)->status || fstat(fd, &st) != 0)
        return FOUND_NOTHING;
    size = (uint64_t)st.st_size;
    if (!trace_load(&p->trace, fd, m, size < m->offset ? size : m->offset) ||
        !trace_head_same(&p->trace, m) || !input_seek(p->in, p->trace.offset))
        return FOUND_NOTHING;
    if (size < m->offset)
        return FOUND_SHORTER;
    return trace_at(&p->trace, m) ? FOUND_EXACT : FOUND_CHANGED;
}

static enum found end_of_packed(struct place *p, const struct mark *m, bool damaged)
{
    const struct failure *f = input_failure(p->in);

    if (!trace_head_same(&p->trace, m))
        return FOUND_NOTHING;
    if (!damaged)
        return FOUND_SHORTER;
    failure_set(&p->why, f->status, "%s", failure_text(f));
    return FOUND_DAMAGED;
}

static enum found compare_packed(struct place *p, const struct mark *m)
{
    struct trace *t = &p->trace;
    const char *block;

    *t = (struct trace){0};
    while (t->offset < m->offset) {
        ssize_t n = input_read(p->in, &block);
        uint64_t want = m->offset - t->offset;

        if (n <= 0)
            return end_of_packed(p, m, n < 0);
        if (want > (uint64_t)n)
            want = (uint64_t)n;
        trace_consume(t, slice_of(block, want));
        input_keep(p->in, (size_t)n - want);
        if (trace_head_differs(t, m))
            return FOUND_NOTHING;
    }
    if (trace_at(t, m))
        return FOUND_EXACT;
    return trace_head_same(t, m) ? FOUND_CHANGED : FOUND_NOTHING;
}

/* Looks at one file; false when it is not there any more. */
static bool look_at(struct place *p, const struct rotated *f, const struct mark *m)
{
    int fd = rotated_open(f);

    if (fd < 0) {
        if (errno == ENOENT || errno == ESTALE)
            return false;
        failure_set(&p->why, EXIT_NOINPUT,
                    "%s: can't be opened: %s: it may hold what comes next: nothing was read: run "
                    "this as a user who may read it",
                    f->path, strerror(errno));
        return true;
    }
    if ((p->in = input_open_fd(fd, f->path)) == NULL)
        failure_memory(&p->why);
    else
        p->found = input_is_packed(p->in) ? compare_packed(p, m) : compare_plain(p, fd, m);
    return true;
}

/* How good a place is. The log itself, if it begins as it did, is the one that was read, however it
 * was cut; a rotated copy that is too short lacks what was read from the log before that was
 * truncated. */
static int rank(const struct place *p, const struct rotation *r)
{
    if (r->file[p->at].current && p->found >= FOUND_CHANGED)
        return FOUND_EXACT + 1;
    return p->found;
}

/* Looks at file i and keeps the better place; false when the list is out of date. */
static bool consider(struct place *best, size_t i, const struct rotation *r, const struct mark *m)
{
    struct place p = {.at = i};

    if (!look_at(&p, &r->file[i], m)) {
        place_free(&p);
        return false;
    }
    if (rank(&p, r) > rank(best, r) || (best->found == FOUND_NOTHING && best->why.status == 0)) {
        struct place worse = *best;
        *best = p;
        p = worse;
    }
    place_free(&p);
    return true;
}

bool place_find(struct place *p, const struct rotation *r, const struct mark *m)
{
    size_t first = r->n;

    *p = (struct place){0};
    for (size_t i = 0; i < r->n; i++)
        if (r->file[i].device == m->device && r->file[i].inode == m->inode)
            first = i;
    if (first < r->n && !consider(p, first, r, m))
        return false;
    for (size_t i = r->n; i-- > 0 && p->found != FOUND_EXACT;)
        if (i != first && !consider(p, i, r, m))
            return false;
    return true;
}
