/* attempt: mail that our own maps refused, recognised in the log by the tag in the refusal.
 *
 * A refused session logs no login, so the tag `[mp INCIDENT.RULE]` is the only way to know whose it
 * was. It is no spam that left, but it shows that the machine isn't clean yet.
 *
 * SECURITY: the sender stands in the same line, and may bear a tag of his choice. Ours is the last
 * thing that smtpd writes: what follows it holds no `>`, which ends every address.
 */
#ifndef MPTOOLS_ACT_ATTEMPT_H
#define MPTOOLS_ACT_ATTEMPT_H

#include "act/ledger.h"
#include "log/record.h"

/* Of a reject record; false when it isn't one of ours. */
bool attempt_of(const struct record *r, unsigned *incident, unsigned *rule);

/* Attempts of one run, counted in memory; starts as {0}. */
struct attempts {
    struct attempt_count {
        unsigned incident, rule;
        int64_t n, last;
    } * list;
    size_t n, cap;
};

bool attempts_add(struct attempts *a, unsigned incident, unsigned rule, int64_t time);
/* Adds them to the ledger's and forgets them. */
bool attempts_flush(struct attempts *a, struct ledger *l);
void attempts_free(struct attempts *a);

#endif
