/* evidence: each family alone, what it asks of records and what it must not. On made-up mail that
 * the scorer takes, with numbers of its own: what is asserted is which says more. */
#include "judge/evidence.h"

#include <unistd.h>

#include "scored.h"

#define BOB "bob@acme.example"

/* Ordinary for two weeks, then watched and told of. */
static void begin_settled(struct run *t, struct geo *geo)
{
    run_begin(t, true, BOB);
    run_numbers(&t->scoring);
    t->scoring.message_most = t->scoring.threshold; /* nothing is cut */
    t->geo = geo;
    run_start(t, BOB);
    ordinary(t, &ann, 2);
    t->time = MONDAY + 8 * HOUR;
    ordinary(t, &bob, 2);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        t->sum[f] = 0;
}

/* One message of bob's, with the sign or without; in all else it is an ordinary one. */
static void content(struct run *t, unsigned i, bool with)
{
    work_on(t);
    send_to(t, &bob, site_at(i), friend(t, i), with ? "spam-content" : "accepted");
}

static void unknown(struct run *t, unsigned i, bool with)
{
    work_on(t);
    send(t, &bob, site_at(i), with ? "user-unknown" : "accepted");
}

static void spam(struct run *t, unsigned i, bool with)
{
    work_on(t);
    accept_mail(t, &bob);
    verdict(t, &bob, with ? "spam" : "clean");
    deliver_to(t, &bob, site_at(i), friend(t, i), "accepted", false);
    removed(t, &bob);
}

static void recipients(struct run *t, unsigned i, bool with)
{
    char site[16];

    work_on(t);
    snprintf(site, sizeof site, "s%u", i);
    if (with)
        send(t, &bob, site, "accepted");
    else
        send_to(t, &bob, site_at(i), friend(t, i), "accepted");
}

/* Nothing but that it came. */
static void volume(struct run *t, unsigned i, bool with)
{
    struct mail m = {BOB, "", "", NULL, NULL, NULL};

    if (!with || i % 500 == 0)
        work_on(t);
    accept_mail(t, &m);
}

static void origin(struct run *t, unsigned i, bool with)
{
    struct mail m = bob;
    char ip[32];

    work_on(t);
    snprintf(ip, sizeof ip, "%u.%u.3.4", 20 + i / 250 % 50, i % 250);
    m.client = with ? ip : bob.client;
    send_to(t, &m, site_at(i), friend(t, i), "accepted");
}

static void sender(struct run *t, unsigned i, bool with)
{
    struct mail m = bob;
    char address[64];

    work_on(t);
    snprintf(address, sizeof address, "x%uk2q%uz@made-up%u.example", i, i % 7, i);
    m.sender = with ? address : bob.sender;
    send_to(t, &m, site_at(i), friend(t, i), "accepted");
}

static const struct {
    enum family family;
    void (*send)(struct run *t, unsigned i, bool with);
} families[] = {
    {FAMILY_CONTENT, content}, {FAMILY_UNKNOWN, unknown},       {FAMILY_VERDICT, spam},
    {FAMILY_VOLUME, volume},   {FAMILY_RECIPIENTS, recipients}, {FAMILY_ORIGIN, origin},
    {FAMILY_SENDER, sender},
};
#define FAMILIES (sizeof families / sizeof *families)

/* With its sign the family's score goes up, further than any other's; without it nothing does. */
static void alone(void **state)
{
    struct run t;

    (void)state;
    for (unsigned i = 0; i < FAMILIES; i++) {
        for (int with = 0; with < 2; with++) {
            begin_settled(&t, NULL);
            for (unsigned k = 0; k < 60; k++)
                families[i].send(&t, k, with);
            state_of(&t, BOB);
            double most = family_score(&t.suspect, families[i].family), sum = t.sum[i];
            print_message("%s %s: %.2f, score %.2f\n", family_name(families[i].family).p,
                          with ? "shown" : "not shown", most, t.suspect.score);
            sum = t.sum[families[i].family];
            if (!with) {
                assert_true(most < 0.1 && sum < 0.1);
            } else {
                assert_true(most > 1 && sum > 1);
                for (unsigned f = 0; f < FAMILY_COUNT; f++)
                    assert_true(f == families[i].family ||
                                (families[i].family == FAMILY_UNKNOWN && f == FAMILY_RECIPIENTS) ||
                                family_score(&t.suspect, f) < most / 2);
            }
            run_end(&t);
        }
    }
}

