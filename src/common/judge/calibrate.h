/* calibrate: how honest mail looks at this site, estimated from a log of it, and how often the
 * present scoring flags it (spamscore --calibrate).
 *
 * Hand all records in (annotated, as to a scorer), call calibrate_end(), then ask for the texts.
 * Where the input can be read again, calibrate_again() and the same records once more measure the
 * new scoring, too.
 *
 * The estimate. For each sign (sign.h) the shares on the shipped grid get the weights under which
 * this mail is likeliest: the nonparametric maximum likelihood estimate of a mixing distribution
 * (Kiefer and Wolfowitz 1956), found by EM (Laird 1978). Three things differ from the plain one:
 *   - What draws a share is an identity's day, not the identity. One who sends a newsletter once a
 *     month has two habits; over a month they look like one that nobody has, and the next
 *     newsletter would be flagged. All the days of an identity together count as one.
 *   - An observation is as likely as the scorer would have said: with a share of `least` at least,
 *     where something holds for everybody just then (evidence.c: what begins is always new; a site
 *     that refuses everybody's mail). So the start of the log doesn't look like a habit.
 *   - Few identities must not make the scorer sure of itself. The shipped weights are a Dirichlet
 *     prior worth PRIOR identities (calibrate_fit.h), and no weight ends below the shipped one, or
 *     1 in n if that is less: n identities that don't show a share say no more than that the next
 *     one does so with about that chance (Laplace's rule of succession). The upper tails are what
 *     protects the odd but honest; twenty customers can't take them away.
 * `busier` is one share: of the hours that had n messages, n = 1, 2, 4, …, how many had 2n.
 *
 * A log that isn't clean teaches that spam is usual. Identities that are flagged compromised or
 * infected are therefore named, and left out unless `all` is set; suspects (one kind of evidence)
 * are counted, since honest mailings look like that and the tails are made of them. Leaving out
 * honest ones who were flagged by mistake makes the next such mistake likelier: hence `all`.
 *
 * The measured rate. If the log is clean, every flag is false: k times that somebody became
 * compromised in n messages, with the exact 95 % interval of a Poisson mean (Garwood 1936). The
 * interval takes flags as independent; one odd identity that is flagged time and again makes it too
 * narrow. Infected isn't counted: a known virus is no matter of chance. With the new scoring the
 * rate is measured on the mail that it was made from, which flatters it a little.
 *
 * Memory: about 200 bytes an identity and 24 for each sign that it shows or doesn't in a day,
 * beside the scorer's own. Failures: memory running out, when calibrate_record(), _end(), _again(),
 * _report() or _file() return false; then only calibrate_free() may follow. Nothing prints.
 * SECURITY: the texts are escaped for a terminal; the names in the report are a stranger's.
 */
#ifndef MPTOOLS_JUDGE_CALIBRATE_H
#define MPTOOLS_JUDGE_CALIBRATE_H

#include "base/text.h"
#include "judge/score.h"

struct calibrate;

struct calibrate_options {
    const struct scoring *scoring;     /* the present one, which judges; these four stay */
    const struct scoring *shipped;     /* scoring_load(SHARE, NULL, …): the grid and the prior */
    const struct customers *customers; /* NULL: no such file */
    struct geo *geo;                   /* NULL: no database */
    bool all; /* the flagged ones count, too: whoever runs it knows that they are honest */
};

struct calibrate *calibrate_new(const struct calibrate_options *options); /* NULL: no memory */
void calibrate_free(struct calibrate *c);                                 /* NULL is fine */

bool calibrate_record(struct calibrate *c, const struct record *r);
/* The input is over: everything is worked out. */
bool calibrate_end(struct calibrate *c);

/* Are all of these files that can be read twice? No names, or "-", are standard input: no. */
bool calibrate_rereads(char *const *names, int count);
/* After calibrate_end(): the same records are handed in once more, then calibrate_end() again. */
bool calibrate_again(struct calibrate *c);

/* After calibrate_end(): is nobody flagged compromised or infected? (First time through.) */
bool calibrate_clean(const struct calibrate *c);
/* Was there mail enough for any line of the file? Without, it isn't worth writing. */
bool calibrate_any(const struct calibrate *c);
/* The present scoring with the new estimates. */
const struct scoring *calibrate_scoring(const struct calibrate *c);

/* The report for people, and the site's scoring.conf, which names the time now. Both are added. */
bool calibrate_report(const struct calibrate *c, struct text *out);
bool calibrate_file(const struct calibrate *c, int64_t now, struct text *out);

#endif
