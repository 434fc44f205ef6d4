/* Whom the operator never wants blocked. */
#include "act/never.h"
#include "scratch.h"

static enum words_result load(const char *text, struct never *n, struct problems *p)
{
    put_file("never_block", slice_str(text));
    return never_load(n, ".", p);
}

static void test_who(void **state)
{
    struct never n;
    struct problems p = {0};
    const struct owner acme = {.whole = true, .customer = SL("acme")};
    const struct owner alone = {.customer = SL("globex"), .kind = IDENTITY_LOGIN};

    (void)state;
    assert_int_equal(
        load("customer:acme  # ours\nsasl:Boss@x.example sasl:scan-* sasl:*@y.example\n"
             "net:203.0.113.0/28 net:2001:db8::/32 customer:globex\n",
             &n, &p),
        WORDS_OK);
    assert_true(never_has(&n, &acme, IDENTITY_LOGIN, SL("anyone")));
    assert_false(never_has(&n, &alone, IDENTITY_LOGIN, SL("anyone"))); /* a label only */
    assert_true(never_has(&n, &alone, IDENTITY_LOGIN, SL("boss@x.example")));
    assert_false(never_has(&n, &alone, IDENTITY_LOGIN, SL("a.boss@x.example")));
    assert_true(never_has(&n, &alone, IDENTITY_LOGIN, SL("scan-7")));
    assert_true(never_has(&n, &alone, IDENTITY_LOGIN, SL("a@y.example")));
    assert_false(never_has(&n, &alone, IDENTITY_LOGIN, SL("a@y.example.org")));
    assert_true(never_has(&n, &alone, IDENTITY_CLIENT, SL("203.0.113.15")));
    assert_false(never_has(&n, &alone, IDENTITY_CLIENT, SL("203.0.113.16")));
    assert_true(never_has(&n, &alone, IDENTITY_CLIENT, SL("2001:db8:1:2::/64")));
    never_free(&n);
    problems_free(&p);
}

static void test_mistakes(void **state)
{
    struct never n;
    struct problems p = {0};

    (void)state;
    assert_int_equal(
        load("acme\nsasl:*\nsasl:a*b\nnet:203.0.113.1/28\ncustomer:\nsasl:ok\n", &n, &p),
        WORDS_BROKEN);
    assert_int_equal(p.count, 5);
    never_free(&n);
    problems_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who), cmocka_unit_test(test_mistakes)};

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
