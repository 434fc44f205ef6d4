#include "judge/calibrate_fit.h"

#include <math.h>
#include <stdlib.h>

#define ROUNDS 300
#define STILL 1e-6
/* A share at which the opposite can still be seen: the most that scoring.conf may say. */
#define SHARE_MOST 0.999F
#define TAIL 0.025

double shares_mean(const struct shares *s)
{
    double mean = 0;

    for (unsigned i = 0; i < s->n; i++)
        mean += (double)s->weight[i] * (double)s->share[i];
    return mean;
}

/* How likely the draw is under each share, the likeliest being 1. */
static void likelihoods(const struct draw *d, const struct shares *s, float *out)
{
    float best = -INFINITY;

    for (unsigned i = 0; i < s->n; i++) {
        float share = fminf(fmaxf(s->share[i], d->least), SHARE_MOST);
        out[i] = d->yes * logf(share) + d->no * log1pf(-share);
        best = fmaxf(best, out[i]);
    }
    for (unsigned i = 0; i < s->n; i++)
        out[i] = expf(out[i] - best);
}

/* One round of EM: whose share each draw is, by the weights at hand, makes the next weights.
 * Returns the largest change. */
static double improve(const struct draw *draw, const float *likely, size_t n,
                      const struct shares *shipped, double weight[SHARES_MOST])
{
    double next[SHARES_MOST], all = PRIOR, change = 0;

    for (unsigned i = 0; i < shipped->n; i++)
        next[i] = PRIOR * (double)shipped->weight[i];
    for (size_t k = 0; k < n; k++, likely += shipped->n) {
        double sum = 0;
        for (unsigned i = 0; i < shipped->n; i++)
            sum += weight[i] * (double)likely[i];
        double part = sum > 0 ? (double)draw[k].weight / sum : 0;
        for (unsigned i = 0; i < shipped->n; i++)
            next[i] += part * weight[i] * (double)likely[i];
        all += sum > 0 ? (double)draw[k].weight : 0;
    }
    for (unsigned i = 0; i < shipped->n; i++) {
        change = fmax(change, fabs(next[i] / all - weight[i]));
        weight[i] = next[i] / all;
    }
    return change;
}

/* What so many identities didn't show may still be as frequent as the file that ships says, but not
 * more than 1 in so many. */
static void keep_tails(const struct shares *shipped, size_t telling, double weight[SHARES_MOST])
{
    double chance = 1 / ((double)telling + 1), sum = 0;

    for (unsigned i = 0; i < shipped->n; i++) {
        weight[i] = fmax(weight[i], fmin((double)shipped->weight[i], chance));
        sum += weight[i];
    }
    for (unsigned i = 0; i < shipped->n; i++)
        weight[i] /= sum;
}

bool fit_shares(const struct draw *draw, size_t n, const struct shares *shipped, size_t telling,
                struct shares *out)
{
    float *likely = calloc(n + 1, shipped->n * sizeof *likely);
    double weight[SHARES_MOST];

    if (likely == NULL)
        return false;
    for (size_t k = 0; k < n; k++)
        likelihoods(&draw[k], shipped, likely + k * shipped->n);
    for (unsigned i = 0; i < shipped->n; i++)
        weight[i] = (double)shipped->weight[i];
    for (unsigned round = 0; round < ROUNDS; round++)
        if (improve(draw, likely, n, shipped, weight) < STILL)
            break;
    free(likely);
    keep_tails(shipped, telling, weight);
    *out = *shipped;
    for (unsigned i = 0; i < shipped->n; i++)
        out->weight[i] = (float)weight[i];
    return true;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

float quantile(float *share, size_t n, double part)
{
    qsort(share, n, sizeof *share, ascending);
    return share[(size_t)(part * (double)(n - 1) + 0.5)];
}

/* The chance of k or fewer, where so many are expected. */
static double poisson_most(uint64_t k, double expected)
{
    double sum = 0;

    for (uint64_t i = 0; i <= k; i++)
        sum += exp((double)i * log(expected) - expected - lgamma((double)i + 1));
    return sum;
}

/* The mean at which the chance of k or fewer is that small; it falls as the mean rises. */
static double mean_with(uint64_t k, double chance)
{
    double low = 0, high = 2 * (double)k + 20;

    for (unsigned i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (poisson_most(k, middle) > chance)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct interval poisson_interval(uint64_t k)
{
    return (struct interval){.low = k ? mean_with(k - 1, 1 - TAIL) : 0, .high = mean_with(k, TAIL)};
}
