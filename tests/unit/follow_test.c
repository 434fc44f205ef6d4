/* follow: every line once and in order, whatever rotation does, and a word about what is lost. */
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/exits.h"
#include "log/follow.h"

#define LOG "mail.log"
#define STATE "state"

static struct text want;      /* what the next run has to hand out */
static unsigned number;       /* of the next line */
static char notes[4000];      /* of the last run */
static unsigned gaps;         /* of the last run */
static int damaged;           /* its follow_status */
static char failed_why[1000]; /* its failure */

static int begin(void **state)
{
    want = (struct text){0};
    number = 0;
    return scratch_begin(state);
}

static int end(void **state)
{
    text_free(&want);
    return scratch_end(state);
}

/* Appends n lines to a file, and to what is expected. */
static void log_to(const char *name, unsigned n)
{
    struct text t = {0};

    lines(&t, number, n);
    number += n;
    append_file(name, text_slice(&t));
    text_add(&want, text_slice(&t));
    text_free(&t);
}

static void log_lines(unsigned n)
{
    log_to(LOG, n);
}

enum { COMMIT = 1, AGAIN = 2 /* a run that is not committed comes first */ };

static void expect_data(const struct text *got)
{
    size_t same = 0, from;

    while (same < got->n && same < want.n && got->p[same] == want.p[same])
        same++;
    if (got->n == same && want.n == same)
        return;
    from = same < 300 ? 0 : same - 300;
    fail_msg("different from byte %zu on: expected %zu bytes:\n%.*s\n\ngot %zu:\n%.*s\n\nnotes: %s",
             same, want.n, (int)(want.n - from < 600 ? want.n - from : 600),
             want.n ? want.p + from : "", got->n, (int)(got->n - from < 600 ? got->n - from : 600),
             got->n ? got->p + from : "", notes);
}

/* Reads all that is new; the failure's status. */
static int read_all(struct follow *f, struct text *got)
{
    const char *block, *note;
    ssize_t n;

    assert_non_null(f);
    notes[0] = '\0';
    while ((n = follow_read(f, &block)) > 0) {
        assert_int_equal(block[n - 1], '\n');
        text_add(got, slice_of(block, (size_t)n));
    }
    assert_int_equal(follow_read(f, &block), n);
    while ((note = follow_note(f)) != NULL)
        snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s\n", note);
    gaps = follow_gaps(f);
    damaged = follow_status(f);
    snprintf(failed_why, sizeof failed_why, "%s", failure_text(follow_failure(f)));
    assert_int_equal(n < 0, follow_failure(f)->status != 0);
    return follow_failure(f)->status;
}

static void run(int how)
{
    for (int i = how & AGAIN ? 0 : 1; i < 2; i++) {
        struct follow *f = follow_open(LOG, STATE);
        struct text got = {0};
        int status = read_all(f, &got);
        if (status)
            fail_msg("%s", failed_why);
        expect_data(&got);
        if (i == 1 && how & COMMIT)
            assert_int_equal(follow_commit(f), 0);
        follow_close(f);
        text_free(&got);
    }
    want.n = how & COMMIT ? 0 : want.n;
}

/* A run without notes, after one that was not committed. */
static void run_quiet(void)
{
    run(COMMIT | AGAIN);
    assert_string_equal(notes, "");
    assert_int_equal(gaps, 0);
    assert_int_equal(damaged, 0);
}

/* A run that fails and hands out nothing. */
static void run_fails(int status, const char *text)
{
    struct follow *f = follow_open(LOG, STATE);
    struct text got = {0}, bytes = {0};

    assert_int_equal(read_all(f, &got), status);
    assert_int_equal(got.n, 0);
    if (!strstr(failed_why, text))
        fail_msg("'%s' is not in '%s'", text, failed_why);
    assert_int_equal(follow_commit(f), status);
    assert_false(follow_state(f, &bytes));
    follow_close(f);
    text_free(&bytes);
}

/* ---- rotation's own tools ---- */

static void copy(const char *from, const char *to)
{
    struct text t = get_file(from);

    put_file(to, text_slice(&t));
    text_free(&t);
}

/* Packs a file; the time of its last change stays, as gzip and zstd keep it. */
static void pack(const char *from, const char *to)
{
    struct text t = get_file(from), packed = {0};
    struct stat st;

    assert_int_equal(stat(from, &st), 0);
    strstr(to, ".zst") ? zstd(&packed, text_slice(&t), 0) : gzip(&packed, text_slice(&t));
    put_file(to, text_slice(&packed));
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, to, times, 0), 0);
    assert_int_equal(unlink(from), 0);
    text_free(&t);
    text_free(&packed);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(from, to), 0);
}

static bool is_packed(const char *name)
{
    return strstr(name, ".gz") || strstr(name, ".zst");
}

