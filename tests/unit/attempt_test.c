/* Our own refusals in the log, and those that only look like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "act/attempt.h"

static bool is(const char *reply, unsigned *incident, unsigned *rule)
{
    struct record r = {.kind = KIND_REJECT};

    r.f[COL_REPLY] = slice_str(reply);
    return attempt_of(&r, incident, rule);
}

static void test_ours(void **state)
{
    static const char *const reply[] = {
        "554 5.7.1 <bob@acme.example>: Sender address rejected: [mp 17.3] this address is blocked",
        "554 5.7.1 <h.example[192.0.2.1]>: Client host rejected: [mp 17.3] x; contact https://a/b",
        "[mp 17.3] x", "5.7.1 [mp 17.3] x"};
    unsigned incident, rule;

    (void)state;
    for (unsigned i = 0; i < sizeof reply / sizeof *reply; i++) {
        incident = rule = 0;
        assert_true(is(reply[i], &incident, &rule));
        assert_int_equal(incident, 17);
        assert_int_equal(rule, 3);
    }
}

static void test_not_ours(void **state)
{
    static const char *const reply[] = {
        "",
        "554 5.7.1 <bob@acme.example>: Sender address rejected: Access denied",
        "554 5.7.1 <\"rejected: [mp 1.1] x\"@a.example>: Sender address rejected: no",
        "554 5.7.1 <[mp 1.1]@a.example>: Recipient address rejected: no",
        "554 5.7.1 <x@a.example>: Recipient address rejected: <[mp 1.1]@b.example>",
        "554 5.7.1 <x>: Sender address rejected: [mp 0.1] x",
        "554 5.7.1 <x>: Sender address rejected: [mp 1] x",
        "554 5.7.1 <x>: Sender address rejected: [mp 1.x] x",
        "554 5.7.1 <x>: Sender address rejected: [mp 99999999999.1] x",
        "554 5.7.1 <x>: Sender address rejected: [mp 1.1"};
    unsigned incident, rule;
    struct record r = {.kind = KIND_DELIVER};

    (void)state;
    for (unsigned i = 0; i < sizeof reply / sizeof *reply; i++)
        assert_false(is(reply[i], &incident, &rule));
    r.f[COL_REPLY] = SL("554 5.7.1 <x>: Sender address rejected: [mp 1.1] x");
    assert_false(attempt_of(&r, &incident, &rule)); /* another relay's, on our delivery */
}

static void test_count(void **state)
{
    struct attempts a = {0};

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_true(attempts_add(&a, i % 20 + 1, 1, 1000 - (int64_t)i));
    assert_int_equal(a.n, 20);
    assert_int_equal(a.list[0].n, 5);
    assert_int_equal(a.list[0].last, 1000);
    attempts_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ours), cmocka_unit_test(test_not_ours),
                                       cmocka_unit_test(test_count)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
