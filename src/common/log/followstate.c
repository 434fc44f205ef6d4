#include "log/followstate.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/exits.h"

#define VERSION 1
#define NAME_LENGTH_MAX 64

static const struct slice magic = SL("#mptools-follow ");

static void blob_free(struct followstate_blob *b)
{
    free(b->name);
    free(b->p);
}

void followstate_free(struct followstate *s)
{
    for (size_t i = 0; i < s->blob_count; i++)
        blob_free(&s->blobs[i]);
    free(s->blobs);
    free(s->log);
    *s = (struct followstate){0};
}

static bool name_is_fine(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return name.n >= 1 && name.n <= NAME_LENGTH_MAX;
}

static struct followstate_blob *find(const struct followstate *s, struct slice name)
{
    for (size_t i = 0; i < s->blob_count; i++)
        if (slice_eq(slice_str(s->blobs[i].name), name))
            return &s->blobs[i];
    return NULL;
}

struct slice followstate_blob(const struct followstate *s, const char *name)
{
    const struct followstate_blob *b = find(s, slice_str(name));

    return b ? slice_of(b->p, b->n) : SLICE_NONE;
}

static void blob_remove(struct followstate *s, struct followstate_blob *b)
{
    blob_free(b);
    *b = s->blobs[--s->blob_count];
}

/* A copy with a NUL after it, so that an empty one has a p. */
static char *copy(struct slice s)
{
    char *p = s.n == SIZE_MAX ? NULL : malloc(s.n + 1);

    if (p && s.n)
        memcpy(p, s.p, s.n);
    if (p)
        p[s.n] = '\0';
    return p;
}

static bool blob_set(struct followstate *s, struct slice name, struct slice bytes)
{
    struct followstate_blob new = {.n = bytes.n}, *old = find(s, name), *more;

    if (!name_is_fine(name))
        return false;
    if (bytes.p == NULL) {
        if (old)
            blob_remove(s, old);
        return true;
    }
    new.name = copy(name);
    new.p = copy(bytes);
    more = old ? s->blobs : realloc(s->blobs, (s->blob_count + 1) * sizeof *more);
    if (more)
        s->blobs = more;
    if (new.name == NULL || new.p == NULL || more == NULL) {
        blob_free(&new);
        return false;
    }
    if (old)
        blob_free(old);
    *(old ? old : &s->blobs[s->blob_count++]) = new;
    return true;
}

bool followstate_blob_set(struct followstate *s, const char *name, struct slice bytes)
{
    return blob_set(s, slice_str(name), bytes);
}

bool followstate_print(const struct followstate *s, struct text *out)
{
    const struct mark *m = &s->mark;
    size_t start = out->n;

    text_add(out, magic);
    text_addf(out, "%d\nlog ", VERSION);
    text_add_tsv(out, slice_str(s->log));
    text_addf(out, "\nfile %llu %llu\n", (unsigned long long)m->device,
              (unsigned long long)m->inode);
    text_addf(out, "mark %llu %llu\n", (unsigned long long)m->offset, (unsigned long long)m->time);
    text_addf(out, "head %llu %llu %llu\n", (unsigned long long)m->head_at,
              (unsigned long long)m->head_n, (unsigned long long)m->head_hash);
    text_addf(out, "tail %llu %llu\n", (unsigned long long)m->tail_n,
              (unsigned long long)m->tail_hash);
    for (size_t i = 0; i < s->blob_count; i++) {
        text_addf(out, "blob %s %zu\n", s->blobs[i].name, s->blobs[i].n);
        text_add(out, slice_of(s->blobs[i].p, s->blobs[i].n));
        text_addc(out, '\n');
    }
    if (!out->failed)
        text_addf(out, "end %llu\n",
                  (unsigned long long)XXH3_64bits(out->p + start, out->n - start));
    return !out->failed;
}

/* The next line without its newline; false at the end of *rest or without a newline. */
static bool next_line(struct slice *rest, struct slice *line)
{
    const char *newline = slice_chr(*rest, '\n');

    if (newline == NULL)
        return false;
    *line = slice_range(rest->p, newline);
    *rest = slice_skip(*rest, line->n + 1);
    return true;
}

/* The next word of a line, up to a space, which is taken too. */
static struct slice next_word(struct slice *line)
{
    const char *space = slice_chr(*line, ' ');
    struct slice word = space ? slice_range(line->p, space) : *line;

