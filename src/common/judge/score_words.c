#include "judge/score_parts.h"

#include "base/when.h"

#define WAIT_LONGEST (60 * WHEN_SECOND)

static uint64_t in_window(const struct letter *l, const struct window *w)
{
    return recent_mix(l->key, recent_mix(w->serial, 'w'));
}

void letter_count(struct scorer *s, struct window *w, const struct letter *l)
{
    uint64_t number = in_window(l, w);

    if (recent_has(&s->heard, number))
        return;
    if (!l->last)
        recent_add(&s->heard, number);
    if (!window_message(w, l->sender, l->client, l->recipients))
        s->failed = true;
}

static void count_refused(struct window *w, const struct letter *l)
{
    w->content += l->content;
    w->unknown += l->unknown;
    if (l->content || l->unknown)
        window_sample(w, l->qid);
}

static bool is_explained(const struct scorer *s, const struct person *p)
{
    return s->o.explain.n && slice_ieq(s->o.explain, p->name);
}

static double score_of(const struct person *p, const struct scoring *s, float part[FAMILY_COUNT])
{
    return cusum_score(&p->cusum, s, sites_most(&p->window->sums, s), part);
}

static void explain(struct scorer *s, const struct person *p, const struct letter *l,
                    const char *what, const struct observation *o)
{
    char stamp[WHEN_TEXT_MAX];
    struct text *t = &s->line;

    t->n = 0;
    text_add(t, slice_of(stamp, when_print(stamp, l->heard, 0)));
    text_addc(t, ' ');
    text_add(t, l->qid);
    text_addf(t, " %s:", what);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        if (o->decisive[f])
            text_addf(t, " %s decisive", family_name(f).p);
        else if (o->llr[f] > 0 || o->llr[f] < 0)
            text_addf(t, " %s %+.2f", family_name(f).p, (double)o->llr[f]);
    }
    text_addf(t, ": score %.2f of %.2f", p->window ? score_of(p, s->scoring, NULL) : 0.0,
              s->scoring->threshold);
    s->failed |= t->failed;
    s->o.explained(s->o.user, text_slice(t));
}

/* The sum fell to zero: a flagged window is kept, if none worse is. */
static void close_window(struct person *p)
{
    struct window *w = p->window;

    p->window = NULL;
    if (w->state > STATE_CLEAR && (p->worst == NULL || w->state >= p->worst->state)) {
        window_free(p->worst);
        p->worst = w;
    } else {
        window_free(w);
    }
}

static uint8_t state_of(const struct person *p, const struct scoring *s)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (p->cusum.decisive[f])
            return STATE_INFECTED;
    if (score_of(p, s, NULL) >= s->threshold)
        return STATE_COMPROMISED;
    return cusum_sum(&p->cusum, sites_most(&p->window->sums, s)) >= s->threshold ? STATE_SUSPECT
                                                                                 : STATE_CLEAR;
}

static void note_best(struct window *w, const struct person *p, const struct scoring *s)
{
    float part[FAMILY_COUNT];
    double score = score_of(p, s, part);

    if (score <= w->best)
        return;
    w->best = score;
    memcpy(w->part, part, sizeof part);
}

/* The person's window, a new one at need that begins with this letter. */
static struct window *window_of(struct scorer *s, const struct letter *l)
{
    struct person *p = l->person;

    if (p->window)
        return p->window;
    cusum_start(&p->cusum, s->scoring);
    if ((p->window = window_new(l->arrived, ++s->serial)) == NULL)
        s->failed = true;
    return p->window;
}

static void observe(struct scorer *s, const struct letter *l, const char *what,
                    struct observation *o)
{
    struct person *p = l->person;
    struct window *w = p->window;
    bool up = cusum_add(&p->cusum, s->scoring, o);

    note_best(w, p, s->scoring);
    uint8_t state = state_of(p, s->scoring);
    if (state > w->state) {
        w->state = state;
        w->time = l->heard;
    }
    if (!up)
        close_window(p);
    if (is_explained(s, p))
        explain(s, p, l, what, o);
}

/* What a letter that changes nothing would have said; only for those who want to know. */
static void explain_idle(struct scorer *s, const struct letter *l, const char *what,
                         struct observation *o)
{
    struct site_sums none = {0};

    for (unsigned i = 0; i < l->words; i++)
        word_observe(&l->word[i], s->scoring, 0, &none, o);
    if (is_explained(s, l->person))
        explain(s, l->person, l, what, o);
}

static void describe(const struct letter *l, char *what, size_t size)
{
    unsigned accepted = 0, content = 0, unknown = 0, other = 0;

    for (unsigned i = 0; i < l->words; i++) {
        accepted += l->word[i].accepted;
        content += l->word[i].content;
        unknown += l->word[i].unknown;
        other += l->word[i].other;
    }
    snprintf(what, size,
             "%u accepted, %u refused as spam, %u as unknown, %u otherwise, by %u provider%s",
             accepted, content, unknown, other, l->words, l->words == 1 ? "" : "s");
}

