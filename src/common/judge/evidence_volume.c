#include "judge/evidence.h"

#include <math.h>

/* Of an identity's hours that count for nothing yet, the customer's and everybody's count so many.
 */
#define KIN 2.0
#define HABIT 8.0

static unsigned level_of(uint32_t n)
{
    return n ? 31 - (unsigned)__builtin_clz(n) : 0;
}

/* Of the hours that reach 2^(level - 1) messages, how many reach 2^level? */
static double usual_busier(const struct mind *m, unsigned level)
{
    const struct shares *u = &m->scoring->sign[SIGN_BUSIER].usual;
    const uint16_t *own = m->own->reached, *now = m->watch->learned.reached;
    const uint16_t *kin = m->customers->reached, *all = m->everyone->reached;
    double share = 0;

    if (level >= LEVELS)
        level = LEVELS - 1;
    for (unsigned i = 0; i < u->n; i++)
        share += (double)(u->weight[i] * u->share[i]);
    share = (all[level] + HABIT * share) / (all[level - 1] + HABIT);
    share = (kin[level] + KIN * share) / (kin[level - 1] + KIN);
    share = (own[level] + now[level] + KIN * share) / (own[level - 1] + now[level - 1] + KIN);
    return share < 0.01 ? 0.01 : share > 0.99 ? 0.99 : share;
}

static double compromised_share(const struct mind *m, enum sign sign)
{
    const struct shares *c = &m->scoring->sign[sign].compromised;
    double share = 0;

    for (unsigned i = 0; i < c->n; i++)
        share += (double)(c->weight[i] * c->share[i]);
    return share;
}

static double habit(const struct usual *u, const struct usual *now, unsigned i, double otherwise)
{
    unsigned in = u->slot[i] + (now ? now->slot[i] : 0), sum = 0;

    for (unsigned k = 0; k < SLOTS; k++)
        sum += u->slot[k] + (now ? now->slot[k] : 0);
    return (in + HABIT * otherwise) / (sum + HABIT);
}

/* An active hour in that slot: by habit, or at any time. */
static float odd_hour(const struct mind *m, unsigned slot)
{
    double any = (slot < SLOTS / 2 ? 15.0 : 6.0) / 168;
    double usual = habit(m->everyone, NULL, slot, any);
    double odd = compromised_share(m, SIGN_ODD_HOUR);

    usual = habit(m->customers, NULL, slot, usual);
    usual = habit(m->own, &m->watch->learned, slot, usual);
    return (float)log((odd * any + (1 - odd) * usual) / usual);
}

/* The hour ended without getting busier. Who always goes on has no reason to be suspected for it.
 */
static float calmer(double busier, double usual)
{
    return usual < busier ? (float)log((1 - busier) / (1 - usual)) : 0;
}

bool volume_tells(const struct tempo *t, int64_t time)
{
    uint32_t n = t->messages + 1;

    return hour_of(time) > t->hour || (n & (n - 1)) == 0;
}

void volume_observe(struct mind *m, struct tempo *t, int64_t time, struct observation *o)
{
    float *llr = &o->llr[FAMILY_VOLUME];
    int64_t hour = hour_of(time);
    double busier = compromised_share(m, SIGN_BUSIER);

    if (hour > t->hour) {
        if (t->messages)
            *llr += calmer(busier, usual_busier(m, level_of(t->messages) + 1));
        if (m->own->reached[0])
            *llr += odd_hour(m, slot_of(time));
        usual_hour(&m->watch->learned, slot_of(time));
        usual_hour(m->everyone, slot_of(time));
        *t = (struct tempo){.hour = (int32_t)hour, .messages = 1};
        return;
    }
    t->messages += t->messages < UINT32_MAX;
    if (t->messages & (t->messages - 1))
        return;
    double usual = usual_busier(m, level_of(t->messages));
    *llr += usual < busier ? (float)log(busier / usual) : 0;
    usual_level(&m->watch->learned, level_of(t->messages));
    usual_level(m->everyone, level_of(t->messages));
}
