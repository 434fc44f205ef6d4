/* usual: times of the week, busy hours, and two of them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/when.h"
#include "judge/usual.h"

#define HOUR (3600 * WHEN_SECOND)
#define MONDAY (INT64_C(1795392000) * WHEN_SECOND) /* 2026-11-23T00:00:00Z */

/* Three hours a slot, working days 0 to 7, the weekend 8 to 15, in UTC. */
static void slots(void **state)
{
    (void)state;
    for (int week = -3000; week <= 3000; week += 500) {
        for (int hour = 0; hour < 168; hour++) {
            int64_t time = MONDAY + (week * 168 + hour) * HOUR;
            unsigned want = (unsigned)(hour % 24 / 3) + (hour < 5 * 24 ? 0 : 8);
            assert_int_equal(slot_of(time), want);
            assert_int_equal(slot_of(time + HOUR - 1), want);
        }
    }
    assert_int_equal(slot_of(0), 0);                  /* 1970 began on a Thursday */
    assert_int_equal(slot_of(-1), 7);                 /* and the day before was a Wednesday */
    assert_int_equal(slot_of(MONDAY - 1), 15);        /* Sunday night */
    assert_int_equal(slot_of(MONDAY - 48 * HOUR), 8); /* Saturday begins */
    assert_int_equal(slot_of(MONDAY - 48 * HOUR - 1), 7);
}

static void hours(void **state)
{
    (void)state;
    assert_int_equal(hour_of(0), 0);
    assert_int_equal(hour_of(HOUR - 1), 0);
    assert_int_equal(hour_of(HOUR), 1);
    assert_int_equal(hour_of(-1), -1);
    assert_int_equal(hour_of(MONDAY + 5 * HOUR + 1) - hour_of(MONDAY), 5);
}

static void counted(void **state)
{
    struct usual u = {0};

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        usual_hour(&u, 3);
    usual_level(&u, 1);
    usual_level(&u, 1);
    usual_level(&u, 2);
    usual_level(&u, LEVELS); /* busier than is told apart */
    usual_level(&u, 1000);
    assert_int_equal(u.reached[0], 10);
    assert_int_equal(u.reached[1], 2);
    assert_int_equal(u.reached[2], 1);
    assert_int_equal(u.reached[LEVELS - 1], 0);
    assert_int_equal(u.slot[3], 10);
    for (unsigned i = 0; i < SLOTS; i++)
        assert_int_equal(u.slot[i], i == 3 ? 10 : 0);
}

/* For ever and ever: nothing runs over, shares stay what they are, and new habits win. */
static void overflow(void **state)
{
    struct usual u = {0};

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        usual_hour(&u, i % 4 ? 2 : 5);
        if (i % 2)
            usual_level(&u, 1);
        assert_true(u.reached[1] <= u.reached[0]);
    }
    assert_true(u.slot[2] >= 100); /* remembered well enough */
    assert_in_range(u.slot[2], u.slot[5] * 5 / 2, u.slot[5] * 7 / 2);
    assert_true(u.reached[0] >= 1000);
    assert_in_range(u.reached[0] * 100 / u.reached[1], 190, 210);
    for (unsigned i = 0; i < 2000; i++)
        usual_hour(&u, 9);
    assert_true(u.slot[9] > 10 * u.slot[2]);
}

static void merged(void **state)
{
    struct usual a = {0}, b = {0}, whole = {0};

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        struct usual *part = i % 3 ? &a : &b;
        usual_hour(part, i % SLOTS);
        usual_hour(&whole, i % SLOTS);
        usual_level(part, 1 + i % 3);
        usual_level(&whole, 1 + i % 3);
        for (unsigned sign = 0; sign < SIGN_TALLIES; sign++) {
            tally_add(&part->sign[sign], (float)(i % 2));
            tally_add(&whole.sign[sign], (float)(i % 2));
        }
    }
    usual_merge(&a, &b);
    assert_memory_equal(&a, &whole, sizeof a);
    memset(&b, 0, sizeof b);
    usual_merge(&a, &b);
    assert_memory_equal(&a, &whole, sizeof a);
    usual_merge(&b, &whole);
    assert_memory_equal(&b, &whole, sizeof b);
}

/* Two that are full. */
static void merged_full(void **state)
{
    struct usual a = {0}, b = {0};

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        usual_hour(&a, 1);
        usual_hour(&b, i % 2 ? 1 : 2);
        if (i % 5 == 0) {
            usual_level(&a, 1);
            usual_level(&b, 1);
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        usual_merge(&a, &b);
        assert_true(a.reached[1] <= a.reached[0]);
        assert_in_range(a.slot[1], 1, UINT8_MAX);
        assert_true(a.slot[1] >= a.slot[2]);
    }
    assert_in_range(a.reached[0] * 10 / a.reached[1], 48, 52);
    assert_in_range(a.slot[1] * 10 / a.slot[2], 10, 15); /* b's habits: half and half */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),    cmocka_unit_test(hours),  cmocka_unit_test(counted),
        cmocka_unit_test(overflow), cmocka_unit_test(merged), cmocka_unit_test(merged_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
