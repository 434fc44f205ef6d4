/* deliver: outgoing deliveries. The pending recipients of a message are grouped by domain; each
 * group is one delivery by one process of one outbound transport, with one line a recipient. See
 * sim.h.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

struct delivery {
    struct mail *m;
    uint32_t lo, hi; /* its recipients in m->rcpt */
    struct domain *to, home;
    uint32_t transport;
    struct proc proc;
    bool started;
    unsigned reused; /* conn_use= */
    int64_t begun, connected;
    enum outcome group; /* of all recipients, unless one has its own */
    const struct wording *said;
};

static const char *const failures[] = {
    [OUTCOME_TIMED_OUT] = "Connection timed out",
    [OUTCOME_REFUSED] = "Connection refused",
};

/* What one recipient gets: its mailbox's own fault first, then what the group gets. */
static enum outcome rcpt_outcome(const struct delivery *v, rcpt_id id)
{
    if (v->group > OUTCOME_COUNT || v->group == OUTCOME_TURNED_AWAY ||
        (v->said != NULL && v->said->phase == PHASE_MAIL))
        return v->group;
    if ((id & (RCPT_WRITTEN | RCPT_UNKNOWN)) == RCPT_WRITTEN)
        return v->group;
    if (id & RCPT_UNKNOWN)
        return OUTCOME_UNKNOWN;
    if (id & RCPT_FULL)
        return OUTCOME_FULL;
    if (v->to->greylists && v->m->passes == 1 && rng_hash(id) % 3 == 0)
        return OUTCOME_GREYLISTED;
    return v->group;
}

static const char *service_of(struct sim *s, const struct delivery *v)
{
    if (v->group == OUTCOME_SUSPENDED)
        return "error";
    return s->opt.dash ? "smtp" : s->transport[v->transport];
}

static struct sink *delivery_say(struct sim *s, const struct delivery *v)
{
    const char *instance =
        s->opt.dash && v->group != OUTCOME_SUSPENDED ? s->transport[v->transport] : v->m->instance;

    return say(s, instance, service_of(s, v), v->proc.pid);
}

static void put_host(struct sink *k, const struct domain *d)
{
    put_text(k, d->mx);
    PUT(k, "[");
    put_text(k, d->ip);
    PUT(k, "]");
}

/* `connect to H[IP]:25: why` */
static void put_unreachable(struct sink *k, const struct domain *d, enum outcome why)
{
    PUT(k, "connect to ");
    put_host(k, d);
    PUT(k, ":25: ");
    put_text(k, failures[why]);
}

static void put_words(struct sim *s, struct sink *k, const struct delivery *v, rcpt_id id,
                      const struct wording *w, enum outcome outcome)
{
    static const char *const phases[] = {
        [PHASE_MAIL] = "MAIL FROM", [PHASE_RCPT] = "RCPT TO", [PHASE_END] = "end of DATA"};

    if (outcome != OUTCOME_SENT) {
        PUT(k, "host ");
        put_host(k, v->to);
        put_text(k, w->phase == PHASE_GREETING ? " refused to talk to me: " : " said: ");
    }
    reply_put(s, k, w->text, v->m, id, v->to, s->transport_ip[v->transport]);
    if (outcome == OUTCOME_SENT || w->phase == PHASE_GREETING)
        return;
    PUT(k, " (in reply to ");
    put_text(k, phases[w->phase]);
    PUT(k, " command)");
}

/* dsn, status and text where no server said anything. */
static enum fate put_own_words(struct sink *k, const struct delivery *v, enum outcome outcome)
{
    enum outcome why = v->to->fault == FAULT_CLOSED ? OUTCOME_REFUSED : OUTCOME_TIMED_OUT;

    switch (outcome) {
    case OUTCOME_NO_HOST:
        PUT(k, ", dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for "
               "name=");
        put_text(k, v->to->name);
        PUT(k, " type=AAAA: Host not found)");
        return FATE_BOUNCED;
    case OUTCOME_LOST:
        PUT(k, ", dsn=4.4.2, status=deferred (lost connection with ");
        put_host(k, v->to);
        PUT(k, " while receiving the initial server greeting)");
        return FATE_DEFERRED;
    case OUTCOME_SUSPENDED:
        PUT(k, ", dsn=4.4.1, status=deferred (delivery temporarily suspended: ");
        put_unreachable(k, v->to, why);
        PUT(k, ")");
        return FATE_DEFERRED;
    default:
        PUT(k, ", dsn=4.4.1, status=deferred (");
        put_unreachable(k, v->to, outcome);
        PUT(k, ")");
        return FATE_DEFERRED;
    }
}

