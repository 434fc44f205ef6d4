/* notice: the notices of the ledger that wait to be sent, and the note that they were.
 *
 * Whoever sends claims the notices of one mail first, and marks them sent, which ends the claim,
 * only when the mailer has taken it. A run that is killed between the mailer's exit and that mark
 * leaves the claim, and the next run sends the same notices as the same mail, with the same
 * Message-ID, before anything else: the one case in which something is sent twice. Claims are in
 * table state. One mpnotify at a time: the caller has the lock.
 *
 * Failures are the ledger's and stick there; memory is told as such. Owns its memory: a list starts
 * as {0} and ends in notices_free().
 */
#ifndef MPTOOLS_ACT_NOTICE_H
#define MPTOOLS_ACT_NOTICE_H

#include "act/notice_facts.h"
#include "act/notice_templates.h"

struct notice {
    int64_t id, time;
    int64_t incident, listing; /* 0: none */
    enum notice_event event;   /* NOTICE_EVENTS: of a newer version, it can't be said */
    bool readable;             /* its facts are JSON */
    bool sent;
    struct slice event_name, customer, partner;
    struct slice name;  /* of its Message-ID */
    struct slice first; /* of the first notice about it to that partner; empty: this is it */
};

struct notices {
    struct arena arena;
    struct notice *list; /* by id */
    size_t n, cap;
};

/* What waits, from that log time on (WHEN_NONE: all of it). Or one notice (only, else 0), even when
 * it was sent. False after a failure. */
bool notices_load(struct notices *out, struct ledger *l, int64_t since, int64_t only);
void notices_free(struct notices *n);

/* All that is known to be said of it: its facts, and what the listing's row has. */
bool notice_facts_of(struct notice_facts *f, struct ledger *l, const struct notice *n);
/* Its evidence and its facts as they are, appended. */
bool notice_evidence_of(struct text *out, struct ledger *l, const struct notice *n);
bool notice_json_of(struct text *out, struct ledger *l, const struct notice *n);

/* The ids claimed by a run that was killed; none: *n is 0. In the arena. */
bool notices_claimed(struct ledger *l, struct arena *arena, int64_t **id, size_t *n);
/* Each is one transaction; 0 or the ledger's status. */
int notices_claim(struct ledger *l, struct notice *const *list, size_t n);
int notices_release(struct ledger *l);
int notices_sent(struct ledger *l, struct notice *const *list, size_t n, int64_t now);

#endif
