/* envelope: every form of a line's head, the year that RFC 3164 leaves out, daylight saving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"
#include "log/envelope.h"

static int64_t seconds_of(const char *stamp)
{
    struct civil c = {0};

    assert_int_equal(sscanf(stamp, "%d-%d-%dT%d:%d:%d", &c.year, &c.month, &c.day, &c.hour,
                            &c.minute, &c.second),
                     6);
    return when_utc(&c);
}

/* "time|host|tag|pid|text", or "-" when there is no envelope. */
static void split(struct envelope_state *st, const char *line, size_t n, struct text *out)
{
    struct envelope e = {0};
    char stamp[WHEN_TEXT_MAX];

    if (!envelope_parse(st, slice_of(line, n), &e)) {
        text_add(out, SL("-"));
    } else {
        text_add(out, slice_of(stamp, when_print(stamp, e.time, e.digits)));
        text_addc(out, '|');
        text_add_tsv(out, e.host);
        text_addc(out, '|');
        text_add_tsv(out, e.tag);
        text_addf(out, "|%u|", e.pid);
        text_add_tsv(out, e.text);
    }
}

static const struct {
    const char *line, *want;
} lines[] = {
    {"Nov 24 10:27:50 mx postfix/smtpd[123]: hi", "2026-11-24T10:27:50Z|mx|postfix/smtpd|123|hi"},
    {"<22>Nov 24 10:27:50 mx postfix/smtpd[123]: hi",
     "2026-11-24T10:27:50Z|mx|postfix/smtpd|123|hi"},
    {"Nov  4 06:25:01 mx a: ", "2026-11-04T06:25:01Z|mx|a|0|"},
    {"Nov 4 06:25:01 mx a: x", "2026-11-04T06:25:01Z|mx|a|0|x"},
    {"Nov 04 06:25:01 mx a: x", "2026-11-04T06:25:01Z|mx|a|0|x"},
    {"Nov 24 2024 10:27:50 mx a[1]: x", "2024-11-24T10:27:50Z|mx|a|1|x"},
    {"Nov  4 2024 10:27:50 mx a[1]: x", "2024-11-04T10:27:50Z|mx|a|1|x"},
    {"Nov 24 0000 10:27:50 mx a[1]: x", "-"},
    {"Nov 24 10:27:50.123 mx a[1]: x", "2026-11-24T10:27:50.123Z|mx|a|1|x"},
    {"Nov 24 10:27:50. mx a[1]: x", "-"},
    {"Nov 24 10:27:50 postfix/smtpd[1]: no host", "2026-11-24T10:27:50Z||postfix/smtpd|1|no host"},
    {"Nov 24 10:27:50 mx last message repeated 2 times",
     "2026-11-24T10:27:50Z|mx|last|0|message repeated 2 times"},
    {"Nov 24 10:27:50 mx rsyslogd[main]: x", "2026-11-24T10:27:50Z|mx|rsyslogd|0|x"},
    {"Nov 24 10:27:60 mx a: leap", "2026-11-24T10:28:00Z|mx|a|0|leap"},
    {"2026-11-24T10:27:50.123456+01:00 mx a[1]: x", "2026-11-24T09:27:50.123456Z|mx|a|1|x"},
    {"2026-11-24T10:27:50+0100 mx a[1]: x", "2026-11-24T09:27:50Z|mx|a|1|x"},
    {"2026-11-24T10:27:50-05 mx a[1]: x", "2026-11-24T15:27:50Z|mx|a|1|x"},
    {"2026-11-24 10:27:50,5Z mx a[1]: x", "2026-11-24T10:27:50.5Z|mx|a|1|x"},
    {"2026-11-24T10:27:50.1234567891Z mx a[1]: x", "2026-11-24T10:27:50.123456Z|mx|a|1|x"},
    {"2026-11-24T10:27:50 mx a[1]: local", "2026-11-24T10:27:50Z|mx|a|1|local"},
    {"<22>1 2026-11-24T10:27:50Z mx postfix/smtp 12 - - hi",
     "2026-11-24T10:27:50Z|mx|postfix/smtp|12|hi"},
    {"<22>1 2026-11-24T10:27:50Z - a - - - \xef\xbb\xbfhi", "2026-11-24T10:27:50Z||a|0|hi"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1 ID [x@1 k=\"v\"] hi", "2026-11-24T10:27:50Z|mx|a|1|hi"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1 ID [x@1 k=\"a\\\"]b\\\\\" l=\"\\]\"][y z=\"]\"] hi",
     "2026-11-24T10:27:50Z|mx|a|1|hi"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1 ID [x k=\"never closed hi", "2026-11-24T10:27:50Z|mx|a|1|"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1 ID [x k=\"\\", "2026-11-24T10:27:50Z|mx|a|1|"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1 ID [", "2026-11-24T10:27:50Z|mx|a|1|"},
    {"<22>1 2026-11-24T10:27:50Z mx a 1", "2026-11-24T10:27:50Z|mx|a|1|"},
    {"<22>1 2026-11-24T10:27:50Z mx - 1 - - x", "-"},
    {"<22>1 - mx a 1 - - x", "-"},
    {"@400000006926d47f1dcd6500 mx a[1]: x", NULL},
    {"@4000000069@4000000000000 mx a[1]: x", "-"},
    {"@400000006926d47f`dcd6500 mx a[1]: x", "-"},
    {"", "-"},
    {"Nov", "-"},
    {"Nov 24 10:27:50", "-"},
    {"Nov 24 10:27:50 ", "-"},
    {"Nov 24 10:27:50 mx", "2026-11-24T10:27:50Z||mx|0|"},
    {"Nov 24 25:27:50 mx a: x", "-"},
    {"Nov 24 10:61:50 mx a: x", "-"},
    {"Nov 31 10:27:50 mx a: x", "-"},
    {"Feb 30 10:27:50 mx a: x", "-"},
    {"Nov 00 10:27:50 mx a: x", "-"},
    {"nov 24 10:27:50 mx a: x", "-"},
    {"Nov 24 10:27:5 mx a: x", "-"},
    {"Nov 24 1O:27:50 mx a: x", "-"},
    {"2026-11-24T10:27:50+1:00 mx a: x", "-"},
    {"2026-13-24T10:27:50Z mx a: x", "-"},
    {"2026-02-29T10:27:50Z mx a: x", "-"},
    {"2026-11-24T24:27:50Z mx a: x", "-"},
    {"0000-11-24T10:27:50Z mx a: x", "-"},
    {"<9999>Nov 24 10:27:50 mx a: x", "-"},
    {"<>Nov 24 10:27:50 mx a: x", "-"},
    {"<22Nov 24 10:27:50 mx a: x", "-"},
    {"Nov 24 10:27:50 mx : x", "-"},
    {"Nov 24 10:27:50 mx [1]: x", "-"},
    {"Nov 24 10:27:50 mx a[1", "-"},
    {"Nov 24 10:27:50 mx a[99999999999999999999]: x", "2026-11-24T10:27:50Z|mx|a|0|x"},
};

static void forms(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct envelope_state st = {.now = seconds_of("2026-11-24T12:00:00") * WHEN_SECOND};
        struct text got = {0};
        size_t n = strlen(lines[i].line);
        char *copy = malloc(n + 1); /* so that a read behind the end is seen */
        memcpy(copy, lines[i].line, n);
        split(&st, copy, n, &got);
        text_addc(&got, '\0');
        if (lines[i].want && strcmp(got.p, lines[i].want) != 0) {
            print_error("%s\n  %s\n  not %s\n", lines[i].line, got.p, lines[i].want);
            bad++;
        }
        for (size_t k = 0; k < n; k++) { /* cut anywhere: no crash */
            struct envelope e;
            char *cut = malloc(k ? k : 1);
            memcpy(cut, lines[i].line, k);
            envelope_parse(&st, slice_of(cut, k), &e);
            free(cut);
        }
        free(copy);
        text_free(&got);
    }
    assert_int_equal(bad, 0);
}

/* TAI64N: the label of 2026-11-24T10:27:50.5 UTC, ten seconds ahead. */
static void tai(void **state)
{
    struct envelope_state st = {.now = 0};
    struct text line = {0}, got = {0};

    (void)state;
    text_addf(&line, "@%016llx%08x mx a[1]: x",
              (unsigned long long)((UINT64_C(1) << 62) + 10 +
                                   (uint64_t)seconds_of("2026-11-24T10:27:50")),
              500000000u);
    split(&st, line.p, line.n, &got);
    text_addc(&got, '\0');
    assert_string_equal(got.p, "2026-11-24T10:27:50.500000Z|mx|a|1|x");
    text_free(&line);
    text_free(&got);
}

/* Stamps without a year, one after the other, and what they are taken for. */
struct years {
    const char *name, *now, *zone;
    int year;
    const char *stamps, *want; /* one a line */
};

#define SOME(line) line line line line
static const struct years years[] = {
    {"this year", "2026-11-24T12:00:00", "UTC", 0, "Jan  1 00:00:00\nNov 24 11:00:00\n",
     "2026-01-01T00:00:00Z\n2026-11-24T11:00:00Z\n"},
    {"an hour in the future is a clock that is wrong", "2026-11-24T12:00:00", "UTC", 0,
     "Nov 24 13:00:00\n", "2026-11-24T13:00:00Z\n"},
    {"what is to come was a year ago", "2026-11-24T12:00:00", "UTC", 0, "Nov 26 13:00:00\n",
     "2025-11-26T13:00:00Z\n"},
    {"over New Year", "2026-01-02T12:00:00", "UTC", 0,
     "Dec 30 10:00:00\nDec 31 23:59:59\nJan  1 00:00:00\nJan  2 11:00:00\n",
     "2025-12-30T10:00:00Z\n2025-12-31T23:59:59Z\n2026-01-01T00:00:00Z\n2026-01-02T11:00:00Z\n"},
    {"over New Year, out of order", "2026-01-02T12:00:00", "UTC", 0,
     "Dec 31 23:59:59\nJan  1 00:00:00\nDec 31 23:59:58\nJan  1 00:00:01\nJan  1 00:00:02\n",
     "2025-12-31T23:59:59Z\n2026-01-01T00:00:00Z\n2025-12-31T23:59:58Z\n2026-01-01T00:00:01Z\n"
     "2026-01-01T00:00:02Z\n"},
    {"a log that begins out of order at New Year", "2026-01-02T12:00:00", "UTC", 0,
     "Jan  1 00:00:00\nDec 31 23:59:59\nJan  1 00:00:01\n",
     "2026-01-01T00:00:00Z\n2025-12-31T23:59:59Z\n2026-01-01T00:00:01Z\n"},
    {"run on New Year's eve, a host is early", "2025-12-31T23:59:00", "UTC", 0,
     "Dec 31 23:59:59\nJan  1 00:00:05\nDec 31 23:59:59\n",
     "2025-12-31T23:59:59Z\n2026-01-01T00:00:05Z\n2025-12-31T23:59:59Z\n"},
    {"29 February of the last leap year", "2026-11-24T12:00:00", "UTC", 0,
     "Feb 28 10:00:00\nFeb 29 10:00:00\nMar  1 10:00:00\n",
     "2026-02-28T10:00:00Z\n-\n2026-03-01T10:00:00Z\n"},
    {"29 February first", "2026-11-24T12:00:00", "UTC", 0, "Feb 29 10:00:00\nMar  1 10:00:00\n",
     "2024-02-29T10:00:00Z\n2024-03-01T10:00:00Z\n"},
    {"29 February over a century", "2103-03-01T00:00:00", "UTC", 0, "Feb 29 10:00:00\n",
     "2096-02-29T10:00:00Z\n"},
    {"29 February of this year", "2024-03-01T12:00:00", "UTC", 0, "Feb 29 10:00:00\n",
     "2024-02-29T10:00:00Z\n"},
    {"--year", "2026-11-24T12:00:00", "UTC", 2019,
     "Nov 24 10:00:00\nDec 31 10:00:00\nJan  1 10:00:00\n",
     "2019-11-24T10:00:00Z\n2019-12-31T10:00:00Z\n2020-01-01T10:00:00Z\n"},
    {"--year in the future", "2026-11-24T12:00:00", "UTC", 2030, "Nov 24 10:00:00\n",
     "2030-11-24T10:00:00Z\n"},
    {"--year that has no 29 February", "2026-11-24T12:00:00", "UTC", 2023,
     "Feb 29 10:00:00\nMar  1 10:00:00\n", "-\n2023-03-01T10:00:00Z\n"},
    {"a host that starts with its clock at New Year", "2026-11-24T12:00:00", "UTC", 0,
     "Nov 24 10:00:00\nJan  1 00:00:05\nNov 24 10:00:10\nNov 24 10:00:11\n",
     "2026-11-24T10:00:00Z\n2026-01-01T00:00:05Z\n2026-11-24T10:00:10Z\n2026-11-24T10:00:11Z\n"},
    {"a host whose clock is three days early", "2026-11-24T12:00:00", "UTC", 0,
     "Nov 24 10:00:00\nNov 27 10:00:05\nNov 24 10:00:10\nNov 24 10:00:11\n",
     "2026-11-24T10:00:00Z\n2025-11-27T10:00:05Z\n2026-11-24T10:00:10Z\n2026-11-24T10:00:11Z\n"},
    {"a host whose clock is a month early", "2026-11-24T12:00:00", "UTC", 0,
     "Nov 24 10:00:00\nDec 24 10:00:05\nNov 24 10:00:10\nNov 24 10:00:11\n",
     "2026-11-24T10:00:00Z\n2025-12-24T10:00:05Z\n2026-11-24T10:00:10Z\n2026-11-24T10:00:11Z\n"},
    {"quiet for eight months", "2026-11-24T12:00:00", "UTC", 0,
     "Jan  5 10:00:00\nSep  5 10:00:00\n", "2026-01-05T10:00:00Z\n2026-09-05T10:00:00Z\n"},
    {"a log of two years", "2026-11-24T12:00:00", "UTC", 0,
     SOME("Nov 30 10:00:00\n") SOME("May  1 10:00:00\n") SOME("Nov 24 10:00:00\n"),
     SOME("2025-11-30T10:00:00Z\n") SOME("2026-05-01T10:00:00Z\n") SOME("2026-11-24T10:00:00Z\n")},
    {"the stamp before is another year's", "2026-11-24T12:00:00", "UTC", 0,
     "2024-11-24T10:00:00Z\nNov 24 10:00:01\n" SOME("2026-11-24T10:00:02Z\n") "Nov 24 10:00:03\n",
     "2024-11-24T10:00:00Z\n2024-11-24T10:00:01Z\n" SOME(
         "2026-11-24T10:00:02Z\n") "2026-11-24T10:00:03Z\n"},
    {"a full date that is wild", "2026-11-24T12:00:00", "UTC", 0,
     "Nov 24 10:00:00\n1970-01-01T00:00:05Z\nNov 24 10:00:10\n2026-11-24T10:00:11Z\nNov 24 "
     "10:00:12\n",
     "2026-11-24T10:00:00Z\n1970-01-01T00:00:05Z\n2026-11-24T10:00:10Z\n2026-11-24T10:00:11Z\n"
     "2026-11-24T10:00:12Z\n"},
    {"the hour that comes twice", "2026-11-24T12:00:00", "Europe/Berlin", 0,
     "Oct 25 01:59:59\nOct 25 02:10:00\nOct 25 02:59:59\nOct 25 02:10:00\nOct 25 02:09:58\nOct 25 "
     "02:59:59\nOct 25 03:00:00\n",
     "2026-10-24T23:59:59Z\n2026-10-25T00:10:00Z\n2026-10-25T00:59:59Z\n2026-10-25T01:10:00Z\n"
     "2026-10-25T01:09:58Z\n2026-10-25T01:59:59Z\n2026-10-25T02:00:00Z\n"},
    {"a little out of order when it begins to come twice", "2026-11-24T12:00:00", "Europe/Berlin",
     0, "Oct 25 02:59:59\nOct 25 02:00:00\nOct 25 02:59:58\nOct 25 02:00:01\n",
     "2026-10-25T00:59:59Z\n2026-10-25T01:00:00Z\n2026-10-25T00:59:58Z\n2026-10-25T01:00:01Z\n"},
    {"the hour that is missing", "2026-11-24T12:00:00", "Europe/Berlin", 0,
     "Mar 29 01:59:59\nMar 29 03:00:00\n", "2026-03-29T00:59:59Z\n2026-03-29T01:00:00Z\n"},
    {"half an hour that comes twice", "2026-11-24T12:00:00", "Australia/Lord_Howe", 0,
     "Apr  5 01:00:00\nApr  5 01:40:00\nApr  5 01:59:59\nApr  5 01:30:00\nApr  5 02:00:00\nApr  5 "
     "02:40:00\n",
     "2026-04-04T14:00:00Z\n2026-04-04T14:40:00Z\n2026-04-04T14:59:59Z\n2026-04-04T15:00:00Z\n"
     "2026-04-04T15:30:00Z\n2026-04-04T16:10:00Z\n"},
    {"winter on Lord Howe", "2026-11-24T12:00:00", "Australia/Lord_Howe", 0,
     "Jul  1 12:15:00\nJul  1 12:45:00\nJul  1 23:45:00\nJul  2 00:45:00\n",
     "2026-07-01T01:45:00Z\n2026-07-01T02:15:00Z\n2026-07-01T13:15:00Z\n2026-07-01T14:15:00Z\n"},
    {"the day of the change, outside of the hour", "2026-11-24T12:00:00", "America/New_York", 0,
     "Nov  1 00:30:00\nNov  1 01:30:00\nNov  1 01:31:00\nNov  1 01:30:00\nNov  1 02:30:00\nNov  1 "
     "23:00:00\n",
     "2026-11-01T04:30:00Z\n2026-11-01T05:30:00Z\n2026-11-01T05:31:00Z\n2026-11-01T05:30:00Z\n"
     "2026-11-01T07:30:00Z\n2026-11-02T04:00:00Z\n"},
};

static void year_row(void **state)
{
    const struct years *y = *state;
    struct envelope_state st = {.now = seconds_of(y->now) * WHEN_SECOND, .year = y->year};
    struct text got = {0};

    assert_true(when_zone(y->zone));
    for (const char *p = y->stamps, *nl; *p; p = nl + 1) {
        struct text line = {0};
        struct envelope e;
        char stamp[WHEN_TEXT_MAX];
        nl = strchr(p, '\n');
        text_add(&line, slice_range(p, nl));
        text_add(&line, SL(" mx a[1]: x"));
        if (envelope_parse(&st, text_slice(&line), &e))
            text_add(&got, slice_of(stamp, when_print(stamp, e.time, e.digits)));
        else
            text_addc(&got, '-');
        text_addc(&got, '\n');
        text_free(&line);
    }
    assert_true(when_zone("UTC"));
    text_addc(&got, '\0');
    assert_string_equal(got.p, y->want);
    text_free(&got);
}

/* A year and a half in each zone, every 21 minutes, against the C library. */
static void every_hour(void **state)
{
    static const char *const zones[] = {"Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns",
                                        "Africa/Casablanca", "Asia/Kathmandu"};
    int bad = 0;

    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct envelope_state st = {.now = seconds_of("2026-12-31T00:00:00") * WHEN_SECOND,
                                    .year = 2025};
        assert_true(when_zone(zones[z]));
        for (int64_t t = seconds_of("2025-06-01T00:07:00"); t < seconds_of("2026-12-01T00:00:00");
             t += 1260) {
            struct envelope e = {0};
            char line[64];
            time_t seconds = (time_t)t;
            struct tm tm;
            localtime_r(&seconds, &tm);
            size_t n = strftime(line, sizeof line, "%b %e %H:%M:%S mx a: x", &tm);
            assert_true(envelope_parse(&st, slice_of(line, n), &e));
            if (e.time != t * WHEN_SECOND && bad++ < 3)
                print_error("%s: %s is %lld s off\n", zones[z], line,
                            (long long)(e.time / WHEN_SECOND - t));
        }
    }
    assert_true(when_zone("UTC"));
    assert_int_equal(bad, 0);
}

/* Two hosts whose clocks are a minute apart, line by line. */
static void distinct_minutes_are_cheap(void **state)
{
    static const char *const zones[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe"};
    static const char *const line[] = {"Nov 24 11:00:01 a b: c", "Nov 24 10:59:01 b b: c"};

    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct envelope_state st = {.now = seconds_of("2026-11-24T12:00:00") * WHEN_SECOND};
        struct envelope e;
        assert_true(when_zone(zones[z]));
        clock_t start = clock();
        for (int i = 0; i < 20000; i++)
            assert_true(envelope_parse(&st, slice_str(line[i % 2]), &e));
        double us = (double)(clock() - start) / CLOCKS_PER_SEC * 1e6 / 20000;
        if (us > 10) /* it takes far less than one, without a sanitizer */
            fail_msg("%s: %.1f microseconds a stamp", zones[z], us);
    }
    assert_true(when_zone("UTC"));
}

int main(void)
{
    static struct CMUnitTest tests[100] = {cmocka_unit_test(forms), cmocka_unit_test(tai),
                                           cmocka_unit_test(every_hour),
                                           cmocka_unit_test(distinct_minutes_are_cheap)};
    size_t n = 4;

    for (size_t i = 0; i < sizeof years / sizeof *years; i++)
        tests[n++] = (struct CMUnitTest){years[i].name, year_row, NULL, NULL, (void *)&years[i]};
    return _cmocka_run_group_tests("envelope", tests, n, NULL, NULL);
}
