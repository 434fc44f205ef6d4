/* text: growing, and the three ways to escape a stranger's bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "log/json.h"

typedef void escaper(struct text *, struct slice);

static void check(escaper *escape, struct slice in, const char *want)
{
    struct text t = {0};

    escape(&t, in);
    text_addc(&t, '\0');
    assert_string_equal(t.p, want);
    text_free(&t);
}

static void escapes(void **state)
{
    static const struct {
        struct slice in;
        const char *tsv, *visible, *json;
    } row[] = {
        {SL(""), "", "", "\"\""},
        {SL("a b"), "a b", "a b", "\"a b\""},
        {SL("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e", "a\\x09b\\x0ac\\x0dd\\e",
         "\"a\\u0009b\\u000ac\\u000dd\\\\e\""},
        {SL("\0\x1b[2J\x7f"), "\\x00\\x1b[2J\\x7f", "\\x00\\x1b[2J\\x7f",
         "\"\\u0000\\u001b[2J\\u007f\""},
        {SL("\"<'&\""), "\"<'&\"", "\"<'&\"", "\"\\\"<'&\\\"\""},
        {SL("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
         "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {SL("\xc2\x9b"
            "2J"),
         "\xc2\x9b"
         "2J",
         "\\xc2\\x9b"
         "2J",
         "\"\xc2\x9b"
         "2J\""}, /* C1 CSI */
        {SL("\xff"), "\\xff", "\\xff", "\"\\\\xff\""},
        {SL("\xc3"), "\\xc3", "\\xc3", "\"\\\\xc3\""},
        {SL("\xc3\x28"), "\\xc3(", "\\xc3(", "\"\\\\xc3(\""},
        {SL("\xc0\x80"), "\\xc0\\x80", "\\xc0\\x80", "\"\\\\xc0\\\\x80\""}, /* overlong */
        {SL("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf", "\"\\\\xe0\\\\x80\\\\xaf\""},
        {SL("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\"\\\\xed\\\\xa0\\\\x80\""},
        {SL("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
         "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
        {SL("\xf0\x9f\x98"), "\\xf0\\x9f\\x98", "\\xf0\\x9f\\x98", "\"\\\\xf0\\\\x9f\\\\x98\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        check(text_add_tsv, row[i].in, row[i].tsv);
        check(text_add_visible, row[i].in, row[i].visible);
        check(text_add_json, row[i].in, row[i].json);
    }
}

/* Every two bytes: no byte that splits a line or that a terminal obeys comes out, all come back. */
static void round_trip(void **state)
{
    struct text tsv = {0}, json = {0}, back = {0};

    (void)state;
    for (unsigned v = 0; v < 0x10000; v++) {
        char in[3] = {(char)v, (char)(v >> 8), 'x'};
        struct json_reader r;
        tsv.n = json.n = back.n = 0;
        text_add_tsv(&tsv, slice_of(in, 3));
        for (size_t i = 0; i < tsv.n; i++)
            assert_true((unsigned char)tsv.p[i] >= 0x20 && tsv.p[i] != 0x7f);
        assert_true(text_add_untsv(&back, text_slice(&tsv)));
        assert_true(slice_eq(text_slice(&back), slice_of(in, 3)));

        text_add(&json, SL("{\"k\":"));
        text_add_json(&json, slice_of(in, 3));
        text_addc(&json, '}');
        for (size_t i = 0; i < json.n;) {
            size_t n = utf8_length(json.p + i, json.p + json.n);
            assert_true(n > 0 && (unsigned char)json.p[i] >= 0x20);
            i += n;
        }
        assert_true(json_object(&r, text_slice(&json)) && json_key(&r, &back));
        back.n = 0;
        assert_true(json_value(&r, &back));
        if (utf8_length(in, in + 3) &&
            (utf8_length(in, in + 3) == 2 || utf8_length(in + 1, in + 3)))
            assert_true(slice_eq(text_slice(&back), slice_of(in, 3)));
        assert_true(!json_key(&r, &back) && json_done(&r));
    }
    text_free(&tsv);
    text_free(&json);
    text_free(&back);
}

static void bad_escapes(void **state)
{
    static const char *const row[] = {"\\",    "a\\",     "\\x", "\\x1",   "\\xg0", "\\x0g",
                                      "\\X00", "\\u00e4", "\\0", "\\\xff", "\\x`0"};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct text t = {0};
        if (text_add_untsv(&t, slice_str(row[i])))
            fail_msg("taken: %s", row[i]);
        text_free(&t);
    }
}

static void grows(void **state)
{
    struct text t = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        text_addf(&t, "%d,", i);
    assert_int_equal(t.n, 588890);
    assert_false(t.failed);
    assert_true(text_room(&t, 1000000));
    assert_true(t.cap - t.n >= 1000000);
    /* more than there is: the text stays empty and says so */
    assert_false(text_room(&t, SIZE_MAX - 10));
    assert_true(t.failed);
    text_add(&t, SL("x"));
    text_addc(&t, 'x');
    text_addf(&t, "%d", 1);
    text_add_json(&t, SL("x"));
    assert_true(t.failed && t.n == 0);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(escapes), cmocka_unit_test(round_trip),
                                       cmocka_unit_test(bad_escapes), cmocka_unit_test(grows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
