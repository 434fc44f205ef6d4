#include <math.h>
#include <stdlib.h>

#include "base/when.h"
#include "judge/score_parts.h"

/* Under so many nats a watch has nothing to tell: what is told of it begins when it rises over
 * them, or it would begin with an oddity of the day before. */
#define NEARLY_ZERO 2.0
#define HOUR ((float)(3600 * WHEN_SECOND))
/* Nobody is flagged at less of the threshold, or everything would be over it. */
#define SHARE_LEAST 0.01

void person_learn(struct person *p, enum sign sign, float yes)
{
    tally_add(&p->usual.sign[sign], yes);
    tally_add(&p->group->usual.sign[sign], yes);
}

bool is_explained(const struct scorer *s, const struct person *p)
{
    return s->o.seen || (s->o.explain.n && slice_ieq(s->o.explain, person_name(p)));
}

static void learn(struct person *p, const struct watch *watch)
{
    usual_merge(&p->usual, &watch->learned);
    usual_merge(&p->group->usual, &watch->learned);
}

bool is_dealt(const struct person *p, int64_t arrived)
{
    return p->dealt && arrived / WHEN_SECOND <= (int64_t)p->dealt;
}

/* The threshold, and what is said of it in shares. What is gathered stays as it was: if a message
 * brought less, too, nobody were flagged any sooner. */
static void lower(struct scoring *s, double share)
{
    s->threshold *= share;
    s->family_most *= share;
    s->campaign_most *= share;
    s->mailing_most *= share;
    s->conduct_most *= share;
    s->remote_most *= share;
}

const struct scoring *scoring_of(struct scorer *s, const struct person *p)
{
    if (s->probations.used == 0)
        return s->scoring;
    const struct probation *b = map_get(&s->probations, person_bytes(p));
    if (b == NULL || s->time >= b->until || b->share >= 1)
        return s->scoring;
    if (b->share < s->lowered_share || b->share > s->lowered_share) {
        *s->lowered = *s->scoring;
        lower(s->lowered, b->share);
        s->lowered_share = b->share;
    }
    return s->lowered;
}

bool scorer_probation(struct scorer *s, unsigned kind, struct slice identity, double share,
                      int64_t until)
{
    char buf[IDENTITY_LONGEST + 1];
    struct slice key = person_key(kind, identity, buf);
    struct probation *b = map_get(&s->probations, key);

    if (key.n == 0) /* nobody has such a name */
        return true;
    if (s->lowered == NULL && (s->lowered = malloc(sizeof *s->lowered)) == NULL)
        return false;
    if (b == NULL) {
        b = arena_alloc(&s->arena, sizeof *b);
        key = arena_slice(&s->arena, key);
        if (b == NULL || key.n == 0 || !map_put(&s->probations, key, b))
            return false;
    }
    b->share = fmax(SHARE_LEAST, share);
    b->until = until;
    return true;
}

struct window *watch_window(struct scorer *s, struct person *p)
{
    struct window *w = p->window ? p->window : s->spare;

    if (w == s->spare) {
        cusum_start(&w->cusum, s->scoring);
        w->last = WHEN_NONE;
        w->sums.n = 0;
        w->sums.more = false;
        beliefs_clear(&w->watch.beliefs);
        w->watch.learned = (struct usual){0};
    }
    return w;
}

struct mind watch_mind(struct scorer *s, const struct person *p, struct window *w)
{
    return (struct mind){.scoring = s->scoring,
                         .own = &p->usual,
                         .customers = &p->group->usual,
                         .everyone = &s->everyone,
                         .watch = &w->watch,
                         .seen = s->o.seen,
                         .user = s->o.user,
                         .identity = person_name(p)};
}

/* A flagged one stays on watch for three days: what comes back within it is the same affair. */
static bool is_over(struct window *w, int64_t now)
{
    if (w->state == STATE_CLEAR)
        return true;
    beliefs_clear(&w->watch.beliefs); /* what it was thought to do was wrong */
    return now - w->alarmed > 3 * WHEN_DAY;
}

static double share_of(const struct scorer *s, const struct scoring *numbers)
{
    return numbers == s->scoring ? 1 : s->lowered_share;
}

struct window *watch_take(struct scorer *s, const struct letter *l, struct mind *m,
                          struct observation *o, bool arrived)
{
    struct person *p = l->person;
    struct window *w = p->window ? p->window : s->spare;
    int64_t idle = w == s->spare ? 0 : l->heard - w->last;
    float hours = idle > 0 ? (float)idle / HOUR : 0;
    double nearly_zero = NEARLY_ZERO * share_of(s, scoring_of(s, p));
    bool low = w->state == STATE_CLEAR && cusum_whole(&w->cusum) < nearly_zero;
    s->failed |= m->failed;
    bool up = cusum_add(&w->cusum, s->scoring, o, arrived, hours);

    mind_learn(m, o->part);
    if (low && w != s->spare && cusum_whole(&w->cusum) >= nearly_zero)
        window_recount(w, l->arrived, ++s->serial);
    if (l->heard > w->last)
        w->last = l->heard;
    if (w != s->spare) {
        w->fell = !up && is_over(w, l->heard);
        return w;
    }
    if (!up) {
        learn(p, &w->watch);
        return NULL;
    }
    p->window = window_of_spare(w, l->arrived, ++s->serial);
    s->failed |= p->window == NULL;
    return p->window;
}