/* And for months: nobody is blocked for one kind of evidence. */
static void never_alone(void **state)
{
    struct run t;

    (void)state;
    for (unsigned i = 0; i < FAMILIES; i++) {
        begin_settled(&t, NULL);
        for (unsigned k = 0; k < 1500; k++)
            families[i].send(&t, k, true);
        enum suspect_state got = state_of(&t, BOB);
        if (got > STATE_SUSPECT)
            fail_msg("%s alone: %s", family_name(families[i].family).p, suspect_state_name(got).p);
        assert_true(t.suspect.score < t.scoring.threshold);
        run_end(&t);
    }
}

/* Two of different kinds do block. */
static void two(void **state)
{
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    for (unsigned k = 0; k < 200; k++) {
        spam(&t, k, true);
        content(&t, k, true);
    }
    assert_int_equal(state_of(&t, BOB), STATE_COMPROMISED);
    run_end(&t);
}

/* A virus does it alone, at once. */
static void virus(void **state)
{
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    accept_mail(&t, &bob);
    verdict(&t, &bob, "banned");
    verdict(&t, &bob, "bad-header");
    verdict(&t, &bob, "unchecked");
    assert_int_equal(state_of(&t, BOB), STATE_CLEAR);
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    verdict(&t, &bob, "virus");
    assert_int_equal(state_of(&t, BOB), STATE_INFECTED);
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    run_end(&t);
}

/* The llr of a family when bob sends this, everything else being ordinary. */
static double says(struct run *t, enum family family, const struct mail *m)
{
    work_on(t);
    accept_mail(t, m);
    double llr = t->llr[family];
    deliver_to(t, m, site_at(0), friend(t, 0), "accepted", false);
    removed(t, m);
    return llr;
}

static double from(struct geo *geo, const char *ip, const char *name, int64_t pause)
{
    struct mail m = bob;
    struct run t;

    begin_settled(&t, geo);
    says(&t, FAMILY_ORIGIN, &m);
    t.time += pause;
    m.client = ip;
    m.client_name = name;
    double llr = says(&t, FAMILY_ORIGIN, &m);
    run_end(&t);
    return llr;
}

static const char places[] = "192.0.2.0/24\tDE\t64496\tHome\n"
                             "198.51.100.0/24\tDE\t64496\tHome\n"
                             "203.0.113.0/24\tDE\t64499\tOther\n"
                             "100.66.0.0/16\tBR\t64500\tFar away\n"
                             "2001:db8::/32\tDE\t64496\tHome\n";

static bool make(const char *file, const char *kind)
{
    char command[300];

    snprintf(command, sizeof command, "python3 tests/mmdb.py %s %s", file, kind);
    FILE *p = popen(command, "w");
    if (p == NULL)
        return false;
    fputs(places, p);
    return pclose(p) == 0;
}

/* A database of made-up nets; NULL where there is no python3. */
static struct geo *places_open(void)
{
    char dir[] = "/tmp/evidence_test.XXXXXX", country[64], asn[64];
    struct problems problems = {0};
    struct geo *geo = NULL;

    if (system("command -v python3 >/dev/null") != 0)
        return NULL;
    assert_non_null(mkdtemp(dir));
    snprintf(country, sizeof country, "%s/country.mmdb", dir);
    snprintf(asn, sizeof asn, "%s/asn.mmdb", dir);
    if (make(country, "country") && make(asn, "asn"))
        geo = geo_open(country, asn, &problems);
    assert_non_null(geo); /* mapped: the files may go */
    unlink(country);
    unlink(asn);
    rmdir(dir);
    problems_free(&problems);
    return geo;
}

/* The same net says nothing, a new one little, of a new provider more, in a new country most; from
 * two providers within an hour more than from one today and another tomorrow. */
static void origin_with_geo(void **state)
{
    struct geo *geo = places_open();

    (void)state;
    if (geo == NULL)
        skip();
    double same = from(geo, "192.0.2.99", NULL, 5 * HOUR);
    double net = from(geo, "198.51.100.1", NULL, 5 * HOUR);
    double provider = from(geo, "203.0.113.1", NULL, 5 * HOUR);
    double country = from(geo, "100.66.1.1", NULL, 5 * HOUR);
    assert_true(same <= 0 && same > -1.25); /* of the net alone: nothing more was asked */
    assert_true(net > 0.1);
    assert_true(provider > net + 0.1);
    assert_true(country > provider + 0.1);
    assert_true(from(geo, "2001:db8:1::1", NULL, 5 * HOUR) > 0.1);
    assert_true(fabs(from(geo, "2001:db8:1::1", NULL, 5 * HOUR) - net) < 0.1);
    assert_true(from(geo, "203.0.113.1", NULL, 0) > provider + 0.2);
    assert_true(fabs(from(geo, "198.51.100.1", NULL, 0) - net) < 0.1); /* the same provider */
    geo_free(geo);
}

