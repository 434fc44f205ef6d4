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
    s->spare = window_new(0, 0);
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
    const struct map_entry *e;

    if (s == NULL)
        return;
    for (size_t at = 0; (e = map_next(&s->people, &at)) != NULL;) {
        struct person *p = e->value;
        window_free(p->window);
        window_free(p->worst);
    }
    map_free(&s->people);
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

/* Those who share a label. */
static struct group *group_of(struct scorer *s, struct slice label, struct slice partner)
{
    struct group *g = map_get(&s->groups, label);

    if (g)
        return g;
    if ((g = arena_alloc(&s->arena, sizeof *g)) == NULL)
        return NULL;
    g->label = arena_slice(&s->arena, label);
    g->partner = arena_slice(&s->arena, partner);
    g->hash = scorer_hash(s, label);
    g->id = (uint32_t)g->hash | 1;
    bool ok = g->label.n == label.n && g->partner.n == partner.n;
    return ok && map_put(&s->groups, g->label, g) ? g : NULL;
}

struct slice person_key(unsigned kind, struct slice name, char buf[IDENTITY_LONGEST + 1])
{
    if (name.n > IDENTITY_LONGEST || kind > IDENTITY_CLIENT)
        return SLICE_NONE;
    buf[0] = (char)('0' + kind);
    for (size_t i = 0; i < name.n; i++)
        buf[i + 1] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
    return slice_of(buf, name.n + 1);
}

struct person *person_known(const struct scorer *s, unsigned kind, struct slice name)
{
    char buf[IDENTITY_LONGEST + 1];
    struct slice key = person_key(kind, name, buf);

    return key.n ? map_get(&s->people, key) : NULL;
}

static struct person *person_new(struct scorer *s, const struct identity *id, struct slice key,
                                 const struct record *r)
{
    struct person *p = arena_alloc(&s->arena, sizeof *p);
    char buf[IDENTITY_LONGEST + 1];
    const struct customer *c = identity_customer(s->o.customers, id);

    struct slice label = c ? c->key : identity_label(s->psl, id, r, buf);
    struct group *g = group_of(s, label, c ? c->partner : r->f[COL_PARTNER]);
    key = arena_slice(&s->arena, key);
    if (p == NULL || g == NULL || key.n == 0 || !map_put(&s->people, key, p)) {
        s->failed = true;
        return NULL;
    }
    p->name = slice_skip(key, 1);
    p->kind = id->kind;
    p->hash = scorer_hash(s, key);
    p->group = g;
    return p;
}

/* The one who answers for the record; a new one only if `make`. */
static struct person *person_of(struct scorer *s, const struct record *r, const struct identity *id,
                                bool make)
{
    char buf[IDENTITY_LONGEST + 1];
    struct slice key = person_key(id->kind, id->name, buf);
    struct person *p = map_get(&s->people, key);

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

static uint64_t queue_key(const struct scorer *s, const struct record *r, struct slice qid)
{
    return recent_mix(scorer_hash(s, r->f[COL_HOST]), scorer_hash(s, qid));
}

struct letter letter_of(const struct scorer *s, const struct record *r, struct person *p)
{
    struct slice qid = r->f[COL_QID], origin = r->f[COL_ORIGIN];

    return (struct letter){
        .person = p,
        .key = queue_key(s, r, origin.n ? origin : qid),
        .leg = queue_key(s, r, qid),
        .arrived = r->time - delay_of(r),
        .heard = r->time,
        .recipients = number(r->f[COL_NRCPT], 1),
        .qid = origin.n ? origin : qid,
        .sender = r->f[COL_SENDER],
        .client = r->f[COL_CLIENT_IP],
    };
}

static void on_accept(struct scorer *s, const struct record *r)
{
    struct slice origin = r->f[COL_ORIGIN];
    struct identity id;

    if (origin.n && !slice_eq(origin, r->f[COL_QID])) { /* a later leg of a message that is known */
        recent_add(&s->passed, queue_key(s, r, origin));
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

/* Did the customer write to this recipient before? */
static void see_rcpt(struct scorer *s, const struct record *r, struct letter *l)
{
    struct slice rcpt = r->f[COL_RCPT];
    const char *at = slice_rchr(rcpt, '@');
    char buf[IDENTITY_LONGEST + 1];

    if (at == NULL || rcpt.n > IDENTITY_LONGEST)
        return;
    for (size_t i = 0; i < rcpt.n; i++)
        buf[i] = rcpt.p[i] >= 'A' && rcpt.p[i] <= 'Z' ? rcpt.p[i] | 0x20 : rcpt.p[i];
    struct slice domain = slice_of(buf + (at + 1 - rcpt.p), rcpt.n - (size_t)(at + 1 - rcpt.p));
    uint64_t whom = recent_mix(scorer_hash(s, slice_of(buf, rcpt.n)), 'R');
    uint64_t where = recent_mix(scorer_hash(s, domain), 'D');
    enum familiar f = familiar_now(s, l->person, recent_mix(l->person->group->hash, whom));
    l->to = (struct addressees){.all = 1, .fresh = f == FAMILIAR_NEW};
    if (f != FAMILIAR_NEW)
        return;
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
    see_rcpt(s, r, l);
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
    struct letter l = letter_of(s, r, NULL);

    if (identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return;
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
        recent_add(&s->passed, queue_key(s, r, r->f[COL_QID]));
    if (v == VERDICT_NOTHING || identity_of(s->o.customers, r, &id) == IDENTITY_NONE)
        return;
    struct person *p = person_of(s, r, &id, !id.outsider);
    if (p == NULL) /* an outsider none of whose mail went out: a stranger who writes to us */
        return;
    struct letter l = letter_of(s, r, p);
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
        letters_removed(s, queue_key(s, r, r->f[COL_QID]));
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
    *out = (struct scorer_who){p->kind, p->name, p->group->label, p->group->partner};
    return true;
}
