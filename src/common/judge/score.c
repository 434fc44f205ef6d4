#include "judge/score.h"

#include <stdlib.h>

#include "base/when.h"
#include "judge/score_parts.h"

#define FEW_SLOTS ((size_t)1 << 12)
#define HEARD_SLOTS ((size_t)1 << 18)
#define PASSED_SLOTS ((size_t)1 << 14)
#define SEEN_SLOTS ((size_t)1 << 22)

struct scorer *scorer_new(const struct scorer_options *options)
{
    struct scorer *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->o = *options;
    s->scoring = options->scoring;
    s->now = s->start = INT64_MIN;
    s->seed = slice_hash_seed();
    s->remotes = remotes_new(s->seed);
    s->spare = window_spare();
    s->waiting = calloc(WAITING, sizeof *s->waiting);
    bool ok = recent_init(&s->heard, FEW_SLOTS, HEARD_SLOTS);
    ok &= recent_init(&s->passed, FEW_SLOTS, PASSED_SLOTS);
    ok &= recent_init(&s->seen, FEW_SLOTS, SEEN_SLOTS);
    if (s->remotes == NULL || s->waiting == NULL || s->spare == NULL || !ok) {
        scorer_free(s);
        return NULL;
    }
    s->psl = psl_latest(NULL); /* NULL where there is no list: the last two labels have to do */
    return s;
}

void scorer_free(struct scorer *s)
{
    const struct person *p;

    if (s == NULL)
        return;
    for (size_t at = 0; (p = person_next(s, &at)) != NULL;) {
        window_free(p->window);
        window_free(p->worst);
    }
    free(s->people.slot);
    map_free(&s->groups);
    map_free(&s->probations);
    window_free(s->spare);
    arena_free(&s->arena);
    remotes_free(s->remotes);
    recent_free(&s->heard);
    recent_free(&s->passed);
    recent_free(&s->seen);
    psl_free(s->psl);
    free(s->waiting);
    free(s->lowered);
    free(s->ranked);
    text_free(&s->seen_text);
    text_free(&s->line);
    free(s);
}

uint64_t scorer_hash(const struct scorer *s, struct slice name)
{
    return slice_hash_with(name, s->seed);
}

static struct person *person_new(struct scorer *s, const struct identity *id, struct slice key,
                                 const struct record *r)
{
    char buf[IDENTITY_LONGEST + 1];
    const struct customer *c = identity_customer(s->o.customers, id);

    struct slice label = c ? c->key : identity_label(s->psl, id, r, buf);
    struct group *g = group_of(s, label, c ? c->partner : r->f[COL_PARTNER]);
    struct person *p = g ? person_add(s, key) : NULL;
    if (p)
        p->group = g;
    else
        s->failed = true;
    return p;
}

/* The one who answers for the record; a new one only if `make`. */
static struct person *person_of(struct scorer *s, const struct record *r, const struct identity *id,
                                bool make)
{
    char buf[IDENTITY_LONGEST + 1];
    struct slice key = person_key(id->kind, id->name, buf);
    struct person *p = person_of_key(s, key);

    if (p == NULL && make)
        p = person_new(s, id, key, r);
    if (p)
        p->heard = (uint32_t)hour_of(r->time);
    return p;
}

static uint64_t number(struct slice s, uint64_t otherwise)
{
    uint64_t n;

    return slice_u64(s, &n) && n ? n : otherwise;
}

/* Seconds with a fraction, as microseconds. */
static int64_t delay_of(const struct record *r)
{
    struct slice d = r->f[COL_DELAY];
    const char *point = slice_chr(d, '.');
    uint64_t whole = number(point ? slice_range(d.p, point) : d, 0);
    int64_t us = whole < 100 * 86400 ? (int64_t)whole * WHEN_SECOND : 0, unit = WHEN_SECOND / 10;

    for (const char *p = point ? point + 1 : NULL; p && p < d.p + d.n && is_digit(*p); p++) {
        us += (*p - '0') * unit;
        unit /= 10;
    }
    return us;
}

/* Of a queue id on the host of the record at hand. */
static uint64_t queue_key(const struct scorer *s, struct slice qid)
{
    return recent_mix(s->host, scorer_hash(s, qid));
}

