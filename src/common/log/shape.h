/* shape: what the rarer kinds of log line look like, as tables of templates.
 *
 * The few kinds of line that make up nearly all of a mail log are read by code (body.c); all the
 * others are one row each in a table: the daemon, the kind of record it makes (or KIND_NONE), the
 * shape's name for `-v`, and a template with named captures (shape_template.h). A capture that is
 * named like a record column fills that column. Matching takes time linear in the line for each
 * template whose first bytes fit, allocates nothing and keeps nothing: values point into the line,
 * the tag, or at constants.
 *
 * Dovecot's lines name their own daemon inside the text (`dovecot: imap-login: Login: …`): the
 * capture `daemon` then holds it. One failed login can be told twice, by the login daemon
 * (`imap-login`, one line a connection, its `attempts` in a capture) and by `auth` or `auth-worker`
 * (one line an attempt, with auth_verbose only): both make a KIND_AUTH_FAIL, under those daemons'
 * names, with the same `session` where the version logs it. Whoever counts takes one kind of daemon
 * or one record a session. SpamAssassin's `result:` line makes the verdict; the `clean message` or
 * `identified spam` line about the same message doesn't, as it names no message.
 */
#ifndef MPTOOLS_LOG_SHAPE_H
#define MPTOOLS_LOG_SHAPE_H

#include "log/record.h"

#define FACTS_MAX 32

struct fact {
    struct slice name, value;
};

/* What was found in one line. */
struct facts {
    struct slice shape; /* name for the summary, such as "connect from"; empty: not understood */
    unsigned kind;      /* enum record_kind; KIND_NONE: the line makes no record */
    unsigned n;
    struct fact f[FACTS_MAX];
};

/* Compiles the tables once (shared by all parsers of a process); false when memory runs out. Until
 * then nothing matches. Not for several threads at once. */
bool shape_setup(void);

/* Is it a program beside Postfix that there are templates of? daemon as below. */
bool shape_daemon(struct slice daemon);

/* Has a template of this daemon that makes records? If not, its lines need no matching but to be
 * counted. postfix as below. */
bool shape_makes_records(struct slice daemon, bool postfix);

/* The first template of the daemon that is all of body. daemon is the last part of the syslog tag,
 * with or without Dovecot's "(context)". postfix: the tag is one of Postfix's, so that its daemons'
 * rows apply and those for any Postfix daemon. Returns false, with facts emptied, when none does.
 */
bool shape_match(struct slice daemon, bool postfix, struct slice body, struct facts *facts);

/* The value of that name; empty when the line has none. */
struct slice shape_fact(const struct facts *facts, struct slice name);

/* A companion's own word for its verdict ("SPAMMY", "no action", "INFECTED (Eicar)", "Y") as one of
 * clean, spam, virus, banned, bad-header, unchecked, oversized, blocked; empty for another word. */
struct slice shape_verdict(struct slice raw);

#endif
