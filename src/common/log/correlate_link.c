#include "log/correlate_parts.h"
#include "log/field.h"

static const enum message_field inherited[] = {MESSAGE_CLIENT_NAME, MESSAGE_CLIENT_IP,
                                               MESSAGE_SASL_USER,   MESSAGE_HELO,
                                               MESSAGE_SENDER,      MESSAGE_SUBJECT};

/* What the first leg doesn't know of itself is no reason to forget what the second one says; but
 * the second one's client is the filter, never the sender's. */
static bool is_own(enum message_field f)
{
    return f == MESSAGE_SENDER || f == MESSAGE_SUBJECT;
}

void wait_begin(struct correlate *c, struct message *m)
{
    if (m->flags & MESSAGE_WAITS)
        return;
    m->flags |= MESSAGE_WAITS;
    m->waits_since = c->clock;
    m->wait_next = NULL;
    m->wait_prev = c->wait_last;
    *(c->wait_last ? &c->wait_last->wait_next : &c->wait_first) = m;
    c->wait_last = m;
    c->waiting++;
}

static void release_held(struct correlate *c, struct message *m)
{
    for (struct held *h = m->held, *next; h; h = next) {
        next = h->next;
        if (!put_out(c, (struct output){.m = m, .held = h}))
            held_free(&c->store, h);
    }
    m->held = m->held_last = NULL;
}

void wait_end(struct correlate *c, struct message *m)
{
    if (!(m->flags & MESSAGE_WAITS))
        return;
    m->flags &= (uint16_t)~MESSAGE_WAITS;
    *(m->wait_prev ? &m->wait_prev->wait_next : &c->wait_first) = m->wait_next;
    *(m->wait_next ? &m->wait_next->wait_prev : &c->wait_last) = m->wait_prev;
    c->waiting--;
    release_held(c, m);
    if (m->list == LIST_PARTING)
        message_part(c, m);
    if (!(m->flags & MESSAGE_CHILD))
        return;
    m->flags &= (uint16_t)~MESSAGE_CHILD;
    for (struct message *b = c->wait_first, *next; b; b = next) {
        next = b->wait_next;
        if (b->parent == m) {
            b->parent = NULL;
            link_to(c, b, m);
            next = c->wait_first; /* the list may have changed: begin anew, it is short */
        }
    }
}

void wait_expire(struct correlate *c)
{
    while (c->wait_first && (c->waiting > HOLD_MAX ||
                             c->clock - c->wait_first->waits_since > HOLD_SECONDS * WHEN_SECOND))
        wait_end(c, c->wait_first);
}

void link_to(struct correlate *c, struct message *b, struct message *a)
{
    struct slice origin = message_get(a, MESSAGE_ORIGIN);

    if (origin.n == 0)
        origin = message_qid(a);
    bool ok = message_set(&c->store, b, MESSAGE_ORIGIN, origin);
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++) {
        struct slice v = message_get(a, inherited[i]);
        if (v.n || !is_own(inherited[i]))
            ok = ok && message_set(&c->store, b, inherited[i], v);
    }
    c->failed |= !ok;
    c->stats.linked += !(b->flags & MESSAGE_LINKED);
    b->flags |= MESSAGE_LINKED;
    b->flags &= (uint16_t)~MESSAGE_LOCAL;
    if (a->flags & MESSAGE_WAITS) { /* its own origin may still come */
        a->flags |= MESSAGE_CHILD;
        b->parent = a;
        wait_begin(c, b);
        return;
    }
    wait_end(c, b);
}

/* Are the two Message-IDs those of one message? need: an empty one is not enough. */
static bool same_msgid(const struct message *a, const struct message *b, bool need)
{
    struct slice x = message_get(a, MESSAGE_MSGID), y = message_get(b, MESSAGE_MSGID);

    if (need && (x.n == 0 || slice_eq(x, SL("<>"))))
        return false;
    return x.n == 0 || slice_eq(x, y);
}

static bool is_loopback(struct slice ip)
{
    return slice_starts(ip, SL("127.")) || slice_eq(ip, SL("::1"));
}

/* Can a client at this address have got the message from that next hop (no address: a socket)? A
 * filter on another machine of the private network has to be at its own port: mail for a customer's
 * server there, who may say what he likes, goes to port 25. */
static bool same_place(struct slice client, struct slice relay, struct slice port)
{
    if (relay.n == 0 || is_loopback(relay))
        return is_loopback(client);
    return slice_eq(relay, client) && !slice_eq(port, SL("25"));
}

static bool second_leg(const struct message *a, const struct message *b, const struct line *l)
{
    if (a == b || a->instance->host_id != b->instance->host_id || !(b->flags & MESSAGE_LOCAL) ||
        b->flags & (MESSAGE_LINKED | MESSAGE_EXPECTED) || !(b->flags & MESSAGE_HAS_MSGID))
        return false;
    return same_msgid(a, b, false) &&
           same_place(message_get(b, MESSAGE_CLIENT_IP), l->f[COL_RELAY_IP], l->f[COL_RELAY_PORT]);
}

