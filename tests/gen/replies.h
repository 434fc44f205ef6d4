/* replies: what remote servers answer.
 *
 * Each style stands for one kind of mailbox provider or server software; the wording is our own in
 * the manner of theirs. A wording is a template:
 *   %r recipient  %d its domain  %h the server's name  %i our address  %m Message-ID  %z size
 *   %t seconds since 1970  %D time  %q small letters and digits  %Q long hexadecimal  %n number
 *   %x Exim's id
 */
#ifndef GEN_REPLIES_H
#define GEN_REPLIES_H

#include <stdint.h>

enum style {
    STYLE_POSTFIX, /* first: what a style has no wording for is said in this one's */
    STYLE_EXIM,
    STYLE_GATEWAY,
    STYLE_BIGMAIL,
    STYLE_OUTPOST,
    STYLE_REDMONT,
    STYLE_YONDER,
    STYLE_NORDPOST,
    STYLE_PEARMAIL,
    STYLE_COUNT
};

enum outcome {
    OUTCOME_SENT,
    OUTCOME_UNKNOWN, /* no such mailbox */
    OUTCOME_FULL,
    OUTCOME_SPAM,    /* the message's content is refused, but some say so in odd words */
    OUTCOME_CONTENT, /* the same, in plain words */
    OUTCOME_BLOCKED, /* our address is on a block list */
    OUTCOME_THROTTLED,
    OUTCOME_GREYLISTED,
    OUTCOME_TURNED_AWAY, /* refused to talk to us */
    OUTCOME_COUNT,
    /* the rest need no server's words */
    OUTCOME_TIMED_OUT,
    OUTCOME_REFUSED,
    OUTCOME_NO_HOST,
    OUTCOME_LOST,
    OUTCOME_SUSPENDED
};

enum phase { PHASE_GREETING, PHASE_MAIL, PHASE_RCPT, PHASE_END };

struct wording {
    const char *text;
    const char *dsn;
    enum phase phase;
};

/* One of that style's wordings for that outcome (below OUTCOME_COUNT); pick is any number. */
const struct wording *reply_wording(enum style style, enum outcome outcome, uint32_t pick);

#endif
