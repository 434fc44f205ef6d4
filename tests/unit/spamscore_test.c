/* The scorer on made-up mail, mostly with the numbers that ship: who is flagged, and above all who
 * is not. */
#include "scored.h"

/* A dirty list and spam: both kinds of refusal, from five sites. */
static void spammer(void **state)
{
    struct run t;
    char expected[80];

    (void)state;
    run_begin(&t, true, "");
    ordinary(&t, &ann, 2);
    t.time = MONDAY + 8 * HOUR;
    ordinary(&t, &bob, 2);
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
    assert_in_range(s->time, from, from + 60 * WHEN_SECOND); /* some 40 messages */
    assert_in_range(s->messages, 190, 200);
    assert_int_equal(s->messages, s->recipients);
    assert_in_range(s->refused, 130, 170);
    assert_in_range(s->unknown, 60, 100);
    assert_int_equal(s->senders, 1);
    assert_true(slice_eq(s->sender[0].name, SL("bob@acme.example")));
    assert_int_equal(s->sender[0].count, s->messages);
    assert_true(slice_eq(s->client[0].name, SL("192.0.2.7")));
    assert_int_equal(s->sample_n, 5);
    snprintf(expected, sizeof expected, "refused %llu of %llu as unknown by 5 providers",
             (unsigned long long)s->unknown, (unsigned long long)s->recipients);
    assert_string_equal(family_seen(s, FAMILY_UNKNOWN), expected);
    assert_int_equal(scorer_state_of(t.scorer, SL("BOB@acme.example")), STATE_COMPROMISED);
    assert_int_equal(scorer_state_of(t.scorer, SL("ann@acme.example")), STATE_CLEAR);
    assert_int_equal(scorer_state_of(t.scorer, SL("nobody")), -1);
    struct scorer_stats stats;
    scorer_stats(t.scorer, &stats);
    assert_int_equal(stats.identities, 2);
    assert_int_equal(stats.flagged, 1);
    run_end(&t);
}

/* An issue of a newsletter: to the subscribers, of whom `fresh` joined since the last one, and 7 %
 * of these mistyped their address. */
static void issue(struct run *t, const struct mail *m, unsigned subscribers, unsigned fresh)
{
    char rcpt[64];

    for (unsigned i = 0; i < subscribers; i++) {
        bool joined = i >= subscribers - fresh;
        snprintf(rcpt, sizeof rcpt, "reader%u@%s.example", i, site_at(i));
        const char *what = joined && chance(t) < 0.07 ? "user-unknown"
                           : chance(t) < 0.005        ? "spam-content"
                                                      : "accepted";
        send_to(t, m, site_at(i), rcpt, what);
    }
}

/* What an issue to a hundred new addresses, of which 7 % are unknown, brings as such. */
static double hundred_new(struct run *t, const struct mail *m)
{
    t->sum[FAMILY_UNKNOWN] = 0;
    for (unsigned i = 0; i < 100; i++)
        send(t, m, site_at(i), i % 14 == 3 ? "user-unknown" : "accepted");
    return t->sum[FAMILY_UNKNOWN];
}

/* Seven percent unknown ones, for weeks: an old list, not a spammer; and by and by that is what is
 * expected of it. */
static void newsletter(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "news");
    unsigned readers = 500;
    issue(&t, &news, readers, readers);
    for (unsigned day = 1; day < 40; day++) {
        t.time = MONDAY + day * DAY + 8 * HOUR;
        readers += 40;
        issue(&t, &news, readers, 40);
        assert_int_equal(state_of(&t, "news"), STATE_CLEAR);
    }
    assert_int_equal(flagged(&t), 0);
    t.time = MONDAY + 41 * DAY + 8 * HOUR;
    double known = hundred_new(&t, &news);
    run_end(&t);
    run_begin(&t, true, "bob@acme.example");
    ordinary(&t, &bob, 6);
    double stranger = hundred_new(&t, &bob);
    assert_true(known < stranger - 1);
    run_end(&t);
}

