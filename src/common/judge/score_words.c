#include "judge/score_parts.h"

#include "base/when.h"

#define WAIT_LONGEST (60 * WHEN_SECOND)
/* Of mail to a site of which nothing is known, how much it refuses for content. */
#define SITE_USUAL 0.02

static void count_answers(struct scorer *s, struct window *w, const struct letter *l)
{
    w->content += l->content;
    w->unknown += l->unknown;
    w->told += l->to.all;
    w->fresh_rcpts += l->to.fresh;
    w->verdicts += l->verdict != VERDICT_NOTHING;
    w->spam += l->verdict == VERDICT_SPAM;
    w->viruses += l->verdict == VERDICT_VIRUS;
    if (l->content || l->unknown || l->verdict >= VERDICT_SPAM)
        s->failed |= !window_sample(w, l->qid);
}

static void letter_done(struct scorer *s, const struct letter *l, struct mind *m, const char *what,
                        struct observation *o)
{
    struct window *w = watch_take(s, l, m, o, false);

    if (w) {
        letter_count(s, w, l);
        count_answers(s, w, l);
    }
    watch_done(s, l, w, what, o);
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

/* Everybody was known and nobody refused it, and the person isn't watched. */
static bool letter_idle(struct scorer *s, const struct letter *l)
{
    struct person *p = l->person;

    if (p->window || l->to.fresh || is_explained(s, p))
        return false;
    for (unsigned i = 0; i < l->words; i++)
        if (word_accuses(&l->word[i]))
            return false;
    for (unsigned i = 0; i < l->words; i++)
        if (l->word[i].accepted)
            person_learn(p, SIGN_CONTENT, 0);
    if (l->to.all)
        person_learn(p, SIGN_NEW_RCPT, 0);
    return true;
}

void letter_take(struct scorer *s, struct letter *l)
{
    struct person *p = l->person;
    struct observation o = {0};
    char what[120] = "";

    if (is_dealt(p, l->arrived) || letter_idle(s, l))
        return;
    if (is_explained(s, p))
        describe(l, what, sizeof what);
    struct window *w = watch_window(s, p);
    struct mind m = watch_mind(s, p, w);
    recipients_observe(&m, &l->to, &o);
    for (unsigned i = 0; i < l->words; i++) {
        const struct word *word = &l->word[i];
        double usual =
            remote_share_refused(s->remotes, &word->site, p->group->id, l->heard, SITE_USUAL);
        word_observe(&m, word, usual > SITE_USUAL ? (float)usual : 0, &w->sums, &o);
    }
    letter_done(s, l, &m, what, &o);
}

void verdict_take(struct scorer *s, struct letter *l)
{
    static const char *const what[] = {"our filter: nothing", "our filter: clean",
                                       "our filter: spam", "our filter: a virus"};
    struct observation o = {0};

    if (l->person->window == NULL && l->verdict == VERDICT_CLEAN && !is_explained(s, l->person)) {
        person_learn(l->person, SIGN_SPAM, 0);
        return;
    }
    struct window *w = watch_window(s, l->person);
    struct mind m = watch_mind(s, l->person, w);
    verdict_observe(&m, l->verdict, &o);
    letter_done(s, l, &m, what[l->verdict], &o);
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
    w->letter.country = keep(w->country, sizeof w->country, l->country);
    return w;
}

static void join(struct letter *to, const struct letter *l)
{
    const struct word *new = &l->word[0];

    to->heard = l->heard;
    to->content += l->content;
    to->unknown += l->unknown;
    to->to.all += l->to.all;
    to->to.fresh += l->to.fresh;
    to->to.domains += l->to.domains;
    for (unsigned i = 0; i < to->words; i++) {
        struct word *old = &to->word[i];
        if (old->site.name != new->site.name)
            continue;
        old->accepted += new->accepted;
        old->content += new->content;
        old->unknown += new->unknown;
        old->fresh += new->fresh;
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
