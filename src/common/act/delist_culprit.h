/* delist_culprit: who sent spam through one of our addresses, and is each of them stopped?
 *
 * By evidence in the ledger: whoever was flagged (spamscore) in the time at hand, unless all of its
 * mail in its spam window is known to have left by other addresses; and whoever nobody flagged but
 * whose mail through the address our filter took for spam, or other sites largely refused. An
 * incident that was closed without anything done about it, or after that was taken back, counts no
 * more. Refused means for what is in a mail or for an unknown recipient (evidence.h): what a
 * provider refuses because of the listing itself speaks against nobody.
 *
 * Quiet means: no spam known to leave, nothing refused by our blocks, no mail that a block should
 * have stopped. For someone who is only stopped in part that is mail that the filter takes for
 * spam, that fulfils the conditions of a standing rule, or that others refuse.
 *
 * Texts live in the arena. Failures are the ledger's.
 */
#ifndef MPTOOLS_ACT_DELIST_CULPRIT_H
#define MPTOOLS_ACT_DELIST_CULPRIT_H

#include "act/incident.h"

enum culprit_state {
    CULPRIT_FIXED,
    CULPRIT_RECENT,    /* stopped; the last sign is not old enough */
    CULPRIT_TRYING,    /* the same, and it still tries */
    CULPRIT_WATCHED,   /* one kind of evidence, nothing refused */
    CULPRIT_UNFLAGGED, /* the mail speaks against it; nobody flagged it */
    CULPRIT_FREE,      /* its block was taken back */
    CULPRIT_NO_TICKET, /* reinstated, and nobody said how it was cleaned up */
    CULPRIT_SENDING    /* spam left after the block */
};

struct delist_culprit {
    enum culprit_state state;
    int64_t incident; /* 0: none */
    enum incident_state stage;
    enum action_type type; /* the widest action that stands */
    bool login, client;    /* what was flagged: which kinds */
    bool virus, ticket;
    struct slice customer, identity; /* identity: one of them */
    int64_t began, ended;            /* its spam: first and last; WHEN_NONE */
    int64_t acted;                   /* when it was first refused */
    int64_t judged;                  /* latest block or reinstatement: no spam may leave after */
    int64_t reinstated;
    int64_t sign; /* the last sign of life: spam, an attempt, or mail past the block */
    int64_t attempts, last_attempt;
    int64_t messages; /* of its spam window through the address; 0: not known */
    int64_t refused; /* of an unflagged one: messages that others refused, or that look like spam */
    int64_t ready;   /* when it has been quiet for long enough */
};

struct culprit_question {
    struct slice ip;
    int64_t from, now, quiet;
};

/* Worst first. False after a failure. */
bool culprits_find(struct ledger *l, const struct culprit_question *q, struct arena *arena,
                   struct delist_culprit **out, size_t *n);

#endif
