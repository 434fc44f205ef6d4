/* traffic: who sends what, and when, as long as nothing is wrong. Offices by day and week, shops
 * round the clock, newsletters in campaigns. Arrivals are Poisson processes thinned by the hour of
 * the week; the volumes of customers are log-normal (world.c). See sim.h.
 */
#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEAK = 200 }; /* percent; no hour is above it */

/* Percent of the average, by hour of a working day. */
static const uint8_t office_hours[24] = {8,   6,   5,   5,   8,   20,  60, 130, 185, 200, 195, 180,
                                         140, 165, 190, 185, 165, 120, 70, 45,  35,  28,  18,  12};
static const uint8_t shop_hours[24] = {45,  35,  30,  28,  30,  45,  70,  95,  110, 120, 125, 130,
                                       130, 125, 120, 120, 125, 135, 150, 165, 170, 150, 110, 70};

/* Share of the messages that each kind of customer sends. */
static const double shares[CUSTOMER_KINDS] = {
    [CUSTOMER_OFFICE] = 0.55, [CUSTOMER_SHOP] = 0.30, [CUSTOMER_NEWSLETTER] = 0.15};
static const double session_messages[CUSTOMER_KINDS] = {
    [CUSTOMER_OFFICE] = 1.3, [CUSTOMER_SHOP] = 2.0};

struct campaign {
    struct campaign *next;
    const struct identity *who;
    uint32_t left, at; /* messages to go; position in the list */
};

/* Messages of a session, or of a campaign: about one campaign a day at small relays. */
static double batch(const struct sim *s, enum customer_kind kind)
{
    double a_day = s->opt.rate * s->opt.customers * shares[kind];

    if (kind != CUSTOMER_NEWSLETTER)
        return session_messages[kind];
    return a_day < 20 ? 20 : a_day > 400 ? 400 : a_day;
}

unsigned traffic_office_hour(int64_t t)
{
    unsigned hour = (unsigned)(t / HOUR % 24);
    unsigned day = (unsigned)(t / DAY + 4) % 7; /* 1 January 1970 was a Thursday; 0 is Sunday */
    bool weekend = day == 0 || day == 6;

    return weekend ? office_hours[hour] / 5u : office_hours[hour];
}

static unsigned hour_percent(int64_t t, enum customer_kind kind)
{
    return kind == CUSTOMER_SHOP ? shop_hours[t / HOUR % 24] : traffic_office_hour(t);
}

void traffic_msgid(struct sim *s, struct mail *m, const char *domain)
{
    uint64_t a = rng_next(&s->rng), b = rng_next(&s->rng);
    unsigned shape = (unsigned)(a % 100);

    if (shape < 45)
        snprintf(m->msgid, sizeof(m->msgid), "%08x-%04x-4%03x-%04x-%012llx@%s", (unsigned)(a >> 8),
                 (unsigned)(a >> 40) & 0xffff, (unsigned)(a >> 52) & 0xfff,
                 0x8000u | ((unsigned)b & 0x3fff), (unsigned long long)(b >> 16), domain);
    else if (shape < 70)
        snprintf(m->msgid, sizeof(m->msgid),
                 "AM%uPR04MB%04uA%08XB%08X@AM%uPR04MB%04u.redmont.example", (unsigned)(a >> 8) % 10,
                 (unsigned)(a >> 12) % 10000, (unsigned)b, (unsigned)(b >> 32),
                 (unsigned)(a >> 8) % 10, (unsigned)(a >> 12) % 10000);
    else if (shape < 99)
        snprintf(m->msgid, sizeof(m->msgid), "%llu.%llu.%u@%s", (unsigned long long)(s->now / 1000),
                 (unsigned long long)(b % 1000000000000), (unsigned)(a >> 8) % 100000, domain);
    else
        m->msgid[0] = '\0'; /* some programs leave it out, and nobody adds it */
}

uint32_t traffic_size(struct sim *s, double median, double sigma)
{
    double size = rng_lognormal(&s->rng, median, sigma);

    return size < 600 ? 600 + rng_below(&s->rng, 300) : size > 2.5e7 ? 25000000 : (uint32_t)size;
}

static void add_contact(struct sim *s, struct mail *m, const struct customer *c, double unknown)
{
    uint64_t h = rng_hash(c->seed + rng_skewed(&s->rng, c->contacts));

    if (rng_chance(&s->rng, 0.04))
        mail_add_rcpt(s, m, names_rcpt(s->names, rng_next(&s->rng), 0.03, true));
    else
        mail_add_rcpt(s, m, names_rcpt(s->names, h, unknown, false));
}

static bool has_rcpt(const struct mail *m, rcpt_id id)
{
    for (uint32_t i = 0; i < m->nrcpt; i++)
        if (m->rcpt[i] == id)
            return true;
    return false;
}

