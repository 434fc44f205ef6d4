/* trail: the messages of the last days, in the ledger's table `messages`.
 *
 * Whoever follows a log hands over each record with its identity. Messages are gathered in memory
 * (what deliveries and verdicts say is added to them) and written by trail_flush(), or the oldest
 * when there are TRAIL_GATHERED of them, within the caller's transaction. Those that are forgotten
 * by then are never written, which saves most of the time when a log of weeks is read at once. What
 * is said of messages that were written already is gathered, too, and found by host, queue id and
 * identity among those that came in at that time (a delivery says how long ago). So the table is
 * the same whatever was written when, but for its row ids. Table rows older than `keep` are removed
 * by trail_flush(). What no identity answers for is passed over.
 *
 * A message with several legs (`origin` in mplog(5)) is one, under its first queue id. Handing it
 * to a filter that takes it in again is no delivery.
 *
 * Memory: some 250 bytes a gathered message.
 *
 * Failures: memory, which every function reports, and the ledger's own, which stick there.
 */
#ifndef MPTOOLS_ACT_TRAIL_H
#define MPTOOLS_ACT_TRAIL_H

#include "act/ledger.h"
#include "act/rule.h"
#include "judge/identity.h"
#include "log/record.h"

#define TRAIL_GATHERED 200000u

struct trail;

struct trail *trail_new(struct ledger *l); /* NULL: out of memory */
void trail_free(struct trail *t);

/* An accept, deliver or verdict record; others are passed over. customer: its key, or the label;
 * empty for none. refused: the record is a delivery that was refused as spam or for an unknown
 * recipient (what was put off isn't counted yet). spam: 1 our filter says spam, 2 virus. */
bool trail_record(struct trail *t, const struct record *r, const struct identity *id,
                  struct slice customer, bool refused, int spam);
/* What came in before that is too old for the table. */
void trail_forget(struct trail *t, int64_t before);
/* Writes what was gathered, so that the table has all of it, and forgets what is older than keep
 * (microseconds) before now. */
bool trail_flush(struct trail *t, int64_t now, int64_t keep);

/* Messages from the table that arrived from `since` to `until`, both included, in the order of
 * their time; flush before. Of a customer, or of one identity. Texts live in the arena. */
struct trail_message {
    struct rule_message m; /* spam is false everywhere */
    struct slice qid, host, outbound;
    struct slice listed_by; /* whose list the first refusal that names one names */
    uint8_t kind;           /* enum identity_kind */
    struct slice identity;
    uint32_t sent, refused; /* recipients */
    uint8_t spam;           /* our filter's word */
};
struct trail_list {
    struct trail_message *list;
    size_t n, cap;
};
bool trail_of_customer(struct ledger *l, struct slice customer, int64_t since, int64_t until,
                       struct arena *arena, struct trail_list *out);
bool trail_of_identity(struct ledger *l, uint8_t kind, struct slice identity, int64_t since,
                       int64_t until, struct arena *arena, struct trail_list *out);
void trail_list_free(struct trail_list *list);

#endif
