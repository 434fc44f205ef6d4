/* score_save_parts: what the files of score_save share; for score_save*.c only.
 *
 * The load functions take what was checked by nobody: bytes that can't be right set in->bad, and
 * what was filled by then is only good for being freed.
 */
#ifndef MPTOOLS_JUDGE_SCORE_SAVE_PARTS_H
#define MPTOOLS_JUDGE_SCORE_SAVE_PARTS_H

#include "base/pack.h"
#include "judge/score_parts.h"

/* More than anything that is measured in nats ever is, and than any time (the year 9999 is under
 * 2^58 microseconds), and few enough to add up some. */
#define NATS_MOST 1e9
#define TIME_MOST (INT64_C(1) << 60)

#define SAVED_VERSION 2
extern const struct slice saved_magic;
/* Sizes that the bytes depend on; another program's may be others. */
#define SAVED_SIZES 18u
extern const uint16_t saved_sizes[SAVED_SIZES];
/* The hash of the shares that beliefs are about; 0 when memory runs out. */
uint64_t saved_shares(const struct scoring *s);
/* Rates in intervals of up to a day (score_rank.c) are kept: what is wider tells nothing now. */
#define SAVED_SCALE 7u

int64_t unpack_time(struct unpack *in);

void usual_save(const struct usual *u, struct text *out);
void usual_load(struct usual *u, struct unpack *in);

/* An open window, or a closed one, of which less is needed. */
void window_save(const struct window *w, const struct scoring *s, bool open, struct text *out);
/* NULL when memory runs out. same_shares: beliefs are about the shares that s has. */
struct window *window_load(const struct scoring *s, bool open, bool same_shares, struct unpack *in);

/* The letters that wait; people by their number, from 1. */
void letters_save(const struct scorer *s, struct text *out);
void letters_load(struct scorer *s, struct person *const *people, size_t n, struct unpack *in);

#endif
