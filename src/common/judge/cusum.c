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

/* No message brings more than message_most. */
static void cut(struct observation *o, const struct scoring *s)
{
    float sum = 0, most = (float)s->message_most;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += o->llr[f] > 0 ? o->llr[f] : 0;
    for (unsigned f = 0; f < FAMILY_COUNT && sum > most; f++)
        if (o->llr[f] > 0)
            o->llr[f] *= most / sum;
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

static double log_ratio(const struct cusum *c, unsigned f)
{
    return (double)log_sum(c->family[f].hit, c->family[f].miss);
}

bool cusum_add(struct cusum *c, const struct scoring *s, struct observation *o)
{
    cut(o, s);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        if (o->decisive[f]) {
            c->decisive[f] = true;
            c->family[f].hit = fmaxf(c->family[f].hit, (float)s->threshold);
        } else if (o->llr[f] > 0 || o->llr[f] < 0) {
            add_family(c, s, f, o->llr[f] - s->fade);
        } else {
            c->family[f].hit -= s->fade;
        }
    }
    if (cusum_sum(c, INFINITY) > 0)
        return true;
    cusum_start(c, s);
    return false;
}

/* The two families of replies together bring no more than replies_most. */
static double replies_factor(double content, double unknown, double most)
{
    double both = content + unknown;

    return both > most && both > 0 ? most / both : 1;
}

double cusum_score(const struct cusum *c, const struct scoring *s, double replies_most,
                   float part[FAMILY_COUNT])
{
    double of[FAMILY_COUNT], sum = 0;
    bool decisive = false;

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        of[f] = log_ratio(c, f);
        decisive |= c->decisive[f];
        if (!c->decisive[f] && of[f] > s->family_most)
            of[f] = s->family_most;
    }
    double factor = replies_factor(of[FAMILY_CONTENT], of[FAMILY_UNKNOWN], replies_most);
    of[FAMILY_CONTENT] *= factor;
    of[FAMILY_UNKNOWN] *= factor;
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        sum += of[f];
        if (part)
            part[f] = (float)of[f];
    }
    return decisive && sum < s->threshold ? s->threshold : sum;
}

double cusum_sum(const struct cusum *c, double replies_most)
{
    double content = log_ratio(c, FAMILY_CONTENT), unknown = log_ratio(c, FAMILY_UNKNOWN);
    double sum = (content + unknown) * replies_factor(content, unknown, replies_most);

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (f != FAMILY_CONTENT && f != FAMILY_UNKNOWN)
            sum += log_ratio(c, f);
    return sum;
}
