/* Which incident gets which restriction class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "act/blockmap.h"
#include "scratch.h"

#define HOUR (INT64_C(3600) * 1000000)
#define START (INT64_C(1795516070) * 1000000)

static struct ledger *open_ledger(void)
{
    struct ledger *l = ledger_open("ledger.db", LEDGER_WRITE);

    assert_non_null(l);
    assert_int_equal(ledger_failure(l)->status, 0);
    assert_true(ledger_begin(l));
    return l;
}

static void close_ledger(struct ledger *l)
{
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
}

/* An incident gets a slot, and an action with one condition. */
static unsigned give(struct ledger *l, int64_t incident, unsigned slots, int64_t now)
{
    unsigned slot = slot_choose(l, slots, now);

    if (slot == 0)
        return 0;
    assert_true(ledger_run(l,
                           "INSERT INTO incidents (id, customer, scope, state, slot, opened)"
                           " VALUES (?, 'c' || ?, 'customer', 'address', ?, ?)",
                           "iiii", incident, incident, (int64_t)slot, now));
    assert_true(ledger_run(l,
                           "INSERT INTO actions (id, incident, rule, type, since, by)"
                           " VALUES (?, ?, 1, 'address', ?, 'senderblock')",
                           "iii", incident, incident, now));
    assert_true(ledger_run(l,
                           "INSERT INTO conditions (action, number, field, value)"
                           " VALUES (?, 1, 'sender', 'bob@x')",
                           "i", incident));
    return slot;
}

static void give_back(struct ledger *l, int64_t incident, int64_t now)
{
    ledger_run(l, "UPDATE actions SET until = ? WHERE incident = ?", "ii", now, incident);
    ledger_run(l, "UPDATE incidents SET slot = 0, state = 'suspended' WHERE id = ?", "i", incident);
}

static void test_round_robin(void **state)
{
    struct ledger *l = open_ledger();

    (void)state;
    assert_int_equal(give(l, 1, 3, START), 1);
    give_back(l, 1, START + HOUR);
    assert_int_equal(give(l, 2, 3, START + 90 * HOUR), 2); /* not the one of before */
    assert_int_equal(give(l, 3, 3, START + 91 * HOUR), 3);
    assert_int_equal(give(l, 4, 3, START + 92 * HOUR), 1);
    assert_int_equal(give(l, 5, 3, START + 93 * HOUR), 0); /* all are in use */
    give_back(l, 3, START + 94 * HOUR);
    give_back(l, 2, START + 95 * HOUR);
    assert_int_equal(give(l, 5, 3, START + 200 * HOUR), 3); /* the one that rested longest */
    assert_int_equal(give(l, 6, 3, START + 200 * HOUR), 2);
    close_ledger(l);
}

static void test_rest(void **state)
{
    struct ledger *l = open_ledger();

    (void)state;
    assert_int_equal(give(l, 1, 2, START), 1);
    assert_int_equal(give(l, 2, 2, START), 2);
    give_back(l, 1, START + 10 * HOUR);
    assert_int_equal(slot_choose(l, 2, START + 10 * HOUR + 1), 0);
    assert_int_equal(slot_choose(l, 2, START + 11 * HOUR - 1), 0);
    assert_int_equal(slot_choose(l, 3, START + 10 * HOUR + 1), 3);
    assert_int_equal(give(l, 3, 2, START + 11 * HOUR), 1);
    close_ledger(l);
}

/* A slot that was chosen, and whose incident never acted. */
static void test_never_used(void **state)
{
    struct ledger *l = open_ledger();

    (void)state;
    assert_int_equal(slot_choose(l, 1, START), 1);
    assert_int_equal(slot_choose(l, 1, START + HOUR / 2), 0);
    assert_int_equal(slot_choose(l, 1, START + HOUR), 1);
    close_ledger(l);
}

/* What a run gave another one knows; what is rolled back was not given. */
static void test_between_runs(void **state)
{
    struct ledger *l = open_ledger();

    (void)state;
    assert_int_equal(give(l, 1, 2, START), 1);
    close_ledger(l);
    l = open_ledger();
    assert_int_equal(slot_choose(l, 2, START), 2);
    ledger_rollback(l);
    ledger_close(l);
    l = open_ledger();
    assert_int_equal(slot_choose(l, 2, START), 2);
    close_ledger(l);
}

static void test_can_carry(void **state)
{
    struct ledger *l = open_ledger();
    struct rule two = {.condition = {{RULE_CLIENT, SL("192.0.2.1")}, {RULE_HELO, SL("h")}},
                       .conditions = 2};

    (void)state;
    give(l, 1, 2, START);
    assert_true(blockmap_can_carry(l, 1, &two)); /* an action with one condition takes none */
    for (int64_t i = 2; i <= 4; i++) {
        assert_true(blockmap_can_carry(l, 1, &two));
        ledger_run(l,
                   "INSERT INTO actions (id, incident, rule, type, since, by)"
                   " VALUES (?, 1, ?, 'rule', 1, 'senderblock')",
                   "ii", 10 + i, i);
        ledger_run(l, "INSERT INTO conditions VALUES (?, 1, 'client', '192.0.2.1')", "i", 10 + i);
        ledger_run(l, "INSERT INTO conditions VALUES (?, 2, 'helo', 'h')", "i", 10 + i);
    }
    assert_false(blockmap_can_carry(l, 1, &two));
    ledger_run(l, "UPDATE actions SET until = 5 WHERE id = 12", "");
    assert_true(blockmap_can_carry(l, 1, &two));
    close_ledger(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_robin, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_rest, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_never_used, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_between_runs, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_can_carry, scratch_begin, scratch_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
