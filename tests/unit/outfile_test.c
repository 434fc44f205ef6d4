/* outfile and atomic: a file is replaced as a whole or stays, and every failure is told. */
#include "scratch.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "base/exits.h"
#include "base/outfile.h"

static struct stat stat_of(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(name, &st), 0);
    return st;
}

static int write_file(const char *name, struct slice s, unsigned flags, bool *changed,
                      const char *text)
{
    struct failure f = {0};
    int status = atomic_write(name, s, flags, changed, &f);

    assert_int_equal(f.status, status);
    if (text && !strstr(failure_text(&f), text))
        fail_msg("'%s' is not in '%s'", text, failure_text(&f));
    if (!text)
        assert_string_equal(failure_text(&f), "");
    failure_free(&f);
    return status;
}

/* ---- atomic ---- */

static void new_and_old(void **state)
{
    bool changed = false;
    mode_t umask_before = umask(027);

    (void)state;
    for (unsigned flags = 0; flags <= ATOMIC_NAMED; flags += ATOMIC_NAMED) {
        assert_int_equal(write_file("map", SL("one\n"), flags, &changed, NULL), 0);
        assert_true(changed);
        expect_file("map", SL("one\n"));
        assert_int_equal(stat_of("map").st_mode & 07777, 0640);
        assert_int_equal(scratch_entries("."), 1);
        assert_int_equal(chmod("map", 0604), 0);
        if (geteuid() == 0)
            assert_int_equal(chown("map", 12, 34), 0);
        ino_t old = stat_of("map").st_ino;
        int keep = open("map", O_RDONLY); /* so that the inode is not used again */
        assert_int_equal(write_file("map", SL("two\n"), flags, NULL, NULL), 0);
        expect_file("map", SL("two\n"));
        assert_int_equal(stat_of("map").st_mode & 07777, 0604);
        assert_int_equal(stat_of("map").st_uid, geteuid() ? geteuid() : 12);
        assert_int_equal(stat_of("map").st_gid, geteuid() ? getegid() : 34);
        assert_true(stat_of("map").st_ino != old);
        close(keep);
        assert_int_equal(write_file("secret", SL("x"), flags | ATOMIC_PRIVATE, NULL, NULL), 0);
        assert_int_equal(stat_of("secret").st_mode & 07777, 0600);
        assert_int_equal(scratch_entries("."), 2);
        unlink("map");
        unlink("secret");
    }
    umask(umask_before);
}

static void not_committed(void **state)
{
    struct atomic *a;

    (void)state;
    put_file("map", SL("old\n"));
    for (unsigned flags = 0; flags <= ATOMIC_NAMED; flags += ATOMIC_NAMED) {
        a = atomic_open("map", flags);
        write_fd(atomic_fd(a), SL("new\n"));
        assert_int_equal(scratch_entries("."), flags ? 2 : 1);
        atomic_free(a);
        expect_file("map", SL("old\n"));
        assert_int_equal(scratch_entries("."), 1);
    }
    /* A failure elsewhere makes the commit fail. */
    a = atomic_open("map", 0);
    errno = ENOSPC;
    atomic_write_failed(a);
    assert_int_equal(atomic_fd(a), -1);
    assert_int_equal(atomic_commit(a), EXIT_IO);
    assert_string_equal(failure_text(atomic_failure(a)),
                        "map: writing failed: No space left on device: the old file is kept: make "
                        "room and run it again");
    atomic_free(a);
    expect_file("map", SL("old\n"));
    atomic_free(NULL);
}

