/* stamp: the times that log lines begin with. Private to envelope.c; RFC 3339's is in envelope.h.
 *
 * Each reads at the start of s and returns the bytes read, 0 when there is no such stamp.
 */
#ifndef MPTOOLS_LOG_STAMP_H
#define MPTOOLS_LOG_STAMP_H

#include "log/envelope.h"

/* "Nov  4 06:25:01", "Nov 4 06:25:01" or "Nov 04 06:25:01", local time, the year inferred. */
size_t stamp_rfc3164(struct envelope_state *st, struct slice s, int64_t *time);
/* ".123456" (or with a comma), in microseconds; of more than six digits the rest is passed over. */
size_t stamp_fraction(struct slice s, int64_t *us, uint8_t *digits);
/* "@4000000037c219bf2ef02e94", as multilog writes it (cr.yp.to/libtai/tai64.html). */
size_t stamp_tai64n(struct slice s, int64_t *time);

#endif
