/* ipnet: reading and writing addresses and nets of both families, what is in what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ipnet.h"

static void addresses(void **state)
{
    static const char *const row[][2] = {
        {"203.0.113.7", "203.0.113.7"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::1", "::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::ffff:c000:201", "192.0.2.1"},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"192.0.02.1", NULL},
        {"192.0.2.1 ", NULL},
        {"192.0.2.1:25", NULL},
        {"fe80::1%eth0", NULL},
        {"2001:db8::1::2", NULL},
        {"unknown", NULL},
        {"", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},
    };
    char buf[IPADDR_TEXT];
    struct ipaddr a;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(ipaddr_parse(slice_str(row[i][0]), &a), row[i][1] != NULL);
        if (row[i][1])
            assert_string_equal(ipaddr_text(a, buf), row[i][1]);
    }
    assert_false(ipaddr_parse(slice_of("1.2.3.4\0", 8), &a));
}

static void nets(void **state)
{
    static const char *const row[][2] = {
        {"203.0.113.0/28", "203.0.113.0/28"},
        {"203.0.113.5", "203.0.113.5/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"2001:db8::/32", "2001:db8::/32"},
        {"2001:db8::5", "2001:db8::5/128"},
        {"::/0", "::/0"},
        {"2001:db8:0:0:8000::/65", "2001:db8:0:0:8000::/65"},
        {"203.0.113.1/28", NULL},
        {"203.0.113.0/33", NULL},
        {"203.0.113.0/", NULL},
        {"203.0.113.0/-1", NULL},
        {"203.0.113.0/24/24", NULL},
        {"2001:db8::/129", NULL},
        {"2001:db8::1/64", NULL},
        {"/24", NULL},
    };
    char buf[IPNET_TEXT];
    struct ipnet n;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const char *why = ipnet_parse(slice_str(row[i][0]), &n);
        assert_int_equal(why == NULL, row[i][1] != NULL);
        if (row[i][1])
            assert_string_equal(ipnet_text(n, buf), row[i][1]);
    }
}

static struct ipnet net(const char *s)
{
    struct ipnet n;

    assert_null(ipnet_parse(slice_str(s), &n));
    return n;
}

static struct ipaddr addr(const char *s)
{
    struct ipaddr a;

    assert_true(ipaddr_parse(slice_str(s), &a));
    return a;
}

static void inside(void **state)
{
    char buf[IPADDR_TEXT];

    (void)state;
    assert_true(ipnet_has(net("203.0.113.0/28"), addr("203.0.113.15")));
    assert_false(ipnet_has(net("203.0.113.0/28"), addr("203.0.113.16")));
    assert_true(ipnet_has(net("2001:db8::/64"), addr("2001:db8::ffff:1")));
    assert_false(ipnet_has(net("2001:db8::/64"), addr("2001:db8:0:1::1")));
    assert_false(ipnet_has(net("0.0.0.0/0"), addr("2001:db8::1")));
    assert_true(ipnet_covers(net("10.0.0.0/8"), net("10.1.0.0/16")));
    assert_true(ipnet_covers(net("10.0.0.0/8"), net("10.0.0.0/8")));
    assert_false(ipnet_covers(net("10.1.0.0/16"), net("10.0.0.0/8")));
    assert_true(ipnet_cmp(net("10.0.0.0/8"), net("10.0.0.0/16")) < 0);
    assert_true(ipnet_cmp(net("10.0.0.0/8"), net("9.255.0.0/16")) > 0);
    assert_string_equal(ipaddr_text(ipnet_last(net("203.0.113.0/28")), buf), "203.0.113.15");
    assert_string_equal(ipaddr_text(ipnet_last(net("2001:db8::/60")), buf),
                        "2001:db8:0:f:ffff:ffff:ffff:ffff");
    assert_string_equal(ipaddr_text(ipnet_of(addr("2001:db8::9"), 64).addr, buf), "2001:db8::");
}

static void private(void **state)
{
    static const char *const own[] = {
        "127.0.0.1",   "127.9.9.9", "10.2.3.4",    "172.16.0.1",     "172.31.9.9",
        "192.168.1.1", "::1",       "fe80::1",     "fd00:1::2",      "fc00::1",
        "0.0.0.0",     "::",        "169.254.1.1", "::ffff:10.0.0.1"};
    static const char *const others[] = {"172.32.0.1", "172.15.0.1",  "192.169.0.1",
                                         "11.0.0.1",   "2001:db8::1", "fec0::1",
                                         "fe00::1",    "::2",         "128.0.0.1"};

    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_true(ipaddr_is_private(addr(own[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(ipaddr_is_private(addr(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(nets),
        cmocka_unit_test(inside),
        cmocka_unit_test(private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
