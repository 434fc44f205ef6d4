/* ledger: what is committed and what is not, how failures stick, and what every kind of bad file is
 * taken for. What takes several processes is in tests/ledger.t. */
#include "scratch.h"

#include "act/ledger_parts.h"
#include "base/exits.h"

#define L "l.db"

static struct ledger *opened(const char *path, enum ledger_use use)
{
    struct ledger *l = ledger_open(path, use);

    assert_non_null(l);
    assert_string_equal(failure_text(ledger_failure(l)), "");
    return l;
}

/* A reader that is the last to close it leaves the files of the log behind. */
static void remove_ledger(void)
{
    unlink(L);
    unlink(L "-wal");
    unlink(L "-shm");
    unlink(L ".lock");
}

static void expect_failure(const struct ledger *l, int status, const char *text)
{
    assert_non_null(l);
    assert_string_equal(failure_text(ledger_failure(l)), text);
    assert_int_equal(ledger_failure(l)->status, status);
}

static void expect_no_open(const char *path, enum ledger_use use, int status, const char *text)
{
    struct ledger *l = ledger_open(path, use);

    expect_failure(l, status, text);
    /* and every call on it is harmless */
    assert_false(ledger_begin(l));
    assert_false(ledger_run(l, "DELETE FROM state", ""));
    assert_int_equal(ledger_inserted(l), 0);
    assert_int_equal(ledger_changes(l), 0);
    assert_int_equal(ledger_int_of(l, 7, "SELECT 1", ""), 7);
    assert_int_equal(ledger_commit(l), status);
    ledger_rollback(l);
    ledger_close(l);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t add_state(struct ledger *l, const char *name)
{
    assert_true(ledger_state_set(l, name, slice_str(name)));
    return ledger_int_of(l, 0, "SELECT count(*) FROM state", "");
}

static void is_made(void **state)
{
    struct ledger *l;
    struct stat st;

    (void)state;
    l = opened(L, LEDGER_WRITE);
    assert_int_equal(stat(L, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(ledger_int_of(l, 0, "PRAGMA application_id", ""), 0x6d70746c);
    assert_int_equal(ledger_int_of(l, 0, "PRAGMA user_version", ""), 1);
    assert_int_equal(ledger_int_of(l, 0, "PRAGMA foreign_keys", ""), 1);
    assert_int_equal(ledger_int_of(l, 0, "PRAGMA synchronous", ""), 2);
    assert_int_equal(
        ledger_int_of(l, 0, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", ""), 1);
    assert_true(ledger_state_set(l, "a", SL("b")));
    assert_int_equal(stat(L "-wal", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    ledger_close(l);
    assert_int_equal(scratch_entries("."), 1); /* nothing beside it when nobody has it open */
    ledger_close(NULL);
    remove_ledger();
}

/* One transaction brings it up: an empty file may be found, and becomes one. */
static void empty_file(void **state)
{
    (void)state;
    put_file(L, SL(""));
    expect_no_open(L, LEDGER_READ, EXIT_DATA,
                   L ": was made by an older version of mptools: run senderblock once");
    ledger_close(opened(L, LEDGER_WRITE));
    ledger_close(opened(L, LEDGER_READ));
    remove_ledger();
}

static void bytes_go_round(void **state)
{
    static const struct slice evil = SL("\x00\x1b[31m'); DROP TABLE state;--\xff\xfe\n\t");
    struct ledger *l = opened(L, LEDGER_WRITE);
    struct ledger_rows r;

    (void)state;
    assert_true(ledger_run(l, "CREATE TEMP TABLE t (a, b, c, d, e, f, g)", ""));
    assert_true(ledger_run(l, "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", "itbdnII", INT64_MAX,
                           evil, evil, 0.5, INT64_MIN, (int64_t)-3));
    assert_int_equal(ledger_inserted(l), 1);
    assert_int_equal(ledger_changes(l), 1);
    r = ledger_query(l, "SELECT *, typeof(b), typeof(c), typeof(e), typeof(f) FROM t", "");
    assert_true(ledger_next(&r));
    assert_true(ledger_int(&r, 0) == INT64_MAX);
    assert_true(slice_eq(ledger_text(&r, 1), evil));
    assert_true(slice_eq(ledger_text(&r, 2), evil));
    assert_true(ledger_double(&r, 3) > 0.49 && ledger_double(&r, 3) < 0.51);
    assert_true(ledger_int(&r, 4) == INT64_MIN);
    assert_true(ledger_int(&r, 5) == INT64_MIN);
    assert_int_equal(ledger_int(&r, 6), -3);
    assert_int_equal(ledger_text(&r, 4).n, 0);
    assert_true(slice_eq(ledger_text(&r, 7), SL("text")));
    assert_true(slice_eq(ledger_text(&r, 8), SL("blob")));
    assert_true(slice_eq(ledger_text(&r, 9), SL("null")));
    assert_true(slice_eq(ledger_text(&r, 10), SL("null")));
    assert_false(ledger_next(&r));
    assert_false(ledger_next(&r)); /* it has ended */
    ledger_done(&r);
    /* an empty slice without an address is '', not NULL */
    assert_true(ledger_run(l, "UPDATE t SET b = ?, c = ?", "tb", SLICE_NONE, SLICE_NONE));
    assert_int_equal(ledger_int_of(l, 0, "SELECT b IS '' AND c IS x'' FROM t", ""), 1);
    ledger_close(l);
    remove_ledger();
}

static void queries_begin_again(void **state)
{
    static const char numbers[] = "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n"
                                  " LIMIT 5) SELECT i FROM n";
    struct ledger *l = opened(L, LEDGER_WRITE);
    char text[64][24];

    (void)state;
    for (int64_t from = 10; from < 13; from++) {
        struct ledger_rows r = ledger_query(l, numbers, "i", from);
        assert_true(ledger_next(&r));
        assert_int_equal(ledger_int(&r, 0), from);
        if (from == 11)
            ledger_done(&r); /* in the middle */
    }
    for (unsigned i = 0; i < 64; i++) /* more than there was room for at first */
        snprintf(text[i], sizeof text[i], "SELECT %u", i);
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(ledger_int_of(l, -1, text[i % 64], ""), i % 64);
    assert_int_equal(ledger_int_of(l, -1, "SELECT 1 WHERE 0", ""), -1);
    assert_int_equal(ledger_int_of(l, -1, "SELECT NULL", ""), -1);
    ledger_close(l);
    remove_ledger();
}

static void transactions(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);

    (void)state;
    assert_true(ledger_begin(l));
    assert_int_equal(add_state(l, "kept"), 1);
    assert_int_equal(ledger_commit(l), 0);
    assert_true(ledger_begin(l));
    assert_int_equal(add_state(l, "rolled back"), 2);
    ledger_rollback(l);
    assert_true(ledger_begin(l));
    assert_int_equal(add_state(l, "closed"), 2);
    ledger_close(l);
    l = opened(L, LEDGER_READ);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM state WHERE name = 'kept'", ""), 1);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM state", ""), 1);
    assert_false(ledger_state_set(l, "a", SL("b")));
    expect_failure(l, EXIT_IO,
                   L ": can't be written: nothing was changed: look at the permissions of the file "
                     "and of its folder");
    ledger_close(l);
    remove_ledger();
}

/* The first failure stays, and takes the transaction with it. */
static void failures_stick(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);

    (void)state;
    assert_true(ledger_begin(l));
    add_state(l, "before");
    assert_int_equal(ledger_fail(l, EXIT_CONFIG, "customers: line %d: no", 3), EXIT_CONFIG);
    assert_false(ledger_state_set(l, "after", SL("x")));
    assert_false(ledger_begin(l)); /* the transaction that is open is not forgotten over this */
    assert_int_equal(ledger_fail(l, EXIT_IO, "a later one"), EXIT_CONFIG);
    assert_int_equal(ledger_commit(l), EXIT_CONFIG);
    expect_failure(l, EXIT_CONFIG, "customers: line 3: no");
    ledger_close(l);
    l = opened(L, LEDGER_WRITE);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM state", ""), 0);
    assert_false(ledger_run(l, "INSERT INTO nowhere VALUES (1)", ""));
    expect_failure(l, EXIT_IO,
                   L ": no such table: nowhere: nothing was changed: look at its disk, and at the "
                     "permissions of the file and of its folder");
    ledger_close(l);
    remove_ledger();
}

static void named_bytes(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);
    struct text out = {0};

    (void)state;
    text_add(&out, SL("left over"));
    assert_false(ledger_state(l, "log", &out));
    assert_int_equal(out.n, 0);
    assert_true(ledger_state_set(l, "log", SL("a\0b")));
    assert_true(ledger_state_set(l, "log", SL("c\0de")));
    assert_true(ledger_state_set(l, "empty", SLICE_NONE));
    assert_true(ledger_state(l, "log", &out));
    assert_true(slice_eq(text_slice(&out), SL("c\0de")));
    assert_true(ledger_state(l, "empty", &out));
    assert_int_equal(out.n, 0);
    text_free(&out);
    ledger_close(l);
    remove_ledger();
}

static void journal_stays(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);

    (void)state;
    assert_true(ledger_journal(l, 5, SL("senderblock"), SL("anna"), 0, 0, SL("undone"), SL("so")));
    assert_int_equal(ledger_int_of(l, 0,
                                   "SELECT count(*) FROM journal WHERE incident IS NULL"
                                   " AND listing IS NULL AND time = 5 AND by = 'anna'",
                                   ""),
                     1);
    assert_false(ledger_run(l, "DELETE FROM journal", ""));
    expect_failure(l, EXIT_DATA,
                   L ": the journal is never changed: nothing was changed: was it changed by hand? "
                     "mptools-ledger(5) says what fits");
    ledger_close(l);
    l = opened(L, LEDGER_WRITE);
    assert_false(ledger_run(l, "UPDATE journal SET reason = ''", ""));
    ledger_close(l);
    l = opened(L, LEDGER_WRITE);
    /* an incident that isn't there */
    assert_false(ledger_journal(l, 5, SL("t"), SL("t"), 99, 0, SL("x"), SL("y")));
    assert_int_equal(ledger_failure(l)->status, EXIT_DATA);
    ledger_close(l);
    l = opened(L, LEDGER_READ);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM journal", ""), 1);
    ledger_close(l);
    remove_ledger();
}

static void where_there_is_none(void **state)
{
    (void)state;
    expect_no_open(L, LEDGER_READ, EXIT_NOINPUT,
                   L ": there is no ledger: senderblock makes it; --ledger names another");
    assert_int_equal(scratch_entries("."), 0);
    expect_no_open("no/" L, LEDGER_WRITE, EXIT_CANTCREAT,
                   "no/" L ": its folder is not there: make it first");
    expect_no_open("no/" L, LEDGER_DECIDE, EXIT_CANTCREAT,
                   "no/" L ": its folder is not there: make it first");
    expect_no_open(".", LEDGER_WRITE, EXIT_NOINPUT, ".: is a folder: name a file in it");
    put_file("file", SL("x"));
    expect_no_open("file/" L, LEDGER_WRITE, EXIT_IO,
                   "file/" L ": can't be opened: Not a directory: check its folder and who you "
                   "are");
    unlink("file");
}

static void not_ours(void **state)
{
    char junk[8192];
    struct text before, after;

    (void)state;
    memset(junk, 'x', sizeof junk);
    put_file(L, slice_of(junk, sizeof junk));
    for (unsigned use = LEDGER_READ; use <= LEDGER_WRITE; use++)
        expect_no_open(L, use, EXIT_DATA, L ": is no ledger: name another file");
    expect_file(L, slice_of(junk, sizeof junk));
    remove_ledger();

    sql(L, "CREATE TABLE bookmarks (a)");
    before = get_file(L);
    for (unsigned use = LEDGER_READ; use <= LEDGER_WRITE; use++)
        expect_no_open(L, use, EXIT_DATA, L ": is another program's database: name another file");
    after = get_file(L);
    assert_true(slice_eq(text_slice(&before), text_slice(&after)));
    text_free(&before);
    text_free(&after);
    remove_ledger();
}

static void other_versions(void **state)
{
    (void)state;
    ledger_close(opened(L, LEDGER_WRITE));
    sql(L, "PRAGMA user_version = 9");
    for (unsigned use = LEDGER_READ; use <= LEDGER_DECIDE; use++)
        expect_no_open(L, use, EXIT_DATA,
                       L ": is of version 9, from newer mptools than these: use those");
    remove_ledger();
}

static void damaged(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);
    struct text bytes;

    (void)state;
    assert_true(ledger_begin(l));
    for (int64_t i = 0; i < 2000; i++)
        ledger_journal(l, i, SL("senderblock"), SL("senderblock"), 0, 0, SL("what"), SL("why"));
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
    bytes = get_file(L);
    memset(bytes.p + 4096, 0xa5, bytes.n - 4096);
    put_file(L, text_slice(&bytes));
    text_free(&bytes);
    l = ledger_open(L, LEDGER_READ);
    ledger_int_of(l, 0, "SELECT count(*) FROM journal WHERE reason <> ''", "");
    assert_int_equal(ledger_failure(l)->status, EXIT_DATA);
    assert_non_null(strstr(failure_text(ledger_failure(l)), L ": is damaged ("));
    ledger_close(l);
    remove_ledger();
}

