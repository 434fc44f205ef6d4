/* Packed input: in pieces of any size the same bytes come out; what was packed here comes back. */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "log/input.h"

#define OUTPUT_MAX ((size_t)4 << 20) /* a small file may unpack to gigabytes */

/* Unpacks with at most `in` bytes given and `out` taken at once (0: as much as there is). */
static enum decompress_result unpack(struct slice s, size_t in, size_t out, struct text *to)
{
    static char room[65536];
    struct decompress *d = decompress_new();
    enum decompress_result result = DECOMPRESS_GO_ON;
    struct slice part = SLICE_NONE;

    CHECK(d);
    while (result == DECOMPRESS_GO_ON && to->n < OUTPUT_MAX) {
        if (part.n == 0) {
            part = slice_of(s.p, in && in < s.n ? in : s.n);
            s = slice_skip(s, part.n);
        }
        size_t n = out ? out : sizeof room, before = part.n;
        result = decompress_run(d, &part, s.n == 0, room, &n);
        CHECK(n <= (out ? out : sizeof room) && part.n <= before);
        CHECK(result != DECOMPRESS_GO_ON || n || part.n < before || s.n || before == 0);
        text_add(to, slice_of(room, n));
    }
    if (result == DECOMPRESS_DAMAGED)
        CHECK(decompress_failure(d)->status != 0);
    decompress_free(d);
    return result;
}

static void any_bytes(struct slice s, size_t in, size_t out)
{
    struct text a = {0}, b = {0};
    const char *command;

    if (packing_of(s, &command) != PACKING_GZIP && packing_of(s, &command) != PACKING_ZSTD)
        return;
    enum decompress_result first = unpack(s, 0, 0, &a), second = unpack(s, in, out, &b);
    if (a.n < OUTPUT_MAX && b.n < OUTPUT_MAX) {
        CHECK(first == second);
        /* of a small damaged frame zstd gives nothing where it can unpack it in one step */
        if (first == DECOMPRESS_DAMAGED)
            a.n = b.n = a.n < b.n ? a.n : b.n;
        check_same(&a, &b, "unpacked in one and in pieces");
    }
    text_free(&a);
    text_free(&b);
}

static void through_input(struct slice s)
{
    int fd = memfd_create("fuzz", 0);
    const char *block;
    size_t total = 0;
    ssize_t n;

    CHECK(fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n && lseek(fd, 0, SEEK_SET) == 0);
    struct input *in = input_open_fd(fd, "fuzz");
    CHECK(in);
    while ((n = input_read(in, &block)) > 0 && total < OUTPUT_MAX) {
        total += (size_t)n;
        input_keep(in, (size_t)n % 7);
    }
    if (n < 0)
        CHECK(input_failure(in)->status != 0);
    input_close(in);
}

static void add_packed(struct text *out, struct slice s, unsigned how)
{
    static unsigned char room[70000];
    z_stream z = {0};
    size_t n;

    if (how % 2) {
        n = ZSTD_compress(room, sizeof room, s.p, s.n, (int)(how / 2 % 3));
        CHECK(!ZSTD_isError(n));
    } else {
        CHECK(deflateInit2(&z, (int)(how / 2 % 3), Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
        z.next_in = (unsigned char *)(uintptr_t)s.p;
        z.avail_in = (unsigned)s.n;
        z.next_out = room;
        z.avail_out = sizeof room;
        CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
        n = sizeof room - z.avail_out;
        deflateEnd(&z);
    }
    text_add(out, slice_of((char *)room, n));
}

/* Members and frames in a row. */
static void packed_here(struct bytes *b, size_t in, size_t out)
{
    struct text packed = {0}, want = {0}, got = {0};

    while (b->p < b->end) {
        unsigned how = take_byte(b);
        struct slice s = take_slice(b, take_byte(b) * 16u);
        add_packed(&packed, s, how);
        text_add(&want, s);
    }
    if (packed.n) {
        CHECK(unpack(text_slice(&packed), in, out, &got) == DECOMPRESS_END);
        check_same(&want, &got, "packed and unpacked");
    }
    text_free(&packed);
    text_free(&want);
    text_free(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};
    unsigned how = take_byte(&b);
    size_t in = 1 + take_byte(&b), out = 1 + take_byte(&b);

    if (how % 2) {
        packed_here(&b, in, out);
    } else {
        struct slice s = take_slice(&b, size);
        any_bytes(s, in, out);
        through_input(s);
    }
    return 0;
}