void traffic_office_compose(struct sim *s, struct mail *m, void *arg)
{
    const struct identity *who = arg;
    uint32_t n = 1, u = rng_below(&s->rng, 100);

    if (u >= 95)
        n = 5 + rng_below(&s->rng, 20);
    else if (u >= 78)
        n = 2 + rng_below(&s->rng, 3);
    /* Out-of-office replies have no sender. */
    snprintf(m->sender, sizeof(m->sender), "%s", rng_chance(&s->rng, 0.01) ? "" : who->sender);
    add_contact(s, m, who->customer, 0.006);
    for (uint32_t i = 1; i < n; i++) {
        uint32_t before = m->nrcpt;
        add_contact(s, m, who->customer, 0.006);
        m->nrcpt = before; /* the same one twice is one */
        if (!has_rcpt(m, m->rcpt[before]))
            m->nrcpt++;
        m->pending = m->nrcpt;
    }
    m->size = traffic_size(s, 14000, 1.7);
    traffic_msgid(s, m, who->customer->domain);
}

static void shop_compose(struct sim *s, struct mail *m, void *arg)
{
    const struct identity *who = arg;
    const struct customer *c = who->customer;

    if (c->seed % 5 == 0)
        snprintf(m->sender, sizeof(m->sender), "bounce+%u@%s", rng_below(&s->rng, 1000000),
                 c->domain);
    else
        snprintf(m->sender, sizeof(m->sender), "%s", who->sender);
    add_contact(s, m, c, 0.015);
    m->size = traffic_size(s, 9000, 0.6);
    traffic_msgid(s, m, c->domain);
}

static void campaign_compose(struct sim *s, struct mail *m, void *arg)
{
    struct campaign *c = arg;
    const struct customer *customer = c->who->customer;
    uint64_t h = rng_hash(customer->seed + c->at++ % customer->contacts);

    snprintf(m->sender, sizeof(m->sender), "%s", c->who->sender);
    mail_add_rcpt(s, m, names_rcpt(s->names, h, 0.07, true));
    m->size = 30000 + rng_below(&s->rng, 2000);
    traffic_msgid(s, m, customer->domain);
}

static void campaign_step(struct sim *s, void *campaign)
{
    struct campaign *c = campaign;
    unsigned n = c->left < 30 ? c->left : 30;

    if (n == 0)
        return; /* its last session may still be going on: it stays in the list */
    c->left -= n;
    session_open(s, c->who, c->who->client, n, campaign_compose, c);
    sim_after(s, n * 150 * MS, campaign_step, c);
}

static void campaign_begin(struct sim *s, const struct customer *customer)
{
    double size = rng_lognormal(&s->rng, batch(s, CUSTOMER_NEWSLETTER) * 0.7, 0.8);
    struct campaign *c = calloc(1, sizeof(*c));

    if (c == NULL)
        abort();
    c->next = s->campaigns;
    s->campaigns = c;
    c->who = &s->world->identity[customer->first];
    c->left = size > customer->contacts ? customer->contacts : (uint32_t)size + 1;
    c->at = rng_below(&s->rng, customer->contacts);
    campaign_step(s, c);
}

static void session_begin(struct sim *s, enum customer_kind kind)
{
    const struct customer *c = world_customer(s->world, &s->rng, kind);
    const struct identity *who = world_identity(s->world, &s->rng, c);
    compose_fn compose = kind == CUSTOMER_OFFICE ? traffic_office_compose : shop_compose;
    unsigned n = 1;
    char away[96];

    while (n < 12 && rng_chance(&s->rng, 1 - 1 / session_messages[kind]))
        n++;
    if (who->stay != NULL && stay_client(who->stay, &s->rng, s->now, away, sizeof(away))) {
        session_open(s, who, away, n, compose, (void *)(uintptr_t)who);
    } else if (who->login[0] != '\0' && kind == CUSTOMER_OFFICE && rng_chance(&s->rng, 0.08)) {
        world_roaming(&s->rng, away, sizeof(away));
        session_open(s, who, away, n, compose, (void *)(uintptr_t)who);
    } else {
        session_open(s, who, who->client, n, compose, (void *)(uintptr_t)who);
    }
}

static void arrival_next(struct sim *s, enum customer_kind kind, event_fn next)
{
    double a_day = s->opt.rate * s->opt.customers * shares[kind] / batch(s, kind);
    double mean = (double)DAY / (a_day * PEAK / 100);

    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, mean), next, NULL);
}

/* One candidate arrival; the thinning keeps as many as the hour deserves. */
static void arrival(struct sim *s, enum customer_kind kind, event_fn next)
{
    arrival_next(s, kind, next);
    if (rng_below(&s->rng, PEAK) >= hour_percent(s->now, kind))
        return;
    if (kind == CUSTOMER_NEWSLETTER)
        campaign_begin(s, world_customer(s->world, &s->rng, kind));
    else
        session_begin(s, kind);
}

static void office_arrival(struct sim *s, void *arg)
{
    (void)arg;
    arrival(s, CUSTOMER_OFFICE, office_arrival);
}

static void shop_arrival(struct sim *s, void *arg)
{
    (void)arg;
    arrival(s, CUSTOMER_SHOP, shop_arrival);
}

static void newsletter_arrival(struct sim *s, void *arg)
{
    (void)arg;
    arrival(s, CUSTOMER_NEWSLETTER, newsletter_arrival);
}

void traffic_start(struct sim *s)
{
    arrival_next(s, CUSTOMER_OFFICE, office_arrival);
    arrival_next(s, CUSTOMER_SHOP, shop_arrival);
    arrival_next(s, CUSTOMER_NEWSLETTER, newsletter_arrival);
}