static enum fate put_status(struct sim *s, struct sink *k, const struct delivery *v, rcpt_id id,
                            enum outcome outcome)
{
    const struct wording *w = v->said;
    enum fate fate;

    if (outcome > OUTCOME_COUNT)
        return put_own_words(k, v, outcome);
    if (w == NULL || outcome != v->group)
        w = reply_wording(v->to->style, outcome, (uint32_t)rng_hash(v->lo + id));
    fate = w->dsn[0] == '2' ? FATE_DONE : w->dsn[0] == '5' ? FATE_BOUNCED : FATE_DEFERRED;
    PUT(k, ", dsn=");
    put_text(k, w->dsn);
    PUT(k, ", status=");
    put_text(k, fate == FATE_DONE ? "sent" : fate == FATE_BOUNCED ? "bounced" : "deferred");
    PUT(k, " (");
    put_words(s, k, v, id, w, outcome);
    PUT(k, ")");
    return fate;
}

static void rcpt_line(struct sim *s, struct delivery *v, uint32_t i)
{
    struct sink *k = delivery_say(s, v);
    rcpt_id id = v->m->rcpt[i];
    enum outcome outcome = rcpt_outcome(v, id);

    put_text(k, v->m->qid);
    PUT(k, ": to=<");
    mail_put_rcpt(s, k, v->m, id);
    PUT(k, ">");
    if (v->m->orig_to[0] != '\0') {
        PUT(k, ", orig_to=<");
        put_text(k, v->m->orig_to);
        PUT(k, ">");
    }
    PUT(k, ", relay=");
    if (outcome > OUTCOME_COUNT && outcome != OUTCOME_LOST) {
        PUT(k, "none");
    } else {
        put_host(k, v->to);
        PUT(k, ":25");
    }
    if (v->reused > 1 && outcome == OUTCOME_SENT) {
        PUT(k, ", conn_use=");
        put_uint(k, v->reused);
    }
    mail_put_delays(s, k, v->m, v->begun, v->connected);
    mail_settle(v->m, i, put_status(s, k, v, id, outcome));
    sink_end(k);
}

static void delivery_end(struct sim *s, void *delivery)
{
    struct delivery *v = delivery;
    struct mail *m = v->m;

    if (v->group == OUTCOME_TIMED_OUT || v->group == OUTCOME_REFUSED) {
        struct sink *k = delivery_say(s, v);
        put_unreachable(k, v->to, v->group);
        sink_end(k);
        if (v->to->fault != FAULT_NONE) /* others answer again at once */
            v->to->suspended = s->now + 5 * MINUTE;
    }
    for (uint32_t i = v->lo; i < v->hi; i++)
        rcpt_line(s, v, i);
    proc_give(v->group == OUTCOME_SUSPENDED ? &s->error : &s->outbound[v->transport], v->proc);
    pool_give(&s->deliveries, v);
    if (--m->open == 0)
        sim_after(s, 200 + rng_below(&s->rng, 2500), mail_pass_done, m);
}

static void tls_line(struct sim *s, const struct delivery *v)
{
    struct sink *k = delivery_say(s, v);

    put_text(k, v->to->style >= STYLE_BIGMAIL ? "Trusted" : "Untrusted");
    PUT(k, " TLS connection established to ");
    put_host(k, v->to);
    PUT(k, ":25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)");
    if (v->to->mx[1] % 2 == 0)
        PUT(k, " key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256");
    sink_end(k);
}

static void delivery_connected(struct sim *s, void *delivery)
{
    struct delivery *v = delivery;

    if (s->opt.tls && v->reused == 1 && v->group < OUTCOME_COUNT && v->group != OUTCOME_TURNED_AWAY)
        tls_line(s, v);
    v->connected = s->now;
    sim_after(s, 40 * MS + (int64_t)(rng_lognormal(&s->rng, 250, 0.8) * MS), delivery_end, v);
}

