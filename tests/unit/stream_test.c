/* A log that is read in pieces: what was open at a piece's end is what the next one goes on with.
 */
#include "scratch.h"

#include "records.h"

#include "base/exits.h"
#include "base/msg.h"
#include "log/stream.h"

#define WHO "qid origin sasl_user client_ip sender rcpt status"

/* A message of two legs, whose second waits for the first's word; another that stays open. */
static const char life[] =
    "0 mx postfix/smtpd[1]: A1B2C3D4E5: client=pc[198.51.100.7], sasl_method=PLAIN, "
    "sasl_username=alice\n"
    "0 mx postfix/cleanup[2]: A1B2C3D4E5: message-id=<m1@x>\n"
    "0 mx postfix/qmgr[3]: A1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
    "1 mx postfix/smtpd[4]: B1B2C3D4E5: client=localhost[127.0.0.1]\n"
    "1 mx postfix/cleanup[5]: B1B2C3D4E5: message-id=<m1@x>\n"
    "1 mx postfix/qmgr[3]: B1B2C3D4E5: from=<alice@x.example>, size=9, nrcpt=1 (queue active)\n"
    "2 mx postfix/smtp[6]: A1B2C3D4E5: to=<r@y>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, "
    "delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B1B2C3D4E5)\n"
    "2 mx postfix/qmgr[3]: A1B2C3D4E5: removed\n"
    "3 mx postfix/smtp[7]: B1B2C3D4E5: to=<r@y>, relay=m[192.0.2.9]:25, delay=1, delays=1/0/0/0, "
    "dsn=5.7.1, status=bounced (host m[192.0.2.9] said: 550 5.7.1 spam)\n"
    "3 mx postfix/qmgr[3]: B1B2C3D4E5: removed\n"
    "4 mx postfix/smtpd[4]: F1B2C3D4E5: client=localhost[127.0.0.1]\n"
    "4 mx postfix/cleanup[5]: F1B2C3D4E5: message-id=<m3@x>\n"
    "4 mx postfix/qmgr[3]: F1B2C3D4E5: from=<f@x>, size=9, nrcpt=1 (queue active)\n"
    "5 mx postfix/smtp[7]: F1B2C3D4E5: to=<r@z>, relay=m[192.0.2.9]:25, delay=1, delays=1/0/0/0, "
    "dsn=4.7.1, status=deferred (host m[192.0.2.9] said: 450 4.7.1 later)\n";

/* The records of a run over the file, and what is open then; late: those that only the end of the
 * log brings. Returns the status. */
static int run(const char *name, bool keep, struct text *open, struct text *out, struct text *late)
{
    static char buf[64];
    char *const names[] = {buf};
    struct stream_options o = {
        .parser = {.now = SCRIPT_NOW}, .keep_open = keep, .open = text_slice(open)};
    struct record *r;
    bool raw;

    snprintf(buf, sizeof buf, "%s", name);
    struct stream *s = stream_open(&o, names, 1);
    assert_non_null(s);
    while (stream_next(s, &r, &raw) == STREAM_RECORD)
        record_text(r, SL(WHO), out);
    if (keep) {
        text_free(open);
        assert_true(stream_save_open(s, open));
        while (stream_next(s, &r, &raw) == STREAM_RECORD)
            record_text(r, SL(WHO), late);
        assert_int_equal(stream_next(s, &r, &raw), STREAM_END);
    }
    int status = stream_status(s);
    stream_close(s);
    return status;
}

static void pieces(void **state)
{
    struct text log = script_log(life), none = {0}, want = {0};

    (void)state;
    put_file("log", text_slice(&log));
    assert_int_equal(run("log", false, &none, &want, NULL), 0);
    for (const char *at = log.p; at;) {
        struct text open = {0}, got = {0}, early = {0}, late = {0};
        at = slice_chr(slice_range(at, log.p + log.n), '\n');
        if (at == NULL || ++at == log.p + log.n)
            break;
        put_file("piece", slice_range(log.p, at));
        assert_int_equal(run("piece", true, &open, &got, &early), 0);
        assert_true(open.n > 0);
        put_file("piece", slice_range(at, log.p + log.n - 1)); /* its newline is missing */
        assert_int_equal(run("piece", true, &open, &got, &late), 0);
        text_add(&got, text_slice(&late));
        if (!slice_eq(text_slice(&got), text_slice(&want)))
            fail_msg("cut after byte %td:\n%.*snot\n%.*s", at - log.p, (int)got.n, got.p,
                     (int)want.n, want.p);
        text_free(&open);
        text_free(&got);
        text_free(&early);
        text_free(&late);
    }
    text_free(&log);
    text_free(&want);
}

/* A run without news is no error, but the first one is. */
static void empty_piece(void **state)
{
    struct text log = script_log(life), open = {0}, out = {0}, late = {0}, again = {0};

    (void)state;
    put_file("log", text_slice(&log));
    put_file("piece", SLICE_NONE);
    assert_int_equal(run("piece", true, &open, &out, &late), EXIT_DATA);
    assert_int_equal(open.n, 0);
    assert_int_equal(run("log", true, &open, &out, &late), 0);
    text_add(&again, text_slice(&open));
    assert_int_equal(run("piece", true, &open, &out, &late), 0);
    assert_true(slice_eq(text_slice(&again), text_slice(&open)));
    text_free(&log);
    text_free(&open);
    text_free(&again);
    text_free(&out);
    text_free(&late);
}

/* Records have nothing that is open, and leave alone what a log had. */
static void records_between(void **state)
{
    static const char records[] =
        "#mplog\ttime\tkind\tqid\n2026-11-24T12:00:00Z\tremove\tC1\n#end 1 1\n";
    struct text log = script_log(life), open = {0}, out = {0}, late = {0}, again = {0};

    (void)state;
    put_file("log", text_slice(&log));
    put_file("records", slice_str(records));
    assert_int_equal(run("records", true, &open, &out, &late), 0);
    assert_int_equal(open.n, 0);
    assert_int_equal(run("log", true, &open, &out, &late), 0);
    text_add(&again, text_slice(&open));
    assert_int_equal(run("records", true, &open, &out, &late), 0);
    assert_true(slice_eq(text_slice(&again), text_slice(&open)));
    text_free(&log);
    text_free(&open);
    text_free(&again);
    text_free(&out);
    text_free(&late);
}

static void damaged(void **state)
{
    struct text log = script_log(life), open = {0}, out = {0};

    (void)state;
    put_file("log", text_slice(&log));
    text_add(&open, SL("parser 1 0 0 0\nnonsense\n"));
    assert_int_equal(run("log", false, &open, &out, NULL), EXIT_DATA);
    assert_int_equal(out.n, 0); /* nothing was read */
    text_free(&log);
    text_free(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),
        cmocka_unit_test(empty_piece),
        cmocka_unit_test(records_between),
        cmocka_unit_test(damaged),
    };

    msg_init("stream_test");
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