static void one_decides(void **state)
{
    struct ledger *decider = opened(L, LEDGER_DECIDE), *other, *writer;
    char want[160];

    (void)state;
    snprintf(want, sizeof want,
             L ".lock: held by pid %ld: another run is at work: try again when it has ended",
             (long)getpid());
    expect_no_open(L, LEDGER_DECIDE, EXIT_TEMPFAIL, want);
    /* readers and short writers go on beside it, and read what was committed */
    writer = opened(L, LEDGER_WRITE);
    add_state(writer, "written");
    other = opened(L, LEDGER_READ);
    assert_true(ledger_begin(decider));
    assert_int_equal(add_state(decider, "not yet"), 2);
    assert_int_equal(ledger_int_of(other, 0, "SELECT count(*) FROM state", ""), 1);
    /* who waits too long for the transaction is told for whom */
    sqlite3_busy_timeout(writer->db, 50);
    assert_false(ledger_begin(writer));
    expect_failure(writer, EXIT_TEMPFAIL, want);
    assert_int_equal(ledger_commit(decider), 0);
    assert_int_equal(ledger_int_of(other, 0, "SELECT count(*) FROM state", ""), 2);
    ledger_close(writer);
    ledger_close(other);
    ledger_close(decider);
    ledger_close(opened(L, LEDGER_DECIDE));
    remove_ledger();
}

