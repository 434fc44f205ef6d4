#include "judge/sign.h"

#include <math.h>

#define UNIT 16u
/* The compromised one's belief is drawn back to where it began, a little each time: spam may begin
 * later than the watch does. */
#define RESTLESS 0.02F

bool tally_empty(const struct tally *t)
{
    return t->yes == 0 && t->no == 0;
}

float tally_count(const struct tally *t)
{
    return (float)(t->yes + t->no) / UNIT;
}

static void tally_set(struct tally *t, uint32_t yes, uint32_t no)
{
    while (yes + no > TALLY_MESSAGES * UNIT) {
        yes -= yes / 2;
        no -= no / 2;
    }
    t->yes = (uint16_t)yes;
    t->no = (uint16_t)no;
}

void tally_add(struct tally *t, float yes)
{
    uint32_t part = (uint32_t)(yes * (float)UNIT + 0.5F);

    tally_set(t, t->yes + part, t->no + UNIT - part);
}

void tally_merge(struct tally *to, const struct tally *from)
{
    tally_set(to, (uint32_t)to->yes + from->yes, (uint32_t)to->no + from->no);
}

void belief_begin(struct belief *b, const struct scoring *s, enum sign sign,
                  const struct tally *own, const struct tally *customers)
{
    const struct shares *u = &s->sign[sign].usual, *c = &s->sign[sign].compromised;
    float yes = (float)own->yes / UNIT, no = (float)own->no / UNIT;
    float kin = (float)(customers->yes + customers->no) / UNIT;
    float scale = kin > s->kinship ? s->kinship / kin : 1;
    float likelihood[SHARES_MOST], best = -INFINITY, sum = 0;

    yes += scale * (float)customers->yes / UNIT;
    no += scale * (float)customers->no / UNIT;
    for (unsigned i = 0; i < u->n; i++) {
        likelihood[i] = yes * u->yes[i] + no * u->no[i];
        best = likelihood[i] > best ? likelihood[i] : best;
    }
    for (unsigned i = 0; i < u->n; i++) {
        b->usual[i] = u->weight[i] * expf(likelihood[i] - best);
        sum += b->usual[i];
    }
    for (unsigned i = 0; i < u->n; i++)
        b->usual[i] = (1 - s->change) * b->usual[i] / sum + s->change * u->weight[i];
    for (unsigned i = 0; i < c->n; i++)
        b->compromised[i] = c->weight[i];
}

static float predict(const float *weight, const struct shares *s)
{
    float p = 0;

    for (unsigned i = 0; i < s->n; i++)
        p += weight[i] * s->share[i];
    return p;
}

float belief_llr(const struct belief *b, const struct scoring *s, enum sign sign, float yes,
                 float usual_least)
{
    float p = predict(b->usual, &s->sign[sign].usual);
    float q = predict(b->compromised, &s->sign[sign].compromised);

    if (usual_least > p)
        p = usual_least;
    if (p >= q) /* it is as usual; and not to show it is no reason for suspicion */
        return 0;
    return yes * logf(q / p) + (1 - yes) * logf((1 - q) / (1 - p));
}

static void learn(float *weight, const struct shares *s, float yes, float no)
{
    float sum = 0;

    for (unsigned i = 0; i < s->n; i++) {
        weight[i] *= expf(yes * s->yes[i] + no * s->no[i]);
        sum += weight[i];
    }
    for (unsigned i = 0; i < s->n; i++)
        weight[i] /= sum;
}

void belief_learn(struct belief *b, const struct scoring *s, enum sign sign, float yes, float no)
{
    const struct shares *c = &s->sign[sign].compromised;
    float back = RESTLESS * (yes + no < 1 ? yes + no : 1);

    learn(b->usual, &s->sign[sign].usual, yes, no);
    learn(b->compromised, c, yes, no);
    for (unsigned i = 0; i < c->n; i++)
        b->compromised[i] += back * (c->weight[i] - b->compromised[i]);
}
