/* tsv: what the writer writes the reader reads, byte for byte; what it can't be is refused. */
#include "scratch.h"

#include "base/when.h"
#include "log/tsv.h"

/* The bytes that `write` makes. */
static struct text written(void (*write)(struct tsv_writer *, const void *), const void *arg)
{
    struct outfile o;
    struct tsv_writer w;

    assert_int_equal(outfile_open(&o, "out", false), 0);
    tsv_writer_init(&w, &o);
    write(&w, arg);
    assert_int_equal(outfile_finish(&o), 0);
    tsv_writer_free(&w);
    outfile_free(&o);
    return get_file("out");
}

struct job {
    const struct record *records;
    size_t n;
    bool json;
    const char *columns;
};

static void write_job(struct tsv_writer *w, const void *arg)
{
    const struct job *job = arg;
    struct slice bad;

    w->json = job->json;
    if (job->columns)
        assert_true(tsv_writer_columns(w, slice_str(job->columns), &bad));
    tsv_write_header(w);
    for (size_t i = 0; i < job->n; i++)
        tsv_write(w, &job->records[i]);
    tsv_write_end(w, 77);
}

/* Reads it and compares. */
static void check_back(const struct job *job, struct slice text, uint32_t columns)
{
    struct tsv_reader t = {0};
    struct record r;
    size_t n = 0;
    bool ended = false;

    assert_true(tsv_is_header(text));
    while (text.n) {
        const char *nl = slice_chr(text, '\n');
        assert_non_null(nl);
        size_t len = (size_t)(nl - text.p);
        char *copy = malloc(len ? len : 1); /* a line of its own */
        memcpy(copy, text.p, len);
        switch (tsv_read(&t, slice_of(copy, len), &r)) {
        case TSV_RECORD:
            assert_true(n < job->n);
            assert_int_equal(r.time, job->records[n].time);
            assert_int_equal(r.digits, job->records[n].digits);
            assert_int_equal(r.kind, job->records[n].kind);
            for (unsigned c = COL_KIND + 1; c < COL_COUNT; c++)
                if (columns >> c & 1 && !slice_eq(r.f[c], job->records[n].f[c]))
                    fail_msg("%s: \"%.*s\", not \"%.*s\"", record_column_name(c).p, (int)r.f[c].n,
                             r.f[c].p, (int)job->records[n].f[c].n, job->records[n].f[c].p);
            n++;
            break;
        case TSV_SKIP:
            break;
        case TSV_END:
            ended = true;
            break;
        case TSV_BAD:
            fail_msg("line %.*s: %s", (int)len, copy, t.problem);
        }
        free(copy);
        text = slice_range(nl + 1, text.p + text.n);
    }
    assert_true(ended && t.ended && t.lines == 77);
    assert_int_equal(n, job->n);
    tsv_reader_free(&t);
}

static void round_trip(const struct record *r, size_t n, const char *columns, uint32_t mask)
{
    for (int json = 0; json < 2; json++) {
        struct job job = {r, n, json, columns};
        struct text t = written(write_job, &job);
        check_back(&job, text_slice(&t), mask);
        text_free(&t);
    }
}

/* Each column with each byte, alone and between others. */
static void every_byte(void **state)
{
    static struct record r[COL_COUNT * 4];
    static char value[256][9];
    size_t n = 0;

    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        memcpy(value[v], "abcdefghi", 9);
        value[v][v % 8] = (char)v;
    }
    for (unsigned c = COL_KIND + 1; c < COL_COUNT; c++, n++) {
        r[n] = (struct record){.time = 1795521600000000 + n, .digits = 6, .kind = KIND_DELIVER};
        r[n].f[c] = SL("#x");
    }
    round_trip(r, n, NULL, UINT32_MAX);
    for (unsigned v = 0; v < 256; v++) {
        r[0] = (struct record){.time = v, .digits = 6, .kind = KIND_ACCEPT};
        for (unsigned c = COL_KIND + 1; c < COL_COUNT; c++)
            r[0].f[c] = c % 2 ? slice_of(value[v] + v % 8, 1) : slice_of(value[v], 9);
        round_trip(r, 1, NULL, UINT32_MAX);
        round_trip(r, 1, "time,kind,qid,sender", 1u << COL_QID | 1u << COL_SENDER);
        struct job job = {r, 1, false, "qid,kind,time"}; /* first in the line */
        struct text t = written(write_job, &job);
        check_back(&job, text_slice(&t), 1u << COL_QID);
        text_free(&t);
    }
}

static void json_backslashes(void **state)
{
    static const struct slice value[] = {SL("\\x_0"), SL("\\x`0"), SL("\\"),      SL("\\x"),
                                         SL("\\x8"),  SL("\\\\"),  SL("\\u00ff"), SL("\xff\\")};
    struct record r = {.kind = KIND_LOGIN};

    (void)state;
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        r.f[COL_SASL_USER] = r.f[COL_SIZE] = value[i];
        round_trip(&r, 1, NULL, UINT32_MAX);
    }
}

