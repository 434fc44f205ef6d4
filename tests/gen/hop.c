/* hop: the way through a content filter (amavis) or a second Postfix instance. The message comes in
 * again under a new queue id, and those lines stand in the log before the first leg's
 * `status=sent`. See sim.h.
 */
#include "sim.h"

#include <stdio.h>

enum verdict { PASSED, DISCARDED, REJECTED, INFECTED };

struct hop {
    struct mail *first, *second;
    struct proc smtp, amavis, smtpd;
    int64_t begun, connected;
    enum verdict verdict;
    char mail_id[16];
};

static const char virus[] = "Win.Test.EICAR_HDB-1";

static void put_amavis_id(struct sink *k, const struct hop *h)
{
    put_padded(k, h->amavis.pid, h->amavis.pid < 100000 ? 5 : 7);
    PUT(k, "-");
    put_padded(k, h->amavis.uses, 2);
}

static void put_answer(struct sim *s, struct sink *k, const struct hop *h)
{
    if (h->verdict == PASSED && s->opt.hop == HOP_INSTANCE) {
        PUT(k, "250 2.0.0 Ok: queued as ");
        put_text(k, h->first->next);
        return;
    }
    if (h->verdict == PASSED) {
        PUT(k, "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as ");
        put_text(k, h->first->next);
        return;
    }
    if (h->verdict == REJECTED)
        PUT(k, "host 127.0.0.1[127.0.0.1] said: 554 5.7.0 Reject, id=");
    else
        PUT(k, "250 2.7.0 Ok, discarded, id=");
    put_amavis_id(k, h);
    PUT(k, " - ");
    if (h->verdict == INFECTED) {
        PUT(k, "INFECTED: ");
        put_text(k, virus);
    } else {
        PUT(k, "spam");
    }
    if (h->verdict == REJECTED)
        PUT(k, " (in reply to end of DATA command)");
}

static void hop_sent(struct sim *s, void *hop)
{
    struct hop *h = hop;
    struct mail *m = h->first;
    const char *dsn = h->verdict == PASSED ? "2.0.0" : h->verdict == REJECTED ? "5.7.0" : "2.7.0";

    for (uint32_t i = 0; i < m->pending; i++) {
        struct sink *k = say(s, m->instance, "smtp", h->smtp.pid);

        put_text(k, m->qid);
        PUT(k, ": to=<");
        mail_put_rcpt(s, k, m, m->rcpt[i]);
        PUT(k, ">, relay=127.0.0.1[127.0.0.1]:");
        put_text(k, s->opt.hop == HOP_INSTANCE ? "10026" : "10024");
        mail_put_delays(s, k, m, h->begun, h->connected);
        PUT(k, ", dsn=");
        put_text(k, dsn);
        PUT(k, ", status=");
        put_text(k, h->verdict == REJECTED ? "bounced" : "sent");
        PUT(k, " (");
        put_answer(s, k, h);
        PUT(k, ")");
        sink_end(k);
        mail_settle(m, i, h->verdict == REJECTED ? FATE_BOUNCED : FATE_DONE);
    }
    proc_give(&s->smtp, h->smtp);
    if (h->amavis.pid != 0)
        proc_give(&s->amavis, h->amavis);
    pool_give(&s->hops, h);
    sim_after(s, 300 + rng_below(&s->rng, 2000), mail_pass_done, m);
}

static const char *const verdict_words[] = {
    [PASSED] = "Passed CLEAN {RelayedOutbound}",
    [DISCARDED] = "Blocked SPAM {DiscardedOutbound,Quarantined}",
    [REJECTED] = "Blocked SPAM {RejectedOutbound,Quarantined}",
    [INFECTED] = "Blocked INFECTED (Win.Test.EICAR_HDB-1) {DiscardedOutbound,Quarantined}"};

static void put_people(struct sim *s, struct sink *k, const struct mail *m)
{
    size_t at = strcspn(m->client, "[");

    PUT(k, ", ORIGINATING LOCAL ");
    put_text(k, m->client + at);
    PUT(k, ":");
    put_uint(k, 32768 + rng_below(&s->rng, 28000));
    PUT(k, " ");
    put_text(k, m->client + at);
    PUT(k, " <");
    put_text(k, m->sender);
    PUT(k, "> -> ");
    for (uint32_t i = 0; i < m->pending; i++) {
        PUT(k, "<");
        mail_put_rcpt(s, k, m, m->rcpt[i]);
        PUT(k, ">,");
    }
}

/* amavis rounds a message's score to a thousandth; clean ones are about -1, spam above 6.2. */
static void put_hits(struct sim *s, struct sink *k, const struct hop *h)
{
    int score = (int)(rng_lognormal(&s->rng, 1500, 0.6));

    if (h->verdict == INFECTED) {
        PUT(k, "-");
        return;
    }
    score = h->verdict == PASSED ? score - 2900 + (int)(h->first->spam * 5000) : score + 6300;
    if (h->verdict == PASSED && score > 6100)
        score = 6100;
    if (score < 0)
        PUT(k, "-");
    score = score < 0 ? -score : score;
    put_uint(k, (unsigned)score / 1000);
    PUT(k, ".");
    put_padded(k, (unsigned)score % 1000, 3);
}

