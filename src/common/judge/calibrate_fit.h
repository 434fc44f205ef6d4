/* calibrate_fit: the numbers of calibrate.h; for calibrate*.c and its test only.
 *
 * Nothing here knows of identities or logs. fit_shares() needs memory for its likelihoods and
 * returns false without; the rest can't fail.
 */
#ifndef MPTOOLS_JUDGE_CALIBRATE_FIT_H
#define MPTOOLS_JUDGE_CALIBRATE_FIT_H

#include "judge/scoring.h"

/* The shipped weights count like so many identities. */
#define PRIOR 5.0

/* One draw of a share: what was seen, with the sign and without; the share that everybody had at
 * least, on average; and what the draw weighs: the draws of an identity are one together. */
struct draw {
    float yes, no, least, weight;
};

/* The shares of `shipped` with new weights. telling: identities that were seen often enough to show
 * a share if they had it. */
bool fit_shares(const struct draw *draw, size_t n, const struct shares *shipped, size_t telling,
                struct shares *out);

double shares_mean(const struct shares *s);

/* The share so far down the list, `part` of 0 to 1; sorts it. n isn't 0. */
float quantile(float *share, size_t n, double part);

/* 95 % confidence for the mean of a Poisson number of which k was seen (Garwood 1936). */
struct interval {
    double low, high;
};
struct interval poisson_interval(uint64_t k);

#endif