    *line = slice_skip(*line, word.n + (space != NULL));
    return word;
}

/* A line `KEY NUMBER…` with exactly that many numbers. */
static bool numbers(struct slice *rest, struct slice key, size_t n, uint64_t *const *to)
{
    struct slice line;

    if (!next_line(rest, &line) || !slice_eq(next_word(&line), key))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!slice_u64(next_word(&line), to[i]))
            return false;
    return line.n == 0;
}

static bool parse_log(struct followstate *s, struct slice *rest)
{
    struct slice line;
    struct text log = {0};

    if (!next_line(rest, &line) || !slice_eq(next_word(&line), SL("log")) || line.n == 0 ||
        !text_add_untsv(&log, line) || slice_chr(text_slice(&log), '\0')) {
        text_free(&log);
        return false;
    }
    text_addc(&log, '\0');
    s->log = log.p;
    return s->log != NULL;
}

static bool parse_mark(struct mark *m, struct slice *rest)
{
    uint64_t time;

    if (!numbers(rest, SL("file"), 2, (uint64_t *[]){&m->device, &m->inode}) ||
        !numbers(rest, SL("mark"), 2, (uint64_t *[]){&m->offset, &time}) ||
        !numbers(rest, SL("head"), 3, (uint64_t *[]){&m->head_at, &m->head_n, &m->head_hash}) ||
        !numbers(rest, SL("tail"), 2, (uint64_t *[]){&m->tail_n, &m->tail_hash}))
        return false;
    m->time = (int64_t)time;
    return time <= INT64_MAX && m->offset <= INT64_MAX && m->head_n <= MARK_HEAD &&
           m->tail_n <= MARK_TAIL && m->head_at <= m->offset && m->head_n <= m->offset - m->head_at;
}

static bool parse_blobs(struct followstate *s, struct slice rest)
{
    struct slice line, name;
    uint64_t n;

    while (rest.n) {
        if (!next_line(&rest, &line) || !slice_eq(next_word(&line), SL("blob")))
            return false;
        name = next_word(&line);
        if (!slice_u64(line, &n) || n >= rest.n || rest.p[n] != '\n' || find(s, name) ||
            !blob_set(s, name, slice_of(rest.p, n)))
            return false;
        rest = slice_skip(rest, n + 1);
    }
    return true;
}

/* Takes `end HASH\n` off the end; false when it is not there or not the hash of the rest. */
static bool take_end(struct slice *bytes)
{
    const char *newline = bytes->n ? slice_rchr(slice_of(bytes->p, bytes->n - 1), '\n') : NULL;
    struct slice rest, line;
    uint64_t hash;

    if (newline == NULL || bytes->p[bytes->n - 1] != '\n')
        return false;
    rest = slice_range(bytes->p, newline + 1);
    line = slice_range(newline + 1, bytes->p + bytes->n - 1);
    if (!slice_eq(next_word(&line), SL("end")) || !slice_u64(line, &hash) ||
        hash != XXH3_64bits(rest.p, rest.n))
        return false;
    *bytes = rest;
    return true;
}

static int refuse(struct failure *failure, const char *name, const char *why, const char *advice)
{
    return failure_set(failure, EXIT_DATA, "%s: %s: nothing was read or changed: %s", name, why,
                       advice);
}

int followstate_parse(struct followstate *s, struct slice bytes, const char *name,
                      struct failure *failure)
{
    struct slice rest = bytes, line;
    uint64_t version;

    if (!slice_starts(bytes, magic))
        return refuse(failure, name, "is no state of --follow",
                      "give --state a file of its own (a new one begins the log from its start)");
    if (!next_line(&rest, &line) || !slice_u64(slice_skip(line, magic.n), &version))
        return refuse(failure, name, "is damaged",
                      "get it back from a backup, or remove it to "
                      "begin the log from its start");
    if (version != VERSION)
        return refuse(failure, name, "was written by a newer version of mptools",
                      "use that version");
    rest = bytes;
    if (!take_end(&rest) || !next_line(&rest, &line) || !parse_log(s, &rest) ||
        !parse_mark(&s->mark, &rest) || !parse_blobs(s, rest)) {
        followstate_free(s);
        return refuse(failure, name, "is damaged",
                      "get it back from a backup, or remove it to "
                      "begin the log from its start");
    }
    return 0;
}
