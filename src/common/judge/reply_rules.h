/* reply_rules: the patterns of replies.conf; reply.c's own, its users include judge/reply.h.
 *
 * A line is CLASS LISTED_BY CODE DSN PATTERN, see share/mptools/replies.conf. The patterns are
 * PCRE2, caseless, without captures other than (?<by>…); they see the skeleton of a reply.
 * Compiling them all to machine code takes longer than a short log is worth, so a pattern is only
 * after its first few uses.
 */
#ifndef MPTOOLS_JUDGE_REPLY_RULES_H
#define MPTOOLS_JUDGE_REPLY_RULES_H

#include "base/arena.h"
#include "base/words.h"
#include "judge/reply.h"
#include "judge/reply_text.h"

#define REPLY_LISTED_MAX 80u /* the longest name that $by may give */

struct reply_rule;

struct reply_rules {
    struct reply_rule *rule; /* n of them; a rule's number is its index + 1 */
    size_t n, room;
    struct arena arena;
    void *match, *context; /* pcre2_match_data, pcre2_match_context */
};

/* Starts as {0}, ends in reply_rules_free(). */
/* Adds the rules of a file; mistakes are added to problems. */
void reply_rules_read(struct reply_rules *r, const char *file, struct problems *problems);
void reply_rules_free(struct reply_rules *r);

/* The first rule that fits, as out->rule, with its class and listed_by (a slice of the rule's, or
 * of `name` when the text gave it). Rule 0 and REPLY_OTHER when none fits. */
void reply_rules_match(struct reply_rules *r, const struct reply_text *t,
                       char name[REPLY_LISTED_MAX], struct reply_verdict *out);

unsigned reply_rules_where(const struct reply_rules *r, unsigned rule, const char **file);

#endif
