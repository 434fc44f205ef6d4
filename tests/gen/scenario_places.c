/* Honest logins that are used from elsewhere, see scenario.h: on a journey abroad, or for good at
 * the office's new provider.
 */
#include <stdlib.h>

#include "cast.h"
#include "place.h"
#include "scenario.h"

enum { PLACES = 12 };

static char (*places_new(void))[96]
{
    char(*places)[96] = calloc(PLACES, sizeof(*places));

    if (places == NULL)
        abort();
    return places;
}

/* A stay of who, which gets a role of that kind for as long. */
static struct stay *stay_new(struct sim *s, const char *kind, struct identity *who)
{
    struct stay *stay = calloc(1, sizeof(*stay));

    if (stay == NULL)
        abort();
    who->stay = stay;
    who->role = role_new(s, kind, who, false);
    return stay;
}

/* Whoever travels writes, every hour or two while awake. */
static void journey_step(struct sim *s, void *identity)
{
    struct identity *who = identity;
    char away[96];

    if (s->now >= who->stay->to)
        return;
    if (traffic_office_hour(s->now) > 40 &&
        stay_client(who->stay, &s->rng, s->now, away, sizeof(away)))
        session_open(s, who, away, 1 + rng_below(&s->rng, 2), traffic_office_compose, who);
    sim_after(s, 1 + (int64_t)rng_exponential(&s->rng, (double)HOUR), journey_step, who);
}

/* Hotels, stations and telephones in one or two countries; the desk at home is seldom used. */
void scenario_traveller(struct sim *s)
{
    struct identity *who = cast_login(s);
    uint32_t clients = 3 + rng_below(&s->rng, PLACES - 3);
    char(*places)[96] = places_new();
    unsigned provider[3];
    struct stay *stay;

    if (who == NULL) {
        cast_nobody("traveller");
        return;
    }
    for (unsigned i = 0; i < 3; i++)
        provider[i] = place_abroad(&s->rng, ABROAD_TRAVEL);
    for (uint32_t i = 0; i < clients; i++)
        place_client(&s->rng, provider[rng_below(&s->rng, 3)], places[i], sizeof(places[i]));
    stay = stay_new(s, "honest:traveller", who);
    stay->client = (const char(*)[96])places;
    stay->clients = clients;
    stay->share = 0.85;
    stay->from = cast_time(s, 0.5, 0.75);
    stay->to = stay->from + (int64_t)(cast_size(s, 30, 120) * (double)HOUR);
    who->role->from = stay->from;
    who->role->to = stay->to;
    sched_add(&s->sched, stay->from, journey_step, who);
}

/* From one day on the whole office is seen at one or two new addresses. */
void scenario_moved(struct sim *s)
{
    struct customer *c = cast_office(s, 3, 15);
    uint32_t clients = 1 + rng_below(&s->rng, 2);
    char(*places)[96] = places_new();
    int64_t day = cast_time(s, 0.5, 0.75) / DAY * DAY;

    if (c == NULL) {
        cast_nobody("moved");
        return;
    }
    for (uint32_t i = 0; i < clients; i++)
        place_moved(&s->rng, places[i], sizeof(places[i]));
    for (uint32_t j = 0; j < c->identities; j++) {
        struct identity *who = &s->world->identity[c->first + j];
        struct stay *stay = stay_new(s, "honest:moved", who);

        stay->client = (const char(*)[96])places;
        stay->clients = clients;
        stay->share = 0.93;
        stay->from = who->role->from = day + 7 * HOUR;
        stay->to = INT64_MAX;
    }
}
