/* ledger: the memory of the whole toolkit, one SQLite file; mptools-ledger(5) describes its tables.
 *
 * Write-ahead log, synchronous FULL: what was committed survives a crash of the machine. A run that
 * decides takes LEDGER.lock (base/lockfile.h), so that it alone goes on from the state that it
 * read; readers and short writers (mpnotify) only wait for SQLite's own lock, at most 30 s.
 *
 * A ledger is for one thread.
 *
 * Failures stick: after the first one every call does nothing and ledger_commit() fails, so callers
 * may look at the end only. Nothing is changed then: the transaction is rolled back. Statuses:
 * EXIT_IO (disk, permission), EXIT_CANTCREAT, EXIT_NOINPUT (LEDGER_READ: there is none),
 * EXIT_TEMPFAIL (another run holds it: the text says who), EXIT_DATA (not a ledger, of a newer
 * version, damaged, or changed by hand so that it no longer fits). The text says what to do.
 *
 * SECURITY: the file names customers and their addresses; it is made with mode 0640.
 */
#ifndef MPTOOLS_ACT_LEDGER_H
#define MPTOOLS_ACT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/slice.h"
#include "base/text.h"

#define LEDGER_DEFAULT "/var/lib/mptools/ledger.db"
#define LEDGER_MEMORY ":memory:" /* an empty one that leaves nothing behind: for dry runs */

struct ledger;
struct sqlite3_stmt;

enum ledger_use {
    LEDGER_READ,  /* must be there */
    LEDGER_WRITE, /* made when it isn't there; short transactions */
    LEDGER_DECIDE /* the same, and takes the lock until ledger_close() */
};

/* Never NULL unless memory runs out: look at ledger_failure() next. Brings an older ledger to this
 * version (not with LEDGER_READ: that refuses one). */
struct ledger *ledger_open(const char *path, enum ledger_use use);
void ledger_close(struct ledger *l); /* rolls an open transaction back; NULL is fine */
const struct failure *ledger_failure(const struct ledger *l); /* status 0: none */
/* The caller's own trouble, so that nothing is committed; returns the status. */
int ledger_fail(struct ledger *l, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool ledger_begin(struct ledger *l); /* BEGIN IMMEDIATE */
int ledger_commit(struct ledger *l); /* 0 or the failure's status */
void ledger_rollback(struct ledger *l);

/* One statement. sql: a string that stays (statements are kept, by its address). types says what
 * follows, one letter for each `?`: i int64_t, t struct slice (text), b struct slice (blob), d
 * double, n nothing (NULL), I int64_t that is NULL when it is INT64_MIN, T text that is NULL when
 * it is empty. False after a failure. */
bool ledger_run(struct ledger *l, const char *sql, const char *types, ...);
int64_t ledger_inserted(const struct ledger *l); /* row id of the last INSERT */
int64_t ledger_changes(const struct ledger *l);  /* rows that the last ledger_run() changed */

/* Rows of a SELECT. Ends with false from ledger_next(), or in ledger_done(). One use of the same
 * sql at a time. Texts and blobs live until the next ledger_next(). */
struct ledger_rows {
    struct ledger *ledger;
    struct sqlite3_stmt *stmt;
};
struct ledger_rows ledger_query(struct ledger *l, const char *sql, const char *types, ...);
bool ledger_next(struct ledger_rows *rows);
void ledger_done(struct ledger_rows *rows);
int64_t ledger_int(const struct ledger_rows *rows, int column); /* NULL: INT64_MIN */
double ledger_double(const struct ledger_rows *rows, int column);
struct slice ledger_text(const struct ledger_rows *rows, int column); /* also a blob's bytes */
/* The row as members of a JSON object, without its braces, named as the columns are; NULL and ''
 * are left out. A name that ends in `@` loses it, and its number is a time: RFC 3339 in UTC. */
void ledger_json(const struct ledger_rows *rows, struct text *out);
/* The first column of the first row; `none` when there is no row, or NULL. */
int64_t ledger_int_of(struct ledger *l, int64_t none, const char *sql, const char *types, ...);

/* Byte strings by name (table state). Found: copied into out (which is emptied first). */
bool ledger_state(struct ledger *l, const char *name, struct text *out);
bool ledger_state_set(struct ledger *l, const char *name, struct slice bytes);

/* A line of the journal. incident, listing: 0 for none. by: who decided, a person or the tool. */
bool ledger_journal(struct ledger *l, int64_t time, struct slice tool, struct slice by,
                    int64_t incident, int64_t listing, struct slice what, struct slice reason);

#endif
