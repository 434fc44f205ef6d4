/* attack: see attack.h. */
#include "attack.h"

#include <stdlib.h>

#include "cast.h"
#include "place.h"

enum { MOST_PROVIDERS = 16 };

struct attack *attack_new(struct sim *s, const char *kind, const struct identity *victim)
{
    static const uint8_t most_rcpts[6] = {1, 1, 3, 6, 12, 20};
    struct attack *a = calloc(1, sizeof(*a));

    if (a == NULL)
        abort();
    a->victim = victim;
    a->role = role_new(s, kind, victim, true);
    a->from = cast_time(s, 0.5, 0.9);
    a->to = a->from + (int64_t)(cast_size(s, 2, 60) * (double)HOUR);
    a->rate = cast_size(s, 30, 300);
    a->burst = 1 + rng_below(&s->rng, 12);
    a->rcpts = most_rcpts[rng_below(&s->rng, 6)];
    a->spam = 0.1 + 0.4 * rng_unit(&s->rng);
    a->look = rng_next(&s->rng) | 1;
    a->size = 1500 + rng_below(&s->rng, 9000);
    return a;
}

static void use(struct attack *a, uint32_t clients)
{
    a->clients = clients;
    a->as = calloc(clients, sizeof(*a->as));
    if (a->as == NULL)
        abort();
    for (uint32_t i = 0; i < clients; i++) {
        a->as[i] = *a->victim;
        a->as[i].stay = NULL;
        a->as[i].role = NULL;
        if (a->victim->login[0] != '\0')
            a->as[i].service = SERVICE_SUBMISSION;
    }
}

/* What a spam program says it is called. */
static void greet(struct sim *s, struct identity *as)
{
    static const char *const names[6] = {"[%.40s]",      "win-%.6s", "%.12s",
                                         "DESKTOP-%.7s", "User",     "localhost.localdomain"};
    const char *ip = strchr(as->client, '[') + 1;
    unsigned pick = rng_below(&s->rng, 6);
    char text[48];

    if (pick == 0)
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(ip, "]"), ip);
    else
        snprintf(text, sizeof(text), "%012llX",
                 (unsigned long long)rng_next(&s->rng) & 0xffffffffffff);
    snprintf(as->helo, sizeof(as->helo), names[pick], text);
}

void attack_from_abroad(struct sim *s, struct attack *a, uint32_t clients, uint32_t most)
{
    unsigned of[MOST_PROVIDERS];
    uint32_t providers = (most + 1) / 2 + rng_below(&s->rng, most / 2 + 1);

    if (providers > MOST_PROVIDERS)
        abort();
    for (uint32_t i = 0; i < providers; i++)
        of[i] = place_abroad(&s->rng, clients > 3 ? ABROAD_BOTS : ABROAD_BOTS | ABROAD_HOSTS);
    use(a, clients);
    for (uint32_t i = 0; i < clients; i++) {
        place_client(&s->rng, of[i % providers], a->as[i].client, sizeof(a->as[i].client));
        greet(s, &a->as[i]);
    }
}

void attack_from_home(struct sim *s, struct attack *a, uint32_t clients)
{
    use(a, clients);
    for (uint32_t i = 0; i < clients; i++) {
        world_roaming(&s->rng, a->as[i].client, sizeof(a->as[i].client));
        greet(s, &a->as[i]);
    }
}

void attack_from_inside(struct sim *s, struct attack *a)
{
    use(a, 1);
    if (a->signs != SIGNS_WEB)
        greet(s, &a->as[0]);
}

void attack_share(struct attack *a, const struct attack *other)
{
    use(a, other->clients);
    for (uint32_t i = 0; i < a->clients; i++) {
        memcpy(a->as[i].client, other->as[i].client, sizeof(a->as[i].client));
        memcpy(a->as[i].helo, other->as[i].helo, sizeof(a->as[i].helo));
    }
    a->spam = other->spam;
    a->look = other->look;
}

static void letters(struct sim *s, char *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[rng_below(&s->rng, 36)];
    out[n] = '\0';
}

static void sign(struct sim *s, struct mail *m, const struct attack *a)
{
    const struct domain *d =
        &s->names->domain[RCPT_DOMAIN(names_rcpt(s->names, rng_next(&s->rng), 0, false))];
    const char *own = a->victim->customer->domain;
    char name[40];

    letters(s, name, 5 + rng_below(&s->rng, 7));
    if (rng_chance(&s->rng, 0.5) && a->signs != SIGNS_WEB)
        names_person(name, sizeof(name), rng_next(&s->rng));
    switch (a->signs) {
    case SIGNS_OWN:
        snprintf(m->sender, sizeof(m->sender), "%s", a->victim->sender);
        break;
    case SIGNS_DOMAIN:
        snprintf(m->sender, sizeof(m->sender), "%s@%s", name, own);
        break;
    case SIGNS_FOREIGN:
        snprintf(m->sender, sizeof(m->sender), "%s@%s", name, d->name);
        break;
    case SIGNS_WEB:
        snprintf(m->sender, sizeof(m->sender), "%s@web1.%s", a->look % 3 == 0 ? name : "www-data",
                 own);
        break;
    }
}

/* The next of the list: the owner's contacts, and others of its mailbox; or strangers. */
static rcpt_id next_rcpt(struct sim *s, struct attack *a)
{
    uint64_t seed = a->victim->customer->seed;

    if (a->contacts == 0)
        return names_rcpt(s->names, rng_next(&s->rng), a->unknown, true);
    a->at++;
    if (a->at > a->victim->customer->contacts || a->at % 3 == 0)
        return names_rcpt(s->names, rng_hash(seed ^ (0x10000 + a->at)), a->unknown, true);
    return names_rcpt(s->names, rng_hash(seed + a->at), a->unknown, false);
}

static void attack_compose(struct sim *s, struct mail *m, void *arg)
{
    struct attack *a = arg;
    uint32_t n = 1 + rng_below(&s->rng, a->rcpts);

    sign(s, m, a);
    for (uint32_t i = 0; i < n; i++)
        mail_add_rcpt(s, m, next_rcpt(s, a));
    m->size = a->size + rng_below(&s->rng, 900);
    m->spam = (float)a->spam;
    m->look = a->look;
    m->infected = a->infected;
    m->role = a->role;
    traffic_msgid(s, m, a->victim->customer->domain);
}

static bool rests(const struct sim *s, const struct attack *a)
{
    unsigned hour = (unsigned)(s->now / HOUR % 24);

    if (a->rhythm == RHYTHM_OFFICE)
        return traffic_office_hour(s->now) < 100;
    return a->rhythm == RHYTHM_SOME_HOURS && (hour + 24 - a->hour) % 24 >= a->hours;
}

static void attack_step(struct sim *s, void *attack)
{
    struct attack *a = attack;
    const struct identity *as = &a->as[rng_below(&s->rng, a->clients)];
    uint32_t n = 1 + rng_below(&s->rng, a->burst);
    double pause = (double)HOUR / a->rate * (1 + a->burst) / 2;

    if (s->now >= a->to || (a->contacts > 0 && a->at >= a->contacts))
        return;
    if (rests(s, a)) {
        sim_after(s, MINUTE + rng_below(&s->rng, 600) * SECOND, attack_step, a);
        return;
    }
    session_open(s, as, as->client, n, attack_compose, a);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, pause), attack_step, a);
}

void attack_start(struct sim *s, struct attack *a)
{
    sched_add(&s->sched, a->from, attack_step, a);
}
