/* fresh: a set of hashes with a limit, that takes no memory while it is empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/fresh.h"
#include "judge/recent.h"

static uint64_t nth(uint64_t i)
{
    return recent_mix(i, 'x');
}

static uint32_t known(const struct fresh *f, uint32_t n)
{
    uint32_t found = 0;

    for (uint64_t i = 0; i < n; i++)
        found += fresh_has(f, nth(i));
    return found;
}

static void empty(void **state)
{
    struct fresh f = {0};

    (void)state;
    assert_false(fresh_has(&f, nth(1)));
    assert_null(f.slot);
    fresh_clear(&f);
    fresh_free(&f);
}

static void set(void **state)
{
    struct fresh f = {0};

    (void)state;
    for (uint32_t n = 0; n < 3000; n++) {
        assert_false(fresh_has(&f, nth(n)));
        assert_true(fresh_add(&f, nth(n)));
        assert_true(fresh_add(&f, nth(n))); /* twice is once */
        assert_int_equal(f.used, n + 1);
    }
    assert_int_equal(known(&f, 3000), 3000);
    assert_false(fresh_has(&f, nth(3000)));
    fresh_clear(&f);
    assert_int_equal(f.used, 0);
    assert_int_equal(known(&f, 3000), 0);
    assert_true(fresh_add(&f, nth(7)));
    assert_true(fresh_has(&f, nth(7)));
    fresh_free(&f);
}

/* What comes when it is full isn't kept, and does no harm; what is there stays. */
static void limit(void **state)
{
    struct fresh f = {0};

    (void)state;
    for (uint64_t n = 0; n < FRESH_MOST + 1000; n++)
        assert_true(fresh_add(&f, nth(n)));
    assert_int_equal(f.used, FRESH_MOST);
    assert_int_equal(known(&f, FRESH_MOST), FRESH_MOST);
    assert_false(fresh_has(&f, nth(FRESH_MOST)));
    assert_true(f.size <= 2 * FRESH_MOST);
    assert_true(fresh_add(&f, nth(3)));
    assert_int_equal(f.used, FRESH_MOST);
    fresh_free(&f);
}

/* Numbers that want the same slot. */
static void collisions(void **state)
{
    struct fresh f = {0};

    (void)state;
    for (uint64_t i = 1; i <= 100; i++)
        assert_true(fresh_add(&f, i << 40 | 0xffff));
    for (uint64_t i = 1; i <= 100; i++)
        assert_true(fresh_has(&f, i << 40 | 0xffff));
    assert_false(fresh_has(&f, UINT64_C(101) << 40 | 0xffff));
    fresh_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(set),
        cmocka_unit_test(limit),
        cmocka_unit_test(collisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