/* Everywhere filters take half of an issue for spam; its readers and its size are as usual: told,
 * not blocked. */
static void clumsy_newsletter(void **state)
{
    struct run t;
    char rcpt[64];

    (void)state;
    run_begin(&t, true, "");
    for (unsigned day = 0; day < 30; day++) {
        t.time = MONDAY + day * DAY + 8 * HOUR;
        for (unsigned i = 0; i < 1000; i++) {
            snprintf(rcpt, sizeof rcpt, "reader%u@%s.example", i, site_at(i));
            send_to(&t, &news, site_at(i), rcpt,
                    day == 29 && chance(&t) < 0.5 ? "spam-content" : "accepted");
        }
        assert_int_equal(state_of(&t, "news"), day == 29 ? STATE_SUSPECT : STATE_CLEAR);
    }
    assert_true(t.suspect.score < t.suspect.threshold);
    run_end(&t);
}

/* A list that died: nothing but unknown recipients, all at once. A mailing as it shouldn't be, and
 * no more. */
static void unknown_burst(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    campaign(&t, &news, 3000, 1.0, 0, "");
    assert_int_equal(state_of(&t, "news"), STATE_SUSPECT);
    assert_true(t.suspect.score < t.suspect.threshold);
    assert_true(family_score(&t.suspect, FAMILY_UNKNOWN) > 1);
    run_end(&t);
}

/* The outbound address is listed: everything is refused because of it. */
static void listed_address(void **state)
{
    static const char *const class[] = {"ip-blocklisted", "rate-limited"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct run t;
        run_begin(&t, true, "");
        campaign(&t, &news, 5000, 0.07, 1.0, class[i]);
        campaign(&t, &bob, 500, 0.01, 1.0, class[i]);
        assert_int_equal(state_of(&t, "news"), STATE_CLEAR);
        assert_int_equal(flagged(&t), 0);
        run_end(&t);
    }
}

/* The address is listed, and the sites call that spam: nobody is blocked for it, and hardly anybody
 * is even a suspect, since they do it to all. */
static void listed_address_called_spam(void **state)
{
    char login[16][16];
    struct mail m[16];
    struct run t;

    (void)state;
    run_begin(&t, false, "");
    for (unsigned i = 0; i < 16; i++) {
        snprintf(login[i], sizeof login[i], "u@c%u.example", i);
        m[i] = (struct mail){login[i], "192.0.2.9", login[i], NULL, NULL, NULL};
        t.time = MONDAY + 8 * HOUR;
        ordinary(&t, &m[i], 2);
    }
    for (unsigned i = 0; i < 100; i++) {
        work_on(&t);
        for (unsigned k = 0; k < 16; k++)
            send_to(&t, &m[k], site_at(i + k), friend(&t, i + k), "spam-content");
    }
    for (unsigned i = 0; i < 16; i++)
        assert_true(state_of(&t, login[i]) <= STATE_SUSPECT);
    assert_in_range(flagged(&t), 0, 1);
    run_end(&t);
}

/* One remote site may say what it likes; with all the rest that can be said of a mailing. */
static void one_site_alone(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    for (unsigned i = 0; i < 2000; i++)
        send(&t, &bob, "big", i % 2 ? "spam-content" : "user-unknown");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_CLEAR);
    assert_true(family_score(&t.suspect, FAMILY_CONTENT) +
                    family_score(&t.suspect, FAMILY_UNKNOWN) <=
                t.scoring.remote_most + 0.01);
    assert_true(t.suspect.score < t.suspect.threshold);
    run_end(&t);
    /* nor do two, by what they say */
    run_begin(&t, true, "");
    ordinary(&t, &bob, 2);
    for (unsigned i = 0; i < 500; i++) {
        work_on(&t);
        send_to(&t, &bob, site_at(i % 2), friend(&t, i % 2), "spam-content");
    }
    assert_true(state_of(&t, "bob@acme.example") < STATE_COMPROMISED);
    run_end(&t);
}

