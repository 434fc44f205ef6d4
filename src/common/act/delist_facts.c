#include "act/delist_facts.h"

#include <time.h>

#include "act/delist_reply.h"
#include "act/notice_escape.h"

#define ITEMS 10u          /* culprits that are told one by one */
#define REFERENCE_LEAST 6u /* SBL and so many digits */
#define REFERENCE_MOST 13u

struct facts {
    struct delist_facts *out;
    const struct delist *x;
    const struct delist_template *words;
    struct arena *arena;
    bool failed;
};

static void set(struct facts *f, enum delist_fact fact, struct slice s)
{
    f->out->value[fact] = arena_slice(f->arena, s);
    f->failed |= s.n && f->out->value[fact].p == NULL;
}

static void set_text(struct facts *f, enum delist_fact fact, struct text *t)
{
    f->failed |= t->failed;
    set(f, fact, text_slice(t));
    text_free(t);
}

/* As the words' section `time` has it, for strftime(3); else `2026-11-24 10:27 UTC`. */
static void add_time(struct facts *f, struct text *out, int64_t us)
{
    const struct delist_section *s = delist_section_find(f->words, SL("time"));
    const char *format = s ? arena_str(f->arena, s->text) : NULL;
    time_t seconds = (time_t)(us / WHEN_SECOND);
    char buf[128];
    struct tm tm;
    size_t n = 0;

    if (format && us != WHEN_NONE && gmtime_r(&seconds, &tm))
        n = strftime(buf, sizeof buf, format, &tm);
    if (n)
        text_add(out, slice_of(buf, n));
    else
        delist_add_time(out, us);
}

static void set_time(struct facts *f, enum delist_fact fact, int64_t us)
{
    struct text t = {0};

    add_time(f, &t, us);
    set_text(f, fact, &t);
}

/* One isn't worth telling, and would need other words. */
static void set_number(struct facts *f, enum delist_fact fact, int64_t n)
{
    struct text t = {0};

    if (n > 1)
        text_addf(&t, "%lld", (long long)n);
    set_text(f, fact, &t);
}

/* --- the cause, and what was done --- */

static void say(struct facts *f, struct text *t, struct slice key)
{
    const struct delist_section *s = delist_section_find(f->words, key);

    if (s == NULL)
        return;
    if (t->n && t->p[t->n - 1] != ' ')
        text_addc(t, ' ');
    delist_render(t, s->text, f->out, false);
    while (t->n && t->p[t->n - 1] == '\n')
        t->n--;
}

static bool is_lifted(const struct delist_culprit *c)
{
    return c->stage == INCIDENT_REINSTATED || c->stage == INCIDENT_CLOSED;
}

static void about(struct facts *f, const struct delist_culprit *c)
{
    bool after = is_lifted(c) && c->ended > c->reinstated; /* spam that nobody stopped */

    set_time(f, FACT_BEGAN, c->began);
    set_time(f, FACT_ENDED, c->ended);
    if (slice_eq(f->out->value[FACT_BEGAN], f->out->value[FACT_ENDED]))
        set(f, FACT_BEGAN, SLICE_NONE);
    /* maps take effect a little later; what left after them says when */
    set_time(f, FACT_BLOCKED, c->ended > c->acted && !after ? c->ended : c->acted);
    set_time(f, FACT_REINSTATED, c->reinstated);
    set_number(f, FACT_MESSAGES, c->messages);
    set_number(f, FACT_ATTEMPTS, c->attempts);
    set_time(f, FACT_LAST_ATTEMPT, c->last_attempt);
}

static struct slice cause_key(const struct delist_culprit *c)
{
    return c->virus ? SL("cause-virus") : c->login ? SL("cause-login") : SL("cause-client");
}

static struct slice measure_key(const struct delist_culprit *c)
{
    static const struct slice key[] = {SL("measure-address"), SL("measure-rule"),
                                       SL("measure-suspension")};

    return is_lifted(c) ? SL("measure-lifted") : key[c->type];
}