/* Renames the log away, packed if the name says so, and makes a new, empty one. */
static void rotate_to(const char *name)
{
    if (is_packed(name)) {
        move(LOG, "being-packed");
        pack("being-packed", name);
    } else {
        move(LOG, name);
    }
    put_file(LOG, SL(""));
}

static void copytruncate_to(const char *name)
{
    copy(LOG, "being-copied");
    assert_int_equal(truncate(LOG, 0), 0);
    if (is_packed(name))
        pack("being-copied", name);
    else
        move("being-copied", name);
}

/* Time passes: more than the kernel's clock ticks by. */
static void later(void)
{
    usleep(30000);
}

static void age(const char *name, time_t when)
{
    struct timespec t[2] = {{when, 0}, {when, 0}};

    assert_int_equal(utimensat(AT_FDCWD, name, t, 0), 0);
}

static const char *const names[] = {
    "mail.log.1",
    "mail.log.0",
    "mail.log.1.gz",
    "mail.log.1.zst",
    "mail.log-20261124",
    "mail.log-20261124.gz",
    "mail.log.20261124.zst",
    "mail.log-2026-11-24",
    "mail.log-1795516070",
    "mail.1.log",
    "mail-20261124.log.gz",
    "mail.log-20261124-06.gz",
};

/* ---- tests ---- */

static void growth(void **state)
{
    (void)state;
    log_lines(3);
    run_quiet();
    run_quiet();
    log_lines(1);
    run_quiet();
    log_lines(5000);
    run_quiet();
    log_lines(20000); /* many blocks */
    run_quiet();
    assert_int_equal(access(STATE ".lock", F_OK), 0);
    struct stat st;
    assert_int_equal(stat(STATE, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600); /* it may hold what others must not read */
}

static void half_a_line(void **state)
{
    (void)state;
    append_file(LOG, SL("half"));
    run_quiet();
    append_file(LOG, SL(" a line"));
    run_quiet();
    append_file(LOG, SL("\nand"));
    text_add(&want, SL("half a line\n"));
    run_quiet();
    append_file(LOG, SL(" more\n\n\nx"));
    text_add(&want, SL("and more\n\n\n"));
    run_quiet();
}

static void renamed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (unsigned before = 0; before < 200; before = before * 12 + 1) {
            scratch_clear(".");
            log_lines(before);
            run_quiet();
            log_lines(100);
            rotate_to(names[i]);
            run_quiet();
            run_quiet(); /* the new one is still empty */
            log_lines(3);
            run_quiet();
            log_lines(3);
            run_quiet();
        }
}

static void renamed_with_new_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (unsigned n = 0; n < 100; n += 66) {
            scratch_clear(".");
            log_lines(40);
            run_quiet();
            log_lines(n);
            rotate_to(names[i]);
            log_lines(50);
            run_quiet();
            log_lines(1);
            run_quiet();
        }
}

static void copied_and_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (unsigned n = 0; n < 100; n += 66)
            for (unsigned new = 0; new < 200; new = new * 150 + 1) {
                scratch_clear(".");
                log_lines(40);
                run_quiet();
                log_lines(n);
                copytruncate_to(names[i]);
                log_lines(new); /* up to more than there was */
                run_quiet();
                log_lines(1);
                run_quiet();
            }
}

static void several_rotations(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    log_lines(10);
    rotate_to("mail.log.1");
    log_lines(10);
    pack("mail.log.1", "mail.log.2.gz");
    rotate_to("mail.log.1");
    log_lines(10);
    move("mail.log.2.gz", "mail.log.3.gz");
    pack("mail.log.1", "mail.log.2.zst");
    copytruncate_to("mail.log.1");
    log_lines(10);
    run_quiet();
    for (int i = 0; i < 12; i++) { /* past number 9 */
        char from[40], to[40];
        for (int k = 20; k > 0; k--) {
            snprintf(from, sizeof from, "mail.log.%d", k);
            snprintf(to, sizeof to, "mail.log.%d", k + 1);
            if (rename(from, to) != 0)
                continue;
        }
        log_lines(7);
        rotate_to("mail.log.1");
    }
    run_quiet();
    scratch_clear(".");
    log_lines(10);
    run_quiet();
    rotate_to("mail.log-20261123");
    log_lines(10);
    rotate_to("mail.log-20261124.gz");
    put_file("mail.log-20261124.bak", SL("not a rotated file\n"));
    put_file("mail.log.1", SL("left from another scheme\n"));
    age("mail.log.1", 1000);
    log_lines(10);
    rotate_to("mail.log-20261125");
    log_lines(1);
    run_quiet();
}