/* Without a database the client's name tells the provider, else the neighbourhood. */
static void origin_without_geo(void **state)
{
    (void)state;
    double same = from(NULL, "192.0.2.99", NULL, 5 * HOUR);
    double near = from(NULL, "192.0.77.1", NULL, 5 * HOUR);
    double far = from(NULL, "100.66.1.1", NULL, 5 * HOUR);
    assert_true(same <= 0);
    assert_true(near > 0.1);
    assert_true(far > near + 0.1);
    assert_true(from(NULL, "192.0.77.1", "dyn1.isp.example", 5 * HOUR) > near + 0.1);
    assert_true(from(NULL, "100.66.1.1", NULL, 0) > far + 0.2);
    assert_true(fabs(from(NULL, "100.66.1.1", "unknown", 5 * HOUR) - far) < 0.1);
    assert_true(from(NULL, "", NULL, 5 * HOUR) <= 0);
    assert_true(from(NULL, "unknown", NULL, 5 * HOUR) <= 0);
}

/* By their names, two of its nets are one provider's; and what a colleague used is no new provider
 * for the customer. */
static void origin_names(void **state)
{
    struct mail m = bob, a = ann;
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    m.client = "100.66.1.1";
    m.client_name = "dyn1.isp.example";
    double first = says(&t, FAMILY_ORIGIN, &m);
    run_end(&t);
    begin_settled(&t, NULL);
    a.client = "100.99.1.1";
    a.client_name = "dyn7.isp.example";
    for (unsigned i = 0; i < 200; i++) /* until the colleague is no news any more */
        says(&t, FAMILY_ORIGIN, &a);
    t.time += 5 * HOUR;
    assert_true(says(&t, FAMILY_ORIGIN, &m) < first - 0.1);
    run_end(&t);
}

/* Coming to a new place is one event: the second message from there says next to nothing, against
 * the identity or for it; nor do those that come when it isn't news any more. */
static void origin_again(void **state)
{
    struct mail m = bob;
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    m.client = "100.66.1.1";
    accept_mail(&t, &m);
    double first = t.llr[FAMILY_ORIGIN];
    accept_mail(&t, &m);
    assert_true(fabs(t.llr[FAMILY_ORIGIN]) < first / 8);
    for (unsigned i = 0; i < 20; i++)
        assert_true(says(&t, FAMILY_ORIGIN, &m) < first / 8);
    run_end(&t);
}

static double as_sender(const char *address, bool colleague)
{
    struct mail m = bob, a = ann;
    struct run t;

    begin_settled(&t, NULL);
    a.sender = "desk@shared.example";
    for (unsigned i = 0; colleague && i < 200; i++)
        says(&t, FAMILY_SENDER, &a);
    m.sender = address;
    accept_mail(&t, &m);
    double llr = t.llr[FAMILY_SENDER];
    accept_mail(&t, &m);
    if (llr > 0.1) /* once it is no news */
        assert_true(fabs(t.llr[FAMILY_SENDER]) < llr / 8);
    run_end(&t);
    return llr;
}

/* Its own address says nothing; another of its customer's domain little, a foreign one more, and
 * one that nobody would have chosen most. */
static void sender_alone(void **state)
{
    (void)state;
    double own = as_sender("Bob@ACME.example", false);
    double other = as_sender("info@acme.example", false);
    double foreign = as_sender("info@bank.example", false);
    assert_true(own <= 0);
    assert_true(as_sender("", false) <= 0);
    assert_true(other > 0.1);
    assert_true(fabs(as_sender("info@acme-shop.example", false) - other) < 0.02);
    assert_true(foreign > other + 0.1);
    assert_true(as_sender("x7k2q9z4@bank.example", false) > foreign + 0.1);
    assert_true(as_sender("jim@shared.example", true) < foreign - 0.1);
    assert_true(as_sender("local-name", false) > 0.1);
}

