#include "log/correlate_parts.h"
#include "log/field.h"

struct message *event_message(struct correlate *c, const struct event *e, struct slice qid)
{
    struct message *m = qid.n ? store_find(&c->store, e->prog->instance, qid) : NULL;

    if (m && message_is_gone(m) &&
        (m->flags & MESSAGE_EXPECTED || c->clock > m->touched + LATE_SECONDS * WHEN_SECOND))
        return NULL;
    return m;
}

static struct message *find_open(struct correlate *c, const struct event *e, struct slice qid)
{
    struct message *m = event_message(c, e, qid);

    return m && !message_is_gone(m) ? m : NULL;
}

static void begins_anew(struct correlate *c, struct message *old)
{
    c->stats.reused++;
    message_give_up(c, old);
}

/* The message of a client= or pickup line: a new one, but for a cleanup line that came before. */
static struct message *entering(struct correlate *c, const struct event *e)
{
    struct slice qid = e->l->f[COL_QID];
    struct message *m = find_open(c, e, qid);

    if (m && !(m->flags & (MESSAGE_HAS_CLIENT | MESSAGE_ACTIVE | MESSAGE_NOTICE)) &&
        c->clock <= m->touched + LATE_SECONDS * WHEN_SECOND)
        return m;
    if (m && m->instance == e->prog->instance)
        begins_anew(c, m);
    return message_new(c, e, qid);
}

static void set(struct correlate *c, struct message *m, enum message_field f, struct slice v)
{
    if (v.n && !message_set(&c->store, m, f, v))
        c->failed = true;
}

/* NOQUEUE: client=…: smtpd_proxy_filter; the message gets its queue id behind the filter. */
static void on_proxied_client(struct correlate *c, const struct event *e)
{
    const struct slice *f = e->l->f;
    struct message *m = session_proxied(c, session_of(c, e, true));

    if (m == NULL)
        return;
    set(c, m, MESSAGE_CLIENT_NAME, f[COL_CLIENT_NAME]);
    set(c, m, MESSAGE_CLIENT_IP, f[COL_CLIENT_IP]);
    set(c, m, MESSAGE_SASL_USER, f[COL_SASL_USER]);
}

static void on_client(struct correlate *c, const struct event *e)
{
    const struct slice *f = e->l->f;
    struct message *m = NULL;

    if (e->l->noqueue) {
        on_proxied_client(c, e);
    } else {
        if ((m = entering(c, e)) == NULL)
            return;
        m->entry = e->prog;
        m->flags |= MESSAGE_HAS_CLIENT;
        set(c, m, MESSAGE_CLIENT_NAME, f[COL_CLIENT_NAME]);
        set(c, m, MESSAGE_CLIENT_IP, f[COL_CLIENT_IP]);
        set(c, m, MESSAGE_SASL_USER, f[COL_SASL_USER]);
        bool local = f[COL_SASL_USER].n == 0 && field_is_local_ip(f[COL_CLIENT_IP]);
        if (local) {
            m->flags |= MESSAGE_LOCAL;
            wait_begin(c, m);
            link_expected(c, m);
        }
        if (f[COL_SASL_USER].n == 0 &&
            (e->l->x[EXTRA_ORIG_QUEUE_ID].n || e->l->x[EXTRA_ORIG_CLIENT].n))
            link_xforward(c, m, e);
        if (!local)
            wait_end(c, m);
        store_move(&c->store, m, LIST_FRESH, c->clock);
    }
    if (f[COL_SASL_USER].n)
        emit(c, e, m, KIND_LOGIN, f);
}

static void on_msgid(struct correlate *c, const struct event *e)
{
    struct slice msgid = e->l->f[COL_MSGID];
    struct message *m = find_open(c, e, e->l->f[COL_QID]);

    if (m && m->flags & (MESSAGE_ACTIVE | MESSAGE_HAS_MSGID) &&
        !slice_eq(message_get(m, MESSAGE_MSGID), msgid)) {
        /* a message with two Message-ID headers has two lines, at one time: the first counts */
        if (!(m->flags & MESSAGE_ACTIVE) && c->clock <= m->touched + LATE_SECONDS * WHEN_SECOND)
            return;
        if (m->instance == e->prog->instance)
            begins_anew(c, m);
        m = NULL;
    }
    if (m == NULL) {
        /* without a client line: bounce(8)'s own message, or a log that begins here */
        if ((m = message_new(c, e, e->l->f[COL_QID])) == NULL)
            return;
        wait_begin(c, m);
    }
    m->flags |= MESSAGE_HAS_MSGID;
    set(c, m, MESSAGE_MSGID, msgid);
    store_move(&c->store, m, (enum message_list)m->list, c->clock);
    link_expected(c, m);
}

