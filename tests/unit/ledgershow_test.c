/* ledgershow: what an operator sees of the ledger, to the letter; what strangers wrote does nothing
 * to the terminal nor to the JSON. */
#include "scratch.h"

#include <locale.h>

#include "act/ledger_parts.h"
#include "act/ledgershow.h"
#include "judge/wrap.h"

static struct ledger *filled(const char *sql)
{
    struct ledger *l = ledger_open(LEDGER_MEMORY, LEDGER_DECIDE);

    assert_non_null(l);
    assert_int_equal(ledger_failure(l)->status, 0);
    if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(l->db));
    return l;
}

/* 2026-11-24 10:00:00 UTC and some minutes */
#define AT(minutes) "(1795514400 + 60 * " #minutes ") * 1000000"

#define RULED                                                                                      \
    "INSERT INTO incidents (id, customer, partner, scope, state, slot, opened, since, clock,"      \
    " last_spam, attempts, last_attempt) VALUES (7, 'acme', 'north-it', 'customer', 'rule', 1,"    \
    " " AT(31) ", " AT(20) ", " AT(31) ", " AT(45) ", 31, " AT(                                    \
        62) ");"                                                                                   \
            "INSERT INTO suspects (incident, kind, identity, state, time, since, score, "          \
            "threshold,"                                                                           \
            " messages, recipients, refused, unknown, senders, samples, facts) VALUES"             \
            " (7, 'login', 'bob@acme.example', 'suspect', " AT(25) ", " AT(                        \
                20) ", 5.1, 8.0, 9, 30, 2,"                                                        \
                    " 1, 3, '', ''),"                                                              \
                    " (7, 'login', 'bob@acme.example', 'compromised', " AT(31) ", " AT(            \
                        20) ", 16.4, 8.0, 41,"                                                     \
                            " 120, 30, 12, 17, '4XyZ 4XyA',"                                       \
                            " '\"messages\":41,\"families\":[[\"volume\",4.1,\"41 messages in 11 " \
                            "minutes, where one "                                                  \
                            "is usual\"],[\"recipients\",12.3,\"12 of 120 recipients are unknown " \
                            "to their sites, and "                                                 \
                            "nobody here wrote to 118 of them "                                    \
                            "before\"],[\"sender\",0.9,\"\"],[\"origin\",0.01,\"nothing\"]]');"    \
                            "INSERT INTO actions (id, incident, rule, type, since, by, covered, "  \
                            "spam, collateral,"                                                    \
                            " legitimate, refused, last_refused) VALUES (1, 7, 1, 'rule', " AT(    \
                                31) ", 'senderblock',"                                             \
                                    " 41, 41, 0, 812, 31, " AT(                                    \
                                        62) ");"                                                   \
                                            "INSERT INTO conditions VALUES (1, 1, 'client', "      \
                                            "'203.0.113.9'),"                                      \
                                            " (1, 2, 'login', 'bob@acme.example');"                \
                                            "INSERT INTO journal (time, tool, by, incident, "      \
                                            "what, reason) VALUES (" AT(                           \
                                                31) ","                                            \
                                                    " 'senderblock', 'senderblock', 7, 'rule', "   \
                                                    "'refused is: client address 203.0.113.9 and " \
                                                    "login bob@acme.example [mp 7.1]; suspended "  \
                                                    "at 2026-11-25 10:31 if spam still leaves"     \
                                                    " then');"

#define SUSPENDED                                                                                  \
    "INSERT INTO incidents (id, customer, scope, identity, state, opened, since, last_spam,"       \
    " relapses) VALUES (8, 'b.example', 'login', 'a-very-long-login-name@mail.b.example',"         \
    " 'suspended', " AT(40) ", " AT(40) ", " AT(                                                   \
        50) ", 2);"                                                                                \
            "INSERT INTO actions (id, incident, rule, type, since, until, by, ended_by) VALUES"    \
            " (2, 8, 1, 'address', " AT(40) ", " AT(                                               \
                50) ", 'senderblock', 'suspension'),"                                              \
                    " (3, 8, 2, 'suspension', " AT(                                                \
                        50) ", NULL, 'senderblock', '');"                                          \
                            "INSERT INTO conditions VALUES (2, 1, 'sender', 'x@b.example');"       \
                            "INSERT INTO tickets (incident, ticket, statement, time, by, forced) " \
                            "VALUES"                                                               \
                            " (8, 'T-41', 'changed the password', " AT(                            \
                                45) ", 'anna', 1);"                                                \
                                    "INSERT INTO journal (time, tool, by, incident, what, "        \
                                    "reason) VALUES"                                               \
                                    " (" AT(45) ", 'senderblock', 'anna', 8, 'reinstated', "       \
                                                "'ticket T-41');"

