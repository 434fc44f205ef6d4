/* sim: the simulated relay: options, state, and what its parts ask of each other.
 *
 * Everything happens in events (sched.h): each writes a line or two and asks for the next. A
 * session (session.c) takes messages in; one is a struct mail while its queue file exists (mail.c);
 * it goes through a content filter or second instance (hop.c) or out (deliver.c, outcome.c);
 * traffic.c and scenario.c decide who sends what and when; noise.c makes the lines around it;
 * role.c keeps what really happened. All memory is kept until the program ends.
 */
#ifndef GEN_SIM_H
#define GEN_SIM_H

#include <stdio.h>

#include "names.h"
#include "options.h"
#include "role.h"
#include "sched.h"
#include "trouble.h"
#include "world.h"

#define MS 1000LL
#define SECOND 1000000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum { MAX_OUTBOUND = 8 };

struct proc {
    uint32_t pid;
    uint16_t uses;
};

struct pids {
    struct proc *idle;
    size_t n, cap;
};

struct pool {
    void *free;
    size_t size;
};

struct mail {
    char qid[20], next[20];     /* its own id; that of its next hop or its notice */
    const char *instance;       /* syslog name of the Postfix instance that holds it */
    const struct identity *who; /* NULL: made here (a notice, cron) */
    char client[96];            /* NAME[IP] it came from */
    char sender[96], to[96];    /* to: the recipient with RCPT_WRITTEN; sender "" is <> */
    char orig_to[40];
    char msgid[96];
    uint32_t inode, size, nrcpt, pending, open, bounced, passes;
    rcpt_id *rcpt;                      /* pending ones first */
    uint8_t rcpt_class, hop;            /* hop: enum hop_kind still ahead */
    bool delay_told, expired, infected; /* infected: the content filter knows the virus */
    bool inbound;                       /* from outside, to a customer of ours */
    float spam;                         /* 0: honest, 1: refused wherever anybody looks */
    uint64_t look;                      /* which providers know the spam; 0: all alike */
    struct role *role;                  /* whose evil or odd mail it is; NULL: nobody's */
    const char *refuse;                 /* smtpd refuses it in these words (session.c) */
    int64_t arrived, active;
    struct proc cleanup;
};

/* Fills in a message that a session takes: sender, recipients, size, Message-ID, spam. */
typedef void (*compose_fn)(struct sim *s, struct mail *m, void *arg);

struct sim {
    struct options opt;
    struct sink out;
    struct rng rng;
    struct sched sched;
    struct names *names;
    struct world *world;
    int64_t now, end;
    uint32_t next_pid, qmgr_pid;
    struct pids smtpd[SERVICES], cleanup, smtp, bounce, amavis, error, outbound[MAX_OUTBOUND];
    char transport[MAX_OUTBOUND][24];
    char transport_ip[MAX_OUTBOUND][24];
    struct pool mails, sessions, hops, deliveries, bots, rcpts[7];
    uint32_t *free_inodes, *inode_usec;
    size_t free_n, inodes, inode_cap;
    double heat[STYLE_COUNT]; /* spam that each kind of provider saw of late */
    int64_t heat_at[STYLE_COUNT];
    enum outcome refused_as;  /* what spam is refused as */
    double honest_refusals;   /* share of good mail that is, too */
    struct trouble *troubles; /* in reverse order of their making */
    struct role *roles;
    FILE *spam; /* NULL: not asked for */
    struct sink scratch;
    void *campaigns; /* traffic.c's own */
};

void sim_open(struct sim *s, const struct options *opt);
void sim_run(struct sim *s);
static inline void sim_after(struct sim *s, int64_t delay, event_fn fn, void *arg)
{
    sched_add(&s->sched, s->now + delay, fn, arg);
}
/* Begins a line at the present time. */
static inline struct sink *say(struct sim *s, const char *instance, const char *name, uint32_t pid)
{
    sink_begin(&s->out, s->now, instance, name, pid);
    return &s->out;
}
struct proc proc_take(struct sim *s, struct pids *p, unsigned most_uses);
void proc_give(struct pids *p, struct proc proc);
void *pool_take(struct pool *p, size_t size);
void pool_give(struct pool *p, void *object);

/* session.c: takes todo messages from who, one connection. */
void session_open(struct sim *s, const struct identity *who, const char *client, unsigned todo,
                  compose_fn compose, void *arg);

struct mail *mail_new(struct sim *s, const char *instance);
void mail_add_rcpt(struct sim *s, struct mail *m, rcpt_id id);
void mail_put_rcpt(struct sim *s, struct sink *k, const struct mail *m, rcpt_id id);
void mail_log_msgid(struct sim *s, struct mail *m);
void mail_activate(struct sim *s, void *mail);  /* event: queue active, delivery begins */
void mail_pass_done(struct sim *s, void *mail); /* event: every delivery of this pass is over */
void mail_remove(struct sim *s, void *mail);    /* event: removed */
void mail_drop(struct sim *s, struct mail *m);  /* gone without a line */
/* What has become of a pending recipient, set by the deliveries. */
enum fate { FATE_PENDING, FATE_DONE, FATE_DEFERRED, FATE_BOUNCED };
static inline void mail_settle(struct mail *m, uint32_t i, enum fate fate)
{
    m->rcpt[i] = (m->rcpt[i] & ~((rcpt_id)3 << 56)) | (rcpt_id)fate << 56;
    m->bounced += fate == FATE_BOUNCED;
}
/* Writes `, delay=…, delays=a/b/c/d` of a delivery that began, got its connection, and ended. */
void mail_put_delays(struct sim *s, struct sink *k, const struct mail *m, int64_t begun,
                     int64_t connected);

void hop_start(struct sim *s, struct mail *m);
void deliver_start(struct sim *s, struct mail *m);
/* What a message gets at a domain, by an outbound transport; all its recipients there, unless one's
 * mailbox has its own fault. */
enum outcome outcome_at(struct sim *s, const struct mail *m, const struct domain *to,
                        uint32_t transport);
/* A customer's own server takes notices as they come, and mail from outside unless it looks bad. */
enum outcome outcome_at_home(struct sim *s, const struct mail *m);
void reply_put(struct sim *s, struct sink *k, const char *template, const struct mail *m,
               rcpt_id rcpt, const struct domain *d, const char *our_ip);
void traffic_start(struct sim *s);
/* Percent of the average that an office sends in the hour of t. */
unsigned traffic_office_hour(int64_t t);
/* An office's message to its contacts; arg is the identity. */
void traffic_office_compose(struct sim *s, struct mail *m, void *who);
uint32_t traffic_size(struct sim *s, double median, double sigma);
/* A Message-ID in one of the usual shapes. */
void traffic_msgid(struct sim *s, struct mail *m, const char *domain);
void noise_start(struct sim *s);
bool scenario_start(struct sim *s); /* false: there is none of that name */

#endif
