#include "log/decompress.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/exits.h"

#define WINDOW_LOG_MAX 27         /* 128 MiB, what zstd(1) takes without --long */
#define RUN_MAX ((size_t)1 << 30) /* zlib counts in unsigned int */

static const struct magic {
    struct slice bytes;
    enum packing packing;
    const char *command;
} magics[] = {
    {SL("\x1f\x8b"), PACKING_GZIP, NULL},
    {SL("\x28\xb5\x2f\xfd"), PACKING_ZSTD, NULL},
    {SL("\xfd\x37zXZ\0"), PACKING_FOREIGN, "xz -dc"},
    {SL("BZh"), PACKING_FOREIGN, "bzip2 -dc"},
    {SL("\x04\x22\x4d\x18"), PACKING_FOREIGN, "lz4 -dc"},
    {SL("\x1f\x9d"), PACKING_FOREIGN, "zcat"},
    {SL("PK\x03\x04"), PACKING_FOREIGN, "unzip -p"},
};

/* RFC 8878, 3.1.2: a zstd file may begin with frames to be skipped, 0x184D2A50 to ...5F. */
static const struct slice skippable = SL("\x2a\x4d\x18");

enum state {
    BETWEEN, /* before a member, collecting its first bytes */
    PADDING, /* zero bytes after the last member */
    GARBAGE, /* anything else there */
    IN_GZIP,
    IN_ZSTD,
    FAILED
};

struct decompress {
    enum state state;
    char magic[PACKING_MAGIC]; /* first bytes of what comes next */
    size_t magic_n;
    z_stream z;
    bool z_ready;
    ZSTD_DStream *zstd;
    uint64_t in, out; /* bytes so far */
    uint64_t garbage, garbage_at;
    struct failure failure;
};

static enum packing skippable_of(struct slice begin)
{
    size_t n = begin.n - 1 < skippable.n ? begin.n - 1 : skippable.n;

    if (((unsigned char)begin.p[0] & 0xf0) != 0x50 || memcmp(begin.p + 1, skippable.p, n) != 0)
        return PACKING_NONE;
    return n == skippable.n ? PACKING_ZSTD : PACKING_UNSURE;
}

enum packing packing_of(struct slice begin, const char **command)
{
    enum packing found = begin.n ? skippable_of(begin) : PACKING_UNSURE;

    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const struct magic *m = &magics[i];
        if (slice_starts(begin, m->bytes)) {
            if (command)
                *command = m->command;
            return m->packing;
        }
        if (begin.n && slice_starts(m->bytes, begin))
            found = PACKING_UNSURE;
    }
    return found;
}

struct decompress *decompress_new(void)
{
    return calloc(1, sizeof(struct decompress));
}

void decompress_free(struct decompress *d)
{
    if (d == NULL)
        return;
    if (d->z_ready)
        inflateEnd(&d->z);
    ZSTD_freeDStream(d->zstd);
    failure_free(&d->failure);
    free(d);
}

const struct failure *decompress_failure(const struct decompress *d)
{
    return &d->failure;
}

uint64_t decompress_garbage(const struct decompress *d, uint64_t *at)
{
    *at = d->garbage_at;
    return d->garbage;
}

static enum decompress_result damaged(struct decompress *d, const char *what, const char *detail,
                                      const char *advice)
{
    failure_set(&d->failure, EXIT_DATA, "%s%s: %llu bytes were read, %llu unpacked before that: %s",
                what, detail, (unsigned long long)d->in, (unsigned long long)d->out, advice);
    d->state = FAILED;
    return DECOMPRESS_DAMAGED;
}

static enum decompress_result no_memory(struct decompress *d)
{
    failure_memory(&d->failure);
    d->state = FAILED;
    return DECOMPRESS_DAMAGED;
}

static enum decompress_result truncated(struct decompress *d, enum state state)
{
    return damaged(d, "ends in the middle of a ", state == IN_ZSTD ? "zstd frame" : "gzip member",
                   "get the whole file, or leave it out");
}

static void take(struct decompress *d, struct slice *in, size_t n)
{
    *in = slice_skip(*in, n);
    d->in += n;
}

static void member_ended(struct decompress *d)
{
    d->state = BETWEEN;
    d->magic_n = 0;
}

/* One call of a decoder: takes bytes off *in; *n is the room in out and then what it made. */
static enum decompress_result run_gzip(struct decompress *d, struct slice *in, char *out, size_t *n)
{
    size_t give = in->n < RUN_MAX ? in->n : RUN_MAX, room = *n < RUN_MAX ? *n : RUN_MAX;

    d->z.next_in = (z_const Bytef *)in->p;
    d->z.avail_in = (uInt)give;
    d->z.next_out = (Bytef *)out;
    d->z.avail_out = (uInt)room;
    int r = inflate(&d->z, Z_NO_FLUSH);
    take(d, in, give - d->z.avail_in);
    *n = room - d->z.avail_out;
    d->out += *n;
    if (r == Z_STREAM_END)
        member_ended(d);
    else if (r == Z_MEM_ERROR)
        return no_memory(d);
    else if (r != Z_OK && r != Z_BUF_ERROR)
        return damaged(d, "damaged gzip data: ", d->z.msg ? d->z.msg : "no reason known",
                       "get the file again, or leave it out");
    return DECOMPRESS_GO_ON;
}

