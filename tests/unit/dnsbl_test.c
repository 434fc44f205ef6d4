/* dnsbl: the names asked for, what codes say, and options, all without network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "act/dnsbl.h"
#include "base/exits.h"

#define LABEL64 "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789"
#define CODE(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static struct ipaddr address(const char *s)
{
    struct ipaddr a = {0, 0};

    assert_true(ipaddr_parse(slice_str(s), &a));
    return a;
}

static void names(void **state)
{
    static const struct {
        const char *zone, *key, *addr; /* key: NULL for a zone that isn't keyed */
        bool v6;
        const char *want; /* NULL: none */
    } row[] = {
        {"bl.example", NULL, "192.0.2.10", false, "10.2.0.192.bl.example"},
        {"bl.example.", NULL, "1.20.255.0", false, "0.255.20.1.bl.example"},
        {"KEY.bl.example", NULL, "127.0.0.2", false, "2.0.0.127.KEY.bl.example"},
        {"bl.example", NULL, "2001:db8:1234::f", true,
         "f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.3.2.1.8.b.d.0.1.0.0.2.bl.example"},
        {"bl.example", NULL, "127.0.0.2", true,
         "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example"},
        {"KEY.bl.example", "s3cret", "192.0.2.10", false, "10.2.0.192.s3cret.bl.example"},
        {"bl.KEY.example", "s3-_t", "192.0.2.10", false, "10.2.0.192.bl.s3-_t.example"},
        {"bl.example", "s3cret", "192.0.2.10", false, NULL},
        {"MYKEY.example", "s3cret", "192.0.2.10", false, NULL},
        {"key.example", "s3cret", "192.0.2.10", false, NULL},
        {"KEY.bl.example", "", "192.0.2.10", false, NULL},
        {"KEY.bl.example", "ab", "192.0.2.10", false, NULL},
        {"KEY.bl.example", "s3.cret", "192.0.2.10", false, NULL},
        {"KEY.bl.example", "s3cret\n", "192.0.2.10", false, NULL},
        {"KEY.bl.example", LABEL64, "192.0.2.10", false, NULL},
        {"", NULL, "192.0.2.10", false, NULL},
        {".", NULL, "192.0.2.10", false, NULL},
        {"bl..example", NULL, "192.0.2.10", false, NULL},
        {".bl.example", NULL, "192.0.2.10", false, NULL},
        {"bl.example..", NULL, "192.0.2.10", false, NULL},
        {"bl.exa mple", NULL, "192.0.2.10", false, NULL},
        {"bl.ex\\.ample", NULL, "192.0.2.10", false, NULL},
        {"bl.ex\xc3\xa4mple", NULL, "192.0.2.10", false, NULL},
        {LABEL64 ".x", NULL, "192.0.2.10", false, NULL},
    };
    char buf[DNSBL_NAME];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct zone z = {.zone = slice_str(row[i].zone), .keyed = row[i].key != NULL};
        bool good = dnsbl_name(buf, &z, slice_str(row[i].key), address(row[i].addr), row[i].v6);
        if (good != (row[i].want != NULL))
            fail_msg("row %zu: %s", i, buf);
        if (good)
            assert_string_equal(buf, row[i].want);
    }
}

/* 253 bytes are a name, 254 are none (RFC 1035 section 2.3.4). */
static void longest(void **state)
{
    char zone[300], buf[DNSBL_NAME];
    struct ipaddr a = address("192.0.2.10");
    size_t room = 253 - strlen("10.2.0.192.");

    (void)state;
    for (size_t i = 0; i < sizeof zone; i++)
        zone[i] = i % 50 == 49 ? '.' : 'a';
    struct zone z = {.zone = slice_of(zone, room)};
    assert_true(dnsbl_name(buf, &z, SLICE_NONE, a, false));
    assert_int_equal(strlen(buf), 253);
    z.zone.n++;
    assert_false(dnsbl_name(buf, &z, SLICE_NONE, a, false));
    assert_false(dnsbl_name(buf, &(struct zone){.zone = slice_of(zone, 252)}, SLICE_NONE, a, true));
}

static void names_for_people(void **state)
{
    char buf[DNSBL_NAME];
    struct zone z = {.zone = SL("KEY.bl.example"), .keyed = true};

    (void)state;
    assert_string_equal(dnsbl_zone_name(buf, &z), "bl.example");
    z.zone = SL("bl.KEY.example");
    assert_string_equal(dnsbl_zone_name(buf, &z), "bl.example");
    z.keyed = false;
    assert_string_equal(dnsbl_zone_name(buf, &z), "bl.KEY.example");
}

