#include "judge/cusum.h"

#include <math.h>

/* Hours in which evidence falls to 1/e; half is 69. */
#define LASTING 100.0F

/* ln(e^a + e^b) */
static float log_sum(float a, float b)
{
    float high = a > b ? a : b, low = a > b ? b : a;

    return high + log1pf(expf(low - high));
}

void cusum_ratio(struct cusum *c, unsigned family)
{
    c->family[family].ratio = log_sum(c->family[family].hit, c->family[family].miss);
}

void cusum_start(struct cusum *c, const struct scoring *s)
{
    float ratio = log_sum(s->affected, s->spared);

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        c->family[f].hit = s->affected;
        c->family[f].miss = s->spared;
        c->family[f].ratio = ratio;
        c->decisive[f] = false;
    }
}

/* No observation brings more than message_most. */
static void cut(struct observation *o, const struct scoring *s)
{
    float sum = 0, most = (float)s->message_most;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += o->llr[f] > 0 ? o->llr[f] : 0;
    o->part = sum > most ? most / sum : 1;
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (o->llr[f] > 0)
            o->llr[f] *= o->part;
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
    return (double)c->family[f].ratio;
}

double cusum_whole(const struct cusum *c)
{
    double sum = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += log_ratio(c, f);
    return sum;
}

/* What it has against somebody now, less what is forgotten. */
static void forget(struct cusum *c, unsigned f, float nats, float share)
{
    float has = c->family[f].ratio;

    if (has > 0)
        c->family[f].hit -= nats + share * has;
}

bool cusum_add(struct cusum *c, const struct scoring *s, struct observation *o, float messages,
               float hours)
{
    float share = hours < LASTING ? hours / LASTING : 1;

    cut(o, s);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        bool has = c->family[f].ratio > 0, says = o->llr[f] > 0 || o->llr[f] < 0;
        if (!c->decisive[f])
            forget(c, f, s->fade * messages, share);
        if (o->decisive[f]) {
            c->decisive[f] = true;
            c->family[f].hit = fmaxf(c->family[f].hit, (float)s->threshold);
        } else if (says) {
            add_family(c, s, f, o->llr[f]);
        }
        if (has || says || o->decisive[f])
            cusum_ratio(c, f);
    }
    if (cusum_whole(c) > 0)
        return true;
    cusum_start(c, s);
    return false;
}

/* These families (bits) together bring no more than that. */
static void limit(double of[FAMILY_COUNT], unsigned families, double most)
{
    double sum = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += families >> f & 1 && of[f] > 0 ? of[f] : 0;
    if (sum <= most)
        return;
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (families >> f & 1 && of[f] > 0)
            of[f] *= most / sum;
}

#define REPLIES (1u << FAMILY_CONTENT | 1u << FAMILY_UNKNOWN)
#define CAMPAIGN (1u << FAMILY_RECIPIENTS | 1u << FAMILY_VOLUME)
#define MAILING (CAMPAIGN | 1u << FAMILY_UNKNOWN | 1u << FAMILY_VERDICT)
#define CONDUCT (CAMPAIGN | 1u << FAMILY_ORIGIN | 1u << FAMILY_SENDER)

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
    limit(of, REPLIES, replies_most);
    limit(of, CAMPAIGN, s->campaign_most);
    limit(of, MAILING, s->mailing_most);
    limit(of, CONDUCT, s->conduct_most);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        sum += of[f] > 0 ? of[f] : 0;
        if (part)
            part[f] = (float)of[f];
    }
    return decisive && sum < s->threshold ? s->threshold : sum;
}

double cusum_sum(const struct cusum *c, const struct scoring *s, double replies_most)
{
    double of[FAMILY_COUNT], sum = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        of[f] = log_ratio(c, f);
    limit(of, REPLIES, replies_most);
    limit(of, CAMPAIGN, s->campaign_most);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        sum += of[f];
    return sum;
}
