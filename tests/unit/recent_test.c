/* recent: what goes in is found for a while; how much is remembered, and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/recent.h"

static uint64_t nth(uint64_t i)
{
    return recent_mix(i, 'x');
}

static void fill(struct recent *r, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        recent_add(r, nth(i));
}

static size_t known(const struct recent *r, uint64_t from, uint64_t to)
{
    size_t n = 0;

    for (uint64_t i = from; i < to; i++)
        n += recent_has(r, nth(i));
    return n;
}

static void remembers(void **state)
{
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 16, 1024));
    assert_false(recent_has(&r, nth(1)));
    assert_false(recent_touch(&r, nth(1)));
    assert_false(recent_has(&r, nth(1))); /* asking is not telling */
    recent_add(&r, nth(1));
    assert_true(recent_has(&r, nth(1)));
    assert_true(recent_touch(&r, nth(1)));
    assert_false(recent_has(&r, nth(2)));
    recent_free(&r);
}

/* It grows before it forgets: under most/2 numbers all are there. */
static void grows(void **state)
{
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 16, 4096));
    for (uint64_t n = 0; n < 2047; n++) {
        recent_add(&r, nth(n));
        assert_true(recent_has(&r, nth(n)));
    }
    assert_int_equal(known(&r, 0, 2047), 2047);
    assert_true(r.young_size <= 4096);
    recent_free(&r);
}

/* However many come, the last most/2 are known and never more than `most`. */
static void bounded(void **state)
{
    struct recent r;
    const uint64_t half = 512;

    (void)state;
    assert_true(recent_init(&r, 16, 2 * half));
    for (uint64_t n = 0; n < 20 * half; n += 64) {
        fill(&r, n, n + 64);
        uint64_t end = n + 64, from = end > half ? end - half : 0;
        assert_int_equal(known(&r, from, end), end - from);
        assert_true(known(&r, 0, end) <= 2 * half);
        assert_true(r.young_size <= 2 * half && r.old_size <= 2 * half);
    }
    assert_int_equal(known(&r, 0, 18 * half), 0); /* the first ones are long gone */
    recent_free(&r);
}

/* What is added again is one number, and takes no place. */
static void again(void **state)
{
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 16, 64));
    fill(&r, 0, 10);
    for (unsigned i = 0; i < 10000; i++)
        recent_add(&r, nth(99));
    assert_int_equal(known(&r, 0, 10), 10);
    recent_free(&r);
}

/* Whoever is touched now and then stays, whoever isn't goes. */
static void touched(void **state)
{
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 16, 64));
    fill(&r, 0, 2);
    for (uint64_t n = 100; n < 2000; n++) {
        recent_add(&r, nth(n));
        if (n % 10 == 0)
            assert_true(recent_touch(&r, nth(0)));
    }
    assert_true(recent_has(&r, nth(0)));
    assert_false(recent_has(&r, nth(1)));
    recent_free(&r);
}

/* Numbers that want the same slot don't hide each other. */
static void collisions(void **state)
{
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 64, 64));
    for (uint64_t i = 1; i <= 20; i++)
        recent_add(&r, i << 32 | 63); /* the last slot: it goes on at the first */
    for (uint64_t i = 1; i <= 20; i++)
        assert_true(recent_has(&r, i << 32 | 63));
    assert_false(recent_has(&r, UINT64_C(21) << 32 | 63));
    recent_free(&r);
}

/* Two numbers make one that is never 0 (a free slot), and their order counts. */
static void mixed(void **state)
{
    (void)state;
    assert_true(recent_mix(0, UINT64_MAX - UINT64_C(0x9e3779b97f4a7c14)) != 0);
    assert_true(recent_mix(1, 2) != recent_mix(2, 1));
    assert_true(recent_mix(1, 2) != recent_mix(1, 3));
    assert_true(recent_mix(1, 2) == recent_mix(1, 2));
}

/* Saved and loaded it knows the same, and goes on forgetting in the same order. */
static void saved(void **state)
{
    struct recent r, back;
    struct text bytes = {0};

    (void)state;
    for (uint64_t n = 0; n < 3000; n += 700) {
        assert_true(recent_init(&r, 16, 1024));
        assert_true(recent_init(&back, 16, 1024));
        fill(&r, 0, n);
        bytes.n = 0;
        recent_save(&r, &bytes);
        struct unpack in = {.rest = text_slice(&bytes)};
        assert_true(recent_load(&back, &in));
        assert_true(!in.bad && in.rest.n == 0);
        for (uint64_t i = 0; i < n + 10; i++)
            assert_int_equal(recent_has(&back, nth(i)), recent_has(&r, nth(i)));
        fill(&r, 10000, 10700);
        fill(&back, 10000, 10700);
        for (uint64_t i = 0; i < n + 10; i++)
            assert_int_equal(recent_has(&back, nth(i)), recent_has(&r, nth(i)));
        recent_free(&r);
        recent_free(&back);
    }
    text_free(&bytes);
}

/* Bytes that end too soon, or hold a 0 or something twice, are bad. */
static void saved_badly(void **state)
{
    static const char twice[] = "\x02"
                                "abcdefghabcdefgh\0";
    static const char zero[] = "\x01\0\0\0\0\0\0\0\0\0";
    const struct slice bad[] = {{twice, 18}, {zero, 10}, {"\xff\xff\xff\xff\x0f", 5}};
    struct text bytes = {0};
    struct recent r;

    (void)state;
    assert_true(recent_init(&r, 16, 64));
    fill(&r, 0, 50);
    recent_save(&r, &bytes);
    recent_free(&r);
    for (size_t n = 0; n < bytes.n + sizeof bad / sizeof *bad; n++) {
        struct unpack in = {.rest = n < bytes.n ? slice_of(bytes.p, n) : bad[n - bytes.n]};
        assert_true(recent_init(&r, 16, 64));
        assert_true(recent_load(&r, &in));
        assert_true(in.bad);
        recent_free(&r);
    }
    text_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers), cmocka_unit_test(grows),   cmocka_unit_test(bounded),
        cmocka_unit_test(again),     cmocka_unit_test(touched), cmocka_unit_test(collisions),
        cmocka_unit_test(mixed),     cmocka_unit_test(saved),   cmocka_unit_test(saved_badly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
