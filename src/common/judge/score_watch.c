#include "base/when.h"
#include "judge/score_parts.h"

/* Under so many nats a watch has nothing to tell: what is told of it begins when it rises over
 * them, or it would begin with an oddity of the day before. */
#define NEARLY_ZERO 2.0
#define HOUR ((float)(3600 * WHEN_SECOND))

void person_learn(struct person *p, enum sign sign, float yes)
{
    tally_add(&p->usual.sign[sign], yes);
    tally_add(&p->group->usual.sign[sign], yes);
}

bool is_explained(const struct scorer *s, const struct person *p)
{
    return s->o.seen || (s->o.explain.n && slice_ieq(s->o.explain, p->name));
}

static void learn(struct person *p, const struct watch *watch)
{
    usual_merge(&p->usual, &watch->learned);
    usual_merge(&p->group->usual, &watch->learned);
}

struct window *watch_window(struct scorer *s, struct person *p)
{
    struct window *w = p->window ? p->window : s->spare;

    if (w == s->spare) {
        cusum_start(&w->cusum, s->scoring);
        w->last = WHEN_NONE;
        w->sums = (struct site_sums){0};
        w->watch.begun = 0;
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
                         .identity = p->name};
}

/* A flagged one stays on watch for three days: what comes back within it is the same affair. */
static bool is_over(struct window *w, int64_t now)
{
    if (w->state == STATE_CLEAR)
        return true;
    w->watch.begun = 0; /* what it was thought to do was wrong */
    return now - w->alarmed > 3 * WHEN_DAY;
}

struct window *watch_take(struct scorer *s, const struct letter *l, struct mind *m,
                          struct observation *o, bool arrived)
{
    struct person *p = l->person;
    struct window *w = p->window ? p->window : s->spare;
    int64_t idle = w == s->spare ? 0 : l->heard - w->last;
    float hours = idle > 0 ? (float)idle / HOUR : 0;
    bool low = w->state == STATE_CLEAR && cusum_whole(&w->cusum) < NEARLY_ZERO;
    bool up = cusum_add(&w->cusum, s->scoring, o, arrived, hours);

    mind_learn(m, o->part);
    if (low && w != s->spare && cusum_whole(&w->cusum) >= NEARLY_ZERO)
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
    struct window *spare = window_new(0, 0);
    if (spare == NULL) {
        s->failed = true;
        return NULL;
    }
    s->spare = spare;
    w->since = l->arrived;
    w->serial = ++s->serial;
    return p->window = w;
}

static double score_of(const struct window *w, const struct scoring *s, float part[FAMILY_COUNT])
{
    return cusum_score(&w->cusum, s, sites_most(&w->sums, s), part);
}

static uint8_t state_of(const struct window *w, const struct scoring *s)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (w->cusum.decisive[f])
            return STATE_INFECTED;
    double most = sites_most(&w->sums, s);
    if (cusum_score(&w->cusum, s, most, NULL) >= s->threshold)
        return STATE_COMPROMISED;
    return cusum_sum(&w->cusum, s, most) >= s->threshold ? STATE_SUSPECT : STATE_CLEAR;
}

static void note_best(struct window *w, const struct scoring *s)
{
    float part[FAMILY_COUNT];
    double score = score_of(w, s, part);

    if (score <= w->best)
        return;
    w->best = score;
    memcpy(w->part, part, sizeof part);
}

static void note_state(struct window *w, const struct scoring *s, int64_t time)
{
    uint8_t state = state_of(w, s);

    if (state > STATE_CLEAR)
        w->alarmed = time;
    if (state <= w->state)
        return;
    w->state = state;
    w->time = time;
}

/* What was new in an innocent watch is known from now on. */
static void keep_fresh(struct scorer *s, const struct fresh *f)
{
    for (uint32_t i = 0; i < f->size; i++)
        if (f->slot[i])
            recent_add(&s->seen, f->slot[i]);
}

/* The sum fell to zero: a flagged window is kept, if none worse is. */
static void close_window(struct scorer *s, struct person *p)
{
    struct window *w = p->window;

    p->window = NULL;
    if (w->state == STATE_CLEAR) {
        learn(p, &w->watch);
        keep_fresh(s, &w->fresh);
        window_free(w);
    } else if (p->worst == NULL || w->state >= p->worst->state) {
        window_free(p->worst);
        p->worst = w;
    } else {
        window_free(w);
    }
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
    text_addf(t, ": score %.2f of %.2f", w ? score_of(w, s->scoring, NULL) : 0.0,
              s->scoring->threshold);
    s->failed |= t->failed;
    s->o.explained(s->o.user, text_slice(t));
}

void watch_done(struct scorer *s, const struct letter *l, struct window *w, const char *what,
                const struct observation *o)
{
    struct person *p = l->person;

    if (w && !w->fell) {
        bool before = w->state >= STATE_COMPROMISED;
        note_best(w, s->scoring);
        note_state(w, s->scoring, l->heard);
        s->flags += !before && w->state == STATE_COMPROMISED;
    }
    if (s->o.explained && is_explained(s, p))
        explain(s, l, w && !w->fell ? w : NULL, what, o);
    if (w && w->fell)
        close_window(s, p);
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
