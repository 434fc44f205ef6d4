/* noise: the lines around the mail: bots at postscreen and smtpd, password guessing, IMAP logins,
 * anvil, cron. Each kind of visitor is a function that writes its next line and says how long until
 * the one after. See sim.h.
 */
#include "sim.h"

#include <stdio.h>

struct bot;
/* Microseconds to the next line, or -1: that was the last. */
typedef int64_t (*bot_fn)(struct sim *s, struct bot *b);

struct bot {
    bot_fn fn;
    unsigned step;
    char name[48], ip[40];
    unsigned port;
    uint64_t h; /* what it is like */
    struct proc proc;
};

static const uint32_t postscreen_pid = 871, dnsblog_pid = 872, anvil_pid = 873;

static void put_client(struct sink *k, const struct bot *b)
{
    put_text(k, b->name);
    PUT(k, "[");
    put_text(k, b->ip);
    PUT(k, "]");
}

static void put_peer(struct sink *k, const struct bot *b)
{
    PUT(k, "[");
    put_text(k, b->ip);
    PUT(k, "]:");
    put_uint(k, b->port);
}

static void put_stranger(struct sim *s, struct sink *k, uint64_t h)
{
    names_put_rcpt(s->names, k, names_rcpt(s->names, rng_hash(h), 0.2, true));
}

static struct sink *postscreen(struct sim *s)
{
    return say(s, "postfix", "postscreen", postscreen_pid);
}

static enum service service_of(const struct bot *b)
{
    return b->h % 3 == 0 ? SERVICE_SUBMISSION : SERVICE_MX;
}

static struct sink *smtpd(struct sim *s, const struct bot *b)
{
    return say(s, "postfix", service_names[service_of(b)], b->proc.pid);
}

static void postscreen_connect(struct sim *s, const struct bot *b)
{
    struct sink *k = postscreen(s);

    PUT(k, "CONNECT from ");
    put_peer(k, b);
    PUT(k, " to [203.0.113.10]:25");
    sink_end(k);
}

static void postscreen_word(struct sim *s, const struct bot *b, const char *word)
{
    struct sink *k = postscreen(s);

    put_text(k, word);
    PUT(k, " ");
    put_peer(k, b);
    sink_end(k);
}

static void dnsblog_line(struct sim *s, const struct bot *b)
{
    struct sink *k = say(s, "postfix", "dnsblog", dnsblog_pid);

    PUT(k, "addr ");
    put_text(k, b->ip);
    PUT(k, " listed by domain dnsbl.example as 127.0.0.");
    put_uint(k, 2 + b->h % 9);
    sink_end(k);
}

static void postscreen_reject(struct sim *s, const struct bot *b)
{
    struct sink *k = postscreen(s);

    PUT(k, "NOQUEUE: reject: RCPT from ");
    put_peer(k, b);
    PUT(k, ": 550 5.7.1 Service unavailable; client [");
    put_text(k, b->ip);
    PUT(k, "] blocked using dnsbl.example; from=<");
    put_stranger(s, k, b->h);
    PUT(k, ">, to=<");
    put_stranger(s, k, b->h + b->step);
    PUT(k, ">, proto=ESMTP, helo=<");
    put_text(k, b->h % 2 ? "ylmf-pc" : "mail.cheapcloud.example");
    PUT(k, ">");
    sink_end(k);
}

/* Listed: refused recipient by recipient. */
static int64_t listed_bot(struct sim *s, struct bot *b)
{
    switch (b->step) {
    case 0:
        postscreen_connect(s, b);
        return 100 * MS;
    case 1:
        dnsblog_line(s, b);
        return 6 * SECOND;
    case 2:
        postscreen_word(s, b, b->h % 2 ? "DNSBL rank 3 for" : "DNSBL rank 6 for");
        return 400 * MS;
    case 3:
    case 4:
        postscreen_reject(s, b);
        return 200 * MS;
    default:
        postscreen_word(s, b, "DISCONNECT");
        return -1;
    }
}

