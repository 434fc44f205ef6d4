/* How a listing ends: mail flows again, or there is nothing that shows either. */
#include <stdio.h>

#include "act/provblock_parts.h"

/* --- mail that flows --- */

/* Is the pair about those who took this delivery? */
static bool concerns(const struct provblock *p, const struct pair *pair, const struct provider *at,
                     struct slice place, struct slice domain)
{
    if (provblock_is_place(pair, place) || provblock_is_place(pair, domain))
        return true;
    return at && (slice_eq(pair->id, at->id) || listing_covers(p->o.providers, at->id, pair->id));
}

static bool flows(struct provblock *p, struct pair *pair, int64_t time)
{
    if (pair->accepted < UINT32_MAX)
        pair->accepted++;
    if (pair->accepted < p->o.recipients)
        return true;
    if (pair->state == LISTING_CLEAR) {
        pair->refusals = 0;
        return true;
    }
    if (pair->looked != WHEN_NONE && !pair->looked_found && time - pair->looked < p->o.apart)
        return true;
    pair->accepted = pair->refusals = 0;
    return provblock_look(p, pair, time, false, SLICE_NONE);
}

bool provblock_accepted(struct provblock *p, const struct record *r)
{
    const struct provider *at = provider_of_mx(p->o.providers, r->f[COL_RELAY_NAME]);
    char ip[IPADDR_TEXT], buf[NAME_MOST + 1], second[NAME_MOST + 1];
    struct slice place = provblock_place(r, at, buf), domain = provblock_place(r, NULL, second);

    if (!provblock_outbound(p, r, false, ip))
        return true;
    for (unsigned i = 0; i < p->pairs; i++) {
        struct pair *pair = &p->pair[i];
        if ((pair->state == LISTING_CLEAR && pair->refusals == 0) || r->time < pair->last ||
            !slice_eq(pair->ip, slice_str(ip)) || !concerns(p, pair, at, place, domain))
            continue;
        if (!flows(p, pair, r->time))
            return false;
    }
    return true;
}

/* --- too long without a word --- */

static int64_t due_of(const struct provblock *p, const struct pair *pair)
{
    if (pair->state == LISTING_CLEAR || pair->last == WHEN_NONE)
        return INT64_MAX;
    int64_t due = pair->last + PROVBLOCK_UNPROVEN;
    if (pair->looked != WHEN_NONE && !pair->looked_found && pair->looked + p->o.apart > due)
        due = pair->looked + p->o.apart;
    return due;
}

void provblock_set_due(struct provblock *p, const struct pair *pair)
{
    int64_t due = due_of(p, pair);

    if (due < p->due)
        p->due = due;
}

static bool end_unproven(struct provblock *p, struct pair *pair, int64_t time)
{
    char since[WHEN_TEXT_MAX], words[WHEN_TEXT_MAX + 80];

    int length = (int)when_print(since, pair->last, 0);
    int n = snprintf(words, sizeof words,
                     pair->accepted ? "not refused since %.*s, and hardly tried"
                                    : "not tried since %.*s",
                     length, since);
    return provblock_look(p, pair, time, false, slice_of(words, (size_t)n));
}

bool provblock_unproven(struct provblock *p, int64_t time)
{
    p->due = INT64_MAX;
    for (unsigned i = 0; i < p->pairs; i++) {
        if (time >= due_of(p, &p->pair[i]) && !end_unproven(p, &p->pair[i], time))
            return false;
        provblock_set_due(p, &p->pair[i]);
    }
    return true;
}
