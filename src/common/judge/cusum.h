/* cusum: has this identity changed from its usual self to compromised, and since when?
 *
 * Page's CUSUM (1954) is Wald's sequential test (1945) restarted whenever its sum of log-likelihood
 * ratios falls to zero: S <- max(0, S + llr), flag at S >= h. Lorden (1971) showed that the mean
 * number of observations to a false flag is at least e^h whatever the distributions; the argument
 * is short and needs only that every observation has E[e^llr | the past] <= 1 while the identity is
 * its usual self. Start a test at every observation k: its likelihood ratio L_k is then a
 * supermartingale, R = sum of all L_k grows by at most 1 an observation, so E[T] >= E[R at T] >=
 * e^h, because e^S is one of the terms of R. So h = ln(observations per message / false_flags). It
 * holds for any number of families and any dependence between messages. For spam zombies the plain
 * SPRT on one kind of evidence is Duan et al., SPOT (2012); it has no restart and no bound that
 * lasts.
 *
 * Families. A compromise need not show in every family, nor in all from the same message on. With
 * one sum for all, a spammer with a verified list would be cleared by his existing recipients as
 * fast as his refusals accuse him. So a family f is hit from the start with probability `affected`,
 * or from some later message on (`onset` a message), or not at all, and its likelihood ratio is the
 * mixture over that: L_f = hit + miss, with
 *     hit' = (hit + onset * miss) * e^llr,   miss' = (1 - onset) * miss
 * (Xie and Siegmund 2013 for the mixture, Herbster and Warmuth 1998 for the later start). Its mean
 * stays what it was, so the product over families is a likelihood ratio and the bound holds for
 *     P = sum of ln L_f,   all restarted when P <= 0.
 * One family with affected = 1 and onset = 0 is Page's CUSUM exactly. A family that says nothing
 * adds ln L_f = 0; one that speaks against a compromise takes -ln(1 - affected) at most, so others
 * can still be heard; what it said long ago never weighs more than -ln(onset).
 *
 * What a family has against an identity also fades, by `fade` nats a message and by half in some
 * three days. Else a single spam verdict with no clean ones to answer it would hold the sum over
 * zero for good, `since` would point to that day, and a login that was cleaned would stay on watch.
 *
 * Caps, which hold at every moment. What counts towards a block is S = sum of the families' ln L_f
 * where they are positive, each cut at family_most (under h, so that it takes two), and groups that
 * have a reason in common cut further: what the remote sites say at replies_most (evidence.h), what
 * an honest mailing looks like at campaign_most, with unknown recipients and our own filter's
 * opinion at mailing_most, and what nobody but the identity itself says at conduct_most. S >= h is
 * `compromised`. P >= h with S < h is `suspect`: evidence as strong, but of one kind; there only
 * replies and campaigns are cut. ln L_f itself stops at alone_most, so that it can come down again.
 *
 * The bound is P's. S leaves out what families say in favour: L_f is at least 1 - affected, and for
 * affected = 1/2 E[max(1, L_f)] <= 3/2, so without caps S's bound would be (3/2)^7 = 17 times
 * weaker than P's. The caps take more than that off what an honest identity can gather in practice,
 * which is no proof: --calibrate measures it (mptools-scoring(7)). Taking something off a
 * likelihood ratio never breaks the bound, so neither caps nor fading nor the limit on what one
 * message brings do.
 *
 * A `decisive` observation (a known virus) sets its family to h and lifts its cap.
 *
 * State is 13 bytes a family; nothing allocates or fails.
 */
#ifndef MPTOOLS_JUDGE_CUSUM_H
#define MPTOOLS_JUDGE_CUSUM_H

#include "judge/scoring.h"

struct cusum {
    struct {
        float hit, miss; /* logarithms */
        float ratio;     /* ln L_f, that of their sum */
    } family[FAMILY_COUNT];
    bool decisive[FAMILY_COUNT];
};

/* One message's observation: nats by family, 0 where it says nothing. */
struct observation {
    float llr[FAMILY_COUNT];
    bool decisive[FAMILY_COUNT];
    float part; /* of it that counted; set by cusum_add() */
};

/* As at the start and after every restart. */
void cusum_start(struct cusum *c, const struct scoring *s);
/* Takes the observation in, after cutting it to message_most; messages and hours since
 * the last one. False when the sum fell to zero; c is then started again. */
bool cusum_add(struct cusum *c, const struct scoring *s, struct observation *o, float messages,
               float hours);
/* The ratio of a family whose hit and miss were set. */
void cusum_ratio(struct cusum *c, unsigned family);
/* P, without limits. */
double cusum_whole(const struct cusum *c);

/* S; part (or NULL) is what of it each family brings. */
double cusum_score(const struct cusum *c, const struct scoring *s, double replies_most,
                   float part[FAMILY_COUNT]);
/* P, under the same limits. */
double cusum_sum(const struct cusum *c, const struct scoring *s, double replies_most);

#endif
