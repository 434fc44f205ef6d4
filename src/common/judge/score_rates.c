#include "base/when.h"
#include "judge/score_parts.h"

/* Widths of the rates' intervals in minutes; from a day on they double. */
static const uint16_t scales[] = {1, 5, 15, 60, 120, 240, 480, 1440};
#define SCALES (sizeof scales / sizeof *scales)

static uint64_t scale_minutes(unsigned scale)
{
    return scale < SCALES ? scales[scale] : (uint64_t)scales[SCALES - 1] << (scale - SCALES + 1);
}

static uint16_t add_count(uint16_t a, uint32_t b)
{
    return a + b > UINT16_MAX ? UINT16_MAX : (uint16_t)(a + b);
}

void rates_get(const struct person *p, uint16_t rate[SCORER_RATES])
{
    for (unsigned i = 0; i < SCORER_RATES; i++)
        rate[i] = p->busy ? p->rate.many[i] : p->rate.few[i];
}

bool rates_set(struct scorer *s, struct person *p, const uint16_t rate[SCORER_RATES])
{
    uint16_t most = 0;

    for (unsigned i = 0; i < SCORER_RATES; i++)
        most = rate[i] > most ? rate[i] : most;
    if (most > UINT8_MAX && !p->busy) {
        uint16_t *many = arena_alloc(&s->arena, SCORER_RATES * sizeof *many);
        if (many == NULL)
            return false;
        p->rate.many = many;
        p->busy = true;
    }
    for (unsigned i = 0; i < SCORER_RATES; i++)
        if (p->busy)
            p->rate.many[i] = rate[i];
        else
            p->rate.few[i] = (uint8_t)rate[i];
    return true;
}

/* The rates in wider intervals. */
static void widen(uint16_t rate[SCORER_RATES], unsigned from, unsigned to)
{
    uint64_t factor = scale_minutes(to) / scale_minutes(from);
    uint16_t wide[SCORER_RATES] = {0};

    for (uint64_t i = 0; i < SCORER_RATES; i++)
        wide[i / factor] = add_count(wide[i / factor], rate[i]);
    memcpy(rate, wide, sizeof wide);
}

/* One more in that interval, where it isn't just a number more. */
static bool recount(struct scorer *s, struct person *p, uint64_t interval)
{
    uint16_t rate[SCORER_RATES];

    rates_get(p, rate);
    if (p->scale != s->scale)
        widen(rate, p->scale, s->scale);
    p->scale = s->scale;
    rate[interval] = add_count(rate[interval], 1);
    return rates_set(s, p, rate);
}

void person_rate(struct scorer *s, struct person *p, int64_t time)
{
    int64_t minute = time / (60 * WHEN_SECOND);

    if (s->start == INT64_MIN)
        s->start = minute;
    uint64_t at = minute > s->start ? (uint64_t)(minute - s->start) : 0;
    while (at / scale_minutes(s->scale) >= SCORER_RATES)
        s->scale++;
    uint64_t interval = at / scale_minutes(s->scale);
    if (p->scale == s->scale && !p->busy && p->rate.few[interval] < UINT8_MAX)
        p->rate.few[interval]++;
    else if (!recount(s, p, interval))
        s->failed = true;
}

void scorer_rates(const struct scorer *s, size_t i, struct scorer_rates *out)
{
    const struct person *p = s->ranked[i];
    int64_t now = s->now / (60 * WHEN_SECOND);

    rates_get(p, out->count);
    if (p->scale != s->scale)
        widen(out->count, p->scale, s->scale);
    out->minutes = (unsigned)scale_minutes(s->scale);
    bool any = s->start != INT64_MIN && now >= s->start;
    uint64_t n = any ? (uint64_t)(now - s->start) / out->minutes + 1 : 0;
    out->n = n < SCORER_RATES ? (unsigned)n : SCORER_RATES;
}
