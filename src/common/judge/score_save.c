#include "judge/score_save.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/when.h"
#include "judge/score_save_parts.h"

#define PERSON_DAYS 90
#define FLAG_DAYS 30

const struct slice saved_magic = SL("#mptools-scorer ");
const uint16_t saved_sizes[SAVED_SIZES] = {SIGN_TALLIES,    FAMILY_COUNT,    LEVELS,
                                           SLOTS,           SHARES_MOST,     SITES_KEPT,
                                           SUSPECT_SENDERS, SUSPECT_CLIENTS, SUSPECT_COUNTRIES,
                                           SUSPECT_SAMPLES, QID_KEPT,        NAME_KEPT,
                                           SENDER_BITS,     SCORER_RATES,    LETTER_SITES,
                                           WAITING,         STATE_INFECTED,  VERDICT_VIRUS};

uint64_t saved_shares(const struct scoring *s)
{
    struct text t = {0};

    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        const struct shares *of[] = {&s->sign[i].usual, &s->sign[i].compromised};
        for (unsigned k = 0; k < 2; k++) {
            pack_number(&t, of[k]->n);
            for (unsigned j = 0; j < of[k]->n; j++) {
                pack_float(&t, of[k]->share[j]);
                pack_float(&t, of[k]->weight[j]);
            }
        }
    }
    uint64_t hash = t.failed ? 0 : XXH3_64bits(t.p, t.n);
    text_free(&t);
    return hash;
}

/* Hours since 1970 at which the person was last heard of; 0: that isn't known. */
static uint32_t heard_of(const struct person *p)
{
    uint32_t tempo = p->tempo.hour > 0 ? (uint32_t)p->tempo.hour : 0;

    return p->heard > tempo ? p->heard : tempo;
}

/* The log's time, unless it runs into the future. */
static int64_t sober(int64_t now)
{
    int64_t most = when_now() + WHEN_DAY;

    return now < most ? now : most;
}

/* Gives numbers to the people that are kept, and to their groups. Returns how many people. */
static uint32_t choose(const struct scorer *s, int64_t now)
{
    int64_t hour = now == INT64_MIN ? 0 : hour_of(now);
    const struct map_entry *e;
    struct person *p;
    uint32_t people = 0;

    for (size_t at = 0; (e = map_next(&s->groups, &at)) != NULL;)
        ((struct group *)e->value)->number = 0;
    for (size_t at = 0; (p = person_next(s, &at)) != NULL;) {
        if (heard_of(p) == 0)
            p->heard = hour > 0 ? (uint32_t)hour : 0;
        bool kept = (int64_t)heard_of(p) >= hour - PERSON_DAYS * 24;
        p->number = kept ? ++people : 0;
        if (kept)
            p->group->number = 1;
    }
    return people;
}

static void save_groups(const struct scorer *s, struct text *out)
{
    const struct map_entry *e;
    uint32_t n = 0;

    for (size_t at = 0; (e = map_next(&s->groups, &at)) != NULL;) {
        struct group *g = e->value;
        if (g->number)
            g->number = ++n;
    }
    pack_number(out, n);
    for (size_t at = 0; (e = map_next(&s->groups, &at)) != NULL;) {
        const struct group *g = e->value;
        if (g->number == 0)
            continue;
        pack_bytes(out, g->label);
        pack_bytes(out, g->partner);
        usual_save(&g->usual, out);
    }
}

static void save_rates(const struct person *p, struct text *out)
{
    uint16_t rate[SCORER_RATES];
    unsigned n = SCORER_RATES;

    rates_get(p, rate);
    while (n && rate[n - 1] == 0)
        n--;
    pack_number(out, n);
    if (n)
        pack_number(out, p->scale);
    for (unsigned i = 0; i < n; i++)
        pack_number(out, rate[i]);
}

static void save_person(const struct scorer *s, const struct person *p, int64_t now, bool rates,
                        struct text *out)
{
    static const struct person none;
    bool worst = p->worst && p->worst->last >= now - FLAG_DAYS * WHEN_DAY;

    pack_number(out, p->kind);
    pack_bytes(out, person_name(p));
    pack_number(out, p->group->number);
    pack_number(out, heard_of(p));
    pack_number(out, p->dealt);
    pack_number(out, (uint32_t)p->tempo.hour);
    pack_number(out, p->tempo.messages);
    pack_number(out, p->provider);
    pack_number(out, p->minute);
    usual_save(&p->usual, out);
    save_rates(rates ? p : &none, out);
    pack_number(out, (p->window ? 1u : 0) | (worst ? 2u : 0));
    if (p->window)
        window_save(p->window, s->scoring, true, out);
    if (worst)
        window_save(p->worst, s->scoring, false, out);
}

bool scorer_save(const struct scorer *s, struct text *out)
{
    size_t start = out->n;
    int64_t now = sober(s->now);
    bool rates = s->scale <= SAVED_SCALE;
    const struct person *p;

    text_add(out, saved_magic);
    text_addf(out, "%d\n", SAVED_VERSION);
    for (size_t i = 0; i < SAVED_SIZES; i++)
        pack_number(out, saved_sizes[i]);
    pack_fixed(out, saved_shares(s->scoring));
    pack_fixed(out, s->seed);
    pack_fixed(out, (uint64_t)now);
    pack_fixed(out, (uint64_t)(rates ? s->start : INT64_MIN));
    pack_number(out, rates ? s->scale : 0);
    pack_number(out, s->serial);
    usual_save(&s->everyone, out);
    uint32_t people = choose(s, now);
    save_groups(s, out);
    pack_number(out, people);
    for (size_t at = 0; (p = person_next(s, &at)) != NULL;)
        if (p->number)
            save_person(s, p, now, rates, out);
    letters_save(s, out);
    recent_save(&s->heard, out);
    recent_save(&s->passed, out);
    recent_save(&s->seen, out);
    remotes_save(s->remotes, out);
    if (!out->failed)
        pack_fixed(out, XXH3_64bits(out->p + start, out->n - start));
    return !out->failed;
}
