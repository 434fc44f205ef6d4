/* rule: the smallest set of conditions that stops the spam and nothing else.
 *
 * Given the messages of one owner (a customer, or an identity alone), each said to be spam or not,
 * it finds the conditions, at most RULE_CONDITIONS that all have to hold, that cover >= 99 % of the
 * spam and none of the other messages; if none does, the one that covers most at a collateral of at
 * most max_collateral. Conditions: client address or net, login, HELO, sender address, sender
 * pattern (the learned shape of local parts), subject. Of rules that cover as much with as little
 * collateral the one with fewer conditions wins, then the one whose field is harder to change for
 * the spammer and easier to understand for the partner (login, client, net, HELO, sender pattern,
 * address, subject).
 *
 * A condition is only taken if Postfix can carry it (address.h, mapfile.h) and if it would still
 * hold for the spammer's next message: a sender address that was seen once says nothing of the next
 * one, and neither does a list of them.
 *
 * SECURITY: all bytes are a stranger's. A pattern is made of classes and escaped letters only.
 */
#ifndef MPTOOLS_ACT_RULE_H
#define MPTOOLS_ACT_RULE_H

#include "act/standing.h"

struct rule_message {
    int64_t time;
    struct slice sender, client, login, helo, subject; /* empty: not known */
    uint32_t recipients;
    bool spam; /* of the spam window; else legitimate */
};

struct rule {
    struct rule_condition condition[RULE_CONDITIONS];
    unsigned conditions;    /* 0: none was found */
    uint64_t covered, spam; /* messages */
    uint64_t collateral, legitimate;
};

/* max_collateral: a share of the legitimate messages. header_rules: may it look at the subject?
 * Values live in the arena. False when memory runs out. */
bool rule_find(const struct rule_message *messages, size_t n, double max_collateral,
               bool header_rules, struct arena *arena, struct rule *out);
/* Does the message fulfil all conditions? As Postfix would decide it with the maps of blockmap.h.
 */
bool rule_matches(const struct rule_condition *condition, unsigned conditions,
                  const struct rule_message *m);
/* In words: "client address 203.0.113.9 and sender addresses like [a-z]{8}@acme.example". */
void rule_add_words(struct text *out, const struct rule_condition *condition, unsigned conditions);

#endif