/* One server under many names is one site. */
static void many_names(void **state)
{
    struct run t;
    char name[40];

    (void)state;
    run_begin(&t, true, "");
    for (unsigned i = 0; i < 2000; i++) {
        accept_mail(&t, &bob);
        struct record r = record_of(&t, KIND_DELIVER, &bob);
        snprintf(name, sizeof name, "mx.name%u.example", i % 50);
        r.f[COL_RELAY_NAME] = slice_str(name);
        r.f[COL_RELAY_IP] = i % 3 ? SL("198.51.100.1") : SL("198.51.100.200");
        r.f[COL_STATUS] = SL("bounced");
        r.f[COL_CLASS] = i % 2 ? SL("spam-content") : SL("user-unknown");
        feed(&t, &r);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_CLEAR);
    run_end(&t);
}

/* Spam that goes to one site only, and our own filter knows it: two kinds. */
static void one_site_and_filter(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring); /* what is counted doesn't depend on those that ship */
    ordinary(&t, &bob, 2);
    for (unsigned i = 0; i < 60; i++) {
        accept_mail(&t, &bob);
        verdict(&t, &bob, "spam");
        deliver(&t, &bob, "big", i % 4 ? "accepted" : "spam-content", false);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_string_equal(family_seen(&t.suspect, FAMILY_VERDICT),
                        "our filter found spam in 60 of 60");
    assert_string_equal(family_seen(&t.suspect, FAMILY_CONTENT),
                        "refused 15 of 60 as spam by 1 provider");
    run_end(&t);
}

/* The filter alone: told, not blocked. */
static void filter_alone(void **state)
{
    struct run t;
    unsigned spam, all;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring);
    ordinary(&t, &news, 2);
    for (unsigned i = 0; i < 500; i++) {
        accept_mail(&t, &news);
        verdict(&t, &news, "spam");
        verdict(&t, &news, "spam"); /* said twice of one message, counts once */
    }
    assert_int_equal(state_of(&t, "news"), STATE_SUSPECT);
    assert_int_equal(sscanf(family_seen(&t.suspect, FAMILY_VERDICT),
                            "our filter found spam in %u of %u", &spam, &all),
                     2);
    assert_in_range(all, 490, 500); /* the first ones may have been before the watch */
    assert_int_equal(spam, all);
    run_end(&t);
}

/* A stranger and a thief forge ann's address: ann stays clear, the thief's login is named. */
static void forged_sender(void **state)
{
    struct mail thief = bob, stranger = {"", "192.0.2.66", "ann@acme.example", NULL, NULL, NULL};
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    thief.sender = "Ann@acme.example";
    campaign(&t, &ann, 300, 0.01, 0, "");
    campaign(&t, &thief, 300, 0.4, 0.6, "spam-content");
    campaign(&t, &stranger, 300, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_int_equal(state_of(&t, "192.0.2.66"), STATE_CLEAR);
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(slice_eq(t.suspect.sender[0].name, SL("ann@acme.example")));
    assert_int_equal(flagged(&t), 1);
    run_end(&t);
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
        struct mail m = {"", row[i].client, "x@mail.acme.example", NULL, NULL, NULL};
        struct run t;
        run_begin(&t, row[i].customers, "");
        campaign(&t, &m, 200, 0.4, 0.6, "spam-content");
        if (row[i].identity == NULL) {
            assert_int_equal(scorer_rank(t.scorer, true), 0);
        } else {
            assert_int_equal(state_of(&t, row[i].identity), STATE_COMPROMISED);
            assert_true(slice_eq(t.suspect.customer, slice_str(row[i].customer)));
            assert_int_equal(t.suspect.kind, IDENTITY_CLIENT);
        }
        run_end(&t);
    }
}