static void amavis_line(struct sim *s, void *hop)
{
    struct hop *h = hop;
    const struct mail *m = h->first;
    struct sink *k = say(s, NULL, "amavis", h->amavis.pid);

    PUT(k, "(");
    put_amavis_id(k, h);
    PUT(k, ") ");
    put_text(k, verdict_words[h->verdict]);
    put_people(s, k, m);
    if (h->verdict != PASSED) {
        PUT(k, " quarantine: ");
        put_text(k, h->mail_id);
        PUT(k, ",");
    }
    PUT(k, " Queue-ID: ");
    put_text(k, m->qid);
    PUT(k, ", Message-ID: <");
    put_text(k, m->msgid);
    PUT(k, ">, mail_id: ");
    put_text(k, h->mail_id);
    PUT(k, ", Hits: ");
    put_hits(s, k, h);
    PUT(k, ", size: ");
    put_uint(k, m->size);
    if (h->verdict == PASSED) {
        PUT(k, ", queued_as: ");
        put_text(k, m->next);
    }
    PUT(k, ", ");
    put_uint(k, (uint64_t)(s->now - h->connected) / 1000);
    PUT(k, " ms");
    sink_end(k);
    sim_after(s, 500 + rng_below(&s->rng, 4000), hop_sent, h);
}

static const char *again_instance(const struct sim *s)
{
    return s->opt.hop == HOP_INSTANCE ? "postfix-out" : "postfix";
}

static void again_disconnect(struct sim *s, void *hop)
{
    struct hop *h = hop;
    struct sink *k = say(s, again_instance(s), "smtpd", h->smtpd.pid);
    uint32_t n = h->first->pending;

    PUT(k, "disconnect from localhost[127.0.0.1] ehlo=1");
    if (s->opt.xforward)
        PUT(k, " xforward=1");
    PUT(k, " mail=1 rcpt=");
    put_uint(k, n);
    PUT(k, " data=1 quit=1 commands=");
    put_uint(k, n + 4 + s->opt.xforward);
    sink_end(k);
    proc_give(&s->smtpd[SERVICE_AGAIN], h->smtpd);
    sim_after(s, 500 + rng_below(&s->rng, 15000), s->opt.hop == HOP_FILTER ? amavis_line : hop_sent,
              h);
}

static void again_active(struct sim *s, void *hop)
{
    struct hop *h = hop;

    sim_after(s, 200 + rng_below(&s->rng, 2000), again_disconnect, h);
    mail_activate(s, h->second);
}

static void again_msgid(struct sim *s, void *hop)
{
    struct hop *h = hop;

    mail_log_msgid(s, h->second);
    if (s->opt.hop == HOP_FILTER && h->second->msgid[0] % 2 == 0) {
        struct sink *k = say(s, NULL, "opendkim", 870);
        put_text(k, h->second->qid);
        PUT(k, ": DKIM-Signature field added (s=mail, d=");
        put_text(k, h->first->who->customer->domain);
        PUT(k, ")");
        sink_end(k);
    }
    sim_after(s, 2 * MS + rng_below(&s->rng, 25000), again_active, h);
}

static void again_copy(struct sim *s, struct mail *to, const struct mail *from)
{
    to->who = from->who;
    to->size = from->size + 420;
    to->spam = from->spam;
    to->look = from->look;
    snprintf(to->client, sizeof(to->client), "%s", from->client);
    snprintf(to->sender, sizeof(to->sender), "%s", from->sender);
    snprintf(to->msgid, sizeof(to->msgid), "%s", from->msgid);
    for (uint32_t i = 0; i < from->pending; i++)
        mail_add_rcpt(s, to, from->rcpt[i]);
}

static void again_client(struct sim *s, void *hop)
{
    struct hop *h = hop;
    struct sink *k;

    h->second = mail_new(s, again_instance(s));
    again_copy(s, h->second, h->first);
    snprintf(h->first->next, sizeof(h->first->next), "%s", h->second->qid);
    k = say(s, again_instance(s), "smtpd", h->smtpd.pid);
    put_text(k, h->second->qid);
    PUT(k, ": client=localhost[127.0.0.1]");
    if (s->opt.xforward) {
        PUT(k, ", orig_queue_id=");
        put_text(k, h->first->qid);
        PUT(k, ", orig_client=");
        put_text(k, h->first->client);
    }
    sink_end(k);
    sim_after(s, 1 * MS + rng_below(&s->rng, 9000), again_msgid, h);
}

static void again_connect(struct sim *s, void *hop)
{
    struct hop *h = hop;
    struct sink *k;

    h->smtpd = proc_take(s, &s->smtpd[SERVICE_AGAIN], 100);
    k = say(s, again_instance(s), "smtpd", h->smtpd.pid);
    PUT(k, "connect from localhost[127.0.0.1]");
    sink_end(k);
    sim_after(s, 1 * MS + rng_below(&s->rng, 8000), again_client, h);
}

static enum verdict judge(struct sim *s, const struct mail *m)
{
    double u = rng_unit(&s->rng);

    if (m->infected)
        return INFECTED;
    if (u < m->spam * 0.15)
        return DISCARDED;
    return u < m->spam * 0.18 + 0.0004 ? REJECTED : PASSED;
}

static void scan_begin(struct sim *s, void *hop)
{
    struct hop *h = hop;
    int64_t scan;

    h->smtp = proc_take(s, &s->smtp, 100);
    h->begun = s->now;
    h->connected = s->now + 1 * MS;
    if (s->opt.hop == HOP_INSTANCE) {
        again_connect(s, h);
        return;
    }
    h->amavis = proc_take(s, &s->amavis, 60);
    h->verdict = judge(s, h->first);
    for (int i = 0; i < 12; i++)
        h->mail_id[i] =
            "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789-_"[rng_below(&s->rng, 61)];
    scan = (int64_t)(rng_lognormal(&s->rng, 350, 0.8) * MS) + 20 * MS;
    sim_after(s, scan, h->verdict == PASSED ? again_connect : amavis_line, h);
}

void hop_start(struct sim *s, struct mail *m)
{
    struct hop *h = pool_take(&s->hops, sizeof(*h));

    h->first = m;
    sim_after(s, 2 * MS + rng_below(&s->rng, 30000), scan_begin, h);
}
