/* escalate: what is done about somebody who was flagged; the state machine of one incident per
 * owner (6-acting of the design; mptools-postfix(7) says it to operators):
 *
 *   watch       one kind of evidence alone, or one who must never be blocked
 *   address     >= 95 % of the spam has one sender address: that address is refused
 *   rule        several addresses: the tightest rule, and the clock starts; anew if spam comes
 *               back after nothing left for two deadlines
 *   suspended   when the clock has run out and spam still left: nothing of the owner passes
 *   reinstated  by ticket: everything is lifted, and watched for a while at half the threshold
 *   closed      it was quiet
 *
 * It runs within the scoring: each time that somebody's state rises it decides at once, at the
 * log's time, and what has been decided upon counts no more (scorer_dealt()), so that the next flag
 * means that spam still leaves. Deadlines pass by the log's time as well. So the decisions depend
 * on the log alone, not on how it was cut into runs; a flag that is in the ledger already is passed
 * over, so that the same log may be read again.
 *
 * Everything goes into the ledger within the caller's transaction; maps are made from it later.
 * Failures are the ledger's. Nothing here prints.
 */
#ifndef MPTOOLS_ACT_ESCALATE_H
#define MPTOOLS_ACT_ESCALATE_H

#include "act/incident.h"
#include "act/never.h"
#include "act/trail.h"
#include "base/settings.h"

struct escalate;

struct escalate_options {
    struct ledger *ledger;
    const struct customers *customers; /* NULL: no such file */
    const struct settings *settings;
    const struct never *never;
    struct trail *trail; /* the messages; NULL: only suspects are known, and no rule is found */
    unsigned slots;      /* restriction classes in main.cf */
    int64_t clock;       /* the log was read up to here; WHEN_NONE: nothing yet */
    /* What is held against the identity has been dealt with. */
    void (*dealt)(void *user, unsigned kind, struct slice identity);
    /* Until that time it is flagged at this share of the threshold. */
    void (*probation)(void *user, unsigned kind, struct slice identity, double share,
                      int64_t until);
    /* A decision in words, a line. */
    void (*told)(void *user, struct slice sentence);
    void *user;
};

struct escalate *escalate_new(const struct escalate_options *options); /* NULL: out of memory */
void escalate_free(struct escalate *e);

/* Somebody was flagged. */
void escalate_flag(struct escalate *e, const struct suspect *s);
/* The log has come to that time: what was due until then happens. Times that go back do nothing. */
void escalate_time(struct escalate *e, int64_t now);
/* A message of that identity was seen: it may be on probation. */
void escalate_seen(struct escalate *e, unsigned kind, struct slice identity);

struct escalate_counts {
    size_t new_customers; /* owners that nothing stood against before */
    size_t left;          /* compromised, but nothing could be done */
};
struct escalate_counts escalate_counts(const struct escalate *e);

/* More owners than this blocked by one run look like a broken log: 1 % of the customers, or 10. */
size_t escalate_max_new(const struct customers *customers);

#endif
