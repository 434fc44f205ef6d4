/* Honest mail to many at once, see scenario.h: a weekly newsletter, an office's monthly invoices, a
 * new customer's first newsletter.
 */
#include <stdlib.h>

#include "cast.h"
#include "scenario.h"

struct bulk {
    const struct identity *who;
    uint64_t list; /* seed of the recipients */
    uint32_t at, end;
    double known;    /* share of contacts among them */
    double unknown;  /* share of the others that do not exist */
    double spam;     /* the chance that a provider that dislikes it refuses it */
    uint32_t size;   /* bytes, about */
    uint32_t burst;  /* messages a session */
    int64_t message; /* time between two */
};

static struct bulk *bulk_new(const struct identity *who, uint32_t n)
{
    struct bulk *b = calloc(1, sizeof(*b));

    if (b == NULL)
        abort();
    b->who = who;
    b->list = who->customer->seed ^ 0xb01c;
    b->end = n;
    b->size = 30000;
    b->burst = 30;
    b->message = 200 * MS;
    return b;
}

static void bulk_compose(struct sim *s, struct mail *m, void *arg)
{
    struct bulk *b = arg;
    const struct customer *c = b->who->customer;
    uint64_t h = rng_hash(b->list + b->at);

    snprintf(m->sender, sizeof(m->sender), "%s", b->who->sender);
    if ((double)(h >> 11) * 0x1p-53 < b->known)
        mail_add_rcpt(s, m,
                      names_rcpt(s->names, rng_hash(c->seed + h % c->contacts), 0.006, false));
    else
        mail_add_rcpt(s, m, names_rcpt(s->names, rng_hash(h), b->unknown, true));
    b->at++;
    m->size = b->size + rng_below(&s->rng, b->size / 4);
    m->spam = (float)b->spam;
    m->look = b->list | 1;
    traffic_msgid(s, m, c->domain);
}

static void bulk_step(struct sim *s, void *bulk)
{
    struct bulk *b = bulk;
    char away[96];
    bool moves =
        b->who->stay != NULL && stay_client(b->who->stay, &s->rng, s->now, away, sizeof(away));
    uint32_t n = 1 + rng_below(&s->rng, b->burst);

    if (b->at >= b->end)
        return;
    if (n > b->end - b->at)
        n = b->end - b->at;
    session_open(s, b->who, moves ? away : b->who->client, n, bulk_compose, b);
    sim_after(s, n * b->message, bulk_step, b);
}

/* Thousands a week from the log's first week on. The addresses are old: some are not any more, and
 * are written to again the week after. */
void scenario_newsletter(struct sim *s)
{
    struct identity *who = cast_new(s, CUSTOMER_NEWSLETTER, 1);
    int64_t t = cast_worktime(s, 0, 0.4);
    uint32_t n = (uint32_t)cast_size(s, 1500, 6000);

    if (who == NULL) {
        cast_nobody("newsletter");
        return;
    }
    who->role = role_new(s, "honest:newsletter", who, false);
    for (; t < s->end; t += 7 * DAY + rng_below(&s->rng, 1800) * SECOND) {
        struct bulk *b = bulk_new(who, n);

        b->unknown = 0.07;
        b->spam = 0.015;
        sched_add(&s->sched, t, bulk_step, b);
    }
}

/* One run, mostly to people whom this login never wrote to. */
void scenario_invoices(struct sim *s)
{
    struct identity *who = cast_login(s);
    struct bulk *b;

    if (who == NULL) {
        cast_nobody("invoices");
        return;
    }
    who->role = role_new(s, "honest:invoices", who, false);
    b = bulk_new(who, (uint32_t)cast_size(s, 200, 900));
    b->list ^= rng_next(&s->rng);
    b->known = 0.5;
    b->unknown = 0.04 + 0.04 * rng_unit(&s->rng);
    b->size = 60000;
    b->message = (int64_t)(cast_size(s, 0.6, 4) * (double)SECOND);
    who->role->from = cast_worktime(s, 0.5, 0.95);
    who->role->to = who->role->from + 3 * HOUR;
    sched_add(&s->sched, who->role->from, bulk_step, b);
}

static void newcomer_office(struct sim *s, void *identity)
{
    struct identity *who = identity;

    if (traffic_office_hour(s->now) >= 100)
        session_open(s, who, who->client, 1, traffic_office_compose, who);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, (double)(2 * HOUR)), newcomer_office, who);
}

/* Nobody heard of this customer before; after some days, or hours, it writes to everybody it knows
 * of. */
void scenario_newcomer(struct sim *s)
{
    struct identity *who = cast_new(s, CUSTOMER_NEWSLETTER, 2);
    int64_t t = cast_worktime(s, 0.5, 0.95);
    struct bulk *b;

    if (who == NULL) {
        cast_nobody("first");
        return;
    }
    who->role = role_new(s, "honest:first", who, false);
    b = bulk_new(who, (uint32_t)cast_size(s, 800, 4000));
    b->unknown = 0.03 + 0.04 * rng_unit(&s->rng);
    b->spam = 0.005 + 0.01 * rng_unit(&s->rng);
    sched_add(&s->sched, t - (int64_t)(cast_size(s, 1, 60) * (double)HOUR), newcomer_office,
              who + 1);
    sched_add(&s->sched, t, bulk_step, b);
}
