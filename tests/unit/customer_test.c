/* customer: who is found by what, overlaps, all mistakes at once, and 100,000 customers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "judge/customer.h"

static struct customers *load(const char *text, struct problems *problems)
{
    struct customers *c;
    struct words w;

    assert_int_equal(words_of(&w, "customers", slice_str(text), problems), WORDS_OK);
    enum words_result result = customers_read(&w, &c);
    assert_int_equal(result == WORDS_OK, c != NULL);
    words_free(&w);
    return c;
}

static const char *key(const struct customer *c)
{
    static char buf[80];

    snprintf(buf, sizeof buf, "%.*s", c ? (int)c->key.n : 4, c ? c->key.p : "none");
    return buf;
}

static const char *by_client(const struct customers *c, const char *addr)
{
    struct ipaddr a;

    assert_true(ipaddr_parse(slice_str(addr), &a));
    return key(customers_by_client(c, a));
}

static const char *by_login(const struct customers *c, const char *login)
{
    return key(customers_by_login(c, slice_str(login)));
}

static const char *by_domain(const struct customers *c, const char *domain)
{
    return key(customers_by_domain(c, slice_str(domain)));
}

static const char sample[] =
    "# from billing\n"
    "acme   north-it domain:acme.example net:203.0.113.0/28 sasl:acme-* mail:it@acme.example\n"
    "beta   north-it net:203.0.113.0/24 net:2001:db8:b::/48 sasl:Boss@Beta.example\n"
    "gamma  -        net:203.0.113.64/26 net:203.0.113.8 sasl:*@gamma.example sasl:acme-7\n"
    "gamma  -        net:2001:db8:b:c::/64 domain:sub.acme.example\n"
    "delta  south    sasl:*@mail.gamma.example.org sasl:longer-prefix-than-that-*\n"
    "eps    south    \"sasl:two words\"\n";

static void look_ups(void **state)
{
    struct problems p = {0};
    struct customers *c = load(sample, &p);

    (void)state;
    assert_non_null(c);
    assert_int_equal(customers_count(c), 5);
    assert_string_equal(by_client(c, "203.0.113.1"), "acme");
    assert_string_equal(by_client(c, "203.0.113.8"), "gamma");
    assert_string_equal(by_client(c, "::ffff:203.0.113.8"), "gamma");
    assert_string_equal(by_client(c, "203.0.113.9"), "acme");
    assert_string_equal(by_client(c, "203.0.113.16"), "beta");
    assert_string_equal(by_client(c, "203.0.113.64"), "gamma");
    assert_string_equal(by_client(c, "203.0.113.128"), "beta");
    assert_string_equal(by_client(c, "203.0.114.0"), "none");
    assert_string_equal(by_client(c, "203.0.112.255"), "none");
    assert_string_equal(by_client(c, "2001:db8:b:b::1"), "beta");
    assert_string_equal(by_client(c, "2001:db8:b:c::1"), "gamma");
    assert_string_equal(by_client(c, "2001:db8:c::1"), "none");
    assert_string_equal(by_login(c, "acme-1"), "acme");
    assert_string_equal(by_login(c, "ACME-1"), "acme");
    assert_string_equal(by_login(c, "acme-7"), "gamma");
    assert_string_equal(by_login(c, "acme"), "none");
    assert_string_equal(by_login(c, "boss@beta.example"), "beta");
    assert_string_equal(by_login(c, "x@gamma.example"), "gamma");
    assert_string_equal(by_login(c, "longer-prefix-than-that-1@gamma.example"), "delta");
    assert_string_equal(by_login(c, "acme-1@gamma.example"), "gamma");
    assert_string_equal(by_login(c, "bob@acme.example"), "acme");
    assert_string_equal(by_login(c, "bob@x.sub.acme.example"), "gamma");
    assert_string_equal(by_login(c, "two words"), "eps");
    assert_string_equal(by_login(c, ""), "none");
    assert_string_equal(by_domain(c, "Acme.Example"), "acme");
    assert_string_equal(by_domain(c, "www.acme.example"), "acme");
    assert_string_equal(by_domain(c, "notacme.example"), "none");
    assert_string_equal(by_domain(c, "example"), "none");
    assert_string_equal(key(customers_by_key(c, SL("delta"))), "delta");
    assert_null(customers_by_login(NULL, SL("x")));
    assert_null(customers_by_key(NULL, SL("x")));
    customers_free(c);
}

static void enumeration(void **state)
{
    struct problems p = {0};
    struct customers *c = load(sample, &p);
    char buf[400] = "", net[IPNET_TEXT];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < customers_count(c); i++) {
        const struct customer *one = customers_at(c, i);
        for (const struct customer_id *id = one->ids; id; id = id->next) {
            assert_ptr_equal(id->customer, one);
            if (id->kind == CUSTOMER_NET)
                n += (size_t)snprintf(buf + n, sizeof buf - n, "%s:%s ", key(one),
                                      ipnet_text(id->net, net));
            else if (id->kind == CUSTOMER_LOGIN)
                n += (size_t)snprintf(buf + n, sizeof buf - n, "%s:%.*s ", key(one),
                                      (int)id->text.n, id->text.p);
        }
    }
    assert_string_equal(buf, "acme:203.0.113.0/28 beta:203.0.113.0/24 beta:2001:db8:b::/48 "
                             "beta:boss@beta.example gamma:203.0.113.64/26 gamma:203.0.113.8/32 "
                             "gamma:acme-7 gamma:2001:db8:b:c::/64 eps:two words ");
    assert_true(slice_eq(customers_at(c, 0)->partner, SL("north-it")));
    assert_int_equal(customers_at(c, 2)->partner.n, 0);
    assert_null(customers_at(c, 5));
    customers_free(c);
}

static void expect_problems(const char *text, const char *problems)
{
    struct problems p = {0};

    assert_null(load(text, &p));
    text_addc(&p.lines, 0);
    assert_string_equal(p.lines.p, problems);
    problems_free(&p);
}

static void overlaps(void **state)
{
    (void)state;
    expect_problems(
        "a p net:10.0.0.0/8 sasl:Bob domain:a.example sasl:x-*\n"
        "b p net:10.0.0.0/8 sasl:bob domain:A.example sasl:x-y-*\n"
        "c p sasl:*@a.example\nd p sasl:*@b.a.example sasl:X-*\n",
        "customers:2: net 10.0.0.0/8 of b overlaps with line 1, where it is a's\n"
        "customers:2: login bob of b overlaps with line 1, where it is a's\n"
        "customers:2: domain A.example of b overlaps with line 1, where it is a's\n"
        "customers:4: login wildcard X-* of d overlaps with line 1, where it is a's\n"
        "customers:2: login wildcard x-y-* of b overlaps with line 1, where it is a's\n");
    expect_problems("d p sasl:ab*\nd p sasl:*@x.example\ne p sasl:a*\nf p sasl:*.x.example\n"
                    "g p sasl:*x.example",
                    "customers:3: login wildcard a* of e overlaps with line 1, where it is d's\n"
                    "customers:5: login wildcard *x.example of g overlaps with line 2, where it is "
                    "d's\ncustomers:5: login wildcard *x.example of g overlaps with line 4, where "
                    "it is f's\n");
}

static void no_overlap(void **state)
{
    struct problems p = {0};
    struct customers *c =
        load("a p net:10.0.0.0/8 net:10.0.0.0/8 sasl:x sasl:x sasl:x* sasl:xy*\n"
             "b p net:10.1.0.0/16 sasl:x-1 mail:i@a.example\nc p mail:i@a.example\n",
             &p);

    (void)state;
    assert_non_null(c);
    assert_int_equal(p.count, 0);
    assert_string_equal(by_login(c, "xyz"), "a");
    assert_string_equal(by_login(c, "x-1"), "b");
    customers_free(c);
}

static void mistakes(void **state)
{
    (void)state;
    expect_problems(
        "good p net:192.0.2.0/28\n"
        "lonely\n"
        "a/b p\n"
        "a \"p p\"\n"
        "good q net:192.0.2.16/28\n"
        "c p net:192.0.2.1/28 net:300.1.1.1 net:0.0.0.0/0 net:::/0\n"
        "d p sasl: sasl:a*b sasl:*a* domain:-..x domain:m\xc3\xbcller.example mail:nobody\n"
        "e p phone:123 colonless\n",
        "customers:2: the partner is missing: KEY PARTNER IDENTITY\xe2\x80\xa6 (`-` for no "
        "partner)\n"
        "customers:3: the customer's key (first word): 1 to 64 letters, digits and . _ @ + - are "
        "allowed\n"
        "customers:4: the partner (second word): 1 to 64 letters, digits and . _ @ + - are "
        "allowed\n"
        "customers:5: customer good has another partner on line 1\n"
        "customers:6: net:192.0.2.1/28: address bits are set behind the prefix length\n"
        "customers:6: net:300.1.1.1: not an IP address\n"
        "customers:6: net:0.0.0.0/0: the whole Internet is no customer's net\n"
        "customers:6: net:::/0: the whole Internet is no customer's net\n"
        "customers:7: a login has 1 to 255 bytes\n"
        "customers:7: sasl:a*b: one star only, as the first or the last character\n"
        "customers:7: sasl:*a*: one star only, as the first or the last character\n"
        "customers:7: domain:-..x: not a domain name (write an international one as "
        "xn--\xe2\x80\xa6)\n"
        "customers:7: domain:m\xc3\xbcller.example: not a domain name (write an international one "
        "as xn--\xe2\x80\xa6)\n"
        "customers:7: mail:nobody: not a mail address\n"
        "customers:8: phone:123: an identity begins with domain:, net:, sasl: or mail:\n"
        "customers:8: colonless: an identity begins with domain:, net:, sasl: or mail:\n");
}

static void absent(void **state)
{
    struct problems p = {0};
    struct customers *c;

    (void)state;
    assert_int_equal(customers_load("/nonexistent", &p, &c), WORDS_ABSENT);
    assert_null(c);
    assert_int_equal(p.count, 0);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_hundred_thousand(void **state)
{
    struct problems p = {0};
    struct text in = {0};
    char addr[40], login[40];

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        text_addf(&in,
                  "c%u p%u domain:c%u.example net:10.%u.%u.0/28 net:2001:db8:%x:%x::/64 "
                  "sasl:u%u sasl:c%u-* mail:it@c%u.example\n",
                  i, i % 100, i, i / 256 % 256, i % 256, i / 65536, i % 65536, i, i, i);
    text_add(&in, SL("dup p net:10.0.3.0/28\n"));
    text_addc(&in, 0);
    /* 10.x.y.0/28 repeats after 65,536 customers: those overlaps are found, too */
    assert_null(load(in.p, &p));
    assert_int_equal(p.count, 100000 - 65536 + 1);
    in.n = 0;
    for (unsigned i = 0; i < 100000; i++)
        text_addf(&in,
                  "c%u p%u domain:c%u.example net:10.%u.%u.%u/28 net:2001:db8:%x:%x::/64 "
                  "sasl:u%u sasl:c%u-* mail:it@c%u.example\n",
                  i, i % 100, i, i / 256 % 256, i % 256, i / 65536 * 16, i / 65536, i % 65536, i, i,
                  i);
    text_addc(&in, 0);
    problems_free(&p);
    double from = seconds();
    struct customers *c = load(in.p, &p);
    assert_non_null(c);
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(addr, sizeof addr, "10.%u.%u.%u", i / 256 % 256, i % 256, i / 65536 * 16 + 3);
        snprintf(login, sizeof login, "c%u-x", i);
        const char *end = by_client(c, addr) + 1;
        assert_int_equal(strtoul(end, NULL, 10), i);
        assert_int_equal(strtoul(by_login(c, login) + 1, NULL, 10), i);
    }
    print_message("100,000 customers loaded and looked up twice each in %.2f s\n",
                  seconds() - from);
    customers_free(c);
    text_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups),           cmocka_unit_test(enumeration),
        cmocka_unit_test(overlaps),           cmocka_unit_test(no_overlap),
        cmocka_unit_test(mistakes),           cmocka_unit_test(absent),
        cmocka_unit_test(a_hundred_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