static void unchanged(void **state)
{
    bool changed = true;
    struct text big = {0};
    const unsigned same = ATOMIC_IF_CHANGED, body = ATOMIC_IF_CHANGED | ATOMIC_NOT_HEADER;

    (void)state;
    put_file("map", SL("# at 10:00\n#\nkey value\n"));
    ino_t ino = stat_of("map").st_ino;
    write_file("map", SL("# at 10:00\n#\nkey value\n"), same, &changed, NULL);
    assert_false(changed);
    write_file("map", SL("# at 11:00\n# more\n#\nkey value\n"), body, &changed, NULL);
    assert_false(changed);
    write_file("map", SL("key value\n"), body, &changed, NULL);
    assert_false(changed);
    assert_int_equal(stat_of("map").st_ino, ino);
    expect_file("map", SL("# at 10:00\n#\nkey value\n"));
    assert_int_equal(scratch_entries("."), 1);

    const struct slice other[] = {SL("# at 10:00\n#\nkey valu\n"),
                                  SL("# at 10:00\n#\nkey value"),
                                  SL("# at 10:00\n#\nkey value\n\n"),
                                  SL(""),
                                  SL("# at 10:00\n"),
                                  SL("# at 10:00\nkey value\n#\n")};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        put_file("map", SL("# at 10:00\n#\nkey value\n"));
        changed = false;
        write_file("map", other[i], body, &changed, NULL);
        assert_true(changed);
        expect_file("map", other[i]);
    }
    write_file("map", SL("# at 11:00\nkey value\n#\n"), same, &changed, NULL);
    assert_true(changed);

    lines(&big, 0, 3000); /* differs, or not, behind the first buffer */
    put_file("map", text_slice(&big));
    write_file("map", text_slice(&big), same, &changed, NULL);
    assert_false(changed);
    big.p[big.n - 2] ^= 1;
    write_file("map", text_slice(&big), same, &changed, NULL);
    assert_true(changed);
    expect_file("map", text_slice(&big));
    text_free(&big);
}

static void links(void **state)
{
    (void)state;
    mkdir("d", 0755);
    put_file("d/real", SL("old\n"));
    assert_int_equal(symlink("d/real", "link"), 0);
    assert_int_equal(symlink("link", "link2"), 0);
    assert_int_equal(write_file("link2", SL("new\n"), 0, NULL, NULL), 0);
    assert_true(S_ISLNK(stat_of("link").st_mode) && S_ISLNK(stat_of("link2").st_mode));
    expect_file("d/real", SL("new\n"));
    /* A target that isn't there yet, by a relative name in the link's folder. */
    assert_int_equal(symlink("fresh", "d/link"), 0);
    assert_int_equal(write_file("d/link", SL("new\n"), 0, NULL, NULL), 0);
    assert_true(S_ISLNK(stat_of("d/link").st_mode));
    expect_file("d/fresh", SL("new\n"));
    assert_int_equal(symlink("b", "a"), 0);
    assert_int_equal(symlink("a", "b"), 0);
    assert_int_equal(write_file("a", SL("x"), 0, NULL, "too many symbolic links"), EXIT_CANTCREAT);
    if (geteuid() == 0) {
        mkdir("open", 0);
        chmod("open", 01777);
        put_file("victim", SL("old\n"));
        assert_int_equal(symlink("../victim", "open/trap"), 0);
        assert_int_equal(lchown("open/trap", 4711, 4711), 0);
        assert_int_equal(write_file("open/trap", SL("x"), 0, NULL, "another user's symbolic link"),
                         EXIT_CANTCREAT);
        expect_file("victim", SL("old\n"));
        assert_int_equal(lchown("open/trap", 0, 0), 0);
        assert_int_equal(write_file("open/trap", SL("x"), 0, NULL, NULL), 0);
        expect_file("victim", SL("x"));
    }
}

