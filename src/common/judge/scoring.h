/* scoring: the numbers that judging works with, from scoring.conf.
 *
 * The file that ships (share/mptools/scoring.conf) holds all of them and says what they mean; a
 * site's own scoring.conf in its configuration folder replaces single lines. Lines are
 * `NAME VALUE` and `likelihood FAMILY USUAL COMPROMISED`: how often the family's sign is seen in
 * the mail of an honest identity, at worst, and of a compromised one. From a pair p, q follow the
 * likelihood ratios in nats of seeing the sign, ln(q/p), and of not seeing it, ln((1-q)/(1-p)).
 *
 * `usual` has to be an upper bound: for an identity whose true share is at most p the expected
 * value of e^llr is at most 1, which is all that the bound on false flags needs (cusum.h).
 */
#ifndef MPTOOLS_JUDGE_SCORING_H
#define MPTOOLS_JUDGE_SCORING_H

#include "base/words.h"

enum family {
    FAMILY_CONTENT, /* `replies-content`: remote sites refuse the message for what it says */
    FAMILY_UNKNOWN, /* `replies-unknown`: remote sites don't know its recipients */
    FAMILY_VERDICT, /* `verdict`: what our own content filter says */
    FAMILY_COUNT
};

struct likelihood {
    double usual, compromised;
    float yes, no; /* nats */
};

struct scoring {
    double false_flags; /* tolerated, per message */
    double threshold;   /* h, nats; follows from false_flags */
    /* What may be brought at most, in nats (shares of h in the file): */
    double family_most;  /* by one family to a block */
    double alone_most;   /* by one family to being a suspect, so that its sum stays bounded */
    double remote_most;  /* by one remote site's words; under h/2 */
    double message_most; /* by one message */
    /* Logarithms of chances: that a compromise shows in a family, that it doesn't; that it begins
     * to show with the next message, that it doesn't. */
    float affected, spared, onset, calm;
    float fade; /* nats that each family loses with a message */
    struct likelihood family[FAMILY_COUNT];
};

struct slice family_name(unsigned family);

/* SHARE/scoring.conf, which must be there and complete, then CONF/scoring.conf if it is there
 * (conf may be NULL). False: the problems say why, all of them. */
bool scoring_load(const char *share, const char *conf, struct problems *problems,
                  struct scoring *out);

#endif
