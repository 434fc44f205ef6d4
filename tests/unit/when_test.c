/* when: civil dates, zones with every kind of daylight saving, times as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/when.h"

static void utc_and_back(void **state)
{
    static const struct {
        struct civil c;
        int64_t seconds;
    } row[] = {
        {{1970, 1, 1, 0, 0, 0}, 0},           {{1969, 12, 31, 23, 59, 59}, -1},
        {{2000, 2, 29, 12, 0, 0}, 951825600}, {{2026, 11, 24, 10, 27, 50}, 1795516070},
        {{2100, 3, 1, 0, 0, 0}, 4107542400},  {{9999, 12, 31, 23, 59, 59}, 253402300799},
        {{1, 1, 1, 0, 0, 0}, -62135596800},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct civil c;
        assert_int_equal(when_utc(&row[i].c), row[i].seconds);
        when_civil(row[i].seconds, &c);
        assert_memory_equal(&c, &row[i].c, sizeof c);
    }
}

/* Every day of two centuries against the C library. */
static void days(void **state)
{
    (void)state;
    for (int64_t t = -3155760000; t < 4733640000; t += 86400 + 7) {
        time_t seconds = (time_t)t;
        struct tm tm;
        struct civil c;
        gmtime_r(&seconds, &tm);
        when_civil(t, &c);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.second, tm.tm_sec);
        assert_int_equal(when_utc(&c), t);
    }
}

