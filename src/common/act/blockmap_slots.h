/* blockmap_slots: which incident gets which restriction class, and whether the maps can carry one
 * more rule of it; both from the ledger as it is within the caller's transaction.
 *
 * smtpd sessions that are open keep the regexp and cidr tables of before, while lmdb tables change
 * under them: such a session could meet one customer's way into a class and another customer's
 * rules in it. So a slot that was given back (its incident closed, reinstated or suspended) rests:
 * the one that rested longest is given next, slots that were never given first, and none that
 * rested less than SLOT_REST_LEAST of log time. With the usual 32 slots that is days.
 */
#ifndef MPTOOLS_ACT_BLOCKMAP_SLOTS_H
#define MPTOOLS_ACT_BLOCKMAP_SLOTS_H

#include "act/rule.h"

#define SLOT_REST_LEAST (INT64_C(3600) * 1000000)

/* A free slot from 1 to slots; 0: none, or the ledger failed. The caller gives it to an incident,
 * whose action begins at the same time. now: log time in microseconds. */
unsigned slot_choose(struct ledger *l, unsigned slots, int64_t now);

/* Could a rule with these conditions join what stands of that incident? False also when the ledger
 * failed. */
bool blockmap_can_carry(struct ledger *l, int64_t incident, const struct rule *rule);
/* The same without the ledger: `used` further conditions are taken (of BLOCKMAP_ANDS). */
bool rule_can_be_carried(const struct rule *rule, unsigned used);

#endif