static enum decompress_result run_zstd(struct decompress *d, struct slice *in, char *out, size_t *n)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer to = {out, *n, 0};
    size_t r = ZSTD_decompressStream(d->zstd, &to, &from);

    take(d, in, from.pos);
    *n = to.pos;
    d->out += *n;
    if (r == 0)
        member_ended(d);
    if (!ZSTD_isError(r))
        return DECOMPRESS_GO_ON;
    if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
        return no_memory(d);
    if (ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge)
        return damaged(d, "made by zstd --long with a window over 128 MiB", "",
                       "unpack it with zstd -dc --long=31 and pass that on");
    return damaged(d, "damaged zstd data: ", ZSTD_getErrorName(r),
                   "get the file again, or leave it out");
}

/* A member begins: its decoder, fresh, gets the first bytes that between() collected. */
static enum decompress_result start_gzip(struct decompress *d)
{
    struct slice first = slice_of(d->magic, d->magic_n);
    char nothing[1];
    size_t room = 0;
    int r = d->z_ready ? inflateReset(&d->z) : inflateInit2(&d->z, 15 + 16);

    if (r != Z_OK)
        return no_memory(d);
    d->z_ready = true;
    d->state = IN_GZIP;
    return run_gzip(d, &first, nothing, &room);
}

static enum decompress_result start_zstd(struct decompress *d)
{
    struct slice first = slice_of(d->magic, d->magic_n);
    char nothing[1];
    size_t room = 0;

    if (d->zstd == NULL && (d->zstd = ZSTD_createDStream()) == NULL)
        return no_memory(d);
    if (ZSTD_isError(ZSTD_DCtx_reset(d->zstd, ZSTD_reset_session_only)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return no_memory(d);
    d->state = IN_ZSTD;
    return run_zstd(d, &first, nothing, &room);
}

/* After the last member: zero bytes are padding, the first other byte makes all of it garbage. */
static void start_rest(struct decompress *d)
{
    d->state = d->magic[0] == '\0' ? PADDING : GARBAGE;
    d->garbage_at = d->in;
    d->in += d->magic_n;
    if (d->state == GARBAGE)
        d->garbage = d->magic_n;
}

/* Collects first bytes until they tell what comes. */
static enum decompress_result between(struct decompress *d, struct slice *in, bool last)
{
    enum packing packing = packing_of(slice_of(d->magic, d->magic_n), NULL);

    while (packing == PACKING_UNSURE && in->n) {
        d->magic[d->magic_n++] = *in->p;
        *in = slice_skip(*in, 1);
        packing = packing_of(slice_of(d->magic, d->magic_n), NULL);
    }
    if (packing == PACKING_UNSURE && !last)
        return DECOMPRESS_GO_ON;
    if (packing == PACKING_UNSURE && d->magic_n == 0)
        return DECOMPRESS_END;
    if (packing == PACKING_UNSURE && (d->magic[0] == '\x1f' || d->magic[0] == '\x28')) {
        d->in += d->magic_n;
        return truncated(d, d->magic[0] == '\x1f' ? IN_GZIP : IN_ZSTD);
    }
    if (packing == PACKING_GZIP)
        return start_gzip(d);
    if (packing == PACKING_ZSTD)
        return start_zstd(d);
    start_rest(d);
    return DECOMPRESS_GO_ON;
}

static enum decompress_result rest(struct decompress *d, struct slice *in, bool last)
{
    while (d->state == PADDING && in->n) {
        if (*in->p != '\0') {
            d->state = GARBAGE;
            d->garbage_at = d->in;
        } else {
            take(d, in, 1);
        }
    }
    if (d->state == GARBAGE) {
        d->garbage += in->n;
        take(d, in, in->n);
    }
    return last ? DECOMPRESS_END : DECOMPRESS_GO_ON;
}

/* One step in the present state; *n is the room and then what was made. */
static enum decompress_result step(struct decompress *d, struct slice *in, bool last, char *out,
                                   size_t *n)
{
    switch (d->state) {
    case IN_GZIP:
        return run_gzip(d, in, out, n);
    case IN_ZSTD:
        return run_zstd(d, in, out, n);
    case BETWEEN:
        *n = 0;
        return between(d, in, last);
    case PADDING:
    case GARBAGE:
        *n = 0;
        return rest(d, in, last);
    case FAILED:
        break;
    }
    *n = 0;
    return DECOMPRESS_DAMAGED;
}

enum decompress_result decompress_run(struct decompress *d, struct slice *in, bool last, char *out,
                                      size_t *room)
{
    size_t size = *room, made = 0;
    enum decompress_result r = DECOMPRESS_GO_ON;

    while (r == DECOMPRESS_GO_ON && made < size) {
        size_t before = in->n, n = size - made;
        enum state state = d->state;

        r = step(d, in, last, out + made, &n);
        made += n;
        if (r == DECOMPRESS_GO_ON && in->n == before && n == 0 && d->state == state) {
            if (last) /* nothing more comes, and the decoder wants it */
                r = truncated(d, state);
            break;
        }
    }
    *room = made;
    return r;
}