static void on_pickup(struct correlate *c, const struct event *e)
{
    struct slice old = e->l->x[EXTRA_ORIG_QUEUE_ID];
    struct message *m = entering(c, e), *a = NULL;

    if (m == NULL)
        return;
    m->entry = e->prog;
    m->flags |= MESSAGE_HAS_CLIENT;
    set(c, m, MESSAGE_SENDER, e->l->f[COL_SENDER]);
    if (old.n && (a = event_message(c, e, old)) != NULL && a != m) {
        link_to(c, m, a); /* postsuper -r: the same message under a new queue id */
        if (!message_is_gone(a))
            message_part(c, a);
    } else if (old.n) {
        set(c, m, MESSAGE_ORIGIN, old);
        m->flags |= MESSAGE_LINKED;
    }
    if (!(m->flags & MESSAGE_WAITS) || a == NULL)
        wait_end(c, m);
}

static void on_active(struct correlate *c, const struct event *e)
{
    const struct slice *f = e->l->f;
    struct message *m = find_open(c, e, f[COL_QID]);

    e->prog->instance->owner = true;
    if (m && m->flags & MESSAGE_ACTIVE && !(m->flags & MESSAGE_LINKED) &&
        !slice_eq(message_get(m, MESSAGE_SENDER), f[COL_SENDER])) {
        begins_anew(c, m);
        m = NULL;
    }
    if (m == NULL && (m = message_new(c, e, f[COL_QID])) == NULL)
        return;
    if (m->instance != e->prog->instance && !m->instance->owner)
        m->instance = e->prog->instance;
    if (!(m->flags & MESSAGE_LINKED) || m->flags & MESSAGE_NOTICE || m->f[MESSAGE_SENDER].n == 0)
        set(c, m, MESSAGE_SENDER, f[COL_SENDER]);
    set(c, m, MESSAGE_SIZE, f[COL_SIZE]);
    set(c, m, MESSAGE_NRCPT, f[COL_NRCPT]);
    bool first = !(m->flags & MESSAGE_ACTIVE);
    m->flags |= MESSAGE_ACTIVE;
    store_move(&c->store, m, LIST_OPEN, c->clock);
    if (first) /* of a log that begins in its life, too: it is in the queue */
        emit(c, e, m, KIND_ACCEPT, f);
}

static void on_removed(struct correlate *c, const struct event *e)
{
    struct message *m = find_open(c, e, e->l->f[COL_QID]);

    emit(c, e, m, KIND_REMOVE, e->l->f);
    if (m)
        message_part(c, m);
}

static void touch(struct correlate *c, struct message *m)
{
    if (m && !message_is_gone(m))
        store_move(&c->store, m, (enum message_list)m->list, c->clock);
}

static void on_deliver(struct correlate *c, const struct event *e)
{
    const struct slice *f = e->l->f;
    struct message *m = event_message(c, e, f[COL_QID]);

    touch(c, m);
    emit(c, e, m, KIND_DELIVER, f);
    if (m && slice_eq(f[COL_STATUS], SL("sent")))
        link_queued(c, m, f[COL_REPLY], e->l);
}

/* The record of a notice bears its own queue id, and all else of the message that it is about. */
static void emit_ndr(struct correlate *c, const struct event *e, const struct message *parent)
{
    struct slice f[COL_COUNT] = {{0}};

    for (int i = 0; parent && i < MESSAGE_FIELDS; i++)
        f[message_column[i]] = message_get(parent, (enum message_field)i);
    if (f[COL_ORIGIN].n == 0)
        f[COL_ORIGIN] = e->l->f[COL_QID];
    f[COL_QID] = e->l->x[EXTRA_CHILD];
    if (slice_eq(e->l->x[EXTRA_NOTICE_TO], SL("sender")))
        f[COL_RCPT] = f[COL_SENDER];
    f[COL_REPLY] = SL("non-delivery notification");
    emit(c, e, NULL, KIND_NDR, f);
}

static void on_notice(struct correlate *c, const struct event *e)
{
    struct message *parent = event_message(c, e, e->l->f[COL_QID]);
    struct message *child = find_open(c, e, e->l->x[EXTRA_CHILD]);

    if (child && child->flags & MESSAGE_HAS_CLIENT) { /* that id's end was missed */
        begins_anew(c, child);
        child = NULL;
    }
    if (child == NULL && (child = message_new(c, e, e->l->x[EXTRA_CHILD])) == NULL)
        return;
    struct slice origin = parent ? message_get(parent, MESSAGE_ORIGIN) : SLICE_NONE;
    set(c, child, MESSAGE_ORIGIN, origin.n ? origin : e->l->f[COL_QID]);
    child->flags |= MESSAGE_NOTICE | MESSAGE_LINKED;
    child->entry = e->prog;
    touch(c, parent);
    if (slice_eq(e->l->x[EXTRA_NOTICE], SL("non-delivery")))
        emit_ndr(c, e, parent);
    wait_end(c, child);
}

