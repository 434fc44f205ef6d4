/* tally: lines by shape, bounded however many shapes a stranger makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log/tally.h"

static void shapes(void **state)
{
    static const char *const row[][2] = {
        {"connect from mx[192.0.2.1]", "connect from mx[]"},
        {"timeout after 300 s, id a1b2", "timeout after N s, id N"},
        {"to=<a@b>, x", "to=<>, x"},
        {"<never closed", "<never closed"},
        {"", ""},
        {"[", "["},
        {"\xff\x01", "\xff\x01"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct tally t = {0};
        size_t n, len = strlen(row[i][0]);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, row[i][0], len);
        tally_unknown(&t, SL("smtpd"), slice_of(copy, len));
        free(copy);
        const struct tally_row **rows = tally_rows(&t, &n);
        assert_int_equal(n, 1);
        assert_true(slice_eq(rows[0]->shape, slice_str(row[i][1])));
        assert_true(slice_eq(rows[0]->daemon, SL("smtpd")));
        assert_true(!rows[0]->known && rows[0]->count == 1);
        free(rows);
        tally_free(&t);
    }
}

static void counts(void **state)
{
    struct tally t = {0};
    size_t n;

    (void)state;
    assert_null(tally_rows(&t, &n));
    assert_int_equal(n, 0);
    for (int i = 0; i < 3; i++)
        tally_known(&t, SL("smtpd"), SL("connect"), SL("the first"));
    tally_known(&t, SL("smtp"), SL("connect"), SL("x"));
    tally_unknown(&t, SL("smtpd"), SL("connect"));
    tally_unknown(&t, SL("smtpd"), SL("connect"));
    const struct tally_row **rows = tally_rows(&t, &n);
    assert_int_equal(n, 3);
    assert_int_equal(rows[0]->count, 3);
    assert_true(rows[0]->known && slice_eq(rows[0]->example, SL("the first")));
    assert_true(!rows[1]->known && rows[1]->count == 2);
    assert_int_equal(rows[2]->count, 1);
    free(rows);
    tally_free(&t);
}

static void bounded(void **state)
{
    static char long_line[100000];
    struct tally t = {0};
    char shape[32];
    size_t n;

    (void)state;
    memset(long_line, 'x', sizeof long_line);
    for (unsigned i = 0; i < TALLY_MAX + 500; i++) {
        int len = snprintf(shape, sizeof shape, "shape %c%c%c", 'a' + i % 26, 'a' + i / 26 % 26,
                           'a' + i / 676);
        tally_known(&t, SL("smtpd"), slice_of(shape, (size_t)len),
                    slice_of(long_line, sizeof long_line));
    }
    const struct tally_row **rows = tally_rows(&t, &n);
    assert_int_equal(n, TALLY_MAX);
    assert_int_equal(t.beyond, 500);
    assert_int_equal(rows[0]->example.n, TALLY_EXAMPLE);
    assert_true(t.arena.bytes < 2000000);
    free(rows);
    tally_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(counts),
                                       cmocka_unit_test(bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
