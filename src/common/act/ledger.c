#include "act/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/ledger_parts.h"
#include "base/exits.h"
#include "base/lockfile.h"

#define APPLICATION_ID 0x6d70746c /* "mptl" */
#define BUSY_MS 30000

/* --- failures --- */

const struct failure *ledger_failure(const struct ledger *l)
{
    return &l->failure;
}

int ledger_fail(struct ledger *l, int status, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    failure_set(&l->failure, status, "%s", text ? text : "out of memory");
    free(text);
    return l->failure.status;
}

/* Who decides at the moment, named by its lock; otherwise another writer, who leaves no name. */
static int busy(struct ledger *l)
{
    struct lockfile probe = {.fd = -1};
    char *path = NULL;

    if (l->lock.fd < 0 && asprintf(&path, "%s.lock", l->path) >= 0 && access(path, F_OK) == 0 &&
        lockfile_take(&probe, path, &l->failure) == 0)
        lockfile_drop(&probe);
    free(path);
    return ledger_fail(l, EXIT_TEMPFAIL,
                       "%s: another program writes to it for more than %d seconds: nothing was "
                       "changed: try again",
                       l->path, BUSY_MS / 1000);
}

static int disk(struct ledger *l, int code)
{
    int cause = l->db ? sqlite3_system_errno(l->db) : 0;

    if (code == SQLITE_FULL || cause == ENOSPC || cause == EDQUOT || cause == EFBIG)
        return ledger_fail(l, EXIT_IO, "%s: %s: nothing was changed: make room and run it again",
                           l->path, code == SQLITE_FULL ? "the disk is full" : strerror(cause));
    return ledger_fail(l, EXIT_IO,
                       "%s: %s%s%s: nothing was changed: look at its disk, and at the permissions "
                       "of the file and of its folder",
                       l->path, l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(code),
                       cause ? ": " : "", cause ? strerror(cause) : "");
}

int ledger_sqlite_failed(struct ledger *l, int code)
{
    const char *why = l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return busy(l);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ledger_fail(l, EXIT_IO,
                           "%s: can't be written: nothing was changed: look at the permissions of "
                           "the file and of its folder",
                           l->path);
    case SQLITE_NOTADB:
        return ledger_fail(l, EXIT_DATA, "%s: is no ledger: name another file", l->path);
    case SQLITE_CORRUPT:
        return ledger_fail(l, EXIT_DATA,
                           "%s: is damaged (%s): restore a copy, mptools-ledger(5) says how",
                           l->path, why);
    case SQLITE_CONSTRAINT:
        return ledger_fail(l, EXIT_DATA,
                           "%s: %s: nothing was changed: was it changed by hand? "
                           "mptools-ledger(5) says what fits",
                           l->path, why);
    case SQLITE_NOMEM:
        return ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    default:
        return disk(l, code & 0xff);
    }
}

/* --- opening --- */

static bool execute(struct ledger *l, const char *sql)
{
    int code = l->failure.status ? SQLITE_OK : sqlite3_exec(l->db, sql, NULL, NULL, NULL);

    if (code != SQLITE_OK)
        ledger_sqlite_failed(l, code);
    return l->failure.status == 0;
}

static int64_t pragma(struct ledger *l, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    int code = l->failure.status ? SQLITE_MISUSE : sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL);

    if (l->failure.status)
        return -1;
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    if (code != SQLITE_ROW)
        ledger_sqlite_failed(l, code);
    return value;
}

static int version_here(void)
{
    int n = 0;

    while (ledger_migrations[n])
        n++;
    return n;
}

static void migrate(struct ledger *l, int from)
{
    char sql[80];

    for (int v = from; ledger_migrations[v] && l->failure.status == 0; v++)
        execute(l, ledger_migrations[v]);
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, version_here());
    execute(l, sql);
}

/* Its version; -1 after a failure. Nothing is changed before it is known to be ours. */
static int identify(struct ledger *l)
{
    int64_t tables = pragma(l, "SELECT count(*) FROM sqlite_master");
    int64_t id = pragma(l, "PRAGMA application_id");
    int64_t version = pragma(l, "PRAGMA user_version");

    if (l->failure.status == 0 && (tables > 0 || version > 0 || id > 0) && id != APPLICATION_ID)
        ledger_fail(l, EXIT_DATA, "%s: is another program's database: name another file", l->path);
    if (l->failure.status == 0 && version > version_here())
        ledger_fail(l, EXIT_DATA, "%s: is of version %d, from newer mptools than these: use those",
                    l->path, (int)version);
    return l->failure.status ? -1 : (int)version;
}

