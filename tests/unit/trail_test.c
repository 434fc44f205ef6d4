/* trail: one row a message, whatever was written when; legs, retries, used queue ids, and what is
 * forgotten. */
#include "scratch.h"

#include "act/trail.h"
#include "base/when.h"

#define L "l.db"
#define START (INT64_C(1795521600) * WHEN_SECOND) /* 2026-11-24T12:00:00Z */
#define KEEP (3 * WHEN_DAY)

struct bench {
    struct ledger *ledger;
    struct trail *trail;
    bool flush; /* after each record */
};

static void begin(struct bench *b, bool flush)
{
    b->ledger = ledger_open(L, LEDGER_WRITE);
    assert_non_null(b->ledger);
    assert_true(ledger_begin(b->ledger));
    b->trail = trail_new(b->ledger);
    assert_non_null(b->trail);
    b->flush = flush;
}

static void end(struct bench *b)
{
    trail_free(b->trail);
    ledger_close(b->ledger);
    unlink(L);
    unlink(L "-wal");
    unlink(L "-shm");
}

/* Says one record: KIND QID ORIGIN LOGIN CLIENT SENDER NRCPT STATUS RELAY PORT REPLY DELAY
 * OUTBOUND,
 * "-" for an empty one, at second `at`. */
static const uint8_t column[] = {COL_QID,        COL_ORIGIN, COL_SASL_USER,   COL_CLIENT_IP,
                                 COL_SENDER,     COL_NRCPT,  COL_STATUS,      COL_RELAY_IP,
                                 COL_RELAY_PORT, COL_DELAY,  COL_OUTBOUND_IP, COL_REPLY};

static const char *listed_by = "", *subject = "";

static void say(struct bench *b, double at, const char *line, bool refused, int spam)
{
    struct slice rest = slice_str(line), word;
    struct record r = {.time = START + (int64_t)(at * 1e6)};
    struct identity id;

    for (unsigned i = 0; rest.n; i++) {
        const char *sp = i == 12 ? NULL : slice_chr(rest, ' ');
        word = sp ? slice_range(rest.p, sp) : rest;
        rest = slice_skip(rest, word.n + 1);
        if (i == 0)
            r.kind = (uint8_t)record_kind_of(word);
        else if (!slice_eq(word, SL("-")))
            r.f[column[i - 1]] = word;
    }
    r.f[COL_HOST] = SL("mx1");
    r.f[COL_LISTED_BY] = slice_str(listed_by);
    r.f[COL_SUBJECT] = slice_str(subject);
    identity_of(NULL, &r, &id);
    assert_true(trail_record(b->trail, &r, &id, SL("acme"), refused, spam));
    if (b->flush)
        assert_true(trail_flush(b->trail, r.time, KEEP));
}

static struct text rows(struct bench *b)
{
    struct text t = {0};

    assert_true(trail_flush(b->trail, START + WHEN_DAY, KEEP));
    struct ledger_rows r = ledger_query(
        b->ledger,
        "SELECT qid || ' ' || kind || ' ' || identity || ' ' || sender || ' ' || recipients || ' '"
        " || sent || ' ' || refused || ' ' || spam || ' ' || outbound || char(10) FROM messages"
        " ORDER BY time, qid",
        "");
    while (ledger_next(&r))
        text_add(&t, ledger_text(&r, 0));
    ledger_done(&r);
    text_addc(&t, '\0');
    return t;
}

/* Whatever is written when, the table is this. */
static void check(void (*story)(struct bench *b), const char *want)
{
    for (int flush = 0; flush < 2; flush++) {
        struct bench b;
        begin(&b, flush);
        story(&b);
        struct text t = rows(&b);
        assert_string_equal(t.p, want);
        text_free(&t);
        end(&b);
    }
}

