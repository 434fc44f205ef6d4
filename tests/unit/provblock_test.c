/* Refusals in a log: when they are looks, whose address, saved and read back, and hostile bytes. */
#include "scratch.h"

#include "act/provblock.h"

#define START (INT64_C(1795521600) * WHEN_SECOND)
#define MINUTE (60 * WHEN_SECOND)

static const char conf[] = "[mail]\nname = Mail\nkind = mailbox\nweight = 5\nmx = mx.example\n"
                           "match = listed \\bM1\\b\nexample = 550 5.7.1 go away M1\n"
                           "domain = mail.example\nmatch = warning \\bM2\\b\nexample = 451 4.7.1 "
                           "slow down M2\ndelist = none\n";

struct fixture {
    struct providers *providers;
    struct provblock *p;
    struct text events; /* `+1 ` for a look that found it, at minute 1; -, w and u */
    struct ipaddr ours[2];
    char over[100]; /* of the last look */
};

static bool told(void *user, enum provblock_event event, const struct listing_look *k)
{
    struct fixture *f = user;
    char mark = event == PROVBLOCK_WARNING ? 'w' : event == PROVBLOCK_UNKNOWN ? 'u' : '-';

    snprintf(f->over, sizeof f->over, "%.*s", (int)k->over.n, k->over.n ? k->over.p : "");
    text_addf(&f->events, "%c%lld ", k->found ? '+' : mark,
              (long long)((k->time - START) / MINUTE));
    return true;
}

static struct provblock *new_one(struct fixture *f)
{
    struct provblock_options o = {
        .providers = f->providers, .ours = f->ours, .ours_n = 2, .told = told, .user = f};
    struct provblock *p = provblock_new(&o);

    assert_non_null(p);
    return p;
}

static void begin(struct fixture *f)
{
    struct problems problems = {0};

    *f = (struct fixture){0};
    mkdir("share", 0755);
    put_file("share/providers.conf", slice_str(conf));
    f->providers = providers_load("share", NULL, &problems);
    if (f->providers == NULL)
        fail_msg("%.*s", (int)problems.lines.n, problems.lines.p);
    problems_free(&problems);
    ipaddr_parse(SL("192.0.2.1"), &f->ours[0]);
    ipaddr_parse(SL("192.0.2.2"), &f->ours[1]);
    f->p = new_one(f);
}

static void end(struct fixture *f)
{
    provblock_free(f->p);
    providers_free(f->providers);
    text_free(&f->events);
}

static void expect(struct fixture *f, const char *want)
{
    text_addc(&f->events, '\0');
    assert_string_equal(f->events.p, want);
    f->events.n = 0;
}

static void deliver(struct fixture *f, double minute, const char *ip, unsigned rcpt,
                    const char *customer, const char *reply)
{
    struct record r = {.kind = KIND_DELIVER, .time = START + (int64_t)(minute * MINUTE)};
    char to[40];

    snprintf(to, sizeof to, "User%u@Site.example", rcpt);
    r.f[COL_RCPT] = slice_str(to);
    r.f[COL_DAEMON] = SL("smtp");
    r.f[COL_RELAY_NAME] = SL("a.mx.example");
    r.f[COL_RELAY_IP] = SL("198.51.100.1");
    r.f[COL_OUTBOUND_IP] = slice_str(ip);
    r.f[COL_CUSTOMER] = slice_str(customer);
    r.f[COL_PARTNER] = SL("north");
    r.f[COL_REPLY] = slice_str(reply);
    r.f[COL_STATUS] = *reply == '2' ? SL("sent") : SL("bounced");
    assert_true(provblock_record(f->p, &r));
}

#define GO "550 5.7.1 go away M1"
#define SLOW "451 4.7.1 slow down M2"
#define OK "250 ok"

static const char *who(unsigned i)
{
    return i % 2 ? "acme" : "globex";
}

/* Refused once a minute, from minute `from` on. */
static void refuse(struct fixture *f, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        deliver(f, i, "192.0.2.1", i, who(i), GO);
}

