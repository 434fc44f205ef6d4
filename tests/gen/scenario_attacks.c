/* The compromises, see scenario.h: stolen logins, and machines of customers that are not their
 * owner's alone any more. The ranges are those that reports of such cases give; the seed picks.
 */
#include "attack.h"
#include "cast.h"
#include "scenario.h"

enum { SNOWSHOES = 10 };

static uint32_t number(struct sim *s, uint32_t lo, uint32_t hi)
{
    return (uint32_t)rng_between(&s->rng, lo, hi);
}

static double between(struct sim *s, double lo, double hi)
{
    return lo + (hi - lo) * rng_unit(&s->rng);
}

static int64_t hours(struct sim *s, double lo, double hi)
{
    return (int64_t)(cast_size(s, lo, hi) * (double)HOUR);
}

static enum signs some_signs(struct sim *s)
{
    static const enum signs signs[4] = {SIGNS_OWN, SIGNS_OWN, SIGNS_DOMAIN, SIGNS_FOREIGN};

    return signs[rng_below(&s->rng, 4)];
}

/* An attack with a stolen login; NULL when there is none left to steal. */
static struct attack *stolen(struct sim *s, const char *kind)
{
    const struct identity *victim = cast_login(s);

    if (victim == NULL)
        cast_nobody(kind);
    return victim != NULL ? attack_new(s, kind, victim) : NULL;
}

void scenario_blast(struct sim *s)
{
    struct attack *a = stolen(s, "blast");

    if (a == NULL)
        return;
    a->to = a->from + hours(s, 2, 36);
    a->rate = cast_size(s, 100, 600);
    a->unknown = between(s, 0.25, 0.45);
    a->signs = some_signs(s);
    attack_from_abroad(s, a, number(s, 3, 40), 12);
    attack_start(s, a);
}

void scenario_slow(struct sim *s)
{
    struct attack *a = stolen(s, "slow");

    if (a == NULL)
        return;
    a->from = cast_time(s, 0.5, 0.75);
    a->to = a->from + hours(s, 72, 120); /* longer than a weekend */
    a->rate = between(s, 15, 25);
    a->burst = 1 + rng_below(&s->rng, 2);
    a->rhythm = RHYTHM_OFFICE;
    a->unknown = between(s, 0.25, 0.45);
    attack_from_abroad(s, a, number(s, 1, 3), 1);
    attack_start(s, a);
}

void scenario_verified(struct sim *s)
{
    struct attack *a = stolen(s, "verified");

    if (a == NULL)
        return;
    a->unknown = between(s, 0, 0.01);
    a->signs = some_signs(s);
    attack_from_abroad(s, a, number(s, 1, 12), 6);
    attack_start(s, a);
}

/* One spammer, ten accounts: the same machines and the same spam through all. */
void scenario_snowshoe(struct sim *s)
{
    const struct attack *first = NULL;
    double unknown = between(s, 0, 0.4);

    for (int i = 0; i < SNOWSHOES; i++) {
        struct attack *a = stolen(s, "snowshoe");

        if (a == NULL)
            return;
        a->from = cast_time(s, 0.5, 0.6);
        a->to = a->from + hours(s, 48, 120);
        a->rate = between(s, 5, 15);
        a->burst = 1 + rng_below(&s->rng, 2);
        a->rhythm = RHYTHM_SOME_HOURS;
        a->hour = rng_below(&s->rng, 24);
        a->hours = number(s, 2, 6);
        a->unknown = unknown;
        if (first == NULL)
            attack_from_abroad(s, a, number(s, 4, 20), 8);
        else
            attack_share(a, first);
        first = first != NULL ? first : a;
        attack_start(s, a);
    }
}

void scenario_phish(struct sim *s)
{
    struct attack *a = stolen(s, "phish");

    if (a == NULL)
        return;
    a->to = a->from + hours(s, 4, 48);
    a->rate = cast_size(s, 25, 120);
    a->rcpts = number(s, 1, 3);
    a->unknown = 0.006;
    a->contacts = number(s, 400, 1500);
    attack_from_abroad(s, a, number(s, 1, 3), 1);
    attack_start(s, a);
}

/* A machine behind the customer's router; its colleagues' mail comes from the same address. */
void scenario_nat(struct sim *s)
{
    const struct identity *victim = cast_machine(s, CUSTOMER_OFFICE);
    struct attack *a;

    if (victim == NULL) {
        cast_nobody("nat");
        return;
    }
    a = attack_new(s, "nat", victim);
    a->signs = SIGNS_FOREIGN;
    a->unknown = between(s, 0.05, 0.45);
    attack_from_inside(s, a);
    attack_start(s, a);
}

void scenario_home(struct sim *s)
{
    struct attack *a = stolen(s, "home");

    if (a == NULL)
        return;
    a->unknown = rng_chance(&s->rng, 0.5) ? between(s, 0.25, 0.45) : between(s, 0, 0.01);
    a->signs = some_signs(s);
    a->rate = cast_size(s, 20, 200);
    if (rng_chance(&s->rng, 0.3)) {
        a->rhythm = RHYTHM_OFFICE;
        a->from = cast_time(s, 0.5, 0.75);
        a->to = a->from + hours(s, 72, 120);
    }
    attack_from_home(s, a, number(s, 1, 6));
    attack_start(s, a);
}

void scenario_virus(struct sim *s)
{
    const struct identity *victim = cast_machine(s, CUSTOMER_OFFICE);
    struct attack *a;

    if (victim == NULL) {
        cast_nobody("virus");
        return;
    }
    a = attack_new(s, "virus", victim);
    a->rate = cast_size(s, 10, 100);
    a->rcpts = 1;
    a->unknown = 0.01;
    a->contacts = number(s, 200, 1000);
    a->infected = true;
    attack_from_inside(s, a);
    attack_start(s, a);
}

void scenario_webform(struct sim *s)
{
    const struct identity *victim = cast_machine(s, CUSTOMER_SHOP);
    struct attack *a;

    if (victim == NULL) {
        cast_nobody("webform");
        return;
    }
    a = attack_new(s, "webform", victim);
    a->rate = cast_size(s, 60, 600);
    a->signs = SIGNS_WEB;
    a->rcpts = 1;
    a->unknown = between(s, 0.05, 0.4);
    attack_from_inside(s, a);
    attack_start(s, a);
}
