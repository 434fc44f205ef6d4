#include "judge/cusum.h"

#include <math.h>

/* ln(e^a + e^b) */
static float log_sum(float a, float b)
{
    float high = a > b ? a : b, low = a > b ? b : a;

    return high + log1pf(expf(low - high));
}

void cusum_start(struct cusum *c, const struct scoring *s)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        c->family[f].hit = s->affected;
        c->family[f].miss = s->spared;
        c->decisive[f] = false;
    }
}

bool observation_accuses(const struct observation *o)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (o->llr[f] > 0 || o->decisive[f])
            return true;
    return false;
}

/* How much of each positive part one message may bring. */
static float message_share(const struct observation *o, const struct scoring *s)
{
    float sum = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (o->llr[f] > 0)
            sum += o->llr[f];
    return sum > (float)s->message_most ? (float)s->message_most / sum : 1;
}

static void add_family(struct cusum *c, const struct scoring *s, unsigned f, float llr)
{
    float *hit = &c->family[f].hit, *miss = &c->family[f].miss;

    *hit = log_sum(*hit, *miss + s->onset) + llr;
    *miss += s->calm;
    float over = log_sum(*hit, *miss) - (float)s->alone_most;
    if (over > 0)
        *hit -= over;
}

bool cusum_add(struct cusum *c, const struct scoring *s, const struct observation *o)
{
    float share = message_share(o, s);

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        float llr = o->llr[f];
        if (o->decisive[f]) {
            c->decisive[f] = true;
            c->family[f].hit = fmaxf(c->family[f].hit, (float)s->threshold);
        } else if (llr > 0 || llr < 0) {
            add_family(c, s, f, llr > 0 ? llr * share : llr);
        }
    }
    if (cusum_sum(c) > 0)
        return true;
    cusum_start(c, s);
    return false;
}

static double log_ratio(const struct cusum *c, unsigned f)
{
    return (double)log_sum(c->family[f].hit, c->family[f].miss);
}

double cusum_part(const struct cusum *c, const struct scoring *s, unsigned family)
{
    double part = log_ratio(c, family);
    double most = c->decisive[family] ? s->alone_most : s->family_most;

    return part < most ? part : most;
}

double cusum_score(const struct cusum *c, const struct scoring *s)
{
    double sum = 0;
    bool decisive = false;

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        sum += cusum_part(c, s, f);
        decisive |= c->decisive[f];
    }
    return decisive && sum < s->threshold ? s->threshold : sum;
}

double cusum_sum(const struct cusum *c)
{
    double sum = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += log_ratio(c, f);
    return sum;
}
