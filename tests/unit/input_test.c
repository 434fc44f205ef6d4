/* input: plain, gzip and zstd bytes from files and pipes, whole, cut short and damaged. */
#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "base/exits.h"
#include "log/input.h"

struct result {
    struct text data;
    int status;
    char text[400], warning[400];
};

/* Reads to the end, keeping `keep` bytes of each block, or all of it at times. */
static void read_with(struct input *in, size_t keep, struct result *r)
{
    const char *block;
    ssize_t n;

    *r = (struct result){0};
    while ((n = input_read(in, &block)) > 0) {
        size_t k = keep < (size_t)n ? keep : (size_t)n;
        text_add(&r->data, slice_of(block, (size_t)n - k));
        input_keep(in, k);
        assert_int_equal(input_offset(in), r->data.n);
    }
    text_add(&r->data, input_kept(in));
    assert_int_equal(input_read(in, &block), n); /* and it stays so */
    r->status = input_failure(in)->status;
    assert_int_equal(n < 0, r->status != 0);
    snprintf(r->text, sizeof r->text, "%s", failure_text(input_failure(in)));
    snprintf(r->warning, sizeof r->warning, "%s", input_warning(in) ? input_warning(in) : "");
    input_close(in);
}

static void read_name(const char *name, struct result *r)
{
    struct input *in = input_open(name);

    assert_non_null(in);
    read_with(in, 0, r);
}

static void read_bytes(struct slice bytes, struct result *r)
{
    put_file("file", bytes);
    read_name("file", r);
}

static void expect_data(const struct result *r, struct slice want)
{
    assert_int_equal(r->data.n, want.n);
    if (want.n)
        assert_memory_equal(r->data.p, want.p, want.n);
}

static void expect_whole(struct result *r, struct slice want)
{
    assert_string_equal(r->text, "");
    assert_int_equal(r->status, 0);
    expect_data(r, want);
    text_free(&r->data);
}

static void plain_files(void **state)
{
    struct text big = {0};
    struct result r;

    (void)state;
    lines(&big, 0, 20000);
    assert_true(big.n > 4 * INPUT_BLOCK);
    read_bytes(text_slice(&big), &r);
    expect_whole(&r, text_slice(&big));
    read_bytes(SL(""), &r);
    expect_whole(&r, SL(""));
    /* Bytes that begin like a packed file but are none, down to one byte. */
    for (size_t n = 1; n < 4; n++) {
        read_bytes(slice_of("\x28\xb5\x2fx", n), &r);
        expect_whole(&r, slice_of("\x28\xb5\x2fx", n));
    }
    read_bytes(SL("P*M"), &r);
    expect_whole(&r, SL("P*M"));
    read_bytes(SL("Nov\0\xff\r\n"), &r);
    expect_whole(&r, SL("Nov\0\xff\r\n"));
    text_free(&big);
}

static void kept_bytes(void **state)
{
    struct text big = {0}, packed = {0};
    struct result r;
    const size_t keeps[] = {1, 100, INPUT_BLOCK / 2, INPUT_BLOCK, 3 * INPUT_BLOCK, SIZE_MAX};

    (void)state;
    lines(&big, 0, 20000);
    gzip(&packed, text_slice(&big));
    put_file("plain", text_slice(&big));
    put_file("packed", text_slice(&packed));
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
        read_with(input_open("plain"), keeps[i], &r);
        expect_whole(&r, text_slice(&big));
        read_with(input_open("packed"), keeps[i], &r);
        expect_whole(&r, text_slice(&big));
    }
    text_free(&big);
    text_free(&packed);
}

static void members_and_frames(void **state)
{
    struct text big = {0}, all = {0}, packed = {0};
    struct result r;

    (void)state;
    lines(&big, 0, 9000);
    gzip(&packed, text_slice(&big));
    gzip(&packed, SL(""));
    gzip(&packed, SL("one line\n"));
    zstd(&packed, text_slice(&big), 0);
    text_add(&packed, SL("\x53\x2a\x4d\x18\x03\0\0\0abc")); /* a frame to be skipped */
    zstd(&packed, SL(""), 0);
    gzip(&packed, SL("end\n"));
    text_add(&all, text_slice(&big));
    text_add(&all, SL("one line\n"));
    text_add(&all, text_slice(&big));
    text_add(&all, SL("end\n"));
    read_bytes(text_slice(&packed), &r);
    assert_string_equal(r.warning, "");
    expect_whole(&r, text_slice(&all));
    packed.n = 0;
    text_add(&packed, SL("\x5f\x2a\x4d\x18\x01\0\0\0a"));
    zstd(&packed, SL("x"), 0);
    read_bytes(text_slice(&packed), &r);
    expect_whole(&r, SL("x"));
    text_free(&big);
    text_free(&all);
    text_free(&packed);
}

