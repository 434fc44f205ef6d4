/* scenario: what goes wrong. A scenario sets up attacks; an attack is a stolen login (later: other
 * kinds), with its own clients, messages and end, and knows what a test should find. To add one,
 * write its start function and name it in the table. See sim.h.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 6 };

struct attack {
    struct attack *next;
    const char *kind;
    const struct identity *victim;
    struct identity as[CLIENTS]; /* the victim's login, used from the attacker's machines */
    int64_t begun, ended;
    uint32_t left, messages, recipients;
    uint32_t rcpts; /* most recipients a message */
    double unknown; /* share of its recipients that do not exist */
    float spam;
    bool infected;
    int64_t pause; /* between two sessions, on average */
};

struct scenario {
    const char *name;
    void (*start)(struct sim *s);
};

static struct attack *attack_new(struct sim *s, const char *kind, const struct identity *victim)
{
    struct attack *a = calloc(1, sizeof(*a));

    if (a == NULL)
        abort();
    a->kind = kind;
    a->victim = victim;
    a->next = s->attacks;
    s->attacks = a;
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
    struct attack *a = arg;
    uint32_t n = 1 + rng_below(&s->rng, a->rcpts);

    snprintf(m->sender, sizeof(m->sender), "%s", a->victim->sender);
    for (uint32_t i = 0; i < n; i++)
        mail_add_rcpt(s, m, names_rcpt(s->names, rng_next(&s->rng), a->unknown, true));
    m->size = 2200 + rng_below(&s->rng, 900);
    m->spam = a->spam;
    m->infected = a->infected;
    traffic_msgid(s, m, a->victim->customer->domain);
    a->messages++;
    a->recipients += n;
    a->ended = s->now;
}

static void attack_step(struct sim *s, void *attack)
{
    struct attack *a = attack;
    const struct identity *as = &a->as[rng_below(&s->rng, CLIENTS)];
    unsigned n = 3 + rng_below(&s->rng, 15);

    if (a->begun == 0)
        a->begun = s->now;
    if (n > a->left)
        n = a->left;
    a->left -= n;
    session_open(s, as, as->client, n, spam_compose, a);
    if (a->left > 0)
        sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, (double)a->pause), attack_step, a);
}

/* One login of the first customer is stolen; its colleagues and everybody else go on as ever. */
static void compromised(struct sim *s)
{
    const struct customer *c = &s->world->customer[0];
    struct attack *a = attack_new(s, "stolen-login", &s->world->identity[c->first]);

    a->left = s->opt.spam_messages;
    a->rcpts = s->opt.spam_rcpts;
    a->unknown = 0.35;
    a->spam = 0.8F;
    a->pause = (int64_t)(s->opt.spam_pause * (double)SECOND);
    sched_add(&s->sched, s->opt.start + (int64_t)(s->opt.spam_at * (double)HOUR), attack_step, a);
}

/* A machine of the first customer known by its address sends a known virus to its contacts. */
static void infected(struct sim *s)
{
    const struct customer *c = &s->world->customer[0];
    struct attack *a;

    while (c->net[0] == '\0' && c + 1 < s->world->customer + s->world->customers)
        c++;
    a = attack_new(s, "virus", &s->world->identity[c->first]);
    for (int i = 0; i < CLIENTS; i++)
        a->as[i] = *a->victim;
    a->left = s->opt.spam_messages;
    a->rcpts = 1;
    a->unknown = 0.01;
    a->infected = true;
    a->pause = (int64_t)(s->opt.spam_pause * (double)SECOND);
    sched_add(&s->sched, s->opt.start + (int64_t)(s->opt.spam_at * (double)HOUR), attack_step, a);
}

static const struct scenario scenarios[] = {
    {"plain", NULL},
    {"compromised", compromised},
    {"infected", infected},
};

bool scenario_start(struct sim *s)
{
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        if (strcmp(scenarios[i].name, s->opt.scenario) != 0)
            continue;
        if (scenarios[i].start != NULL)
            scenarios[i].start(s);
        return true;
    }
    return false;
}

static void write_time(FILE *f, struct sink *scratch, int64_t t)
{
    scratch->len = scratch->line = 0;
    put_iso_time(scratch, t);
    fprintf(f, "\t%.*s", (int)scratch->len, scratch->buf);
}

bool scenario_write_labels(const struct sim *s, const char *path)
{
    FILE *f = fopen(path, "w");
    struct sink scratch;

    if (f == NULL)
        return false;
    sink_open(&scratch, -1, SINK_RFC3339, "", 0);
    fputs("#labels\tkind\tidentity\tcustomer\tpartner\tsender\tmessages\trecipients\tbegin\tend\n",
          f);
    for (const struct attack *a = s->attacks; a != NULL; a = a->next) {
        if (a->messages == 0)
            continue;
        fprintf(f, "\t%s\t%s\t%s\t%s\t%s\t%u\t%u", a->kind,
                a->victim->login[0] ? a->victim->login : a->victim->client,
                a->victim->customer->key, a->victim->customer->partner, a->victim->sender,
                a->messages, a->recipients);
        write_time(f, &scratch, a->begun);
        write_time(f, &scratch, a->ended);
        fputc('\n', f);
    }
    scratch.len = 0;
    sink_close(&scratch);
    return fclose(f) == 0;
}
