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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers), cmocka_unit_test(grows),   cmocka_unit_test(bounded),
        cmocka_unit_test(again),     cmocka_unit_test(touched), cmocka_unit_test(collisions),
        cmocka_unit_test(mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