/* Files with names that could be rotated ones, and are not: their lines are not taken. */
static void other_files(void **state)
{
    static const char *const others[] = {
        "mail.0.log",  "mail.log.bak", "mail.log-",     "mail.log.1.gz.tmp", "mail.log1",
        "mail.log.1a", "xmail.log.1",  "mail.log.x.gz", "mail.log.0.",       "mail-20261124.txt"};

    (void)state;
    log_lines(10);
    rotate_to("mail.log.1");
    want.n = 0; /* a first run begins with the log itself */
    log_lines(10);
    run_quiet();
    for (int i = 0; i < 2; i++) {
        move("mail.log.1", "mail.log.2");
        log_lines(1);
        rotate_to("mail.log.1");
        later();
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            append_file(others[k], SL("another log\n"));
        log_lines(2);
        run_quiet();
        unlink("mail.log.2");
    }
    /* Numbers left over from a time before dates, changed after the file that was read last. */
    unlink("mail.log.1");
    unlink("mail.log.2");
    rotate_to("mail.log-20261124");
    age("mail.log-20261124", 1000);
    put_file("mail.log.1", SL("left over\n"));
    age("mail.log.1", 2000);
    run_quiet();
    log_lines(1);
    run_quiet();
}

/* The same file plain and packed: packing is going on, and the packed one is not complete. */
static void while_being_packed(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    log_lines(10);
    rotate_to("mail.log.1");
    struct text packed = {0}, t = get_file("mail.log.1");
    gzip(&packed, text_slice(&t));
    later();
    put_file("mail.log.1.gz", slice_of(packed.p, packed.n / 2));
    log_lines(10);
    run_quiet();
    text_free(&packed);
    text_free(&t);
}

/* The copy is there, the log is not truncated yet; then it is. */
static void while_being_copied(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    log_lines(10);
    copy(LOG, "mail.log.1");
    run_quiet();
    log_lines(5); /* these are in no copy */
    run_quiet();
    assert_int_equal(truncate(LOG, 0), 0);
    run_quiet();
    log_lines(10);
    run_quiet();
    log_lines(100);
    pack("mail.log.1", "mail.log.1.gz");
    run_quiet();
}

/* The writer goes on in the renamed file until it is told to reopen. */
static void late_writer(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    rotate_to("mail.log.1");
    run_quiet();
    log_to("mail.log.1", 5);
    run_quiet();
    log_to("mail.log.1", 5);
    log_lines(1);
    run_quiet();
    pack("mail.log.1", "mail.log.1.gz");
    log_lines(1);
    run_quiet();
}

static void first_run_on_nothing(void **state)
{
    (void)state;
    run_fails(EXIT_NOINPUT, "mail.log: no such file: check the name");
    put_file("mail.log.2", SL("from before the first run\n"));
    later();
    put_file(LOG, SL(""));
    run_quiet();
    log_lines(10);
    rotate_to("mail.log.1.gz");
    log_lines(3);
    rotate_to("mail.log-20261124");
    run_quiet();
    log_lines(2);
    run_quiet();
}

static void log_is_missing(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    log_lines(10);
    move(LOG, "mail.log.1");
    run(COMMIT | AGAIN);
    assert_true(strstr(notes, "mail.log: is not there at the moment"));
    assert_int_equal(gaps, 0);
    log_lines(3);
    run_quiet();
    unlink(LOG);
    unlink("mail.log.1");
    run_fails(EXIT_TEMPFAIL, "mail.log: is not there, and neither is a rotated file");
    put_file("mail.log.1", SL("another log\n"));
    age("mail.log.1", 1000);
    run_fails(EXIT_TEMPFAIL, "mail.log: is not there, and neither is a rotated file");
}

static void rotated_half_line(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        scratch_clear(".");
        log_lines(2);
        append_file(LOG, SL("cut in the mid"));
        run_quiet();
        rotate_to(packed ? "mail.log.1.gz" : "mail.log.1");
        run_quiet();
        append_file(LOG, SL("x")); /* the next file has begun */
        text_add(&want, SL("cut in the mid\n"));
        run_quiet();
        append_file(LOG, SL("y\n"));
        text_add(&want, SL("xy\n"));
        run_quiet();
        /* Twice in a row, with an empty file and one of NULs between. */
        append_file(LOG, SL("a"));
        rotate_to("mail.log.0");
        scratch_entries(".");
        move("mail.log.0", "mail.log-20261120");
        put_file("mail.log-20261121", SL(""));
        put_file("mail.log-20261122", SL("\0\0\0"));
        put_file("mail.log-20261123", SL("b"));
        append_file(LOG, SL("c\n"));
        unlink("mail.log.1");
        unlink("mail.log.1.gz");
        text_add(&want, SL("a\nb\nc\n"));
        run_quiet();
    }
}

/* Truncated under a writer that does not append: the file begins with a hole as long as what was.
 */
