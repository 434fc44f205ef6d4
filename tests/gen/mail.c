/* mail: a message while it has a queue file: its id, its turns in the active queue, its notices,
 * its end. See sim.h.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_INODE = 0xA768D0, RETRY_FIRST = 300, RETRY_MOST = 4000, SCAN = 300 };

static const int64_t lifetime = 5 * DAY, warn_after = 4 * HOUR;

/* Inodes are used again as soon as they are free, the last freed first, as file systems do. */
static uint32_t inode_take(struct sim *s)
{
    if (s->free_n > 0)
        return s->free_inodes[--s->free_n];
    if (s->inodes == s->inode_cap) {
        s->inode_cap = s->inode_cap ? s->inode_cap * 2 : 1024;
        s->free_inodes = realloc(s->free_inodes, s->inode_cap * sizeof(uint32_t));
        s->inode_usec = realloc(s->inode_usec, s->inode_cap * sizeof(uint32_t));
        if (s->free_inodes == NULL || s->inode_usec == NULL)
            abort();
    }
    s->inode_usec[s->inodes] = UINT32_MAX;
    return (uint32_t)s->inodes++;
}

/* Digits of v in a base, at least width of them. */
static size_t digits(char *out, uint64_t v, unsigned base, size_t width)
{
    static const char alphabet[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    char reversed[24];
    size_t n = 0;

    while (v > 0 || n < width) {
        reversed[n++] = alphabet[v % base];
        v /= base;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

static void qid_make(struct sim *s, struct mail *m)
{
    int64_t made = s->now - 200;
    uint32_t usec = (uint32_t)(made % SECOND);
    uint32_t inode = FIRST_INODE + m->inode;
    uint32_t last = s->inode_usec[m->inode];
    size_t n;

    if (last != UINT32_MAX && s->opt.reuse > 0 && rng_chance(&s->rng, s->opt.reuse))
        usec = last;
    s->inode_usec[m->inode] = usec;
    if (!s->opt.long_ids) {
        snprintf(m->qid, sizeof(m->qid), "%05X%X", usec, inode);
        return;
    }
    n = digits(m->qid, (uint64_t)(made / SECOND), 52, 6);
    n += digits(m->qid + n, usec, 52, 4);
    m->qid[n++] = 'z';
    n += digits(m->qid + n, inode, 51, 1);
    m->qid[n] = '\0';
}

struct mail *mail_new(struct sim *s, const char *instance)
{
    struct mail *m = pool_take(&s->mails, sizeof(*m));

    m->instance = instance;
    m->inode = inode_take(s);
    m->arrived = s->now;
    m->cleanup = proc_take(s, &s->cleanup, 100);
    qid_make(s, m);
    return m;
}

void mail_drop(struct sim *s, struct mail *m)
{
    if (m->cleanup.pid != 0)
        proc_give(&s->cleanup, m->cleanup);
    if (m->rcpt != NULL)
        pool_give(&s->rcpts[m->rcpt_class], m->rcpt);
    s->free_inodes[s->free_n++] = m->inode;
    pool_give(&s->mails, m);
}

void mail_add_rcpt(struct sim *s, struct mail *m, rcpt_id id)
{
    if (m->rcpt == NULL) {
        m->rcpt = pool_take(&s->rcpts[0], sizeof(rcpt_id));
    } else if (m->nrcpt == 1u << m->rcpt_class) {
        unsigned class = m->rcpt_class + 1u;
        rcpt_id *more = pool_take(&s->rcpts[class], sizeof(rcpt_id) << class);

        memcpy(more, m->rcpt, m->nrcpt * sizeof(rcpt_id));
        pool_give(&s->rcpts[m->rcpt_class], m->rcpt);
        m->rcpt = more;
        m->rcpt_class = (uint8_t) class;
    }
    m->rcpt[m->nrcpt++] = id;
    m->pending = m->nrcpt;
}

void mail_put_rcpt(struct sim *s, struct sink *k, const struct mail *m, rcpt_id id)
{
    if (id & RCPT_WRITTEN)
        put_text(k, m->to);
    else
        names_put_rcpt(s->names, k, id);
}

void mail_log_msgid(struct sim *s, struct mail *m)
{
    struct sink *k = say(s, m->instance, "cleanup", m->cleanup.pid);

    put_text(k, m->qid);
    PUT(k, ": message-id=<");
    put_text(k, m->msgid);
    PUT(k, ">");
    sink_end(k);
}

void mail_put_delays(struct sim *s, struct sink *k, const struct mail *m, int64_t begun,
                     int64_t connected)
{
    PUT(k, ", delay=");
    put_delay(k, s->now - m->arrived);
    PUT(k, ", delays=");
    put_delay(k, m->active - m->arrived);
    PUT(k, "/");
    put_delay(k, begun - m->active);
    PUT(k, "/");
    put_delay(k, connected - begun);
    PUT(k, "/");
    put_delay(k, s->now - connected);
}

void mail_activate(struct sim *s, void *mail)
{
    struct mail *m = mail;
    struct sink *k = say(s, m->instance, "qmgr", s->qmgr_pid);

    if (m->cleanup.pid != 0)
        proc_give(&s->cleanup, m->cleanup);
    m->cleanup.pid = 0;
    put_text(k, m->qid);
    PUT(k, ": from=<");
    put_text(k, m->sender);
    PUT(k, ">, size=");
    put_uint(k, m->size);
    PUT(k, ", nrcpt=");
    put_uint(k, m->nrcpt);
    PUT(k, " (queue active)");
    sink_end(k);
    m->active = s->now;
    m->passes++;
    m->bounced = 0;
    if (m->hop != HOP_NONE)
        hop_start(s, m);
    else
        deliver_start(s, m);
}

void mail_remove(struct sim *s, void *mail)
{
    struct mail *m = mail;
    struct sink *k = say(s, m->instance, "qmgr", s->qmgr_pid);

    put_text(k, m->qid);
    PUT(k, ": removed");
    sink_end(k);
    mail_drop(s, m);
}

static void bounce_line(struct sim *s, const struct mail *m, const char *what)
{
    struct proc bounce = proc_take(s, &s->bounce, 100);
    struct sink *k = say(s, m->instance, "bounce", bounce.pid);

    proc_give(&s->bounce, bounce);
    put_text(k, m->qid);
    PUT(k, ": sender ");
    put_text(k, what);
    PUT(k, " notification: ");
    put_text(k, m->next);
    sink_end(k);
}

/* The bounce daemon's word comes a moment before or after the queue manager's about the notice. */
static void told_failure(struct sim *s, void *mail)
{
    bounce_line(s, mail, "non-delivery");
}

static void told_delay(struct sim *s, void *mail)
{
    bounce_line(s, mail, "delay");
}

static void notice_msgid(struct sim *s, struct mail *n)
{
    time_t when = (time_t)(s->now / SECOND);
    struct tm tm;
    char stamp[24];

    if (gmtime_r(&when, &tm) == NULL)
        abort();
    strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
    snprintf(n->msgid, sizeof(n->msgid), "%s.%s@%s.relay.example", stamp, n->qid, s->opt.host);
}

/* Puts a notice to m's sender into the queue; a message from the null sender gets none. */
static bool notice_send(struct sim *s, struct mail *m, event_fn told)
{
    struct mail *n;

    if (m->sender[0] == '\0')
        return false;
    n = mail_new(s, m->instance);
    snprintf(n->to, sizeof(n->to), "%s", m->sender);
    snprintf(m->next, sizeof(m->next), "%s", n->qid);
    mail_add_rcpt(s, n, RCPT_WRITTEN);
    n->size = m->size / 20 + 2400 + rng_below(&s->rng, 900);
    notice_msgid(s, n);
    mail_log_msgid(s, n);
    sim_after(s, 300 + rng_below(&s->rng, 4000), told, m);
    sim_after(s, 300 + rng_below(&s->rng, 4000), mail_activate, n);
    return true;
}

/* The next scan of the deferred queue after the backoff time, which grows with the age. */
static int64_t retry_time(struct sim *s, const struct mail *m)
{
    int64_t age = (s->now - m->arrived) / SECOND;
    int64_t wait = age < RETRY_FIRST ? RETRY_FIRST : age > RETRY_MOST ? RETRY_MOST : age;
    int64_t due = s->now / SECOND + wait;

    return (due / SCAN + 1) * SCAN * SECOND + rng_below(&s->rng, 3000000);
}

static uint32_t pending_compact(struct mail *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->pending; i++)
        if ((m->rcpt[i] >> 56 & 3) == FATE_DEFERRED)
            m->rcpt[n++] = m->rcpt[i] & ~((rcpt_id)3 << 56);
    return m->pending = n;
}

/* After the notices: back to the deferred queue, or away. */
static void mail_rest(struct sim *s, void *mail)
{
    struct mail *m = mail;

    if (m->pending > 0 && !m->expired)
        sched_add(&s->sched, retry_time(s, m), mail_activate, m);
    else
        mail_remove(s, m);
}

static void expired_line(struct sim *s, const struct mail *m)
{
    struct sink *k = say(s, m->instance, "qmgr", s->qmgr_pid);

    put_text(k, m->qid);
    PUT(k, ": from=<");
    put_text(k, m->sender);
    PUT(k, ">, status=expired, returned to sender");
    sink_end(k);
}

void mail_pass_done(struct sim *s, void *mail)
{
    struct mail *m = mail;
    int64_t age = s->now - m->arrived;
    bool told = false;

    pending_compact(m);
    m->expired = m->pending > 0 && age > lifetime;
    if (m->expired)
        expired_line(s, m);
    if (m->expired || m->bounced > 0) {
        told = notice_send(s, m, told_failure);
    } else if (m->pending > 0 && age > warn_after && !m->delay_told) {
        m->delay_told = true;
        told = notice_send(s, m, told_delay);
    }
    if (told)
        sim_after(s, 5 * MS + rng_below(&s->rng, 3000), mail_rest, m);
    else
        mail_rest(s, m);
}