#define CLOSED                                                           \
    "INSERT INTO incidents (id, customer, scope, state, opened, closed)" \
    " VALUES (3, 'old', 'customer', 'closed', " AT(0) ", " AT(9) ");"

static struct text shown(struct ledger *l, enum show_format format, int64_t incident, bool all,
                         bool utf8)
{
    struct show_options o = {
        .incident = incident, .all = all, .deadline = 86400, .style = {.utf8 = utf8}};
    struct text out = {0};

    assert_true(ledgershow(l, format, &o, &out));
    text_addc(&out, '\0');
    assert_false(out.failed);
    return out;
}

static void expect(const char *sql, int64_t incident, bool all, const char *want)
{
    struct ledger *l = filled(sql);
    struct text out = shown(l, SHOW_TABLE, incident, all, true);

    assert_string_equal(out.p, want);
    text_free(&out);
    ledger_close(l);
}

#define HEAD "NUMBER  STATE       CUSTOMER                       PARTNER      SINCE (UTC)\n"
#define RULED_ROW \
    "7       rule        acme                           north-it     2026-11-24 10:31\n"
#define RULED_SENT                                                                     \
    "  flagged   login bob@acme.example, compromised 2026-11-24 10:31 (2 times)\n"     \
    "            41 messages to 120 recipients as 17 senders since 2026-11-24 10:20\n" \
    "            (30 refused by their sites)\n"                                        \
    "  why       12.3 12 of 120 recipients are unknown to their sites, and nobody\n"   \
    "                 here wrote to 118 of them before\n"                              \
    "             4.1 41 messages in 11 minutes, where one is usual\n"                 \
    "             0.9 sender\n"
#define SUSPENDED_ROW                                                                      \
    "8       suspended   a-very-long-login-name@mail.b…              2026-11-24 10:40\n" \
    "  who       a-very-long-login-name@mail.b.example, writes as b.example\n"

static void none(void **state)
{
    (void)state;
    expect("", 0, false, "No incident is open: nothing is refused.\n");
    expect(CLOSED, 0, false, "No incident is open: nothing is refused.\n");
    expect("", 0, true, "There was no incident.\n");
    expect(RULED, 1, false, "There is no such incident: --show --all lists them.\n");
}

static void closed_ones(void **state)
{
    (void)state;
    expect(CLOSED, 0, true,
           HEAD "3       closed      old                                         2026-11-24 10:00\n"
                "  next      nothing: closed at 2026-11-24 10:09\n");
}

/* The words of the conditions are rule_add_words()'s own affair. */
static void without_words(struct text *t)
{
    const char *from = strstr(t->p, "  refused   "), *to = strstr(t->p, "  attempts");

    assert_non_null(from);
    assert_non_null(to);
    assert_non_null(strstr(from, "[7.1]"));
    assert_non_null(strstr(from, "203.0.113.9"));
    memmove(t->p + (from - t->p), to, strlen(to) + 1);
}

static void open_ones(void **state)
{
    struct ledger *l = filled(RULED CLOSED);
    struct text out = shown(l, SHOW_TABLE, 0, false, true);

    (void)state;
    without_words(&out);
    assert_string_equal(
        out.p, HEAD RULED_ROW RULED_SENT
        "  attempts  31 refused, the last at 2026-11-24 11:02\n"
        "  next      suspended at 2026-11-25 10:31 if spam still leaves then; last seen\n"
        "            leaving at 2026-11-24 10:45\n");
    text_free(&out);
    ledger_close(l);
}

static void suspended(void **state)
{
    (void)state;
    expect(SUSPENDED, 0, false,
           HEAD SUSPENDED_ROW
           "  refused   [8.2] everything since 2026-11-24 10:50\n"
           "  ticket    2026-11-24 10:45 T-41, forced, by anna: changed the password\n"
           "  next      stays so until a ticket says what was done (--reinstate) (2\n"
           "            relapses)\n");
}

