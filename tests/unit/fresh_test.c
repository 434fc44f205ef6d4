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

static void saved(void **state)
{
    const uint32_t size[] = {0, 1, 16, 17, 3000, FRESH_MOST};
    struct text bytes = {0};

    (void)state;
    for (unsigned k = 0; k < sizeof size / sizeof *size; k++) {
        struct fresh f = {0}, back = {0};
        for (uint64_t i = 0; i < size[k]; i++)
            assert_true(fresh_add(&f, nth(i)));
        bytes.n = 0;
        fresh_save(&f, &bytes);
        struct unpack in = {.rest = text_slice(&bytes)};
        assert_true(fresh_load(&back, &in));
        assert_true(!in.bad && in.rest.n == 0);
        assert_int_equal(back.used, size[k]);
        assert_int_equal(known(&back, size[k]), size[k]);
        assert_false(fresh_has(&back, nth(FRESH_MOST + 1)));
        assert_true(fresh_add(&back, nth(0)));
        assert_true(
            fresh_add(&back, nth(FRESH_MOST + 1))); /* it goes on as one that wasn't saved */
        assert_int_equal(fresh_has(&back, nth(FRESH_MOST + 1)), size[k] < FRESH_MOST);
        fresh_free(&f);
        fresh_free(&back);
    }
    text_free(&bytes);
}

static void saved_badly(void **state)
{
    struct text bytes = {0};
    struct fresh f = {0};

    (void)state;
    for (uint64_t i = 0; i < 20; i++)
        assert_true(fresh_add(&f, nth(i)));
    fresh_save(&f, &bytes);
    fresh_free(&f);
    for (size_t n = 0; n < bytes.n; n++) {
        struct unpack in = {.rest = slice_of(bytes.p, n)};
        f = (struct fresh){0};
        assert_true(fresh_load(&f, &in));
        assert_true(in.bad);
        fresh_free(&f);
    }
    for (size_t i = bytes.n - 8; i < bytes.n; i++) /* a 0 among them */
        bytes.p[i] = 0;
    struct unpack in = {.rest = text_slice(&bytes)};
    f = (struct fresh){0};
    assert_true(fresh_load(&f, &in));
    assert_true(in.bad);
    fresh_free(&f);
    text_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),      cmocka_unit_test(set),   cmocka_unit_test(limit),
        cmocka_unit_test(collisions), cmocka_unit_test(saved), cmocka_unit_test(saved_badly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
