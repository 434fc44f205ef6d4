/* parser: blocks, long and broken lines, counts; saving and loading anywhere; what has to stay
 * bounded. */
#include "records.h"

#include <time.h>

/* The real clock, until a test sets it. */
static int64_t clock_seconds;
int clock_gettime(clockid_t id, struct timespec *ts)
{
    (void)id;
    ts->tv_sec = clock_seconds ? (time_t)clock_seconds : time(NULL);
    ts->tv_nsec = 0;
    return 0;
}

#define WHO "host qid origin client_ip sasl_user helo sender msgid rcpt subject"

/* Messages in every state: waiting, expected, gone, a notice, a proxied session, failed logins. */
static const char life[] =
    "0 mx postfix/smtpd[1]: connect from pc[198.51.100.7]\n"
    "0 mx postfix/submission/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, "
    "sasl_username=alice\\x\n"
    "0 mx postfix/cleanup[2]: A1B2C3D4E5: warning: header Subject: a\tb\\c from pc[198.51.100.7]; "
    "from=<a@x> to=<r@y> proto=ESMTP helo=<pc>\n"
    "0 mx postfix/cleanup[2]: A1B2C3D4E5: message-id=<m\t1@x>\n"
    "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
    "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=localhost[127.0.0.1]\n"
    "1 mx postfix/cleanup[5]: B1B2C3D4E5: message-id=<m\t1@x>\n"
    "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
    "1 mx amavis[9]: (1-1) Passed CLEAN {RelayedOutbound}, MYNETS LOCAL [198.51.100.7]:5 "
    "<a@x> -> <r@y>, Queue-ID: A1B2C3D4E5, Message-ID: <m1@x>, mail_id: x, Hits: 1, size: 9, "
    "queued_as: B1B2C3D4E5, 99 ms\n"
    "2 mx postfix/smtp[7]: B1B2C3D4E5: to=<r@y>, relay=m[192.0.2.9]:25, delay=1, delays=1/0/0/0, "
    "dsn=4.7.1, status=deferred (host m[192.0.2.9] said: 450 4.7.1 later)\n"
    "2 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
    "delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B1B2C3D4E5)\n"
    "2 mx postfix/qmgr[3]: A1B2C3D4E5: removed\n"
    "3 mx postfix/smtpd[1]: warning: e[203.0.113.6]: SASL LOGIN authentication failed: no\n"
    "3 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=0/1 commands=1/2\n"
    "4 mx postfix/smtpd[1]: NOQUEUE: client=pc[198.51.100.7], sasl_method=PLAIN, "
    "sasl_username=carol\n"
    "4 mx postfix/smtpd[4]: D1B2C3D4E5: client=localhost[127.0.0.1]\n"
    "4 mx postfix/cleanup[5]: D1B2C3D4E5: message-id=<m2@x>\n"
    "4 mx postfix/qmgr[3]: D1B2C3D4E5: from=<c@x>, size=9, nrcpt=1 (queue active)\n"
    "5 mx postfix/smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as D1B2C3D4E5; "
    "from=<c@x> to=<r@y> proto=ESMTP helo=<pc>\n"
    "6 mx postfix/smtp[7]: B1B2C3D4E5: to=<r@y>, relay=m[192.0.2.9]:25, delay=1, delays=1/0/0/0, "
    "dsn=5.7.1, status=bounced (host m[192.0.2.9] said: 550 5.7.1 spam)\n"
    "6 mx postfix/cleanup[2]: E1B2C3D4E5: message-id=<n@mx>\n"
    "6 mx postfix/bounce[8]: B1B2C3D4E5: sender non-delivery notification: E1B2C3D4E5\n"
    "6 mx postfix/qmgr[3]: E1B2C3D4E5: from=<>, size=9, nrcpt=1 (queue active)\n"
    "6 mx postfix/qmgr[3]: B1B2C3D4E5: removed\n"
    "7 mx postfix/smtpd[4]: F1B2C3D4E5: client=localhost[127.0.0.1]\n"
    "7 mx postfix/cleanup[5]: F1B2C3D4E5: message-id=<m3@x>\n"
    "7 mx postfix/qmgr[3]: F1B2C3D4E5: from=<f@x>, size=9, nrcpt=1 (queue active)\n"
    "8 mx out/qmgr[3]: 0123456789: from=<o@x>, size=9, nrcpt=1 (queue active)\n"
    "8 mx out/qmgr[3]: 0123456789: removed\n"
    "9 mx out/smtp[3]: F1B2C3D4E5: to=<r@y>, relay=none, delay=1, dsn=4.4.1, status=deferred (x)\n"
    "30 mx postfix/smtpd[1]: connect from pc[198.51.100.7]\n"
    "45 mx postfix/smtpd[1]: connect from pc[198.51.100.7]\n"
    "46 mx postfix/qmgr[3]: F1B2C3D4E5: removed\n"
    "47 mx postfix/smtpd[4]: client=localhost\n"
    "48 far postfix/qmgr[3]: D1B2C3D4E5: from=<far@x>, size=9, nrcpt=1 (queue active)\n"
    "49 mx postfix/qmgr[3]: D1B2C3D4E5: removed\n";