/* Remembers what a second leg whose lines are still to come will need. */
static void expect(struct correlate *c, struct message *a, struct slice qid, const struct line *l)
{
    struct message *b = store_add(&c->store, qid, a->instance, c->clock);

    if (b == NULL) {
        c->failed = true;
        return;
    }
    struct slice origin = message_get(a, MESSAGE_ORIGIN);
    bool ok = message_set(&c->store, b, MESSAGE_ORIGIN, origin.n ? origin : message_qid(a));
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        ok = ok && message_set(&c->store, b, inherited[i], message_get(a, inherited[i]));
    ok = ok && message_set(&c->store, b, MESSAGE_MSGID, message_get(a, MESSAGE_MSGID)) &&
         message_set(&c->store, b, MESSAGE_RELAY_IP, l->f[COL_RELAY_IP]) &&
         message_set(&c->store, b, MESSAGE_RELAY_PORT, l->f[COL_RELAY_PORT]);
    c->failed |= !ok;
    b->entry = NULL;
    b->flags = MESSAGE_EXPECTED;
    store_move(&c->store, b, LIST_GONE, c->clock);
}

void link_queued(struct correlate *c, struct message *a, struct slice reply, const struct line *l)
{
    struct slice ip = l->f[COL_RELAY_IP];
    struct slice qid;

    /* only a next hop on this machine or its private network can have taken our message in again */
    if (ip.n ? !field_is_local_ip(ip) : l->x[EXTRA_SERVICE].n == 0)
        return;
    if ((qid = body_queued_as(reply)).n == 0)
        return;
    uint64_t hash = store_hash(qid);
    for (struct message *b = store_next(&c->store, qid, hash, NULL); b;
         b = store_next(&c->store, qid, hash, b)) {
        if (second_leg(a, b, l)) {
            link_to(c, b, a);
            return;
        }
        if (b->instance->host_id != a->instance->host_id)
            continue;
        bool late = b->flags & MESSAGE_LOCAL && !(b->flags & MESSAGE_HAS_MSGID);
        if (!late && (!message_is_gone(b) || b->flags & (MESSAGE_LINKED | MESSAGE_EXPECTED)))
            return; /* that id is somebody else's, or known already */
    }
    expect(c, a, qid, l);
}

void link_expected(struct correlate *c, struct message *b)
{
    struct slice qid = message_qid(b);
    struct message *e = NULL;

    if (!(b->flags & MESSAGE_LOCAL) || !(b->flags & MESSAGE_HAS_MSGID))
        return;
    while ((e = store_next(&c->store, qid, b->hash, e)) != NULL) {
        if (!(e->flags & MESSAGE_EXPECTED) || e->instance->host_id != b->instance->host_id ||
            !same_msgid(e, b, true) ||
            !same_place(message_get(b, MESSAGE_CLIENT_IP), message_get(e, MESSAGE_RELAY_IP),
                        message_get(e, MESSAGE_RELAY_PORT)))
            continue;
        link_to(c, b, e);
        store_drop(&c->store, e);
        return;
    }
}

void link_xforward(struct correlate *c, struct message *b, const struct event *e)
{
    struct slice id = e->l->x[EXTRA_ORIG_QUEUE_ID], client = e->l->x[EXTRA_ORIG_CLIENT];
    struct message *a = field_is_qid(id) ? event_message(c, e, id) : NULL;
    struct host h;

    if (a && a != b && !(a->flags & MESSAGE_EXPECTED)) {
        link_to(c, b, a);
        return;
    }
    bool ok = true;
    if (field_host(&client, &h)) {
        ok = message_set(&c->store, b, MESSAGE_CLIENT_NAME, h.name) &&
             message_set(&c->store, b, MESSAGE_CLIENT_IP, h.ip);
        b->flags &= (uint16_t)~MESSAGE_LOCAL;
    }
    if (field_is_qid(id)) {
        ok = ok && message_set(&c->store, b, MESSAGE_ORIGIN, id);
        b->flags |= MESSAGE_LINKED;
    }
    c->failed |= !ok;
    if (b->flags & MESSAGE_LINKED)
        wait_end(c, b);
}

void link_proxied(struct correlate *c, const struct event *e, struct message *from)
{
    struct slice qid = body_queued_as(e->l->f[COL_REPLY]);
    struct message *b = qid.n ? event_message(c, e, qid) : NULL;
    bool ok = true;

    if (b == NULL || !(b->flags & MESSAGE_LOCAL) || (b->flags & MESSAGE_LINKED))
        return;
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        if (!is_own(inherited[i]))
            ok = ok && message_set(&c->store, b, inherited[i], message_get(from, inherited[i]));
    c->failed |= !ok;
    b->flags |= MESSAGE_LINKED;
    b->flags &= (uint16_t)~MESSAGE_LOCAL;
    c->stats.linked++;
    wait_end(c, b);
}
