#include <stdarg.h>
#include <stdlib.h>

#include "act/ledger_parts.h"
#include "base/when.h"

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

/* stays: the bytes are there until the statement has run, so they need no copy. */
static int bind_bytes(sqlite3_stmt *stmt, int at, struct slice s, char type, bool stays)
{
    sqlite3_destructor_type copy = stays ? SQLITE_STATIC : SQLITE_TRANSIENT;
    const char *p = s.p ? s.p : "";

    if (type == 'T' && s.n == 0)
        return sqlite3_bind_null(stmt, at);
    return type == 'b' ? sqlite3_bind_blob64(stmt, at, p, s.n, copy)
                       : sqlite3_bind_text64(stmt, at, p, s.n, copy, SQLITE_UTF8);
}

static int bind_int(sqlite3_stmt *stmt, int at, int64_t n, bool null)
{
    return null && n == INT64_MIN ? sqlite3_bind_null(stmt, at) : sqlite3_bind_int64(stmt, at, n);
}

static sqlite3_stmt *start(struct ledger *l, const char *sql, const char *types, va_list args,
                           bool stays)
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
        case 'T':
        case 'b':
            code = bind_bytes(stmt, at, va_arg(args, struct slice), *types, stays);
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
    sqlite3_stmt *stmt = start(l, sql, types, args, true);
    va_end(args);
    if (stmt == NULL)
        return false;
    int code = sqlite3_step(stmt);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        ledger_sqlite_failed(l, code);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return l->failure.status == 0;
}

int64_t ledger_inserted(const struct ledger *l)
{
    return l->failure.status ? 0 : sqlite3_last_insert_rowid(l->db);
}

int64_t ledger_changes(const struct ledger *l)
{
    return l->failure.status ? 0 : sqlite3_changes64(l->db);
}

struct ledger_rows ledger_query(struct ledger *l, const char *sql, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    struct ledger_rows r = {l, start(l, sql, types, args, false)};
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

static void json_value(const struct ledger_rows *rows, int c, bool time, struct text *out)
{
    char buf[WHEN_TEXT_MAX];

    if (time)
        text_add_json(out, slice_of(buf, when_print(buf, ledger_int(rows, c), 0)));
    else if (sqlite3_column_type(rows->stmt, c) == SQLITE_INTEGER)
        text_addf(out, "%lld", (long long)ledger_int(rows, c));
    else if (sqlite3_column_type(rows->stmt, c) == SQLITE_FLOAT)
        text_addf(out, "%.2f", ledger_double(rows, c));
    else
        text_add_json(out, ledger_text(rows, c));
}

void ledger_json(const struct ledger_rows *rows, struct text *out)
{
    const char *comma = "";

    for (int c = 0; c < sqlite3_column_count(rows->stmt); c++) {
        struct slice name = slice_str(sqlite3_column_name(rows->stmt, c));
        bool time = slice_ends(name, SL("@"));
        int type = sqlite3_column_type(rows->stmt, c);

        if (type == SQLITE_NULL || (type == SQLITE_TEXT && ledger_text(rows, c).n == 0) ||
            (time && type != SQLITE_INTEGER))
            continue;
        text_addf(out, "%s\"%.*s\":", comma, (int)(name.n - time), name.p);
        json_value(rows, c, time, out);
        comma = ",";
    }
}

int64_t ledger_int_of(struct ledger *l, int64_t none, const char *sql, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    struct ledger_rows r = {l, start(l, sql, types, args, false)};
    va_end(args);
    int64_t n = ledger_next(&r) ? ledger_int(&r, 0) : INT64_MIN;
    ledger_done(&r);
    return n == INT64_MIN ? none : n;
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