static void random_names(void **state)
{
    static const struct {
        const char *local;
        bool random;
    } row[] = {
        {"", false},
        {"info", false},
        {"john.smith", false},
        {"j.r.hartley", false},
        {"sales2024", false},
        {"no-reply", false},
        {"bounces+123-abc", false},
        {"m_mueller", false},
        {"strength", false},
        {"rhythms", false},
        {"prvs=1234567890=bob", false},
        {"office-1-2-3-4", false},
        {"xkqzvtrw", true},
        {"a8x2k9q", true},
        {"q1w2e3r4", true},
        {"bcdfghjk", true},
        {"XKQZVTRW", true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++)
        if (looks_random(slice_str(row[i].local)) != row[i].random)
            fail_msg("%s", row[i].local);
}

static double to_whom(const char *site, const char *rcpt)
{
    struct run t;

    begin_settled(&t, NULL);
    work_on(&t);
    send_to(&t, &bob, site, rcpt, "accepted");
    double llr = t.llr[FAMILY_RECIPIENTS];
    run_end(&t);
    return llr;
}

/* Known people; somebody new where others are known; somebody new somewhere new. */
static void recipients_alone(void **state)
{
    (void)state;
    double known = to_whom("big", "Friend0@BIG.example"); /* no matter how it is written */
    double person = to_whom("big", "stranger@big.example");
    double domain = to_whom("far", "stranger@far.example");
    assert_true(known < 0);
    assert_true(person > 0.1);
    assert_true(domain > person + 0.1);
    assert_true(fabs(to_whom("big", "")) < 1e-6); /* nobody is named */
    assert_true(fabs(to_whom("big", "root")) < 1e-6);
}

/* The mean of a message's recipients: half of them new is half as new. */
static void recipients_together(void **state)
{
    double llr[3];

    (void)state;
    for (unsigned fresh = 0; fresh <= 2; fresh++) {
        struct mail m = bob;
        struct run t;
        begin_settled(&t, NULL);
        m.nrcpt = "20";
        work_on(&t);
        accept_mail(&t, &m);
        for (unsigned k = 0; k < 20; k++)
            deliver_to(&t, &m, "big",
                       k < fresh * 10 ? somebody_new(&t, "big") : somebody(&t, "big", k % 4),
                       "accepted", false);
        removed(&t, &m);
        llr[fresh] = t.llr[FAMILY_RECIPIENTS];
        run_end(&t);
    }
    assert_true(llr[0] < llr[1] && llr[1] < llr[2]);
    assert_true(llr[2] < 4); /* one observation, not twenty */
}

/* A burst is told from the hours before: the same is much for a quiet one, nothing for a busy one.
 */
static void volume_alone(void **state)
{
    double sum[2];

    (void)state;
    for (int busy = 0; busy < 2; busy++) {
        struct run t;
        begin_settled(&t, NULL);
        for (unsigned day = 0; busy && day < 15; day++) {
            work_on(&t);
            for (unsigned i = 0; i < 300; i++)
                send_to(&t, &bob, site_at(i), friend(&t, i), "accepted");
            t.time += 20 * HOUR;
        }
        work_on(&t);
        t.time += DAY;
        work_on(&t);
        t.sum[FAMILY_VOLUME] = 0;
        for (unsigned i = 0; i < 300; i++)
            send_to(&t, &bob, site_at(i), friend(&t, i), "accepted");
        sum[busy] = t.sum[FAMILY_VOLUME];
        run_end(&t);
    }
    assert_true(sum[0] > 2);
    assert_true(sum[1] < sum[0] / 3);
}

/* An hour at which it is never active says more than one at which it is, and than the same hour for
 * one who works nights. */
static void odd_hours(void **state)
{
    double llr[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct run t;
        begin_settled(&t, NULL);
        int64_t monday = t.time - 10 * HOUR;
        for (unsigned night = 0; i == 2 && night < 40; night++) {
            t.time = monday + night * DAY + 3 * HOUR;
            send_to(&t, &bob, site_at(i), friend(&t, i), "accepted");
        }
        t.time = monday + 49 * DAY + (i == 0 ? 9 : 3) * HOUR;
        accept_mail(&t, &bob);
        llr[i] = t.llr[FAMILY_VOLUME];
        run_end(&t);
    }
    assert_true(llr[1] > llr[0] + 0.5);
    assert_true(llr[2] < llr[1] - 0.5);
}

/* Who always sends more than one message an hour isn't suspected for an hour with one. */
static void quiet_hour(void **state)
{
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    for (unsigned i = 0; i < 3; i++) {
        t.time = t.time - (t.time - MONDAY) % HOUR + HOUR;
        accept_mail(&t, &bob);
        assert_true(t.llr[FAMILY_VOLUME] < 0.2);
    }
    run_end(&t);
}

static void tempo(void **state)
{
    struct tempo t = {0};

    (void)state;
    assert_true(volume_tells(&t, MONDAY));
    t = (struct tempo){.hour = (int32_t)hour_of(MONDAY), .messages = 1};
    for (uint32_t n = 2; n < 3000; n++) { /* the second message, the fourth, the eighth … */
        assert_int_equal(volume_tells(&t, MONDAY + HOUR - 1), __builtin_popcount(n) == 1);
        t.messages = n;
    }
    assert_true(volume_tells(&t, MONDAY + HOUR));
    assert_false(volume_tells(&t, MONDAY - HOUR)); /* out of order: the hour that is under way */
}

/* The first message of a new login, of a customer that is known and of one that isn't, has nothing
 * to be compared with. */
static void first_message(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct run t;
        run_begin(&t, true, BOB);
        run_numbers(&t.scoring);
        run_start(&t, BOB);
        if (known)
            ordinary(&t, &ann, 2);
        struct mail m = bob;
        m.client = "100.66.1.1";
        m.sender = "x7k2q9z4@bank.example";
        accept_mail(&t, &m);
        for (unsigned f = 0; f < FAMILY_COUNT; f++)
            assert_true(t.llr[f] <= 0.005);
        deliver_to(&t, &m, "far", "a@far.example", "accepted", false);
        assert_true(t.llr[FAMILY_UNKNOWN] <= 0 && t.llr[FAMILY_CONTENT] <= 0);
        assert_int_equal(state_of(&t, BOB), STATE_CLEAR);
        assert_true(t.suspect.score < 1);
        run_end(&t);
    }
}

