/* mark: a place in a log that is found again after rotation.
 *
 * Names and inodes change when a log is rotated, copied or compressed; its content does not. A mark
 * therefore holds, beside device and inode as a hint, the offset in the unpacked log and hashes of
 * up to 1 KiB at its beginning (after leading NUL bytes: a log truncated under a writer without
 * O_APPEND begins with a hole) and of up to 64 bytes before the offset. A trace follows the bytes
 * of one file as they are consumed and yields marks. Nothing here allocates.
 *
 * The hashes (XXH3, 64 bit) tell apart logs that differ by accident; nobody gains anything from
 * forging one but reading a log twice.
 */
#ifndef MPTOOLS_LOG_MARK_H
#define MPTOOLS_LOG_MARK_H

#include "base/slice.h"

#define MARK_HEAD 1024
#define MARK_TAIL 64

struct mark {
    uint64_t device, inode;
    uint64_t offset;
    uint64_t head_at, head_n, head_hash; /* head_n 0: nothing was consumed yet */
    uint64_t tail_n, tail_hash;
    int64_t time; /* nanoseconds since 1970: files not written to since were read completely */
};

struct trace {
    uint64_t offset;
    uint64_t head_at; /* leading NUL bytes */
    size_t head_n, tail_n;
    char head[MARK_HEAD], tail[MARK_TAIL];
};

/* How many NUL bytes s begins with: eight at a time, as holes are large. */
static inline size_t leading_nuls(struct slice s)
{
    static const char nuls[8];
    size_t n = 0;

    while (s.n - n >= sizeof nuls && memcmp(s.p + n, nuls, sizeof nuls) == 0)
        n += sizeof nuls;
    while (n < s.n && s.p[n] == '\0')
        n++;
    return n;
}

/* A struct trace starts as {0}, at byte 0. */
void trace_consume(struct trace *t, struct slice bytes);
/* Sets all of the mark but device, inode and time. */
void trace_mark(const struct trace *t, struct mark *m);
/* The trace has passed, or is at, the mark's head, and it is another one. */
bool trace_head_differs(const struct trace *t, const struct mark *m);
/* The trace has reached the end of the mark's head, and it is the same. */
bool trace_head_same(const struct trace *t, const struct mark *m);
/* The trace is at the mark: offset, head and tail are the same. */
bool trace_at(const struct trace *t, const struct mark *m);

/* Reads head and tail at the mark's offset from a plain file: *t is then as if everything before
 * the offset had been consumed. False when the file is too short or can't be read. */
bool trace_load(struct trace *t, int fd, const struct mark *m, uint64_t offset);

#endif
