#include <stdarg.h>
#include <stdlib.h>

#include "act/ledger_parts.h"

static sqlite3_stmt *prepare(struct ledger *l, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    for (size_t i = 0; i < l->n; i++)
        if (l->kept[i].sql == sql)
            return l->kept[i].stmt;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 32;
        struct ledger_kept *more = realloc(l->kept, cap * sizeof *more);
        if (more == NULL) {
            failure_memory(&l->failure);
            return NULL;
        }
        l->kept = more;
        l->cap = cap;
    }
    int code = sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK) {
        ledger_sqlite_failed(l, code);
        return NULL;
    }
    l->kept[l->n++] = (struct ledger_kept){sql, stmt};
    return stmt;
}

static int bind_bytes(sqlite3_stmt *stmt, int at, struct slice s, bool blob)
{
    const char *p = s.p ? s.p : "";

    return blob ? sqlite3_bind_blob64(stmt, at, p, s.n, SQLITE_TRANSIENT)
                : sqlite3_bind_text64(stmt, at, p, s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_int(sqlite3_stmt *stmt, int at, int64_t n, bool null)
{
    return null && n == INT64_MIN ? sqlite3_bind_null(stmt, at) : sqlite3_bind_int64(stmt, at, n);
}

static sqlite3_stmt *start(struct ledger *l, const char *sql, const char *types, va_list args)
{
    sqlite3_stmt *stmt = l->failure.status ? NULL : prepare(l, sql);
    int code = SQLITE_OK;

    if (stmt == NULL)
        return NULL;
    sqlite3_reset(stmt);
    for (int at = 1; *types && code == SQLITE_OK; types++, at++) {
        switch (*types) {
        case 'i':
        case 'I':
            code = bind_int(stmt, at, va_arg(args, int64_t), *types == 'I');
            break;
        case 't':
        case 'b':
            code = bind_bytes(stmt, at, va_arg(args, struct slice), *types == 'b');
            break;
        case 'd':
            code = sqlite3_bind_double(stmt, at, va_arg(args, double));
            break;
        default:
            code = sqlite3_bind_null(stmt, at);
        }
    }
    if (code == SQLITE_OK)
        return stmt;
    ledger_sqlite_failed(l, code);
    return NULL;
}

bool ledger_run(struct ledger *l, const char *sql, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    sqlite3_stmt *stmt = start(l, sql, types, args);
    va_end(args);
    if (stmt == NULL)
        return false;
    int code = sqlite3_step(stmt);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        ledger_sqlite_failed(l, code);
    sqlite3_reset(stmt);
    return l->failure.status == 0;
}

int64_t ledger_inserted(const struct ledger *l)
{
    return sqlite3_last_insert_rowid(l->db);
}

int64_t ledger_changes(const struct ledger *l)
{
    return l->failure.status ? 0 : sqlite3_changes64(l->db);
}

struct ledger_rows ledger_query(struct ledger *l, const char *sql, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    struct ledger_rows r = {l, start(l, sql, types, args)};
    va_end(args);
    return r;
}

bool ledger_next(struct ledger_rows *rows)
{
    if (rows->stmt == NULL)
        return false;
    int code = sqlite3_step(rows->stmt);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        ledger_sqlite_failed(rows->ledger, code);
    ledger_done(rows);
    return false;
}

void ledger_done(struct ledger_rows *rows)
{
    if (rows->stmt)
        sqlite3_reset(rows->stmt);
    rows->stmt = NULL;
}

int64_t ledger_int(const struct ledger_rows *rows, int column)
{
    return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL
               ? INT64_MIN
               : sqlite3_column_int64(rows->stmt, column);
}

double ledger_double(const struct ledger_rows *rows, int column)
{
    return sqlite3_column_double(rows->stmt, column);
}

struct slice ledger_text(const struct ledger_rows *rows, int column)
{
    const char *p = sqlite3_column_blob(rows->stmt, column);

    return p ? slice_of(p, (size_t)sqlite3_column_bytes(rows->stmt, column)) : SLICE_NONE;
}

int64_t ledger_int_of(struct ledger *l, int64_t none, const char *sql, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    struct ledger_rows r = {l, start(l, sql, types, args)};
    va_end(args);
    int64_t n = ledger_next(&r) ? ledger_int(&r, 0) : INT64_MIN;
    ledger_done(&r);
    return n == INT64_MIN ? none : n;
}