static void after_the_end(void **state)
{
    struct text packed = {0};
    struct result r;
    char want[200];

    (void)state;
    gzip(&packed, SL("a line\n"));
    size_t end = packed.n;
    text_add(&packed, slice_of((char[600]){0}, 600));
    read_bytes(text_slice(&packed), &r);
    assert_string_equal(r.warning, "");
    expect_whole(&r, SL("a line\n"));
    text_add(&packed, SL("x")); /* behind the padding */
    read_bytes(text_slice(&packed), &r);
    assert_true(strstr(r.warning, "file: 1 bytes after the end of the packed data, at byte 6"));
    expect_whole(&r, SL("a line\n"));
    packed.n = end;
    text_add(&packed, SL("Nov 24 a plain line\n"));
    read_bytes(text_slice(&packed), &r);
    snprintf(want, sizeof want,
             "file: 20 bytes after the end of the packed data, at byte %zu, were left out: look at "
             "what was appended",
             end);
    assert_string_equal(r.warning, want);
    expect_whole(&r, SL("a line\n"));
    packed.n = 0;
    zstd(&packed, SL("a line\n"), 0);
    text_add(&packed, SL("P")); /* could be the beginning of a frame to be skipped */
    read_bytes(text_slice(&packed), &r);
    assert_true(strstr(r.warning, "file: 1 bytes after"));
    expect_whole(&r, SL("a line\n"));
    text_free(&packed);
}

/* Cut anywhere: what is there comes out, and then it is said that something is missing. */
static void cut(struct slice packed, struct slice data, size_t first_end, struct slice first_data)
{
    struct result r;

    for (size_t n = 4; n < packed.n; n++) {
        read_bytes(slice_of(packed.p, n), &r);
        assert_true(r.data.n <= data.n);
        if (r.data.n)
            assert_memory_equal(r.data.p, data.p, r.data.n);
        if (n == first_end) {
            expect_whole(&r, first_data);
            continue;
        }
        char want[100];
        snprintf(want, sizeof want, "%zu bytes were read, %zu unpacked", n, r.data.n);
        assert_int_equal(r.status, EXIT_DATA);
        assert_true(strstr(r.text, "file: ends in the middle of a "));
        assert_true(strstr(r.text, want));
        if (n > first_end)
            assert_true(r.data.n >= first_data.n);
        text_free(&r.data);
    }
}

static void cut_short(void **state)
{
    struct text data = {0}, packed = {0};

    (void)state;
    lines(&data, 0, 12);
    struct slice first = slice_of(data.p, data.n / 2),
                 rest = slice_skip(text_slice(&data), first.n);
    gzip(&packed, first);
    size_t end = packed.n;
    gzip(&packed, rest);
    cut(text_slice(&packed), text_slice(&data), end, first);
    packed.n = 0;
    zstd(&packed, first, 0);
    end = packed.n;
    zstd(&packed, rest, 0);
    cut(text_slice(&packed), text_slice(&data), end, first);
    text_free(&data);
    text_free(&packed);
}

/* One byte wrong anywhere: damage is reported, or the data is right (a header's date), or what
 * follows is left out with a warning; and nothing crashes. */
static unsigned flip(struct text *packed, struct slice data)
{
    struct result r;
    unsigned damaged = 0;

    for (size_t i = 0; i < packed->n; i++) {
        packed->p[i] ^= 0x55;
        read_bytes(text_slice(packed), &r);
        packed->p[i] ^= 0x55;
        damaged += r.status == EXIT_DATA;
        if (r.status == 0 && *r.warning == '\0' && i > 3)
            expect_data(&r, data);
        assert_true(r.status == 0 || r.status == EXIT_DATA);
        text_free(&r.data);
    }
    return damaged;
}

static void damaged(void **state)
{
    struct text data = {0}, packed = {0};

    (void)state;
    lines(&data, 0, 12);
    gzip(&packed, text_slice(&data));
    gzip(&packed, SL("end\n"));
    text_add(&data, SL("end\n"));
    assert_true(flip(&packed, text_slice(&data)) > packed.n / 2);
    packed.n = 0;
    zstd(&packed, slice_of(data.p, data.n - 4), 0);
    zstd(&packed, SL("end\n"), 0);
    assert_true(flip(&packed, text_slice(&data)) > packed.n / 2);
    text_free(&data);
    text_free(&packed);
}

