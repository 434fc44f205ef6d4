#include "act/delist_facts.h"

#include "act/delist_reply.h"

#define ITEMS 10u /* culprits that are told one by one */

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

static void set_time(struct facts *f, enum delist_fact fact, int64_t us)
{
    struct text t = {0};

    delist_add_time(&t, us);
    set_text(f, fact, &t);
}

static void set_number(struct facts *f, enum delist_fact fact, int64_t n)
{
    struct text t = {0};

    if (n > 0)
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

static void about(struct facts *f, const struct delist_culprit *c)
{
    set_time(f, FACT_BEGAN, c->began);
    set_time(f, FACT_ENDED, c->ended);
    /* maps take effect a little later; what left after them says when */
    set_time(f, FACT_BLOCKED, c->ended > c->acted ? c->ended : c->acted);
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
    bool lifted = c->stage == INCIDENT_REINSTATED || c->stage == INCIDENT_CLOSED;

    return lifted ? SL("measure-lifted") : key[c->type];
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
        about(f, c);
        say(f, cause, cause_key(c));
        say(f, measure, measure_key(c));
        if (c->attempts > 0)
            say(f, measure, SL("attempts"));
    }
    if (x->stated.n && number > 1) {
        text_addf(cause, "\n  (%u) ", n + 1);
        text_addf(measure, "\n  (%u) ", n + 1);
    }
    text_add_visible(cause, x->stated);
    text_add_visible(measure, x->measure);
}

static void tell_all(struct facts *f)
{
    struct text cause = {0}, measure = {0}, result = {0};
    const struct delist *x = f->x;
    int64_t ended = x->fixed;
    unsigned n = x->stated.n > 0;

    for (size_t i = 0; i < x->culprits; i++) {
        n += x->culprit[i].incident > 0;
        if (x->culprit[i].incident && x->culprit[i].ended > ended)
            ended = x->culprit[i].ended;
    }
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
    set_time(f, FACT_ENDED, ended);
    if (ended != WHEN_NONE)
        say(f, &result, n > 1 ? SL("result-many") : SL("result"));
    set_text(f, FACT_RESULT, &result);
}

/* --- the rest --- */

/* Messages in the day before that aren't known as spam, to two digits. */
static void set_volume(struct facts *f, struct ledger *l)
{
    int64_t n = ledger_int_of(l, 0,
                              "SELECT count(*) FROM messages WHERE time BETWEEN ? AND ? AND"
                              " outbound = ? AND spam = 0",
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
    int64_t sign = f->x->fixed;
    struct text t = {0};

    for (size_t i = 0; i < f->x->culprits; i++)
        if (f->x->culprit[i].incident && f->x->culprit[i].sign > sign)
            sign = f->x->culprit[i].sign;
    if (sign != WHEN_NONE)
        text_addf(&t, "%lld", (long long)((now - sign) / (3600 * WHEN_SECOND)));
    set_text(f, FACT_QUIET, &t);
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
