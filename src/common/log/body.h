/* body: reads the text of the lines that make up nearly all of a Postfix log.
 *
 * One line in, its fields out; no memory from line to line (that is correlate.h's). What isn't read
 * here goes to the templates of shape.h. Fields are slices into the line. A field is taken from the
 * side that no stranger controls: an address by its grammar, a sender before qmgr's `, size=` from
 * the right, a reject's envelope from its end (see field.h).
 */
#ifndef MPTOOLS_LOG_BODY_H
#define MPTOOLS_LOG_BODY_H

#include "log/record.h"
#include "log/shape.h"

/* Postfix's programs, by the lines that they write. */
enum daemon {
    DAEMON_OTHER, /* not Postfix's */
    DAEMON_SMTPD,
    DAEMON_CLEANUP,
    DAEMON_QMGR,
    DAEMON_DELIVERY, /* smtp, lmtp, local, virtual, pipe, error, discard */
    DAEMON_PICKUP,
    DAEMON_BOUNCE,
    DAEMON_POSTSCREEN,
    DAEMON_POSTSUPER,
    DAEMON_POSTFIX, /* any other program of Postfix */
    DAEMON_COUNT
};

enum line_type {
    LINE_OTHER,      /* see facts: understood by a template, or not at all */
    LINE_CLIENT,     /* smtpd: client=; NOQUEUE with smtpd_proxy_filter */
    LINE_MSGID,      /* cleanup: message-id= */
    LINE_PICKUP,     /* pickup: uid= from= */
    LINE_ACTIVE,     /* qmgr: from=, size=, nrcpt= (queue active) */
    LINE_EXPIRED,    /* qmgr: from=, status=expired */
    LINE_REMOVED,    /* qmgr, postsuper: removed */
    LINE_DELIVER,    /* to=, relay=, …, status= */
    LINE_NOTICE,     /* bounce: … notification: QID */
    LINE_ACTION,     /* reject:, hold:, filter:, … */
    LINE_CONNECT,    /* smtpd: connect from */
    LINE_DISCONNECT, /* smtpd: disconnect from */
    LINE_AUTH_FAIL,  /* smtpd: SASL … authentication failed */
    LINE_HELD        /* postsuper: placed on hold */
};

/* Fields that are no column of a record. */
enum extra {
    EXTRA_ACTION,
    EXTRA_STAGE,
    EXTRA_PROTO,
    EXTRA_CLIENT_PORT,
    EXTRA_SASL_METHOD,
    EXTRA_SASL_SENDER,
    EXTRA_ORIG_QUEUE_ID, /* XFORWARD's, on the client line; orig_id= on pickup's */
    EXTRA_ORIG_CLIENT,
    EXTRA_CHILD,     /* a notice's queue id */
    EXTRA_NOTICE_TO, /* "sender", "postmaster" */
    EXTRA_NOTICE,    /* "non-delivery", "delay", "delivery status" */
    EXTRA_DELAYS,
    EXTRA_TLS,
    EXTRA_CONN_USE,
    EXTRA_SERVICE, /* relay's socket */
    EXTRA_COMMANDS,
    EXTRA_UID,
    EXTRA_TEXT, /* header line of a cleanup action; reason of a failed login */
    EXTRA_RESULT,
    EXTRA_COUNT
};

struct line {
    enum line_type type;
    bool noqueue;
    struct slice f[COL_COUNT]; /* by column; COL_QID is the line's queue id */
    struct slice x[EXTRA_COUNT];
};

enum daemon body_daemon(struct slice name);

/* Reads the text of a line of daemon d into the zeroed *l; false when it is none of the above. */
bool body_parse(enum daemon d, struct slice text, struct line *l);

/* Everything that was found, by name, and the shape's name, for people and tests. */
void body_facts(const struct line *l, struct facts *facts);

/* "queued as QID" in the words of the next hop; empty when there is none. */
struct slice body_queued_as(struct slice reply);

#endif
