#include "log/mark.h"

#include <errno.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void add_head(struct trace *t, struct slice bytes)
{
    size_t n;

    if (t->head_n == 0) {
        n = leading_nuls(bytes);
        t->head_at += n;
        bytes = slice_skip(bytes, n);
    }
    n = bytes.n < MARK_HEAD - t->head_n ? bytes.n : MARK_HEAD - t->head_n;
    if (n)
        memcpy(t->head + t->head_n, bytes.p, n);
    t->head_n += n;
}

static void add_tail(struct trace *t, struct slice bytes)
{
    size_t stay;

    if (bytes.n > MARK_TAIL)
        bytes = slice_skip(bytes, bytes.n - MARK_TAIL);
    stay = t->tail_n + bytes.n > MARK_TAIL ? MARK_TAIL - bytes.n : t->tail_n;
    memmove(t->tail, t->tail + t->tail_n - stay, stay);
    if (bytes.n)
        memcpy(t->tail + stay, bytes.p, bytes.n);
    t->tail_n = stay + bytes.n;
}

void trace_consume(struct trace *t, struct slice bytes)
{
    if (t->head_n < MARK_HEAD)
        add_head(t, bytes);
    add_tail(t, bytes);
    t->offset += bytes.n;
}

void trace_mark(const struct trace *t, struct mark *m)
{
    m->offset = t->offset;
    m->head_at = t->head_at;
    m->head_n = t->head_n;
    m->head_hash = XXH3_64bits(t->head, t->head_n);
    m->tail_n = t->tail_n;
    m->tail_hash = XXH3_64bits(t->tail, t->tail_n);
}

bool trace_head_same(const struct trace *t, const struct mark *m)
{
    return t->head_at == m->head_at && t->head_n >= m->head_n && m->head_n <= MARK_HEAD &&
           XXH3_64bits(t->head, m->head_n) == m->head_hash;
}

bool trace_head_differs(const struct trace *t, const struct mark *m)
{
    return t->head_at > m->head_at ||
           (t->head_n &&
            (t->head_at != m->head_at || (t->head_n >= m->head_n && !trace_head_same(t, m))));
}

bool trace_at(const struct trace *t, const struct mark *m)
{
    return t->offset == m->offset && trace_head_same(t, m) && t->tail_n == m->tail_n &&
           XXH3_64bits(t->tail, t->tail_n) == m->tail_hash;
}

static bool read_all(int fd, char *p, size_t n, uint64_t at)
{
    while (n) {
        ssize_t r = pread(fd, p, n, (off_t)at);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        p += r;
        n -= (size_t)r;
        at += (uint64_t)r;
    }
    return true;
}

bool trace_load(struct trace *t, int fd, const struct mark *m, uint64_t offset)
{
    *t = (struct trace){.offset = offset, .head_at = m->head_at};
    if (m->head_at > INT64_MAX || offset > INT64_MAX || m->head_n > MARK_HEAD ||
        m->head_at + m->head_n > offset)
        return false;
    t->head_n = (size_t)m->head_n;
    t->tail_n = offset < MARK_TAIL ? (size_t)offset : MARK_TAIL;
    return read_all(fd, t->head, t->head_n, m->head_at) &&
           read_all(fd, t->tail, t->tail_n, offset - t->tail_n);
}