/* What must not accuse. */

/* Whatever is said so, it says nothing of spam: the families of replies stay at zero. */
static void no_accusation(void **state)
{
    static const struct {
        const char *class;
        bool deferred;
    } row[] = {
        {"ip-blocklisted", false}, {"ip-blocklisted", true},
        {"rate-limited", false},   {"rate-limited", true},
        {"greylisted", true},      {"greylisted", false},
        {"mailbox-full", false},   {"mailbox-full", true},
        {"network", true},         {"bad-sender", false},
        {"bad-sender", true},      {"message-too-big", false},
        {"auth-failure", false},   {"protocol", false},
        {"other", false},          {"", false},
        {"accepted", false},       {"user-unknown", true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        for (int fresh = 0; fresh < 2; fresh++) {
            struct run t;
            begin_settled(&t, NULL);
            for (unsigned k = 0; k < 200; k++) {
                work_on(&t);
                accept_mail(&t, &bob);
                deliver_to(&t, &bob, site_at(k),
                           fresh ? somebody_new(&t, site_at(k)) : friend(&t, k), row[i].class,
                           row[i].deferred);
                if (t.llr[FAMILY_CONTENT] > 0 || t.llr[FAMILY_UNKNOWN] > 0)
                    fail_msg("%s: %.*s", row[i].class, (int)t.told.n, t.told.p);
                removed(&t, &bob);
            }
            assert_true(state_of(&t, BOB) == STATE_CLEAR);
            if (!fresh)
                assert_int_equal(scorer_rank(t.scorer, true), 0);
            run_end(&t);
        }
    }
}

/* Somebody to whom the customer wrote before and who is gone says nothing about a list; it is the
 * customer's memory: a colleague's friends are known, too. */
static void known_are_gone(void **state)
{
    struct run t;

    (void)state;
    begin_settled(&t, NULL);
    for (unsigned k = 0; k < 100; k++) {
        work_on(&t);
        send_to(&t, &bob, site_at(k), friend(&t, k), "user-unknown");
        assert_true(fabs(t.llr[FAMILY_UNKNOWN]) < 1e-6);
    }
    assert_int_equal(state_of(&t, BOB), STATE_CLEAR);
    assert_int_equal(scorer_rank(t.scorer, true), 0);
    work_on(&t);
    send_to(&t, &ann, "big", "pal@big.example", "accepted");
    work_on(&t);
    send_to(&t, &bob, "big", "pal@big.example", "user-unknown");
    assert_true(fabs(t.llr[FAMILY_UNKNOWN]) < 1e-6);
    work_on(&t);
    send_to(&t, &bob, "big", "nobody@big.example", "user-unknown");
    assert_true(t.llr[FAMILY_UNKNOWN] > 0.1);
    work_on(&t);
    send_to(&t, &bob, "big", "nobody@big.example", "user-unknown"); /* known by now, as gone */
    assert_true(fabs(t.llr[FAMILY_UNKNOWN]) < 1e-6);
    run_end(&t);
}

/* The llr of a refusal as spam by a site, after others' mail was taken or refused there. */
static double refused_by(unsigned others, const char *class)
{
    struct run t;
    char login[32];

    begin_settled(&t, NULL);
    work_on(&t);
    for (unsigned i = 0; i < others; i++) {
        snprintf(login, sizeof login, "u@customer%u.example", i);
        send_to(&t, &(struct mail){login, "192.0.2.99", login, NULL, NULL, NULL}, "big",
                somebody(&t, "big", 0), class);
    }
    accept_mail(&t, &bob);
    deliver_to(&t, &bob, "big", somebody(&t, "big", 0), "spam-content", false);
    double llr = t.llr[FAMILY_CONTENT];
    run_end(&t);
    return llr;
}

/* A site that refuses everybody has a quarrel with us, whatever words it finds for it. */
static void refuses_everybody(void **state)
{
    (void)state;
    double alone_refused = refused_by(0, ""), four = refused_by(4, "spam-content");
    double many = refused_by(14, "spam-content");
    assert_true(alone_refused > 1);
    assert_true(four < alone_refused);
    assert_true(many < four && many < alone_refused / 2);
    assert_true(refused_by(14, "ip-blocklisted") < alone_refused / 2);
    assert_true(fabs(refused_by(14, "accepted") - alone_refused) < 0.02);
    assert_true(fabs(refused_by(14, "user-unknown") - alone_refused) < 0.02);
}

/* Null senders, notices, loopback and later legs whose first is unknown: nobody's evidence. */
static void nobody(void **state)
{
    const struct mail row[] = {
        {BOB, "192.0.2.7", "<>", NULL, NULL, NULL},
        {"", "127.0.0.1", "x@acme.example", NULL, NULL, NULL},
        {"", "::1", "x@acme.example", NULL, NULL, NULL},
        {"", "10.0.0.1", "x@acme.example", "Q0", NULL, NULL},
        {"", "", "x@acme.example", NULL, NULL, NULL},
        {"", "unknown", "x@acme.example", NULL, NULL, NULL},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct run t;
        run_begin(&t, false, "");
        campaign(&t, &row[i], 300, 0.4, 0.6, "spam-content");
        assert_true(scorer_end(t.scorer));
        assert_int_equal(scorer_rank(t.scorer, true), 0);
        run_end(&t);
    }
}

/* A stranger writes as bob, and is refused everywhere: bob's score is what it would be without. */
static void outsider(void **state)
{
    double score[2];

    (void)state;
    for (int with_customers = 0; with_customers < 2; with_customers++) {
        for (int with = 0; with < 2; with++) {
            struct mail m = {"", "100.66.1.1", BOB, NULL, NULL, NULL};
            struct run t;
            run_begin(&t, with_customers, "");
            ordinary(&t, &bob, 2);
            if (with)
                campaign(&t, &m, 300, 0.4, 0.6, "spam-content");
            accept_mail(&t, &m);
            verdict(&t, &m, "virus");
            assert_int_equal(state_of(&t, BOB), STATE_CLEAR);
            assert_true(fabs(t.suspect.score) < 1e-6);
            t.time += 2 * HOUR;
            work_on(&t);
            content(&t, 0, true);
            state_of(&t, BOB);
            score[with] = t.suspect.score;
            run_end(&t);
        }
        assert_true(score[0] > 0.1);
        assert_true(fabs(score[1] - score[0]) < 0.1);
    }
}

/* What single records say. */

static void answers(void **state)
{
    static const struct {
        const char *status, *class;
        enum answer answer;
    } row[] = {
        {"sent", "accepted", ANSWER_ACCEPTED},
        {"sent", "", ANSWER_ACCEPTED},
        {"bounced", "spam-content", ANSWER_CONTENT},
        {"deferred", "spam-content", ANSWER_CONTENT},
        {"bounced", "virus", ANSWER_CONTENT},
        {"bounced", "domain-blocklisted", ANSWER_CONTENT},
        {"bounced", "user-unknown", ANSWER_UNKNOWN},
        {"deferred", "user-unknown", ANSWER_NOTHING},
        {"bounced", "ip-blocklisted", ANSWER_ABOUT_US},
        {"deferred", "ip-blocklisted", ANSWER_ABOUT_US},
        {"deferred", "rate-limited", ANSWER_ABOUT_US},
        {"deferred", "greylisted", ANSWER_NOTHING},
        {"deferred", "network", ANSWER_NOTHING},
        {"bounced", "mailbox-full", ANSWER_OTHER},
        {"bounced", "", ANSWER_OTHER},
        {"expired", "spam-content", ANSWER_NOTHING},
        {"", "spam-content", ANSWER_NOTHING},
        {"undeliverable", "user-unknown", ANSWER_NOTHING},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct record r = {0};
        r.f[COL_STATUS] = slice_str(row[i].status);
        r.f[COL_CLASS] = slice_str(row[i].class);
        if (answer_of(&r) != row[i].answer)
            fail_msg("%s %s: %d", row[i].status, row[i].class, answer_of(&r));
    }
}

static void verdicts(void **state)
{
    static const struct {
        const char *verdict;
        enum verdict want;
    } row[] = {{"spam", VERDICT_SPAM},         {"spammy", VERDICT_SPAM},
               {"clean", VERDICT_CLEAN},       {"virus", VERDICT_VIRUS},
               {"banned", VERDICT_NOTHING},    {"bad-header", VERDICT_NOTHING},
               {"unchecked", VERDICT_NOTHING}, {"", VERDICT_NOTHING}};

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct record r = {0};
        r.f[COL_VERDICT] = slice_str(row[i].verdict);
        assert_int_equal(verdict_of(&r), row[i].want);
    }
}

