/* session: one connection of a customer to smtpd: connect, TLS, login, messages, disconnect. See
 * sim.h.
 */
#include "sim.h"

#include <stdio.h>

struct count {
    unsigned ok, total;
};

struct session {
    const struct identity *who;
    char client[96];
    struct proc proc;
    unsigned todo;
    bool tls;
    struct count mail, rcpt, data;
    unsigned ehlo, starttls, auth, rset;
    compose_fn compose;
    void *arg;
    struct mail *m;
};

static const char *const tls_suites[3] = {
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256",
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature ECDSA (prime256v1) server-digest SHA256",
    "TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)"};

static void transaction(struct sim *s, void *session);

static struct sink *session_say(struct sim *s, const struct session *ss)
{
    return say(s, "postfix", service_names[ss->who->service], ss->proc.pid);
}

static void counter(struct sink *k, const char *name, struct count c)
{
    if (c.total == 0)
        return;
    PUT(k, " ");
    put_text(k, name);
    PUT(k, "=");
    put_uint(k, c.ok);
    if (c.ok != c.total) {
        PUT(k, "/");
        put_uint(k, c.total);
    }
}

static void disconnect(struct sim *s, struct session *ss, bool quits)
{
    struct sink *k = session_say(s, ss);
    struct count fixed[4] = {{ss->ehlo, ss->ehlo},
                             {ss->starttls, ss->starttls},
                             {ss->auth, ss->auth},
                             {ss->rset, ss->rset}};
    struct count quit = {quits, quits};
    struct count all = {ss->mail.ok + ss->rcpt.ok + ss->data.ok + quit.ok,
                        ss->mail.total + ss->rcpt.total + ss->data.total + quit.total};

    for (int i = 0; i < 4; i++) {
        all.ok += fixed[i].ok;
        all.total += fixed[i].total;
    }
    PUT(k, "disconnect from ");
    put_text(k, ss->client);
    counter(k, "ehlo", fixed[0]);
    counter(k, "starttls", fixed[1]);
    counter(k, "auth", fixed[2]);
    counter(k, "mail", ss->mail);
    counter(k, "rcpt", ss->rcpt);
    counter(k, "data", ss->data);
    counter(k, "rset", fixed[3]);
    counter(k, "quit", quit);
    counter(k, "commands", all);
    sink_end(k);
    proc_give(&s->smtpd[ss->who->service], ss->proc);
    pool_give(&s->sessions, ss);
}

static void session_end(struct sim *s, struct session *ss)
{
    bool quits = !rng_chance(&s->rng, 0.01);

    if (!quits) {
        struct sink *k = session_say(s, ss);
        PUT(k, "lost connection after ");
        put_text(k, ss->data.total ? "DATA (0 bytes)" : "RCPT");
        PUT(k, " from ");
        put_text(k, ss->client);
        sink_end(k);
    }
    disconnect(s, ss, quits);
}

/* `…: reject: RCPT from …` about one recipient. qid NULL: nothing is accepted yet. */
static void reject_line(struct sim *s, const struct session *ss, const struct mail *m,
                        const char *qid)
{
    static const char *const why[4] = {
        "450 4.1.2 <%r>: Recipient address rejected: Domain not found",
        "501 5.1.3 <%r>: Recipient address rejected: malformed address",
        "553 5.7.1 <%s>: Sender address rejected: not owned by user %u",
        "554 5.7.1 <%r>: Recipient address rejected: this domain takes no mail from us"};
    struct sink *k = session_say(s, ss);
    /* Only a login can be told that it doesn't own a sender. */
    unsigned pick = rng_below(&s->rng, 4);
    const char *p = why[pick == 2 && (qid != NULL || ss->who->login[0] == '\0') ? 0 : pick];
    rcpt_id rcpt = names_rcpt(s->names, rng_next(&s->rng), 1.0, true);

    if (m->refuse != NULL) {
        p = m->refuse;
        rcpt = m->rcpt[0]; /* and its only one */
    }
    put_text(k, qid ? qid : "NOQUEUE");
    PUT(k, ": reject: RCPT from ");
    put_text(k, ss->client);
    PUT(k, ": ");
    for (; *p != '\0'; p++) {
        if (*p != '%')
            put_bytes(k, p, 1);
        else if (*++p == 'r')
            mail_put_rcpt(s, k, m, rcpt);
        else
            put_text(k, *p == 's' ? m->sender : ss->who->login);
    }
    PUT(k, "; from=<");
    put_text(k, m->sender);
    PUT(k, "> to=<");
    mail_put_rcpt(s, k, m, rcpt);
    PUT(k, "> proto=ESMTP helo=<");
    put_text(k, ss->who->helo);
    PUT(k, ">");
    sink_end(k);
}

static void header_line(struct sim *s, const struct session *ss, const char *action,
                        const char *text)
{
    struct sink *k = say(s, "postfix", "cleanup", ss->m->cleanup.pid);

    put_text(k, ss->m->qid);
    PUT(k, ": ");
    put_text(k, action);
    PUT(k, ": header Subject: ");
    put_text(k, text);
    PUT(k, " from ");
    put_text(k, ss->client);
    PUT(k, "; from=<");
    put_text(k, ss->m->sender);
    PUT(k, "> to=<");
    mail_put_rcpt(s, k, ss->m, ss->m->rcpt[ss->m->nrcpt - 1]);
    PUT(k, "> proto=ESMTP helo=<");
    put_text(k, ss->who->helo);
    PUT(k, ">: ");
    if (action[0] == 'r')
        PUT(k, "5.7.1 ");
    PUT(k, "[rule 24]");
    sink_end(k);
}