static void nul_beginning(void **state)
{
    (void)state;
    for (int sparse = 0; sparse < 2; sparse++) {
        scratch_clear(".");
        log_lines(5000);
        run_quiet();
        log_lines(10);
        struct stat st;
        assert_int_equal(stat(LOG, &st), 0);
        copytruncate_to("mail.log.1");
        if (sparse)
            assert_int_equal(truncate(LOG, st.st_size), 0);
        else
            for (off_t i = 0; i < st.st_size; i += 5)
                append_file(LOG, SL("\0\0\0\0\0"));
        if (sparse)
            run_quiet();
        log_lines(10);
        run_quiet();
        log_lines(10);
        run_quiet();
        log_lines(10);
        pack("mail.log.1", "mail.log.2.gz");
        rotate_to("mail.log.1.gz");
        log_lines(1);
        run_quiet();
    }
    /* Again with two of them: both begin alike, with NULs. */
    scratch_clear(".");
    log_lines(10);
    run_quiet();
    copytruncate_to("mail.log.2");
    assert_int_equal(truncate(LOG, 3000), 0);
    log_lines(10);
    run_quiet();
    copytruncate_to("mail.log.1.gz");
    assert_int_equal(truncate(LOG, 3000), 0);
    log_lines(10);
    run_quiet();
    /* NULs where a block of new lines begins, as after a crash. */
    append_file(LOG, SL("\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    run_quiet();
    log_lines(2);
    run_quiet();
}

static void long_lines(void **state)
{
    struct text t = {0};

    (void)state;
    log_lines(2);
    assert_true(text_room(&t, 3 * FOLLOW_LINE_MAX));
    memset(t.p, 'x', 3 * FOLLOW_LINE_MAX);
    t.n = FOLLOW_LINE_MAX - 100;
    append_file(LOG, text_slice(&t)); /* long, but not too long */
    append_file(LOG, SL("\n"));
    text_add(&want, text_slice(&t));
    text_addc(&want, '\n');
    log_lines(1);
    run_quiet();
    t.n = 3 * FOLLOW_LINE_MAX;
    append_file(LOG, text_slice(&t));
    run_quiet(); /* has no end yet */
    append_file(LOG, SL("end\n"));
    log_lines(3);
    run(COMMIT | AGAIN);
    assert_true(strstr(notes, "mail.log: a line of 3145732 bytes, at byte 10"));
    assert_int_equal(gaps, 0);
    run_quiet();
    append_file(LOG, text_slice(&t));
    append_file(LOG, SL("\n"));
    run(COMMIT | AGAIN); /* nothing but such a line: passed for good */
    assert_true(strstr(notes, "mail.log: a line of 3145729 bytes"));
    run_quiet();
    append_file(LOG, text_slice(&t));
    rotate_to("mail.log.1");
    log_lines(1);
    run(COMMIT | AGAIN);
    assert_true(strstr(notes, "mail.log.1: its last line, at byte "));
    text_free(&t);
}

/* ---- what is lost ---- */

static void rotated_file_gone(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    append_file(LOG, SL("these two\nare lost\n"));
    rotate_to("mail.log.1");
    unlink("mail.log.1");
    later();
    log_lines(3);
    rotate_to("mail.log.2.gz"); /* written since: not read yet */
    log_lines(3);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    assert_true(strstr(notes, "mail.log: what was read last (up to byte "));
    assert_true(strstr(notes, "between that and the beginning of "));
    assert_true(strstr(notes, "mail.log.2.gz is missing: "));
    run_quiet();
    log_lines(3);
    run_quiet();
    /* Truncated without a copy. */
    assert_int_equal(truncate(LOG, 0), 0);
    later();
    log_lines(1);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    run_quiet();
}

static void packed_file_damaged(void **state)
{
    (void)state;
    for (int zst = 0; zst < 2; zst++)
        for (int cut = 0; cut < 2; cut++) {
            const char *name = zst ? "mail.log.1.zst" : "mail.log.1.gz";
            scratch_clear(".");
            log_lines(10);
            run_quiet();
            log_lines(zst ? 40000 : 20000);
            size_t all = want.n;
            rotate_to(name);
            struct text t = get_file(name);
            if (cut)
                t.n -= t.n / 4;
            else
                memset(t.p + t.n - t.n / 4, 0xff, 100);
            put_file(name, text_slice(&t));
            text_free(&t);
            struct follow *f = follow_open(LOG, STATE);
            struct text got = {0};
            assert_int_equal(read_all(f, &got), 0);
            if (got.n <= all / 2 || (cut && got.n >= all))
                fail_msg("%zu of %zu bytes of %s", got.n, all, name);
            /* Where bytes are wrong, deflate can go on with wrong ones until its checksum. */
            assert_memory_equal(got.p, want.p, cut ? got.n : all / 2);
            assert_int_equal(got.p[got.n - 1], '\n');
            assert_int_equal(gaps, 1);
            assert_int_equal(damaged, EXIT_DATA);
            assert_true(strstr(notes, name));
            assert_true(strstr(notes, cut ? ": ends in the middle of a " : ": damaged "));
            assert_int_equal(follow_commit(f), 0);
            follow_close(f);
            want.n = 0;
            log_lines(2);
            run(COMMIT | AGAIN);
            run_quiet();
            text_free(&got);
        }
}

static void damaged_before_the_place(void **state)
{
    (void)state;
    log_lines(20000);
    run_quiet();
    append_file(LOG, SL("lost\n"));
    rotate_to("mail.log.1.gz");
    struct text t = get_file("mail.log.1.gz");
    put_file("mail.log.1.gz", slice_of(t.p, t.n / 2));
    log_lines(2);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    assert_true(strstr(notes, "mail.log.1.gz: ends in the middle of a gzip member"));
    assert_true(strstr(notes, "of the unpacked log is missing"));
    run_quiet();
    text_free(&t);
}

static void packed_by_xz(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    later();
    rotate_to("mail.log.1");
    unlink("mail.log.1");
    put_file("mail.log.1.xz", SL("\xfd\x37zXZ\0 and so on"));
    log_lines(2);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 2);
    assert_true(strstr(notes, "what was read last"));
    assert_true(
        strstr(notes, "mail.log.1.xz: is packed in a way that is not read here: unpack it"));
    assert_int_equal(damaged, EXIT_DATA);
    run_quiet();
}

static void cut_or_changed(void **state)
{
    struct stat st;

    (void)state;
    log_lines(100);
    run_quiet();
    assert_int_equal(stat(LOG, &st), 0);
    assert_int_equal(truncate(LOG, st.st_size - 20), 0); /* in the middle of a line */
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    assert_true(strstr(notes, "mail.log: ends at byte "));
    append_file(LOG, SL("the rest of that line\n"));
    log_lines(2);
    run(COMMIT | AGAIN);
    run_quiet();
    assert_int_equal(stat(LOG, &st), 0);
    struct text t = get_file(LOG);
    t.p[t.n - 2] ^= 1;
    put_file(LOG, text_slice(&t)); /* the same beginning, another end */
    log_lines(2);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    assert_true(strstr(notes, "mail.log: begins as when it was read last, but is different"));
    run_quiet();
    text_free(&t);
    /* Cut at the end of a line, with a copy of what it was: told once, and nothing comes twice. */
    copy(LOG, "mail.log.1");
    t = get_file(LOG);
    t.n = (size_t)((char *)memrchr(t.p, '\n', t.n - 500) + 1 - t.p);
    assert_int_equal(truncate(LOG, (off_t)t.n), 0);
    run(COMMIT | AGAIN);
    assert_int_equal(gaps, 1);
    assert_true(strstr(notes, "mail.log: ends at byte "));
    run_quiet();
    log_lines(2);
    run_quiet();
    text_free(&t);
}

/* ---- the state ---- */

static void damaged_state(void **state)
{
    struct text s;

    (void)state;
    log_lines(10);
    struct follow *f = follow_open(LOG, STATE);
    struct text got = {0};
    read_all(f, &got);
    assert_true(follow_blob_set(f, "messages", SL("open\nend 1\n\0\xff")));
    assert_int_equal(follow_commit(f), 0);
    follow_close(f);
    want.n = 0;
    s = get_file(STATE);
    for (size_t i = 0; i < s.n; i++) {
        s.p[i] ^= 1;
        put_file(STATE, text_slice(&s));
        run_fails(EXIT_DATA, STATE ": ");
        expect_file(STATE, text_slice(&s)); /* refused, not overwritten */
        s.p[i] ^= 1;
        put_file(STATE, slice_of(s.p, i));
        run_fails(EXIT_DATA, STATE ": ");
    }
    put_file(STATE, text_slice(&s));
    append_file(STATE, SL("x"));
    run_fails(EXIT_DATA, "is damaged");
    put_file(STATE, SL("root:x:0:0:root:/root:/bin/sh\n"));
    run_fails(EXIT_DATA, "state: is no state of --follow");
    put_file(STATE, SL("#mptools-follow 2\nwhatever\n"));
    run_fails(EXIT_DATA, "state: was written by a newer version");
    unlink(STATE);
    mkdir(STATE, 0755);
    run_fails(EXIT_NOINPUT, "state: is no regular file");
    rmdir(STATE);
    put_file(STATE, text_slice(&s));
    run_quiet();
    text_free(&s);
    text_free(&got);
}

static void of_another_log(void **state)
{
    (void)state;
    log_lines(10);
    run_quiet();
    put_file("other.log", SL("x\n"));
    struct follow *f = follow_open("other.log", STATE);
    assert_int_equal(follow_failure(f)->status, EXIT_USAGE);
    assert_true(strstr(failure_text(follow_failure(f)), "/other.log: the state belongs to /"));
    follow_close(f);
    /* The same log by another name of its folder is the same. */
    char name[400];
    snprintf(name, sizeof name, "%s/./" LOG, scratch_path);
    f = follow_open(name, STATE);
    assert_int_equal(follow_failure(f)->status, 0);
    follow_close(f);
    f = follow_open("absent/" LOG, "state2");
    assert_int_equal(follow_failure(f)->status, EXIT_NOINPUT);
    follow_close(f);
    f = follow_open(LOG, "absent/state");
    assert_int_equal(follow_failure(f)->status, EXIT_CANTCREAT);
    assert_true(strstr(failure_text(follow_failure(f)), "absent/state.lock: can't be made"));
    follow_close(f);
    mkdir("folder", 0755);
    f = follow_open("folder", "state3");
    assert_int_equal(follow_failure(f)->status, EXIT_NOINPUT);
    assert_true(strstr(failure_text(follow_failure(f)), "folder: is not a regular file"));
    follow_close(f);
    assert_int_equal(access("state3", F_OK), -1);
}

static void two_runs_at_once(void **state)
{
    char want_text[100];
    int fd[2], status;
    char c;

    (void)state;
    log_lines(10);
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        struct follow *f = follow_open(LOG, STATE);
        if (follow_failure(f)->status || write(fd[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(fd[0], &c, 1), 1);
    snprintf(want_text, sizeof want_text, "state.lock: held by pid %ld: ", (long)child);
    run_fails(EXIT_TEMPFAIL, want_text);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    run_quiet();
    close(fd[0]);
    close(fd[1]);
}

static void blobs(void **state)
{
    struct follow *f;

    (void)state;
    log_lines(1);
    f = follow_open(LOG, STATE);
    assert_null(follow_blob(f, "messages").p);
    assert_true(follow_blob_set(f, "messages", SL("\0blob 1\nend")));
    assert_true(follow_blob_set(f, "Empty_1-x", SL("")));
    assert_true(follow_blob_set(f, "third", SL("3")));
    assert_false(follow_blob_set(f, "", SL("x")));
    assert_false(follow_blob_set(f, "with space", SL("x")));
    assert_false(follow_blob_set(f, "new\nline", SL("x")));
    follow_close(f); /* not committed */
    f = follow_open(LOG, STATE);
    assert_null(follow_blob(f, "messages").p);
    assert_true(follow_blob_set(f, "messages", SL("first")));
    assert_true(follow_blob_set(f, "messages", SL("\0blob 1\nend")));
    assert_true(follow_blob_set(f, "Empty_1-x", SL("")));
    assert_true(follow_blob_set(f, "third", SL("3")));
    assert_true(follow_blob_set(f, "third", SLICE_NONE));
    assert_int_equal(follow_commit(f), 0);
    follow_close(f);
    f = follow_open(LOG, STATE);
    assert_true(slice_eq(follow_blob(f, "messages"), SL("\0blob 1\nend")));
    assert_non_null(follow_blob(f, "Empty_1-x").p);
    assert_int_equal(follow_blob(f, "Empty_1-x").n, 0);
    assert_null(follow_blob(f, "third").p);
    follow_close(f);
}

/* Without a state file: the caller keeps the bytes. */
static void kept_by_the_caller(void **state)
{
    struct text saved = {0}, got = {0};

    (void)state;
    for (int i = 0; i < 6; i++) {
        log_lines(10);
        if (i == 3)
            rotate_to("mail.log.1.gz");
        struct follow *f = follow_resume(LOG, text_slice(&saved));
        assert_int_equal(read_all(f, &got), 0);
        expect_data(&got);
        assert_int_equal(follow_commit(f), 0);
        saved.n = got.n = want.n = 0;
        assert_true(follow_state(f, &saved));
        follow_close(f);
        assert_int_equal(access(STATE, F_OK), -1);
    }
    saved.n--;
    struct follow *f = follow_resume(LOG, text_slice(&saved));
    assert_int_equal(follow_failure(f)->status, EXIT_DATA);
    assert_true(strstr(failure_text(follow_failure(f)), "the saved state of mail.log: is damaged"));
    follow_close(f);
    text_free(&saved);
    text_free(&got);
}

/* A commit in the middle: exactly what was handed out does not come again. */
static void commit_in_the_middle(void **state)
{
    struct text all = {0};
    const char *block;
    unsigned runs = 0;

    (void)state;
    log_lines(1);
    run_quiet();
    for (int i = 0; i < 3; i++) {
        log_lines(12000);
        if (i < 2)
            rotate_to(i ? "mail.log-20261124" : "mail.log-20261123.gz");
    }
    for (;;) {
        struct follow *f = follow_open(LOG, STATE);
        ssize_t n = follow_read(f, &block);
        if (n > 0)
            text_add(&all, slice_of(block, (size_t)n));
        assert_int_equal(follow_commit(f), 0);
        follow_close(f);
        if (n <= 0)
            break;
        runs++;
    }
    assert_true(runs > 6);
    expect_data(&all);
    text_free(&all);
}

static void state_on_a_full_disk(void **state)
{
    struct rlimit old, small;
    struct text got = {0}, before;

    (void)state;
    log_lines(10);
    run_quiet();
    before = get_file(STATE);
    log_lines(10);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){100, old.rlim_max};
    struct follow *f = follow_open(LOG, STATE);
    assert_int_equal(read_all(f, &got), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    int status = follow_commit(f);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, EXIT_IO);
    assert_string_equal(failure_text(follow_failure(f)),
                        "state: writing failed: File too large: the old file is kept: make room "
                        "and run it again");
    follow_close(f);
    expect_file(STATE, text_slice(&before));
    run_quiet();
    unlink(STATE);
    assert_int_equal(symlink("/dev/zero", STATE), 0);
    run_fails(EXIT_NOINPUT, "state: is no regular file");
    text_free(&got);
    text_free(&before);
}

static void through_a_link(void **state)
{
    (void)state;
    mkdir("data", 0755);
    assert_int_equal(symlink("data/mail.log", LOG), 0);
    log_lines(10);
    run_quiet();
    log_lines(10);
    move("data/mail.log", "data/mail.log.1");
    log_lines(10);
    run_quiet();
}

static void progress(void **state)
{
    uint64_t done, size;
    const char *block;

    (void)state;
    log_lines(20000);
    run_quiet();
    log_lines(20000);
    rotate_to("mail.log.1");
    log_lines(20000);
    struct follow *f = follow_open(LOG, STATE);
    struct stat a, b;
    stat("mail.log.1", &a);
    stat(LOG, &b);
    follow_progress(f, &done, &size);
    assert_int_equal(size, a.st_size + b.st_size);
    assert_true(done > 0 && done < size);
    assert_true(follow_read(f, &block) > 0);
    assert_true(strstr(follow_source(f), "/mail.log.1"));
    while (follow_read(f, &block) > 0)
        ;
    follow_progress(f, &done, &size);
    assert_int_equal(done, size);
    assert_int_equal(strcmp(follow_source(f) + strlen(follow_source(f)) - 8, LOG), 0);
    follow_close(f);
}

/* ---- everything mixed ---- */

static unsigned random_state;

static unsigned dice(unsigned n)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % n;
}

static void shift_numbers(void)
{
    static const char *const ends[] = {"", ".gz", ".zst"};
    char from[40], to[40];

    for (int k = 60; k > 0; k--)
        for (int e = 0; e < 3; e++) {
            snprintf(from, sizeof from, "mail.log.%d%s", k, ends[e]);
            snprintf(to, sizeof to, "mail.log.%d%s", k + 1, ends[e]);
            if (rename(from, to) != 0 && errno != ENOENT)
                fail();
        }
}

static void pack_one(void)
{
    char from[40], to[48];

    for (int k = 1 + (int)dice(3); k < 60; k++) {
        snprintf(from, sizeof from, "mail.log.%d", k);
        snprintf(to, sizeof to, "mail.log.%d%s", k, dice(2) ? ".gz" : ".zst");
        if (access(from, F_OK) == 0) {
            pack(from, to);
            return;
        }
    }
}

static void write_something(bool *half)
{
    char line[64];
    unsigned n = dice(4);

    for (unsigned i = 0; i < n; i++)
        log_lines(1 + dice(30));
    if (n && dice(3) == 0) {
        snprintf(line, sizeof line, "half %u", number++);
        append_file(LOG, slice_str(line));
        text_add(&want, slice_str(line));
        *half = true;
    }
}

static void end_half(bool *half, bool in_log)
{
    if (*half) {
        if (in_log)
            append_file(LOG, SL(" ends\n"));
        text_add(&want, in_log ? SL(" ends\n") : SL("\n"));
    }
    *half = false;
}

/* Rotation, packing and runs in any order: with the last run, every line came once and in order. */
static void mixed(unsigned seed)
{
    struct text all = {0}; /* what committed runs handed out */
    bool half = false;

    random_state = seed;
    scratch_clear(".");
    want.n = 0;
    put_file(LOG, SL(""));
    run_quiet(); /* what was rotated away before the first run would not count */
    for (unsigned step = 0; step < 60 || half; step++) {
        unsigned what = dice(10);
        struct stat st;

        if (what < 3 || step >= 60) {
            end_half(&half, true);
            write_something(&half);
            if (step >= 60)
                end_half(&half, true);
        } else if (what == 3 || what == 4) {
            assert_int_equal(stat(LOG, &st), 0);
            if (st.st_size == 0) /* as logrotate's notifempty */
                continue;
            shift_numbers();
            what == 3 ? rotate_to("mail.log.1") : copytruncate_to("mail.log.1");
            end_half(&half, false);
        } else if (what == 5) {
            pack_one();
        } else {
            struct follow *f = follow_open(LOG, STATE);
            struct text got = {0};
            assert_int_equal(read_all(f, &got), 0);
            if (notes[0] || gaps)
                fail_msg("seed %u: %s", seed, notes);
            if (what > 6) {
                text_add(&all, text_slice(&got));
                assert_int_equal(follow_commit(f), 0);
            }
            follow_close(f);
            text_free(&got);
        }
    }
    log_lines(1);
    struct follow *f = follow_open(LOG, STATE);
    assert_int_equal(read_all(f, &all), 0);
    follow_close(f);
    if (all.n != want.n || memcmp(all.p, want.p, all.n) != 0)
        print_error("seed %u\n", seed);
    expect_data(&all);
    text_free(&all);
}

static void mixed_all(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 25; seed++)
        mixed(seed);
}