static void blocks(void **state)
{
    struct text log = script_log(life);
    struct parser *whole = script_parser();
    struct text want = records_of(whole, text_slice(&log), WHO);
    unsigned long long random = 1;

    (void)state;
    assert_true(want.n > 1000);
    for (unsigned most = 1; most < 3000; most += most) {
        struct parser *p = script_parser();
        struct text got = {0};
        for (size_t at = 0; at < log.n;) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t n = (size_t)(random >> 33) % (most + 1);
            n = n > log.n - at ? log.n - at : n;
            char *block = malloc(n ? n : 1); /* gone when the next one comes */
            memcpy(block, log.p + at, n);
            parser_push(p, block, n);
            take_records(p, WHO, &got);
            free(block);
            at += n;
        }
        parser_push(p, NULL, 0);
        parser_end(p);
        take_records(p, WHO, &got);
        text_addc(&got, '\0');
        assert_string_equal(got.p, want.p);
        text_free(&got);
        parser_free(p);
    }
    parser_free(whole);
    text_free(&want);
    text_free(&log);
}

static const char *nth_line(const struct text *log, size_t n)
{
    const char *p = log->p;

    while (n--)
        p = slice_chr(slice_range(p, log->p + log->n), '\n') + 1;
    return p;
}

/* After each line the parser is saved and another one goes on. */
static void resumed(const struct text *log, size_t lines, size_t cut, const char *want)
{
    struct parser *p = script_parser(), *q;
    struct text got = {0}, saved = {0}, again = {0};
    const char *at = nth_line(log, cut);

    parser_push(p, log->p, (size_t)(at - log->p));
    take_records(p, WHO, &got);
    assert_true(parser_save(p, &saved));
    parser_free(p);
    q = script_parser();
    assert_true(parser_load(q, text_slice(&saved)));
    assert_true(parser_save(q, &again));
    if (!slice_eq(text_slice(&saved), text_slice(&again)))
        print_error("line %zu of %zu: saved again it is\n%.*snot\n%.*s", cut, lines, (int)again.n,
                    again.p, (int)saved.n, saved.p);
    assert_true(slice_eq(text_slice(&saved), text_slice(&again)));
    parser_push(q, at, (size_t)(log->p + log->n - at));
    take_records(q, WHO, &got);
    parser_end(q);
    take_records(q, WHO, &got);
    text_addc(&got, '\0');
    if (strcmp(got.p, want) != 0)
        print_error("after line %zu of %zu:\n", cut, lines);
    assert_string_equal(got.p, want);
    parser_free(q);
    text_free(&got);
    text_free(&saved);
    text_free(&again);
}

static void save_anywhere(void **state)
{
    struct text log = script_log(life);
    struct parser *whole = script_parser();
    struct text want = records_of(whole, text_slice(&log), WHO);
    size_t lines = 0;

    (void)state;
    for (size_t i = 0; i < log.n; i++)
        lines += log.p[i] == '\n';
    for (size_t cut = 0; cut <= lines; cut++)
        resumed(&log, lines, cut, want.p);
    parser_free(whole);
    text_free(&want);
    text_free(&log);
}

