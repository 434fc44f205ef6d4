/* scored: what tests of the scorer need: a run of it on made-up mail, and numbers of their own.
 *
 * A run has a clock (one message, `gap` microseconds) and chances that are the same every time. The
 * numbers are those that ship, or run_numbers(): fixed ones, so that a test of how the parts work
 * together doesn't depend on what is estimated today. Records have the fields that mplog-parse
 * fills. What the scorer tells of one identity (`explain`) is kept by family, so that a test sees
 * an observation's llrs even where no watch comes of them. Run from the project's root.
 */
#ifndef MPTOOLS_TESTS_SCORED_H
#define MPTOOLS_TESTS_SCORED_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/when.h"
#include "judge/score.h"

#define HOUR (3600 * WHEN_SECOND)
#define DAY (24 * HOUR)
#define MONDAY (INT64_C(1795392000) * WHEN_SECOND) /* 2026-11-23T00:00:00Z */

struct run {
    struct problems problems;
    struct scoring scoring;
    struct customers *customers;
    struct geo *geo;
    struct scorer *scorer;
    struct suspect suspect;                             /* by state_of() */
    struct text told;                                   /* all that was explained, a line each */
    double llr[FAMILY_COUNT], sum[FAMILY_COUNT], score; /* the last line; of all lines; the last */
    int64_t time, gap;
    uint64_t seed;
    unsigned messages, names;
    char qid[16], rcpt[64];
};

static const char run_customers[] = "acme north-it sasl:bob@acme.example sasl:ann@acme.example "
                                    "domain:acme.example domain:acme-shop.example\n"
                                    "news south    sasl:news net:203.0.113.0/28\n"
                                    "lab  -        net:127.0.2.0/24 net:2001:db8:1::/48\n";

/* Shares that show it and their weights, until a 0. */
static inline struct shares shares_of(const float *pair)
{
    struct shares s = {0};
    float sum = 0;

    for (; pair[2 * s.n] > 0; s.n++) {
        s.share[s.n] = pair[2 * s.n];
        s.weight[s.n] = pair[2 * s.n + 1];
        s.yes[s.n] = logf(s.share[s.n]);
        s.no[s.n] = log1pf(-s.share[s.n]);
        sum += s.weight[s.n];
    }
    for (unsigned i = 0; i < s.n; i++)
        s.weight[i] /= sum;
    return s;
}

/* Numbers that nobody changes: every sign is rare with most, frequent with a few; shown by nearly
 * all that a compromised one does. */
static inline void run_numbers(struct scoring *s)
{
    static const float rare[] = {0.01F, 70, 0.05F, 20, 0.2F, 8, 0.6F, 2, 0};
    static const float often[] = {0.3F, 1, 0.9F, 2, 0};
    static const float half[] = {0.5F, 1, 0}, four_fifths[] = {0.8F, 1, 0};

    scoring_false_flags(s, 3e-6);
    s->family_most = 0.6 * s->threshold;
    s->alone_most = 1.3 * s->threshold;
    s->campaign_most = 0.5 * s->threshold;
    s->mailing_most = 0.85 * s->threshold;
    s->conduct_most = 0.75 * s->threshold;
    s->remote_most = 0.3 * s->threshold;
    s->message_most = 0.2 * s->threshold;
    s->affected = s->spared = logf(0.5F);
    s->onset = logf(0.001F);
    s->calm = log1pf(-0.001F);
    s->fade = 0.005F;
    s->change = 0.005F;
    s->kinship = 100;
    for (unsigned i = 0; i < SIGN_COUNT; i++) {
        s->sign[i].usual = shares_of(i == SIGN_BUSIER ? half : rare);
        s->sign[i].compromised = shares_of(often);
    }
    s->sign[SIGN_BUSIER].compromised = shares_of(four_fifths);
    s->sign[SIGN_ODD_HOUR].compromised = shares_of(half);
}

/* The numbers that ship. */
static inline void run_shipped(struct problems *problems, struct scoring *s)
{
    if (!scoring_load("share/mptools", NULL, problems, s))
        fail_msg("%.*s", (int)problems->lines.n, problems->lines.p);
}

static inline void run_told(void *user, struct slice line)
{
    struct run *t = user;
    char buf[600];

    text_add(&t->told, line);
    text_addc(&t->told, '\n');
    snprintf(buf, sizeof buf, "%.*s", (int)line.n, line.p);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        char name[40];
        snprintf(name, sizeof name, " %s ", family_name(f).p);
        const char *at = strstr(buf, name);
        t->llr[f] = at ? strtod(at + strlen(name), NULL) : 0;
        t->sum[f] += t->llr[f];
    }
    const char *score = strstr(buf, ": score ");
    t->score = score ? strtod(score + 8, NULL) : 0;
}

