/* sign: something that a message shows or doesn't, how often an identity's messages show it, and
 * what seeing it again says.
 *
 * Every identity has a share of messages that show the sign: its own, which nobody knows, but of
 * which two things are known: how such shares are spread over honest identities (`usual` of
 * scoring.h, a prior), and what was seen of this one and of its customer (tallies). By Bayes both
 * give a belief over shares. While the identity is watched the belief goes on learning within what
 * `usual` holds possible, so that a new customer's first newsletter, which fits a share that some
 * honest senders have, is soon believed to be one: evidence for the rest fades. `compromised` is
 * the same for the other hypothesis. The likelihood ratio of an observation is that of its two
 * predictions,
 *     llr = ln( P(seen | compromised, what was seen so far) / P(seen | usual, what was seen so far)
 * ) whose E[e^llr | the past] is 1 while the identity is a draw from `usual`: all that cusum.h's
 * bound needs. An observation whose llr is cut (cusum.h) is learned in the same part: what was
 * learned in full would be explained from then on without ever having counted. Honest identities
 * change, too (a login is given to a mailing machine): with probability `change` the prior counts
 * and not the past, which bounds what any past can prove.
 *
 * The shares are a grid of at most SHARES_MOST points, so a belief is that many weights; a mixture
 * on a grid is what the nonparametric maximum likelihood estimate of a mixing distribution is
 * (Kiefer and Wolfowitz 1956, Laird 1978), and --calibrate makes it (calibrate.h).
 */
#ifndef MPTOOLS_JUDGE_SIGN_H
#define MPTOOLS_JUDGE_SIGN_H

#include <stdint.h>

#include "judge/scoring.h"

/* Observations with and without the sign, in sixteenths. Halved when they are more than
 * TALLY_MESSAGES, so that the last few hundred messages count. */
#define TALLY_MESSAGES 400u
struct tally {
    uint16_t yes, no;
};

/* yes: 1, 0, or between when an observation is of several recipients. */
void tally_add(struct tally *t, float yes);
void tally_merge(struct tally *to, const struct tally *from);
bool tally_empty(const struct tally *t);
float tally_count(const struct tally *t); /* observations */

/* A belief is so many weights: those of the usual shares, then those of the compromised ones, which
 * each add up to 1. */
#define BELIEF_MOST (2 * SHARES_MOST)
unsigned belief_size(const struct scoring *s, enum sign sign);

void belief_begin(float *b, const struct scoring *s, enum sign sign, const struct tally *own,
                  const struct tally *customers);
/* The llr of an observation, nats. usual_least: the share is at least that for everybody now (0:
 * nothing of the kind is known). */
float belief_llr(const float *b, const struct scoring *s, enum sign sign, float yes,
                 float usual_least);
/* Takes observations in; parts of them count as such. */
void belief_learn(float *b, const struct scoring *s, enum sign sign, float yes, float no);

/* The beliefs about one identity, of the signs that were asked for: starts as {0}; takes memory
 * only for what it holds. */
struct beliefs {
    float *weight;
    uint16_t begun;     /* bits of the signs that it holds */
    uint8_t used, room; /* weights */
    uint8_t at[SIGN_TALLIES];
};

/* The sign's weights; it holds them. */
static inline float *beliefs_of(const struct beliefs *b, enum sign sign)
{
    return b->weight + b->at[sign];
}

/* Room for the sign's weights, which the caller sets. NULL when memory runs out. */
float *beliefs_add(struct beliefs *b, const struct scoring *s, enum sign sign);
/* Room for all of them at once. False when memory runs out. */
bool beliefs_reserve(struct beliefs *b);
/* to is {0}. False when memory runs out. */
bool beliefs_copy(struct beliefs *to, const struct beliefs *from);
void beliefs_clear(struct beliefs *b); /* it holds none, its memory is kept */
void beliefs_free(struct beliefs *b);

#endif