/* What versions without subjects saved ends before them. */
static void older_state(void **state)
{
    static const char lines[] =
        "0 mx postfix/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, "
        "sasl_username=alice\n"
        "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x>, size=9, nrcpt=1 (queue active)\n"
        "1 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y>, relay=none, delay=1, dsn=4.4.1, "
        "status=deferred (connect to m[192.0.2.9]:25: Connection refused)\n";
    struct text log = script_log(lines), saved = {0}, older = {0}, got = {0};
    struct parser *p = script_parser();

    (void)state;
    parser_push(p, log.p, (size_t)(nth_line(&log, 2) - log.p));
    take_records(p, WHO, &got);
    assert_true(parser_save(p, &saved));
    parser_free(p);
    text_addc(&saved, '\0');
    char *end = strstr(saved.p, "\t9\t1\t\n");
    assert_non_null(end);
    text_add(&older, slice_range(saved.p, end + 4));
    text_add(&older, slice_str(end + 5));
    p = script_parser();
    assert_true(parser_load(p, text_slice(&older)));
    parser_push(p, nth_line(&log, 2), (size_t)(log.p + log.n - nth_line(&log, 2)));
    got.n = 0;
    take_records(p, "qid sasl_user size subject", &got);
    text_addc(&got, '\0');
    assert_string_equal(got.p, "deliver A1B2C3D4E5 alice 9 -\n");
    parser_free(p);
    text_free(&log);
    text_free(&saved);
    text_free(&older);
    text_free(&got);
}

/* The middle leg of three waits for its origin while it is one itself; saved in between. */
static void save_between_legs(void **state)
{
    static const char legs[] =
        "0 mx postfix/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, "
        "sasl_username=alice\n"
        "0 mx postfix/cleanup[2]: A1B2C3D4E5: message-id=<m1@x>\n"
        "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x>, size=9, nrcpt=1 (queue active)\n"
        "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=localhost[127.0.0.1]\n"
        "1 mx postfix/cleanup[5]: B1B2C3D4E5: message-id=<m1@x>\n"
        "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<alice@x>, size=9, nrcpt=1 (queue active)\n"
        "2 mx postfix/smtpd[4]: C1B2C3D4E5: client=localhost[127.0.0.1]\n"
        "2 mx postfix/cleanup[5]: C1B2C3D4E5: message-id=<m1@x>\n"
        "2 mx postfix/qmgr[3]: C1B2C3D4E5: from=<alice@x>, size=9, nrcpt=1 (queue active)\n"
        "3 mx postfix/smtp[6]: B1B2C3D4E5: to=<r@y>, relay=l[127.0.0.1]:10025, delay=1, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as C1B2C3D4E5)\n"
        "4 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y>, relay=l[127.0.0.1]:10024, delay=1, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B1B2C3D4E5)\n";
    struct text log = script_log(legs);
    struct parser *whole = script_parser();
    struct text want = records_of(whole, text_slice(&log), WHO);

    (void)state;
    assert_non_null(strstr(want.p, "accept mx C1B2C3D4E5 A1B2C3D4E5 198.51.100.7 alice"));
    for (size_t cut = 0; cut <= 11; cut++)
        resumed(&log, 11, cut, want.p);
    parser_free(whole);
    text_free(&want);
    text_free(&log);
}

/* A state that was cut or changed is refused, or at least does no harm. */
static void damaged_state(void **state)
{
    struct text log = script_log(life), saved = {0};
    struct parser *p = script_parser();
    struct text out = {0};

    (void)state;
    parser_push(p, log.p, (size_t)(nth_line(&log, 25) - log.p));
    take_records(p, WHO, &out);
    assert_true(parser_save(p, &saved));
    parser_free(p);
    for (size_t k = 0; k < saved.n; k++) {
        char *cut = malloc(k ? k : 1);
        memcpy(cut, saved.p, k);
        p = script_parser();
        assert_false(parser_load(p, slice_of(cut, k)));
        parser_free(p);
        free(cut);
        char old = saved.p[k];
        for (unsigned change = 1; change < 256; change *= 2) {
            saved.p[k] = (char)(old ^ (char)change);
            p = script_parser();
            if (parser_load(p, text_slice(&saved))) {
                parser_push(p, log.p, log.n);
                take_records(p, WHO, &out);
            }
            parser_free(p);
        }
        saved.p[k] = old;
    }
    text_free(&log);
    text_free(&saved);
    text_free(&out);
}

