/* notice: escapes for text, headers and XML; quoted-printable; base64; dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "act/notice_escape.h"
#include "act/notice_mime.h"

static void expect(struct text *t, const char *want)
{
    text_addc(t, '\0');
    assert_false(t->failed);
    assert_string_equal(t->p, want);
    text_free(t);
}

static void line(void **state)
{
    static const struct {
        struct slice in;
        size_t most;
        const char *out;
    } rows[] = {{SL("plain"), 10, "plain"},
                {SL("plain"), 4, "plai…"},
                {SL("ä€😀"), 3, "ä€😀"},
                {SL("ä€😀"), 2, "ä€…"},
                {SL("a\r\nb\t\x1b\x7f"), 99, "a\\x0d\\x0ab\\x09\\x1b\\x7f"},
                {SL("\xff\x00x"), 99, "\\xff\\x00x"},
                {SL("\xe2\x80\xaexe\xe2\x80\xac"), 99, "\\u202exe\\u202c"},
                {SL("\xe2\x80\xa8\xef\xbb\xbf\xc2\xad"), 99, "\\u2028\\ufeff\\u00ad"},
                {SL("\xf3\xa0\x80\x81"), 99, "\\U000e0001"},
                {SL(""), 0, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text t = {0};
        notice_add_line(&t, rows[i].in, rows[i].most);
        expect(&t, rows[i].out);
    }
}

static void markup(void **state)
{
    struct text t = {0};

    (void)state;
    notice_add_xml(&t, SL("<a href=\"x\">&'\x01\xff"), 99);
    expect(&t, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x01\\xff");
    notice_add_ascii(&t, SL("a b\n\xc3\xa4"), 99, false);
    expect(&t, "a?b???");
}

static void headers(void **state)
{
    struct text t = {0};

    (void)state;
    notice_add_header(&t, "Subject", SL("short"));
    expect(&t, "Subject: short\n");
    notice_add_header(&t, "Subject", SL("x\r\nBcc: y"));
    expect(&t, "Subject: x\\x0d\\x0aBcc: y\n");
    notice_add_header(&t, "Subject", SL("=?UTF-8?Q?x?="));
    expect(&t, "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\n");
    notice_add_header(&t, "Subject",
                      SL("ten words of a line that is too long for a line and so gets folded once"
                         " or more"));
    expect(&t, "Subject: ten words of a line that is too long for a line and so gets folded\n"
               " once or more\n");
    notice_add_header(&t, "Subject", SL("äöüäöüäöüäöüäöüäöüäöüäöü"));
    expect(&t, "Subject: =?UTF-8?B?w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6Q=?=\n"
               " =?UTF-8?B?w7bDvA==?=\n");
    notice_add_phrase(&t, SL("A \"B\" \\ C"));
    expect(&t, "\"A \\\"B\\\" \\\\ C\"");
    notice_add_date(&t, INT64_C(1795521600000000));
    expect(&t, "Tue, 24 Nov 2026 12:00:00 +0000");
}

static void addresses(void **state)
{
    static const char *const good[] = {"a@b", "bob+x@acme.example", "o'hara=x@a-b.example"};
    static const char *const bad[] = {
        "",      "@b",      "a@",    "a",     "-a@b",       "a b@c", "a@b@c",  "\"a\"@b",
        "a@[1]", "a@b,c@d", "a@b\n", "<a@b>", "\xc3\xa4@b", "a@b;",  "(x)a@b", "a@b\r\nX:"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(notice_is_address(slice_str(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(notice_is_address(slice_str(bad[i])));
}

static void quoted(void **state)
{
    static const char *const rows[][2] = {
        {"a=b\n", "a=3Db\n"},
        {"end \nx\t\n", "end=20\nx=09\n"},
        {"\xc3\xa4\r\n", "=C3=A4=0D\n"},
        {".\n..\nFrom x\nFrom: x\n xFrom x\n", "=2E\n..\n=46rom x\nFrom: x\n xFrom x\n"},
        {"no newline", "no newline"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456\n",
         "1234567890123456789012345678901234567890123456789012345678901234567890123456\n"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567\n",
         "123456789012345678901234567890123456789012345678901234567890123456789012345=\n67\n"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234\xc3\xa4\n",
         "12345678901234567890123456789012345678901234567890123456789012345678901234=\n=C3=A4\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text t = {0};
        mime_add_quoted(&t, slice_str(rows[i][0]));
        expect(&t, rows[i][1]);
    }
}

static void base64(void **state)
{
    static const char *const rows[][2] = {
        {"", ""}, {"f", "Zg==\n"}, {"fo", "Zm8=\n"}, {"foo", "Zm9v\n"}, {"\xff\xfe", "//4=\n"}};
    char bytes[114];
    struct text t = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        notice_add_base64(&t, slice_str(rows[i][0]), true);
        if (rows[i][1][0])
            expect(&t, rows[i][1]);
    }
    memset(bytes, 0, sizeof(bytes));
    notice_add_base64(&t, slice_of(bytes, sizeof(bytes)), true);
    assert_int_equal(t.n, 2 * 77);
    assert_true(t.p[76] == '\n' && t.p[153] == '\n');
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(line),    cmocka_unit_test(markup),
                                       cmocka_unit_test(headers), cmocka_unit_test(addresses),
                                       cmocka_unit_test(quoted),  cmocka_unit_test(base64)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
