/* The scorer on made-up mail: who is flagged, and above all who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/when.h"
#include "judge/remote.h"
#include "judge/score.h"

#define START (INT64_C(1795515000) * WHEN_SECOND)

/* One run: a scorer, its clock, and numbers that are the same in every run. */
struct run {
    struct problems problems;
    struct scoring scoring;
    struct customers *customers;
    struct scorer *scorer;
    struct suspect suspect;
    int64_t time;
    uint64_t seed;
    unsigned messages;
    char qid[16];
};

static const char customers_text[] =
    "acme north-it sasl:bob@acme.example sasl:ann@acme.example domain:acme.example\n"
    "news south    sasl:news net:203.0.113.0/28\n"
    "lab  -        net:127.0.2.0/24 net:2001:db8:1::/48\n";

static void begin(struct run *t, bool with_customers)
{
    struct words w;

    *t = (struct run){.time = START, .seed = 88172645463325252u};
    assert_true(scoring_load("share/mptools", NULL, &t->problems, &t->scoring));
    if (with_customers) {
        assert_int_equal(words_of(&w, "customers", slice_str(customers_text), &t->problems), 0);
        assert_int_equal(customers_read(&w, &t->customers), WORDS_OK);
        words_free(&w);
    }
    struct scorer_options o = {.scoring = &t->scoring, .customers = t->customers};
    t->scorer = scorer_new(&o);
    assert_non_null(t->scorer);
}

static void finish(struct run *t)
{
    scorer_free(t->scorer);
    customers_free(t->customers);
    problems_free(&t->problems);
}

