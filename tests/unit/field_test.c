/* field: queue ids, addresses with every odd byte, the end of a line, hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "log/field.h"

static int bad;

static void report(struct slice in, const char *got, const char *want)
{
    if (strcmp(got, want) == 0)
        return;
    print_error("\"%.*s\": %s, not %s\n", (int)in.n, in.p, got, want);
    bad++;
}

static void queue_ids(void **state)
{
    static const struct {
        struct slice s;
        bool ok;
    } row[] = {
        {SL("A1B2C3D4E5"), true},
        {SL("A1B2C"), true},
        {SL("A1B2"), false},
        {SL("12345"), true},
        {SL("a1b2c3"), false},
        {SL("A1B2g"), false},
        {SL("4Zq8Xk2Pn9zVbT7"), true},
        {SL("4Zq8Xk2Pn"), false},
        {SL("4Zq8Xk2PnA"), false},
        {SL("bcdfghjklm"), true},
        {SL("aeiouaeiou"), false},
        {SL("NOQUEUE"), false},
        {SL("0123456789ABCDEF0123456789ABCD"), true},
        {SL("0123456789ABCDEF0123456789ABCDE"), false},
        {SL(""), false},
        {SL("A1B2C\0"), false},
        {SL("A1B2\xc3"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (field_is_qid(row[i].s) != row[i].ok)
            fail_msg("%.*s is %sa queue id", (int)row[i].s.n, row[i].s.p, row[i].ok ? "" : "not ");
    /* the same answer in front of a text */
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct text t = {0};
        struct slice rest, qid;
        text_add(&t, row[i].s);
        text_add(&t, SL(": x"));
        rest = text_slice(&t);
        bool ok = field_qid(&rest, &qid);
        assert_int_equal(ok, row[i].ok || slice_eq(row[i].s, SL("NOQUEUE")));
        if (ok)
            assert_true(slice_eq(rest, SL("x")));
        if (row[i].ok)
            assert_true(slice_eq(qid, row[i].s));
        text_free(&t);
    }
    struct slice rest = SL("A1B2C3D4E5:x"), qid;
    assert_false(field_qid(&rest, &qid));
    rest = SL("A1B2C3D4E5: ");
    assert_true(field_qid(&rest, &qid) && rest.n == 0);
}

/* "address|rest", or "-". */
static void addresses(void **state)
{
    static const struct {
        const char *in, *want;
    } row[] = {
        {"<a@b>, relay=x", "a@b|, relay=x"},
        {"<>, x", "<>|, x"},
        {"<a@b>", "a@b|"},
        {"a@b, x", "a@b|, x"},
        {"a@b", "a@b|"},
        {"", "<>|"},
        {"<a@b", "-"},
        {"<", "-"},
        {"<\"a b\"@c>, x", "\"a b\"@c|, x"},
        {"<\"a>, relay=none, status=sent (x\"@c>, x", "\"a>, relay=none, status=sent (x\"@c|, x"},
        {"<\"a\\\">, b\\\\\"@c>, x", "\"a\\\">, b\\\\\"@c|, x"},
        {"<\"a\\\\\"@c>, \"d\">, x", "\"a\\\\\"@c|, \"d\">, x"},
        {"<\"\"@c>, x", "\"\"@c|, x"},
        {"<\"never closed>, x", "-"},
        {"<\"never closed\\", "-"},
        {"<\"never closed\\\"", "-"},
        {"<\"", "-"},
        {"\"a, b\"@c, x", "\"a, b\"@c|, x"},
        {"<a>b@c>, x", "a>b@c|, x"}, /* not an address; up to a bracket that can close it */
        {"<a@[192.0.2.1]>, x", "a@[192.0.2.1]|, x"},
        {"<a@b> to=<c>", "a@b| to=<c>"},
        {"<\xc3\xa4@b>, x", "\xc3\xa4@b|, x"},
        {"<\"\t\x01\xff\"@b>, x", "\"\t\x01\xff\"@b|, x"},
    };

    (void)state;
    bad = 0;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        size_t n = strlen(row[i].in);
        char *copy = malloc(n ? n : 1);
        memcpy(copy, row[i].in, n);
        struct slice s = slice_of(copy, n), address;
        struct text got = {0};
        if (field_address(&s, &address)) {
            text_add(&got, address);
            text_addc(&got, '|');
            text_add(&got, s);
        } else {
            text_addc(&got, '-');
        }
        text_addc(&got, '\0');
        report(slice_str(row[i].in), got.p, row[i].want);
        text_free(&got);
        free(copy);
    }
    assert_int_equal(bad, 0);
}

