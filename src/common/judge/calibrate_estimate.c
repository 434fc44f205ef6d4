#include "judge/calibrate_parts.h"

#include <math.h>
#include <stdlib.h>

/* Fewer identities say nothing that the shipped weights don't: no line for that sign. */
#define IDENTITIES_LEAST 10u
/* So many observations tell an identity's share well enough to be shown, and to be missed. */
#define TELLING 20.0F
/* Hours of everybody's that say something of how often they double, and what the shipped share
 * counts for among them. */
#define HOURS_LEAST 100u
#define HOURS_PRIOR 20.0

/* What the witnesses saw of one sign: their draws, and the shares of those who saw enough. */
struct gathered {
    struct draw *draw;
    float *share;
    size_t draws, shares;
};

/* The witness's days; together they weigh 1. */
static void gather_one(const struct witness *w, enum sign sign, struct gathered *g)
{
    float days = 0, yes = 0, all = 0;

    for (const struct cell *cell = w->newest[sign]; cell; cell = cell->older)
        days++;
    for (const struct cell *cell = w->newest[sign]; cell; cell = cell->older) {
        float n = cell->yes + cell->no;
        g->draw[g->draws++] = (struct draw){
            .yes = cell->yes, .no = cell->no, .least = cell->least / n, .weight = 1 / days};
        yes += cell->yes;
        all += n;
    }
    if (all >= TELLING)
        g->share[g->shares++] = yes / all;
}

static void show(struct sign_fit *fit, float *share, size_t n)
{
    fit->telling = n;
    if (n == 0)
        return;
    fit->median = quantile(share, n, 0.5);
    fit->high = quantile(share, n, 0.9);
    fit->highest = quantile(share, n, 0.99);
}

static bool estimate_sign(struct calibrate *c, enum sign sign)
{
    struct gathered g = {.draw = calloc(c->cells[sign] + 1, sizeof *g.draw),
                         .share = calloc(c->witnesses + 1, sizeof *g.share)};
    struct sign_fit *fit = &c->fit[sign];
    const struct shares *shipped = &c->o.shipped->sign[sign].usual;
    bool ok = g.draw && g.share;

    for (const struct witness *w = ok ? c->first : NULL; w; w = w->next)
        if (!w->left_out && w->newest[sign]) {
            gather_one(w, sign, &g);
            fit->identities++;
        }
    if (ok)
        show(fit, g.share, g.shares);
    fit->fitted = ok && fit->identities >= IDENTITIES_LEAST;
    if (fit->fitted)
        ok = fit_shares(g.draw, g.draws, shipped, fit->telling, &fit->shares);
    free(g.draw);
    free(g.share);
    return ok;
}

/* A single share, of everybody's hours together: that is what the scorer begins with
 * (evidence_volume.c), since it learns the rest at once. */
static bool estimate_busier(struct calibrate *c)
{
    float *share = calloc(c->witnesses + 1, sizeof *share);
    struct sign_fit *fit = &c->fit[SIGN_BUSIER];
    double shipped = shares_mean(&c->o.shipped->sign[SIGN_BUSIER].usual), hours = 0, doubled = 0;
    size_t n = 0;

    if (share == NULL)
        return false;
    for (const struct witness *w = c->first; w; w = w->next) {
        if (w->left_out || w->hours == 0)
            continue;
        fit->identities++;
        hours += w->hours;
        doubled += w->doubled;
        if ((float)w->hours >= TELLING)
            share[n++] = (float)w->doubled / (float)w->hours;
    }
    show(fit, share, n);
    free(share);
    fit->fitted = fit->identities >= IDENTITIES_LEAST && hours >= HOURS_LEAST;
    double now = (doubled + HOURS_PRIOR * shipped) / (hours + HOURS_PRIOR);
    now = fmin(fmax(now, 0.01), 0.99);
    fit->shares = (struct shares){.n = 1,
                                  .share = {(float)now},
                                  .weight = {1},
                                  .yes = {(float)log(now)},
                                  .no = {(float)log1p(-now)}};
    return true;
}

bool estimate_all(struct calibrate *c)
{
    bool ok = estimate_busier(c);

    for (unsigned i = 0; ok && i < SIGN_TALLIES; i++)
        ok = estimate_sign(c, i);
    c->fitted = *c->o.scoring;
    for (unsigned i = 0; i < SIGN_COUNT; i++)
        if (c->fit[i].fitted)
            c->fitted.sign[i].usual = c->fit[i].shares;
    return ok;
}
