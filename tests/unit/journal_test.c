/* journal: export and JSON entries, bytes as they were logged, cut anywhere. */
#include "records.h"

#include "log/journal.h"

#define CURSOR "__CURSOR=s=1;i=2\n"
#define TIME "__REALTIME_TIMESTAMP=1795521600123456\n"
#define POSTFIX "SYSLOG_IDENTIFIER=postfix/smtpd\n_HOSTNAME=mx\nSYSLOG_PID=12\n"
#define MESSAGE "MESSAGE=A1B2C3D4E5: client=pc[198.51.100.7]\n"

/* "time|host|tag|pid|text" of a JSON line, or "-". */
static void json_lines(void **state)
{
    static const struct {
        const char *line, *want;
    } row[] = {
        {"{\"__REALTIME_TIMESTAMP\":\"1795521600123456\",\"_HOSTNAME\":\"mx\","
         "\"SYSLOG_IDENTIFIER\":\"postfix/smtpd\",\"SYSLOG_PID\":\"12\",\"MESSAGE\":\"hi\"}",
         "1795521600123456|mx|postfix/smtpd|12|hi"},
        {"{\"MESSAGE\":[104,255,105],\"_COMM\":\"smtpd\",\"_PID\":\"7\","
         "\"__REALTIME_TIMESTAMP\":\"5\",\"_SOURCE_REALTIME_TIMESTAMP\":\"4\"}",
         "4||smtpd|7|h\\xffi"},
        {"{\"MESSAGE\":null,\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"5\"}", "5||smtpd|0|"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"x\"}", "-"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\"}", "-"},
        {"{\"MESSAGE\":\"x\",\"__REALTIME_TIMESTAMP\":\"5\"}", "-"},
        {"{\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"5\"}", "-"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"9223372036854775807\"}",
         "-"}, /* the year 294247 */
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":"
         "\"99999999999999999999\"}",
         "-"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"-5\"}", "-"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"__REALTIME_TIMESTAMP\":\"5\"", "-"},
        {"{\"MESSAGE\":\"x\",\"_COMM\":\"smtpd\",\"SYSLOG_PID\":\"99999999999\","
         "\"__REALTIME_TIMESTAMP\":\"5\"}",
         "5||smtpd|0|x"},
        {"{", "-"},
    };
    struct journal j = {0};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct envelope e;
        struct text got = {0};
        if (journal_json(&j, slice_str(row[i].line)) && journal_envelope(&j, &e)) {
            text_addf(&got, "%lld|", (long long)e.time);
            text_add_tsv(&got, e.host);
            text_addc(&got, '|');
            text_add_tsv(&got, e.tag);
            text_addf(&got, "|%u|", e.pid);
            text_add_tsv(&got, e.text);
        } else {
            text_addc(&got, '-');
        }
        text_addc(&got, '\0');
        assert_string_equal(got.p, row[i].want);
        text_free(&got);
    }
    journal_free(&j);
}

static struct slice export_log(void)
{
    static const char log[] = CURSOR TIME POSTFIX MESSAGE
        "\n" CURSOR TIME POSTFIX
        "MESSAGE\n\x26\0\0\0\0\0\0\0B1B2C3D4E5: client=p\xff[198.51.100.7],\n\n\n"
        "\n\n" CURSOR TIME "SYSLOG_IDENTIFIER=postfix/qmgr\n_HOSTNAME=mx\n"
        "BLOB\n\x05\0\0\0\0\0\0\0\n\n\n\n\n\n"
        "EMPTY\n\0\0\0\0\0\0\0\0\n"
        "MESSAGE=A1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue active)\n\n" CURSOR TIME
        "SYSLOG_IDENTIFIER=postfix/qmgr\n_HOSTNAME=mx\n"
        "MESSAGE=B1B2C3D4E5: from=<b@x>, size=1, nrcpt=1 (queue active)\n";

    return slice_of(log, sizeof log - 1);
}

#define WANT "accept A1B2C3D4E5 pc 198.51.100.7\naccept B1B2C3D4E5 p\\xff 198.51.100.7\n"

static void export_entries(void **state)
{
    struct parser *p = script_parser();
    struct text got = records_of(p, export_log(), "qid client_name client_ip");

    (void)state;
    assert_string_equal(got.p, WANT);
    text_free(&got);
    parser_free(p);
}

/* In two blocks, cut anywhere. */
static void in_blocks(void **state)
{
    struct slice log = export_log();

    (void)state;
    for (size_t cut = 0; cut <= log.n; cut++) {
        struct parser *p = script_parser();
        struct text got = {0};
        parser_push(p, log.p, cut);
        take_records(p, "qid client_name client_ip", &got);
        parser_push(p, log.p + cut, log.n - cut);
        take_records(p, "qid client_name client_ip", &got);
        parser_end(p);
        take_records(p, "qid client_name client_ip", &got);
        text_addc(&got, '\0');
        assert_string_equal(got.p, WANT);
        text_free(&got);
        parser_free(p);
    }
}

/* The file ends anywhere; the next one is a plain log and is read as one. */
static void cut_off(void **state)
{
    static const char next[] =
        "2026-11-24T12:00:01Z mx postfix/qmgr[1]: C1B2C3D4E5: from=<c@x>, size=1, nrcpt=1 (queue "
        "active)\n";
    struct slice log = export_log();
    int bad = 0;

    (void)state;
    for (size_t cut = 0; cut <= log.n; cut++) {
        struct parser *p = script_parser();
        struct text got = {0};
        parser_push(p, log.p, cut);
        take_records(p, "qid sender", &got);
        parser_break(p);
        take_records(p, "qid sender", &got);
        parser_push(p, next, sizeof next - 1);
        take_records(p, "qid sender", &got);
        if (!slice_ends(text_slice(&got), SL("accept C1B2C3D4E5 c@x\n")) && bad++ < 3)
            print_error("cut at %zu: the next log is lost\n", cut);
        text_free(&got);
        parser_free(p);
    }
    assert_int_equal(bad, 0);
}

/* Lengths that nobody has so many bytes for. */
static void wild_lengths(void **state)
{
    static const char head[] = CURSOR TIME POSTFIX "MESSAGE\n";

    (void)state;
    for (unsigned byte = 0; byte < 8; byte++) {
        struct parser *p = script_parser();
        struct text log = {0};
        text_add(&log, slice_of(head, sizeof head - 1));
        for (unsigned i = 0; i < 8; i++)
            text_addc(&log, (char)(i == byte ? 0xff : 0));
        for (int i = 0; i < 3000; i++)
            text_add(&log, SL("A1B2C3D4E5: client=pc[198.51.100.7]\n\n"));
        struct text got = records_of(p, text_slice(&log), "qid");
        text_free(&got);
        text_free(&log);
        parser_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines), cmocka_unit_test(export_entries), cmocka_unit_test(in_blocks),
        cmocka_unit_test(cut_off),    cmocka_unit_test(wild_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