static void whole_story(void **state)
{
    struct ledger *l = filled(RULED SUSPENDED);
    struct text out = shown(l, SHOW_TABLE, 8, false, true);

    (void)state;
    assert_non_null(strstr(out.p, "  ended     [8.1] "));
    assert_non_null(strstr(out.p, "2026-11-24 10:50, ended by"));
    assert_non_null(
        strstr(out.p, "  story     2026-11-24 10:45 reinstated by anna: ticket T-41\n"));
    assert_null(strstr(out.p, "acme"));
    text_free(&out);
    out = shown(l, SHOW_TABLE, 7, false, true);
    assert_non_null(strstr(
        out.p, "  story     2026-11-24 10:31 rule: refused is: client address 203.0.113.9 and\n"
               "            login bob@acme.example [mp 7.1]; suspended at "));
    text_free(&out);
    ledger_close(l);
}

static void more_suspects(void **state)
{
    struct ledger *l = filled(
        RULED "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9)"
              " INSERT INTO suspects (incident, kind, identity, state, time)"
              " SELECT 7, 'client', '192.0.2.' || i, 'compromised', " AT(100) " + i FROM n;");
    struct text out = shown(l, SHOW_TABLE, 0, false, true);

    (void)state;
    assert_non_null(strstr(out.p, "  flagged   client 192.0.2.9, compromised 2026-11-24 11:40\n"
                                  "  flagged   client 192.0.2.8,"));
    assert_null(strstr(out.p, "192.0.2.6"));
    assert_non_null(strstr(out.p, "            and 7 more: --show 7 lists them\n"));
    text_free(&out);
    out = shown(l, SHOW_TABLE, 7, false, true);
    assert_non_null(strstr(out.p, "192.0.2.1,"));
    assert_null(strstr(out.p, " more: "));
    text_free(&out);
    ledger_close(l);
}

static void colours(void **state)
{
    struct ledger *l = filled(RULED SUSPENDED);
    struct show_options o = {.deadline = 1, .style = {.colour = true, .utf8 = true}};
    struct text out = {0};

    (void)state;
    assert_true(ledgershow(l, SHOW_TABLE, &o, &out));
    text_addc(&out, '\0');
    assert_non_null(strstr(out.p, "\x1b[1mNUMBER"));
    assert_non_null(strstr(out.p, "\x1b[31mrule       \x1b[0m acme"));
    assert_non_null(strstr(out.p, "\x1b[1;31msuspended  \x1b[0m a-very"));
    text_free(&out);
    ledger_close(l);
}

/* An escape sequence, bytes that are no UTF-8, a mark that turns the line around, wide characters,
 * a NUL, and one word of 5,000 letters. */
#define EVIL "\x1b[2J\xff\xe2\x80\xae\xe6\xbc\xa2\xe5\xad\x97"
static struct ledger *hostile(void)
{
    char word[5001];
    struct ledger *l = ledger_open(LEDGER_MEMORY, LEDGER_DECIDE);
    struct slice evil = SL(EVIL "\0\n\r\t\x7f\"\\ x");

    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = 0;
    for (unsigned i = 0; i < 2; i++) {
        int64_t id = i + 1;
        struct slice name = i ? slice_of(word, sizeof word - 1) : evil;
        ledger_run(l,
                   "INSERT INTO incidents (id, customer, partner, scope, identity, state, opened,"
                   " attempts, last_attempt) VALUES (?, ?, ?, 'login', ?, 'rule', 5, 1, ?)",
                   "itttI", id, name, name, name, i ? INT64_MAX : INT64_MIN);
        ledger_run(l,
                   "INSERT INTO suspects (incident, kind, identity, state, time, samples, facts,"
                   " messages, recipients, score)"
                   " VALUES (?, ?, ?, ?, 9, ?, ?, 1, 1, 'no number')",
                   "ittttt", id, name, name, name, name,
                   i ? SL("\"families\":[[\"a\",9,\"\xff" EVIL "\\u0007\"],3,null]")
                     : SL("\"families\":[["));
        ledger_run(l,
                   "INSERT INTO actions (id, incident, rule, type, since, until, by, ended_by)"
                   " VALUES (?, ?, 1, 'rule', 5, 6, ?, ?)",
                   "iitt", id, id, name, name);
        ledger_run(l, "INSERT INTO conditions VALUES (?, 1, 'helo', ?)", "it", id, name);
        ledger_run(l,
                   "INSERT INTO tickets (incident, ticket, statement, time, by)"
                   " VALUES (?, ?, ?, 5, ?)",
                   "ittt", id, name, name, name);
        ledger_journal(l, 5, name, name, id, 0, name, name);
    }
    assert_string_equal(failure_text(ledger_failure(l)), "");
    return l;
}