/* Damage far behind: everything before it is handed out first. */
static void damage_comes_last(void **state)
{
    struct text data = {0}, packed = {0};
    struct result r;

    (void)state;
    lines(&data, 0, 20000);
    gzip(&packed, text_slice(&data));
    packed.p[packed.n - 6] ^= 1; /* the checksum */
    read_bytes(text_slice(&packed), &r);
    assert_int_equal(r.status, EXIT_DATA);
    assert_true(strstr(r.text, "file: damaged gzip data: incorrect data check: "));
    expect_data(&r, text_slice(&data));
    text_free(&r.data);
    packed.n = 0;
    zstd(&packed, text_slice(&data), 0);
    packed.p[packed.n - 1] ^= 1;
    read_bytes(text_slice(&packed), &r);
    assert_int_equal(r.status, EXIT_DATA);
    assert_true(strstr(r.text, "file: damaged zstd data: "));
    assert_true(r.data.n > data.n / 2);
    text_free(&r.data);
    text_free(&data);
    text_free(&packed);
}

static void refused(void **state)
{
    struct text packed = {0};
    struct result r;

    (void)state;
    zstd(&packed, SL("a line\n"), 27);
    read_bytes(text_slice(&packed), &r);
    expect_whole(&r, SL("a line\n"));
    packed.n = 0;
    zstd(&packed, SL("a line\n"), 28);
    read_bytes(text_slice(&packed), &r);
    assert_int_equal(r.status, EXIT_DATA);
    assert_true(strstr(r.text, "window over 128 MiB"));
    assert_true(strstr(r.text, "--long=31"));
    read_bytes(SL("\xfd\x37zXZ\0\0\0"), &r);
    assert_int_equal(r.status, EXIT_DATA);
    assert_string_equal(r.text,
                        "file: is packed in a way that is not read here: unpack it first: xz -dc");
    read_bytes(SL("BZh91AY"), &r);
    assert_int_equal(r.status, EXIT_DATA);
    assert_int_equal(r.data.n, 0);
    text_free(&packed);
}

static void not_to_be_opened(void **state)
{
    struct result r;

    (void)state;
    read_name("absent", &r);
    assert_int_equal(r.status, EXIT_NOINPUT);
    assert_string_equal(r.text,
                        "absent: can't be opened: No such file or directory: check the name");
    mkdir("folder", 0755);
    read_name("folder", &r);
    assert_int_equal(r.status, EXIT_NOINPUT);
    assert_string_equal(r.text, "folder: is a folder: name the log files in it");
    put_file("file", SL(""));
    read_name("file/x", &r);
    assert_int_equal(r.status, EXIT_NOINPUT);
    if (geteuid() != 0) {
        chmod("file", 0);
        read_name("file", &r);
        assert_int_equal(r.status, EXIT_NOINPUT);
        assert_true(strstr(r.text, "Permission denied: run this as a user who may read it"));
    }
    /* Its page 0 is never mapped, so reading it fails. */
    read_name("/proc/self/mem", &r);
    assert_int_equal(r.status, EXIT_IO);
    assert_true(strstr(r.text, "/proc/self/mem: reading failed at byte 0: "));
}

/* ---- pipes ---- */

struct feed {
    int fd;
    struct slice bytes;
    size_t step;
};

static void *feed_pipe(void *arg)
{
    struct feed *f = arg;

    for (size_t n; f->bytes.n; f->bytes = slice_skip(f->bytes, n)) {
        n = f->step < f->bytes.n ? f->step : f->bytes.n;
        if (write(f->fd, f->bytes.p, n) != (ssize_t)n)
            abort();
    }
    close(f->fd);
    return NULL;
}

static void read_pipe(struct slice bytes, size_t step, int flags, struct result *r)
{
    pthread_t thread;
    int fd[2];

    assert_int_equal(pipe2(fd, 0), 0);
    fcntl(fd[0], F_SETFL, flags);
    struct feed f = {fd[1], bytes, step};
    assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &f), 0);
    read_with(input_open_fd(fd[0], "pipe"), 0, r);
    pthread_join(thread, NULL);
}

static void pipes(void **state)
{
    struct text data = {0}, packed = {0};
    struct result r;
    const size_t steps[] = {1, 7, 4096, SIZE_MAX};

    (void)state;
    lines(&data, 0, 300);
    for (size_t i = 0; i < 4; i++)
        for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
            read_pipe(text_slice(&data), steps[i], flags, &r);
            expect_whole(&r, text_slice(&data));
            packed.n = 0;
            gzip(&packed, text_slice(&data));
            gzip(&packed, SL("x"));
            text_addc(&data, 'x');
            read_pipe(text_slice(&packed), steps[i], flags, &r);
            expect_whole(&r, text_slice(&data));
            data.n--;
            packed.n = 0;
            zstd(&packed, text_slice(&data), 0);
            read_pipe(text_slice(&packed), steps[i], flags, &r);
            expect_whole(&r, text_slice(&data));
        }
    text_free(&data);
    text_free(&packed);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
    (void)sig;
    alarms++;
}

