/* records: what tests of the log layer need: a short way to write logs, and records as text.
 *
 * A script is lines of `SECONDS HOST TAG: TEXT`; script_log() makes an RFC 3339 log of it whose
 * second 0 is SCRIPT_START. records_of() gives one line a record: the kind, then the columns that
 * the test names, with "-" for an empty one.
 */
#ifndef MPTOOLS_TESTS_RECORDS_H
#define MPTOOLS_TESTS_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/when.h"
#include "log/parser.h"

#define SCRIPT_START INT64_C(1795521600) /* 2026-11-24T12:00:00Z */
#define SCRIPT_NOW ((SCRIPT_START + 86400) * WHEN_SECOND)

static inline void script_line(struct text *log, const char *line, size_t n)
{
    char *rest;
    char stamp[WHEN_TEXT_MAX];
    int64_t seconds = SCRIPT_START + strtoll(line, &rest, 10);

    text_add(log, slice_of(stamp, when_print(stamp, seconds * WHEN_SECOND, 0)));
    text_add(log, slice_range(rest, line + n));
    text_addc(log, '\n');
}

/* For text_free(). */
static inline struct text script_log(const char *script)
{
    struct text log = {0};

    for (const char *p = script, *nl; *p; p = nl + 1) {
        nl = strchr(p, '\n');
        assert_non_null(nl);
        script_line(&log, p, (size_t)(nl - p));
    }
    return log;
}

static inline struct parser *script_parser(void)
{
    struct parser_options o = {.now = SCRIPT_NOW};
    struct parser *p = parser_new(&o);

    assert_non_null(p);
    return p;
}

static inline void record_text(const struct record *r, struct slice columns, struct text *out)
{
    text_add(out, record_kind_name(r->kind));
    while (columns.n) {
        const char *sp = slice_chr(columns, ' ');
        struct slice name = sp ? slice_range(columns.p, sp) : columns;
        int c = record_column_of(name);
        assert_true(c > COL_KIND);
        text_addc(out, ' ');
        text_add_tsv(out, r->f[c].n ? r->f[c] : SL("-"));
        columns = slice_skip(columns, name.n + 1);
    }
    text_addc(out, '\n');
}

/* Takes all records that there are now. */
static inline void take_records(struct parser *p, const char *columns, struct text *out)
{
    struct record *r;
    enum parser_result result;

    while ((result = parser_next(p, &r)) == PARSER_RECORD)
        record_text(r, slice_str(columns), out);
    assert_int_equal(result, PARSER_MORE);
}

/* The whole log's records; for text_free(). */
static inline struct text records_of(struct parser *p, struct slice log, const char *columns)
{
    struct text out = {0};

    parser_push(p, log.p, log.n);
    take_records(p, columns, &out);
    parser_end(p);
    take_records(p, columns, &out);
    text_addc(&out, '\0');
    return out;
}

/* A row of a table of scripts, which is a test of its own. */
struct script {
    const char *name, *columns, *text, *want;
};

/* A script's records have to be these. */
static inline void check_script(const char *script, const char *columns, const char *want)
{
    struct text log = script_log(script);
    struct parser *p = script_parser();
    struct text got = records_of(p, text_slice(&log), columns);

    assert_string_equal(got.p, want);
    text_free(&got);
    text_free(&log);
    parser_free(p);
}

static inline void script_row(void **state)
{
    const struct script *s = *state;

    check_script(s->text, s->columns, s->want);
}

/* Runs a table of scripts and further tests; the exit status. */
static inline int run_scripts(const char *name, const struct script *row, size_t rows,
                              const struct CMUnitTest *more, size_t mores)
{
    static struct CMUnitTest test[200];
    size_t n = 0;

    for (; n < rows; n++)
        test[n] = (struct CMUnitTest){row[n].name, script_row, NULL, NULL, (void *)&row[n]};
    for (size_t i = 0; i < mores; i++)
        test[n++] = more[i];
    return _cmocka_run_group_tests(name, test, n, NULL, NULL);
}

#endif
