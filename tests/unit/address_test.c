/* Sender addresses as map keys: the canonical form, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/address.h"

/* The keys are what smtpd asked a table for, recorded with Postfix 3.7.11. */
static const struct {
    const char *logged, *key;
    bool index;
} good[] = {
    {"bob@acme.example", "bob@acme.example", true},
    {"BOB@Acme.Example", "bob@acme.example", true},
    {"bob@acme.example.", "bob@acme.example", true},
    {"\"bob\"@acme.example", "bob@acme.example", true},
    {"bo\\b@acme.example", "bob@acme.example", true},
    {"\"a b\"@acme.example", "\"a b\"@acme.example", true},
    {"\"A\\ B\"@acme.example", "\"a b\"@acme.example", true},
    {"\"x..y\"@acme.example", "\"x..y\"@acme.example", true},
    {"x..y@acme.example", "\"x..y\"@acme.example", true},
    {".x@acme.example", "\".x\"@acme.example", true},
    {"a@b@acme.example", "\"a@b\"@acme.example", true},
    {"\"a@b\"@acme.example", "\"a@b\"@acme.example", true},
    {"\"q\\\"q\"@acme.example", "\"q\\\"q\"@acme.example", true},
    {"\"q\\\\q\"@acme.example", "\"q\\\\q\"@acme.example", true},
    {"\", status=sent (x)\"@acme.example", "\", status=sent (x)\"@acme.example", true},
    {"\"v@x.example OK\"@evil.example", "\"v@x.example ok\"@evil.example", true},
    {"bob+x@acme.example", "bob+x@acme.example", true},
    {"$a%d@acme.example", "$a%d@acme.example", true},
    {"a?b@acme.example", "a?b@acme.example", true},
    {"bob@[127.0.0.1]", "bob@[127.0.0.1]", true},
    {"bob@[IPv6:2001:db8::1]", "bob@[ipv6:2001:db8::1]", true},
    {"o'brien@acme.example", "o'brien@acme.example", true},
    {"\"#a\"@acme.example", "#a@acme.example", false},
    {"#a@acme.example", "#a@acme.example", false},
    {"\"#a b\"@acme.example", "\"#a b\"@acme.example", true},
    {"j\303\251r\303\264me@acme.example", "j\303\251r\303\264me@acme.example", false},
    {"bob@\303\251cole.example", "bob@\303\251cole.example", false},
};

static const struct {
    const char *logged;
    enum address_fault fault;
} bad[] = {
    {"", ADDRESS_NULL},
    {"<>", ADDRESS_NULL},
    {"bob", ADDRESS_NO_DOMAIN},
    {"com", ADDRESS_NO_DOMAIN},
    {"bob@", ADDRESS_NO_DOMAIN},
    {"bob@.", ADDRESS_BAD_DOMAIN},
    {"@acme.example", ADDRESS_NO_LOCAL},
    {"\"\"@acme.example", ADDRESS_NO_LOCAL},
    {"\"bob@acme.example", ADDRESS_BAD_QUOTES},
    {"bob\"@acme.example", ADDRESS_BAD_QUOTES},
    {"bob\\", ADDRESS_BAD_QUOTES},
    {"com b@acme.example", ADDRESS_BAD_QUOTES},
    {" bob@acme.example", ADDRESS_BAD_QUOTES},
    {"bob@acme.example REJECT", ADDRESS_BAD_QUOTES},
    {"bob@acme..example", ADDRESS_BAD_DOMAIN},
    {"bob@.acme.example", ADDRESS_BAD_DOMAIN},
    {"bob@acme.example:", ADDRESS_BAD_DOMAIN},
    {"bob@a#b", ADDRESS_BAD_DOMAIN},
    {"bob@a/b", ADDRESS_BAD_DOMAIN},
    {"bob@[", ADDRESS_BAD_DOMAIN},
    {"bob@[]", ADDRESS_BAD_DOMAIN},
    {"bob@[127.0.0.1]x", ADDRESS_BAD_DOMAIN},
    {"bob@[a]]", ADDRESS_BAD_DOMAIN},
    {"a\nv@x.example OK\nb@acme.example", ADDRESS_CONTROL},
    {"\"a\nb\"@acme.example", ADDRESS_CONTROL},
    {"\"a\tb\"@acme.example", ADDRESS_CONTROL},
    {"a\rb@acme.example", ADDRESS_CONTROL},
    {"a\013b@acme.example", ADDRESS_CONTROL},
    {"a\033[31mb@acme.example", ADDRESS_CONTROL},
    {"a\177b@acme.example", ADDRESS_CONTROL},
    {"\377@acme.example", ADDRESS_NOT_UTF8},
    {"\303@acme.example", ADDRESS_NOT_UTF8},
    {"bob@acme\300\200.example", ADDRESS_NOT_UTF8},
};

static void test_good(void **state)
{
    struct address a;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct slice key = slice_str(good[i].key);
        if (address_parse(slice_str(good[i].logged), &a) != ADDRESS_OK ||
            !slice_eq(address_key(&a), key))
            fail_msg("%s gives %.*s", good[i].logged, (int)a.n, a.key);
        if (address_fits_index(&a) != good[i].index)
            fail_msg("%s: wrong kind of map", good[i].logged);
        /* The canonical form is its own. */
        assert_int_equal(address_parse(key, &a), ADDRESS_OK);
        assert_true(slice_eq(address_key(&a), key));
    }
}

