#include "log/correlate.h"

#include <stdlib.h>

#include "log/correlate_parts.h"
#include "log/field.h"

struct correlate *correlate_new(int64_t lifetime)
{
    struct correlate *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->lifetime = lifetime;
    c->clock = WHEN_NONE;
    c->session = calloc(SESSIONS, sizeof *c->session);
    if (c->session == NULL || !store_setup(&c->store)) {
        correlate_free(c);
        return NULL;
    }
    return c;
}

void session_forget(struct correlate *c, struct session *s)
{
    if (s->proxied) {
        pool_put(&c->store.pool, s->proxied->bytes, s->proxied->cap);
        pool_put(&c->store.pool, s->proxied, sizeof *s->proxied);
        s->proxied = NULL;
    }
}

/* Gives back what the last line's records pointed into. */
static void clear_output(struct correlate *c)
{
    for (size_t i = 0; i < c->outs; i++)
        if (c->out[i].held)
            held_free(&c->store, c->out[i].held);
    c->outs = c->out_at = 0;
    c->directs = 0;
    while (c->store.list[LIST_NONE].first)
        store_drop(&c->store, c->store.list[LIST_NONE].first);
}

void correlate_free(struct correlate *c)
{
    if (c == NULL)
        return;
    if (c->store.bucket) {
        clear_output(c);
        for (size_t i = 0; i < SESSIONS && c->session; i++)
            session_forget(c, &c->session[i]);
        store_free(&c->store);
    }
    free(c->session);
    free(c->out);
    free(c);
}

bool put_out(struct correlate *c, struct output o)
{
    if (c->outs == c->out_cap) {
        size_t cap = c->out_cap ? c->out_cap * 2 : 64;
        struct output *out = realloc(c->out, cap * sizeof *out);
        if (out == NULL)
            return !(c->failed = true);
        c->out = out;
        c->out_cap = cap;
    }
    c->out[c->outs++] = o;
    return true;
}

/* Fills in what the message knows. The origin's client, login and sender are the message's own, not
 * those of the hop that a second leg's line shows. */
static void merge(struct record *r, const struct message *m)
{
    bool linked = m->flags & MESSAGE_LINKED && !(m->flags & MESSAGE_NOTICE);

    r->f[COL_QID] = message_qid(m);
    for (int f = 0; f < MESSAGE_FIELDS; f++) {
        struct slice *to = &r->f[message_column[f]];
        bool own = linked && f >= MESSAGE_CLIENT_NAME && f <= MESSAGE_SENDER;
        if (to->n == 0 || own)
            *to = message_get(m, (enum message_field)f);
    }
}

static void sign(struct record *r, const struct program *prog)
{
    r->f[COL_HOST] = prog->host;
    if (r->f[COL_DAEMON].n) { /* Dovecot's lines name the daemon in their text */
        r->f[COL_INSTANCE] = prog->tag;
        return;
    }
    r->f[COL_INSTANCE] = prog->name;
    r->f[COL_DAEMON] = prog->daemon;
}

void emit(struct correlate *c, const struct event *e, struct message *m, enum record_kind kind,
          const struct slice *fields)
{
    if (c->directs == DIRECT_MAX)
        return; /* no line makes so many */
    struct record *r = &c->direct[c->directs];
    copy_bytes(r->f, fields, sizeof r->f);
    r->time = e->time;
    r->digits = e->digits;
    r->kind = (uint8_t)kind;
    /* what we refused is about the hop at hand, and has no origin to wait for */
    if (m && m->flags & MESSAGE_WAITS && kind != KIND_REJECT) {
        struct held *h = held_new(&c->store, r, e->prog);
        if (h == NULL) {
            c->failed = true;
            return;
        }
        *(m->held ? &m->held_last->next : &m->held) = h;
        m->held_last = h;
        return;
    }
    sign(r, kind == KIND_ACCEPT && m && m->entry ? m->entry : e->prog);
    if (m)
        merge(r, m);
    if (put_out(c, (struct output){.direct = c->directs}))
        c->directs++;
}

struct record *correlate_next(struct correlate *c)
{
    struct record *out = &c->waited;

    if (c->out_at == c->outs)
        return NULL;
    const struct output *o = &c->out[c->out_at++];
    if (o->held == NULL)
        return &c->direct[o->direct];
    held_fields(o->held, out);
    sign(out, o->held->kind == KIND_ACCEPT && o->m->entry ? o->m->entry : o->held->prog);
    merge(out, o->m);
    return out;
}

/* After the clock went back, nothing may have been touched in its future. */
static void clamp(struct correlate *c)
{
    for (int l = LIST_FRESH; l < LIST_COUNT; l++)
        for (struct message *m = c->store.list[l].first; m; m = m->next)
            if (m->touched > c->clock)
                m->touched = c->clock;
    for (struct message *m = c->wait_first; m; m = m->wait_next)
        if (m->waits_since > c->clock)
            m->waits_since = c->clock;
}

/* The clock that messages age by; all ages are taken from it, never from a line's own time, since
 * hosts disagree. A line that is more than a day away from it counts only when many in a row agree:
 * one wild stamp must not age everything. */