static double chance(struct run *t)
{
    t->seed ^= t->seed >> 12;
    t->seed ^= t->seed << 25;
    t->seed ^= t->seed >> 27;
    return (double)((t->seed * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

/* Who sends, and what is said: the fields that every record of a message has. */
struct mail {
    const char *login, *client, *sender, *origin, *nrcpt;
};

static struct record record(const struct run *t, enum record_kind kind, const struct mail *m)
{
    struct record r = {.time = t->time, .kind = (uint8_t)kind};

    r.f[COL_HOST] = SL("mx1");
    r.f[COL_INSTANCE] = SL("postfix");
    r.f[COL_QID] = slice_str(t->qid);
    r.f[COL_ORIGIN] = slice_str(m->origin);
    r.f[COL_CLIENT_IP] = slice_str(m->client);
    r.f[COL_SASL_USER] = slice_str(m->login);
    r.f[COL_SENDER] = slice_str(m->sender);
    r.f[COL_NRCPT] = slice_str(m->nrcpt ? m->nrcpt : "1");
    return r;
}

static void feed(struct run *t, const struct record *r)
{
    assert_true(scorer_record(t->scorer, r));
}

static void accept_mail(struct run *t, const struct mail *m)
{
    t->time += WHEN_SECOND;
    snprintf(t->qid, sizeof t->qid, "Q%u", t->messages++);
    struct record r = record(t, KIND_ACCEPT, m);
    r.f[COL_DAEMON] = SL("smtpd");
    feed(t, &r);
}

/* One recipient's delivery; class "accepted" is sent, others bounce unless `deferred`. */
static void deliver(struct run *t, const struct mail *m, const char *site, const char *class,
                    bool deferred)
{
    struct record r = record(t, KIND_DELIVER, m);
    char ip[32], name[64];
    bool sent = strcmp(class, "accepted") == 0;

    t->time += WHEN_SECOND / 10;
    r.time = t->time;
    snprintf(name, sizeof name, "mx.%s.example", site);
    snprintf(ip, sizeof ip, "198.%u.100.25",
             (unsigned)(strlen(site) * 16 + (unsigned char)*site % 16));
    r.f[COL_DAEMON] = SL("smtp");
    r.f[COL_RELAY_NAME] = slice_str(name);
    r.f[COL_RELAY_IP] = slice_str(ip);
    r.f[COL_STATUS] = sent ? SL("sent") : deferred ? SL("deferred") : SL("bounced");
    r.f[COL_CLASS] = slice_str(class);
    r.f[COL_DELAY] = SL("0.1");
    feed(t, &r);
}

static void removed(struct run *t, const struct mail *m)
{
    struct record r = record(t, KIND_REMOVE, m);

    feed(t, &r);
}

static void verdict(struct run *t, const struct mail *m, const char *what)
{
    struct record r = record(t, KIND_VERDICT, m);

    r.f[COL_VERDICT] = slice_str(what);
    feed(t, &r);
}

/* A whole message to one recipient. */
static void send(struct run *t, const struct mail *m, const char *site, const char *class)
{
    accept_mail(t, m);
    deliver(t, m, site, class, false);
    removed(t, m);
}

static const char *const sites[] = {"big", "huge", "large", "grand", "vast!"};

static const char *site_at(unsigned i)
{
    return sites[i % 5];
}

/* n messages to sites in turn, with these shares of unknown recipients and refusals of the rest. */
static void campaign(struct run *t, const struct mail *m, unsigned n, double unknown,
                     double content, const char *class)
{
    for (unsigned i = 0; i < n; i++) {
        const char *what = chance(t) < unknown   ? "user-unknown"
                           : chance(t) < content ? class
                                                 : "accepted";
        send(t, m, site_at(i), what);
    }
}

/* The state of an identity at the end; t->suspect is what is told of it. */
static enum suspect_state state_of(struct run *t, const char *identity)
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

static size_t flagged(struct run *t)
{
    assert_true(scorer_end(t->scorer));
    return scorer_rank(t->scorer, false);
}

static const struct mail bob = {"bob@acme.example", "192.0.2.7", "bob@acme.example", "", NULL};
static const struct mail ann = {"ann@acme.example", "192.0.2.8", "ann@acme.example", "", NULL};
static const struct mail news = {"news", "192.0.2.9", "news@shop.example", "", NULL};

static const char *family_seen(const struct suspect *s, const char *name)
{
    static char buf[200];

    snprintf(buf, sizeof buf, "-");
    for (unsigned i = 0; i < s->family_n; i++)
        if (slice_eq(s->family[i].name, slice_str(name)))
            snprintf(buf, sizeof buf, "%.*s", (int)s->family[i].seen.n, s->family[i].seen.p);
    return buf;
}

/* A dirty list and spam: both kinds of refusal, from five sites. */
static void spammer(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &ann, 200, 0.02, 0.005, "spam-content");
    campaign(&t, &bob, 100, 0.01, 0.0, "spam-content");
    int64_t from = t.time;
    campaign(&t, &bob, 200, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_int_equal(flagged(&t), 1);
    const struct suspect *s = &t.suspect;
    assert_true(slice_eq(s->customer, SL("acme")));
    assert_true(slice_eq(s->partner, SL("north-it")));
    assert_int_equal(s->kind, IDENTITY_LOGIN);
    assert_true(s->score >= s->threshold);
    assert_in_range(s->since, from, from + 10 * WHEN_SECOND);
    assert_in_range(s->time, from, from + 40 * WHEN_SECOND); /* some 40 messages */
    assert_in_range(s->messages, 190, 200);
    assert_int_equal(s->messages, s->recipients);
    assert_in_range(s->refused, 130, 170);
    assert_in_range(s->unknown, 60, 100);
    assert_int_equal(s->senders, 1);
    assert_true(slice_eq(s->sender[0].name, SL("bob@acme.example")));
    assert_int_equal(s->sender[0].count, s->messages);
    assert_true(slice_eq(s->client[0].name, SL("192.0.2.7")));
    assert_int_equal(s->sample_n, 5);
    char expected[80];
    snprintf(expected, sizeof expected, "refused %llu of %llu as unknown by 5 providers",
             (unsigned long long)s->unknown, (unsigned long long)s->recipients);
    assert_string_equal(family_seen(s, "replies-unknown"), expected);
    finish(&t);
}

/* 7 % unknown recipients, for 100,000 messages: an old list, not a spammer. */
static void newsletter(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &news, 100000, 0.07, 0.01, "spam-content");
    assert_int_equal(state_of(&t, "news"), STATE_CLEAR);
    assert_int_equal(flagged(&t), 0);
    finish(&t);
}

/* The same newsletter, and filters everywhere take half of it for spam: told, never blocked. */
static void clumsy_newsletter(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &news, 100000, 0.07, 0.5, "spam-content");
    assert_int_equal(state_of(&t, "news"), STATE_SUSPECT);
    assert_true(t.suspect.score < t.suspect.threshold);
    finish(&t);
}

/* A list that died: nothing but unknown recipients. One family never blocks. */
static void unknown_burst(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &news, 3000, 1.0, 0, "");
    assert_int_equal(state_of(&t, "news"), STATE_SUSPECT);
    assert_true(t.suspect.score <= 0.601 * t.suspect.threshold);
    finish(&t);
}

