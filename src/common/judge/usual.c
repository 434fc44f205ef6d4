#include "judge/usual.h"

#include "base/when.h"

#define MOST_HOURS 4000u

int64_t hour_of(int64_t time)
{
    int64_t hour = 3600 * WHEN_SECOND;

    return time / hour - (time % hour < 0);
}

unsigned slot_of(int64_t time)
{
    uint64_t hour = (uint64_t)(hour_of(time) + (INT64_C(1) << 40) / 168 * 168);
    uint64_t day = (hour / 24 + 3) % 7; /* 1970 began on a Thursday; Monday is 0 */

    return (unsigned)(hour % 24 / 3) + (day >= 5 ? SLOTS / 2 : 0);
}

static void halve(struct usual *u)
{
    for (unsigned i = 0; i < LEVELS; i++)
        u->reached[i] /= 2;
}

void usual_level(struct usual *u, unsigned level)
{
    if (level >= LEVELS)
        return;
    u->reached[level]++;
    if (u->reached[level] > MOST_HOURS)
        halve(u);
}

void usual_hour(struct usual *u, unsigned slot)
{
    usual_level(u, 0);
    if (u->slot[slot] == UINT8_MAX)
        for (unsigned i = 0; i < SLOTS; i++)
            u->slot[i] /= 2;
    u->slot[slot]++;
}

static void merge_slots(uint8_t to[SLOTS], const uint8_t from[SLOTS])
{
    unsigned sum[SLOTS], most = 0;

    for (unsigned i = 0; i < SLOTS; i++) {
        sum[i] = (unsigned)to[i] + from[i];
        most = sum[i] > most ? sum[i] : most;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        to[i] = (uint8_t)(most > UINT8_MAX ? sum[i] / 2 : sum[i]);
}

void usual_merge(struct usual *to, const struct usual *from)
{
    for (unsigned i = 0; i < SIGN_TALLIES; i++)
        if (!tally_empty(&from->sign[i]))
            tally_merge(&to->sign[i], &from->sign[i]);
    for (unsigned i = 0; i < LEVELS; i++)
        to->reached[i] = (uint16_t)(to->reached[i] + from->reached[i]);
    if (to->reached[0] > MOST_HOURS)
        halve(to);
    merge_slots(to->slot, from->slot);
}
