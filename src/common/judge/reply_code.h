/* reply_code: what stands around a reply's words: Postfix's wrapping, the reply code (RFC 5321),
 * the enhanced status code (RFC 3463), and both again where a multi-line reply repeats them.
 *
 * Nothing is allocated, nothing fails; p is never moved behind end.
 */
#ifndef MPTOOLS_JUDGE_REPLY_CODE_H
#define MPTOOLS_JUDGE_REPLY_CODE_H

#include "base/slice.h"

enum { REPLY_RAW_MAX = 4096 }; /* no more of a reply is read */

struct reply_codes {
    unsigned code;   /* 550; 500 when only 5.1.1 was given; 0 when there is no code at all */
    unsigned dsn[3]; /* {5, 1, 1}; dsn[0] is 0 when there is none */
};

/* The remote's own words: without the prefixes and the suffix that Postfix puts around them, and
 * cut at REPLY_RAW_MAX. p is never NULL. */
struct slice reply_bare(struct slice reply);

/* Takes `550-5.1.1 `, `550 #5.1.1`, `550 ` or `5.1.1 ` off the start: the place behind it. Where no
 * status code stands at the start, one in the text as qmail writes it, `(#5.1.1)`, counts. */
const char *reply_take_codes(struct reply_codes *codes, const char *p, const char *end);
/* Where the reply's code stands at p once more: the place behind it; else p. */
const char *reply_skip_repeat(const struct reply_codes *codes, const char *p, const char *end);

/* The length of an enhanced status code at p, or 0. */
size_t reply_dsn_length(const char *p, const char *end, unsigned dsn[3]);

/* Blanks, and the control characters that count as one. */
static inline const char *reply_skip_blanks(const char *p, const char *end)
{
    while (p < end && ((unsigned char)*p <= ' ' || *p == 0x7f))
        p++;
    return p;
}

#endif
