/* json: one flat object, whatever it holds; anything malformed is refused and stays so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "log/json.h"

/* "key=value;" for each, then "." when the object was whole, "!" when not. */
static void read_object(struct slice s, struct text *out)
{
    struct json_reader r;
    struct text key = {0}, value = {0};
    bool ok = json_object(&r, s);

    while (ok && json_key(&r, &key)) {
        value.n = 0;
        ok = json_value(&r, &value);
        text_add_tsv(out, text_slice(&key));
        text_addc(out, '=');
        text_add_tsv(out, text_slice(&value));
        text_addc(out, ';');
    }
    text_addc(out, ok && json_done(&r) ? '.' : '!');
    text_free(&key);
    text_free(&value);
}

static const struct {
    const char *in, *want;
} rows[] = {
    {"{}", "."},
    {" { } ", "."},
    {"{\"a\":\"b\"}", "a=b;."},
    {" {\t\"a\" :\r\n \"b\" , \"c\":1.5e3}", "a=b;c=1.5e3;."},
    {"{\"a\":true,\"b\":false,\"c\":null,\"d\":-0}", "a=true;b=false;c=;d=-0;."},
    {"{\"\":\"\"}", "=;."},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a=\"\\\\/\\x08\\x0c\\n\\r\\t;."},
    {"{\"a\":\"\\u0000\\u00e4\\u20AC\\ud83d\\ude00\"}",
     "a=\\x00\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80;."},
    {"{\"\\u0061\":\"\\u0062\"}", "a=b;."},
    {"{\"a\":[104,105,0,255]}", "a=hi\\x00\\xff;."},
    {"{\"a\":[ 104 , 105 ]}", "a=hi;."},
    {"{\"a\":[]}", "a=;."},
    {"{\"a\":[\"x\",{\"y\":[1,\"]\"]}],\"b\":\"c\"}", "a=;b=c;."},
    {"{\"a\":{\"x\":\"}\\\"}\"},\"b\":\"c\"}", "a=;b=c;."},
    {"{\"a\":\"b\",\"a\":\"c\"}", "a=b;a=c;."},
    /* malformed */
    {"", "!"},
    {"[]", "!"},
    {"{", "!"},
    {"{\"a\"", "!"},
    {"{\"a\":", "a=;!"},
    {"{\"a\":}", "a=;!"},
    {"{\"a\":\"b", "a=b;!"},
    {"{\"a\":\"b\"", "a=b;!"},
    {"{\"a\":\"b\",", "a=b;!"},
    {"{\"a\":\"b\",}", "a=b;!"},
    {"{,\"a\":\"b\"}", "!"},
    {"{\"a\":\"b\" \"c\":\"d\"}", "a=b;!"},
    {"{\"a\" \"b\"}", "!"},
    {"{a:1}", "!"},
    {"{\"a\":\"b\"}}", "a=b;!"},
    {"{\"a\":\"b\"} x", "a=b;!"},
    {"{\"a\":\"\\x\"}", "a=;!"},
    {"{\"a\":\"\\", "a=;!"},
    {"{\"a\":\"\\u00e\"}", "a=;!"},
    {"{\"a\":\"\\u000@\"}", "a=;!"},
    {"{\"a\":\"\\u00g0\"}", "a=;!"},
    {"{\"a\":\"\\ud800\"}", "a=;!"},
    {"{\"a\":\"\\ud800\\u0041\"}", "a=;!"},
    {"{\"a\":\"\\udc00\"}", "a=;!"},
    {"{\"a\":\"\\ud800\\", "a=;!"},
    {"{\"a\":[256]}", NULL},
    {"{\"a\":[1,]}", NULL},
    {"{\"a\":[1", NULL},
    {"{\"a\":[99999999999999999999999999]}", NULL},
    {"{\"a\":{\"b\":1", NULL},
    {"{\"a\":{\"b\":\"", NULL},
    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", NULL},
};

static void objects(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].in);
        for (size_t k = 0; k <= n; k++) { /* and cut anywhere */
            struct text got = {0};
            char *copy = malloc(k ? k : 1);
            memcpy(copy, rows[i].in, k);
            read_object(slice_of(copy, k), &got);
            if (k == n && (rows[i].want ? !slice_eq(text_slice(&got), slice_str(rows[i].want))
                                        : got.p[got.n - 1] != '!')) {
                print_error("%s: %.*s\n", rows[i].in, (int)got.n, got.p);
                bad++;
            }
            text_free(&got);
            free(copy);
        }
    }
    assert_int_equal(bad, 0);
}

static void stays_bad(void **state)
{
    struct json_reader r;
    struct text t = {0};

    (void)state;
    assert_true(json_object(&r, SL("{\"a\":\"\\x\",\"b\":\"c\"}")));
    assert_true(json_key(&r, &t));
    assert_false(json_value(&r, NULL));
    assert_false(json_key(&r, &t));
    assert_false(json_value(&r, &t));
    assert_false(json_done(&r));
    text_free(&t);
}

/* A value that nobody wants is passed over like any other. */
static void passed_over(void **state)
{
    struct json_reader r;
    struct text t = {0};

    (void)state;
    assert_true(
        json_object(&r, SL("{\"a\":\"\\u00e4\",\"b\":[1,2],\"c\":{},\"d\":1,\"e\":\"x\"}")));
    for (int i = 0; i < 4; i++)
        assert_true(json_key(&r, &t) && json_value(&r, NULL));
    assert_true(json_key(&r, &t) && slice_eq(text_slice(&t), SL("e")));
    text_free(&t);
}

static void deep_and_long(void **state)
{
    static const char *const piece[] = {"[", "{\"a\":", "\\", "\"", "[1,", "{\"a\":[", "\\ud83d"};
    struct text t = {0}, got = {0};

    (void)state;
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
        t.n = got.n = 0;
        text_add(&t, SL("{\"a\":"));
        while (t.n < 1000000)
            text_add(&t, slice_str(piece[i]));
        clock_t start = clock();
        read_object(text_slice(&t), &got);
        assert_int_equal(got.p[got.n - 1], '!');
        assert_true(clock() - start < CLOCKS_PER_SEC);
    }
    text_free(&t);
    text_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(objects), cmocka_unit_test(stays_bad),
                                       cmocka_unit_test(passed_over),
                                       cmocka_unit_test(deep_and_long)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