static bool letter_accuses(const struct letter *l)
{
    for (unsigned i = 0; i < l->words; i++)
        if (word_accuses(&l->word[i]))
            return true;
    return false;
}

void letter_take(struct scorer *s, struct letter *l)
{
    struct person *p = l->person;
    struct observation o = {0};
    bool accuses = letter_accuses(l);
    char what[120] = "";

    if (is_explained(s, p))
        describe(l, what, sizeof what);
    if (p->window == NULL && !accuses) {
        if (what[0])
            explain_idle(s, l, what, &o);
        return;
    }
    struct window *w = window_of(s, l);
    if (w == NULL)
        return;
    letter_count(s, w, l);
    count_refused(w, l);
    for (unsigned i = 0; i < l->words; i++) {
        const struct word *word = &l->word[i];
        double usual = remote_share_refused(s->remotes, &word->site, p->customer, l->heard,
                                            s->scoring->family[FAMILY_CONTENT].usual);
        word_observe(word, s->scoring, usual, &w->sums, &o);
    }
    observe(s, l, what, &o);
}

void verdict_take(struct scorer *s, struct letter *l, enum verdict v)
{
    static const char *const what[] = {"our filter: nothing", "our filter: clean",
                                       "our filter: spam", "our filter: a virus"};
    struct observation o = {0};

    verdict_observe(v, s->scoring, &o);
    if (l->person->window == NULL && !observation_accuses(&o)) {
        explain_idle(s, l, what[v], &o);
        return;
    }
    struct window *w = window_of(s, l);
    if (w == NULL)
        return;
    letter_count(s, w, l);
    w->verdicts++;
    w->spam += v == VERDICT_SPAM;
    w->viruses += v == VERDICT_VIRUS;
    if (observation_accuses(&o))
        window_sample(w, l->qid);
    observe(s, l, what[v], &o);
}

/* Waiting letters. */

static struct waiting *waiting_at(const struct scorer *s, size_t i)
{
    return &s->waiting[(s->first + i) % WAITING];
}

static void take_waiting(struct scorer *s, struct waiting *w)
{
    struct letter *l = &w->letter;

    for (unsigned i = 0; i < l->words; i++)
        recent_add(&s->heard, recent_mix(l->key, l->word[i].site.name));
    if (l->person)
        letter_take(s, l);
    l->person = NULL; /* taken; its place is freed when it is the oldest */
}

static void drop_taken(struct scorer *s)
{
    while (s->waits && s->waiting[s->first].letter.person == NULL) {
        s->first = (s->first + 1) % WAITING;
        s->waits--;
    }
}

void letters_due(struct scorer *s, int64_t now)
{
    while (s->waits) {
        struct waiting *w = &s->waiting[s->first];
        if (w->letter.person && now != INT64_MAX && w->since > now - WAIT_LONGEST)
            return;
        if (w->letter.person)
            take_waiting(s, w);
        drop_taken(s);
    }
}

void letters_removed(struct scorer *s, uint64_t leg)
{
    for (size_t i = s->waits; i-- > 0;) {
        struct waiting *w = waiting_at(s, i);
        if (w->letter.person == NULL || w->letter.leg != leg)
            continue;
        w->letter.last = true;
        take_waiting(s, w);
        drop_taken(s);
        return;
    }
}

static struct slice keep(char *buf, size_t size, struct slice s)
{
    if (s.n > size)
        s.n = size;
    if (s.n)
        memcpy(buf, s.p, s.n);
    return slice_of(buf, s.n);
}

static struct waiting *wait_new(struct scorer *s, const struct letter *l)
{
    if (s->waits == WAITING) {
        take_waiting(s, &s->waiting[s->first]);
        drop_taken(s);
    }
    struct waiting *w = waiting_at(s, s->waits++);
    w->letter = *l;
    w->since = s->now;
    w->letter.qid = keep(w->qid, sizeof w->qid, l->qid);
    w->letter.sender = keep(w->sender, sizeof w->sender, l->sender);
    w->letter.client = keep(w->client, sizeof w->client, l->client);
    return w;
}

static void join(struct letter *to, const struct letter *l)
{
    const struct word *new = &l->word[0];

    to->heard = l->heard;
    to->content += l->content;
    to->unknown += l->unknown;
    for (unsigned i = 0; i < to->words; i++) {
        struct word *old = &to->word[i];
        if (old->site.name != new->site.name)
            continue;
        old->accepted += new->accepted;
        old->content += new->content;
        old->unknown += new->unknown;
        old->other += new->other;
        return;
    }
    if (to->words < LETTER_SITES)
        to->word[to->words++] = *new;
}

void letter_wait(struct scorer *s, const struct letter *l)
{
    for (size_t i = s->waits; i-- > 0;) {
        struct letter *old = &waiting_at(s, i)->letter;
        if (old->person == l->person && old->key == l->key && old->leg == l->leg) {
            join(old, l);
            return;
        }
    }
    wait_new(s, l);
}