static void delivery_begin(struct sim *s, void *delivery)
{
    struct delivery *v = delivery;
    int64_t connect = 20 * MS + (int64_t)(rng_lognormal(&s->rng, 120, 0.7) * MS);

    v->begun = v->connected = s->now;
    v->group = v->m->rcpt[v->lo] & RCPT_WRITTEN ? outcome_at_home(s, v->m)
                                                : outcome_at(s, v->m, v->to, v->transport);
    if (v->group < OUTCOME_COUNT && v->group != OUTCOME_SENT)
        v->said = reply_wording(v->to->style, v->group, (uint32_t)rng_next(&s->rng));
    v->proc =
        proc_take(s, v->group == OUTCOME_SUSPENDED ? &s->error : &s->outbound[v->transport], 100);
    v->reused =
        v->to->style >= STYLE_BIGMAIL && rng_chance(&s->rng, 0.15) ? 2 + rng_below(&s->rng, 6) : 1;
    if (v->group == OUTCOME_SUSPENDED || v->group == OUTCOME_NO_HOST || v->group == OUTCOME_REFUSED)
        sim_after(s, 3 * MS + rng_below(&s->rng, 20000), delivery_end, v);
    else if (v->group == OUTCOME_TIMED_OUT)
        sim_after(s, 30 * SECOND, delivery_end, v);
    else
        sim_after(s, v->reused > 1 ? 1 * MS : connect, delivery_connected, v);
}

/* A notice goes to the customer's own server. */
static void home_make(struct domain *d, const struct mail *m)
{
    const char *at = strchr(m->to, '@');
    uint64_t h = 0;

    snprintf(d->name, sizeof(d->name), "%.39s", at ? at + 1 : "relay.example");
    snprintf(d->mx, sizeof(d->mx), "mx.%s", d->name);
    for (const char *p = d->name; *p != '\0'; p++)
        h = rng_hash(h ^ (unsigned char)*p);
    snprintf(d->ip, sizeof(d->ip), "2001:db8:%x::25", 0xe000 + (unsigned)h % 0x1000);
    d->style = STYLE_POSTFIX;
}

static int by_domain(const void *a, const void *b)
{
    rcpt_id p = *(const rcpt_id *)a, q = *(const rcpt_id *)b;
    uint32_t x = RCPT_DOMAIN(p), y = RCPT_DOMAIN(q);

    return x != y ? (x > y) - (x < y) : (p > q) - (p < q);
}

void deliver_start(struct sim *s, struct mail *m)
{
    uint32_t lo = 0;

    if (m->pending > 1)
        qsort(m->rcpt, m->pending, sizeof(rcpt_id), by_domain);
    while (lo < m->pending) {
        struct delivery *v = pool_take(&s->deliveries, sizeof(*v));
        uint32_t hi = lo + 1;

        while (hi < m->pending && RCPT_DOMAIN(m->rcpt[hi]) == RCPT_DOMAIN(m->rcpt[lo]))
            hi++;
        v->m = m;
        v->lo = lo;
        v->hi = hi;
        v->transport = rng_below(&s->rng, s->opt.outbound);
        v->to = &s->names->domain[RCPT_DOMAIN(m->rcpt[lo])];
        if (m->rcpt[lo] & RCPT_WRITTEN) {
            home_make(&v->home, m);
            v->to = &v->home;
        }
        m->open++;
        sim_after(s, 2 * MS + rng_below(&s->rng, 60000), delivery_begin, v);
        lo = hi;
    }
}

static void put_token(struct sim *s, struct sink *k, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        put_bytes(k, &"abcdefghijklmnopqrstuvwxyz0123456789"[rng_below(&s->rng, 36)], 1);
}

static void put_exim_id(struct sim *s, struct sink *k)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char id[17] = "1t****-000***-**";

    for (int i = 0; id[i] != '\0'; i++)
        if (id[i] == '*')
            id[i] = letters[rng_below(&s->rng, 62)];
    put_text(k, id);
}

void reply_put(struct sim *s, struct sink *k, const char *template, const struct mail *m,
               rcpt_id rcpt, const struct domain *d, const char *our_ip)
{
    for (const char *p = template; *p != '\0'; p++) {
        size_t plain = strcspn(p, "%");

        put_bytes(k, p, plain);
        p += plain;
        if (*p == '\0' || *++p == '\0')
            return;
        switch (*p) {
        case 'r':
            mail_put_rcpt(s, k, m, rcpt);
            break;
        case 'd':
            put_text(k, d->name);
            break;
        case 'h':
            put_text(k, d->mx);
            break;
        case 'i':
            put_text(k, our_ip);
            break;
        case 'm':
            put_text(k, m->msgid);
            break;
        case 'z':
            put_uint(k, m->size + 3100);
            break;
        case 't':
            put_uint(k, (uint64_t)(s->now / SECOND));
            break;
        case 'D':
            put_iso_time(k, s->now);
            break;
        case 'q':
            put_token(s, k, 16);
            break;
        case 'Q':
            put_hex(k, rng_next(&s->rng), 11);
            break;
        case 'x':
            put_exim_id(s, k);
            break;
        default:
            put_padded(k, rng_below(&s->rng, 10000), 4);
            break;
        }
    }
}
