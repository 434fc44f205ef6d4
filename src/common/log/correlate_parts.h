/* correlate_parts: what correlate*.c share. Private to them. */
#ifndef MPTOOLS_LOG_CORRELATE_PARTS_H
#define MPTOOLS_LOG_CORRELATE_PARTS_H

#include "log/correlate.h"
#include "base/when.h"
#include "log/message.h"

#define HOLD_SECONDS 30
#define HOLD_MAX 8192       /* messages that wait at once */
#define GONE_MAX 1024       /* removed messages that are still known */
#define LATE_SECONDS 60     /* a line this late still belongs to a removed message */
#define FRESH_SECONDS 14400 /* a session can't be open longer before qmgr takes the message */
#define JUMP_LINES 8        /* so many lines have to agree before the clock jumps a day */
#define BACK_LINES 1000     /* and so many before it goes back */
#define SESSIONS 4096
#define DIRECT_MAX 4
#define NAMES 256

/* A client session of smtpd, by host, instance and pid: what its lines say before there is a queue
 * id. A table of fixed size: a collision forgets a session, which loses a count, nothing more. */
struct session {
    const struct program *prog;
    uint32_t pid, fails;
    struct message *proxied; /* NOQUEUE: client=, not in the store's table */
};

struct output {
    struct message *m; /* NULL: the record has all its fields */
    struct held *held; /* NULL: direct */
    unsigned direct;
};

struct correlate {
    struct store store;
    struct message *wait_first, *wait_last;
    size_t waiting;
    int64_t clock, lifetime;
    unsigned ahead, behind; /* lines in a row that are more than a day away */
    struct session *session;
    struct record direct[DIRECT_MAX];
    unsigned directs;
    struct record waited; /* the record of a held piece that was asked for last */
    struct output *out;
    size_t outs, out_at, out_cap;
    struct correlate_stats stats;
    /* Columns of the templates' names, by the names' own addresses. */
    struct {
        const char *name;
        int column;
    } names[NAMES];
    bool failed;
};

/* The line that is being worked on. */
struct event {
    const struct program *prog;
    uint32_t pid;
    int64_t time;
    uint8_t digits;
    const struct line *l;
};

/* Puts a record out, or lets it wait with its message. m may be NULL. */
void emit(struct correlate *c, const struct event *e, struct message *m, enum record_kind kind,
          const struct slice *fields);
/* The session of the event's program and pid; NULL when it isn't known and not to be made. */
struct session *session_of(struct correlate *c, const struct event *e, bool make);
/* The client that it has for a message behind a proxy filter, made when there is none yet; NULL
 * when memory runs out. */
struct message *session_proxied(struct correlate *c, struct session *s);
/* Forgets that client. */
void session_forget(struct correlate *c, struct session *s);
/* Queues one for correlate_next(); false, with failed set, when memory runs out. */
bool put_out(struct correlate *c, struct output o);
struct message *message_new(struct correlate *c, const struct event *e, struct slice qid);
/* It was removed from the queue. */
void message_part(struct correlate *c, struct message *m);
/* Its records go out, then it is dropped. */
void message_give_up(struct correlate *c, struct message *m);

/* correlate_events.c: what a line of each type does. */
void event_line(struct correlate *c, const struct event *e);
/* The message that a line of this queue id is about: an open one, or one that was removed just now;
 * NULL for an empty id, too. */
struct message *event_message(struct correlate *c, const struct event *e, struct slice qid);

/* correlate_link.c */
void wait_begin(struct correlate *c, struct message *m);
void wait_end(struct correlate *c, struct message *m);
/* Lets go what has waited too long. */
void wait_expire(struct correlate *c);
/* `queued as` on first leg a's delivery line. */
void link_queued(struct correlate *c, struct message *a, struct slice reply, const struct line *l);
/* Gives b its origin a: client, login, sender. */
void link_to(struct correlate *c, struct message *b, struct message *a);
/* The client= line's own word (XFORWARD), from a host that may say so. */
void link_xforward(struct correlate *c, struct message *b, const struct event *e);
/* An expected second leg has shown its client and Message-ID. */
void link_expected(struct correlate *c, struct message *b);
/* smtpd_proxy_filter: the session whose `queued as` this is was b's client. */
void link_proxied(struct correlate *c, const struct event *e, struct message *from);

#endif
