/* The states of a listing, what the ledger has of each look, who is told, and texts. */
#include "scratch.h"

#include "act/listing.h"
#include "act/listing_dns.h"
#include "base/exits.h"

#define AT(minutes) ((int64_t)(1000 + (minutes)) * 60 * WHEN_SECOND)

static const char conf[] = "[whole]\nname = Whole\nkind = dnsbl\nweight = 5\nzone = bl.example\n"
                           "code = 127.0.0.2 listed spam\ncode = 127.0.0.3 listed robot\n"
                           "to = https://bl.example/?ip={ip}&x=1\ndelist = portal\n"
                           "[part]\nname = Part\nkind = dnsbl\nweight = 5\npart = whole 127.0.0.3\n"
                           "delist = form\nto-in-reply = yes\nto = https://part.example/\n"
                           "[mail]\nname = Mail\nkind = mailbox\nweight = 5\nmx = mx.example\n"
                           "delist = none\n";

static struct providers *load(void)
{
    struct problems problems = {0};

    mkdir("share", 0755);
    put_file("share/providers.conf", slice_str(conf));
    struct providers *p = providers_load("share", NULL, &problems);
    if (p == NULL)
        fail_msg("%.*s", (int)problems.lines.n, problems.lines.p);
    problems_free(&problems);
    return p;
}

static struct ledger *open_ledger(void)
{
    unlink("l.db");
    unlink("l.db-wal");
    unlink("l.db-shm");
    struct ledger *l = ledger_open("l.db", LEDGER_WRITE);

    assert_int_equal(ledger_failure(l)->status, 0);
    return l;
}

static void test_steps(void **state)
{
    static const enum listing_state s[] = {LISTING_CLEAR, LISTING_SEEN, LISTING_LISTED,
                                           LISTING_CLEARING};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(listing_state_of(slice_str(listing_state_name(s[i]))), s[i]);
    assert_int_equal(listing_state_of(SL("nonsense")), LISTING_CLEAR);
    assert_int_equal(listing_step(LISTING_CLEAR, true), LISTING_SEEN);
    assert_int_equal(listing_step(LISTING_SEEN, true), LISTING_LISTED);
    assert_int_equal(listing_step(LISTING_SEEN, false), LISTING_CLEAR);
    assert_int_equal(listing_step(LISTING_LISTED, false), LISTING_CLEARING);
    assert_int_equal(listing_step(LISTING_CLEARING, true), LISTING_LISTED);
    assert_int_equal(listing_step(LISTING_CLEARING, false), LISTING_CLEAR);
}

/* A row: what is found, `+`, or not, `-`, by `d`NS or the `l`og, of which provider; the event. */
struct look {
    const char *by, *provider, *event;
};

static void play(const struct look *look, unsigned n)
{
    struct providers *p = load();
    struct ledger *l = open_ledger();
    struct listing_change c;

    for (unsigned i = 0; i < n; i++) {
        struct listing_look k = {.time = AT(i),
                                 .dns = look[i].by[0] == 'd',
                                 .found = look[i].by[1] == '+',
                                 .ip = SL("192.0.2.1"),
                                 .provider = slice_str(look[i].provider),
                                 .name = slice_str(look[i].provider),
                                 .code = SL("127.0.0.2")};
        assert_true(listing_look(l, p, &k, &c));
        if (look[i].event == NULL && c.event)
            fail_msg("look %u: %s", i, c.event);
        if (look[i].event)
            assert_string_equal(c.event ? c.event : "none", look[i].event);
    }
    ledger_close(l);
    providers_free(p);
}

#define PLAY(...)                                        \
    do {                                                 \
        static const struct look look[] = {__VA_ARGS__}; \
        play(look, sizeof look / sizeof *look);          \
    } while (0)

static void test_looks(void **state)
{
    (void)state;
    PLAY({"d-", "whole", NULL}, {"d+", "whole", "seen"}, {"d+", "whole", "listed"},
         {"d+", "whole", NULL}, {"d-", "whole", "clearing"}, {"d+", "whole", "persists"},
         {"d-", "whole", "clearing"}, {"d-", "whole", "delisted"}, {"d-", "whole", NULL},
         {"d+", "whole", "seen"}, {"d-", "whole", "unconfirmed"});
    PLAY({"l+", "mail", "seen"}, {"l+", "mail", "listed"}, {"l-", "mail", "clearing"},
         {"l-", "mail", "delisted"});
    /* two providers are two listings */
    PLAY({"d+", "whole", "seen"}, {"l+", "mail", "seen"}, {"d+", "whole", "listed"},
         {"l-", "mail", "unconfirmed"});
    /* DNS takes over what the log has begun, by the name of the whole, and the log can't end it */
    PLAY({"l+", "whole", "seen"}, {"d+", "part", "listed"}, {"l-", "whole", NULL},
         {"l+", "whole", NULL}, {"d-", "part", "clearing"}, {"l+", "whole", NULL},
         {"d-", "part", "delisted"}, {"l+", "whole", "seen"});
    /* nor can DNS end what only the log has */
    PLAY({"l+", "whole", "seen"}, {"d-", "whole", NULL}, {"l+", "whole", "listed"},
         {"d-", "whole", NULL}, {"l-", "whole", "clearing"}, {"d+", "whole", "persists"},
         {"d-", "whole", "clearing"}, {"d-", "whole", "delisted"});
}