/* Talks before it is asked. */
static int64_t hasty_bot(struct sim *s, struct bot *b)
{
    struct sink *k;

    switch (b->step) {
    case 0:
        postscreen_connect(s, b);
        return 80 * MS;
    case 1:
        k = postscreen(s);
        PUT(k, "PREGREET 14 after 0.08 from ");
        put_peer(k, b);
        PUT(k, ": EHLO ylmf-pc\\r\\n");
        sink_end(k);
        return 900 * MS;
    case 2:
        k = postscreen(s);
        PUT(k, "HANGUP after 0.9 from ");
        put_peer(k, b);
        PUT(k, " in tests after SMTP handshake");
        sink_end(k);
        return 1 * MS;
    default:
        postscreen_word(s, b, "DISCONNECT");
        return -1;
    }
}

static int64_t smtpd_connect(struct sim *s, struct bot *b)
{
    struct sink *k;

    b->proc = proc_take(s, &s->smtpd[service_of(b)], 100);
    k = smtpd(s, b);
    PUT(k, "connect from ");
    put_client(k, b);
    sink_end(k);
    return 150 * MS + rng_below(&s->rng, 600000);
}

static int64_t smtpd_disconnect(struct sim *s, struct bot *b, const char *counters)
{
    struct sink *k = smtpd(s, b);

    PUT(k, "disconnect from ");
    put_client(k, b);
    put_text(k, counters);
    sink_end(k);
    proc_give(&s->smtpd[service_of(b)], b->proc);
    return -1;
}

static int64_t relay_bot(struct sim *s, struct bot *b)
{
    struct sink *k;

    if (b->step == 0)
        return smtpd_connect(s, b);
    if (b->step == 2)
        return smtpd_disconnect(s, b, " ehlo=1 mail=1 rcpt=0/1 rset=1 quit=1 commands=4/5");
    k = smtpd(s, b);
    PUT(k, "NOQUEUE: reject: RCPT from ");
    put_client(k, b);
    PUT(k, ": 554 5.7.1 <");
    put_stranger(s, k, b->h);
    PUT(k, ">: Relay access denied; from=<");
    put_stranger(s, k, b->h + 1);
    PUT(k, "> to=<");
    put_stranger(s, k, b->h);
    PUT(k, "> proto=ESMTP helo=<");
    put_text(k, b->name);
    PUT(k, ">");
    sink_end(k);
    return 300 * MS;
}

/* Every fourth guess leaves no warning, only `auth=0/1`. */
static int64_t guessing_bot(struct sim *s, struct bot *b)
{
    static const char *const words[4] = {"UGFzc3dvcmQ6", "authentication failure",
                                         "(reason unavailable), sasl_username=", "VXNlcm5hbWU6"};
    const struct identity *id = &s->world->identity[b->h % s->world->identities];
    struct sink *k;

    if (b->step == 0)
        return smtpd_connect(s, b);
    if (b->step == 2 || b->h % 4 == 0)
        return smtpd_disconnect(s, b,
                                b->h % 8 < 4 ? " ehlo=1 auth=0/1 quit=1 commands=2/3"
                                             : " ehlo=1 auth=0/1 commands=1/2");
    k = smtpd(s, b);
    PUT(k, "warning: ");
    put_client(k, b);
    PUT(k, ": SASL LOGIN authentication failed: ");
    put_text(k, words[b->h / 8 % 4]);
    if (b->h / 8 % 4 == 2)
        put_text(k, b->h / 32 % 2 ? "admin" : id->sender);
    sink_end(k);
    return 500 * MS;
}

static int64_t tls_bot(struct sim *s, struct bot *b)
{
    struct sink *k;

    if (b->step == 0)
        return smtpd_connect(s, b);
    if (b->step == 3)
        return smtpd_disconnect(s, b, " ehlo=1 starttls=0/1 commands=1/2");
    k = smtpd(s, b);
    if (b->step == 1) {
        PUT(k, "SSL_accept error from ");
        put_client(k, b);
        PUT(k, ": lost connection");
    } else {
        PUT(k, "lost connection after STARTTLS from ");
        put_client(k, b);
    }
    sink_end(k);
    return 2 * MS;
}