/* The scorer of a run that is set up; explain: the identity of whom it tells, or "". */
static inline void run_start(struct run *t, const char *explain)
{
    struct scorer_options o = {.scoring = &t->scoring,
                               .customers = t->customers,
                               .geo = t->geo,
                               .explain = slice_str(explain),
                               .explained = run_told,
                               .user = t};

    scorer_free(t->scorer);
    t->scorer = scorer_new(&o);
    assert_non_null(t->scorer);
}

static inline void run_begin(struct run *t, bool with_customers, const char *explain)
{
    struct words w;

    *t = (struct run){.time = MONDAY + 8 * HOUR, .gap = WHEN_SECOND, .seed = 88172645463325252u};
    run_shipped(&t->problems, &t->scoring);
    if (with_customers) {
        assert_int_equal(words_of(&w, "customers", slice_str(run_customers), &t->problems), 0);
        assert_int_equal(customers_read(&w, &t->customers), WORDS_OK);
        words_free(&w);
    }
    run_start(t, explain);
}

static inline void run_end(struct run *t)
{
    scorer_free(t->scorer);
    customers_free(t->customers);
    problems_free(&t->problems);
    text_free(&t->told);
}

static inline double chance(struct run *t)
{
    t->seed ^= t->seed >> 12;
    t->seed ^= t->seed << 25;
    t->seed ^= t->seed >> 27;
    return (double)((t->seed * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

/* Who sends, and what is said: the fields that every record of a message has. */
struct mail {
    const char *login, *client, *sender, *origin, *nrcpt, *client_name;
};

static inline struct record record_of(const struct run *t, enum record_kind kind,
                                      const struct mail *m)
{
    struct record r = {.time = t->time, .kind = (uint8_t)kind};

    r.f[COL_HOST] = SL("mx1");
    r.f[COL_INSTANCE] = SL("postfix");
    r.f[COL_QID] = slice_str(t->qid);
    r.f[COL_ORIGIN] = slice_str(m->origin ? m->origin : "");
    r.f[COL_CLIENT_IP] = slice_str(m->client);
    r.f[COL_CLIENT_NAME] = slice_str(m->client_name ? m->client_name : "unknown");
    r.f[COL_SASL_USER] = slice_str(m->login);
    r.f[COL_SENDER] = slice_str(m->sender);
    r.f[COL_NRCPT] = slice_str(m->nrcpt ? m->nrcpt : "1");
    return r;
}

static inline void feed(struct run *t, const struct record *r)
{
    assert_true(scorer_record(t->scorer, r));
}

static inline void accept_mail(struct run *t, const struct mail *m)
{
    t->time += t->gap;
    snprintf(t->qid, sizeof t->qid, "Q%u", t->messages++);
    struct record r = record_of(t, KIND_ACCEPT, m);
    r.f[COL_DAEMON] = SL("smtpd");
    feed(t, &r);
}

/* A site answers for a recipient: class "accepted" is sent, others bounce unless `deferred`. */
static inline void deliver_to(struct run *t, const struct mail *m, const char *site,
                              const char *rcpt, const char *class, bool deferred)
{
    struct record r = record_of(t, KIND_DELIVER, m);
    char ip[32], name[64];
    bool sent = strcmp(class, "accepted") == 0;
    unsigned host = 0;

    for (const char *p = site; *p; p++)
        host = host * 31 + (unsigned char)*p;
    t->time += WHEN_SECOND / 10;
    r.time = t->time;
    snprintf(name, sizeof name, "mx.%s.example", site);
    snprintf(ip, sizeof ip, "198.%u.%u.25", host % 200, host / 200 % 250);
    r.f[COL_DAEMON] = SL("smtp");
    r.f[COL_RCPT] = slice_str(rcpt);
    r.f[COL_RELAY_NAME] = slice_str(name);
    r.f[COL_RELAY_IP] = slice_str(ip);
    r.f[COL_STATUS] = sent ? SL("sent") : deferred ? SL("deferred") : SL("bounced");
    r.f[COL_CLASS] = slice_str(class);
    r.f[COL_DELAY] = SL("0.1");
    feed(t, &r);
}

/* Somebody at the site to whom nobody wrote yet; or who is number n there. */
static inline const char *somebody_new(struct run *t, const char *site)
{
    snprintf(t->rcpt, sizeof t->rcpt, "n%u@%s.example", t->names++, site);
    return t->rcpt;
}

static inline const char *somebody(struct run *t, const char *site, unsigned n)
{
    snprintf(t->rcpt, sizeof t->rcpt, "friend%u@%s.example", n, site);
    return t->rcpt;
}

/* The same to a new recipient. */
static inline void deliver(struct run *t, const struct mail *m, const char *site, const char *class,
                           bool deferred)
{
    deliver_to(t, m, site, somebody_new(t, site), class, deferred);
}

static inline void removed(struct run *t, const struct mail *m)
{
    struct record r = record_of(t, KIND_REMOVE, m);

    feed(t, &r);
}

static inline void verdict(struct run *t, const struct mail *m, const char *what)
{
    struct record r = record_of(t, KIND_VERDICT, m);

    r.f[COL_VERDICT] = slice_str(what);
    feed(t, &r);
}

/* A whole message to one recipient. */
static inline void send_to(struct run *t, const struct mail *m, const char *site, const char *rcpt,
                           const char *class)
{
    accept_mail(t, m);
    deliver_to(t, m, site, rcpt, class, false);
    removed(t, m);
}

static inline void send(struct run *t, const struct mail *m, const char *site, const char *class)
{
    send_to(t, m, site, somebody_new(t, site), class);
}

static inline const char *site_at(unsigned i)
{
    static const char *const sites[] = {"big", "huge", "large", "grand", "vast"};

    return sites[i % 5];
}

/* n messages to new recipients at sites in turn, with these shares of unknown ones and of refusals
 * of the rest. */
static inline void campaign(struct run *t, const struct mail *m, unsigned n, double unknown,
                            double content, const char *class)
{
    for (unsigned i = 0; i < n; i++) {
        const char *what = chance(t) < unknown   ? "user-unknown"
                           : chance(t) < content ? class
                                                 : "accepted";
        send(t, m, site_at(i), what);
    }
}

/* Days of ordinary mail: from nine to five, Monday to Friday, to twenty people who are glad of it;
 * our filter says `clean`. Ends on a Monday at ten. */
static inline void ordinary(struct run *t, const struct mail *m, unsigned weeks)
{
    int64_t monday = t->time - (t->time - MONDAY) % (7 * DAY);
    unsigned n = 0;

    if (monday + 9 * HOUR < t->time)
        monday += 7 * DAY;
    for (unsigned day = 0; day < weeks * 7; day++) {
        for (unsigned i = 0; day % 7 < 5 && i < 16; i++) {
            t->time = monday + day * DAY + 9 * HOUR + i * HOUR / 2;
            accept_mail(t, m);
            verdict(t, m, "clean");
            deliver_to(t, m, site_at(n), somebody(t, site_at(n), n / 5 % 4), "accepted", false);
            removed(t, m);
            n++;
        }
    }
    t->time = monday + weeks * 7 * DAY + 10 * HOUR;
}

/* On to the next half hour of work. */
static inline void work_on(struct run *t)
{
    int64_t at = t->time - (t->time - MONDAY) % (HOUR / 2) + HOUR / 2;

    while ((at - MONDAY) / DAY % 7 >= 5 || (at - MONDAY) % DAY < 9 * HOUR ||
           (at - MONDAY) % DAY >= 17 * HOUR)
        at += HOUR / 2;
    t->time = at;
}

/* One of the twenty of ordinary(). */
static inline const char *friend(struct run *t, unsigned i)
{
    return somebody(t, site_at(i), i / 5 % 4);
}

/* The state of an identity at the end; t->suspect is what is told of it. */
static inline enum suspect_state state_of(struct run *t, const char *identity)
{
    assert_true(scorer_end(t->scorer));
    size_t n = scorer_rank(t->scorer, true);
    for (size_t i = 0; i < n; i++) {
        scorer_suspect(t->scorer, i, &t->suspect);
        if (slice_eq(t->suspect.identity, slice_str(identity)))
            return t->suspect.state;
    }
    t->suspect = (struct suspect){0};
    return STATE_CLEAR;
}

static inline size_t flagged(struct run *t)
{
    assert_true(scorer_end(t->scorer));
    return scorer_rank(t->scorer, false);
}

static inline const struct suspect_family *family_of(const struct suspect *s, unsigned family)
{
    for (unsigned i = 0; i < s->family_n; i++)
        if (slice_eq(s->family[i].name, family_name(family)))
            return &s->family[i];
    return NULL;
}

/* What the family brought, nats; 0 when it isn't told. */
static inline double family_score(const struct suspect *s, unsigned family)
{
    const struct suspect_family *f = family_of(s, family);

    return f ? f->score : 0;
}

/* The plain words; "-" when there are none. */
static inline const char *family_seen(const struct suspect *s, unsigned family)
{
    static char buf[200];
    const struct suspect_family *f = family_of(s, family);

    snprintf(buf, sizeof buf, "%.*s", f ? (int)f->seen.n : 1, f ? f->seen.p : "-");
    return buf;
}

static const struct mail bob = {
    "bob@acme.example", "192.0.2.7", "bob@acme.example", NULL, NULL, NULL};
static const struct mail ann = {
    "ann@acme.example", "192.0.2.8", "ann@acme.example", NULL, NULL, NULL};
static const struct mail news = {"news", "192.0.2.9", "news@shop.example", NULL, NULL, NULL};

#endif
