/* message: the messages that are open, found by host, instance and queue id. Private to
 * correlate*.c.
 *
 * A store owns its messages. An open message is in one of two lists in the order of its last line:
 * `fresh` (not seen in the active queue yet) or `open`; one that was removed stays in `gone` for a
 * while, since lines come out of order. A message's strings are in one piece of the pool.
 */
#ifndef MPTOOLS_LOG_MESSAGE_H
#define MPTOOLS_LOG_MESSAGE_H

#include "base/pool.h"
#include "log/program.h"
#include "log/record.h"

enum message_field {
    MESSAGE_ORIGIN,
    MESSAGE_CLIENT_NAME,
    MESSAGE_CLIENT_IP,
    MESSAGE_SASL_USER,
    MESSAGE_HELO,
    MESSAGE_SENDER,
    MESSAGE_MSGID,
    MESSAGE_SIZE,
    MESSAGE_NRCPT,
    MESSAGE_SUBJECT, /* last: what older versions saved ends before it */
    MESSAGE_FIELDS,
    /* of an expected second leg, which has no size yet: where its first leg was delivered to */
    MESSAGE_RELAY_IP = MESSAGE_SIZE,
    MESSAGE_RELAY_PORT = MESSAGE_NRCPT
};

enum message_flag {
    MESSAGE_HAS_CLIENT = 1, /* its client= or pickup line was seen */
    MESSAGE_HAS_MSGID = 2,
    MESSAGE_ACTIVE = 4,
    MESSAGE_NOTICE = 8,    /* made by bounce(8) here */
    MESSAGE_LINKED = 16,   /* the origin is known */
    MESSAGE_WAITS = 32,    /* its records wait for the first leg's word */
    MESSAGE_LOCAL = 64,    /* came without a login from this machine or its private network */
    MESSAGE_CHILD = 128,   /* a later leg waits for this one's origin */
    MESSAGE_EXPECTED = 256 /* known from `queued as` only, carries its first leg's fields */
};

/* LIST_PARTING: removed, but its records still wait; then it goes to LIST_GONE. */
enum message_list { LIST_NONE, LIST_FRESH, LIST_OPEN, LIST_PARTING, LIST_GONE, LIST_COUNT };

/* A record that waits: what its line said; the rest comes from the message when it goes out. */
struct held {
    struct held *next;
    const struct program *prog;
    int64_t time;
    uint32_t bytes; /* of the whole piece */
    uint8_t digits, kind, fields;
    unsigned char data[]; /* fields times: column, 32-bit length, bytes */
};

#define MESSAGE_QID_MAX 31

struct message {
    /* What a look-up compares stands together, in one line of the cache. */
    struct message *chain;
    uint64_t hash;
    struct instance *instance;
    uint16_t flags;
    uint8_t list, qid_n;
    uint32_t number; /* for saving: its place in the text */
    uint64_t serial; /* the later the greater, of those with one queue id */
    char qid[MESSAGE_QID_MAX + 1];

    struct message *prev, *next, *wait_prev, *wait_next, *parent;
    const struct program *entry; /* the program that took it in */
    int64_t touched, waits_since;
    struct held *held, *held_last;
    char *bytes;
    uint32_t used, cap;
    struct {
        uint32_t at, n;
    } f[MESSAGE_FIELDS];
};

struct message_list_ends {
    struct message *first, *last;
    uint64_t count;
};

struct store {
    struct pool pool;
    struct message **bucket;
    size_t buckets, count;
    uint64_t serial; /* the last one given */
    struct message_list_ends list[LIST_COUNT];
};

extern const uint8_t message_column[MESSAGE_FIELDS];

bool store_setup(struct store *s);
void store_free(struct store *s);

/* Was it removed? */
static inline bool message_is_gone(const struct message *m)
{
    return m->list >= LIST_PARTING;
}

static inline struct slice message_qid(const struct message *m)
{
    return slice_of(m->qid, m->qid_n);
}

static inline struct slice message_get(const struct message *m, enum message_field f)
{
    return slice_of(m->bytes + m->f[f].at, m->f[f].n);
}

/* Copies the value in; false when memory runs out. */
bool message_set(struct store *s, struct message *m, enum message_field f, struct slice value);

/* qid has at most MESSAGE_QID_MAX bytes, which field_is_qid() sees to. */
struct message *store_add(struct store *s, struct slice qid, struct instance *in, int64_t time);
/* Takes it out of everything and gives its memory back. */
void store_drop(struct store *s, struct message *m);
/* Moves it to the end of a list. */
void store_move(struct store *s, struct message *m, enum message_list list, int64_t time);

uint64_t store_hash(struct slice qid);
/* The message of that id that the line of this instance is about; open ones before gone ones. */
struct message *store_find(const struct store *s, const struct instance *in, struct slice qid);
/* The next message of that id on any host behind `after` (NULL: the first). */
struct message *store_next(const struct store *s, struct slice qid, uint64_t hash,
                           const struct message *after);

/* A record's columns as a piece that waits; NULL when memory runs out. */
struct held *held_new(struct store *s, const struct record *r, const struct program *prog);
void held_fields(const struct held *h, struct record *r);
void held_free(struct store *s, struct held *h);

#endif