static void can_not(void **state)
{
    (void)state;
    mkdir("folder", 0755);
    put_file("file", SL("x"));
    assert_int_equal(write_file("folder", SL("x"), 0, NULL, "folder: is a folder"), EXIT_CANTCREAT);
    assert_int_equal(write_file("absent/map", SL("x"), 0, NULL, "its folder can't be opened"),
                     EXIT_CANTCREAT);
    assert_int_equal(write_file("file/map", SL("x"), 0, NULL, "Not a directory"), EXIT_CANTCREAT);
    assert_int_equal(write_file("folder/", SL("x"), 0, NULL, "folder/: is a folder"),
                     EXIT_CANTCREAT);
    assert_int_equal(write_file("absent/", SL("x"), 0, NULL, "absent/"), EXIT_CANTCREAT);
    assert_int_equal(write_file("", SL("x"), 0, NULL, "no file name"), EXIT_CANTCREAT);
    assert_int_equal(write_file("/proc/mptools-map", SL("x"), 0, NULL, "/proc/mptools-map: "),
                     EXIT_CANTCREAT);
    assert_int_equal(write_file("/dev/full", SL("x"), 0, NULL, "/dev/full: writing failed: No "),
                     EXIT_IO);
    assert_int_equal(write_file("/dev/null", SL("x"), 0, NULL, NULL), 0);
    assert_true(S_ISCHR(stat_of("/dev/null").st_mode) && S_ISCHR(stat_of("/dev/full").st_mode));
    if (geteuid() == 0) { /* an owner that we may not give */
        pid_t child = fork();
        if (child == 0) {
            chmod(".", 0777);
            if (setgid(4711) != 0 || setuid(4711) != 0)
                _exit(1);
            _exit(write_file("file", SL("y"), 0, NULL, "file: belongs to user 0 and group 0"));
        }
        int status;
        waitpid(child, &status, 0);
        assert_int_equal(WEXITSTATUS(status), EXIT_CANTCREAT);
        expect_file("file", SL("x"));
    }
    assert_int_equal(scratch_entries("."), 2);
}

/* Killed before the commit: nothing is left behind and the old file is whole. */
static void killed(void **state)
{
    struct outfile o;
    int status;

    (void)state;
    put_file("map", SL("old\n"));
    pid_t child = fork();
    if (child == 0) {
        if (outfile_open(&o, "map", false) != 0)
            _exit(1);
        for (int i = 0; i < 100000; i++)
            outfile_add(&o, SL("new line\n"));
        raise(SIGKILL);
    }
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    expect_file("map", SL("old\n"));
    assert_int_equal(scratch_entries("."), 1);
}

/* ---- outfile ---- */

/* Lines by all the ways to add, enough for many buffers; returns what they are. */
static struct text add_all(struct outfile *o)
{
    struct text want = {0}, big = {0};

    lines(&big, 0, 4000);
    for (unsigned i = 0; i < 3000; i++) {
        char *p = outfile_room(o, 5);
        assert_non_null(p);
        memcpy(p, "room ", 5);
        outfile_took(o, p + 5);
        outfile_add(o, SL("add "));
        outfile_add(o, SLICE_NONE);
        outfile_addf(o, "%u", i);
        outfile_addc(o, '\t');
        outfile_add(o, slice_of(big.p, i * 7 % 977));
        outfile_end_line(o);
        text_addf(&want, "room add %u\t%.*s\n", i, (int)(i * 7 % 977), big.p);
        if (i % 1000 == 0) { /* larger than the buffer */
            outfile_add(o, text_slice(&big));
            text_add(&want, text_slice(&big));
        }
        assert_int_equal(outfile_bytes(o), want.n);
    }
    assert_null(outfile_room(o, OUTFILE_BUFFER + 1));
    assert_non_null(outfile_room(o, OUTFILE_BUFFER));
    text_free(&big);
    return want;
}

static void to_a_file(void **state)
{
    struct outfile o;

    (void)state;
    put_file("out", SL("old\n"));
    assert_int_equal(outfile_open(&o, "out", false), 0);
    struct text want = add_all(&o);
    expect_file("out", SL("old\n"));
    assert_int_equal(outfile_finish(&o), 0);
    assert_int_equal(outfile_finish(&o), 0);
    expect_file("out", text_slice(&want));
    assert_string_equal(outfile_error(&o), "");
    outfile_free(&o);
    outfile_free(&o);
    assert_int_equal(outfile_open(&o, "out", true), 0);
    text_free(&want);
    want = add_all(&o);
    outfile_free(&o); /* without a finish */
    expect_file("out", text_slice(&want));
    assert_int_equal(scratch_entries("."), 1);
    text_free(&want);
}