static void accept(struct fixture *f, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        deliver(f, i, "192.0.2.1", i, who(i), OK);
}

static void test_rule(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    refuse(&f, 0, 4);
    expect(&f, "");
    refuse(&f, 4, 1);
    expect(&f, "+4 ");
    refuse(&f, 5, 30);
    expect(&f, "+14 +24 +34 ");
    end(&f);
    begin(&f);
    for (unsigned i = 0; i < 30; i++)
        deliver(&f, i, "192.0.2.1", i, "acme", GO); /* one customer */
    for (unsigned i = 0; i < 30; i++)
        deliver(&f, i + 100, "192.0.2.1", i % 4, who(i), GO); /* four recipients */
    for (unsigned i = 0; i < 30; i++)
        deliver(&f, i * 16 + 200, "192.0.2.1", i, who(i), GO); /* four an hour */
    for (unsigned i = 0; i < 30; i++)
        deliver(&f, i + 1000, "192.0.2.1", i, "", GO); /* nobody's */
    expect(&f, "");
    end(&f);
}

static void test_end(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    refuse(&f, 0, 20);
    expect(&f, "+4 +14 ");
    accept(&f, 20, 4);
    refuse(&f, 24, 1); /* four in a row aren't five */
    accept(&f, 25, 4);
    expect(&f, "+24 ");
    accept(&f, 29, 1);
    expect(&f, "-29 ");
    accept(&f, 30, 5); /* too soon for a second look */
    expect(&f, "");
    refuse(&f, 35, 1); /* not over */
    expect(&f, "+35 ");
    accept(&f, 36, 30);
    expect(&f, "-40 -50 ");
    accept(&f, 100, 10);
    refuse(&f, 110, 4); /* what begins again needs the rule again */
    expect(&f, "");
    refuse(&f, 114, 1);
    expect(&f, "+114 ");
    accept(&f, 115, 5);
    expect(&f, "-119 "); /* seen, and not confirmed */
    refuse(&f, 200, 5);
    expect(&f, "+204 ");
    refuse(&f, 300, 1); /* the old story is over before the new one begins */
    expect(&f, "-300 ");
    end(&f);
}

static void test_goes_on(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    refuse(&f, 0, 20);
    expect(&f, "+4 +14 ");
    refuse(&f, 500, 1); /* while it is listed, one is enough */
    expect(&f, "+500 ");
    end(&f);
    begin(&f);
    for (unsigned i = 0; i < 20; i++)
        deliver(&f, i, "192.0.2.1", i, who(i),
                "delivery temporarily suspended: host a.mx.example[198.51.100.1] refused to talk "
                "to me: 550 5.7.1 go away M1");
    expect(&f, "");
    end(&f);
}

static void test_other_mail(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    refuse(&f, 0, 20);
    f.events.n = 0;
    for (unsigned i = 0; i < 30; i++) {
        deliver(&f, 20 + i, "192.0.2.2", i, "acme", OK); /* another address of ours */
        struct record r = {.kind = KIND_DELIVER, .time = START + (20 + i) * MINUTE};
        r.f[COL_RCPT] = SL("a@else.example");
        r.f[COL_RELAY_NAME] = SL("mx.else.example");
        r.f[COL_RELAY_IP] = SL("198.51.100.9");
        r.f[COL_OUTBOUND_IP] = SL("192.0.2.1");
        r.f[COL_STATUS] = SL("sent");
        r.f[COL_REPLY] = SL("250 ok");
        assert_true(provblock_record(f.p, &r)); /* another provider */
        r.f[COL_RCPT] = SL("a@site.example");
        r.f[COL_RELAY_NAME] = SL("localhost");
        r.f[COL_RELAY_IP] = SL("127.0.0.1");
        assert_true(provblock_record(f.p, &r)); /* our own filter */
    }
    expect(&f, "");
    end(&f);
}