/* Strangers who write to our own users: the filter's word on their mail flags nobody. */
static void strangers(void **state)
{
    struct mail m = {"", "198.51.100.5", "x@spam.example", NULL, NULL, NULL};
    struct run t;

    (void)state;
    run_begin(&t, false, "");
    for (unsigned i = 0; i < 300; i++) {
        accept_mail(&t, &m);
        verdict(&t, &m, i % 10 ? "spam" : "virus");
        /* and our own server behind, which refuses it */
        struct record r = record_of(&t, KIND_DELIVER, &m);
        r.f[COL_RELAY_NAME] = SL("mail.inside.example");
        r.f[COL_RELAY_IP] = SL("10.0.0.5");
        r.f[COL_STATUS] = SL("bounced");
        r.f[COL_CLASS] = i % 2 ? SL("user-unknown") : SL("spam-content");
        feed(&t, &r);
    }
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    run_end(&t);
}

/* A filter behind 127.0.0.1:10024: the hop is no remote site, the message counts once. */
static void content_filter(void **state)
{
    struct mail second = bob;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring);
    ordinary(&t, &bob, 2);
    for (unsigned i = 0; i < 100; i++) {
        char first[16];
        accept_mail(&t, &bob);
        memcpy(first, t.qid, sizeof first);
        second.origin = first;
        snprintf(t.qid, sizeof t.qid, "R%u", i);
        struct record in = record_of(&t, KIND_ACCEPT, &second);
        feed(&t, &in);
        memcpy(t.qid, first, sizeof first);
        struct record hop = record_of(&t, KIND_DELIVER, &bob);
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
    assert_in_range(t.suspect.messages, 90, 100);
    assert_int_equal(t.suspect.refused, t.suspect.messages);
    assert_true(slice_starts(t.suspect.sample[0], SL("Q"))); /* as it came in, not as it left */
    run_end(&t);
}

/* A message that a site puts off as spam again and again says it once. */
static void deferred_again(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring);
    ordinary(&t, &bob, 2);
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
    assert_in_range(t.suspect.messages, 1, 3);
    assert_int_equal(t.suspect.refused, t.suspect.messages);
    assert_in_range(t.suspect.since, first, t.time);
    assert_true(t.suspect.score < 3 * t.scoring.message_most);
    run_end(&t);
}

/* Round mails with a dead address or two each: refusals come first in the log, and don't count for
 * more than their share. */
static void many_recipients(void **state)
{
    struct mail m = ann;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring);
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
    assert_in_range(t.suspect.messages, 35, 40);
    assert_int_equal(t.suspect.recipients, 20 * t.suspect.messages);
    assert_int_equal(t.suspect.refused, 16 * t.suspect.messages);
    assert_int_equal(t.suspect.unknown, 9 * t.suspect.messages);
    run_end(&t);
}

/* A message whose queue file stays (a recipient is put off) is judged after a minute. */
static void unfinished(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
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
    run_end(&t);
}

