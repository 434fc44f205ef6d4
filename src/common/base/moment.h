/* moment: a time as an operator writes it on the command line.
 *
 * An RFC 3339 time, of which the seconds, the zone, or all of the time of day may be missing
 * (2026-11-24T10:00:00Z, 2026-11-24T10:00, 2026-11-24; a blank will do for the T), or a span back
 * from now: 90s, 15m, 2h, 1d, 2w, with or without a dash before it. Without a zone it is local time
 * (when_zone()), as the times of a log are that have none; a date alone is its midnight.
 */
#ifndef MPTOOLS_BASE_MOMENT_H
#define MPTOOLS_BASE_MOMENT_H

#include "base/when.h"

/* Microseconds since 1970; false when s is no such time. */
bool time_option(const char *s, int64_t now, int64_t *out);
/* Microseconds, of a span alone. */
bool span_option(const char *s, int64_t *out);

#endif