static void plain(struct bench *b)
{
    say(b, 0, "accept AAAAA - Bob@acme.example 192.0.2.1 bob@acme.example 3", false, 0);
    say(b, 1,
        "deliver AAAAA - bob@acme.example 192.0.2.1 bob@acme.example 3 sent 198.51.100.1 25 1.2 "
        "203.0.113.5 250 ok",
        false, 0);
    say(b, 2,
        "deliver AAAAA - bob@acme.example 192.0.2.1 bob@acme.example 3 bounced 198.51.100.1 25 "
        "2 203.0.113.6 550 no such user",
        true, 0);
    say(b, 3,
        "deliver AAAAA - bob@acme.example 192.0.2.1 bob@acme.example 3 deferred 198.51.100.1 "
        "25 3 203.0.113.7 450 no such user now",
        true, 0);
    say(b, 7200,
        "deliver AAAAA - bob@acme.example 192.0.2.1 bob@acme.example 3 bounced "
        "198.51.100.1 25 7200 - 550 no such user",
        true, 0);
    say(b, 4, "accept BBBBB - - 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 5, "verdict BBBBB - - 192.0.2.1 bob@acme.example 1", false, 1);
    say(b, 6, "verdict BBBBB - - 192.0.2.1 bob@acme.example 1", false, 2);
    say(b, 6, "verdict BBBBB - - 192.0.2.1 bob@acme.example 1", false, 1);
    say(b, 7, "accept CCCCC - - 2001:db8::1 bob@acme.example -", false, 0);
}

static void plain_rows(void **state)
{
    (void)state;
    check(plain, "AAAAA login bob@acme.example bob@acme.example 3 1 2 0 203.0.113.6\n"
                 "BBBBB client 192.0.2.1 bob@acme.example 1 0 0 2 \n"
                 "CCCCC client 2001:db8::/64 bob@acme.example 1 0 0 0 \n");
}

static void nobody(struct bench *b)
{
    say(b, 0, "accept AAAAA - bob 192.0.2.1 <> 1", false, 0);
    say(b, 1, "deliver AAAAA - bob 192.0.2.1 <> 1 sent 198.51.100.1 25 1 - ok", false, 0);
    say(b, 2, "accept BBBBB - - 127.0.0.1 bob@acme.example 1", false, 0);
    say(b, 3, "deliver CCCCC - bob 192.0.2.1 bob@acme.example 1 sent 198.51.100.1 25 1 - ok", false,
        0); /* came in before all this */
    say(b, 4, "reject - - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 5, "remove BBBBB", false, 0);
}

static void nobody_rows(void **state)
{
    (void)state;
    check(nobody, "");
}

/* A filter's second leg is the same message, handing it over is no delivery. */
static void legs(struct bench *b)
{
    say(b, 0, "accept AAAAA - bob 192.0.2.1 bob@acme.example 2", false, 0);
    say(b, 30, "accept BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2", false, 0);
    say(b, 31,
        "deliver AAAAA - bob 192.0.2.1 bob@acme.example 2 sent 127.0.0.1 10024 31 - 250 2.0.0 "
        "from MTA: 250 2.0.0 Ok: queued as 4BBBBBBBBB",
        false, 0);
    say(b, 32,
        "deliver BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2 sent 198.51.100.1 25 2 "
        "203.0.113.5 250 ok",
        false, 0);
    say(b, 33,
        "deliver BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2 sent 198.51.100.1 25 3 "
        "203.0.113.5 250 ok",
        false, 0);
    say(b, 3600,
        "deliver BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2 bounced 198.51.100.1 25 3570 "
        "203.0.113.5 spam",
        true, 0);
    /* to a machine of our own that is the last one */
    say(b, 40, "accept DDDDD - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 41,
        "deliver DDDDD - bob 192.0.2.1 bob@acme.example 1 sent 10.0.0.1 25 1 - 250 Ok: queued "
        "as 4BBBBBBBBB",
        false, 0);
    say(b, 42, "accept EEEEE - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 43, "deliver EEEEE - bob 192.0.2.1 bob@acme.example 1 sent - - 1 - delivered to mailbox",
        false, 0);
    say(b, 44, "accept FFFFF - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 45,
        "deliver FFFFF - bob 192.0.2.1 bob@acme.example 1 sent - - 1 - 250 Ok: queued as "
        "4BBBBBBBBC",
        false, 0);
}

static void legs_rows(void **state)
{
    (void)state;
    check(legs, "AAAAA login bob bob@acme.example 3 2 1 0 203.0.113.5\n"
                "DDDDD login bob bob@acme.example 1 1 0 0 \n"
                "EEEEE login bob bob@acme.example 1 1 0 0 \n"
                "FFFFF login bob bob@acme.example 1 0 0 0 \n");
}

/* A queue id is used again: each delivery belongs to the message before it. */
static void again(struct bench *b)
{
    say(b, 0, "accept AAAAA - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 1, "deliver AAAAA - bob 192.0.2.1 bob@acme.example 1 sent 198.51.100.1 25 1 - ok", false,
        0);
    say(b, 50000, "accept AAAAA - bob 192.0.2.1 eve@acme.example 1", false, 0);
    say(b, 50001, "deliver AAAAA - bob 192.0.2.1 eve@acme.example 1 bounced 198.51.100.1 25 1 - no",
        true, 0);
    say(b, 50002, "accept AAAAA - carl 192.0.2.1 carl@acme.example 1", false, 0);
    say(b, 50003, "verdict AAAAA - carl 192.0.2.1 carl@acme.example 1", false, 1);
    /* nobody's but of a message that isn't known */
    say(b, 60000, "deliver AAAAA - eve 192.0.2.1 eve@acme.example 1 sent 198.51.100.1 25 1 - ok",
        false, 0);
    say(b, 80000, "deliver AAAAA - carl 192.0.2.1 eve@acme.example 1 sent 198.51.100.1 25 1 - ok",
        false, 0);
}

static void again_rows(void **state)
{
    (void)state;
    check(again, "AAAAA login bob bob@acme.example 1 1 0 0 \n"
                 "AAAAA login bob eve@acme.example 1 0 1 0 \n"
                 "AAAAA login carl carl@acme.example 1 0 0 1 \n");
}

/* A first leg's queue id is used again by somebody else while the second leg waits. */
static void again_while_it_waits(struct bench *b)
{
    say(b, 0, "accept AAAAA - bob 192.0.2.1 bob@acme.example 2", false, 0);
    say(b, 1, "accept BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2", false, 0);
    say(b, 50, "accept AAAAA - carl 192.0.2.1 carl@acme.example 1", false, 0);
    say(b, 60, "deliver BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2 sent 198.51.100.1 25 59 - ok",
        false, 0);
    say(b, 61, "deliver AAAAA - carl 192.0.2.1 carl@acme.example 1 bounced 198.51.100.1 25 1 - no",
        true, 0);
    say(b, 62,
        "deliver BBBBB AAAAA bob 192.0.2.1 bob@acme.example 2 bounced 198.51.100.1 25 61 - "
        "no",
        true, 0);
}

static void again_while_it_waits_rows(void **state)
{
    (void)state;
    check(again_while_it_waits, "AAAAA login bob bob@acme.example 2 1 1 0 \n"
                                "AAAAA login carl carl@acme.example 1 0 1 0 \n");
}

/* What is said of an earlier run's message, just before its queue id is used again. */
static void used_at_once(void **state)
{
    struct bench b;

    (void)state;
    begin(&b, false);
    say(&b, 0, "accept AAAAA - bob 192.0.2.1 bob@acme.example 1", false, 0);
    assert_true(trail_flush(b.trail, START, KEEP));
    say(&b, 100, "deliver AAAAA - bob 192.0.2.1 bob@acme.example 1 sent 198.51.100.1 25 100 - ok",
        false, 0);
    say(&b, 110, "accept AAAAA - bob 192.0.2.1 eve@acme.example 1", false, 0);
    struct text t = rows(&b);
    assert_string_equal(t.p, "AAAAA login bob bob@acme.example 1 1 0 0 \n"
                             "AAAAA login bob eve@acme.example 1 0 0 0 \n");
    text_free(&t);
    end(&b);
}

/* Two of one identity at once, each within its own time. */
static void each_in_time(void **state)
{
    struct bench b;

    (void)state;
    begin(&b, false);
    say(&b, 0, "accept AAAAA - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(&b, 0, "accept BBBBB - bob 192.0.2.1 bob@acme.example 1", false, 0);
    assert_true(trail_flush(b.trail, START, KEEP));
    say(&b, 80000,
        "deliver AAAAA - bob 192.0.2.1 bob@acme.example 1 sent 198.51.100.1 25 80000 - ok", false,
        0);
    say(&b, 80000, "deliver BBBBB - bob 192.0.2.1 bob@acme.example 1 sent 198.51.100.1 25 1 - ok",
        false, 0);
    struct text t = rows(&b);
    assert_string_equal(t.p, "AAAAA login bob bob@acme.example 1 1 0 0 \n"
                             "BBBBB login bob bob@acme.example 1 0 0 0 \n");
    text_free(&t);
    end(&b);
}

static void old(struct bench *b)
{
    say(b, -4 * 86400, "accept AAAAA - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, -86401, "accept BBBBB - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, 0, "accept CCCCC - bob 192.0.2.1 bob@acme.example 1", false, 0);
    say(b, -3 * 86400, "accept DDDDD - bob 192.0.2.1 bob@acme.example 1", false, 0);
}

static void old_rows(void **state)
{
    (void)state;
    check(old, "BBBBB login bob bob@acme.example 1 0 0 0 \n"
               "CCCCC login bob bob@acme.example 1 0 0 0 \n");
}

/* Any bytes, and what the readers give back. */
static void read_back(void **state)
{
    struct bench b;
    struct arena arena = {0};
    struct trail_list list;

    (void)state;
    begin(&b, false);
    subject = "You \xff won";
    say(&b, 2, "accept AAAAA - Bob'\"; 192.0.2.1 \xff\x01\"x@acme.example 2", false, 0);
    subject = "";
    say(&b, 1, "accept BBBBB - - 192.0.2.9 a@acme.example 1", false, 0);
    say(&b, 3, "accept CCCCC - bob'\"; 192.0.2.1 a@acme.example 1", false, 0);
    say(&b, 4,
        "deliver CCCCC - bob'\"; 192.0.2.1 a@acme.example 1 sent 198.51.100.1 25 1 192.0.2.77 "
        "ok",
        false, 0);
    say(&b, 5, "verdict CCCCC - bob'\"; 192.0.2.1 a@acme.example 1", false, 2);
    assert_true(trail_flush(b.trail, START, KEEP));

    assert_true(
        trail_of_customer(b.ledger, SL("acme"), START + 1000000, START + 3000000, &arena, &list));
    assert_int_equal(list.n, 3);
    assert_true(slice_eq(list.list[0].qid, SL("BBBBB")) && list.list[0].kind == IDENTITY_CLIENT &&
                list.list[0].m.login.n == 0 && slice_eq(list.list[0].m.client, SL("192.0.2.9")));
    assert_true(slice_eq(list.list[1].m.login, SL("bob'\";")) &&
                slice_eq(list.list[1].m.sender, SL("\xff\x01\"x@acme.example")) &&
                slice_eq(list.list[1].m.subject, SL("You \xff won")) &&
                list.list[2].m.subject.n == 0 && list.list[1].m.recipients == 2 &&
                list.list[1].sent == 0);
    assert_true(list.list[2].spam == 2 && list.list[2].sent == 1 &&
                slice_eq(list.list[2].outbound, SL("192.0.2.77")) &&
                slice_eq(list.list[2].host, SL("mx1")) && !list.list[2].m.spam);
    trail_list_free(&list);

    assert_true(trail_of_identity(b.ledger, IDENTITY_LOGIN, SL("bob'\";"), START + 2000001,
                                  INT64_MAX, &arena, &list));
    assert_int_equal(list.n, 1);
    trail_list_free(&list);
    assert_true(
        trail_of_identity(b.ledger, IDENTITY_CLIENT, SL("bob'\";"), 0, INT64_MAX, &arena, &list));
    assert_int_equal(list.n, 0);
    trail_list_free(&list);
    arena_free(&arena);
    end(&b);
}

/* Whose list the first refusal names that names one, put off or not, in this run or the next. */
static void listed(void **state)
{
    static const char deliver[] = "deliver AAAAA - bob 192.0.2.1 a@acme.example 3 deferred "
                                  "198.51.100.1 25 1 - 450 you are listed";
    static const char *const by[] = {"", "zen", "barracuda"};

    (void)state;
    for (int flush = 0; flush < 2; flush++) {
        struct bench b;
        begin(&b, flush);
        say(&b, 0, "accept AAAAA - bob 192.0.2.1 a@acme.example 3", false, 0);
        for (unsigned i = 0; i < 3; i++) {
            listed_by = by[i];
            say(&b, 10 + i, deliver, false, 0);
        }
        listed_by = "";
        say(&b, 20, "accept BBBBB - bob 192.0.2.1 a@acme.example 3", false, 0);
        assert_true(trail_flush(b.trail, START, KEEP));
        assert_int_equal(ledger_int_of(b.ledger, 0,
                                       "SELECT count(*) FROM messages WHERE qid = 'AAAAA' AND"
                                       " listed_by = 'zen' AND subject IS NULL AND sent = 0 AND"
                                       " refused = 0",
                                       ""),
                         1);
        assert_int_equal(
            ledger_int_of(b.ledger, 0, "SELECT count(*) FROM messages WHERE listed_by IS NULL", ""),
            1);
        end(&b);
    }
}

/* What is too old by the time that it would be written is never written, and what is said of it
 * changes nothing else. */
static void forgotten(void **state)
{
    struct bench b;
    char line[100];

    (void)state;
    begin(&b, false);
    for (unsigned i = 0; i < TRAIL_GATHERED + 10; i++) {
        snprintf(line, sizeof line, "accept A%06X - bob 192.0.2.1 u@acme.example 1", i);
        trail_forget(b.trail, START + (int64_t)(i * 10e6) - WHEN_DAY);
        say(&b, i * 10, line, false, 0);
    }
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM messages", ""), 0);
    assert_true(trail_flush(b.trail, START + (int64_t)((TRAIL_GATHERED + 9) * 10e6), WHEN_DAY));
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM messages", ""), 8641);
    end(&b);
}

/* More than are kept in memory: the same counts. */
static void many(void **state)
{
    struct bench b;
    char line[200];
    unsigned n = 2 * TRAIL_GATHERED + 5000;

    (void)state;
    begin(&b, false);
    for (unsigned i = 0; i < n + 50; i++) {
        if (i < n) {
            snprintf(line, sizeof line, "accept A%06X - u%u 192.0.2.1 u@acme.example 1", i, i % 97);
            say(&b, i / 100.0, line, false, 0);
        }
        if (i < 50)
            continue;
        snprintf(line, sizeof line,
                 "deliver A%06X - u%u 192.0.2.1 u@acme.example 1 sent 198.51.100.1 25 .5 - ok",
                 i - 50, (i - 50) % 97);
        say(&b, i / 100.0, line, false, 0);
    }
    assert_true(trail_flush(b.trail, START, KEEP));
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM messages WHERE sent = 1", ""),
                     n);
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM messages", ""), n);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_rows),
        cmocka_unit_test(nobody_rows),
        cmocka_unit_test(legs_rows),
        cmocka_unit_test(again_rows),
        cmocka_unit_test(used_at_once),
        cmocka_unit_test(each_in_time),
        cmocka_unit_test(old_rows),
        cmocka_unit_test(read_back),
        cmocka_unit_test(again_while_it_waits_rows),
        cmocka_unit_test(listed),
        cmocka_unit_test(forgotten),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests_name("trail", tests, scratch_begin, scratch_end);
}