/* The outbound address is listed: everything is refused because of it. */
static void listed_address(void **state)
{
    static const char *const class[] = {"ip-blocklisted", "rate-limited"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct run t;
        begin(&t, true);
        campaign(&t, &news, 5000, 0.07, 1.0, class[i]);
        campaign(&t, &bob, 500, 0.01, 1.0, class[i]);
        assert_int_equal(state_of(&t, "news"), STATE_CLEAR);
        assert_int_equal(flagged(&t), 0);
        finish(&t);
    }
}

/* The address is listed, and the sites call that spam: nobody is blocked for it, and hardly anybody
 * is even a suspect, since they do it to all. */
static void listed_address_called_spam(void **state)
{
    char login[8][16];
    struct mail m[8];
    struct run t;

    (void)state;
    begin(&t, false);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(login[i], sizeof login[i], "u@c%u.example", i);
        m[i] = (struct mail){login[i], "192.0.2.9", login[i], "", NULL};
    }
    for (unsigned i = 0; i < 4000; i++)
        send(&t, &m[i / 5 % 8], site_at(i), chance(&t) < 0.07 ? "user-unknown" : "spam-content");
    for (unsigned i = 0; i < 8; i++)
        assert_true(state_of(&t, login[i]) <= STATE_SUSPECT);
    assert_in_range(flagged(&t), 0, 1);
    finish(&t);
}

/* One remote site may say what it likes. */
static void one_site_alone(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 2000; i++)
        send(&t, &bob, "big", i % 2 ? "spam-content" : "user-unknown");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_CLEAR);
    assert_true(t.suspect.score <= t.scoring.remote_most + 0.01);
    /* nor do two */
    for (unsigned i = 0; i < 2000; i++)
        send(&t, &bob, "huge", i % 2 ? "spam-content" : "user-unknown");
    assert_true(state_of(&t, "bob@acme.example") <= STATE_SUSPECT);
    finish(&t);
}

/* One server under many names is one site. */
static void many_names(void **state)
{
    struct run t;
    char name[40];

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 2000; i++) {
        accept_mail(&t, &bob);
        struct record r = record(&t, KIND_DELIVER, &bob);
        snprintf(name, sizeof name, "mx.name%u.example", i % 50);
        r.f[COL_RELAY_NAME] = slice_str(name);
        r.f[COL_RELAY_IP] = i % 3 ? SL("198.51.100.1") : SL("198.51.100.200");
        r.f[COL_STATUS] = SL("bounced");
        r.f[COL_CLASS] = i % 2 ? SL("spam-content") : SL("user-unknown");
        feed(&t, &r);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_CLEAR);
    finish(&t);
}