static void two_writers(void **state)
{
    struct ledger *a = opened(L, LEDGER_WRITE), *b = opened(L, LEDGER_WRITE);

    (void)state;
    assert_true(ledger_begin(a));
    sqlite3_busy_timeout(b->db, 50);
    assert_false(ledger_begin(b));
    expect_failure(b, EXIT_TEMPFAIL,
                   L ": another program writes to it for more than 30 seconds: nothing was "
                     "changed: try again");
    ledger_close(a);
    ledger_close(b);
    remove_ledger();
}

/* SQLite's own limit stands for a full disk; tests/ledger.t has real ones. */
static void full(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);
    char bytes[1 << 16] = {0};

    (void)state;
    add_state(l, "before");
    assert_int_equal(sqlite3_exec(l->db, "PRAGMA max_page_count = 50", NULL, NULL, NULL), 0);
    assert_true(ledger_begin(l));
    assert_true(ledger_state_set(l, "some", SL("x")));
    while (ledger_state_set(l, "before", slice_of(bytes, sizeof bytes)) && ledger_inserted(l) < 9)
        ledger_run(l, "INSERT INTO state SELECT name || name, bytes FROM state", "");
    assert_int_equal(ledger_commit(l), EXIT_IO);
    expect_failure(l, EXIT_IO,
                   L ": the disk is full: nothing was changed: make room and run it again");
    ledger_close(l);
    l = opened(L, LEDGER_READ);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM state", ""), 1);
    ledger_close(l);
    remove_ledger();
}