static void tell_one(struct facts *f, struct text *cause, struct text *measure,
                     const struct delist_culprit *c)
{
    about(f, c);
    say(f, cause, cause_key(c));
    say(f, measure, measure_key(c));
    if (c->attempts > 0)
        say(f, measure, c->attempts > 1 ? SL("attempts") : SL("attempt"));
    if (is_lifted(c))
        say(f, measure, SL("measure-restored"));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The operator's words, on one line. */
static void add_stated(struct text *out, struct slice s)
{
    while (s.n) {
        size_t n = 0;
        while (n < s.n && !is_space(s.p[n]))
            n++;
        notice_add_line(out, slice_of(s.p, n), n);
        s = slice_skip(s, n);
        while (s.n && is_space(s.p[0]))
            s = slice_skip(s, 1);
        if (n && s.n)
            text_addc(out, ' ');
    }
}

/* One culprit: sentences. Several: an item each, with the same number in both. */
static void tell(struct facts *f, struct text *cause, struct text *measure, unsigned number)
{
    const struct delist *x = f->x;
    unsigned n = 0;

    for (size_t i = 0; i < x->culprits && n < ITEMS; i++) {
        const struct delist_culprit *c = &x->culprit[i];
        if (c->incident == 0)
            continue;
        n++;
        if (number > 1) {
            text_addf(cause, "\n  (%u) ", n);
            text_addf(measure, "\n  (%u) ", n);
        }
        tell_one(f, cause, measure, c);
    }
    if (x->stated.n && number > 1) {
        text_addf(cause, "\n  (%u) ", n + 1);
        text_addf(measure, "\n  (%u) ", n + 1);
    }
    add_stated(cause, x->stated);
    add_stated(measure, x->measure);
}

/* Over all culprits. */
struct sum {
    unsigned n;                 /* with the cause that the operator stated */
    int64_t began, ended, sign; /* of the first, of the last; WHEN_NONE */
};

static struct sum sum_of(const struct delist *x)
{
    struct sum s = {x->stated.n > 0, WHEN_NONE, WHEN_NONE, x->fixed};

    for (size_t i = 0; i < x->culprits; i++) {
        const struct delist_culprit *c = &x->culprit[i];
        if (c->incident == 0)
            continue;
        if (s.began == WHEN_NONE || c->began < s.began)
            s.began = c->began;
        s.ended = c->ended > s.ended ? c->ended : s.ended;
        s.sign = c->sign > s.sign ? c->sign : s.sign;
        s.n++;
    }
    return s;
}

/* When the last spam left, since when it is quiet, and whether that happened before. */
static void tell_result(struct facts *f, const struct sum *s)
{
    const struct delist *x = f->x;
    struct text result = {0};
    bool new = s->began != WHEN_NONE && s->began > x->cleared;

    set_time(f, FACT_ENDED, s->ended == WHEN_NONE ? x->fixed : s->ended);
    set_time(f, FACT_SIGN, s->sign);
    if (slice_eq(f->out->value[FACT_SIGN], f->out->value[FACT_ENDED]))
        set(f, FACT_SIGN, SLICE_NONE);
    if (s->ended != WHEN_NONE)
        say(f, &result, s->n > 1 ? SL("result-many") : SL("result"));
    else if (x->fixed != WHEN_NONE)
        say(f, &result, SL("result-stated"));
    if (x->cleared != WHEN_NONE && s->n)
        say(f, &result, new ? SL("relisted-new") : SL("relisted"));
    set_text(f, FACT_RESULT, &result);
}

static void tell_all(struct facts *f)
{
    struct text cause = {0}, measure = {0};
    struct sum s = sum_of(f->x);
    unsigned n = s.n;

    set_number(f, FACT_COUNT, n);
    if (n > 1)
        say(f, &cause, SL("cause-many"));
    if (n > 1)
        say(f, &measure, SL("measure-many"));
    if (n == 0)
        say(f, &cause, SL("policy"));
    tell(f, &cause, &measure, n);
    if (n > ITEMS)
        say(f, &measure, SL("and-more"));
    set_text(f, FACT_CAUSE, &cause);
    set_text(f, FACT_MEASURE, &measure);
    tell_result(f, &s);
}

/* --- the rest --- */

/* Messages in the day before, to two digits, without what is known or taken for spam. */
static void set_volume(struct facts *f, struct ledger *l)
{
    int64_t n = ledger_int_of(l, 0,
                              "SELECT count(*) FROM messages m WHERE time BETWEEN ? AND ? AND"
                              " outbound = ? AND spam = 0 AND NOT EXISTS (SELECT 1 FROM suspects s"
                              " WHERE s.kind = m.kind AND s.identity = m.identity AND m.time"
                              " BETWEEN coalesce(nullif(s.since, 0), s.time) AND s.time)",
                              "iit", f->x->first - WHEN_DAY, f->x->first, f->x->ip),
            unit = 1;

    while (n / unit >= 100)
        unit *= 10;
    set_number(f, FACT_VOLUME, (n + unit / 2) / unit * unit);
}

static void set_office(struct facts *f, const struct delist_office *o)
{
    const struct outbound_address *a = o->outbound ? outbound_by_ip(o->outbound, f->x->ip) : NULL;
    const char *at = slice_rchr(o->from, '@');
    struct text name = {0};

    set(f, FACT_ORGANISATION, o->organisation);
    set(f, FACT_CONTACT, o->from);
    set(f, FACT_PHONE, o->phone);
    set(f, FACT_WEBSITE, o->website);
    if (o->name.n == 0) {
        text_add(&name, SL("Postmaster, "));
        text_add(&name, o->organisation);
    } else {
        text_add(&name, o->name);
    }
    set_text(f, FACT_NAME, &name);
    if (at)
        set(f, FACT_DOMAIN, slice_skip(o->from, (size_t)(at + 1 - o->from.p)));
    if (a)
        set(f, FACT_HOST, a->hostname);
}

static void set_quiet(struct facts *f, int64_t now)
{
    int64_t sign = sum_of(f->x).sign;
    struct text t = {0};

    if (sign != WHEN_NONE)
        text_addf(&t, "%lld", (long long)((now - sign) / (3600 * WHEN_SECOND)));
    set_text(f, FACT_QUIET, &t);
}

/* The number of a Spamhaus record, as SBL123456, wherever the list or a reply names it. */
static void set_reference(struct facts *f)
{
    const struct slice said[] = {f->x->url, f->x->said, f->x->sample};

    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        for (struct slice rest = said[i]; rest.n;) {
            const char *p = slice_find(rest, SL("SBL"));
            size_t n = 3;
            rest = p ? slice_skip(rest, (size_t)(p - rest.p)) : SLICE_NONE;
            while (n < rest.n && n < REFERENCE_MOST && is_digit(rest.p[n]))
                n++;
            if (n >= REFERENCE_LEAST) {
                set(f, FACT_REFERENCE, slice_of(rest.p, n));
                return;
            }
            rest = slice_skip(rest, rest.n < 3 ? rest.n : 3);
        }
}

static void set_listing(struct facts *f)
{
    const struct delist *x = f->x;
    struct text reply = {0}, code = {0};

    set(f, FACT_IP, x->ip);
    set(f, FACT_LIST, x->provider->name);
    set_time(f, FACT_LISTED, x->first);
    set_time(f, FACT_RELISTED, x->cleared);
    set_time(f, FACT_ASKED, x->asked_last);
    if (x->by_log)
        delist_reply_quote(&reply, x);
    set_text(f, FACT_REPLY, &reply);
    text_add_visible(&code, x->code);
    set_text(f, FACT_CODE, &code);
    set_reference(f);
    if (x->cause == CAUSE_NONE)
        set(f, FACT_POLICY, SL("yes"));
}

bool delist_facts_make(struct delist_facts *out, const struct delist *x,
                       const struct delist_office *o, struct ledger *l,
                       const struct delist_template *words, struct arena *arena)
{
    struct facts f = {.out = out, .x = x, .words = words, .arena = arena};

    *out = (struct delist_facts){.value = {SLICE_NONE}};
    set_office(&f, o);
    set_listing(&f);
    set_quiet(&f, o->now);
    set_volume(&f, l);
    tell_all(&f);
    return !f.failed && ledger_failure(l)->status == 0;
}
