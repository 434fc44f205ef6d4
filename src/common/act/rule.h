/* rule: the smallest set of conditions that stops the spam and nothing else.
 *
 * Given the messages of one owner (a customer, or an identity alone), each said to be spam or not,
 * it finds the conditions, at most RULE_FOUND that all have to hold, that cover >= 99 % of the spam
 * and none of the other messages, the fewest first, then those that cover most; if none do, those
 * that cover most at a collateral of at most max_collateral. Of rules that do equally well the one
 * wins whose field is harder to change for the spammer and easier to understand for the partner:
 * login, client address, net (/24, /64), HELO, sender pattern (a narrow one before a wide one),
 * sender address. Two conditions were enough for all that spammers do to a relay (stolen
 * logins, machines behind one address, botnets): what a third adds is one that Postfix's classes
 * would need another level of maps for.
 *
 * A condition is only taken if Postfix can carry it (address.h, mapfile.h), if it holds for a tenth
 * of the spam at least, and if it should hold for the next message, too: it was seen in three
 * messages (as each domain of a pattern), and a pattern in four local parts. So there are never
 * more than ten values of a field to look at, and time grows with the number of messages alone,
 * whatever they hold. A spammer who has two sources gives two rules: leave out what the first one
 * covers and look again.
 *
 * What isn't known of a message (its HELO isn't, unless something else logged it) may be anything:
 * such a message counts as collateral, never as covered.
 *
 * A pattern is `^LOCAL@DOMAIN$`: LOCAL of letters, classes and counts or `.+`, DOMAIN one to three
 * domains (`(a\.example|b\.example)`) or `.+`, which is taken together with a login or client only.
 * regcomp(3), in any locale with Postfix's flags, and rule_matches() agree on it for every address.
 * A subject is never learned as a condition, only told (rule_subject()). header_checks(5) see one
 * header at a time of everybody's mail, theirs who write to us too, and know no customer; so a rule
 * would refuse what it wasn't measured on, and its text is the spammer's choice, who can pick one
 * that others use. An operator may still give one by hand: it stands alone, as an expression for
 * the whole text without `Subject:`.
 *
 * The same messages in another order give the same rule.
 * SECURITY: all bytes are a stranger's. A pattern is made of classes and escaped letters only.
 */
#ifndef MPTOOLS_ACT_RULE_H
#define MPTOOLS_ACT_RULE_H

#include "act/standing.h"

#define RULE_FOUND 2u

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

/* What looks exactly like the mail of before `since` (same sender, client and login) is its
 * owner's, who writes beside the spammer: it is no longer spam, and neither is anything before
 * `since`. Give it all messages of the owner, spam being set on those of the flagged identity.
 * False when memory runs out. */
bool rule_mark(struct rule_message *messages, size_t n, int64_t since);

/* max_collateral: a share of the legitimate messages. Values live in the arena. False when memory
 * runs out. */
bool rule_find(const struct rule_message *messages, size_t n, double max_collateral,
               struct arena *arena, struct rule *out);
/* Does the message fulfil all conditions? As Postfix decides it with an access(5) map of the
 * condition's field: an address also with `+` extensions (address_add_regexp()), a HELO name also
 * for the names below it (parent_domain_matches_subdomains). */
bool rule_matches(const struct rule_condition *condition, unsigned conditions,
                  const struct rule_message *m);
/* The same, or it can't be told since something isn't known of the message: collateral. */
bool rule_may_match(const struct rule_condition *condition, unsigned conditions,
                    const struct rule_message *m);
/* What most of the spam's subjects have in common, to be told and never refused by. Alike are those
 * that differ in numbers, blanks and upper case only. */
struct rule_subject {
    struct slice text;      /* one of them, of a message; empty: nothing that holds for most */
    bool varies;            /* there are different ones */
    uint64_t covered, spam; /* messages, of those whose subject is known */
    uint64_t collateral, legitimate;
};
/* False when memory runs out. */
bool rule_subject(const struct rule_message *messages, size_t n, struct rule_subject *out);
/* In words with its numbers, ready for a terminal; nothing for an empty text. */
void rule_subject_add_words(struct text *out, const struct rule_subject *s);
/* In words: "client address 203.0.113.9 and sender addresses like [a-z]{8}@acme.example", ready for
 * a terminal. */
void rule_add_words(struct text *out, const struct rule_condition *condition, unsigned conditions);

#endif