/* Lines at the limit, in one block and in two. */
static void long_lines(void **state)
{
    static const char head[] =
        "2026-11-24T12:00:00Z mx postfix/cleanup[1]: A1B2C3D4E5: message-id=";
    static const char next[] = "\n2026-11-24T12:00:00Z mx postfix/qmgr[1]: A1B2C3D4E5: from=<a@x>, "
                               "size=1, nrcpt=1 (queue active)\n";
    struct parser_stats stats;

    (void)state;
    for (int over = -1; over < 3; over++)
        for (int two = 0; two < 2; two++) {
            struct parser *p = script_parser();
            struct text log = {0}, got = {0};
            text_add(&log, slice_str(head));
            while (log.n <
                   LINE_MAX_BYTES + (size_t)(over == 2 ? 300000 : 0) - (over < 0) + (over == 1))
                text_addc(&log, 'x');
            text_add(&log, slice_str(next));
            parser_push(p, log.p, two ? 1000 : log.n);
            take_records(p, "qid", &got);
            parser_push(p, two ? log.p + 1000 : NULL, two ? log.n - 1000 : 0);
            take_records(p, "qid", &got);
            parser_end(p);
            take_records(p, "msgid", &got);
            parser_stats(p, &stats);
            assert_int_equal(stats.cut, over > 0);
            assert_int_equal(stats.lines, 2);
            assert_int_equal(got.n, LINE_MAX_BYTES - (sizeof head - 1) - (over < 0) + 8);
            parser_free(p);
            text_free(&log);
            text_free(&got);
        }
}

static void counts(void **state)
{
    static const char log[] = "Nov 24 12:00:00 mx postfix/smtpd[1]: connect from a[192.0.2.1]\r\n"
                              "\n\r\n"
                              "nothing that has a date\n"
                              "\0\0\0\n"
                              "2026-11-24T12:00:01Z mx kernel: eth0: up\n"
                              "2026-11-24T12:00:02.5Z mx postfix/smtpd[1]: what is this?\n"
                              "<22>1 2026-11-24T12:00:03Z mx postfix/qmgr 1 - - A1B2C: removed\n"
                              "2026-11-24T12:00:04Z mx postfix/qmgr[1]: A1B2C: removed";
    struct parser_options o = {.now = SCRIPT_NOW, .summary = true};
    struct parser *p = parser_new(&o);
    struct parser_stats s;

    (void)state;
    struct text got = records_of(p, slice_of(log, sizeof log - 1), "qid");
    assert_string_equal(got.p, "remove A1B2C\nremove A1B2C\n");
    parser_stats(p, &s);
    assert_int_equal(s.lines, 9);
    assert_int_equal(s.blank, 2);
    assert_int_equal(s.unreadable, 2);
    assert_int_equal(s.foreign, 1);
    assert_int_equal(s.mail, 4);
    assert_int_equal(s.unknown, 1);
    assert_int_equal(s.form[ENVELOPE_RFC3164] + s.form[ENVELOPE_RFC5424], 2);
    assert_int_equal(s.record[KIND_REMOVE], 2);
    assert_int_equal(s.first, SCRIPT_START * WHEN_SECOND);
    assert_int_equal(s.last, (SCRIPT_START + 4) * WHEN_SECOND);
    text_free(&got);
    parser_free(p);
}

/* Times that the record stream can't tell are no times. */
static void times_out_of_range(void **state)
{
    static const char log[] =
        "1969-12-31T23:59:59Z mx postfix/qmgr[1]: A1B2C: removed\n"
        "1970-01-01T00:00:00+01:00 mx postfix/qmgr[1]: A1B2C: removed\n"
        "9999-12-31T23:59:59-01:00 mx postfix/qmgr[1]: A1B2C: removed\n"
        "@400000000000000000000000 mx postfix/qmgr[1]: A1B2C: removed\n"
        "{\"__REALTIME_TIMESTAMP\":\"9223372036854775807\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\","
        "\"MESSAGE\":\"A1B2C: removed\"}\n"
        "{\"__REALTIME_TIMESTAMP\":\"6880000000000000000\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\","
        "\"MESSAGE\":\"A1B2C: removed\"}\n";
    struct parser *p = script_parser();
    struct parser_stats s;
    struct text got = records_of(p, slice_of(log, sizeof log - 1), "qid");

    (void)state;
    assert_string_equal(got.p, "");
    parser_stats(p, &s);
    assert_int_equal(s.unreadable, 6);
    text_free(&got);
    parser_free(p);
}

/* A parser that runs for days: what is written now is not in the future. */
static void the_present_goes_on(void **state)
{
    static const char log[] =
        "Nov 24 12:00:00 mx postfix/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], "
        "sasl_method=PLAIN, sasl_username=alice\n";
    static const char later[] =
        "Nov 27 12:00:00 mx postfix/qmgr[1]: B1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue "
        "active)\n";
    struct parser_options o = {0};
    struct parser_stats s;
    struct text got = {0};

    (void)state;
    clock_seconds = SCRIPT_START;
    struct parser *p = parser_new(&o);
    parser_push(p, log, sizeof log - 1);
    take_records(p, "qid", &got);
    clock_seconds = SCRIPT_START + 3 * 86400;
    parser_push(p, later, sizeof later - 1);
    take_records(p, "qid", &got);
    parser_stats(p, &s);
    clock_seconds = 0;
    assert_int_equal(s.last, (SCRIPT_START + 3 * 86400) * WHEN_SECOND);
    assert_false(s.year_doubtful);
    text_free(&got);
    parser_free(p);
}