static struct mind mind_of(const struct scoring *s, const struct usual *u, struct usual *everyone,
                           struct watch *w)
{
    return (struct mind){.scoring = s, .own = u, .customers = u, .everyone = everyone, .watch = w};
}

/* The mind learns what it saw in the observation at hand, as much of it as counted. */
static void learned_in_part(void **state)
{
    struct usual nothing = {0}, everyone = {0};
    struct watch watch = {0};
    struct problems problems = {0};
    struct scoring s;
    float want[BELIEF_MOST];

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    struct mind m = mind_of(&s, &nothing, &everyone, &watch);
    belief_begin(want, &s, SIGN_SPAM, &nothing.sign[0], &nothing.sign[0]);
    float whole = belief_llr(want, &s, SIGN_SPAM, 1, 0);
    assert_true(sign_is_first(&m, SIGN_SPAM));
    assert_true(fabsf(sign_seen(&m, SIGN_SPAM, 1, 0) - whole) < 1e-5F);
    assert_true(fabsf(sign_seen_part(&m, SIGN_SPAM, 1, 0, 0.5F) - whole / 2) < 1e-5F);
    assert_false(sign_is_first(&m, SIGN_SPAM));
    mind_learn(&m, 0.2F);
    belief_learn(want, &s, SIGN_SPAM, 1.5F * 0.2F, 0);
    for (unsigned i = 0; i < belief_size(&s, SIGN_SPAM); i++)
        assert_true(fabsf(beliefs_of(&watch.beliefs, SIGN_SPAM)[i] - want[i]) < 1e-5F);
    assert_true(tally_empty(&nothing.sign[SIGN_SPAM])); /* for good only when the watch is over */
    assert_false(tally_empty(&watch.learned.sign[SIGN_SPAM]));
    assert_false(m.failed);
    beliefs_free(&watch.beliefs);
    problems_free(&problems);
}

