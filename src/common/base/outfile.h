/* outfile: a tool's output, to stdout or to `-w FILE`, buffered, with one checked end.
 *
 * A FILE is replaced as a whole when outfile_finish() succeeds (atomic.h), so a failure, a kill or
 * a full disk leaves the old one. Additions never fail on their own account: the first failure is
 * kept, what comes after it is dropped, and outfile_finish() returns it (EXIT_CANTCREAT, EXIT_IO).
 * A reader that went away (EPIPE where SIGPIPE is ignored, as under systemd) is no failure: the
 * rest is dropped and the tool may stop; outfile_stopped() covers both.
 *
 * Live output hands every line to the reader at outfile_end_line(); otherwise a full buffer does.
 * The struct's fields are for the inline functions only. Bytes are written as they are: whoever
 * adds a stranger's bytes has escaped them.
 */
#ifndef MPTOOLS_BASE_OUTFILE_H
#define MPTOOLS_BASE_OUTFILE_H

#include "base/failure.h"
#include "base/text.h"

#define OUTFILE_BUFFER ((size_t)64 * 1024)

struct atomic;

struct outfile {
    char *at, *end;      /* what is free of the buffer */
    char *buffer;        /* NULL after a failed open */
    struct atomic *file; /* NULL: stdout */
    int fd;
    bool live, gone, finished;
    uint64_t written;
    struct failure failure;
};

/* path NULL or "-" is stdout. 0, or the status of the failure; o is then safe to use (and drops
 * everything). o must stay where it is and end in outfile_free(). */
int outfile_open(struct outfile *o, const char *path, bool live);
/* The checked end: writes what is left and puts the file in place, or closes stdout. Returns the
 * exit status of the output as a whole. Later calls return it again. */
int outfile_finish(struct outfile *o);
/* Without a finish before: a FILE stays as it was. */
void outfile_free(struct outfile *o);

/* All of a text at once, open to end. Says what went wrong (msg.h); returns the exit status. */
int outfile_text(const char *path, const struct text *t);

/* The text of the failure, or "". */
const char *outfile_error(const struct outfile *o);
/* What is added now is dropped: after a failure, or when nobody reads any more. */
bool outfile_stopped(const struct outfile *o);
/* The reader went away before it had everything, also after outfile_finish(): whoever remembers how
 * far the output got must not go on from here. */
bool outfile_gone(const struct outfile *o);
/* Bytes added so far. */
uint64_t outfile_bytes(const struct outfile *o);

/* Hands over what is in the buffer. */
void outfile_flush(struct outfile *o);
void outfile_add_slow(struct outfile *o, struct slice s);
void outfile_addf(struct outfile *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void outfile_add(struct outfile *o, struct slice s)
{
    if (s.n && s.n <= (size_t)(o->end - o->at)) {
        memcpy(o->at, s.p, s.n);
        o->at += s.n;
    } else if (s.n) {
        outfile_add_slow(o, s);
    }
}

static inline void outfile_addc(struct outfile *o, char c)
{
    if (o->at < o->end)
        *o->at++ = c;
    else
        outfile_add_slow(o, slice_of(&c, 1));
}

/* Room for n bytes (up to OUTFILE_BUFFER) to write in place; outfile_took says where they end.
 * NULL when the open failed or n is too large. */
static inline char *outfile_room(struct outfile *o, size_t n)
{
    if (n > (size_t)(o->end - o->at)) {
        if (n > OUTFILE_BUFFER || o->buffer == NULL)
            return NULL;
        outfile_flush(o);
    }
    return o->at;
}

static inline void outfile_took(struct outfile *o, char *end)
{
    o->at = end;
}

/* Ends a line: '\n', and the reader gets it at once when live. */
static inline void outfile_end_line(struct outfile *o)
{
    outfile_addc(o, '\n');
    if (o->live)
        outfile_flush(o);
}

#endif
