/* reply: what a remote server's answer means, and whose list it names.
 *
 * A struct replies is the patterns of the operator's DIR/replies.d/?*.conf (by name) and of the
 * shipped replies.conf, in that order, and a memory of verdicts. The first pattern that fits
 * decides, see replies.conf for the format. A reply is judged by its skeleton (reply_text.h), so
 * that the patterns run once a kind of reply; the memory has a fixed size, and whatever a stranger
 * sends can only make it forget. Replies of 2xx don't reach a pattern: they are `accepted`.
 *
 * One a process (or thread): reply_class() changes it. It owns everything it gives out.
 *
 * Limits against a hostile reply: 4 KiB of it are read, 2 KiB of skeleton are matched, every match
 * has PCRE2 limits, and a pattern that runs into one counts as not fitting. A remote server chooses
 * its words: a verdict says what one remote claims, not what is true.
 */
#ifndef MPTOOLS_JUDGE_REPLY_H
#define MPTOOLS_JUDGE_REPLY_H

#include "base/slice.h"
#include "base/words.h"
#include "judge/reply_ip.h"

enum reply_class {
    REPLY_OTHER, /* nothing known, or nothing about the sender */
    REPLY_ACCEPTED,
    REPLY_USER_UNKNOWN, /* also disabled, closed and moved mailboxes */
    REPLY_MAILBOX_FULL,
    REPLY_SPAM_CONTENT,
    REPLY_VIRUS,
    REPLY_IP_BLOCKLISTED,
    REPLY_DOMAIN_BLOCKLISTED,
    REPLY_RATE_LIMITED,
    REPLY_GREYLISTED,
    REPLY_AUTH_FAILURE, /* SPF, DKIM, DMARC */
    REPLY_POLICY,
    REPLY_CONFIG, /* our reverse DNS, HELO, TLS or login; relaying that we aren't allowed */
    REPLY_BAD_SENDER,
    REPLY_NETWORK,
    REPLY_PROTOCOL,
    REPLY_MESSAGE_TOO_BIG,
    REPLY_CLASS_COUNT
};

struct replies;

struct reply_verdict {
    enum reply_class class;
    struct slice listed_by; /* `spamhaus`, `rbl.example.com`; empty when no list is named. Valid
                             * until the next reply_class() */
    unsigned rule;          /* for replies_rule(); 0: none */
};

/* dir: the operator's folder, NULL for none; one without replies.d is fine. NULL when there were
 * mistakes: all of them are in problems, as `FILE:LINE: what is wrong`. */
struct replies *replies_load(const char *dir, struct problems *problems);
void replies_free(struct replies *r); /* NULL is fine */

/* reply: what Postfix logged, with or without `host NAME[IP] said: ` and `(in reply to …)`. */
void reply_class(struct replies *r, struct slice reply, struct reply_verdict *out);

/* Where a verdict's rule stands: its line, and *file; 0 for rule 0. */
unsigned replies_rule(const struct replies *r, unsigned rule, const char **file);

/* "ip-blocklisted"; the class must be in range. */
struct slice reply_class_name(enum reply_class class);
/* REPLY_CLASS_COUNT when there is none of that name. */
enum reply_class reply_class_of(struct slice name);

#endif