static void hostile_table(void **state)
{
    struct ledger *l = hostile();

    (void)state;
    for (unsigned utf8 = 0; utf8 < 2; utf8++) {
        for (int64_t incident = 0; incident < 3; incident++) {
            struct text out = shown(l, SHOW_TABLE, incident, true, utf8);
            assert_int_equal(strlen(out.p), out.n - 1);
            struct slice rest = slice_of(out.p, out.n - 1);
            while (rest.n) {
                const char *nl = slice_chr(rest, '\n');
                assert_non_null(nl);
                struct slice line = slice_range(rest.p, nl);
                /* 80 columns, and nothing left that wrap.h would still have to make harmless */
                assert_in_range(wrap_columns(line, utf8), 1, 80);
                assert_null(strstr(out.p, "\x1b"));
                assert_null(strstr(out.p, "\xe2\x80\xae"));
                for (size_t i = 0; i < line.n; i++)
                    assert_true((unsigned char)line.p[i] >= (utf8 ? 0x20 : 0x1f) &&
                                (utf8 || (unsigned char)line.p[i] < 0x7f));
                rest = slice_skip(rest, line.n + 1);
            }
            text_free(&out);
        }
    }
    ledger_close(l);
}

/* SQLite itself has to be able to read it. */
static void hostile_json(void **state)
{
    struct ledger *l = hostile();
    struct text out = shown(l, SHOW_JSON, 0, true, true);

    (void)state;
    assert_int_equal(ledger_int_of(l, 0, "SELECT json_valid(?)", "t", slice_of(out.p, out.n - 1)),
                     1);
    for (size_t i = 0; i < out.n - 1; i++)
        assert_true((unsigned char)out.p[i] >= 0x20 || out.p[i] == '\n');
    assert_int_equal(ledger_int_of(l, 0,
                                   "SELECT count(*) FROM json_each(?) WHERE"
                                   " json_extract(value, '$.story[0].reason') <> ''",
                                   "t", slice_of(out.p, out.n - 1)),
                     2);
    text_free(&out);
    ledger_close(l);
}

static void json(void **state)
{
    struct ledger *l = filled(RULED SUSPENDED CLOSED);
    struct text out = shown(l, SHOW_JSON, 0, false, true);
    struct slice s = slice_of(out.p, out.n - 1);

    (void)state;
    assert_int_equal(ledger_int_of(l, 0, "SELECT json_array_length(?)", "t", s), 2);
    assert_int_equal(
        ledger_int_of(
            l, 0,
            "SELECT j ->> '$[0].incident' = 7 AND j ->> '$[0].opened' = '2026-11-24T10:31:00Z'"
            " AND j -> '$[0].closed' IS NULL AND j ->> '$[0].suspects[1].score' = 16.4"
            " AND j ->> '$[0].suspects[1].facts.families[1][1]' = 12.3"
            " AND j -> '$[0].suspects[0].facts' IS NULL"
            " AND j ->> '$[0].actions[0].conditions[0].value' = '203.0.113.9'"
            " AND j ->> '$[1].tickets[0].ticket' = 'T-41' AND j ->> '$[1].story[0].by' = 'anna'"
            " FROM (SELECT ? AS j)",
            "t", s),
        1);
    text_free(&out);
    out = shown(l, SHOW_JSON, 3, false, true);
    assert_non_null(strstr(out.p, "\"state\":\"closed\""));
    text_free(&out);
    out = shown(l, SHOW_JSON, 99, false, true);
    assert_string_equal(out.p, "[\n]\n");
    text_free(&out);
    ledger_close(l);
}

static void a_ledger_that_failed(void **state)
{
    struct ledger *l = filled(RULED);
    struct show_options o = {.deadline = 1};
    struct text out = {0};

    (void)state;
    ledger_fail(l, 74, "no");
    assert_false(ledgershow(l, SHOW_TABLE, &o, &out));
    assert_int_equal(out.n, 0);
    assert_false(ledgershow(l, SHOW_JSON, &o, &out));
    text_free(&out);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(closed_ones),
        cmocka_unit_test(open_ones),
        cmocka_unit_test(suspended),
        cmocka_unit_test(whole_story),
        cmocka_unit_test(more_suspects),
        cmocka_unit_test(colours),
        cmocka_unit_test(hostile_table),
        cmocka_unit_test(hostile_json),
        cmocka_unit_test(json),
        cmocka_unit_test(a_ledger_that_failed),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