/* A site's word on a message is the mean over its recipients there. */
static void words(void **state)
{
    const struct word one = {.site = {.name = 1}, .content = 1, .unknown = 1, .fresh = 1};
    const struct word ten = {.site = {.name = 1}, .content = 10, .unknown = 10, .fresh = 10};
    const struct word half = {.site = {.name = 1}, .accepted = 5, .content = 5};
    const struct word none = {.site = {.name = 1}, .other = 7};
    struct usual nothing = {0}, everyone = {0};
    struct problems problems = {0};
    struct observation o[4] = {{{0}, {0}, 0}};
    struct scoring s;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    const struct word *word[4] = {&one, &ten, &half, &none};
    for (unsigned i = 0; i < 4; i++) {
        struct site_sums sums = {0};
        struct watch watch = {0};
        struct mind m = mind_of(&s, &nothing, &everyone, &watch);
        word_observe(&m, word[i], 0, &sums, &o[i]);
        assert_int_equal(sums.n, i < 3);
        assert_false(m.failed);
        sites_free(&sums);
        beliefs_free(&watch.beliefs);
    }
    assert_true(o[0].llr[FAMILY_CONTENT] > 1 && o[0].llr[FAMILY_UNKNOWN] > 1);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        assert_true(fabsf(o[0].llr[f] - o[1].llr[f]) < 1e-5F);
        assert_true(fabsf(o[3].llr[f]) < 1e-9F);
    }
    assert_true(o[2].llr[FAMILY_CONTENT] < o[0].llr[FAMILY_CONTENT] / 2 + 1e-5F);
    assert_true(fabsf(o[2].llr[FAMILY_UNKNOWN]) < 1e-9F);
    assert_true(word_accuses(&one) && word_accuses(&half) && !word_accuses(&none));
    problems_free(&problems);
}

/* A site brings no more than remote_most, by name or by net; there is room for sixteen, and whoever
 * comes then inherits the place, so that it is never more. */