static void expect(struct ledger *l, const char *sql, int64_t want)
{
    assert_int_equal(ledger_int_of(l, -1, sql, ""), want);
}

static void test_notices(void **state)
{
    struct listing_touched touched[] = {{SL("acme"), SL("north"), 3},
                                        {SL("globex"), SL("so\"uth@x"), 2},
                                        {SL("initech"), SL("north"), 4},
                                        {SL("late"), SL(""), 1}};
    struct providers *p = load();
    struct ledger *l = open_ledger();
    struct listing_change c;
    struct listing_look k = {.time = AT(0),
                             .found = true,
                             .ip = SL("192.0.2.1"),
                             .provider = SL("mail"),
                             .name = SL("Mail"),
                             .reason = SL("go \"away\""),
                             .touched = touched,
                             .touched_n = 3};

    (void)state;
    assert_true(listing_look(l, p, &k, &c));
    expect(l, "SELECT count(*) FROM notices", 0);
    k.time = AT(1);
    assert_true(listing_look(l, p, &k, &c));
    expect(l, "SELECT count(*) FROM notices WHERE event = 'listed'", 2);
    expect(l, "SELECT json_extract(facts, '$.refused') FROM notices WHERE partner = 'north'", 7);
    expect(l, "SELECT json_array_length(facts, '$.customers') FROM notices WHERE id = 1", 2);
    expect(l, "SELECT count(*) FROM notices WHERE json_valid(facts)", 2);
    expect(
        l,
        "SELECT count(*) FROM notices WHERE name = 'mptools.listing.1.listed.60060.so=22uth=40x'",
        1);
    k.time = AT(2);
    k.touched_n = 4;
    assert_true(
        listing_look(l, p, &k, &c)); /* who is touched later is told, the others aren't again */
    expect(l, "SELECT count(*) FROM notices WHERE event = 'listed'", 3);
    k.found = false;
    assert_true(listing_look(l, p, &k, &c));
    assert_true(listing_look(l, p, &k, &c));
    assert_string_equal(c.event, "delisted");
    expect(l, "SELECT count(*) FROM notices WHERE event = 'delisted'", 3);
    expect(l,
           "SELECT json_extract(facts, '$.refused') FROM notices WHERE event = 'delisted' AND "
           "partner = 'north'",
           7);
    expect(l, "SELECT count(*) FROM notices WHERE json_valid(facts)", 6);
    assert_int_equal(listing_standing(l), 0);
    ledger_close(l);
    providers_free(p);
}

static void test_open(void **state)
{
    struct providers *p = load();
    struct ledger *l = open_ledger();
    struct text t = {0};
    struct listing_change c;
    struct listing_look k = {
        .time = AT(0), .dns = true, .found = true, .ip = SL("192.0.2.1"), .name = SL("x")};

    (void)state;
    k.provider = SL("part");
    assert_true(listing_look(l, p, &k, &c));
    k.provider = SL("whole");
    assert_true(listing_look(l, p, &k, &c));
    k.dns = false;
    k.provider = SL("mail");
    assert_true(listing_look(l, p, &k, &c));
    assert_true(listing_open(l, p, k.ip, provider_find(p, SL("whole")), &t));
    text_addc(&t, '\0');
    assert_string_equal(t.p, "part whole");
    text_free(&t);
    ledger_close(l);
    providers_free(p);
}

static void test_texts(void **state)
{
    static const struct {
        const char *provider, *reply, *want;
    } row[] = {
        {"whole", "see https://other.example/1.", "https://bl.example/?ip=192.0.2.1&x=1"},
        {"part", "see <https://other.example/1>.", "https://other.example/1"},
        {"part", "see ftp://x and http://y.example/?a=b, or", "http://y.example/?a=b"},
        {"part", "no link", "https://part.example/"},
        {"mail", "go to http://m.example/a(b)c", "http://m.example/a"},
        {"mail", "http://e.example/\x1b[31m", "http://e.example/"},
        {"mail", "nothing", ""},
        {"nosuch", "http://e.example/!", "http://e.example/"},
    };
    struct providers *p = load();
    struct text t = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        t.n = 0;
        listing_url(&t, provider_find(p, slice_str(row[i].provider)), SL("192.0.2.1"),
                    slice_str(row[i].reply));
        text_addc(&t, '\0');
        assert_string_equal(t.p, row[i].want);
    }
    t.n = 0;
    for (unsigned i = 0; i < LISTING_TEXT_MOST; i++)
        text_add(&t, SL("\xc3\xbc"));
    struct text cut = {0};
    listing_text(&cut, text_slice(&t));
    assert_int_equal(cut.n, LISTING_TEXT_MOST);
    cut.n = 0;
    listing_text(&cut, SL("a\x1b[0m\xff\n"));
    text_addc(&cut, '\0');
    assert_string_equal(cut.p, "a\\x1b[0m\\xff\\x0a");
    text_free(&cut);
    text_free(&t);
    providers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_looks),
                                       cmocka_unit_test(test_notices), cmocka_unit_test(test_open),
                                       cmocka_unit_test(test_texts)};

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