/* Any byte in a quoted local part, escaped as Postfix does it, is read to its end. */
static void every_quoted_byte(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 0x10000; v++) {
        struct text t = {0};
        text_add(&t, SL("<\""));
        for (int i = 0; i < 2; i++) {
            char c = (char)(v >> (8 * i));
            if (c == '"' || c == '\\')
                text_addc(&t, '\\');
            text_addc(&t, c);
        }
        text_add(&t, SL(">, status=sent (\"@x.example>"));
        struct slice s = text_slice(&t), want = slice_of(t.p + 1, t.n - 2), address;
        text_add(&t, SL(", relay=none"));
        s = text_slice(&t);
        want.p = t.p + 1;
        assert_true(field_address(&s, &address));
        assert_true(slice_eq(address, want) && slice_eq(s, SL(", relay=none")));
        assert_true(field_is_address(want));
        text_free(&t);
    }
}

static void whole_addresses(void **state)
{
    static const struct {
        const char *in;
        bool ok;
    } row[] = {
        {"", true},          {"a@b", true},          {"a", true},
        {"\"a b\"@c", true}, {"\"a\\\"b\"@c", true}, {"\"a\"", true},
        {"\"a\"b@c", false}, {"\"a", false},         {"a b@c", false},
        {"a\"b@c", false},   {"a@b> to=<c", false},  {"\"a\\\"@c", false},
        {"\"", false},       {"\"\\", false},        {"a@b<", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (field_is_address(slice_str(row[i].in)) != row[i].ok)
            fail_msg("%s is %san address", row[i].in, row[i].ok ? "" : "not ");
}

/* From the right: "value|rest". */
static void tails(void **state)
{
    static const struct {
        const char *in, *key, *want;
    } row[] = {
        {"x; from=<a> to=<b>", "to=<", "b|x; from=<a>"},
        {"x; from=<a>, to=<b>", "to=<", "b|x; from=<a>"},
        {"x; from=<> to=<b>", "from=<", "-"},
        {"x; from=<>", "from=<", "|x;"},
        {"from=<a>", "from=<", "a|"},
        {"x proto=ESMTP", "proto=", "ESMTP|x"},
        {"x proto=", "proto=", "-"},
        {"x proto=a b", "proto=", "-"},
        {"xproto=a", "proto=", "-"},
        {"x; to=<\"a> to=<b\"@c>", "to=<", "\"a> to=<b\"@c|x;"},
        {"x; to=<\"a\\\"> to=<b\"@c>", "to=<", "\"a\\\"> to=<b\"@c|x;"},
        {"x; to=<\"a> to=<\"@c>", "to=<", "\"a> to=<\"@c|x;"},
        {"x; to=<a b>", "to=<", "-"},
        {"x; to=<a", "to=<", "-"},
        {"", "to=<", "-"},
        {">", "to=<", "-"},
        {"to=<", "to=<", "-"},
        {"to=<>", "to=<", "|"},
        {" , , to=<>", "to=<", "|"},
    };

    (void)state;
    bad = 0;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        size_t n = strlen(row[i].in);
        char *copy = malloc(n ? n : 1);
        memcpy(copy, row[i].in, n);
        struct slice s = slice_of(copy, n), value = SLICE_NONE;
        struct text got = {0};
        if (field_tail(&s, slice_str(row[i].key), &value)) {
            text_add(&got, value);
            text_addc(&got, '|');
            text_add(&got, s);
        } else {
            text_addc(&got, '-');
            assert_int_equal(s.n, n);
        }
        text_addc(&got, '\0');
        report(slice_str(row[i].in), got.p, row[i].want);
        text_free(&got);
        free(copy);
    }
    assert_int_equal(bad, 0);
}

/* "name|ip|port|service|rest". */
static void hosts(void **state)
{
    static const struct {
        const char *in, *want;
    } row[] = {
        {"mx.example[192.0.2.1]:25, x", "mx.example|192.0.2.1|25||, x"},
        {"mx.example[2001:db8::1]:25", "mx.example|2001:db8::1|25||"},
        {"mx.example[IPv6:2001:db8::1]", "mx.example|2001:db8::1|||"},
        {"[192.0.2.1]:2525: x", "|192.0.2.1|2525||: x"},
        {"unknown[unknown]", "unknown||||"},
        {"mx[private/dovecot-lmtp]", "mx|||private/dovecot-lmtp|"},
        {"l[fe80::1%eth0]", "l|fe80::1%eth0|||"},
        {"a[b", "-"},
        {"a", "-"},
        {"", "-"},
        {"a b[192.0.2.1]", "-"},
        {"a[192.0.2.1]:x", "a|192.0.2.1|||:x"},
        {"a[192.0.2.1]:", "a|192.0.2.1|||:"},
        {"a[]", "a||||"},
        {"a]b[192.0.2.1]", "a]b|192.0.2.1|||"},
    };

    (void)state;
    bad = 0;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct slice s = slice_str(row[i].in);
        struct host h;
        struct text got = {0};
        if (field_host(&s, &h)) {
            const struct slice part[] = {h.name, h.ip, h.port, h.service, s};
            for (size_t k = 0; k < 5; k++) {
                text_add(&got, k ? SL("|") : SL(""));
                text_add(&got, part[k]);
            }
        } else {
            text_addc(&got, '-');
        }
        text_addc(&got, '\0');
        report(slice_str(row[i].in), got.p, row[i].want);
        text_free(&got);
    }
    assert_int_equal(bad, 0);
}

