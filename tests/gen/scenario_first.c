/* The first scenarios, see scenario.h: one attack each, in numbers that the options give. Tests and
 * the sample log need the same bytes of them for good.
 */
#include "scenario.h"

#include <stdlib.h>

enum { CLIENTS = 6 };

struct theft {
    struct role *role;
    const struct identity *victim;
    struct identity as[CLIENTS]; /* the victim's login, used from the attacker's machines */
    uint32_t left, rcpts;        /* messages to go; most recipients a message */
    double unknown;              /* share of its recipients that do not exist */
    float spam;
    bool infected;
    int64_t pause; /* between two sessions, on average */
};

static struct theft *theft_new(struct sim *s, const char *kind, const struct identity *victim)
{
    struct theft *a = calloc(1, sizeof(*a));

    if (a == NULL)
        abort();
    a->victim = victim;
    a->role = role_new(s, kind, victim, true);
    for (int i = 0; i < CLIENTS; i++) {
        char name[48], ip[40];

        a->as[i] = *victim;
        a->as[i].service = SERVICE_SUBMISSION;
        world_enemy(rng_next(&s->rng), name, sizeof(name), ip, sizeof(ip));
        snprintf(a->as[i].client, sizeof(a->as[i].client), "%s[%s]", name, ip);
        snprintf(a->as[i].helo, sizeof(a->as[i].helo), i % 2 ? "[%.40s]" : "win-%.6s", ip);
    }
    return a;
}

/* The spammer signs with the login's own address: the sender is not forged. */
static void spam_compose(struct sim *s, struct mail *m, void *arg)
{
    struct theft *a = arg;
    uint32_t n = 1 + rng_below(&s->rng, a->rcpts);

    snprintf(m->sender, sizeof(m->sender), "%s", a->victim->sender);
    for (uint32_t i = 0; i < n; i++)
        mail_add_rcpt(s, m, names_rcpt(s->names, rng_next(&s->rng), a->unknown, true));
    m->size = 2200 + rng_below(&s->rng, 900);
    m->spam = a->spam;
    m->infected = a->infected;
    traffic_msgid(s, m, a->victim->customer->domain);
    m->role = a->role;
}

static void theft_step(struct sim *s, void *attack)
{
    struct theft *a = attack;
    const struct identity *as = &a->as[rng_below(&s->rng, CLIENTS)];
    unsigned n = 3 + rng_below(&s->rng, 15);

    if (n > a->left)
        n = a->left;
    a->left -= n;
    session_open(s, as, as->client, n, spam_compose, a);
    if (a->left > 0)
        sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, (double)a->pause), theft_step, a);
}

/* One login of the first customer is stolen; its colleagues and everybody else go on as ever. */
void scenario_compromised(struct sim *s)
{
    const struct customer *c = &s->world->customer[0];
    struct theft *a = theft_new(s, "stolen-login", &s->world->identity[c->first]);

    a->left = s->opt.spam_messages;
    a->rcpts = s->opt.spam_rcpts;
    a->unknown = 0.35;
    a->spam = 0.8F;
    a->pause = (int64_t)(s->opt.spam_pause * (double)SECOND);
    sched_add(&s->sched, s->opt.start + (int64_t)(s->opt.spam_at * (double)HOUR), theft_step, a);
}

/* A machine of the first customer known by its address sends a known virus to its contacts. */
void scenario_infected(struct sim *s)
{
    const struct customer *c = &s->world->customer[0];
    struct theft *a;

    while (c->net[0] == '\0' && c + 1 < s->world->customer + s->world->customers)
        c++;
    a = theft_new(s, "virus", &s->world->identity[c->first]);
    for (int i = 0; i < CLIENTS; i++)
        a->as[i] = *a->victim;
    a->left = s->opt.spam_messages;
    a->rcpts = 1;
    a->unknown = 0.01;
    a->infected = true;
    a->pause = (int64_t)(s->opt.spam_pause * (double)SECOND);
    sched_add(&s->sched, s->opt.start + (int64_t)(s->opt.spam_at * (double)HOUR), theft_step, a);
}