/* People read their mail too: dovecot on the same machine. */
static int64_t imap_user(struct sim *s, struct bot *b)
{
    const struct identity *id = &s->world->identity[b->h % s->world->identities];
    char away[96];
    bool moves = id->stay != NULL && stay_client(id->stay, &s->rng, s->now, away, sizeof(away));
    const char *at = strchr(moves ? away : id->client, '[');
    bool failed = b->h / 7 % 40 == 0;
    struct sink *k = say(s, NULL, "dovecot", 0);

    put_text(k, failed ? "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<"
                       : "imap-login: Login: user=<");
    put_text(k, id->login[0] ? id->login : id->sender);
    PUT(k, ">, method=PLAIN, rip=");
    put_bytes(k, at + 1, strlen(at) - 2);
    PUT(k, ", lip=203.0.113.10");
    if (!failed) {
        PUT(k, ", mpid=");
        put_uint(k, ++s->next_pid);
    }
    PUT(k, ", TLS, session=<");
    put_hex(k, b->h, 12);
    PUT(k, "AQ+/>");
    sink_end(k);
    return -1;
}

static void bot_step(struct sim *s, void *bot)
{
    struct bot *b = bot;
    int64_t wait = b->fn(s, b);

    b->step++;
    if (wait < 0)
        pool_give(&s->bots, b);
    else
        sim_after(s, wait, bot_step, b);
}

static void bot_arrival(struct sim *s, void *arg)
{
    static const bot_fn kinds[8] = {listed_bot,   hasty_bot,    listed_bot, relay_bot,
                                    guessing_bot, guessing_bot, tls_bot,    imap_user};
    double a_day = s->opt.noise * s->opt.rate * s->opt.customers * 0.22 + 1;
    struct bot *b = pool_take(&s->bots, sizeof(*b));

    (void)arg;
    b->h = rng_next(&s->rng) >> 4;
    b->fn = kinds[rng_below(&s->rng, 8)];
    b->port = 1024 + rng_below(&s->rng, 64000);
    world_enemy(rng_next(&s->rng), b->name, sizeof(b->name), b->ip, sizeof(b->ip));
    bot_step(s, b);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, (double)DAY / a_day), bot_arrival, NULL);
}

static void anvil_line(struct sim *s, const char *what, const char *of)
{
    struct sink *k = say(s, "postfix", "anvil", anvil_pid);

    PUT(k, "statistics: max ");
    put_text(k, what);
    PUT(k, " ");
    put_uint(k, 1 + rng_below(&s->rng, 20));
    put_text(k, of);
    PUT(k, " at ");
    put_short_time(k, s->now - (int64_t)rng_below(&s->rng, 600) * SECOND);
    sink_end(k);
}

static void anvil_report(struct sim *s, void *arg)
{
    (void)arg;
    anvil_line(s, "connection rate", "/60s for (submission:192.0.2.61)");
    anvil_line(s, "connection count", " for (smtp:198.51.100.5)");
    anvil_line(s, "cache size", "");
    sim_after(s, (int64_t)((double)(10 * MINUTE) / s->opt.noise), anvil_report, NULL);
}

/* A job's output, mailed to root: sendmail, pickup, and out to whoever reads root's mail. */
static void cron_msgid(struct sim *s, void *mail)
{
    mail_log_msgid(s, mail);
    sim_after(s, 4 * MS, mail_activate, mail);
}

static void cron_job(struct sim *s, void *arg)
{
    struct mail *m = mail_new(s, "postfix");
    struct sink *k;

    (void)arg;
    snprintf(m->sender, sizeof(m->sender), "root@%s.relay.example", s->opt.host);
    snprintf(m->to, sizeof(m->to), "postmaster@relay.example");
    snprintf(m->orig_to, sizeof(m->orig_to), "root");
    snprintf(m->msgid, sizeof(m->msgid), "%s.cron@%s.relay.example", m->qid, s->opt.host);
    m->size = 700 + rng_below(&s->rng, 400);
    mail_add_rcpt(s, m, RCPT_WRITTEN);
    k = say(s, "postfix", "pickup", s->qmgr_pid - 1);
    put_text(k, m->qid);
    PUT(k, ": uid=0 from=<root>");
    sink_end(k);
    sim_after(s, 15 * MS, cron_msgid, m);
    sim_after(s, 4 * HOUR + rng_below(&s->rng, 5000000), cron_job, NULL);
}

void noise_start(struct sim *s)
{
    if (s->opt.noise <= 0)
        return;
    sim_after(s, 500 * MS, bot_arrival, NULL);
    sim_after(s, 9 * MINUTE, anvil_report, NULL);
    sim_after(s, 17 * MINUTE, cron_job, NULL);
}