static bool is_one_of(struct slice s, const char *const *list)
{
    for (; *list; list++)
        if (slice_eq(s, slice_str(*list)))
            return true;
    return false;
}

static void on_action(struct correlate *c, const struct event *e)
{
    static const char *const rejects[] = {"reject", "milter-reject", "proxy-reject", NULL};
    static const char *const holds[] = {"hold", "milter-hold", "milter-quarantine", "quarantine",
                                        NULL};
    static const char *const ends[] = {"reject", "milter-reject", "discard", "milter-discard",
                                       NULL};
    struct slice action = e->l->x[EXTRA_ACTION];
    struct message *m = find_open(c, e, e->l->f[COL_QID]);
    struct session *s;

    if (m && m->f[MESSAGE_HELO].n == 0 && !(m->flags & MESSAGE_LINKED))
        set(c, m, MESSAGE_HELO, e->l->f[COL_HELO]);
    if (m && m->f[MESSAGE_SUBJECT].n == 0) /* of several the first: others may be attachments' */
        set(c, m, MESSAGE_SUBJECT, e->l->f[COL_SUBJECT]);
    touch(c, m);
    if (is_one_of(action, rejects))
        emit(c, e, m, KIND_REJECT, e->l->f);
    else if (is_one_of(action, holds))
        emit(c, e, m, KIND_HOLD, e->l->f);
    if (m && e->prog->kind == DAEMON_CLEANUP && is_one_of(action, ends))
        message_part(c, m);
    if (slice_eq(action, SL("proxy-accept")) && (s = session_of(c, e, false)) && s->proxied)
        link_proxied(c, e, s->proxied);
}

static void on_auth_fail(struct correlate *c, const struct event *e)
{
    struct slice why = e->l->x[EXTRA_TEXT];

    session_of(c, e, true)->fails++;
    /* the authentication server's trouble, not the client's */
    if (slice_starts(why, SL("Connection lost to authentication server")) ||
        slice_starts(why, SL("Temporary authentication failure")))
        return;
    emit(c, e, NULL, KIND_AUTH_FAIL, e->l->f);
}

/* "auth=0/3": the failures of a session, among the counters of smtpd(8)'s disconnect line. */
static uint64_t auth_failures(struct slice commands)
{
    const char *q = slice_find(commands, SL("auth="));
    uint64_t ok = 0, all = 0;

    if (q == NULL)
        return 0;
    struct slice s = slice_range(q + 5, commands.p + commands.n);
    const char *sp = slice_chr(s, ' '), *slash;
    s = sp ? slice_range(s.p, sp) : s;
    if ((slash = slice_chr(s, '/')) == NULL)
        return 0;
    if (!slice_u64(slice_range(s.p, slash), &ok) ||
        !slice_u64(slice_range(slash + 1, s.p + s.n), &all))
        return 0;
    return all > ok ? all - ok : 0;
}

static void on_disconnect(struct correlate *c, const struct event *e)
{
    uint64_t failures = auth_failures(e->l->x[EXTRA_COMMANDS]);
    struct session *s = session_of(c, e, false);
    uint64_t seen = s ? s->fails : 0;

    if (s) {
        s->fails = 0;
        session_forget(c, s);
    }
    if (failures > seen)
        emit(c, e, NULL, KIND_AUTH_FAIL, e->l->f);
}

static void on_connect(struct correlate *c, const struct event *e)
{
    struct session *s = session_of(c, e, false);

    if (s) {
        s->fails = 0;
        session_forget(c, s); /* its session's end was missed */
    }
}

static void on_held(struct correlate *c, const struct event *e)
{
    struct message *m = find_open(c, e, e->l->f[COL_QID]);

    touch(c, m);
    emit(c, e, m, KIND_HOLD, e->l->f);
}

void event_line(struct correlate *c, const struct event *e)
{
    static void (*const on[])(struct correlate *,
                              const struct event *) = {[LINE_CLIENT] = on_client,
                                                       [LINE_MSGID] = on_msgid,
                                                       [LINE_PICKUP] = on_pickup,
                                                       [LINE_ACTIVE] = on_active,
                                                       [LINE_EXPIRED] = on_deliver,
                                                       [LINE_REMOVED] = on_removed,
                                                       [LINE_DELIVER] = on_deliver,
                                                       [LINE_NOTICE] = on_notice,
                                                       [LINE_ACTION] = on_action,
                                                       [LINE_CONNECT] = on_connect,
                                                       [LINE_DISCONNECT] = on_disconnect,
                                                       [LINE_AUTH_FAIL] = on_auth_fail,
                                                       [LINE_HELD] = on_held};

    if (on[e->l->type])
        on[e->l->type](c, e);
}