/* Signals interrupt the read, which goes on; and a pipe's bytes come when they are there. */
static void interrupted(void **state)
{
    struct sigaction sa = {.sa_handler = on_alarm}, old;
    struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    const char *block;
    int fd[2];

    (void)state;
    assert_int_equal(pipe2(fd, 0), 0);
    sigaction(SIGALRM, &sa, &old);
    pid_t child = fork();
    if (child == 0) {
        write_fd(fd[1], SL("first\n"));
        usleep(60000);
        write_fd(fd[1], SL("second\n"));
        _exit(0);
    }
    close(fd[1]);
    setitimer(ITIMER_REAL, &every, NULL);
    struct input *in = input_open_fd(fd[0], "pipe");
    assert_int_equal(input_read(in, &block), 6);
    assert_int_equal(input_read(in, &block), 7);
    assert_memory_equal(block, "second\n", 7);
    assert_int_equal(input_read(in, &block), 0);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_true(alarms > 3);
    input_close(in);
}

/* What is unpacked comes at once, also when more is to follow. */
static void packed_and_live(void **state)
{
    struct text packed = {0};
    const char *block;
    int fd[2];

    (void)state;
    assert_int_equal(pipe2(fd, 0), 0);
    struct input *in = input_open_fd(fd[0], "pipe");
    alarm(20); /* waiting for ever would be the mistake */
    for (int i = 0; i < 4; i++) {
        packed.n = 0;
        i % 2 ? zstd(&packed, SL("a line\n"), 0) : gzip(&packed, SL("a line\n"));
        write_fd(fd[1], text_slice(&packed));
        assert_int_equal(input_read(in, &block), 7);
    }
    alarm(0);
    close(fd[1]);
    assert_int_equal(input_read(in, &block), 0);
    input_close(in);
    text_free(&packed);
}

static void standard_input(void **state)
{
    struct text packed = {0};
    struct result r;
    int saved = dup(0), fd;

    (void)state;
    gzip(&packed, SL("a line\n"));
    put_file("file", text_slice(&packed));
    fd = open("file", O_RDONLY);
    dup2(fd, 0);
    close(fd);
    read_name("-", &r);
    expect_whole(&r, SL("a line\n"));
    assert_true(fcntl(0, F_GETFD) >= 0); /* still open */
    packed.n -= 3;
    put_file("file", text_slice(&packed));
    lseek(0, 0, SEEK_SET);
    read_name("-", &r);
    assert_true(strstr(r.text, "standard input: ends in the middle of a gzip member"));
    text_free(&r.data);
    dup2(saved, 0);
    close(saved);
    text_free(&packed);
}

static void seeking_and_progress(void **state)
{
    struct text data = {0}, packed = {0};
    uint64_t done, size;
    const char *block;

    (void)state;
    lines(&data, 0, 20000);
    put_file("file", text_slice(&data));
    struct input *in = input_open("file");
    assert_true(input_seek(in, data.n - 10));
    assert_false(input_is_packed(in));
    assert_int_equal(input_offset(in), data.n - 10);
    assert_int_equal(input_read(in, &block), 10);
    assert_memory_equal(block, data.p + data.n - 10, 10);
    assert_int_equal(input_read(in, &block), 0);
    assert_true(input_seek(in, 0));
    assert_true(input_read(in, &block) > 10);
    assert_memory_equal(block, data.p, 10);
    input_progress(in, &done, &size);
    assert_true(done > 0 && done < size);
    assert_int_equal(size, data.n);
    input_close(in);

    gzip(&packed, text_slice(&data));
    put_file("file", text_slice(&packed));
    in = input_open("file");
    assert_true(input_is_packed(in));
    assert_false(input_seek(in, 0));
    assert_true(input_read(in, &block) > 0);
    assert_memory_equal(block, data.p, 10);
    while (input_read(in, &block) > 0)
        ;
    input_progress(in, &done, &size);
    assert_int_equal(done, packed.n);
    assert_int_equal(size, packed.n);
    assert_int_equal(input_offset(in), data.n);
    input_close(in);
    text_free(&data);
    text_free(&packed);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        T(plain_files),
        T(kept_bytes),
        T(members_and_frames),
        T(after_the_end),
        T(cut_short),
        T(damaged),
        T(damage_comes_last),
        T(refused),
        T(not_to_be_opened),
        T(pipes),
        T(interrupted),
        T(standard_input),
        T(seeking_and_progress),
        T(packed_and_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
