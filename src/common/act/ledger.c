#include "act/ledger.h"

#include <errno.h>
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

int ledger_sqlite_failed(struct ledger *l, int code)
{
    const char *why = l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ledger_fail(l, EXIT_TEMPFAIL,
                           "%s: another program writes to it for more than %d seconds: nothing "
                           "was changed: try again",
                           l->path, BUSY_MS / 1000);
    case SQLITE_FULL:
        return ledger_fail(l, EXIT_IO,
                           "%s: the disk is full: nothing was changed: make room and run it again",
                           l->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ledger_fail(l, EXIT_IO,
                           "%s: can't be written: nothing was changed: look at its "
                           "permissions and its folder's",
                           l->path);
    case SQLITE_NOTADB:
        return ledger_fail(l, EXIT_DATA, "%s: is no ledger: name another file", l->path);
    case SQLITE_CORRUPT:
        return ledger_fail(l, EXIT_DATA,
                           "%s: is damaged (%s): restore a copy, mptools-ledger(5) says how",
                           l->path, why);
    case SQLITE_NOMEM:
        return ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    default:
        return ledger_fail(l, EXIT_IO, "%s: %s: nothing was changed", l->path, why);
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

/* Another program may have made or brought it up meanwhile, so it is looked at under the lock. */
static void bring_up(struct ledger *l, enum ledger_use use)
{
    if (use != LEDGER_READ && !execute(l, "BEGIN IMMEDIATE"))
        return;
    int64_t version = pragma(l, "PRAGMA user_version");
    int64_t id = pragma(l, "PRAGMA application_id");
    int64_t tables = pragma(l, "SELECT count(*) FROM sqlite_master");
    if (l->failure.status == 0 && (tables > 0 || version > 0) && id != APPLICATION_ID)
        ledger_fail(l, EXIT_DATA, "%s: is another program's database: name another file", l->path);
    if (l->failure.status == 0 && version > version_here())
        ledger_fail(l, EXIT_DATA, "%s: was made by a newer version of mptools: use that one",
                    l->path);
    if (l->failure.status == 0 && version < version_here()) {
        if (use == LEDGER_READ)
            ledger_fail(l, EXIT_DATA,
                        "%s: was made by an older version of mptools: run senderblock once",
                        l->path);
        else
            migrate(l, (int)version);
    }
    if (use == LEDGER_READ)
        return;
    if (l->failure.status)
        sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
    else
        execute(l, "COMMIT");
}

/* The file has to have its mode before SQLite makes the ones beside it. */
static void make(struct ledger *l)
{
    FILE *f;
    mode_t old = umask(0027);

    f = fopen(l->path, "abe");
    umask(old);
    if (f == NULL && errno == ENOENT)
        ledger_fail(l, EXIT_CANTCREAT, "%s: its folder is not there: make it first", l->path);
    else if (f == NULL)
        ledger_fail(l,
                    errno == EROFS || errno == EACCES || errno == ENOSPC ? EXIT_IO : EXIT_CANTCREAT,
                    "%s: can't be made: %m", l->path);
    if (f)
        fclose(f);
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

static void open_file(struct ledger *l, enum ledger_use use)
{
    int flags = use == LEDGER_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code;

    if (access(l->path, F_OK) != 0) {
        if (use == LEDGER_READ) {
            ledger_fail(l, EXIT_NOINPUT,
                        "%s: there is no ledger: senderblock makes it; --ledger names another",
                        l->path);
            return;
        }
        make(l);
    }
    if (l->failure.status == 0 && use == LEDGER_DECIDE)
        take_lock(l);
    if (l->failure.status)
        return;
    code = sqlite3_open_v2(l->path, &l->db, flags, NULL);
    if (code != SQLITE_OK) {
        ledger_sqlite_failed(l, code);
        return;
    }
    sqlite3_busy_timeout(l->db, BUSY_MS);
    sqlite3_extended_result_codes(l->db, 1);
    if (use != LEDGER_READ)
        execute(l, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    execute(l, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
    bring_up(l, use);
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
    l->open = execute(l, "BEGIN IMMEDIATE");
    return l->open;
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

/* --- what is kept by name --- */

bool ledger_state(struct ledger *l, const char *name, struct text *out)
{
    struct ledger_rows r =
        ledger_query(l, "SELECT bytes FROM state WHERE name = ?", "t", slice_str(name));
    bool found = ledger_next(&r);

    out->n = 0;
    if (found) {
        text_add(out, ledger_text(&r, 0));
        if (out->failed)
            failure_memory(&l->failure);
    }
    ledger_done(&r);
    return found && !out->failed;
}

bool ledger_state_set(struct ledger *l, const char *name, struct slice bytes)
{
    return ledger_run(l, "INSERT OR REPLACE INTO state (name, bytes) VALUES (?, ?)", "tb",
                      slice_str(name), bytes);
}

bool ledger_journal(struct ledger *l, int64_t time, struct slice tool, struct slice by,
                    int64_t incident, int64_t listing, struct slice what, struct slice reason)
{
    return ledger_run(l,
                      "INSERT INTO journal (time, tool, by, incident, listing, what, reason)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?)",
                      "ittIItt", time, tool, by, incident ? incident : INT64_MIN,
                      listing ? listing : INT64_MIN, what, reason);
}
