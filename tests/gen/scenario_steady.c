/* Honest customers whose mail looks odd day by day, see scenario.h: a scanner, a program that
 * writes for many people, a server that passes on what it gets.
 */
#include <stdlib.h>

#include "cast.h"
#include "place.h"
#include "scenario.h"

struct steady {
    struct identity *who;
    compose_fn compose;
    double rate;     /* messages an hour at its busiest */
    uint32_t burst;  /* most messages a session */
    bool all_day;    /* nights and weekends too */
    double spam;     /* of a forwarder's mail: how much is spam */
    double refused;  /* the chance that a provider that knows it refuses it */
    uint32_t people; /* how many it writes to, or writes as */
    char sender[96]; /* a scanner's */
};

static struct steady *steady_new(struct sim *s, const char *kind, struct identity *who)
{
    struct steady *t = calloc(1, sizeof(*t));

    if (t == NULL)
        abort();
    t->who = who;
    who->role = role_new(s, kind, who, false);
    return t;
}

static void steady_step(struct sim *s, void *steady)
{
    struct steady *t = steady;
    double busy = t->all_day ? 1 : traffic_office_hour(s->now) / 200.0;
    uint32_t n = 1 + rng_below(&s->rng, t->burst);
    double pause = (double)HOUR / t->rate * (1 + t->burst) / 2;

    if (rng_chance(&s->rng, busy))
        session_open(s, t->who, t->who->client, n, t->compose, t);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, pause), steady_step, t);
}

/* The log begins in the middle of their lives. */
static void steady_start(struct sim *s, struct steady *t)
{
    sim_after(s, 1 + (int64_t)(rng_unit(&s->rng) * (double)HOUR), steady_step, t);
}

/* One of the few that it always writes to. */
static void add_usual(struct sim *s, struct mail *m, const struct steady *t)
{
    uint64_t h = rng_hash(t->who->customer->seed + rng_below(&s->rng, t->people));

    mail_add_rcpt(s, m, names_rcpt(s->names, h, 0, false));
}

static void scan_compose(struct sim *s, struct mail *m, void *arg)
{
    struct steady *t = arg;

    snprintf(m->sender, sizeof(m->sender), "%s", t->sender);
    add_usual(s, m, t);
    m->size = traffic_size(s, 900000, 0.9);
    if (rng_chance(&s->rng, 0.7))
        snprintf(m->msgid, sizeof(m->msgid), "%016llx@scanner",
                 (unsigned long long)rng_next(&s->rng));
}

/* The device has a login of its own, or is another machine in the customer's net. Sheets come in
 * heaps. */
void scenario_scanner(struct sim *s)
{
    bool login = rng_chance(&s->rng, 0.5);
    struct identity *who =
        login ? cast_new(s, CUSTOMER_OFFICE, 1) : cast_new_machine(s, CUSTOMER_OFFICE);
    struct steady *t;

    if (who == NULL) {
        cast_nobody("scanner");
        return;
    }
    if (login)
        snprintf(who->login, sizeof(who->login), "scanner@%s", who->customer->domain);
    snprintf(who->helo, sizeof(who->helo), "MFP-%06X", rng_below(&s->rng, 1 << 24));
    if (rng_chance(&s->rng, 0.5))
        snprintf(who->sender, sizeof(who->sender), "%.16s@scanner.%s.lan", who->helo,
                 who->customer->key);
    else
        snprintf(who->sender, sizeof(who->sender), "scan@%s", who->customer->domain);
    t = steady_new(s, "honest:scanner", who);
    snprintf(t->sender, sizeof(t->sender), "%s", who->sender);
    t->compose = scan_compose;
    t->rate = cast_size(s, 5, 30);
    t->burst = 20;
    t->people = 2 + rng_below(&s->rng, 4);
    steady_start(s, t);
}

static void crm_compose(struct sim *s, struct mail *m, void *arg)
{
    static const char *const below[6] = {"", "", "mail.", "sales.", "em.", "service."};
    struct steady *t = arg;
    const struct customer *c = t->who->customer;
    char person[40];

    names_person(person, sizeof(person), rng_hash(c->seed ^ rng_skewed(&s->rng, t->people)));
    if (rng_chance(&s->rng, 0.3))
        snprintf(m->sender, sizeof(m->sender), "bounce-%08x@em.%s", (unsigned)rng_next(&s->rng),
                 c->domain);
    else
        snprintf(m->sender, sizeof(m->sender), "%s@%s%s", person, below[rng_below(&s->rng, 6)],
                 c->domain);
    mail_add_rcpt(s, m,
                  names_rcpt(s->names, rng_hash(c->seed + rng_below(&s->rng, 4000)), 0.015, true));
    m->size = traffic_size(s, 20000, 0.5);
    traffic_msgid(s, m, c->domain);
}

void scenario_crm(struct sim *s)
{
    struct identity *who = cast_new(s, CUSTOMER_OFFICE, 1);
    struct steady *t;

    if (who == NULL) {
        cast_nobody("crm");
        return;
    }
    snprintf(who->login, sizeof(who->login), "crm@%s", who->customer->domain);
    snprintf(who->sender, sizeof(who->sender), "%s", who->login);
    place_client(&s->rng, place_abroad(&s->rng, ABROAD_CLOUD), who->client, sizeof(who->client));
    snprintf(who->helo, sizeof(who->helo), "worker-%u.crm.example", rng_below(&s->rng, 40));
    who->service = SERVICE_SUBMISSION;
    t = steady_new(s, "honest:crm", who);
    t->compose = crm_compose;
    t->rate = cast_size(s, 5, 25);
    t->burst = 4;
    t->all_day = true;
    t->people = 5 + rng_below(&s->rng, 40);
    steady_start(s, t);
}

/* The senders are whoever wrote to the customer; some of it is spam that its filter didn't know. */
static void forward_compose(struct sim *s, struct mail *m, void *arg)
{
    struct steady *t = arg;
    const struct domain *d;
    uint64_t h = rng_next(&s->rng);
    char person[40];

    names_person(person, sizeof(person), h);
    d = &s->names->domain[RCPT_DOMAIN(names_rcpt(s->names, h, 0, false))];
    if (rng_chance(&s->rng, 0.06))
        m->sender[0] = '\0';
    else if (rng_chance(&s->rng, 0.1))
        snprintf(m->sender, sizeof(m->sender), "%s", t->who->sender);
    else
        snprintf(m->sender, sizeof(m->sender), "%s@%s", person, d->name);
    add_usual(s, m, t);
    m->size = traffic_size(s, 12000, 1.2);
    if (rng_chance(&s->rng, t->spam)) {
        m->spam = (float)t->refused;
        m->look = rng_hash(h) | 1;
    }
    traffic_msgid(s, m, d->name);
}

void scenario_forwarder(struct sim *s)
{
    struct identity *who = cast_new_machine(s, CUSTOMER_OFFICE);
    struct steady *t;

    if (who == NULL) {
        cast_nobody("forwarder");
        return;
    }
    t = steady_new(s, "honest:forwarder", who);
    t->compose = forward_compose;
    t->rate = cast_size(s, 4, 20);
    t->burst = 3;
    t->all_day = true;
    t->spam = 0.3 + 0.3 * rng_unit(&s->rng);
    t->refused = 0.6 + 0.3 * rng_unit(&s->rng);
    t->people = 3 + rng_below(&s->rng, 6);
    steady_start(s, t);
}