/* A customer that is flagged explains nobody's refusals. */
static void accomplices(void **state)
{
    struct mail others = {"x@other.example", "192.0.2.20", "x@other.example", NULL, NULL, NULL};
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    campaign(&t, &bob, 200, 0.4, 0.9, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    for (unsigned i = 0; i < 5; i++) /* heard again at every site, after the flag */
        send(&t, &bob, site_at(i), "spam-content");
    send(&t, &others, "big", "spam-content");
    assert_int_equal(state_of(&t, "x@other.example"), STATE_CLEAR);
    double with = t.suspect.score;
    run_end(&t);
    run_begin(&t, true, "");
    send(&t, &others, "big", "spam-content");
    assert_int_equal(state_of(&t, "x@other.example"), STATE_CLEAR);
    assert_true(with == t.suspect.score);
    run_end(&t);
}

/* One message that half the world refuses is one message. */
static void one_bad_message(void **state)
{
    struct mail m = ann;
    struct run t;
    char site[16];

    (void)state;
    run_begin(&t, true, "");
    m.nrcpt = "60";
    accept_mail(&t, &m);
    verdict(&t, &m, "spam");
    for (unsigned k = 0; k < 60; k++) {
        snprintf(site, sizeof site, "%csite", 'a' + k % 26);
        deliver(&t, &m, site, k % 2 ? "spam-content" : "user-unknown", false);
    }
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_true(t.suspect.score <= 2 * t.scoring.message_most + 0.01);
    run_end(&t);
}

/* Spam to people whom the customer knows: no unknown or new ones, no burst. Who is told so by
 * remote sites only is a suspect; with our own filter's word it is proof. */
static void verified_list(void **state)
{
    struct run t;
    unsigned n = 0;

    (void)state;
    run_begin(&t, true, "");
    ordinary(&t, &bob, 2);
    for (unsigned i = 0; i < 200; i++) {
        work_on(&t);
        send_to(&t, &bob, site_at(i), friend(&t, i),
                chance(&t) < 0.5 ? "spam-content" : "accepted");
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_SUSPECT);
    run_end(&t);
    run_begin(&t, true, "");
    ordinary(&t, &bob, 2);
    while (n < 100 && state_of(&t, "bob@acme.example") < STATE_COMPROMISED) {
        work_on(&t);
        accept_mail(&t, &bob);
        verdict(&t, &bob, chance(&t) < 0.5 ? "spam" : "clean");
        deliver_to(&t, &bob, site_at(n), friend(&t, n),
                   chance(&t) < 0.5 ? "spam-content" : "accepted", false);
        n++;
    }
    assert_in_range(n, 3, 60);
    run_end(&t);
}

/* One spam verdict is forgotten after some dozens of good messages, even if the filter never says
 * another word; an attack afterwards begins when it begins. */
static void old_oddity(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    ordinary(&t, &bob, 2);
    accept_mail(&t, &bob);
    verdict(&t, &bob, "spam");
    assert_int_equal(scorer_rank(t.scorer, true), 1);
    t.gap = HOUR / 2;
    for (unsigned i = 0; i < 100; i++)
        send_to(&t, &bob, site_at(i), somebody(&t, site_at(i), i / 5 % 4), "accepted");
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    int64_t from = t.time;
    t.gap = WHEN_SECOND;
    campaign(&t, &bob, 200, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(t.suspect.since >= from);
    run_end(&t);
}

/* One attack: the same people, place and sender every time. Ends with what each family made of it.
 */
static void attack(struct run *t, double sum[FAMILY_COUNT])
{
    static const struct mail thief = {
        "bob@acme.example", "100.66.1.1", "pay@bank.example", NULL, NULL, NULL};
    char rcpt[64];

    memset(t->sum, 0, sizeof t->sum);
    for (unsigned i = 0; i < 60; i++) {
        snprintf(rcpt, sizeof rcpt, "victim%u@d%u.example", i, i);
        accept_mail(t, &thief);
        verdict(t, &thief, i % 3 ? "clean" : "spam");
        deliver_to(t, &thief, site_at(i), rcpt,
                   i % 2       ? "accepted"
                   : i % 4 > 1 ? "user-unknown"
                               : "spam-content",
                   false);
        removed(t, &thief);
    }
    memcpy(sum, t->sum, sizeof t->sum);
}

/* Frozen under suspicion: who was flagged has taught nothing; the same attack again says as much,
 * weeks later, when the first is over. */
static void frozen(void **state)
{
    double first[FAMILY_COUNT], again[FAMILY_COUNT];
    struct run t;

    (void)state;
    run_begin(&t, true, "bob@acme.example");
    ordinary(&t, &bob, 6);
    attack(&t, first);
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    for (unsigned week = 0; week < 40 && t.score > 0; week++)
        ordinary(&t, &bob, 1);
    assert_true(t.score <= 0); /* it is over */
    attack(&t, again);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        print_message("%s: %.2f, then %.2f\n", family_name(f).p, first[f], again[f]);
        assert_true(again[f] > first[f] - 0.5);
    }
    assert_true(first[FAMILY_RECIPIENTS] > 0.5 && first[FAMILY_ORIGIN] > 0.1);
    run_end(&t);
}

/* What was new in a watch that ended without a flag is known from then on. */
static void known_afterwards(void **state)
{
    const struct mail moved = {
        "bob@acme.example", "100.66.1.1", "sales@bank.example", NULL, NULL, NULL};
    struct run t;
    double first[2], again[2];

    (void)state;
    run_begin(&t, true, "bob@acme.example");
    ordinary(&t, &bob, 3);
    accept_mail(&t, &moved);
    first[0] = t.llr[FAMILY_ORIGIN];
    first[1] = t.llr[FAMILY_SENDER];
    assert_true(t.score > 0); /* else nobody was watched */
    deliver_to(&t, &moved, "far", "new@far.example", "accepted", false);
    removed(&t, &moved);
    ordinary(&t, &bob, 2);
    assert_true(t.score <= 0);
    accept_mail(&t, &moved);
    again[0] = t.llr[FAMILY_ORIGIN];
    again[1] = t.llr[FAMILY_SENDER];
    for (unsigned i = 0; i < 2; i++)
        assert_true(first[i] > 0.1 && again[i] <= 0);
    deliver_to(&t, &moved, "far", "new@far.example", "user-unknown", false);
    assert_true(t.llr[FAMILY_RECIPIENTS] <= 0); /* and whom it wrote to */
    assert_true(fabs(t.llr[FAMILY_UNKNOWN]) < 1e-6);
    assert_int_equal(flagged(&t), 0);
    run_end(&t);
}

/* What is passed over because it is all as usual is learned as well: who is told of, and so isn't
 * passed over, scores the same when something odd comes, in every family. */
static void passed_over(void **state)
{
    const struct mail odd = {
        "bob@acme.example", "100.66.1.1", "info@bank.example", NULL, NULL, NULL};
    double part[2][FAMILY_COUNT];

    (void)state;
    for (int told = 0; told < 2; told++) {
        struct run t;
        run_begin(&t, true, told ? "bob@acme.example" : "");
        t.scoring.message_most = t.scoring.threshold; /* nothing is cut */
        t.scoring.conduct_most = 2 * t.scoring.threshold;
        for (unsigned i = 0; i < 900; i++) { /* six an hour: not each of them says how busy it is */
            if (i % 3 == 0)
                work_on(&t);
            accept_mail(&t, &bob);
            verdict(&t, &bob, "clean");
            deliver_to(&t, &bob, site_at(i), friend(&t, i), "accepted", false);
            removed(&t, &bob);
        }
        for (unsigned i = 0; i < 2; i++) {
            accept_mail(&t, &odd);
            verdict(&t, &odd, "spam");
            deliver_to(&t, &odd, "far", i ? "a@far.example" : "b@far.example", "spam-content",
                       false);
            removed(&t, &odd);
        }
        state_of(&t, "bob@acme.example");
        for (unsigned f = 0; f < FAMILY_COUNT; f++)
            part[told][f] = family_score(&t.suspect, f);
        run_end(&t);
    }
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        assert_true(fabs(part[0][f] - part[1][f]) < 0.01);
    assert_true(part[0][FAMILY_ORIGIN] > 0.1 && part[0][FAMILY_SENDER] > 0.1);
    assert_true(part[0][FAMILY_VERDICT] > 0.5 && part[0][FAMILY_RECIPIENTS] > 0.5);
}

/* A burst is noticed though each of its messages is as usual. */
static void burst(void **state)
{
    double score[2];

    (void)state;
    for (int told = 0; told < 2; told++) {
        struct run t;
        run_begin(&t, true, told ? "bob@acme.example" : "");
        ordinary(&t, &bob, 6);
        for (unsigned i = 0; i < 64; i++)
            accept_mail(&t, &bob);
        state_of(&t, "bob@acme.example");
        score[told] = family_score(&t.suspect, FAMILY_VOLUME);
        run_end(&t);
    }
    assert_true(score[0] > 0.5);
    assert_true(fabs(score[0] - score[1]) < 0.01);
}

/* A site's word on a message counts once, however many recipients it is about. */
static void counted_once(void **state)
{
    double llr[2][FAMILY_COUNT];

    (void)state;
    for (int many = 0; many < 2; many++) {
        struct mail m = bob;
        struct run t;
        run_begin(&t, true, "bob@acme.example");
        ordinary(&t, &bob, 2);
        m.nrcpt = many ? "30" : "1";
        accept_mail(&t, &m);
        for (unsigned k = 0; k < (many ? 30 : 1); k++)
            deliver(&t, &m, "big", "user-unknown", false);
        removed(&t, &m);
        memcpy(llr[many], t.llr, sizeof t.llr);
        state_of(&t, "bob@acme.example");
        assert_int_equal(t.suspect.messages, 1);
        assert_int_equal(t.suspect.refused, many ? 30 : 1);
        run_end(&t);
    }
    assert_true(llr[0][FAMILY_UNKNOWN] > 0.1);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        assert_true(fabs(llr[0][f] - llr[1][f]) < 0.02);
}

/* What sites say of one message is taken together when it is removed, after a minute, or at the end
 * of the input; not before. */
static void waiting(void **state)
{
    const struct mail nobody = {"", "127.0.0.1", "cron@mx1.example", NULL, NULL, NULL};
    enum { REMOVED, MINUTE, END, WAYS };
    double score[WAYS];

    (void)state;
    for (int way = 0; way < WAYS; way++) {
        struct mail m = bob;
        struct run t;
        run_begin(&t, true, "");
        ordinary(&t, &bob, 2);
        m.nrcpt = "10";
        accept_mail(&t, &m);
        for (unsigned k = 0; k < 8; k++)
            deliver(&t, &m, site_at(k), k < 6 ? "user-unknown" : "accepted", false);
        assert_int_equal(scorer_rank(t.scorer, true), 0);
        if (way == REMOVED) {
            removed(&t, &m);
        } else if (way == MINUTE) {
            t.gap = 58 * WHEN_SECOND; /* since its first answer, that is 59 s ago */
            accept_mail(&t, &nobody);
            assert_int_equal(scorer_rank(t.scorer, true), 0);
            t.gap = 2 * WHEN_SECOND;
            accept_mail(&t, &nobody);
        } else {
            assert_true(scorer_end(t.scorer));
        }
        assert_int_equal(scorer_rank(t.scorer, true), 1);
        scorer_suspect(t.scorer, 0, &t.suspect);
        score[way] = t.suspect.score;
        assert_int_equal(t.suspect.refused, 6);
        run_end(&t);
    }
    assert_true(score[0] > 0);
    assert_true(fabs(score[1] - score[0]) < 0.01 && fabs(score[2] - score[0]) < 0.01);
}

/* More messages at a time than there is room to wait in: the oldest are taken, none is lost. */
static void crowd(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    t.gap = WHEN_SECOND / 100;
    m.nrcpt = "2";
    for (unsigned i = 0; i < 1000; i++) {
        accept_mail(&t, &m);
        t.time -= WHEN_SECOND / 10;
        deliver(&t, &m, site_at(i), i % 2 ? "user-unknown" : "spam-content", false);
    }
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_in_range(t.suspect.refused, 990, 1000);
    run_end(&t);
}

/* Mail whose sender isn't known (its first lines are not in the log) has no name in the list. */
static void unknown_sender(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    m.sender = "";
    m.nrcpt = "";
    campaign(&t, &m, 100, 0.4, 0.6, "spam-content");
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_int_equal(t.suspect.senders, 0);
    assert_int_equal(t.suspect.sender_n, 0);
    assert_in_range(t.suspect.messages, 90, 100);
    run_end(&t);
}

/* Flagged, then clean for long: still told, with the window of then; and several senders. */
static void afterwards(void **state)
{
    struct mail m = bob;
    struct run t;
    char sender[40];

    (void)state;
    run_begin(&t, true, "");
    ordinary(&t, &bob, 2);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(sender, sizeof sender, i % 4 ? "x%u@acme.example" : "boss@acme.example", i);
        m.sender = sender;
        send(&t, &m, site_at(i), i % 2 ? "user-unknown" : "spam-content");
    }
    ordinary(&t, &bob, 20);
    assert_int_equal(state_of(&t, "bob@acme.example"), STATE_COMPROMISED);
    assert_true(t.suspect.messages >= 300);
    assert_in_range(t.suspect.refused, 295, 300);
    assert_true(slice_eq(t.suspect.sender[0].name, SL("bob@acme.example")) ||
                slice_eq(t.suspect.sender[0].name, SL("boss@acme.example")));
    assert_in_range(t.suspect.senders, 200, 250);
    /* a name's count is never more than was seen */
    for (unsigned i = 0; i < t.suspect.sender_n; i++)
        assert_in_range(t.suspect.sender[i].count, 1,
                        t.suspect.sender[i].name.p[0] == 'x' ? 1 : t.suspect.messages);
    run_end(&t);
}