static void data_end(struct sim *s, void *session)
{
    struct session *ss = session;
    struct mail *m = ss->m;

    ss->m = NULL;
    mail_activate(s, m);
    sim_after(s, 5 * MS + rng_below(&s->rng, 60000), transaction, ss);
}

static void hold_release(struct sim *s, void *mail)
{
    struct mail *m = mail;
    uint32_t pid = ++s->next_pid;
    struct sink *k = say(s, "postfix", "postsuper", pid);

    put_text(k, m->qid);
    PUT(k, ": released from hold");
    sink_end(k);
    k = say(s, "postfix", "postsuper", pid);
    PUT(k, "Released from hold: 1 message");
    sink_end(k);
    sim_after(s, 200 * MS + rng_below(&s->rng, 800000), mail_activate, m);
}

/* The message's header is in: header checks, Message-ID, then the rest of it. */
static void data_begin(struct sim *s, void *session)
{
    struct session *ss = session;
    struct mail *m = ss->m;
    double u = rng_unit(&s->rng);
    int64_t rest = 3 * MS + (int64_t)(m->size / 4) + rng_below(&s->rng, 40000);

    ss->data.total++;
    if (u < 0.0004) {
        header_line(s, ss, "reject", "cheap watches");
        mail_drop(s, m);
        sim_after(s, 20 * MS, transaction, ss);
        return;
    }
    ss->data.ok++;
    if (u < 0.0010)
        header_line(s, ss, u < 0.0006 ? "hold" : "warning", "your invoice is overdue");
    mail_log_msgid(s, m);
    if (m->role != NULL)
        role_accepted(s, m);
    if (u >= 0.0004 && u < 0.0006) {
        sim_after(s, HOUR / 4 + rng_below(&s->rng, 3000) * SECOND, hold_release, m);
        sim_after(s, rest, transaction, ss);
    } else {
        sim_after(s, rest, data_end, ss);
    }
}

static void client_line(struct sim *s, const struct session *ss, const struct mail *m)
{
    struct sink *k = session_say(s, ss);

    put_text(k, m->qid);
    PUT(k, ": client=");
    put_text(k, ss->client);
    if (ss->auth > 0) {
        put_text(k, ss->who->login[0] % 3 ? ", sasl_method=PLAIN" : ", sasl_method=LOGIN");
        PUT(k, ", sasl_username=");
        put_text(k, ss->who->login);
    }
    sink_end(k);
}

static void mail_prepare(struct sim *s, const struct session *ss, struct mail *m)
{
    m->who = ss->who;
    snprintf(m->client, sizeof(m->client), "%s", ss->client);
    ss->compose(s, m, ss->arg);
    m->hop = rng_chance(&s->rng, s->opt.hop_share) ? (uint8_t)s->opt.hop : HOP_NONE;
    if (m->inbound)
        m->hop = HOP_NONE;
    if (m->role == NULL)
        m->role = ss->who->role;
}

static void transaction(struct sim *s, void *session)
{
    struct session *ss = session;
    struct mail *m;
    bool refused;

    if (ss->todo == 0) {
        session_end(s, ss);
        return;
    }
    ss->todo--;
    m = mail_new(s, "postfix");
    mail_prepare(s, ss, m);
    ss->mail.ok++;
    ss->mail.total++;
    refused = rng_chance(&s->rng, 0.006);
    if (m->refuse != NULL || (refused && m->nrcpt == 1)) {
        reject_line(s, ss, m, NULL);
        ss->rcpt.total++;
        ss->rset++;
        mail_drop(s, m);
        sim_after(s, 30 * MS, transaction, ss);
        return;
    }
    client_line(s, ss, m);
    if (refused)
        reject_line(s, ss, m, m->qid);
    ss->rcpt.ok += m->nrcpt;
    ss->rcpt.total += m->nrcpt + refused;
    ss->m = m;
    sim_after(s, 8 * MS + rng_below(&s->rng, 70000), data_begin, ss);
}

static void tls_established(struct sim *s, void *session)
{
    struct session *ss = session;
    struct sink *k = session_say(s, ss);

    PUT(k, "Anonymous TLS connection established from ");
    put_text(k, ss->client);
    PUT(k, ": ");
    put_text(k, tls_suites[ss->client[0] % 3]);
    sink_end(k);
    sim_after(s, 40 * MS + rng_below(&s->rng, 300000), transaction, ss);
}

void session_open(struct sim *s, const struct identity *who, const char *client, unsigned todo,
                  compose_fn compose, void *arg)
{
    struct session *ss = pool_take(&s->sessions, sizeof(*ss));
    struct sink *k;

    ss->who = who;
    ss->todo = todo;
    ss->compose = compose;
    ss->arg = arg;
    ss->proc = proc_take(s, &s->smtpd[who->service], 100);
    ss->tls = who->login[0] != '\0' || who->client[0] % 2 == 0;
    ss->starttls = ss->tls && who->service != SERVICE_SMTPS; /* smtps: TLS from the first byte */
    ss->ehlo = 1 + ss->starttls;
    ss->auth = who->login[0] != '\0';
    snprintf(ss->client, sizeof(ss->client), "%s", client);
    k = session_say(s, ss);
    PUT(k, "connect from ");
    put_text(k, ss->client);
    sink_end(k);
    sim_after(s, 20 * MS + rng_below(&s->rng, 80000),
              ss->tls && s->opt.tls ? tls_established : transaction, ss);
}