/* Spam that goes to one site only, and our own filter knows it: two kinds. */
static void one_site_and_filter(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 60; i++) {
        accept_mail(&t, &bob);
        verdict(&t, &bob, "spam");
        deliver(&t, &bob, "big", i % 4 ? "accepted" : "spam-content", false);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_string_equal(family_seen(&t.suspect, "verdict"), "our filter found spam in 60 of 60");
    assert_string_equal(family_seen(&t.suspect, "replies-content"),
                        "refused 15 of 60 as spam by 1 provider");
    finish(&t);
}

/* The filter alone: told, not blocked. */
static void filter_alone(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 500; i++) {
        accept_mail(&t, &news);
        verdict(&t, &news, "spam");
        verdict(&t, &news, "spam"); /* said twice of one message, counts once */
    }
    assert_int_equal(state_of(&t, "news"), STATE_SUSPECT);
    assert_string_equal(family_seen(&t.suspect, "verdict"), "our filter found spam in 500 of 500");
    finish(&t);
}

static void virus(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &ann, 50, 0, 0, "");
    accept_mail(&t, &ann);
    verdict(&t, &ann, "banned");
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    verdict(&t, &ann, "virus");
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_INFECTED);
    campaign(&t, &ann, 500, 0, 0, ""); /* good mail doesn't take it back */
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_INFECTED);
    assert_string_equal(family_seen(&t.suspect, "verdict"), "our filter found a virus in 1 of 1");
    finish(&t);
}

