/* provblock: who refuses our addresses, as deliveries in the log show it.
 *
 * An address counts as refused by a provider, or by a list that servers name in their replies, when
 * within a window of log time so many different recipients of so many customers were refused with
 * such a reply. Whose reply it is says providers.h; replies that mean the receiver's broken
 * resolver, one tenant's list, a domain or missing authentication count for nothing. Mail flows
 * again when as many deliveries in a row were accepted where it was refused before. Both are
 * `looks` for listing.h: two of a kind, some minutes of log time apart, list and clear. Where
 * neither was seen for PROVBLOCK_UNPROVEN, as when all mail is routed around, the listing is taken
 * for over, so that mail is tried there again. An early warning is told at once, and again after a
 * day at the earliest.
 *
 * Which of our addresses was used: the record's, else the one that the reply quotes if it is ours,
 * else, if it quotes none, the only one that we have in the family of the remote's. Otherwise it
 * isn't counted, and told once for each provider. Repetitions of an old reply (`delivery
 * temporarily suspended`) and mail to private addresses, which are our own filters, are passed
 * over.
 *
 * Everything depends on the records and their times alone, so a log that comes in pieces, with
 * save and load between, gives the same looks as in one run.
 *
 * SECURITY: replies are a stranger's. A mailbox provider's words are believed from servers with its
 * MX names only; a list or a filter is named by whoever uses it, which is why several recipients of
 * several customers are needed. Texts in looks are harmless and cut.
 * Memory is bounded: PROVBLOCK_PAIRS pairs, the least recent one without a listing goes first.
 */
#ifndef MPTOOLS_ACT_PROVBLOCK_H
#define MPTOOLS_ACT_PROVBLOCK_H

#include "act/listing.h"
#include "judge/customer.h"
#include "log/record.h"

#define PROVBLOCK_PAIRS 1024u
#define PROVBLOCK_RECIPIENTS 5u
#define PROVBLOCK_CUSTOMERS 2u
#define PROVBLOCK_WINDOW (3600 * WHEN_SECOND)
#define PROVBLOCK_APART (600 * WHEN_SECOND)
#define PROVBLOCK_UNPROVEN (7 * WHEN_DAY)

enum provblock_event {
    PROVBLOCK_LOOK,
    PROVBLOCK_WARNING,
    PROVBLOCK_UNKNOWN /* refused, but by which of our addresses it left isn't known */
};

struct provblock_options {
    struct providers *providers;
    const struct customers *customers; /* NULL: identities are counted */
    const struct ipaddr *ours;         /* ascending */
    size_t ours_n;
    unsigned recipients, customers_least; /* 0: the defaults */
    int64_t window, apart;                /* 0: the defaults; microseconds; window at most a day */
    /* The look's texts live until it returns. False: stop, memory ran out. */
    bool (*told)(void *user, enum provblock_event event, const struct listing_look *look);
    void *user;
};

struct provblock;

/* The options are copied, what they point to has to stay. NULL: out of memory. */
struct provblock *provblock_new(const struct provblock_options *options);
void provblock_free(struct provblock *p); /* NULL is fine */

/* Any record, annotated. False when memory runs out. */
bool provblock_record(struct provblock *p, const struct record *r);

/* That listing is over by a person's word: what comes now begins anew. */
void provblock_forget(struct provblock *p, struct slice ip, struct slice provider);

/* What the next run needs, as bytes. load wants a new provblock; false when they can't be read, and
 * then it is as new again, or memory ran out. */
bool provblock_save(const struct provblock *p, struct text *out);
bool provblock_load(struct provblock *p, struct slice saved);

#endif
