/* score: event records in, suspects out.
 *
 * Records come in the order of the log (a little out of order does no harm); deliver records with
 * their class filled (annotate.h). Per identity there is a fixed state (184 bytes and its name),
 * and a window of about 1 KiB while its sum is over zero (window.h); messages and sites that were
 * heard already are remembered in tables of a fixed size. Nothing grows with the log but the number
 * of identities: a million with four messages each take 430 MB (tests/bench.sh).
 *
 * The words of a message with several recipients are taken together: when the message is removed,
 * after a minute, or at the end, whatever comes first. Otherwise the refusals would count before
 * the acceptances, because sites refuse at RCPT and accept after DATA.
 *
 * Failures: memory running out, which scorer_record() and scorer_end() report; the scorer is then
 * to be freed and nothing of it acted upon.
 */
#ifndef MPTOOLS_JUDGE_SCORE_H
#define MPTOOLS_JUDGE_SCORE_H

#include "judge/customer.h"
#include "judge/geo.h"
#include "judge/scoring.h"
#include "judge/suspect.h"
#include "log/record.h"

struct scorer;

struct scorer_options {
    const struct scoring *scoring;     /* both stay the caller's */
    const struct customers *customers; /* NULL: no such file */
    struct geo *geo;                   /* NULL: no database */
    /* The identity whose walk is told, a line of text for each observation; bytes from the log in
     * it are not escaped. Empty: none. */
    struct slice explain;
    void (*explained)(void *user, struct slice line);
    /* Told of every sign that anybody shows or doesn't, as sign_seen() is (calibrate.h); or NULL.
     * An identity's bytes stay where they are, and are nobody else's, while the scorer lives. */
    void (*seen)(void *user, struct slice identity, enum sign sign, float yes, float usual_least);
    /* Told at once, while scorer_record() or scorer_end() runs, when somebody's state rises to
     * suspect, compromised or infected, or from one of them to the next: s is the window that rose,
     * as scorer_suspect() would give it, valid during the call. It may call scorer_dealt() and
     * scorer_probation(). NULL: nobody is told. */
    void (*flagged)(void *user, const struct suspect *s);
    void *user;
};

struct scorer *scorer_new(const struct scorer_options *options); /* NULL: out of memory */
void scorer_free(struct scorer *s);

bool scorer_record(struct scorer *s, const struct record *r);
/* The input is over: what waits is counted. */
bool scorer_end(struct scorer *s);

/* Whom a record of a message is charged to: an accept, deliver or verdict record that was handed in
 * already. The slices live as long as the scorer. False: nobody. */
struct scorer_who {
    unsigned kind; /* enum identity_kind */
    struct slice identity, customer, partner;
};
bool scorer_who(const struct scorer *s, const struct record *r, struct scorer_who *out);

/* What is held against this one has been dealt with (it is blocked, suspended, reinstated): its
 * watch ends, its sum starts at zero, nothing of what it did meanwhile is learned as usual, and
 * messages that came in up to now say nothing any more, whatever is still answered to them. It is
 * listed as before until it is flagged anew. Nobody knows it: nothing. */
void scorer_dealt(struct scorer *s, unsigned kind, struct slice identity);
/* Until that log time (microseconds since 1970) this one is flagged at a share of the threshold,
 * 0.01 to 1; what is limited to shares of the threshold is lowered with it. Replaces what was said
 * before; needn't be known yet; isn't saved with the state. False when memory runs out. */
bool scorer_probation(struct scorer *s, unsigned kind, struct slice identity, double share,
                      int64_t until);

/* Ranks the identities that are flagged (all: those with a score, too), worst first. Returns how
 * many there are; SIZE_MAX when memory runs out. */
size_t scorer_rank(struct scorer *s, bool all);
/* The i-th of them. What out points to lives until the next call. */
void scorer_suspect(struct scorer *s, size_t i, struct suspect *out);

/* The state of one identity, a login or a client address; -1 when it has none, good or bad. */
int scorer_state_of(const struct scorer *s, struct slice identity);

/* Messages taken in per interval over the log, for the i-th; n of them. */
#define SCORER_RATES 24u
struct scorer_rates {
    uint16_t count[SCORER_RATES]; /* 65,535 and over are one */
    unsigned n;
    unsigned minutes; /* an interval */
};
void scorer_rates(const struct scorer *s, size_t i, struct scorer_rates *out);

struct scorer_stats {
    uint64_t records, identities, flagged;
    uint64_t flags; /* times that somebody became compromised */
};
void scorer_stats(const struct scorer *s, struct scorer_stats *out);

#endif