/* A stranger and a thief forge ann's address: ann stays clear, the thief's login is named. */
static void forged_sender(void **state)
{
    struct mail thief = bob, stranger = {"", "192.0.2.66", "ann@acme.example", "", NULL};
    struct run t;

    (void)state;
    begin(&t, true);
    thief.sender = "Ann@acme.example";
    campaign(&t, &ann, 300, 0.01, 0, "");
    campaign(&t, &thief, 300, 0.4, 0.6, "spam-content");
    campaign(&t, &stranger, 300, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_int_equal(state_of(&t, "192.0.2.66"), STATE_CLEAR);
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(slice_eq(t.suspect.sender[0].name, SL("ann@acme.example")));
    assert_int_equal(flagged(&t), 1);
    finish(&t);
}

/* Null senders, notices, loopback and later legs whose first is unknown: nobody's evidence. */
static void nobody(void **state)
{
    const struct mail row[] = {
        {"bob@acme.example", "192.0.2.7", "<>", "", NULL},
        {"", "127.0.0.1", "x@acme.example", "", NULL},
        {"", "::1", "x@acme.example", "", NULL},
        {"", "10.0.0.1", "x@acme.example", "Q0", NULL},
        {"", "", "x@acme.example", "", NULL},
        {"", "unknown", "x@acme.example", "", NULL},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct run t;
        begin(&t, false);
        campaign(&t, &row[i], 300, 0.4, 0.6, "spam-content");
        assert_int_equal(scorer_rank(t.scorer, true), 0);
        finish(&t);
    }
}

/* Who answers for mail without a login. */
static void clients(void **state)
{
    const struct {
        const char *client, *identity, *customer;
        bool customers;
    } row[] = {
        {"203.0.113.5", "203.0.113.5", "news", true},
        {"203.0.113.16", NULL, NULL, true},
        {"127.0.2.9", "127.0.2.9", "lab", true},
        {"2001:db8:1:2::77", "2001:db8:1:2::/64", "lab", true},
        {"198.51.100.5", "198.51.100.5", "acme.example", false},
        {"2001:db8:1:2::77", "2001:db8:1:2::/64", "acme.example", false},
        {"10.1.2.3", "10.1.2.3", "acme.example", false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct mail m = {"", row[i].client, "x@mail.acme.example", "", NULL};
        struct run t;
        begin(&t, row[i].customers);
        campaign(&t, &m, 200, 0.4, 0.6, "spam-content");
        if (row[i].identity == NULL) {
            assert_int_equal(scorer_rank(t.scorer, true), 0);
        } else {
            assert_int_equal(state_of(&t, row[i].identity), STATE_COMPROMISED);
            assert_true(slice_eq(t.suspect.customer, slice_str(row[i].customer)));
            assert_int_equal(t.suspect.kind, IDENTITY_CLIENT);
        }
        finish(&t);
    }
}

/* Strangers who write to our own users: the filter's word on their mail flags nobody. */
static void strangers(void **state)
{
    struct mail m = {"", "198.51.100.5", "x@spam.example", "", NULL};
    struct run t;

    (void)state;
    begin(&t, false);
    for (unsigned i = 0; i < 300; i++) {
        accept_mail(&t, &m);
        verdict(&t, &m, i % 10 ? "spam" : "virus");
        /* and our own server behind, which refuses it */
        struct record r = record(&t, KIND_DELIVER, &m);
        r.f[COL_RELAY_NAME] = SL("mail.inside.example");
        r.f[COL_RELAY_IP] = SL("10.0.0.5");
        r.f[COL_STATUS] = SL("bounced");
        r.f[COL_CLASS] = i % 2 ? SL("user-unknown") : SL("spam-content");
        feed(&t, &r);
    }
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    finish(&t);
}

/* A filter behind 127.0.0.1:10024: the hop is no remote site, the message counts once. */
static void content_filter(void **state)
{
    struct mail second = bob;
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 100; i++) {
        char first[16];
        accept_mail(&t, &bob);
        memcpy(first, t.qid, sizeof first);
        second.origin = first;
        snprintf(t.qid, sizeof t.qid, "R%u", i);
        struct record in = record(&t, KIND_ACCEPT, &second);
        feed(&t, &in);
        memcpy(t.qid, first, sizeof first);
        struct record hop = record(&t, KIND_DELIVER, &bob);
        hop.f[COL_RELAY_NAME] = hop.f[COL_RELAY_IP] = SL("127.0.0.1");
        hop.f[COL_STATUS] = SL("sent");
        hop.f[COL_CLASS] = SL("accepted");
        feed(&t, &hop);
        removed(&t, &bob);
        snprintf(t.qid, sizeof t.qid, "R%u", i);
        deliver(&t, &second, site_at(i), i % 2 ? "user-unknown" : "spam-content", false);
        removed(&t, &second);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_int_equal(t.suspect.messages, 100);
    assert_int_equal(t.suspect.refused, 100);
    assert_true(slice_eq(t.suspect.sample[0], SL("Q0")));
    finish(&t);
}

/* A message that a site puts off as spam again and again says it once. */
static void deferred_again(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    int64_t first = t.time + WHEN_SECOND;
    for (unsigned i = 0; i < 3; i++) {
        accept_mail(&t, &bob);
        /* that it was put off because of our address takes nothing of what is said later */
        deliver(&t, &bob, site_at(i), "ip-blocklisted", true);
        for (unsigned try = 0; try < 200; try++)
            deliver(&t, &bob, site_at(i), "spam-content", true);
        deliver(&t, &bob, site_at(i), "spam-content", false);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_CLEAR);
    assert_int_equal(t.suspect.messages, 3);
    assert_int_equal(t.suspect.refused, 3);
    assert_int_equal(t.suspect.since, first + WHEN_SECOND / 10);
    assert_true(t.suspect.score < 3 * t.scoring.message_most);
    finish(&t);
}

/* Round mails with a dead address or two each: refusals come first in the log, and don't count for
 * more than their share. */
static void many_recipients(void **state)
{
    struct mail m = ann;
    struct run t;

    (void)state;
    begin(&t, true);
    m.nrcpt = "20";
    for (unsigned i = 0; i < 500; i++) {
        accept_mail(&t, &m);
        for (unsigned k = 0; k < 20; k++)
            deliver(&t, &m, site_at(i), k < 1 + i % 2 ? "user-unknown" : "accepted", false);
        if (i % 3)
            removed(&t, &m);
    }
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_int_equal(flagged(&t), 0);
    /* spam in the same way is found, and is counted by recipients */
    for (unsigned i = 0; i < 40; i++) {
        accept_mail(&t, &m);
        for (unsigned k = 0; k < 20; k++)
            deliver(&t, &m, site_at(k),
                    k < 9    ? "user-unknown"
                    : k < 16 ? "spam-content"
                             : "accepted",
                    false);
        removed(&t, &m);
    }
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_COMPROMISED);
    assert_int_equal(t.suspect.messages, 40);
    assert_int_equal(t.suspect.recipients, 800);
    assert_int_equal(t.suspect.refused, 640);
    assert_int_equal(t.suspect.unknown, 360);
    finish(&t);
}

/* A message whose queue file stays (a recipient is put off) is judged after a minute. */
static void unfinished(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    begin(&t, true);
    m.nrcpt = "2";
    for (unsigned i = 0; i < 60; i++) {
        accept_mail(&t, &m);
        deliver(&t, &m, site_at(i), i % 2 ? "spam-content" : "user-unknown", false);
        deliver(&t, &m, site_at(i), "greylisted", true);
    }
    t.time += 61 * WHEN_SECOND;
    accept_mail(&t, &ann);
    assert_int_equal(scorer_rank(t.scorer, false), 1);
    scorer_suspect(t.scorer, 0, &t.suspect);
    assert_int_equal(t.suspect.state, STATE_COMPROMISED);
    assert_int_equal(t.suspect.messages, 60);
    assert_int_equal(t.suspect.recipients, 120);
    finish(&t);
}

/* What a site does to others, and how long that is known. */
static void what_sites_do(void **state)
{
    struct remotes *rs = remotes_new();
    struct remote site = {.name = 7}, other = {.name = 8};
    const int64_t hour = 3600 * WHEN_SECOND;

    (void)state;
    remote_heard(rs, &site, 1, false, START); /* it refused nobody yet: not worth a place */
    assert_true(remote_share_refused(rs, &site, 2, START, 0.02) <= 0.02);
    for (uint32_t customer = 1; customer <= 4; customer++)
        remote_heard(rs, &site, customer, true, START);
    double share = remote_share_refused(rs, &site, 9, START, 0.02);
    assert_true(share > 0.3 && share < 0.4);
    assert_true(remote_share_refused(rs, &site, 1, START, 0.02) < share); /* itself left out */
    assert_true(remote_share_refused(rs, &other, 9, START, 0.02) <= 0.02);
    assert_true(remote_share_refused(rs, &site, 9, START + 23 * hour, 0.02) == share);
    assert_true(remote_share_refused(rs, &site, 9, START + 25 * hour, 0.02) <= 0.02);
    remote_forget(rs, &site, 1);
    assert_true(remote_share_refused(rs, &site, 9, START, 0.02) < share);
    for (uint32_t customer = 1; customer <= 4; customer++)
        remote_heard(rs, &site, customer, false, START);
    assert_true(remote_share_refused(rs, &site, 9, START, 0.02) <= 0.02);
    for (uint64_t name = 100; name < 20000; name++) { /* bounded: old sites are forgotten */
        struct remote many = {.name = name};
        remote_heard(rs, &many, 1, true, START);
    }
    assert_true(remote_share_refused(rs, &(struct remote){.name = 19999}, 9, START, 0.02) > 0.1);
    remotes_free(rs);
}

/* A customer that is flagged explains nobody's refusals. */
static void accomplices(void **state)
{
    struct mail others = {"x@other.example", "192.0.2.20", "x@other.example", "", NULL};
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &bob, 200, 0.4, 0.9, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    for (unsigned i = 0; i < 5; i++) /* heard again at every site, after the flag */
        send(&t, &bob, site_at(i), "spam-content");
    send(&t, &others, "big", "spam-content");
    assert_int_equal(state_of(&t, "x@other.example"), STATE_CLEAR);
    double with = t.suspect.score;
    finish(&t);
    begin(&t, true);
    send(&t, &others, "big", "spam-content");
    assert_int_equal(state_of(&t, "x@other.example"), STATE_CLEAR);
    assert_true(with == t.suspect.score);
    finish(&t);
}

/* One message that half the world refuses is one message. */
static void one_bad_message(void **state)
{
    struct mail m = ann;
    struct run t;
    char site[16];

    (void)state;
    begin(&t, true);
    m.nrcpt = "60";
    accept_mail(&t, &m);
    verdict(&t, &m, "spam");
    for (unsigned k = 0; k < 60; k++) {
        snprintf(site, sizeof site, "%csite", 'a' + k % 26);
        deliver(&t, &m, site, k % 2 ? "spam-content" : "user-unknown", false);
    }
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_true(t.suspect.score <= 2 * t.scoring.message_most + 0.01);
    finish(&t);
}

/* What is no evidence, whatever its number. */
static void neutral(void **state)
{
    static const char *const class[] = {
        "mailbox-full",    "greylisted", "network",      "policy",   "bad-sender",
        "message-too-big", "other",      "auth-failure", "protocol", ""};
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 5000; i++)
        send(&t, &bob, site_at(i), class[i % 10]);
    accept_mail(&t, &bob); /* an unknown user that is only put off */
    for (unsigned i = 0; i < 100; i++)
        deliver(&t, &bob, site_at(i), "user-unknown", true);
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    finish(&t);
}

