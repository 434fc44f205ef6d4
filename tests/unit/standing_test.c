/* standing: what stands, in order, whatever was written by hand beside it; the names of the ledger.
 */
#include "scratch.h"

#include "act/ledger_parts.h"
#include "act/standing.h"

static struct ledger *filled(const char *sql)
{
    struct ledger *l = ledger_open(LEDGER_MEMORY, LEDGER_DECIDE);

    assert_non_null(l);
    assert_int_equal(ledger_failure(l)->status, 0);
    if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(l->db));
    return l;
}

static bool is(struct slice s, const char *text)
{
    return slice_eq(s, slice_str(text));
}

static void names(void **state)
{
    static const char *const field[] = {"sender", "sender_pattern", "client",
                                        "login",  "helo",           "subject"};

    (void)state;
    for (unsigned i = 0; i < RULE_FIELDS; i++) {
        assert_true(is(rule_field_name(i), field[i]));
        assert_int_equal(rule_field_of(slice_str(field[i])), i);
    }
    assert_int_equal(rule_field_name(RULE_FIELDS).n, 0);
    assert_int_equal(rule_field_of(SL("Sender")), -1);
    assert_int_equal(rule_field_of(SLICE_NONE), -1);
    assert_true(is(action_type_name(ACTION_ADDRESS), "address"));
    assert_true(is(action_type_name(ACTION_RULE), "rule"));
    assert_true(is(action_type_name(ACTION_SUSPENSION), "suspension"));
    assert_int_equal(action_type_name(3).n, 0);
}

/* The schema takes every name, and no other. */
static void names_of_schema(void **state)
{
    struct ledger *l = filled("INSERT INTO incidents (id, customer, scope, state, opened)"
                              " VALUES (1, 'acme', 'customer', 'rule', 1);");

    (void)state;
    for (int64_t t = 0; t <= ACTION_SUSPENSION; t++)
        assert_true(ledger_run(l,
                               "INSERT INTO actions (incident, rule, type, since, by)"
                               " VALUES (1, ?, ?, 1, 'x')",
                               "it", t + 1, action_type_name((unsigned)t)));
    for (int64_t f = 0; f < RULE_FIELDS; f++)
        assert_true(ledger_run(l, "INSERT INTO conditions VALUES (1, ?, ?, 'v')", "it", f,
                               rule_field_name((unsigned)f)));
    assert_false(ledger_run(l, "INSERT INTO conditions VALUES (1, 9, 'to', 'v')", ""));
    ledger_close(l);
}

static void nothing_stands(void **state)
{
    struct ledger *l = filled("");
    struct standing s;

    (void)state;
    assert_true(standing_load(l, &s));
    assert_int_equal(s.n, 0);
    standing_free(&s);
    ledger_close(l);
}

#define INCIDENTS                                                                         \
    "INSERT INTO incidents (id, customer, partner, scope, identity, state, slot, opened)" \
    " VALUES (9, 'zeta', 'north', 'customer', '', 'rule', 3, 1),"                         \
    " (2, 'b.example', '', 'login', 'bob@b.example', 'address', 1, 1),"                   \
    " (4, '', '', 'client', '2001:db8::/64', 'suspended', 0, 1);"
#define ACTIONS                                                                                 \
    "INSERT INTO actions (id, incident, rule, type, since, until, by) VALUES"                   \
    " (1, 9, 2, 'rule', 30, NULL, 'senderblock'), (2, 9, 1, 'rule', 20, NULL, 'senderblock'),"  \
    " (3, 9, 3, 'rule', 25, 40, 'senderblock'), (4, 2, 1, 'address', 10, NULL, 'senderblock')," \
    " (5, 4, 1, 'suspension', 50, NULL, 'senderblock');"                                        \
    "INSERT INTO conditions VALUES (1, 2, 'sender_pattern', '^.+@x$'), (1, 1, 'client',"        \
    " '203.0.113.9'), (2, 1, 'helo', 'pc'), (3, 1, 'helo', 'gone'), (4, 1, 'sender',"           \
    " 'bob@b.example');"

static void what_stands(void **state)
{
    struct ledger *l = filled(INCIDENTS ACTIONS);
    struct standing s;

    (void)state;
    assert_true(standing_load(l, &s));
    assert_int_equal(s.n, 4); /* one has ended */
    assert_int_equal(s.list[0].incident, 2);
    assert_int_equal(s.list[0].type, ACTION_ADDRESS);
    assert_false(s.list[0].whole_customer);
    assert_int_equal(s.list[0].kind, IDENTITY_LOGIN);
    assert_true(is(s.list[0].identity, "bob@b.example"));
    assert_int_equal(s.list[0].slot, 1);
    assert_int_equal(s.list[0].conditions, 1);
    assert_int_equal(s.list[0].condition[0].field, RULE_SENDER);
    assert_int_equal(s.list[1].incident, 4);
    assert_int_equal(s.list[1].type, ACTION_SUSPENSION);
    assert_int_equal(s.list[1].kind, IDENTITY_CLIENT);
    assert_int_equal(s.list[1].conditions, 0);
    assert_int_equal(s.list[2].id, 2); /* by rule, not by row */
    assert_int_equal(s.list[2].rule, 1);
    assert_int_equal(s.list[3].id, 1);
    assert_int_equal(s.list[3].since, 30);
    assert_true(s.list[3].whole_customer);
    assert_true(is(s.list[3].customer, "zeta"));
    assert_true(is(s.list[3].partner, "north"));
    assert_int_equal(s.list[3].conditions, 2);
    assert_int_equal(s.list[3].condition[0].field, RULE_CLIENT); /* by number */
    assert_int_equal(s.list[3].condition[1].field, RULE_SENDER_PATTERN);
    assert_true(is(s.list[3].condition[1].value, "^.+@x$"));
    standing_free(&s);
    ledger_close(l);
}

/* A rule whose conditions are not all understood must not be made wider: it fails. */
static void more_than_it_knows(void **state)
{
    struct ledger *l =
        filled(INCIDENTS ACTIONS "INSERT INTO conditions VALUES (1, 3, 'login', 'a'),"
                                 " (1, 4, 'login', 'b');");
    struct standing s;

    (void)state;
    assert_false(standing_load(l, &s));
    assert_int_not_equal(ledger_failure(l)->status, 0);
    standing_free(&s);
    ledger_close(l);
    l = filled(INCIDENTS ACTIONS "DELETE FROM conditions WHERE action = 2;");
    assert_false(standing_load(l, &s)); /* a rule for everything */
    standing_free(&s);
    ledger_close(l);
}

static void many(void **state)
{
    struct ledger *l =
        filled(INCIDENTS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500)"
                         " INSERT INTO actions (incident, rule, type, since, by)"
                         " SELECT 9, i, 'suspension', i, 'x' FROM n;");
    struct standing s;

    (void)state;
    assert_true(standing_load(l, &s));
    assert_int_equal(s.n, 500);
    for (size_t i = 0; i < s.n; i++)
        assert_int_equal(s.list[i].rule, i + 1);
    standing_free(&s);
    ledger_close(l);
}

static void a_ledger_that_failed(void **state)
{
    struct ledger *l = filled(INCIDENTS ACTIONS);
    struct standing s;

    (void)state;
    ledger_fail(l, 74, "no");
    assert_false(standing_load(l, &s));
    assert_int_equal(s.n, 0);
    standing_free(&s);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_of_schema),
        cmocka_unit_test(nothing_stands),
        cmocka_unit_test(what_stands),
        cmocka_unit_test(more_than_it_knows),
        cmocka_unit_test(many),
        cmocka_unit_test(a_ledger_that_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