static void test_bad(void **state)
{
    struct address a;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (address_parse(slice_str(bad[i].logged), &a) != bad[i].fault)
            fail_msg("%s: %s expected", bad[i].logged, address_fault_text(bad[i].fault));
    assert_int_equal(address_parse(slice_of("a\0b@acme.example", 16), &a), ADDRESS_CONTROL);
}

static void test_length(void **state)
{
    char buf[2000];
    struct address a;

    (void)state;
    memset(buf, 'a', sizeof buf);
    memcpy(buf + 242, "@acme.example", 13);
    assert_int_equal(address_parse(slice_of(buf, 255), &a), ADDRESS_OK);
    assert_int_equal(a.n, 255);
    assert_int_equal(address_parse(slice_of(buf, 256), &a), ADDRESS_TOO_LONG);
    memset(buf, 'a', sizeof buf);
    memcpy(buf + sizeof buf - 13, "@acme.example", 13);
    assert_int_equal(address_parse(slice_of(buf, sizeof buf), &a), ADDRESS_TOO_LONG);
    /* Quoting may make it longer than it came. */
    memset(buf, '"', sizeof buf);
    for (size_t i = 1; i < 240; i += 2)
        buf[i] = '\\', buf[i + 1] = '"';
    memcpy(buf + 241, "\"@x.example", 11);
    assert_int_equal(address_parse(slice_of(buf, 252), &a), ADDRESS_OK);
    assert_int_equal(a.n, 252);
}

static void test_flags(void **state)
{
    struct address a;

    (void)state;
    assert_int_equal(address_parse(SL("\"x?y\"@acme.example"), &a), ADDRESS_OK);
    assert_true(a.doubtful);
    assert_int_equal(address_parse(SL("xy@acme.example"), &a), ADDRESS_OK);
    assert_false(a.doubtful || a.quoted);
    assert_int_equal(a.local, 2);
}

/* As Postfix compiles it: extended, without case, the slashes taken off. */
static bool matches(const char *expression, size_t n, const char *s)
{
    regex_t re;
    char *pattern = strndup(expression + 1, n - 2);
    bool found;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    found = regexec(&re, s, 0, NULL, 0) == 0;
    regfree(&re);
    free(pattern);
    return found;
}

static void test_expression(void **state)
{
    static const struct {
        const char *address, *yes, *no;
    } row[] = {
        {"bob@acme.example", "bob@acme.example", "bobby@acme.example"},
        {"bob@acme.example", "BOB+x@acme.example", "xbob@acme.example"},
        {"bob@acme.example", "bob+a b@acme.example", "bob@acmeXexample"},
        {"bob@acme.example", "bob+@acme.example", "bob@acme.example.net"},
        {"bob@acme.example", "bob+x+y@acme.example", "bob+x@evil.example@acme.example"},
        {"#a@acme.example", "#a@acme.example", "a@acme.example"},
        {"a.*@acme.example", "a.*@acme.example", "abc@acme.example"},
        {"a|b@acme.example", "a|b@acme.example", "a"},
        {"$^(x)[y]{z}@acme.example", "\"$^(x)[y]{z}\"@acme.example", "$^@acme.example"},
        {"a/b@acme.example", "a/b@acme.example", "a\\/b@acme.example"},
        {"\"a b\"@acme.example", "\"a b\"@acme.example", "\"a b+c\"@acme.example"},
        {"\"q\\\"q\"@acme.example", "\"q\\\"q\"@acme.example", "\"qq\"@acme.example"},
        {"'`<>&w@acme.example", "\"'`<>&w\"@acme.example", "a@acme.example"},
        {"\303\251@acme.example", "\303\251@acme.example", "e@acme.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct address a;
        struct text t = {0};
        assert_int_equal(address_parse(slice_str(row[i].address), &a), ADDRESS_OK);
        address_add_regexp(&t, &a);
        if (!matches(t.p, t.n, row[i].yes) || matches(t.p, t.n, row[i].no))
            fail_msg("%s: %.*s", row[i].address, (int)t.n, t.p);
        assert_null(memchr(t.p, '\n', t.n));
        text_free(&t);
    }
}

/* Whatever comes in, an accepted key holds nothing that postmap reads as something else. */
static void test_random(void **state)
{
    static const char alphabet[] = "ab@\"\\ .#+?\n\t\r\033\177\303\251\377$/<>,;:()[]";
    unsigned seed = 1, accepted = 0;
    char buf[24];

    (void)state;
    for (int i = 0; i < 300000; i++) {
        struct address a, again;
        size_t n = 0;
        for (; n < sizeof buf - 4; n++) {
            seed = seed * 1103515245 + 12345;
            unsigned k = (seed >> 16) % (sizeof alphabet + 5);
            if (k >= sizeof alphabet - 1 && n > 2)
                break;
            buf[n] = alphabet[k % (sizeof alphabet - 1)];
        }
        memcpy(buf + n, "@x.y", 4);
        if (address_parse(slice_of(buf, n + 4), &a) != ADDRESS_OK)
            continue;
        accepted++;
        assert_int_equal(address_parse(address_key(&a), &again), ADDRESS_OK);
        assert_true(slice_eq(address_key(&a), address_key(&again)));
        bool quoted = false;
        for (size_t k = 0; k < a.n; k++) {
            assert_true((unsigned char)a.key[k] >= 0x20 && a.key[k] != 0x7f);
            if (a.key[k] == '\\')
                k++;
            else if (a.key[k] == '"')
                quoted = !quoted;
            else
                assert_true(quoted || a.key[k] != ' ');
        }
        assert_false(quoted);
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_bad),
        cmocka_unit_test(test_length),     cmocka_unit_test(test_flags),
        cmocka_unit_test(test_expression), cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