void letter_of(const struct scorer *s, const struct record *r, struct person *p, struct letter *out)
{
    struct slice qid = r->f[COL_QID], origin = r->f[COL_ORIGIN];
    uint64_t leg = queue_key(s, qid);

    memset(out, 0, offsetof(struct letter, word));
    out->person = p;
    out->key = origin.n ? queue_key(s, origin) : leg;
    out->leg = leg;
    out->arrived = r->time - delay_of(r);
    out->heard = r->time;
    out->recipients = number(r->f[COL_NRCPT], 1);
    out->qid = origin.n ? origin : qid;
    out->sender = r->f[COL_SENDER];
    out->client = r->f[COL_CLIENT_IP];
}

static void on_accept(struct scorer *s, const struct record *r)
{
    struct slice origin = r->f[COL_ORIGIN];
    struct identity id;

    if (origin.n && !slice_eq(origin, r->f[COL_QID])) { /* a later leg of a message that is known */
        recent_add(&s->passed, queue_key(s, origin));
        return;
    }
    if (identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return;
    struct person *p = person_of(s, r, &id, !id.outsider);
    if (p == NULL)
        return;
    person_rate(s, p, r->time);
    if (!is_dealt(p, r->time))
        arrival_take(s, p, r);
}

static bool is_flagged(const struct window *w)
{
    return w && w->state >= STATE_COMPROMISED;
}

/* What the site does to everybody, before it counts for this one. */
static void hear(struct scorer *s, const struct person *p, const struct remote *site,
                 enum answer answer, int64_t time)
{
    if (is_flagged(p->worst) || is_flagged(p->window))
        remote_forget(s->remotes, site, p->group->id);
    else if (answer == ANSWER_ACCEPTED || answer == ANSWER_CONTENT || answer == ANSWER_ABOUT_US)
        remote_heard(s->remotes, site, p->group->id, answer != ANSWER_ACCEPTED, time);
}

/* A recipient, and what the customer's having written to him and to his domain is kept as. */
struct rcpt {
    char buf[IDENTITY_LONGEST + 1];
    struct slice domain; /* in buf */
    uint64_t key;        /* 0: no address */
};

static void rcpt_of(const struct scorer *s, const struct record *r, const struct person *p,
                    struct rcpt *out)
{
    struct slice rcpt = r->f[COL_RCPT];
    const char *at = slice_rchr(rcpt, '@');

    out->key = 0;
    if (at == NULL || rcpt.n > IDENTITY_LONGEST)
        return;
    for (size_t i = 0; i < rcpt.n; i++)
        out->buf[i] = rcpt.p[i] >= 'A' && rcpt.p[i] <= 'Z' ? rcpt.p[i] | 0x20 : rcpt.p[i];
    size_t domain = (size_t)(at + 1 - rcpt.p);
    out->domain = slice_of(out->buf + domain, rcpt.n - domain);
    uint64_t whom = recent_mix(scorer_hash(s, slice_of(out->buf, rcpt.n)), 'R');
    out->key = recent_mix(p->group->hash, whom);
    recent_soon(&s->seen, out->key);
}

/* Did the customer write to this recipient before? */
static void see_rcpt(struct scorer *s, const struct rcpt *rcpt, struct letter *l)
{
    if (rcpt->key == 0)
        return;
    enum familiar f = familiar_now(s, l->person, rcpt->key);
    l->to = (struct addressees){.all = 1, .fresh = f == FAMILIAR_NEW};
    if (f != FAMILIAR_NEW)
        return;
    uint64_t where = recent_mix(scorer_hash(s, rcpt->domain), 'D');
    f = familiar_now(s, l->person, recent_mix(l->person->group->hash, where));
    l->to.domains = f == FAMILIAR_NEW;
    l->word[0].fresh = 1;
    l->word[0].unknown = l->unknown > 0;
}

/* The site's word, unless it was heard on this message. */
static void take_word(struct scorer *s, const struct record *r, struct letter *l,
                      const struct remote *site, enum answer answer)
{
    uint64_t said = recent_mix(l->key, site->name);
    struct rcpt rcpt;

    recent_soon(&s->heard, said);
    rcpt_of(s, r, l->person, &rcpt);
    bool final = !slice_eq(r->f[COL_STATUS], SL("deferred"));

    l->last = final && slice_eq(r->f[COL_NRCPT], SL("1"));
    l->content = answer == ANSWER_CONTENT;
    l->unknown = answer == ANSWER_UNKNOWN;
    l->words = 1;
    l->word[0] = (struct word){.site = *site,
                               .accepted = answer == ANSWER_ACCEPTED,
                               .content = answer == ANSWER_CONTENT,
                               .other = answer == ANSWER_ABOUT_US || answer == ANSWER_OTHER};
    if (recent_has(&s->heard, said))
        return;
    see_rcpt(s, &rcpt, l);
    if (slice_eq(r->f[COL_NRCPT], SL("1"))) {
        if (!final)
            recent_add(&s->heard, said);
        letter_take(s, l);
    } else {
        letter_wait(s, l);
    }
}

static void on_deliver(struct scorer *s, const struct record *r)
{
    struct identity id;
    struct remote site;
    struct letter l;

    if (identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return;
    letter_of(s, r, NULL, &l);
    bool answered = remote_of(s->remotes, s->psl, r, &site);
    enum answer answer = answered ? answer_of(r) : ANSWER_NOTHING;
    if (answered && site.local && (recent_has(&s->passed, l.leg) || answer_is_filter(r)))
        return; /* our own filter's, whose verdict is known */
    bool ours = !id.outsider || (answered && !site.local); /* not a stranger's mail to us */
    if ((l.person = person_of(s, r, &id, answered && ours)) == NULL)
        return;
    if (answered && ours)
        hear(s, l.person, &site, answer, r->time);
    if (is_dealt(l.person, l.arrived))
        return;
    bool put_off = answer == ANSWER_ABOUT_US && slice_eq(r->f[COL_STATUS], SL("deferred"));
    if (ours && answer != ANSWER_NOTHING && !put_off)
        take_word(s, r, &l, &site, answer);
    else if (l.person->window)
        letter_count(s, l.person->window, &l);
}

static void on_verdict(struct scorer *s, const struct record *r)
{
    enum verdict v = verdict_of(r);
    struct identity id;

    if (slice_starts(r->f[COL_DAEMON], SL("amavis")))
        recent_add(&s->passed, queue_key(s, r->f[COL_QID]));
    if (v == VERDICT_NOTHING || identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return;
    struct person *p = person_of(s, r, &id, !id.outsider);
    if (p == NULL) /* an outsider none of whose mail went out: a stranger who writes to us */
        return;
    struct letter l;
    letter_of(s, r, p, &l);
    uint64_t said = recent_mix(l.key, 'v');
    if (is_dealt(p, l.arrived) || recent_has(&s->heard, said))
        return;
    recent_add(&s->heard, said);
    l.verdict = v;
    verdict_take(s, &l);
}

bool scorer_record(struct scorer *s, const struct record *r)
{
    s->records++;
    s->time = r->time;
    s->host = scorer_hash(s, r->f[COL_HOST]);
    if (r->time > s->now)
        s->now = r->time;
    letters_due(s, s->now);
    switch (r->kind) {
    case KIND_ACCEPT:
        on_accept(s, r);
        break;
    case KIND_DELIVER:
        on_deliver(s, r);
        break;
    case KIND_VERDICT:
        on_verdict(s, r);
        break;
    case KIND_REMOVE:
        letters_removed(s, queue_key(s, r->f[COL_QID]));
        break;
    default:
        break;
    }
    return !s->failed;
}

bool scorer_end(struct scorer *s)
{
    letters_due(s, INT64_MAX);
    return !s->failed;
}

bool scorer_who(const struct scorer *s, const struct record *r, struct scorer_who *out)
{
    struct identity id;

    if (identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return false;
    const struct person *p = person_known(s, id.kind, id.name);
    if (p == NULL)
        return false;
    *out = (struct scorer_who){p->kind, person_name(p), p->group->label, p->group->partner};
    return true;
}
