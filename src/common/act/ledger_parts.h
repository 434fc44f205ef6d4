/* ledger_parts: what the files of the ledger share; for ledger*.c only. */
#ifndef MPTOOLS_ACT_LEDGER_PARTS_H
#define MPTOOLS_ACT_LEDGER_PARTS_H

#include <sqlite3.h>

#include "act/ledger.h"
#include "base/lockfile.h"

/* The n-th brings a ledger from version n to n + 1 (PRAGMA user_version); NULL ends them. What was
 * once released never changes. */
extern const char *const ledger_migrations[];

struct ledger_kept {
    const char *sql; /* its address is the key */
    sqlite3_stmt *stmt;
};

struct ledger {
    char *path;
    sqlite3 *db;
    struct failure failure;
    struct lockfile lock;
    bool open; /* a transaction */
    struct ledger_kept *kept;
    size_t n, cap;
};

/* SQLite said no. Returns the status. */
int ledger_sqlite_failed(struct ledger *l, int code);

#endif