static void not_opened(void **state)
{
    struct outfile o;

    (void)state;
    assert_int_equal(outfile_open(&o, "absent/out", false), EXIT_CANTCREAT);
    assert_true(outfile_stopped(&o));
    outfile_add(&o, SL("x"));
    outfile_addc(&o, 'x');
    outfile_addf(&o, "%d", 1);
    outfile_end_line(&o);
    outfile_flush(&o);
    assert_null(outfile_room(&o, 1));
    assert_int_equal(outfile_finish(&o), EXIT_CANTCREAT);
    assert_true(strstr(outfile_error(&o), "absent/out: its folder can't be opened: "));
    outfile_free(&o);
}

/* A file that can't grow any more: the old one is kept. */
static void file_too_large(void **state)
{
    struct rlimit old, small = {200000, RLIM_INFINITY};
    struct outfile o;

    (void)state;
    put_file("out", SL("old\n"));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(outfile_open(&o, "out", false), 0);
    struct text want = add_all(&o);
    int status = outfile_finish(&o);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, EXIT_IO);
    assert_true(outfile_stopped(&o));
    assert_string_equal(outfile_error(&o), "out: writing failed: File too large: the old file is "
                                           "kept: make room and run it again");
    outfile_free(&o);
    expect_file("out", SL("old\n"));
    assert_int_equal(scratch_entries("."), 1);
    text_free(&want);
}

