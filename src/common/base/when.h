/* when: times of the log, as microseconds since 1970-01-01T00:00:00Z (int64_t).
 *
 * Civil dates are proleptic Gregorian, without leap seconds (POSIX). Local times need a zone from
 * the system's database (TZ syntax); the process's own TZ is used, set once by when_zone().
 */
#ifndef MPTOOLS_BASE_WHEN_H
#define MPTOOLS_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEN_SECOND INT64_C(1000000)
#define WHEN_DAY (86400 * WHEN_SECOND)
#define WHEN_TEXT_MAX 32
#define WHEN_NONE INT64_MIN

struct civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

/* Seconds since the epoch of a UTC civil time; fields have to be in range. */
int64_t when_utc(const struct civil *c);
void when_civil(int64_t seconds, struct civil *c);
bool when_valid(const struct civil *c); /* a real date and time of day (second up to 60) */

/* Sets the zone of local times ("Europe/Berlin", "UTC"); false when the system has none of that
 * name. Without a call the process's TZ holds. Not for threads. */
bool when_zone(const char *tz);

/* Seconds since the epoch of a local civil time. In the hour that daylight saving repeats, the
 * first one that isn't before `after` (the time of the line before), so a log in order stays in
 * order; a time that was skipped is read as mktime(3) does. */
int64_t when_local(const struct civil *c, int64_t after);

/* RFC 3339 in UTC with `digits` digits of fraction, for example 2026-11-24T10:27:50.123456Z.
 * Returns the length written to buf (at least WHEN_TEXT_MAX bytes; no NUL). */
size_t when_print(char *buf, int64_t us, unsigned digits);

/* The current time. */
int64_t when_now(void);

#endif