static void hostile_path(void **state)
{
    static const char path[] = "a b%41?mode=memory#'\xff.db";
    struct ledger *l = opened(path, LEDGER_WRITE);

    (void)state;
    add_state(l, "here");
    ledger_close(l);
    assert_int_equal(access(path, F_OK), 0);
    l = opened(path, LEDGER_READ);
    assert_int_equal(ledger_int_of(l, 0, "SELECT count(*) FROM state", ""), 1);
    ledger_close(l);
    unlink(path);
    unlink("a b%41?mode=memory#'\xff.db-wal");
    unlink("a b%41?mode=memory#'\xff.db-shm");
}

static void in_memory(void **state)
{
    struct ledger *l = opened(LEDGER_MEMORY, LEDGER_DECIDE),
                  *other = opened(LEDGER_MEMORY, LEDGER_DECIDE);

    (void)state;
    assert_true(ledger_begin(l));
    assert_int_equal(add_state(l, "a"), 1);
    assert_int_equal(add_state(other, "b"), 1);
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
    ledger_close(other);
    assert_int_equal(scratch_entries("."), 0);
}

/* The schema holds together: no dangling reference, and every view can be read. */
static void schema(void **state)
{
    struct ledger *l = opened(L, LEDGER_WRITE);
    struct ledger_rows r =
        ledger_query(l, "SELECT name FROM sqlite_master WHERE type = 'view'", "");
    unsigned views = 0;

    (void)state;
    while (ledger_next(&r)) {
        char *text;
        assert_true(asprintf(&text, "SELECT * FROM %.*s", (int)ledger_text(&r, 0).n,
                             ledger_text(&r, 0).p) > 0);
        assert_int_equal(sqlite3_exec(l->db, text, NULL, NULL, NULL), SQLITE_OK);
        free(text);
        views++;
    }
    assert_int_equal(views, 5);
    assert_int_equal(ledger_int_of(l, -1, "SELECT count(*) FROM pragma_foreign_key_check", ""), 0);
    assert_int_equal(ledger_int_of(l, 0,
                                   "SELECT integrity_check = 'ok' FROM"
                                   " pragma_integrity_check",
                                   ""),
                     1);
    ledger_close(l);
    remove_ledger();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made),
        cmocka_unit_test(empty_file),
        cmocka_unit_test(bytes_go_round),
        cmocka_unit_test(queries_begin_again),
        cmocka_unit_test(transactions),
        cmocka_unit_test(failures_stick),
        cmocka_unit_test(named_bytes),
        cmocka_unit_test(journal_stays),
        cmocka_unit_test(where_there_is_none),
        cmocka_unit_test(not_ours),
        cmocka_unit_test(other_versions),
        cmocka_unit_test(damaged),
        cmocka_unit_test(one_decides),
        cmocka_unit_test(two_writers),
        cmocka_unit_test(full),
        cmocka_unit_test(hostile_path),
        cmocka_unit_test(in_memory),
        cmocka_unit_test(schema),
    };

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