/* Runs in a child whose stdout is fd (or closed, for -1): its exit status. */
static int with_stdout(int fd, void (*run)(void))
{
    int status;
    pid_t child;

    fflush(stdout);
    if ((child = fork()) == 0) {
        if (fd < 0)
            close(1);
        else
            dup2(fd, 1);
        run();
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void finish_and_exit(struct outfile *o, const char *text)
{
    int status = outfile_finish(o);

    if (fcntl(1, F_GETFD) >= 0 || !strstr(outfile_error(o), text))
        _exit(98);
    _exit(status);
}

static void little(void)
{
    struct outfile o;

    outfile_open(&o, "-", false);
    outfile_add(&o, SL("little\n"));
    finish_and_exit(&o, "");
}

static void full(void)
{
    struct outfile o;

    outfile_open(&o, NULL, false);
    outfile_add(&o, SL("little\n"));
    finish_and_exit(&o, "standard output: writing failed: No space left on device: the output is "
                        "not complete: make room and run it again");
}

static void much_to_full(void)
{
    struct outfile o;
    struct text t;

    outfile_open(&o, NULL, false);
    t = add_all(&o);
    if (!outfile_stopped(&o))
        _exit(97);
    text_free(&t);
    finish_and_exit(&o, "No space left on device");
}

static void closed(void)
{
    struct outfile o;

    if (outfile_open(&o, "-", false) != EXIT_CANTCREAT)
        _exit(96);
    finish_and_exit(&o, "standard output is closed: ");
}

static void read_only(void)
{
    struct outfile o;

    outfile_open(&o, "-", false);
    outfile_add(&o, SL("x"));
    finish_and_exit(&o, "standard output: writing failed: Bad file descriptor");
}

static void nobody_reads(void)
{
    struct outfile o;
    struct text t;

    signal(SIGPIPE, SIG_IGN);
    outfile_open(&o, "-", false);
    if (outfile_stopped(&o))
        _exit(97);
    t = add_all(&o);
    text_free(&t);
    if (!outfile_stopped(&o) || !outfile_gone(&o))
        _exit(97);
    finish_and_exit(&o, "");
}

static void nobody_reads_the_end(void)
{
    struct outfile o;

    signal(SIGPIPE, SIG_IGN);
    outfile_open(&o, "-", false);
    outfile_add(&o, SL("x"));
    if (outfile_finish(&o) != 0 || !outfile_gone(&o))
        _exit(97);
    _exit(0);
}

static void to_stdout(void **state)
{
    int fd[2], null = open("/dev/full", O_WRONLY), in = open("/dev/null", O_RDONLY);
    char buf[100];

    (void)state;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(with_stdout(fd[1], little), 0);
    assert_int_equal(read(fd[0], buf, sizeof buf), 7);
    assert_memory_equal(buf, "little\n", 7);
    close(fd[0]);
    assert_int_equal(with_stdout(fd[1], nobody_reads), 0);
    assert_int_equal(with_stdout(fd[1], nobody_reads_the_end), 0);
    close(fd[1]);
    assert_int_equal(with_stdout(null, full), EXIT_IO);
    assert_int_equal(with_stdout(null, much_to_full), EXIT_IO);
    assert_int_equal(with_stdout(-1, closed), EXIT_CANTCREAT);
    assert_int_equal(with_stdout(in, read_only), EXIT_IO);
    close(null);
    close(in);
}

static void much(void)
{
    struct outfile o;
    struct text t;

    outfile_open(&o, "-", false);
    t = add_all(&o);
    text_free(&t);
    finish_and_exit(&o, "");
}

/* A full pipe that doesn't block, as a terminal under some shells: it waits instead of failing. */
static void slow_reader(void **state)
{
    char buf[3000];
    size_t all = 0;
    ssize_t n;
    int fd[2];

    (void)state;
    assert_int_equal(pipe(fd), 0);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    pid_t reader = fork();
    if (reader == 0) {
        close(fd[1]);
        usleep(20000);
        while ((n = read(fd[0], buf, sizeof buf)) > 0)
            all += (size_t)n;
        _exit(all > 1000000 ? 0 : 1);
    }
    assert_int_equal(with_stdout(fd[1], much), 0);
    close(fd[0]);
    close(fd[1]);
    int status;
    waitpid(reader, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int live_back[2];

static void live_writer(void)
{
    struct outfile o;
    char c;

    outfile_open(&o, "-", true);
    for (int i = 0; i < 3; i++) {
        outfile_add(&o, SL("line"));
        outfile_end_line(&o);
        if (read(live_back[0], &c, 1) != 1) /* the reader has it: only then the next */
            _exit(95);
    }
    finish_and_exit(&o, "");
}

static void live(void **state)
{
    int fd[2], status;
    char buf[100];

    (void)state;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(pipe(live_back), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(fd[1], 1);
        live_writer();
    }
    for (int i = 0; i < 3; i++) {
        struct pollfd p = {.fd = fd[0], .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        assert_int_equal(read(fd[0], buf, sizeof buf), 5);
        assert_int_equal(write(live_back[1], "x", 1), 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(fd[0]);
    close(fd[1]);
    close(live_back[0]);
    close(live_back[1]);
}

static void to_dev_stdout(void)
{
    struct outfile o;

    outfile_open(&o, "/dev/stdout", false);
    outfile_add(&o, SL("second\n"));
    _exit(outfile_finish(&o));
}

/* -w /dev/stdout into a file that is appended to: it must not be replaced. */
static void dev_stdout(void **state)
{
    (void)state;
    put_file("out", SL("first\n"));
    int fd = open("out", O_WRONLY | O_APPEND);
    ino_t ino = stat_of("out").st_ino;
    assert_int_equal(with_stdout(fd, to_dev_stdout), 0);
    close(fd);
    assert_int_equal(stat_of("out").st_ino, ino);
    expect_file("out", SL("first\nsecond\n"));
    assert_true(S_ISLNK(stat_of("/dev/stdout").st_mode));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_begin, scratch_end)
    const struct CMUnitTest tests[] = {
        T(new_and_old), T(not_committed), T(unchanged),      T(links),     T(can_not),
        T(killed),      T(to_a_file),     T(not_opened),     T(to_stdout), T(slow_reader),
        T(live),        T(dev_stdout),    T(file_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