static void local_addresses(void **state)
{
    static const struct {
        const char *in;
        bool local;
    } row[] = {
        {"127.0.0.1", true},
        {"127.8.9.1", true},
        {"10.0.0.1", true},
        {"172.15.0.1", false},
        {"172.16.0.1", true},
        {"172.31.255.255", true},
        {"172.32.0.1", false},
        {"192.168.1.1", true},
        {"192.167.1.1", false},
        {"169.254.1.1", true},
        {"198.51.100.7", false},
        {"101.0.0.1", false},
        {"1.10.0.1", false},
        {"::1", true},
        {"::ffff:10.1.2.3", true},
        {"::ffff:192.0.2.1", false},
        {"fe80::1", true},
        {"fe80::1%eth0", true},
        {"febf::1", true},
        {"fec0::1", false},
        {"fd12:3456::1", true},
        {"fc00::1", true},
        {"FD00::1", true},
        {"fb00::1", false},
        {"fd::1", false},
        {"2001:db8::1", false},
        {"", false},
        {"unknown", false},
        {"localhost", false},
        {"10.example", false},
        {"fdaa.example", false},
        {"127", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (field_is_local_ip(slice_str(row[i].in)) != row[i].local)
            fail_msg("%s is %slocal", row[i].in, row[i].local ? "" : "not ");
}

static void words(void **state)
{
    (void)state;
    assert_true(field_is_number(SL("0")) && field_is_number(SL("12.5")));
    assert_false(field_is_number(SL("")) || field_is_number(SL(".5")) || field_is_number(SL("5.")));
    assert_false(field_is_number(SL("1.2.3")) || field_is_number(SL("-1")));
    assert_false(field_is_number(SL("1234567890123456789")) || field_is_number(SL("\xb2")));
    assert_true(field_is_dsn(SL("5.7.1")) && field_is_dsn(SL("2.0.0")) &&
                field_is_dsn(SL("4.999.999")));
    assert_false(field_is_dsn(SL("6.0.0")) || field_is_dsn(SL("5.7")) || field_is_dsn(SL("5..71")));
    assert_false(field_is_dsn(SL("5.7.1.2")) || field_is_dsn(SL("5.7.")) ||
                 field_is_dsn(SL("57.1.1")));
    assert_true(field_is_status(SL("force-expired")) && field_is_status(SL("sent")));
    assert_false(field_is_status(SL("")) || field_is_status(SL("Sent")) ||
                 field_is_status(SL("a b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_ids),
        cmocka_unit_test(addresses),
        cmocka_unit_test(every_quoted_byte),
        cmocka_unit_test(whole_addresses),
        cmocka_unit_test(tails),
        cmocka_unit_test(hosts),
        cmocka_unit_test(local_addresses),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
