/* What a route map may hold: values, names, domains, places. */
#include "scratch.h"

#include "act/mapfile.h"
#include "act/route_value.h"

static void test_values(void **state)
{
    static const char *const good[] = {"out1:", "FILTER out2:", "FILTER scan:[127.0.0.1]:10026",
                                       "FILTER mp_hop:[::1]:10031", "postfix-out.1:"};
    static const char *const bad[] = {"",
                                      "out1",
                                      "FILTER out2",
                                      "FILTER",
                                      "FILTER :",
                                      "FILTER out2:host",
                                      "FILTER out2:[host]:25",
                                      "FILTER out2:[127.0.0.1]:0",
                                      "FILTER out2:[127.0.0.1]:65536",
                                      "FILTER out2:[127.0.0.1]:25 x",
                                      "FILTER  out2:",
                                      "filter out2:",
                                      "out 2:",
                                      "out2:\n",
                                      "-o:",
                                      "randmap:",
                                      "RANDMAP:",
                                      "out\xc3\xa9:"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!route_value_good(slice_str(good[i])))
            fail_msg("%s isn't taken", good[i]);
        assert_true(map_value_good(slice_str(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (route_value_good(slice_str(bad[i])))
            fail_msg("%s is taken", bad[i]);
    assert_false(route_value_good(slice_of("out1:\0", 6)));
}

static void test_domains(void **state)
{
    static const char *const good[] = {"hotmail.com", "a.b",           "xn--bcher-kva.example",
                                       "_x.example",  "1and1.example", "163.com"};
    static const char *const bad[] = {
        "",          "com",     "Hotmail.com", "hotmail.com.", ".hotmail.com",      "a..b",
        "127.0.0.1", "[1.2]",   "a b.c",       "a.b#",         "b\xc3\xbc.example", "-a.example",
        "a.-b",      "\"a\".b", "a\t.b",       "a.b\n"};
    char big[260];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!route_domain_good(slice_str(good[i])))
            fail_msg("%s isn't taken", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (route_domain_good(slice_str(bad[i])))
            fail_msg("%s is taken", bad[i]);
    memset(big, 'a', sizeof big);
    big[2] = '.';
    assert_true(route_domain_good(slice_of(big, 253)));
    assert_false(route_domain_good(slice_of(big, 254)));
}

static void test_places(void **state)
{
    struct route_place p;
    char buf[ROUTE_PLACE];

    (void)state;
    assert_true(route_place_parse(SL("127.0.0.1:10031"), &p));
    assert_string_equal(route_place_text(&p, 2, buf), "[127.0.0.1]:10033");
    assert_true(route_place_has(&p, 2, SL("127.0.0.1"), 10032));
    assert_false(route_place_has(&p, 2, SL("127.0.0.1"), 10033));
    assert_false(route_place_has(&p, 2, SL("127.0.0.2"), 10031));
    assert_true(route_place_parse(SL("[::1]:25"), &p));
    assert_string_equal(route_place_text(&p, 0, buf), "[::1]:25");
    assert_false(route_place_parse(SL("::1:25"), &p));
    assert_false(route_place_parse(SL("127.0.0.1"), &p));
    assert_false(route_place_parse(SL("127.0.0.1:"), &p));
    assert_false(route_place_parse(SL("localhost:25"), &p));
    assert_false(route_place_parse(SL("[127.0.0.1:25"), &p));
    assert_false(route_place_parse(SLICE_NONE, &p));
    assert_false(route_place_has(&p, 9, SLICE_NONE, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_domains),
                                       cmocka_unit_test(test_places)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
