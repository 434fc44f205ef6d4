#include "log/stamp.h"

#define SLACK WHEN_DAY /* a clock may be wrong, and zones differ */
#define MONTH (30 * WHEN_DAY)
#define DST_SLACK 300 /* seconds that a line may be out of order in the hour that repeats */

static int month_of(const char *p)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int m = 0; m < 12; m++)
        if (memcmp(names + 3 * m, p, 3) == 0)
            return m + 1;
    return 0;
}

/* n digits at p, or -1. */
static int number(const char *p, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static bool clock_of(const char *p, struct civil *c)
{
    c->hour = number(p, 2);
    c->minute = number(p + 3, 2);
    c->second = number(p + 6, 2);
    return c->hour >= 0 && p[2] == ':' && c->minute >= 0 && p[5] == ':' && c->second >= 0;
}

/* Local time to seconds. A day that has 24 hours has one offset (no zone has changed its offset
 * twice in a day), so one conversation with the C library serves a day of log. */
static int64_t local_seconds(struct envelope_state *st, const struct civil *c)
{
    struct civil first = {.year = c->year, .month = c->month, .day = c->day}, next;
    int rest = c->hour * 3600 + c->minute * 60 + c->second;

    if (memcmp(&first, &st->day, sizeof first) == 0)
        return st->day_start + rest;
    int64_t late = when_local(c, INT64_MAX), early = when_local(c, INT64_MIN);
    if (late != early) /* the hour that daylight saving repeats */
        return when_local(c, st->started ? st->last / WHEN_SECOND - DST_SLACK : INT64_MIN);
    when_civil(when_utc(&first) + 86400, &next);
    int64_t start = when_local(&first, INT64_MIN);
    if (start == when_local(&first, INT64_MAX) && when_local(&next, INT64_MAX) - start == 86400 &&
        when_local(&next, INT64_MIN) - start == 86400 && early - start == rest) {
        st->day = first;
        st->day_start = start;
    }
    return early;
}

static int64_t in_year(struct envelope_state *st, struct civil *c, int year)
{
    c->year = year;
    return when_valid(c) ? local_seconds(st, c) * WHEN_SECOND : WHEN_NONE;
}

/* The latest time that a stamp may have. The present goes on while a log is followed. */
static int64_t limit_of(struct envelope_state *st, int64_t t)
{
    if (t > st->now + SLACK && st->wall)
        st->now = when_now();
    return st->now + SLACK;
}

/* The first line's: the year that was given, else the latest that isn't in the future (29 February
 * may be eight years back). */
static int64_t first_year(struct envelope_state *st, struct civil *c)
{
    struct civil ref;

    if (st->year)
        return in_year(st, c, st->year);
    when_civil((st->now + SLACK) / WHEN_SECOND, &ref);
    for (int y = ref.year; y > ref.year - 9; y--) {
        int64_t t = in_year(st, c, y);
        if (t != WHEN_NONE && t <= limit_of(st, t))
            return t;
    }
    return WHEN_NONE;
}

/* The time of a stamp without a year: the earliest year in which it isn't a month before the line
 * before it, nor in the future. A stamp that fits in no year is of a wrong clock, or of a log that
 * isn't in order: it gets the latest year that isn't in the future, and later lines go by the line
 * before it. */
static int64_t with_year(struct envelope_state *st, struct civil *c)
{
    struct civil ref;
    int64_t latest = WHEN_NONE;

    if (!st->started)
        return first_year(st, c);
    when_civil(st->last / WHEN_SECOND, &ref);
    int64_t near = in_year(st, c, ref.year); /* nearly always: no year before can be the earliest */
    if (near != WHEN_NONE && near >= st->last - MONTH && near < st->last + 10 * MONTH &&
        near <= limit_of(st, near))
        return near;
    for (int y = ref.year - 1; y <= ref.year + 1; y++) {
        int64_t t = in_year(st, c, y);
        if (t == WHEN_NONE)
            continue;
        bool future = t > limit_of(st, t) && y > st->year;
        if (t >= st->last - MONTH && !future)
            return t;
        if (!future)
            latest = t;
    }
    st->astray = true;
    st->future = true;
    return latest;
}

/* "Nov  4 06:25:01", "Nov 4 06:25:01" or "Nov 04 06:25:01"; returns the bytes read. */
size_t stamp_rfc3164(struct envelope_state *st, struct slice s, int64_t *time)
{
    struct civil c = {0};
    const char *p = s.p;
    size_t day = 4;

    /* within the minute of the last stamp only the seconds are new */
    if (s.n >= 16 && memcmp(p, st->stamp, 13) == 0 && (c.second = number(p + 13, 2)) >= 0 &&
        c.second <= 60) {
        *time = st->stamp_time + c.second * WHEN_SECOND;
        return 15;
    }
    if (s.n < 15 || p[3] != ' ' || (c.month = month_of(p)) == 0)
        return 0;
    if (p[day] == ' ')
        day++;
    c.day = number(p + day, 1);
    size_t at = day + 1;
    if (c.day >= 0 && is_digit(p[at]))
        c.day = c.day * 10 + (p[at++] - '0');
    int year = s.n >= at + 14 && p[at] == ' ' && p[at + 5] == ' ' ? number(p + at + 1, 4) : -1;
    at += year > 0 ? 5 : 0; /* "Nov 24 2026 06:25:01", as some devices write */
    if (c.day <= 0 || s.n < at + 9 || p[at] != ' ' || !clock_of(p + at + 1, &c))
        return 0;
    if ((*time = year > 0 ? in_year(st, &c, year) : with_year(st, &c)) == WHEN_NONE)
        return 0;
    at += 9;
    if (at == 15 && !st->astray) {
        memcpy(st->stamp, p, 13);
        st->stamp_time = *time - c.second * WHEN_SECOND;
    }
    return at;
}

/* The offset of a zone at p ("Z", "+01:00", "+0100", "+01"), in seconds; the bytes read, or 0. */
static size_t offset_of(const char *p, const char *end, int *seconds)
{
    if (p == end)
        return 0;
    if (*p == 'Z' || *p == 'z') {
        *seconds = 0;
        return 1;
    }
    if ((*p != '+' && *p != '-') || end - p < 3)
        return 0;
    int h = number(p + 1, 2), m = 0;
    size_t n = 3;
    if (end - p >= 6 && p[3] == ':' && (m = number(p + 4, 2)) >= 0)
        n = 6;
    else if (end - p >= 5 && (m = number(p + 3, 2)) >= 0)
        n = 5;
    else
        m = 0;
    if (h < 0 || h > 23 || m > 59)
        return 0;
    *seconds = (*p == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return n;
}

size_t stamp_fraction(struct slice s, int64_t *us, uint8_t *digits)
{
    int64_t unit = WHEN_SECOND;
    size_t i = 1;

    *us = 0;
    *digits = 0;
    if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || !is_digit(s.p[1]))
        return 0;
    for (; i < s.n && is_digit(s.p[i]); i++) {
        if (*digits < 6) {
            unit /= 10;
            *us += unit * (s.p[i] - '0');
            ++*digits;
        }
    }
    return i;
}

size_t envelope_rfc3339(struct envelope_state *st, struct slice s, int64_t *time, uint8_t *digits)
{
    const char *p = s.p, *end = s.p + s.n;
    struct civil c;
    int64_t seconds, fraction;

    if (s.n < 19 || p[4] != '-' || (p[10] != 'T' && p[10] != ' '))
        return 0;
    if (memcmp(p, st->iso, 19) == 0) {
        seconds = st->iso_seconds;
    } else {
        c = (struct civil){
            .year = number(p, 4), .month = number(p + 5, 2), .day = number(p + 8, 2)};
        if (p[7] != '-' || !clock_of(p + 11, &c) || !when_valid(&c))
            return 0;
        seconds = when_utc(&c);
        memcpy(st->iso, p, 19);
        st->iso_seconds = seconds;
    }
    const char *q = p + 19;
    q += stamp_fraction(slice_range(q, end), &fraction, digits);
    int offset = 0;
    size_t n = offset_of(q, end, &offset);
    if (n == 0) {
        when_civil(seconds, &c);
        seconds = local_seconds(st, &c);
    }
    *time = (seconds - offset) * WHEN_SECOND + fraction;
    return (size_t)(q - p) + n;
}

/* "@4000000037c219bf2ef02e94": TAI64N, as multilog writes it (cr.yp.to/libtai/tai64.html). */
size_t stamp_tai64n(struct slice s, int64_t *time)
{
    uint64_t v = 0, nano = 0;

    if (s.n < 25 || s.p[0] != '@')
        return 0;
    for (int i = 1; i < 25; i++) {
        int d = hex_digit(s.p[i]);
        if (d < 0)
            return 0;
        if (i < 17)
            v = v << 4 | (unsigned)d;
        else
            nano = nano << 4 | (unsigned)d;
    }
    if (v < (UINT64_C(1) << 62) || v - (UINT64_C(1) << 62) > UINT64_C(253402300799) ||
        nano > 999999999)
        return 0;
    /* TAI was 10 s ahead at the epoch; programs that write TAI64N ignore leap seconds since */
    *time = ((int64_t)(v - (UINT64_C(1) << 62)) - 10) * WHEN_SECOND + (int64_t)(nano / 1000);
    return 25;
}