/* A mailbox provider's words are believed from its own servers only. */
static void test_whose_words(void **state)
{
    static const struct {
        const char *relay, *ip, *to, *events;
    } at[] = {
        {"mx.hostile.example", "198.51.100.1", "a%u@hostile.example", ""},
        {"a.mx.example.hostile.example", "198.51.100.1", "a%u@hostile.example", ""},
        {"none", "", "a%u@hostile.example", ""},
        {"none", "", "a%u@mail.example", "+4 "},
        {"b.MX.example", "198.51.100.1", "a%u@hostile.example", "+4 "},
        {"a.mx.example", "127.0.0.9", "a%u@site.example", "+4 "}, /* a laboratory's */
        {"localhost", "127.0.0.1", "a%u@mail.example", ""},
    };
    struct fixture f;
    char to[60];

    (void)state;
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
        begin(&f);
        for (unsigned i = 0; i < 8; i++) {
            struct record r = {.kind = KIND_DELIVER, .time = START + i * MINUTE};
            snprintf(to, sizeof to, at[k].to, i);
            r.f[COL_RCPT] = slice_str(to);
            r.f[COL_RELAY_NAME] = slice_str(at[k].relay);
            r.f[COL_RELAY_IP] = slice_str(at[k].ip);
            r.f[COL_OUTBOUND_IP] = SL("192.0.2.1");
            r.f[COL_CUSTOMER] = slice_str(who(i));
            r.f[COL_STATUS] = SL("bounced");
            r.f[COL_REPLY] = SL(GO);
            assert_true(provblock_record(f.p, &r));
        }
        expect(&f, at[k].events);
        end(&f);
    }
}

#define DAY 1440

/* Time goes on: a record that says nothing of mail. */
static void tick(struct fixture *f, unsigned minute)
{
    struct record r = {.kind = KIND_DELIVER + 1, .time = START + minute * MINUTE};

    assert_true(provblock_record(f->p, &r));
}

/* All mail is routed around it: after a week it is taken for over. */
static void test_unproven(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    refuse(&f, 0, 20);
    expect(&f, "+4 +14 ");
    tick(&f, 19 + 7 * DAY - 1);
    expect(&f, "");
    tick(&f, 19 + 7 * DAY);
    expect(&f, "-10099 ");
    assert_string_equal(f.over, "not tried since 2026-11-24T12:19:00Z");
    tick(&f, 19 + 7 * DAY + 9);
    expect(&f, "");
    tick(&f, 19 + 7 * DAY + 10);
    expect(&f, "-10109 ");
    tick(&f, 30 * DAY); /* once */
    expect(&f, "");
    refuse(&f, 30 * DAY, 15); /* and it begins anew */
    expect(&f, "+43204 +43214 ");
    tick(&f, 38 * DAY);
    expect(&f, "-54720 ");
    refuse(&f, 38 * DAY + 1, 1); /* not over */
    expect(&f, "+54721 ");
    accept(&f, 44 * DAY, 3);
    refuse(&f, 45 * DAY - 1, 1); /* a refusal in time: another week */
    expect(&f, "+64799 ");
    accept(&f, 51 * DAY, 3);
    tick(&f, 52 * DAY);
    tick(&f, 53 * DAY);
    expect(&f, "-74880 -76320 ");
    assert_non_null(strstr(f.over, "hardly tried"));
    refuse(&f, 60 * DAY, 5); /* seen once only */
    expect(&f, "+86404 ");
    tick(&f, 68 * DAY);
    expect(&f, "-97920 ");
    tick(&f, 69 * DAY);
    expect(&f, "");
    end(&f);
}

static void test_address(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    for (unsigned i = 0; i < 10; i++)
        deliver(&f, i, "", i, who(i), GO);
    expect(&f, "u0 ");
    for (unsigned i = 0; i < 10; i++)
        deliver(&f, i, "203.0.113.9", i, who(i), GO); /* not ours */
    expect(&f, "");
    for (unsigned i = 0; i < 10; i++)
        deliver(&f, i, "", i, who(i), "550 5.7.1 client [192.0.2.2] go away M1");
    expect(&f, "+4 ");
    for (unsigned i = 0; i < 3; i++)
        deliver(&f, 20 + i, "192.0.2.1", i, who(i), SLOW);
    deliver(&f, 20 + 24 * 60, "192.0.2.1", 1, "acme", SLOW);
    expect(&f, "w20 w1460 ");
    end(&f);
}