static double score_of(const struct window *w, const struct scoring *s, float part[FAMILY_COUNT])
{
    return cusum_score(&w->cusum, s, sites_most(&w->sums, s), part);
}

static uint8_t state_of(const struct window *w, const struct scoring *s, double score)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (w->cusum.decisive[f])
            return STATE_INFECTED;
    if (score >= s->threshold)
        return STATE_COMPROMISED;
    return cusum_sum(&w->cusum, s, sites_most(&w->sums, s)) >= s->threshold ? STATE_SUSPECT
                                                                            : STATE_CLEAR;
}

/* Returns the score now. */
static double note_best(struct window *w, const struct scoring *s)
{
    float part[FAMILY_COUNT];
    double score = score_of(w, s, part);

    if (score > w->best) {
        w->best = score;
        memcpy(w->part, part, sizeof part);
    }
    return score;
}

/* Has it risen? */
static bool note_state(struct window *w, const struct scoring *s, double score, int64_t time)
{
    uint8_t state = state_of(w, s, score);

    if (state > STATE_CLEAR)
        w->alarmed = time;
    if (state <= w->state)
        return false;
    w->state = state;
    w->time = time;
    return true;
}

/* What was new in an innocent watch is known from now on. */
static void keep_fresh(struct scorer *s, const struct fresh *f)
{
    for (uint32_t i = 0; i < f->size; i++)
        if (f->slot[i])
            recent_add(&s->seen, f->slot[i]);
}

/* The sum fell to zero, or was set to it: a flagged window is kept, if none worse is. */
static void close_window(struct scorer *s, struct person *p, bool innocent)
{
    struct window *w = p->window;

    p->window = NULL;
    if (w->state == STATE_CLEAR) {
        if (innocent) {
            learn(p, &w->watch);
            keep_fresh(s, &w->fresh);
        }
        window_free(w);
    } else if (p->worst == NULL || w->state >= p->worst->state) {
        window_free(p->worst);
        p->worst = w;
    } else {
        window_free(w);
    }
}

void scorer_dealt(struct scorer *s, unsigned kind, struct slice identity)
{
    struct person *p = person_known(s, kind, identity);

    if (p == NULL)
        return;
    p->dealt = s->time > 0 ? (uint32_t)(s->time / WHEN_SECOND) : 0;
    p->tempo = (struct tempo){0};
    if (p == s->telling) /* its window is in use */
        s->dealt = true;
    else if (p->window)
        close_window(s, p, false);
}

/* Tells of somebody whose state rose; dealt with meanwhile? */
static bool tell(struct scorer *s, struct person *p, const struct window *w)
{
    struct suspect out;

    if (s->o.flagged == NULL)
        return false;
    person_suspect(s, p, w, &out);
    s->telling = p;
    s->dealt = false;
    s->o.flagged(s->o.user, &out);
    s->telling = NULL;
    return s->dealt;
}

static void explain(struct scorer *s, const struct letter *l, const struct window *w,
                    const char *what, const struct observation *o)
{
    char stamp[WHEN_TEXT_MAX];
    struct text *t = &s->line;

    t->n = 0;
    text_add(t, slice_of(stamp, when_print(stamp, l->heard, 0)));
    text_addc(t, ' ');
    text_add(t, l->qid);
    text_addf(t, " %s", what);
    const struct scoring *scoring = scoring_of(s, l->person);
    const char *mark = ":";
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        if (o->decisive[f])
            text_addf(t, "%s %s decisive", mark, family_name(f).p);
        else if (o->llr[f] > 0 || o->llr[f] < 0)
            text_addf(t, "%s %s %+.2f", mark, family_name(f).p, (double)o->llr[f]);
        else
            continue;
        mark = "";
    }
    text_addf(t, ": score %.2f of %.2f", w ? score_of(w, scoring, NULL) : 0.0, scoring->threshold);
    s->failed |= t->failed;
    s->o.explained(s->o.user, text_slice(t));
}

void watch_done(struct scorer *s, const struct letter *l, struct window *w, const char *what,
                const struct observation *o)
{
    struct person *p = l->person;
    bool dealt = false;

    if (w && !w->fell) {
        const struct scoring *scoring = scoring_of(s, p);
        bool before = w->state >= STATE_COMPROMISED;
        double score = note_best(w, scoring);
        bool rose = note_state(w, scoring, score, l->heard);
        if (rose || w->state == STATE_CLEAR)
            w->share = (float)share_of(s, scoring);
        s->flags += !before && w->state == STATE_COMPROMISED;
        dealt = rose && tell(s, p, w);
    }
    if (s->o.explained && is_explained(s, p))
        explain(s, l, w && !w->fell ? w : NULL, what, o);
    if (w && (w->fell || dealt))
        close_window(s, p, !dealt);
}

void letter_count(struct scorer *s, struct window *w, const struct letter *l)
{
    uint64_t number = recent_mix(l->key, recent_mix(w->serial, 'w'));

    if (recent_has(&s->heard, number))
        return;
    if (!l->last)
        recent_add(&s->heard, number);
    if (!window_message(w, l->sender, l->client, l->country, l->recipients))
        s->failed = true;
}
