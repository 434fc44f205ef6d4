/* scratch: what tests of files need: a folder of their own, files in it, packed bytes.
 *
 * The folder lies in $TMPDIR or /tmp and is the working folder while a test runs. Nothing here
 * fails quietly: a helper that can't do its work fails the test.
 */
#ifndef MPTOOLS_TESTS_SCRATCH_H
#define MPTOOLS_TESTS_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/text.h"

static char scratch_path[256];

static inline int scratch_begin(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(scratch_path, sizeof scratch_path, "%s/mptools-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(scratch_path) && chdir(scratch_path) == 0 ? 0 : -1;
}

/* Removes the files of the folder, and those of folders in it. */
static inline void scratch_clear(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    char *name;

    while (dir && (e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (asprintf(&name, "%s/%s", path, e->d_name) < 0)
            abort();
        if (unlink(name) != 0) {
            scratch_clear(name);
            rmdir(name);
        }
        free(name);
    }
    if (dir)
        closedir(dir);
}

static inline int scratch_end(void **state)
{
    (void)state;
    scratch_clear(scratch_path);
    return chdir("/") == 0 && rmdir(scratch_path) == 0 ? 0 : -1;
}

/* How many entries the folder has. */
static inline size_t scratch_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static inline void write_fd(int fd, struct slice s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        assert_true(n > 0);
        s = slice_skip(s, (size_t)n);
    }
}

static inline void put(const char *name, struct slice s, int flags)
{
    int fd = open(name, O_WRONLY | O_CREAT | flags, 0644);

    assert_true(fd >= 0);
    write_fd(fd, s);
    assert_int_equal(close(fd), 0);
}

static inline void put_file(const char *name, struct slice s)
{
    put(name, s, O_TRUNC);
}

static inline void append_file(const char *name, struct slice s)
{
    put(name, s, O_APPEND);
}

static inline struct text get_file(const char *name)
{
    struct text t = {0};
    int fd = open(name, O_RDONLY);
    ssize_t n = 1;

    assert_true(fd >= 0);
    while (n > 0) {
        assert_true(text_room(&t, 65536));
        n = read(fd, t.p + t.n, 65536);
        t.n += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return t;
}

static inline void expect_file(const char *name, struct slice s)
{
    struct text t = get_file(name);

    assert_int_equal(t.n, s.n);
    assert_memory_equal(t.p, s.p, s.n);
    text_free(&t);
}

/* Adds a gzip member. */
static inline void gzip(struct text *to, struct slice s)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(text_room(to, deflateBound(&z, s.n) + 64));
    z.next_in = (Bytef *)s.p;
    z.avail_in = (uInt)s.n;
    z.next_out = (Bytef *)to->p + to->n;
    z.avail_out = (uInt)(to->cap - to->n);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    to->n += z.total_out;
    deflateEnd(&z);
}

/* Adds a zstd frame, with a checksum; window 0 is the level's own. */
static inline void zstd(struct text *to, struct slice s, int window)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_inBuffer in = {s.p, s.n, 0};
    size_t left;

    assert_non_null(c);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    if (window)
        assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window)));
    do {
        assert_true(text_room(to, 65536));
        ZSTD_outBuffer out = {to->p + to->n, to->cap - to->n, 0};
        /* Without the end at once the size is not known, and the window is not made smaller. */
        left = ZSTD_compressStream2(c, &out, &in, in.pos < in.size ? ZSTD_e_continue : ZSTD_e_end);
        assert_false(ZSTD_isError(left));
        to->n += out.pos;
        if (in.pos == in.size && left == 0) {
            out = (ZSTD_outBuffer){to->p + to->n, to->cap - to->n, 0};
            left = ZSTD_compressStream2(c, &out, &in, ZSTD_e_end);
            to->n += out.pos;
        }
    } while (left || in.pos < in.size);
    ZSTD_freeCCtx(c);
}

/* n lines that differ, each with its number. */
static inline void lines(struct text *to, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        text_addf(to, "Nov 24 10:%02u:%02u mx1 postfix/smtp[%u]: %06X: number %u\n", i / 60 % 60,
                  i % 60, 1000 + i % 7, i * 2654435761u % 0xffffff, i);
}

#endif
