#include "judge/sign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

unsigned belief_size(const struct scoring *s, enum sign sign)
{
    return s->sign[sign].usual.n + s->sign[sign].compromised.n;
}

void belief_begin(float *b, const struct scoring *s, enum sign sign, const struct tally *own,
                  const struct tally *customers)
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
        b[i] = u->weight[i] * expf(likelihood[i] - best);
        sum += b[i];
    }
    for (unsigned i = 0; i < u->n; i++)
        b[i] = (1 - s->change) * b[i] / sum + s->change * u->weight[i];
    for (unsigned i = 0; i < c->n; i++)
        b[u->n + i] = c->weight[i];
}

static float predict(const float *weight, const struct shares *s)
{
    float p = 0;

    for (unsigned i = 0; i < s->n; i++)
        p += weight[i] * s->share[i];
    return p;
}

float belief_llr(const float *b, const struct scoring *s, enum sign sign, float yes,
                 float usual_least)
{
    const struct shares *u = &s->sign[sign].usual, *c = &s->sign[sign].compromised;
    float p = predict(b, u), q = predict(b + u->n, c);

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

void belief_learn(float *b, const struct scoring *s, enum sign sign, float yes, float no)
{
    const struct shares *u = &s->sign[sign].usual, *c = &s->sign[sign].compromised;
    float *compromised = b + u->n;
    float back = RESTLESS * (yes + no < 1 ? yes + no : 1);

    learn(b, u, yes, no);
    learn(compromised, c, yes, no);
    for (unsigned i = 0; i < c->n; i++)
        compromised[i] += back * (c->weight[i] - compromised[i]);
}

static bool make_room(struct beliefs *b, unsigned weights)
{
    float *wide;

    if (weights <= b->room)
        return true;
    if ((wide = realloc(b->weight, weights * sizeof *wide)) == NULL)
        return false;
    b->weight = wide;
    b->room = (uint8_t)weights;
    return true;
}

float *beliefs_add(struct beliefs *b, const struct scoring *s, enum sign sign)
{
    unsigned n = belief_size(s, sign);

    if (!make_room(b, b->used + n))
        return NULL;
    b->begun |= (uint16_t)(1u << sign);
    b->at[sign] = b->used;
    b->used = (uint8_t)(b->used + n);
    return beliefs_of(b, sign);
}

_Static_assert(SIGN_TALLIES *BELIEF_MOST <= UINT8_MAX && SIGN_TALLIES <= 16, "struct beliefs");

bool beliefs_reserve(struct beliefs *b)
{
    return make_room(b, SIGN_TALLIES * BELIEF_MOST);
}

bool beliefs_copy(struct beliefs *to, const struct beliefs *from)
{
    if (!make_room(to, from->used))
        return false;
    to->begun = from->begun;
    to->used = from->used;
    memcpy(to->at, from->at, sizeof to->at);
    if (from->used)
        memcpy(to->weight, from->weight, from->used * sizeof *to->weight);
    return true;
}

void beliefs_clear(struct beliefs *b)
{
    b->begun = 0;
    b->used = 0;
}

void beliefs_free(struct beliefs *b)
{
    free(b->weight);
    *b = (struct beliefs){0};
}