/* Cut anywhere, with save and load between, the looks are the same. */
static void test_pieces(void **state)
{
    struct fixture f;
    struct text saved = {0};

    (void)state;
    begin(&f);
    for (unsigned cut = 0; cut < 2; cut++) {
        for (unsigned i = 0; i < 130; i++) {
            if (i < 40)
                refuse(&f, i, 1);
            else if (i < 120)
                deliver(&f, i, "192.0.2.1", i, who(i), i == 70 ? GO : OK);
            else
                tick(&f, (i - 112) * DAY);
            if (i < 120)
                deliver(&f, i + .5, i % 3 ? "192.0.2.2" : "", i, who(i), i % 7 ? SLOW : GO);
            if (cut == 0)
                continue;
            saved.n = 0;
            assert_true(provblock_save(f.p, &saved));
            provblock_free(f.p);
            f.p = new_one(&f);
            assert_true(provblock_load(f.p, text_slice(&saved)));
        }
        expect(&f, "u0 w1 +4 +14 +24 +34 -44 +49 -54 +70 +91 +112 -11520 -12960 ");
        provblock_free(f.p);
        f.p = new_one(&f);
    }
    text_free(&saved);
    end(&f);
}

static void test_damaged(void **state)
{
    struct fixture f;
    struct text saved = {0}, again = {0};

    (void)state;
    begin(&f);
    refuse(&f, 0, 8);
    deliver(&f, 9, "", 1, "acme", GO);
    assert_true(provblock_save(f.p, &saved));
    for (size_t n = 0; n < saved.n; n++) { /* cut anywhere */
        struct provblock *p = new_one(&f);
        assert_false(provblock_load(p, slice_of(saved.p, n)));
        again.n = 0;
        assert_true(provblock_save(p, &again));
        assert_int_equal(again.n, 2); /* as new */
        provblock_free(p);
    }
    for (size_t n = 0; n < saved.n; n++) { /* any byte changed: read or not, nothing breaks */
        char was = saved.p[n];
        saved.p[n] = (char)(was ^ 0xff);
        struct provblock *p = new_one(&f);
        provblock_load(p, text_slice(&saved));
        provblock_free(p);
        saved.p[n] = was;
    }
    text_free(&again);
    text_free(&saved);
    end(&f);
}

static void test_hostile(void **state)
{
    static const struct slice bytes[] = {SL(""),
                                         SL("\0"),
                                         SL("\xff\xfe"),
                                         SL("550"),
                                         SL("550 "),
                                         SL("550 5.7.1"),
                                         SL("550 5.7.1 M1\x1b[31m\n\t\"'"),
                                         SL("550 ................ M1"),
                                         SL("999999999 M1")};
    struct fixture f;

    (void)state;
    begin(&f);
    for (unsigned i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        for (unsigned c = 0; c < COL_COUNT; c++) {
            struct record r = {.kind = KIND_DELIVER, .time = START};
            r.f[COL_REPLY] = SL(GO);
            r.f[COL_RCPT] = SL("a@b.example");
            r.f[c] = bytes[i];
            assert_true(provblock_record(f.p, &r));
        }
    }
    char name[32];
    for (unsigned i = 0; i < 3 * PROVBLOCK_PAIRS; i++) { /* memory is bounded, the first ones go */
        snprintf(name, sizeof name, "c%u", i);
        deliver(&f, i, "192.0.2.1", i, name, GO);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule),     cmocka_unit_test(test_end),
        cmocka_unit_test(test_goes_on),  cmocka_unit_test(test_other_mail),
        cmocka_unit_test(test_address),  cmocka_unit_test(test_whose_words),
        cmocka_unit_test(test_unproven), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_damaged),  cmocka_unit_test(test_hostile)};

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
