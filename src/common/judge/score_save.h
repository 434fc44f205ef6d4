/* score_save: what a scorer knows, as bytes that the next run goes on from.
 *
 * A log that is scored in pieces, each by a run that loads what the last one saved, has the same
 * suspects at the same times as in one run: everything is carried on (baselines, what was seen of
 * whom, open windows and their beliefs, messages that wait for further answers). What a run has
 * only for its report comes after saving: save, then scorer_end(), then rank and report.
 *
 * The bytes are
 *     #mptools-scorer VERSION\n
 *     little-endian numbers (base/pack.h); first the sizes of the scorer's own tables
 *     64 bits: XXH3 of everything before
 * Another version, or other sizes, are refused: they can't be read. So is what was cut or changed.
 * Whatever the bytes are, loading takes no more memory than some 20 times their number, and what it
 * accepts can't make the scorer fail.
 *
 * Beliefs are about the shares of scoring.conf. If that has others now, beliefs begin again, from
 * the tallies, which are kept. A customers file that has changed since moves the identities to
 * whoever they belong to now.
 *
 * What nobody needs isn't saved: identities that were not heard of for 90 days, flagged windows
 * whose last observation is 30 days ago; of a log that is longer than 24 days the rates, which
 * begin anew. Ages are measured to the log's latest time, or to today's if a wrong clock made that
 * one later.
 *
 * SECURITY: the bytes hold the seed of the hashes and identities' names: keep them private.
 */
#ifndef MPTOOLS_JUDGE_SCORE_SAVE_H
#define MPTOOLS_JUDGE_SCORE_SAVE_H

#include "base/text.h"
#include "judge/score.h"

/* Adds to out; false when memory runs out. */
bool scorer_save(const struct scorer *s, struct text *out);

enum scorer_loaded {
    SCORER_LOADED,
    SCORER_DAMAGED,
    SCORER_OTHER_VERSION, /* written by another version of the tools */
    SCORER_NO_MEMORY
};
/* s is as scorer_new() gave it; after anything but SCORER_LOADED it is only good for
 * scorer_free(). */
enum scorer_loaded scorer_load(struct scorer *s, struct slice saved);

#endif