/* SQLite doesn't wait everywhere while another program turns to WAL. */
static void turn_to_wal(struct ledger *l)
{
    int code = SQLITE_BUSY;

    if (l->failure.status)
        return;
    for (int ms = 0; code == SQLITE_BUSY && ms < BUSY_MS; ms += 20) {
        if (ms)
            sqlite3_sleep(20);
        code = 0xff & sqlite3_exec(l->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK)
        ledger_sqlite_failed(l, code);
    execute(l, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864");
}

/* Another program may have made it or brought it up meanwhile, so it is looked at under the lock.
 */
static void bring_up(struct ledger *l)
{
    if (identify(l) == version_here() || !execute(l, "BEGIN IMMEDIATE"))
        return;
    int version = identify(l);
    if (version >= 0)
        migrate(l, version);
    if (l->failure.status)
        sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    else
        execute(l, "COMMIT");
}

/* The file has to have its mode before SQLite makes the ones beside it. */
static void make(struct ledger *l)
{
    mode_t old = umask(0027);
    int fd = open(l->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    umask(old);
    if (fd >= 0)
        close(fd);
    else if (errno == ENOENT)
        ledger_fail(l, EXIT_CANTCREAT, "%s: its folder is not there: make it first", l->path);
    else
        ledger_fail(l, EXIT_CANTCREAT,
                    "%s: can't be made: %s: check its folder and who may write "
                    "there",
                    l->path, strerror(errno));
}

static void take_lock(struct ledger *l)
{
    char *path;

    if (asprintf(&path, "%s.lock", l->path) < 0) {
        failure_memory(&l->failure);
        return;
    }
    lockfile_take(&l->lock, path, &l->failure);
    free(path);
}

/* True when there is a file to open. */
static bool there(struct ledger *l, enum ledger_use use)
{
    struct stat st;

    if (stat(l->path, &st) == 0 && S_ISDIR(st.st_mode))
        ledger_fail(l, EXIT_NOINPUT, "%s: is a folder: name a file in it", l->path);
    else if (access(l->path, F_OK) == 0)
        return true;
    else if (errno != ENOENT)
        ledger_fail(l, EXIT_IO, "%s: can't be opened: %s: check its folder and who you are",
                    l->path, strerror(errno));
    else if (use == LEDGER_READ)
        ledger_fail(l, EXIT_NOINPUT,
                    "%s: there is no ledger: senderblock makes it; --ledger names another",
                    l->path);
    else
        make(l);
    return l->failure.status == 0;
}

/* Opens it and reads its first page, which is where SQLite finds out. */
static int connect_as(struct ledger *l, const char *name, int flags)
{
    int code = sqlite3_open_v2(name, &l->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return code;
    sqlite3_extended_result_codes(l->db, 1);
    sqlite3_busy_timeout(l->db, BUSY_MS);
    return sqlite3_exec(l->db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

/* A reader who may not write to the folder can't make the files of the write-ahead log. While there
 * is none nobody writes, and the file is all there is. (A writer who begins within the moment that
 * a reader takes is not seen.) */
static int connect_unchanging(struct ledger *l)
{
    struct text uri = {0};
    int code = SQLITE_NOMEM;

    text_addf(&uri, "%s-wal", l->path);
    if (uri.failed || access(uri.p, F_OK) == 0) {
        text_free(&uri);
        return SQLITE_CANTOPEN;
    }
    uri.n = 0;
    text_add(&uri, SL("file:"));
    for (const char *p = l->path; *p; p++) {
        if (strchr("%?#", *p))
            text_addf(&uri, "%%%02x", (unsigned char)*p);
        else
            text_addc(&uri, *p);
    }
    text_add(&uri, slice_of("?immutable=1", sizeof "?immutable=1")); /* with its NUL */
    if (!uri.failed) {
        sqlite3_close(l->db);
        code = connect_as(l, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    }
    text_free(&uri);
    return code;
}

static void open_file(struct ledger *l, enum ledger_use use)
{
    bool file = strcmp(l->path, LEDGER_MEMORY) != 0;
    int code;

    if (file && !there(l, use))
        return;
    if (file && use == LEDGER_DECIDE)
        take_lock(l);
    if (l->failure.status)
        return;
    code =
        connect_as(l, l->path, use == LEDGER_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (use == LEDGER_READ &&
        ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY))
        code = connect_unchanging(l);
    if (code != SQLITE_OK) {
        ledger_sqlite_failed(l, code);
        return;
    }
    int version = identify(l);
    if (use != LEDGER_READ) {
        turn_to_wal(l);
        bring_up(l);
    } else if (version >= 0 && version < version_here()) {
        ledger_fail(l, EXIT_DATA,
                    "%s: was made by an older version of mptools: run senderblock once", l->path);
    }
    execute(l, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
}

struct ledger *ledger_open(const char *path, enum ledger_use use)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->lock.fd = -1;
    if ((l->path = strdup(path)) == NULL)
        failure_memory(&l->failure);
    else
        open_file(l, use);
    return l;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    ledger_rollback(l);
    for (size_t i = 0; i < l->n; i++)
        sqlite3_finalize(l->kept[i].stmt);
    sqlite3_close(l->db);
    lockfile_drop(&l->lock);
    failure_free(&l->failure);
    free(l->kept);
    free(l->path);
    free(l);
}

/* --- transactions --- */

bool ledger_begin(struct ledger *l)
{
    if (execute(l, "BEGIN IMMEDIATE"))
        l->open = true;
    return l->failure.status == 0;
}

int ledger_commit(struct ledger *l)
{
    if (execute(l, "COMMIT"))
        l->open = false;
    else
        ledger_rollback(l);
    return l->failure.status;
}

void ledger_rollback(struct ledger *l)
{
    for (size_t i = 0; i < l->n; i++)
        sqlite3_reset(l->kept[i].stmt);
    if (l->open)
        sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    l->open = false;
}