static void advance(struct correlate *c, int64_t time)
{
    if (c->clock == WHEN_NONE) {
        c->clock = time;
    } else if (time > c->clock + WHEN_DAY) {
        c->behind = 0;
        if (++c->ahead >= JUMP_LINES)
            c->clock = time;
    } else if (time < c->clock - WHEN_DAY) {
        c->ahead = 0;
        if (++c->behind >= BACK_LINES) {
            c->clock = time;
            clamp(c);
        }
    } else {
        c->ahead = c->behind = 0;
        if (time > c->clock)
            c->clock = time;
    }
}

void message_give_up(struct correlate *c, struct message *m)
{
    wait_end(c, m);
    store_move(&c->store, m, LIST_NONE, m->touched);
}

void message_part(struct correlate *c, struct message *m)
{
    store_move(&c->store, m, m->flags & MESSAGE_WAITS ? LIST_PARTING : LIST_GONE, c->clock);
}

static void expire(struct correlate *c)
{
    struct message_list_ends *l = c->store.list;

    while (l[LIST_FRESH].first &&
           l[LIST_FRESH].first->touched < c->clock - FRESH_SECONDS * WHEN_SECOND)
        message_give_up(c, l[LIST_FRESH].first);
    while (l[LIST_OPEN].first && l[LIST_OPEN].first->touched < c->clock - c->lifetime) {
        c->stats.expired++;
        message_give_up(c, l[LIST_OPEN].first);
    }
    while (l[LIST_GONE].count > GONE_MAX)
        message_give_up(c, l[LIST_GONE].first);
    if (c->wait_first)
        wait_expire(c);
}

struct message *message_new(struct correlate *c, const struct event *e, struct slice qid)
{
    struct message *m = store_add(&c->store, qid, e->prog->instance, c->clock);

    c->failed |= m == NULL;
    return m;
}

struct session *session_of(struct correlate *c, const struct event *e, bool make)
{
    /* two places for each; what is forgotten must not depend on where things are in memory */
    size_t i = (e->pid ^ e->prog->hash) % SESSIONS;
    struct session *s = &c->session[i], *other = &c->session[i ^ 1];

    if (s->prog == e->prog && s->pid == e->pid)
        return s;
    if (other->prog == e->prog && other->pid == e->pid)
        return other;
    if (!other->fails && !other->proxied && (s->fails || s->proxied))
        s = other;
    if (!make)
        return NULL;
    session_forget(c, s);
    *s = (struct session){.prog = e->prog, .pid = e->pid};
    return s;
}

struct message *session_proxied(struct correlate *c, struct session *s)
{
    session_forget(c, s);
    s->proxied = pool_get(&c->store.pool, sizeof *s->proxied);
    if (s->proxied)
        *s->proxied = (struct message){.entry = s->prog};
    c->failed |= s->proxied == NULL;
    return s->proxied;
}

bool correlate_line(struct correlate *c, const struct program *prog, uint32_t pid, int64_t time,
                    uint8_t digits, const struct line *l)
{
    struct event e = {prog, pid, time, digits, l};

    clear_output(c);
    advance(c, time);
    expire(c);
    event_line(c, &e);
    return !c->failed;
}

static int column_of(struct correlate *c, struct slice name)
{
    size_t i = ((uintptr_t)name.p ^ (uintptr_t)name.p >> 6) % NAMES;

    if (c->names[i].name != name.p) {
        c->names[i].name = name.p;
        c->names[i].column = record_column_of(name);
    }
    return c->names[i].column;
}

bool correlate_facts(struct correlate *c, const struct program *prog, int64_t time, uint8_t digits,
                     const struct facts *facts)
{
    struct slice f[COL_COUNT] = {{0}};
    struct line l = {0};
    struct event e = {prog, 0, time, digits, &l};

    clear_output(c);
    advance(c, time);
    expire(c);
    for (unsigned i = 0; i < facts->n; i++) {
        int column = column_of(c, facts->f[i].name);
        struct slice v = facts->f[i].value;
        if (column > COL_KIND && (!record_column_is_number((unsigned)column) || field_is_number(v)))
            f[column] = v;
    }
    if (facts->kind == KIND_VERDICT) {
        if (f[COL_REPLY].n == 0)
            f[COL_REPLY] = f[COL_VERDICT];
        f[COL_VERDICT] = shape_verdict(f[COL_VERDICT]);
    }
    struct message *m = event_message(c, &e, f[COL_QID]);
    if (m && m->f[MESSAGE_CLIENT_IP].n) {
        /* a filter sees Postfix as its client; smtpd saw whose message it is */
        f[COL_CLIENT_IP] = f[COL_CLIENT_NAME] = f[COL_SASL_USER] = SLICE_NONE;
    }
    emit(c, &e, m, (enum record_kind)facts->kind, f);
    return !c->failed;
}

void correlate_flush(struct correlate *c)
{
    clear_output(c);
    while (c->wait_first)
        wait_end(c, c->wait_first);
}

void correlate_stats(const struct correlate *c, struct correlate_stats *out)
{
    *out = c->stats;
    out->open = c->store.list[LIST_OPEN].count + c->store.list[LIST_FRESH].count;
}