static void scrub(void **state)
{
    static const char *const row[][3] = {
        {"see s3cret.bl.example", "s3cret", "see KEY.bl.example"},
        {"S3CRETs3cRets3cre", "s3cret", "KEYKEYs3cre"},
        {"abc", "abc", "KEY"},
        {"none", "s3cret", "none"},
        {"", "s3cret", ""},
        {"aaaa", "aa", "aaaa"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char buf[64];
        size_t n = strlen(row[i][0]);
        memcpy(buf, row[i][0], n);
        n = dnsbl_scrub(buf, n, slice_str(row[i][1]));
        assert_int_equal(n, strlen(row[i][2]));
        assert_memory_equal(buf, row[i][2], n);
    }
}

static const struct zone_code code[] = {
    {CODE(127, 0, 0, 2), CODE(127, 0, 0, 4), true, {"spam", 4}},
    {CODE(127, 0, 0, 10), CODE(127, 0, 0, 10), false, {"white", 5}},
    {CODE(127, 0, 0, 11), CODE(127, 0, 0, 11), true, {"dial-up", 7}},
    /* Whatever a file says, these are no listings. */
    {CODE(127, 255, 255, 0), CODE(127, 255, 255, 255), true, {"no", 2}},
    {CODE(192, 0, 2, 1), CODE(192, 0, 2, 1), true, {"no", 2}},
};
static const struct zone zone = {
    .id = {"list", 4}, .zone = {"bl.example", 10}, .code = code, .codes = 5};

static void codes(void **state)
{
    static const struct {
        uint32_t code[3];
        unsigned n;
        enum dnsbl_verdict verdict;
        enum dnsbl_reason why;
        const char *meaning;
    } row[] = {
        {{CODE(127, 0, 0, 2)}, 1, DNSBL_LISTED, DNSBL_FINE, "spam"},
        {{CODE(127, 0, 0, 4)}, 1, DNSBL_LISTED, DNSBL_FINE, "spam"},
        {{CODE(127, 0, 0, 5)}, 1, DNSBL_CANNOT_TELL, DNSBL_UNKNOWN_CODE, NULL},
        {{CODE(127, 0, 0, 1)}, 1, DNSBL_CANNOT_TELL, DNSBL_UNKNOWN_CODE, NULL},
        {{CODE(127, 0, 0, 10)}, 1, DNSBL_NOT_LISTED, DNSBL_FINE, NULL},
        {{CODE(127, 0, 0, 10), CODE(127, 0, 0, 11)}, 2, DNSBL_LISTED, DNSBL_FINE, "dial-up"},
        {{CODE(127, 0, 0, 5), CODE(127, 0, 0, 11)}, 2, DNSBL_LISTED, DNSBL_FINE, "dial-up"},
        {{CODE(127, 0, 0, 5), CODE(127, 0, 0, 10)}, 2, DNSBL_CANNOT_TELL, DNSBL_UNKNOWN_CODE, NULL},
        {{CODE(127, 0, 0, 2), CODE(127, 255, 255, 254)},
         2,
         DNSBL_CANNOT_TELL,
         DNSBL_ERROR_CODE,
         NULL},
        {{CODE(127, 255, 255, 0)}, 1, DNSBL_CANNOT_TELL, DNSBL_ERROR_CODE, NULL},
        {{CODE(127, 255, 254, 255)}, 1, DNSBL_CANNOT_TELL, DNSBL_UNKNOWN_CODE, NULL},
        {{CODE(192, 0, 2, 1)}, 1, DNSBL_CANNOT_TELL, DNSBL_OUTSIDE, NULL},
        {{CODE(127, 0, 0, 2), CODE(128, 0, 0, 0)}, 2, DNSBL_CANNOT_TELL, DNSBL_OUTSIDE, NULL},
        {{CODE(126, 255, 255, 255)}, 1, DNSBL_CANNOT_TELL, DNSBL_OUTSIDE, NULL},
        {{0}, 0, DNSBL_CANNOT_TELL, DNSBL_BAD_ANSWER, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        enum dnsbl_reason why;
        const struct zone_code *by;
        enum dnsbl_verdict got = dnsbl_read(&zone, row[i].code, row[i].n, &why, &by);
        if (got != row[i].verdict || why != row[i].why || (by != NULL) != (row[i].meaning != NULL))
            fail_msg("row %zu: verdict %d, reason %d", i, (int)got, (int)why);
        if (by)
            assert_true(slice_eq(by->meaning, slice_str(row[i].meaning)));
    }
    for (int r = DNSBL_FINE; r <= DNSBL_NO_KEY; r++)
        assert_non_null(dnsbl_reason_text((enum dnsbl_reason)r));
}

static void resolvers(void **state)
{
    static const char *const row[][2] = {
        {"127.0.0.1", "127.0.0.1:53"},
        {"127.0.0.1:5353", "127.0.0.1:5353"},
        {"::1", "[::1]:53"},
        {"[::1]", "[::1]:53"},
        {"[2001:DB8::1]:65535", "[2001:db8::1]:65535"},
        {"2001:db8:1111:2222:3333:4444:5555:6666", "[2001:db8:1111:2222:3333:4444:5555:6666]:53"},
        {"[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
         "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"},
        {"", NULL},
        {"localhost", NULL},
        {"127.0.0.1:", NULL},
        {"127.0.0.1:0", NULL},
        {"127.0.0.1:65536", NULL},
        {"127.0.0.1:53,127.0.0.2", NULL},
        {"127.0.0.1 ", NULL},
        {"127.0.0.1:-5", NULL},
        {"[127.0.0.1]:53", NULL},
        {"[::1]:", NULL},
        {"[::1]53", NULL},
        {"[::1", NULL},
        {"::1]:53", NULL},
        {"fe80::1%eth0", NULL},
    };
    char buf[DNSBL_RESOLVER];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (dnsbl_resolver(row[i][0], buf) != (row[i][1] != NULL))
            fail_msg("%s", row[i][0]);
        if (row[i][1])
            assert_string_equal(buf, row[i][1]);
    }
}

static void refused(struct dnsbl_question q, int status, const char *without)
{
    struct failure f = {0};

    assert_null(dnsbl_ask(&q, &f));
    assert_int_equal(f.status, status);
    assert_true(strlen(failure_text(&f)) > 0);
    if (without)
        assert_null(strstr(failure_text(&f), without));
    failure_free(&f);
}

static void options(void **state)
{
    static const struct dnsbl_options row[] = {
        {.in_flight = 1025},   {.per_list = 1025},    {.timeout_ms = 9},
        {.timeout_ms = 60001}, {.tries = 11},         {.limit_ms = 9},
        {.limit_ms = 3600001}, {.resolver = "x.org"}, {.resolver = "1.2.3.4:99999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        refused((struct dnsbl_question){.options = row[i]}, EXIT_USAGE, NULL);
}

/* A key that makes no name is a mistake, and stays out of the message; no key is no mistake. */
static void keys(void **state)
{
    struct zone z = {.id = SL("list"),
                     .zone = SL("KEY.bl.example"),
                     .ipv4 = true,
                     .ipv6 = true,
                     .keyed = true,
                     .test_listed = true};
    struct slice key = SL("s3 cret");
    struct ipaddr a[2] = {address("192.0.2.10"), address("2001:db8::1")};
    struct dnsbl_question q = {&z, &key, 1, a, 2, {.resolver = "127.0.0.1:1"}};
    struct failure f = {0};

    (void)state;
    refused(q, EXIT_CONFIG, "s3");
    q.key = NULL;
    struct dnsbl *d = dnsbl_ask(&q, &f);
    assert_non_null(d);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(dnsbl_result(d, 0, i)->verdict, DNSBL_CANNOT_TELL);
        assert_int_equal(dnsbl_result(d, 0, i)->reason, DNSBL_NO_KEY);
        assert_int_equal(dnsbl_tested(d, 0, i), DNSBL_NO_KEY);
    }
    assert_int_equal(dnsbl_stats(d).asked, 0);
    dnsbl_free(d);
    z.keyed = false;
    z.zone = SL("bl..example");
    refused(q, EXIT_CONFIG, NULL);
}

/* Nothing of the address's family: not asked, and no network needed. */
static void families(void **state)
{
    struct zone z[2] = {{.id = SL("v4"), .zone = SL("v4.example"), .ipv4 = true},
                        {.id = SL("none"), .zone = SL("none.example")}};
    struct ipaddr a = address("2001:db8::1");
    struct dnsbl_question q = {z, NULL, 2, &a, 1, {.resolver = "127.0.0.1:1"}};
    struct failure f = {0};
    struct dnsbl *d = dnsbl_ask(&q, &f);

    (void)state;
    assert_non_null(d);
    assert_int_equal(dnsbl_result(d, 0, 0)->verdict, DNSBL_NOT_ASKED);
    assert_int_equal(dnsbl_result(d, 1, 0)->verdict, DNSBL_NOT_ASKED);
    assert_int_equal(dnsbl_stats(d).asked, 0);
    dnsbl_free(d);
    q.zones = q.addrs = 0;
    d = dnsbl_ask(&q, &f);
    assert_non_null(d);
    dnsbl_free(d);
    dnsbl_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),   cmocka_unit_test(longest), cmocka_unit_test(names_for_people),
        cmocka_unit_test(scrub),   cmocka_unit_test(codes),   cmocka_unit_test(resolvers),
        cmocka_unit_test(options), cmocka_unit_test(keys),    cmocka_unit_test(families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
