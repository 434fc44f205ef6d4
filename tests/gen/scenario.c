/* scenario: the table of scenarios: what goes wrong, and what only looks wrong. To add one, write
 * its start function (scenario.h) and name it here. See sim.h.
 */
#include "scenario.h"

struct scenario {
    const char *name;
    void (*start)(struct sim *s);
};

static const struct scenario first[] = {
    {"plain", NULL},
    {"compromised", scenario_compromised},
    {"infected", scenario_infected},
};

static const struct scenario attacks[] = {
    {"blast", scenario_blast},       {"slow", scenario_slow},   {"verified", scenario_verified},
    {"snowshoe", scenario_snowshoe}, {"phish", scenario_phish}, {"nat", scenario_nat},
    {"home", scenario_home},         {"virus", scenario_virus}, {"webform", scenario_webform},
};

static const struct scenario honest[] = {
    {"newsletter", scenario_newsletter}, {"invoices", scenario_invoices},
    {"scanner", scenario_scanner},       {"crm", scenario_crm},
    {"traveller", scenario_traveller},   {"moved", scenario_moved},
    {"forwarder", scenario_forwarder},   {"bounces", scenario_bounces},
    {"listed", scenario_listed},         {"first", scenario_newcomer},
    {"forged", scenario_forged},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Starts those of that name, or all of the table with `mixed`, times over. */
static bool start(struct sim *s, const struct scenario *table, size_t n, uint32_t times)
{
    bool all = strcmp(s->opt.scenario, "mixed") == 0, found = false;

    for (size_t i = 0; i < n; i++) {
        if (!all && strcmp(table[i].name, s->opt.scenario) != 0)
            continue;
        found = true;
        for (uint32_t j = 0; j < times && table[i].start != NULL; j++)
            table[i].start(s);
    }
    return found;
}

/* These need to know how long the log gets, and end by time, not by size. */
static void lengthen(struct sim *s)
{
    if (s->opt.days == 0)
        s->opt.days = 14;
    s->end = s->opt.start + (int64_t)(s->opt.days * (double)DAY);
    if (s->opt.size == 0)
        s->out.limit = UINT64_MAX;
    s->refused_as = OUTCOME_CONTENT;
    s->honest_refusals = 0.002;
}

bool scenario_start(struct sim *s)
{
    bool honestly, evil;

    for (size_t i = 0; i < COUNT(first); i++) {
        if (strcmp(first[i].name, s->opt.scenario) != 0)
            continue;
        if (first[i].start != NULL)
            first[i].start(s);
        return true;
    }
    lengthen(s);
    /* The odd ones have their pick of the customers first: some need a whole one. */
    honestly = start(s, honest, COUNT(honest), s->opt.hard);
    evil = start(s, attacks, COUNT(attacks), s->opt.attacks);
    return evil || honestly;
}