/* A spammer with a verified list: no unknown recipients clear him, but one kind is no proof. With
 * our filter's word it is. */
static void verified_list(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    campaign(&t, &bob, 200, 0, 0.3, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_SUSPECT);
    finish(&t);
    begin(&t, true);
    unsigned n = 0;
    while (n < 300 && state_of(&t, "bob@acme.example") < STATE_COMPROMISED) {
        accept_mail(&t, &bob);
        verdict(&t, &bob, chance(&t) < 0.5 ? "spam" : "clean");
        deliver(&t, &bob, site_at(n++), chance(&t) < 0.3 ? "spam-content" : "accepted", false);
    }
    assert_in_range(n, 5, 60);
    finish(&t);
}

/* One spam verdict is forgotten after some dozens of good messages, even if the filter never says
 * another word. */
static void old_oddity(void **state)
{
    struct run t;

    (void)state;
    begin(&t, true);
    accept_mail(&t, &bob);
    verdict(&t, &bob, "spam");
    assert_int_equal(scorer_rank(t.scorer, true), 1);
    campaign(&t, &bob, 100, 0, 0, "");
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    int64_t from = t.time;
    campaign(&t, &bob, 200, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(t.suspect.since >= from);
    finish(&t);
}

/* Mail whose sender isn't known (its first lines are not in the log) has no name in the list. */
static void unknown_sender(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    begin(&t, true);
    m.sender = "";
    m.nrcpt = "";
    campaign(&t, &m, 100, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_int_equal(t.suspect.senders, 0);
    assert_int_equal(t.suspect.sender_n, 0);
    assert_in_range(t.suspect.messages, 90, 100);
    finish(&t);
}

/* Flagged, then clean for long: still told, with the window of then; and several senders. */
static void afterwards(void **state)
{
    struct mail m = bob;
    struct run t;
    char sender[40];

    (void)state;
    begin(&t, true);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(sender, sizeof sender, i % 4 ? "x%u@acme.example" : "boss@acme.example", i);
        m.sender = sender;
        send(&t, &m, site_at(i), i % 2 ? "user-unknown" : "spam-content");
    }
    campaign(&t, &bob, 2000, 0.005, 0, "");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_in_range(t.suspect.messages, 300, 400);
    assert_true(slice_eq(t.suspect.sender[0].name, SL("bob@acme.example")) ||
                slice_eq(t.suspect.sender[0].name, SL("boss@acme.example")));
    assert_in_range(t.suspect.senders, 200, 250);
    /* a name's count is never more than was seen */
    for (unsigned i = 0; i < t.suspect.sender_n; i++)
        assert_in_range(t.suspect.sender[i].count, 1,
                        t.suspect.sender[i].name.p[0] == 'x' ? 1 : 100);
    finish(&t);
}

static void telling(void *user, struct slice line)
{
    struct text *t = user;

    text_add(t, line);
    text_addc(t, '\n');
}

static void explained(void **state)
{
    struct text out = {0};
    struct run t;

    (void)state;
    begin(&t, true);
    scorer_free(t.scorer);
    struct scorer_options o = {&t.scoring, t.customers, SL("bob@acme.example"), telling, &out};
    t.scorer = scorer_new(&o);
    send(&t, &ann, "big", "spam-content");
    send(&t, &bob, "big", "accepted");
    send(&t, &bob, "big", "user-unknown");
    accept_mail(&t, &bob);
    verdict(&t, &bob, "virus");
    text_addc(&out, 0);
    assert_string_equal(
        out.p,
        "2026-11-24T10:10:02Z Q1 1 accepted, 0 refused as spam, 0 as unknown, 0 otherwise, by 1 "
        "provider: "
        "replies-content -0.34 replies-unknown -0.27: score 0.00 of 14.51\n"
        "2026-11-24T10:10:03Z Q2 0 accepted, 0 refused as spam, 1 as unknown, 0 otherwise, by 1 "
        "provider: "
        "replies-unknown +1.32: score 0.81 of 14.51\n"
        "2026-11-24T10:10:04Z Q3 our filter: a virus: verdict decisive: score 15.30 of 14.51\n");
    text_free(&out);
    finish(&t);
}

static void rates(void **state)
{
    struct scorer_rates r;
    struct run t;

    (void)state;
    begin(&t, true);
    for (unsigned hour = 0; hour < 48; hour++) {
        t.time = START + hour * 3600 * WHEN_SECOND;
        for (unsigned i = 0; i < (hour == 30 ? 60 : 2); i++)
            send(&t, &bob, site_at(i), "user-unknown");
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_SUSPECT);
    assert_int_equal(scorer_rank(t.scorer, false), 1);
    scorer_rates(t.scorer, 0, &r);
    assert_int_equal(r.minutes, 120);
    assert_int_equal(r.n, 24);
    for (unsigned i = 0; i < r.n; i++)
        assert_int_equal(r.count[i], i == 15 ? 62 : 4);
    finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spammer),
        cmocka_unit_test(newsletter),
        cmocka_unit_test(clumsy_newsletter),
        cmocka_unit_test(unknown_burst),
        cmocka_unit_test(listed_address),
        cmocka_unit_test(listed_address_called_spam),
        cmocka_unit_test(one_site_alone),
        cmocka_unit_test(many_names),
        cmocka_unit_test(one_site_and_filter),
        cmocka_unit_test(filter_alone),
        cmocka_unit_test(virus),
        cmocka_unit_test(forged_sender),
        cmocka_unit_test(nobody),
        cmocka_unit_test(clients),
        cmocka_unit_test(strangers),
        cmocka_unit_test(content_filter),
        cmocka_unit_test(deferred_again),
        cmocka_unit_test(many_recipients),
        cmocka_unit_test(unfinished),
        cmocka_unit_test(what_sites_do),
        cmocka_unit_test(accomplices),
        cmocka_unit_test(one_bad_message),
        cmocka_unit_test(neutral),
        cmocka_unit_test(verified_list),
        cmocka_unit_test(old_oddity),
        cmocka_unit_test(unknown_sender),
        cmocka_unit_test(afterwards),
        cmocka_unit_test(explained),
        cmocka_unit_test(rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