static void push_copy(struct parser *p, const char *script, struct text *out)
{
    struct text log = script_log(script);
    char *block = malloc(log.n);

    memcpy(block, log.p, log.n);
    parser_push(p, block, log.n);
    take_records(p, "host qid sasl_user", out);
    memset(block, 'x', log.n);
    free(block);
    text_free(&log);
}

/* More host names than the table has room for: nothing of one is told of another, nothing that is
 * gone is looked at. */
static void more_programs_than_fit(void **state)
{
    struct parser *p = script_parser();
    struct text got = {0};
    char line[200];

    (void)state;
    for (unsigned i = 0; i < PROGRAMS_MAX; i++) {
        snprintf(line, sizeof line, "0 h%u postfix/smtpd[1]: connect from e[203.0.113.6]\n", i);
        push_copy(p, line, &got);
    }
    push_copy(p,
              "1 one postfix/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, "
              "sasl_username=alice\n",
              &got);
    push_copy(p, "1 two postfix/qmgr[1]: A1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue active)\n",
              &got);
    push_copy(p,
              "1 three postfix/smtpd[1]: B1B2C3D4E5: client=l[127.0.0.1]\n"
              "1 three postfix/qmgr[1]: B1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue active)\n",
              &got);
    push_copy(p, "99 h1 postfix/smtpd[1]: connect from e[203.0.113.6]\n", &got);
    text_addc(&got, '\0');
    if (strstr(got.p, "two A1B2C3D4E5 alice"))
        fail_msg("one host's login on another's message");
    if (strstr(got.p, "accept h1 B1B2C3D4E5"))
        fail_msg("one host's message on another");
    text_free(&got);
    parser_free(p);
}

#define AGAIN(n)                                                                            \
    "0 mx postfix/smtpd[1]: message repeated " n " times: [ warning: e[203.0.113.6]: SASL " \
    "LOGIN authentication failed: no]\n"
#define FAIL "auth-fail 203.0.113.6\n"

static void repeated(void **state)
{
    (void)state;
    check_script(AGAIN("3"), "client_ip", FAIL FAIL FAIL);
    check_script(AGAIN("1"), "client_ip", FAIL);
    check_script(AGAIN("0"), "client_ip", "");
    check_script(AGAIN("-1"), "client_ip", "");
    check_script(AGAIN("99999999999999999999999"), "client_ip", "");
    check_script(AGAIN("1000000000"), "client_ip", "");
    check_script(AGAIN("2 times: [ message repeated 9"), "client_ip", "");
    check_script(AGAIN("2") "1 mx postfix/smtpd[1]: disconnect from e[203.0.113.6] ehlo=1 auth=0/2 "
                            "commands=1/3\n",
                 "client_ip", FAIL FAIL);
    check_script("0 mx postfix/smtpd[1]: message repeated 2 times: [\n"
                 "0 mx postfix/smtpd[1]: message repeated 2 times: [ ]\n"
                 "0 mx postfix/qmgr[1]: message repeated 2 times: [ A1B2C: removed\n",
                 "qid", "remove A1B2C\nremove A1B2C\n");
}

static void facts(void **state)
{
    struct text log = script_log(life);
    struct parser *p = script_parser();
    struct envelope e;
    struct facts f;
    size_t n = 0;

    (void)state;
    parser_push(p, log.p, log.n);
    while (parser_next_facts(p, &e, &f)) {
        assert_true(f.n <= FACTS_MAX);
        n++;
    }
    assert_int_equal(n, 36);
    parser_free(p);
    text_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(save_anywhere),
        cmocka_unit_test(save_between_legs),
        cmocka_unit_test(older_state),
        cmocka_unit_test(damaged_state),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(counts),
        cmocka_unit_test(times_out_of_range),
        cmocka_unit_test(the_present_goes_on),
        cmocka_unit_test(more_programs_than_fit),
        cmocka_unit_test(repeated),
        cmocka_unit_test(facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
