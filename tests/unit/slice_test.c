/* slice: comparing, searching and numbers, against the plainest way to do it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/slice.h"

/* A copy of exactly n bytes, so that the sanitizer sees a read behind it. */
static char *exact(const char *s, size_t n)
{
    char *p = malloc(n ? n : 1);

    assert_non_null(p);
    memcpy(p, s, n);
    return p;
}

static void equal(void **state)
{
    static const char base[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    (void)state;
    for (size_t n = 0; n <= 36; n++) {
        char *a = exact(base, n), *b = exact(base, n);
        assert_true(slice_eq(slice_of(a, n), slice_of(b, n)));
        for (size_t i = 0; i < n; i++) {
            b[i] = (char)(b[i] ^ 0x80);
            assert_false(slice_eq(slice_of(a, n), slice_of(b, n)));
            b[i] = (char)(b[i] ^ 0x80);
        }
        if (n)
            assert_false(slice_eq(slice_of(a, n), slice_of(b, n - 1)));
        free(a);
        free(b);
    }
    assert_true(slice_eq(SLICE_NONE, SL("")));
    assert_true(slice_ieq(SL("MAIL from"), SL("mail FROM")));
    assert_false(slice_ieq(SL("\xc4"), SL("\xe4")));
    assert_true(slice_ieq(SLICE_NONE, SLICE_NONE));
}

static void ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SL("abc"), SL("")));
    assert_true(slice_starts(SL("abc"), SL("abc")));
    assert_false(slice_starts(SL("ab"), SL("abc")));
    assert_true(slice_ends(SL("abc"), SL("bc")));
    assert_false(slice_ends(SL("c"), SL("bc")));
    assert_true(slice_ends(SLICE_NONE, SL("")));
    assert_int_equal(slice_skip(SL("abc"), 5).n, 0);
    assert_int_equal(slice_skip(SL("abc"), 2).n, 1);
    assert_int_equal(slice_skip(SLICE_NONE, 2).n, 0);
}

static const char *slow_find(struct slice s, struct slice needle, bool last)
{
    const char *found = NULL;

    for (size_t i = 0; i + needle.n <= s.n; i++)
        if (memcmp(s.p + i, needle.p, needle.n) == 0 && (found == NULL || last))
            found = s.p + i;
    return found;
}

/* All strings of up to 7 letters of two, all needles of up to 3. */
static void find(void **state)
{
    char s[8], needle[4];

    (void)state;
    for (unsigned n = 0; n <= 7; n++)
        for (unsigned bits = 0; bits < 1u << n; bits++)
            for (unsigned m = 1; m <= 3; m++)
                for (unsigned want = 0; want < 1u << m; want++) {
                    for (unsigned i = 0; i < n; i++)
                        s[i] = bits >> i & 1 ? 'a' : '\xff';
                    for (unsigned i = 0; i < m; i++)
                        needle[i] = want >> i & 1 ? 'a' : '\xff';
                    char *p = exact(s, n), *q = exact(needle, m);
                    struct slice a = slice_of(p, n), b = slice_of(q, m);
                    assert_ptr_equal(slice_find(a, b), slow_find(a, b, false));
                    assert_ptr_equal(slice_rfind(a, b), slow_find(a, b, true));
                    free(p);
                    free(q);
                }
    assert_null(slice_find(SLICE_NONE, SL("a")));
    assert_null(slice_rfind(SLICE_NONE, SL("a")));
    assert_null(slice_chr(SLICE_NONE, 'a'));
    assert_null(slice_rchr(SLICE_NONE, 'a'));
    assert_non_null(slice_chr(SL("a\0b"), 'b'));
    assert_non_null(slice_chr(SL("\xff"), '\xff'));
}

static void numbers(void **state)
{
    static const struct {
        struct slice s;
        bool ok;
        uint64_t v;
    } row[] = {
        {SL("0"), true, 0},
        {SL("007"), true, 7},
        {SL("18446744073709551615"), true, UINT64_MAX},
        {SL("18446744073709551616"), false, 0},
        {SL("99999999999999999999999"), false, 0},
        {SL(""), false, 0},
        {SL("-1"), false, 0},
        {SL("+1"), false, 0},
        {SL(" 1"), false, 0},
        {SL("1 "), false, 0},
        {SL("1\0"), false, 0},
        {SL("0x1"), false, 0},
        {SL("\xb2"), false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint64_t v = 77;
        assert_int_equal(slice_u64(row[i].s, &v), row[i].ok);
        assert_int_equal(v, row[i].ok ? row[i].v : 77);
    }
}

/* map.h is the slices' table. */
static void map(void **state)
{
    static char key[3000][8];
    struct map m = {0};
    size_t at = 0, count = 0;

    (void)state;
    assert_null(map_get(&m, SL("x")));
    for (size_t i = 0; i < 3000; i++) {
        int n = snprintf(key[i], sizeof key[i], "%zu", i);
        assert_true(map_put(&m, slice_of(key[i], (size_t)n), key[i]));
    }
    assert_true(map_put(&m, SLICE_NONE, key));
    assert_true(map_put(&m, SL("7"), key[8]));
    assert_ptr_equal(map_get(&m, SL("2999")), key[2999]);
    assert_ptr_equal(map_get(&m, SL("7")), key[8]);
    assert_ptr_equal(map_get(&m, SL("")), key);
    assert_null(map_get(&m, SL("3000")));
    while (map_next(&m, &at))
        count++;
    assert_int_equal(count, 3001);
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal), cmocka_unit_test(ends),
                                       cmocka_unit_test(find), cmocka_unit_test(numbers),
                                       cmocka_unit_test(map)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