/* The line that begins so, behind its time. */
static const char *line_of(const struct run *t, const char *beginning)
{
    static char buf[300];
    const char *at = t->told.p ? strstr(t->told.p, beginning) : NULL;

    assert_non_null(at);
    assert_true(at > t->told.p + 20 && at[-1] == ' ' && at[-2] == 'Z');
    snprintf(buf, sizeof buf, "%.*s", (int)strcspn(at, "\n"), at);
    return buf;
}

/* Each observation of one identity is told: when, which message, what was seen, what each family
 * makes of it, and the score then. */
static void explained(void **state)
{
    struct run t;
    char end[40];

    (void)state;
    run_begin(&t, true, "BOB@acme.example");
    send(&t, &ann, "big", "spam-content");
    assert_int_equal(t.told.n, 0);
    send(&t, &bob, "big", "accepted");
    send(&t, &bob, "big", "user-unknown");
    accept_mail(&t, &bob);
    verdict(&t, &bob, "clean");
    verdict(&t, &bob, "virus"); /* of this message enough was said */
    accept_mail(&t, &bob);
    verdict(&t, &bob, "virus");
    text_addc(&t.told, 0);
    snprintf(end, sizeof end, "of %.2f", t.scoring.threshold);
    assert_non_null(strstr(line_of(&t, "Q1 arrived"), ": score "));
    assert_non_null(strstr(line_of(&t, "Q1 1 accepted, 0 refused as spam, 0 as unknown, 0 "
                                       "otherwise, by 1 provider: "),
                           " replies-content -"));
    assert_non_null(strstr(line_of(&t, "Q2 0 accepted, 0 refused as spam, 1 as unknown, 0 "
                                       "otherwise, by 1 provider: "),
                           " replies-unknown +"));
    assert_non_null(strstr(line_of(&t, "Q3 our filter: clean"), " verdict -"));
    const char *last = line_of(&t, "Q4 our filter: a virus");
    assert_non_null(strstr(last, ": verdict decisive: score "));
    assert_non_null(strstr(last, end));
    assert_true(t.score >= t.scoring.threshold - 0.01);
    assert_null(strstr(t.told.p, "Q0"));
    assert_null(strstr(t.told.p, "Q3 our filter: a virus"));
    run_end(&t);
}

static void rates(void **state)
{
    struct scorer_rates r;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    for (unsigned hour = 0; hour < 48; hour++) {
        t.time = MONDAY + hour * 3600 * WHEN_SECOND;
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
    run_end(&t);
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
        cmocka_unit_test(forged_sender),
        cmocka_unit_test(clients),
        cmocka_unit_test(strangers),
        cmocka_unit_test(content_filter),
        cmocka_unit_test(deferred_again),
        cmocka_unit_test(many_recipients),
        cmocka_unit_test(unfinished),
        cmocka_unit_test(accomplices),
        cmocka_unit_test(one_bad_message),
        cmocka_unit_test(verified_list),
        cmocka_unit_test(old_oddity),
        cmocka_unit_test(frozen),
        cmocka_unit_test(known_afterwards),
        cmocka_unit_test(passed_over),
        cmocka_unit_test(burst),
        cmocka_unit_test(counted_once),
        cmocka_unit_test(waiting),
        cmocka_unit_test(crowd),
        cmocka_unit_test(unknown_sender),
        cmocka_unit_test(afterwards),
        cmocka_unit_test(explained),
        cmocka_unit_test(rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
