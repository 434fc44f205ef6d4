/* suspect: the stream is written and read back unchanged, hostile names and damage included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/suspect.h"

#define HEADER                                                                                     \
    "#suspects\ttime\tstate\tkind\tidentity\tcustomer\tpartner\tscore\tthreshold\tsince\tmessages" \
    "\trecipients\trefused\tunknown\tsenders\tsender_"                                             \
    "list\tclients\tcountries\tfamilies\tsamples\n"

static const struct suspect sample = {
    .time = INT64_C(1795516070123456),
    .since = INT64_C(1795515000000000),
    .state = STATE_COMPROMISED,
    .kind = IDENTITY_LOGIN,
    .identity = {"bob@acme.example", 16},
    .customer = {"acme", 4},
    .partner = {"north\tit", 8},
    .score = 14.75,
    .threshold = 14.51,
    .messages = 1040,
    .recipients = 1041,
    .refused = 812,
    .unknown = 300,
    .senders = 3,
    .sender = {{{"a b%\\=1@x\n", 10}, 900}, {{"<>", 2}, 3}, {{"\xff\xc3\xbc", 3}, 1}},
    .sender_n = 3,
    .client = {{{"203.0.113.7", 11}, 1040}},
    .client_n = 1,
    .country = {{{"DE", 2}, 1030}, {{"NL", 2}, 10}},
    .country_n = 2,
    .family = {{{"replies-content", 15}, 8.5, {"refused 512 of 1,040 as spam", 28}},
               {{"verdict", 7}, -0.25, {NULL, 0}}},
    .family_n = 2,
    .sample = {{"4XyZ", 4}, {"5A", 2}},
    .sample_n = 2,
};

static void writing(void **state)
{
    struct text out = {0};

    (void)state;
    suspect_tsv_header(&out);
    suspect_tsv(&out, &sample);
    suspect_tsv_end(&out, 1);
    text_addc(&out, 0);
    assert_string_equal(
        out.p, HEADER "2026-11-24T10:27:50.123456Z\tcompromised\tlogin\tbob@acme.example\tacme\t"
                      "north\\tit\t14.75\t14.51\t2026-11-24T10:10:00Z\t1040\t1041\t812\t300\t3\t"
                      "a%20b%25%5C=1@x%0A=900 <>=3 %FF\xc3\xbc=1\t203.0.113.7=1040\tDE=1030 NL=10\t"
                      "replies-content=8.50: refused 512 of 1,040 as spam; verdict=-0.25\t"
                      "4XyZ 5A\n#end 1\n");
    text_free(&out);
}

static void json(void **state)
{
    struct text out = {0};

    (void)state;
    suspect_json(&out, &sample);
    text_addc(&out, 0);
    assert_string_equal(
        out.p,
        "{\"time\":\"2026-11-24T10:27:50.123456Z\",\"state\":\"compromised\",\"kind\":\"login\","
        "\"identity\":\"bob@acme.example\",\"customer\":\"acme\",\"partner\":\"north\\u0009it\","
        "\"score\":14.75,\"threshold\":14.51,\"since\":\"2026-11-24T10:10:00Z\",\"messages\":1040,"
        "\"recipients\":1041,\"refused\":812,\"unknown\":300,\"senders\":3,\"sender_list\":["
        "{\"name\":\"a b%\\\\=1@x\\u000a\",\"count\":900},{\"name\":\"<>\",\"count\":3},"
        "{\"name\":\"\\\\xff\xc3\xbc\",\"count\":1}],\"clients\":[{\"name\":\"203.0.113.7\","
        "\"count\":1040}],\"countries\":[{\"name\":\"DE\",\"count\":1030},"
        "{\"name\":\"NL\",\"count\":10}],\"families\":[{\"name\":\"replies-content\",\"score\":8."
        "50,\"seen\":"
        "\"refused 512 of 1,040 as spam\"},{\"name\":\"verdict\",\"score\":-0.25,\"seen\":\"\"}],"
        "\"samples\":[\"4XyZ\",\"5A\"]}\n");
    text_free(&out);
}

static void same_counts(const struct suspect_count *a, const struct suspect_count *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(slice_eq(a[i].name, b[i].name));
        assert_int_equal(a[i].count, b[i].count);
    }
}

static void round_trip(void **state)
{
    struct suspect_reader *r = suspect_reader_new();
    struct text out = {0};
    struct suspect s;

    (void)state;
    suspect_tsv(&out, &sample);
    assert_int_equal(suspect_reader_line(r, SL(HEADER), &s), SUSPECT_LINE_NONE);
    assert_int_equal(suspect_reader_line(r, text_slice(&out), &s), SUSPECT_LINE_ONE);
    assert_int_equal(s.time, sample.time);
    assert_int_equal(s.since, sample.since);
    assert_int_equal(s.state, sample.state);
    assert_int_equal(s.kind, sample.kind);
    assert_true(slice_eq(s.identity, sample.identity));
    assert_true(slice_eq(s.customer, sample.customer));
    assert_true(slice_eq(s.partner, sample.partner));
    assert_true(s.score == sample.score && s.threshold == sample.threshold);
    assert_int_equal(s.messages, sample.messages);
    assert_int_equal(s.recipients, sample.recipients);
    assert_int_equal(s.refused, sample.refused);
    assert_int_equal(s.unknown, sample.unknown);
    assert_int_equal(s.senders, sample.senders);
    assert_int_equal(s.sender_n, 3);
    same_counts(s.sender, sample.sender, 3);
    assert_int_equal(s.client_n, 1);
    same_counts(s.client, sample.client, 1);
    assert_int_equal(s.country_n, 2);
    same_counts(s.country, sample.country, 2);
    assert_int_equal(s.family_n, 2);
    assert_true(slice_eq(s.family[0].name, sample.family[0].name));
    assert_true(slice_eq(s.family[0].seen, sample.family[0].seen));
    assert_true(s.family[1].score == -0.25 && s.family[1].seen.n == 0);
    assert_int_equal(s.sample_n, 2);
    assert_true(slice_eq(s.sample[1], SL("5A")));
    assert_false(suspect_reader_ended(r));
    assert_int_equal(suspect_reader_line(r, SL("#end 1\n"), &s), SUSPECT_LINE_NONE);
    assert_true(suspect_reader_ended(r));
    suspect_reader_free(r);
    text_free(&out);
}

static void other_columns(void **state)
{
    struct suspect_reader *r = suspect_reader_new();
    struct suspect s;

    (void)state;
    assert_int_equal(suspect_reader_line(r, SL("#suspects\tidentity\tcolour\tkind\tstate"), &s),
                     SUSPECT_LINE_NONE);
    assert_int_equal(suspect_reader_line(r, SL("192.0.2.1\tred\\t\tclient\tdoubtful"), &s),
                     SUSPECT_LINE_ONE);
    assert_true(slice_eq(s.identity, SL("192.0.2.1")));
    assert_int_equal(s.kind, IDENTITY_CLIENT);
    assert_int_equal(s.state, STATE_CLEAR);
    assert_int_equal(suspect_reader_line(r, SL(""), &s), SUSPECT_LINE_NONE);
    suspect_reader_free(r);
}

static void damage(void **state)
{
    /* each is one whole stream; the last line is the bad one */
    static const char *const row[][2] = {
        {"#mplog\ttime\n", "not a suspect stream"},
        {"#suspects\ttime\tstate\n", "are needed"},
        {"#suspects\tstate\tkind\tidentity\n\tlogin\tbob\n#end 2\n", "some are missing"},
        {"#suspects\tstate\tkind\tidentity\n#end\n", "columns where"},
        {"#suspects\tstate\tkind\tidentity\n#end x\n", "no number"},
        {"#suspects\tstate\tkind\tidentity\n#end 0\nmore\n", "follows"},
        {"#suspects\tstate\tkind\tidentity\nsuspect\tlogin\n", "has 2 columns"},
        {"#suspects\tstate\tkind\tidentity\nsuspect\tlogin\tbob\tx\n", "more columns"},
        {"#suspects\tstate\tkind\tidentity\nsuspect\tlogin\tb\\q\n", "escape"},
        {"#suspects\tstate\tkind\tidentity\nsuspect\tlogin\t\n", "identity is damaged"},
        {"#suspects\tstate\tkind\tidentity\nsuspect\tghost\tbob\n", "kind is damaged"},
        {"#suspects\tstate\tkind\tidentity\tscore\nsuspect\tlogin\tb\t1e9\n", "score is"},
        {"#suspects\tstate\tkind\tidentity\tscore\nsuspect\tlogin\tb\tnan\n", "score is"},
        {"#suspects\tstate\tkind\tidentity\tsince\nsuspect\tlogin\tb\t2026-13-01T00:00:00Z\n",
         "since is"},
        {"#suspects\tstate\tkind\tidentity\tsender_list\nsuspect\tlogin\tb\ta%2=1\n",
         "sender_list is"},
        {"#suspects\tstate\tkind\tidentity\tsender_list\nsuspect\tlogin\tb\ta=-1\n",
         "sender_list is"},
        {"#suspects\tstate\tkind\tidentity\tfamilies\nsuspect\tlogin\tb\treplies: x\n",
         "families is"},
        {"#suspects\tstate\tkind\tidentity\tmessages\nsuspect\tlogin\tb\t1,040\n", "messages is"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct suspect_reader *r = suspect_reader_new();
        enum suspect_line result = SUSPECT_LINE_NONE;
        const char *p = row[i][0];
        struct suspect s;
        while (*p) {
            assert_int_not_equal(result, SUSPECT_LINE_BAD);
            const char *end = strchr(p, '\n') + 1;
            result = suspect_reader_line(r, slice_range(p, end), &s);
            p = end;
        }
        assert_int_equal(result, SUSPECT_LINE_BAD);
        assert_false(suspect_reader_ended(r));
        if (strstr(suspect_reader_why(r), row[i][1]) == NULL)
            fail_msg("row %zu: %s", i, suspect_reader_why(r));
        assert_int_equal(suspect_reader_line(r, SL("#end 0"), &s), SUSPECT_LINE_BAD);
        suspect_reader_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing),       cmocka_unit_test(json),   cmocka_unit_test(round_trip),
        cmocka_unit_test(other_columns), cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
