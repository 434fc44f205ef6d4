#include "judge/usual.h"

#include "base/when.h"

#define MOST_HOURS 4000u

int64_t hour_of(int64_t time)
{
    int64_t hour = time / (3600 * WHEN_SECOND);

    return time < 0 ? hour - 1 : hour;
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

static void add_slot(struct usual *u, unsigned slot, unsigned n)
{
    while (u->slot[slot] + n > UINT8_MAX) {
        for (unsigned i = 0; i < SLOTS; i++)
            u->slot[i] /= 2;
        n = (n + 1) / 2;
    }
    u->slot[slot] = (uint8_t)(u->slot[slot] + n);
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
    add_slot(u, slot, 1);
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
    for (unsigned i = 0; i < SLOTS; i++)
        if (from->slot[i])
            add_slot(to, i, from->slot[i]);
}
