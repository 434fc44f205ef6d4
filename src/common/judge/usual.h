/* usual: what an identity usually does: a tally for each sign, how busy its hours get, and when in
 * the week it is active. Kept for each identity, for each customer (a prior for its identities) and
 * for everybody (a prior for all); about 90 bytes.
 *
 * Busy hours: reached[k] counts hours of the clock in which it sent at least 2^k messages, so
 * reached[0] is all its active hours. Times of the week: slots of three hours, working days (Monday
 * to Friday) and weekend apart, in UTC, since only the habit counts.
 */
#ifndef MPTOOLS_JUDGE_USUAL_H
#define MPTOOLS_JUDGE_USUAL_H

#include "judge/sign.h"

#define LEVELS 16u
#define SLOTS 16u

struct usual {
    struct tally sign[SIGN_TALLIES];
    uint16_t reached[LEVELS];
    uint8_t slot[SLOTS];
};

void usual_merge(struct usual *to, const struct usual *from);

/* An hour begins in that slot; it has reached 2^level messages. */
void usual_hour(struct usual *u, unsigned slot);
void usual_level(struct usual *u, unsigned level);

unsigned slot_of(int64_t time); /* microseconds since 1970 */
int64_t hour_of(int64_t time);  /* hours since 1970 */

#endif