/* A writer and a rotation at full speed in another process, and runs that meet them anywhere. */
static void busy_writer(int stop_fd)
{
    char c;

    fcntl(stop_fd, F_SETFL, O_NONBLOCK);
    for (unsigned i = 0; read(stop_fd, &c, 1) < 0; i++) {
        log_lines(1 + i % 90);
        want.n = 0;
        if (i % 7 == 3) {
            shift_numbers();
            move(LOG, "mail.log.1");
            if (i % 2)
                put_file(LOG, SL(""));
        }
        if (i % 5 == 2) {
            struct text t = {0}, packed = {0};
            if (access("mail.log.1", F_OK) == 0) {
                t = get_file("mail.log.1");
                gzip(&packed, text_slice(&t));
                put_file("mail.log.1.gz", slice_of(packed.p, packed.n / 2));
                append_file("mail.log.1.gz", slice_skip(text_slice(&packed), packed.n / 2));
                unlink("mail.log.1");
                text_free(&t);
                text_free(&packed);
            }
        }
        usleep(500);
        if (i > 350) /* numbers up to 60 are shifted */
            break;
    }
    _exit(0);
}

static void meanwhile(void **state)
{
    struct text all = {0};
    unsigned next = 0, n, at = 0, runs = 0, tries_again = 0;
    int fd[2];

    (void)state;
    put_file(LOG, SL(""));
    run_quiet();
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0)
        busy_writer(fd[0]);
    for (bool last = false; !last; runs++) {
        last = waitpid(child, NULL, WNOHANG) == child;
        struct follow *f = follow_open(LOG, STATE);
        struct text got = {0};
        int status = read_all(f, &got);
        if (status == EXIT_TEMPFAIL) {
            tries_again++;
        } else {
            if (status || gaps)
                fail_msg("%s %s", failed_why, notes);
            if (runs % 3 || last) {
                text_add(&all, text_slice(&got));
                assert_int_equal(follow_commit(f), 0);
            }
        }
        follow_close(f);
        text_free(&got);
    }
    assert_true(runs > 10 && tries_again < runs / 2);
    while (at < all.n) {
        const char *newline = memchr(all.p + at, '\n', all.n - at);
        const char *word = slice_rchr(slice_range(all.p + at, newline), ' ');
        assert_int_equal(sscanf(word, " %u", &n), 1);
        assert_int_equal(n, next);
        next++;
        at = (unsigned)(newline + 1 - all.p);
    }
    assert_true(next > 1000);
    close(fd[0]);
    close(fd[1]);
    text_free(&all);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(growth),
        T(half_a_line),
        T(renamed),
        T(renamed_with_new_lines),
        T(copied_and_truncated),
        T(several_rotations),
        T(other_files),
        T(while_being_packed),
        T(while_being_copied),
        T(late_writer),
        T(first_run_on_nothing),
        T(log_is_missing),
        T(rotated_half_line),
        T(nul_beginning),
        T(long_lines),
        T(rotated_file_gone),
        T(packed_file_damaged),
        T(damaged_before_the_place),
        T(packed_by_xz),
        T(cut_or_changed),
        T(damaged_state),
        T(of_another_log),
        T(two_runs_at_once),
        T(blobs),
        T(kept_by_the_caller),
        T(commit_in_the_middle),
        T(state_on_a_full_disk),
        T(through_a_link),
        T(progress),
        T(mixed_all),
        T(meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
