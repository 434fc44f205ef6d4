/* rng: see rng.h. */
#include "rng.h"

#include <math.h>

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = rng_hash(seed * 4 + (uint64_t)i);
}

double rng_exponential(struct rng *r, double mean)
{
    return -mean * log1p(-rng_unit(r));
}

double rng_lognormal(struct rng *r, double median, double sigma)
{
    /* Box and Muller's transform; its second number is thrown away. */
    double radius = sqrt(-2.0 * log1p(-rng_unit(r)));
    double normal = radius * cos(6.283185307179586 * rng_unit(r));

    return median * exp(sigma * normal);
}

uint32_t rng_skewed(struct rng *r, uint32_t n)
{
    uint32_t i = (uint32_t)exp(rng_unit(r) * log((double)n + 1.0)) - 1;

    return i < n ? i : n - 1;
}