static void numbers(void **state)
{
    static const char *const row[][2] = {
        {"0", "0"},
        {"12", "12"},
        {"0.05", "0.05"},
        {"1.5", "1.5"},
        {"00", "\"00\""},
        {"1.", "\"1.\""},
        {".5", "\".5\""},
        {"1.2.3", "\"1.2.3\""},
        {"-1", "\"-1\""},
        {"1e5", "\"1e5\""},
        {"1234567890123456789", "\"1234567890123456789\""},
        {"x", "\"x\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct record r = {.kind = KIND_LOGIN, .time = 0};
        struct job job = {&r, 1, true, "kind,size"};
        struct text want = {0};
        r.f[COL_SIZE] = slice_str(row[i][0]);
        struct text t = written(write_job, &job);
        text_addf(&want, "{\"kind\":\"login\",\"size\":%s}\n", row[i][1]);
        assert_true(slice_starts(text_slice(&t), text_slice(&want)));
        text_free(&t);
        text_free(&want);
    }
}

/* The writer keeps the text of the last second: each time is that of when.h. */
static void times(void **state)
{
    static const int64_t row[] = {0,
                                  1,
                                  999999,
                                  1000000,
                                  1000001,
                                  59999999,
                                  60000000,
                                  1795521600123456,
                                  1795521600999999,
                                  1795521599999999,
                                  INT64_C(253402300799999999)};
    struct record r[sizeof row / sizeof *row * 7];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (unsigned digits = 0; digits <= 6; digits++) {
            int64_t unit = 1000000;
            for (unsigned k = 0; k < digits; k++)
                unit /= 10;
            r[n++] = (struct record){
                .time = row[i] / unit * unit, .digits = (uint8_t)digits, .kind = KIND_REMOVE};
        }
    round_trip(r, n, NULL, 0);
}

/* Times that no line can have still make no text but a time. */
static void wild_times(void **state)
{
    static const int64_t row[] = {-1,
                                  -1000000,
                                  -999999,
                                  INT64_C(-62167219200000001),
                                  INT64_C(253402300800000000),
                                  INT64_C(6880000000000000000)};
    struct record r[2] = {{.kind = KIND_REMOVE}, {.kind = KIND_REMOVE}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (int json = 0; json < 2; json++) {
            struct job job = {r, 2, json, "time,kind"};
            char want[2][WHEN_TEXT_MAX];
            r[0].time = r[1].time = row[i];
            r[0].digits = 6;
            size_t n = when_print(want[0], row[i], 6), m = when_print(want[1], row[i], 0);
            assert_true(n == 27 && m == 20);
            struct text t = written(write_job, &job);
            const char *p = slice_find(text_slice(&t), slice_of(want[0], 27));
            assert_non_null(p);
            assert_non_null(slice_find(slice_range(p, t.p + t.n), slice_of(want[1], 20)));
            text_free(&t);
        }
}

/* Lines one after the other; the last one's result. */
#define HEAD "#mplog\ttime\tkind\tqid\n"
#define REC "2026-11-24T10:00:00Z\tlogin\tA\n"
#define JREC "{\"time\":\"2026-11-24T10:00:00Z\",\"kind\":\"login\",\"qid\":\"A\"}\n"
static const struct {
    const char *lines;
    enum tsv_result want;
} streams[] = {
    {HEAD, TSV_SKIP},
    {HEAD REC, TSV_RECORD},
    {HEAD REC "#end 1 5\n", TSV_END},
    {HEAD "\n", TSV_SKIP},
    {HEAD "# a remark\n", TSV_SKIP},
    {HEAD REC "#end 1 5\n" HEAD REC "#end 1 5\n", TSV_END}, /* one after the other */
    {HEAD REC "#end 2 5\n", TSV_BAD},
    {HEAD REC "#end 1\n", TSV_BAD},
    {HEAD REC "#end x 5\n", TSV_BAD},
    {HEAD REC "#end 1 5\n" REC, TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogin\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogin\tA\tB\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogon\tA\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\t\tA\n", TSV_BAD},
    {HEAD "\tlogin\tA\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Zx\tlogin\tA\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogin\t\\q\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogin\t\\x0\n", TSV_BAD},
    {HEAD "2026-11-24T10:00:00Z\tlogin\tA\\\n", TSV_BAD},
    {"#mplog\tqid\tkind\n", TSV_BAD},
    {"#mplog\ttime\tqid\n", TSV_BAD},
    {"#mplog\t\ttime\tkind\n", TSV_BAD},
    {"#mplog\ttime\tkind\t\n", TSV_BAD},
    {"#mplog\ttime\tkind\tkind\n", TSV_BAD},
    {"#mplog\tnew\ttime\tnew\tkind\n1\t2026-11-24T10:00:00Z\t2\tlogin\n", TSV_RECORD},
    {REC, TSV_BAD},
    {JREC, TSV_RECORD},
    {JREC "{\"kind\":\"end\",\"records\":1,\"lines\":5}\n", TSV_END},
    {JREC "{\"kind\":\"end\",\"records\":2,\"lines\":5}\n", TSV_BAD},
    {JREC "{\"kind\":\"end\",\"records\":1,\"lines\":5}\n" JREC
          "{\"kind\":\"end\",\"records\":1,\"lines\":5}\n",
     TSV_END},
    {JREC "{\"new\":{\"a\":[1]},\"time\":\"2026-11-24T10:00:00Z\",\"kind\":\"login\"}\n",
     TSV_RECORD},
    {"{}\n", TSV_BAD},
    {"{\"qid\":\"A\"}\n", TSV_BAD},
    {"{\"time\":\"2026-11-24T10:00:00Z\"}\n", TSV_BAD},
    {"{\"kind\":\"login\"}\n", TSV_BAD},
    {JREC "{\"time\":\"2026-11-24T10:00:00Z\",\"kind\":\"log\"}\n", TSV_BAD},
    {JREC "{\"time\":\"x\",\"kind\":\"login\"}\n", TSV_BAD},
    {JREC "{\"time\":\"2026-11-24T10:00:00Z\",\"kind\":\"login\"\n", TSV_BAD},
    {JREC "x\n", TSV_BAD},
};

static void reader(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct tsv_reader t = {0};
        struct record r;
        enum tsv_result got = TSV_SKIP;
        for (const char *p = streams[i].lines, *nl; *p; p = nl + 1) {
            nl = strchr(p, '\n');
            got = tsv_read(&t, slice_range(p, nl), &r);
            if (got == TSV_RECORD)
                assert_true(r.kind > KIND_NONE && r.kind < KIND_COUNT);
            if (got == TSV_BAD)
                assert_non_null(t.problem);
        }
        if (got != streams[i].want && ++bad)
            print_error("%s: %d, not %d\n", streams[i].lines, got, streams[i].want);
        tsv_reader_free(&t);
    }
    assert_int_equal(bad, 0);
}

/* Columns of a newer version go through as they are. */
static void pass_on(struct tsv_writer *w, const void *arg)
{
    struct tsv_reader t = {0};
    struct record r;
    const char *p = arg;
    bool first = true;

    for (const char *nl; *p; p = nl + 1) {
        nl = strchr(p, '\n');
        enum tsv_result got = tsv_read(&t, slice_range(p, nl), &r);
        assert_int_not_equal(got, TSV_BAD);
        if (first)
            w->extra = text_slice(&t.unknown), tsv_write_header(w), first = false;
        if (got == TSV_RECORD)
            tsv_write(w, &r);
    }
    tsv_write_end(w, t.lines);
    tsv_reader_free(&t);
}

static void unknown_columns(void **state)
{
    static const char in[] = "#mplog\tnew\ttime\tkind\tb\\x01\n"
                             "\\x23\t2026-11-24T10:00:00Z\tlogin\t\n"
                             "\t2026-11-24T10:00:00Z\tlogin\t\\t\xff\n"
                             "\t2026-11-24T10:00:00Z\tlogin\t\n"
                             "#end 3 5\n";
    struct text once = written(pass_on, in);

    (void)state;
    text_addc(&once, '\0');
    struct text twice = written(pass_on, once.p);
    text_addc(&twice, '\0');
    assert_string_equal(once.p, twice.p);
    assert_non_null(strstr(once.p, "\tsubject\tnew\tb\\x01\n"));
    assert_non_null(strstr(once.p, "\t\\x23\t\n"));
    assert_non_null(strstr(once.p, "\t\t\\t\xff\n"));
    text_free(&once);
    text_free(&twice);
}

static void columns(void **state)
{
    struct tsv_writer w;
    struct slice bad;

    (void)state;
    tsv_writer_init(&w, NULL);
    assert_true(tsv_writer_columns(&w, SL("qid"), &bad) && tsv_writer_mask(&w) == 1u << COL_QID);
    assert_true(tsv_writer_columns(&w, SL("time,qid"), &bad) && w.n == 2);
    static const char *const row[] = {"", ",", "qid,", ",qid", "qid,,time", "QID", "qid time"};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_false(tsv_writer_columns(&w, slice_str(row[i]), &bad));
    assert_false(tsv_writer_columns(&w, SL("qid,nonsense,time"), &bad));
    assert_true(slice_eq(bad, SL("nonsense")));
    tsv_writer_free(&w);
    for (unsigned c = 0; c < COL_COUNT; c++)
        assert_int_equal(record_column_of(record_column_name(c)), c);
    for (unsigned k = 1; k < KIND_COUNT; k++)
        assert_int_equal(record_kind_of(record_kind_name(k)), k);
    assert_int_equal(record_kind_of(SL("")), KIND_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(json_backslashes, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(numbers, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(times, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(wild_times, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(unknown_columns, scratch_begin, scratch_end),
        cmocka_unit_test(reader),
        cmocka_unit_test(columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