static void site_sums(void **state)
{
    struct usual nothing = {0}, everyone = {0};
    struct watch watch = {0};
    struct problems problems = {0};
    struct scoring s;
    struct site_sums sums = {0};

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    struct mind m = mind_of(&s, &nothing, &everyone, &watch);
    assert_true(sites_most(&sums, &s) <= 0);
    for (unsigned i = 0; i < 100; i++) {
        struct observation o = {0};
        struct word w = {.site = {.name = 1 + i % 2, .net = i % 2 ? 5 : 6},
                         .content = 1,
                         .unknown = 1,
                         .fresh = 1};
        w.site.net = 7; /* two names of one net */
        word_observe(&m, &w, 0, &sums, &o);
    }
    assert_int_equal(sums.n, 1);
    assert_true(fabs(sites_most(&sums, &s) - s.remote_most) < 1e-4);
    assert_int_equal(sites_refused(&sums, 1u << FAMILY_CONTENT), 1);
    assert_int_equal(sites_refused(&sums, 1u << FAMILY_VERDICT), 0);
    for (uint64_t name = 10; name < 30; name++) {
        for (unsigned i = 0; i < 30; i++) {
            struct observation o = {0};
            struct word w = {.site = {.name = name, .net = name}, .content = 1};
            word_observe(&m, &w, 0, &sums, &o);
        }
        double n = sums.n;
        assert_true(fabs(sites_most(&sums, &s) - n * s.remote_most) < 1e-3);
    }
    assert_int_equal(sums.n, SITES_KEPT);
    assert_true(sums.more);
    /* and one that takes what it gets brings nothing */
    struct site_sums good = {0};
    for (unsigned i = 0; i < 100; i++) {
        struct observation o = {0};
        struct word w = {.site = {.name = 1}, .accepted = 1, .fresh = 1};
        word_observe(&m, &w, 0, &good, &o);
    }
    assert_true(sites_most(&good, &s) <= 0);
    struct observation o = {0}; /* nor has it earned credit for what it says next */
    struct word w = {.site = {.name = 1}, .content = 1};
    word_observe(&m, &w, 0, &good, &o);
    assert_true(o.llr[FAMILY_CONTENT] > 0);
    assert_true(fabs(sites_most(&good, &s) - (double)o.llr[FAMILY_CONTENT]) < 1e-4);
    assert_false(m.failed);
    sites_free(&sums);
    sites_free(&good);
    beliefs_free(&watch.beliefs);
    problems_free(&problems);
}

/* What one watch was told of sites is not the next one's: ann's mixed answers don't open a watch,
 * and bob's single refusal is one site's. */
static void sites_of_others(void **state)
{
    struct mail m = ann;
    struct run t;

    (void)state;
    run_begin(&t, true, "");
    run_numbers(&t.scoring);
    run_start(&t, "");
    ordinary(&t, &ann, 2);
    m.nrcpt = "40";
    for (unsigned i = 0; i < 40; i++) {
        work_on(&t);
        accept_mail(&t, &m);
        for (unsigned k = 0; k < 40; k++)
            deliver_to(&t, &m, site_at(k), somebody(&t, site_at(k), k % 4),
                       k == i ? "spam-content" : "accepted", false);
        removed(&t, &m);
    }
    assert_int_equal(state_of(&t, "ann@acme.example"), STATE_CLEAR);
    assert_int_equal(scorer_rank(t.scorer, true), 0); /* else this shows nothing */
    work_on(&t);
    send_to(&t, &bob, "big", somebody(&t, "big", 0), "accepted");
    work_on(&t);
    send_to(&t, &bob, "big", somebody(&t, "big", 0), "spam-content");
    state_of(&t, BOB);
    assert_string_equal(family_seen(&t.suspect, FAMILY_CONTENT),
                        "refused 1 of 1 as spam by 1 provider");
    run_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(never_alone),
        cmocka_unit_test(two),
        cmocka_unit_test(virus),
        cmocka_unit_test(origin_with_geo),
        cmocka_unit_test(origin_without_geo),
        cmocka_unit_test(origin_names),
        cmocka_unit_test(origin_again),
        cmocka_unit_test(sender_alone),
        cmocka_unit_test(random_names),
        cmocka_unit_test(recipients_alone),
        cmocka_unit_test(recipients_together),
        cmocka_unit_test(volume_alone),
        cmocka_unit_test(odd_hours),
        cmocka_unit_test(quiet_hour),
        cmocka_unit_test(tempo),
        cmocka_unit_test(first_message),
        cmocka_unit_test(no_accusation),
        cmocka_unit_test(known_are_gone),
        cmocka_unit_test(refuses_everybody),
        cmocka_unit_test(nobody),
        cmocka_unit_test(outsider),
        cmocka_unit_test(answers),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(learned_in_part),
        cmocka_unit_test(words),
        cmocka_unit_test(site_sums),
        cmocka_unit_test(sites_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