static void valid(void **state)
{
    static const struct {
        struct civil c;
        bool ok;
    } row[] = {
        {{2024, 2, 29, 0, 0, 0}, true},    {{2023, 2, 29, 0, 0, 0}, false},
        {{2100, 2, 29, 0, 0, 0}, false},   {{2000, 2, 29, 0, 0, 0}, true},
        {{2024, 4, 31, 0, 0, 0}, false},   {{2024, 12, 31, 23, 59, 60}, true},
        {{2024, 12, 31, 24, 0, 0}, false}, {{2024, 1, 1, 0, 60, 0}, false},
        {{2024, 1, 1, 0, 0, 61}, false},   {{2024, 0, 1, 0, 0, 0}, false},
        {{2024, 13, 1, 0, 0, 0}, false},   {{2024, 1, 0, 0, 0, 0}, false},
        {{2024, 1, 1, -1, 0, 0}, false},   {{10000, 1, 1, 0, 0, 0}, false},
        {{-1, 1, 1, 0, 0, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_int_equal(when_valid(&row[i].c), row[i].ok);
}

static int64_t utc(int y, int mo, int d, int h, int mi)
{
    struct civil c = {y, mo, d, h, mi, 0};

    return when_utc(&c);
}

/* Local times: the first and the second reading, as minutes east of UTC. */
static void zones(void **state)
{
    static const struct {
        const char *zone;
        struct civil c;
        int first, second;
    } row[] = {
        {"UTC", {2026, 10, 25, 2, 30, 0}, 0, 0},
        {"Europe/Berlin", {2026, 7, 1, 12, 0, 0}, 120, 120},
        {"Europe/Berlin", {2026, 12, 1, 12, 0, 0}, 60, 60},
        {"Europe/Berlin", {2026, 10, 25, 1, 59, 59}, 120, 120},
        {"Europe/Berlin", {2026, 10, 25, 2, 0, 0}, 120, 60}, /* the hour comes twice */
        {"Europe/Berlin", {2026, 10, 25, 2, 59, 59}, 120, 60},
        {"Europe/Berlin", {2026, 10, 25, 3, 0, 0}, 60, 60},
        {"Europe/Berlin", {2026, 3, 29, 1, 59, 59}, 60, 60},
        {"Europe/Berlin", {2026, 3, 29, 3, 0, 0}, 120, 120},
        {"America/New_York", {2026, 11, 1, 1, 30, 0}, -240, -300},
        {"America/New_York", {2026, 11, 1, 2, 0, 0}, -300, -300},
        {"Asia/Kolkata", {2026, 11, 1, 1, 45, 0}, 330, 330},
        /* half an hour of daylight saving */
        {"Australia/Lord_Howe", {2026, 7, 1, 12, 45, 0}, 630, 630},
        {"Australia/Lord_Howe", {2026, 7, 1, 12, 15, 0}, 630, 630},
        {"Australia/Lord_Howe", {2026, 12, 1, 12, 15, 0}, 660, 660},
        {"Australia/Lord_Howe", {2026, 12, 1, 12, 45, 0}, 660, 660},
        {"Australia/Lord_Howe", {2026, 4, 5, 1, 29, 59}, 660, 660},
        {"Australia/Lord_Howe", {2026, 4, 5, 1, 30, 0}, 660, 630},
        {"Australia/Lord_Howe", {2026, 4, 5, 1, 59, 59}, 660, 630},
        {"Australia/Lord_Howe", {2026, 4, 5, 2, 0, 0}, 630, 630},
        {"Antarctica/Troll", {2026, 7, 1, 12, 45, 0}, 120, 120}, /* two hours of it */
        {"Africa/Casablanca", {2026, 7, 1, 12, 45, 0}, 60, 60},  /* negative: in Ramadan */
        {"Europe/Dublin", {2026, 1, 15, 12, 45, 0}, 0, 0},
        {"Asia/Tehran", {2026, 7, 1, 12, 45, 0}, 210, 210}, /* given up in 2022 */
        {"Europe/Moscow", {2026, 7, 1, 12, 45, 0}, 180, 180},
        {"CET-1CEST,M3.5.0,M10.5.0/3", {2026, 10, 25, 2, 30, 0}, 120, 60},
    };

    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct civil c = row[i].c;
        assert_true(when_zone(row[i].zone));
        int first = (int)(when_utc(&c) - when_local(&c, INT64_MIN)) / 60;
        int second = (int)(when_utc(&c) - when_local(&c, INT64_MAX)) / 60;
        if (first == row[i].first && second == row[i].second)
            continue;
        print_error("%s %d-%d-%d %d:%d: %d and %d minutes, not %d and %d\n", row[i].zone, c.year,
                    c.month, c.day, c.hour, c.minute, first, second, row[i].first, row[i].second);
        bad++;
    }
    assert_int_equal(bad, 0);
    /* the missing hour: as mktime reads it, by one of the two offsets */
    struct civil missing = {2026, 3, 29, 2, 30, 0};
    assert_true(when_zone("Europe/Berlin"));
    int64_t t = when_local(&missing, INT64_MIN);
    assert_true(t == utc(2026, 3, 29, 1, 30) || t == utc(2026, 3, 29, 0, 30));
    assert_true(when_zone("UTC"));
}

static void after(void **state)
{
    struct civil c = {2026, 10, 25, 2, 30, 0};
    int64_t summer = utc(2026, 10, 25, 0, 30), winter = summer + 3600;

    (void)state;
    assert_true(when_zone("Europe/Berlin"));
    assert_int_equal(when_local(&c, summer - 1), summer);
    assert_int_equal(when_local(&c, summer), summer);
    assert_int_equal(when_local(&c, summer + 1), winter);
    assert_int_equal(when_local(&c, winter + 1), winter);
    assert_true(when_zone("UTC"));
}

static void zone_names(void **state)
{
    static const struct {
        const char *name;
        bool ok;
    } row[] = {
        {"UTC", true},
        {"Europe/Berlin", true},
        {"Mars/Olympus", false},
        {"Mars/Olympus2", false},
        {"europe", false},
        {"../../etc/passwd", false},
        {"CET-1CEST", true},
        {"EST5EDT", true},
        {"", false},
        {"Europe", false},
        {"/etc/passwd", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (when_zone(row[i].name) != row[i].ok)
            fail_msg("\"%s\" is%s taken", row[i].name, row[i].ok ? " not" : "");
    assert_true(when_zone("UTC"));
}

static void print(void **state)
{
    static const struct {
        int64_t us;
        unsigned digits;
        const char *want;
    } row[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {0, 6, "1970-01-01T00:00:00.000000Z"},
        {1795516070123456, 6, "2026-11-24T10:27:50.123456Z"},
        {1795516070123456, 3, "2026-11-24T10:27:50.123Z"},
        {1795516070999999, 0, "2026-11-24T10:27:50Z"},
        {1795516070123456, 9, "2026-11-24T10:27:50.123456Z"},
        {-1, 6, "1969-12-31T23:59:59.999999Z"},
        {-1000000, 0, "1969-12-31T23:59:59Z"},
        {INT64_C(253402300799999999), 6, "9999-12-31T23:59:59.999999Z"},
    };
    char buf[WHEN_TEXT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        buf[when_print(buf, row[i].us, row[i].digits)] = '\0';
        assert_string_equal(buf, row[i].want);
    }
    /* nothing but a time may come out, whatever goes in: four digits of year */
    static const int64_t odd[] = {INT64_MIN,          INT64_MAX,           INT64_MIN + 1,
                                  253402300800000000, 6880000000000000000, -62135596800000001};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t n = when_print(buf, odd[i], 6);
        buf[n] = '\0';
        if (n != 27 || strspn(buf, "0123456789-:.TZ") != n)
            fail_msg("%lld is written as \"%s\"", (long long)odd[i], buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_and_back), cmocka_unit_test(days),  cmocka_unit_test(valid),
        cmocka_unit_test(zones),        cmocka_unit_test(after), cmocka_unit_test(zone_names),
        cmocka_unit_test(print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
