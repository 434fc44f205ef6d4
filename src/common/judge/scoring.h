/* scoring: the numbers that judging works with, from scoring.conf.
 *
 * The file that ships (share/mptools/scoring.conf) holds all of them and says what they mean; a
 * site's own scoring.conf in its configuration folder replaces single lines. Lines are `NAME VALUE`
 * and, for each sign that a message can show, two distributions of the share of messages that show
 * it:
 *   usual SIGN SHARE:WEIGHT ...         over honest identities
 *   compromised SIGN SHARE:WEIGHT ...   over compromised ones, where it shows at all
 * Weights are relative; `--calibrate` estimates those of `usual` from a site's own mail. sign.h
 * says what is made of them.
 */
#ifndef MPTOOLS_JUDGE_SCORING_H
#define MPTOOLS_JUDGE_SCORING_H

#include "base/words.h"

/* Kinds of evidence, evidence.h. */
enum family {
    FAMILY_CONTENT, /* `replies-content` */
    FAMILY_UNKNOWN, /* `replies-unknown` */
    FAMILY_VERDICT,
    FAMILY_RECIPIENTS,
    FAMILY_VOLUME,
    FAMILY_ORIGIN,
    FAMILY_SENDER,
    FAMILY_COUNT
};

/* What is seen or not seen in a message; up to SIGN_TALLIES it is counted as yes and no. */
enum sign {
    SIGN_CONTENT,        /* replies-content: refused for what it says */
    SIGN_UNKNOWN,        /* replies-unknown: a new recipient doesn't exist */
    SIGN_SPAM,           /* verdict: our filter says spam */
    SIGN_NEW_RCPT,       /* recipients: an address that the customer never wrote to */
    SIGN_NEW_DOMAIN,     /* of these: in a domain that it never wrote to */
    SIGN_NEW_SENDER,     /* sender: an address that the identity never wrote as */
    SIGN_FOREIGN_SENDER, /* of these: in a domain that the customer never wrote as */
    SIGN_RANDOM_SENDER,  /* of these: with a random-looking local part */
    SIGN_NEW_NET,        /* origin: a net that the login was never used from */
    SIGN_NEW_AS,         /* of these: of a provider that the customer never used */
    SIGN_NEW_COUNTRY,    /* of these: in a country that it was never in */
    SIGN_ELSEWHERE,      /* of a new provider: used from another less than an hour ago */
    SIGN_TALLIES,
    SIGN_BUSIER = SIGN_TALLIES, /* volume: an hour that had n messages gets 2n */
    SIGN_ODD_HOUR,              /* volume: an hour at a time of the week without habit */
    SIGN_COUNT
};

#define SHARES_MOST 8u
struct shares {
    unsigned n;
    float share[SHARES_MOST], weight[SHARES_MOST]; /* weights add up to 1 */
    float yes[SHARES_MOST], no[SHARES_MOST];       /* ln share, ln(1 - share) */
};

struct sign_scoring {
    struct shares usual, compromised;
};

struct scoring {
    double false_flags; /* tolerated, per message */
    double threshold;   /* h, nats; follows from false_flags */
    /* What may be brought at most, in nats (shares of h in the file): */
    double family_most;   /* by one family to a block */
    double alone_most;    /* by one family to being a suspect, so that its sum stays bounded */
    double campaign_most; /* by recipients and volume together */
    double mailing_most;  /* by these, unknown recipients and our own filter */
    double conduct_most;  /* by all that nobody but the identity itself says */
    double remote_most;   /* by one remote site's words; under h/2 */
    double message_most;  /* by one observation of a message */
    /* Logarithms of chances: that a compromise shows in a family, that it doesn't; that it begins
     * to show with the next message, that it doesn't. */
    float affected, spared, onset, calm;
    float fade;    /* nats that each family loses with an observation */
    float change;  /* the chance that an honest identity isn't what it was */
    float kinship; /* what its customer did counts like so many messages of its own */
    struct sign_scoring sign[SIGN_COUNT];
};

struct slice family_name(unsigned family);
struct slice sign_name(unsigned sign);

/* SHARE/scoring.conf, which must be there and complete, then CONF/scoring.conf if it is there
 * (conf may be NULL). False: the problems say why, all of them. */
bool scoring_load(const char *share, const char *conf, struct problems *problems,
                  struct scoring *out);
/* Another rate of false flags than the file's, with all that follows from it. */
void scoring_false_flags(struct scoring *s, double false_flags);

#endif
