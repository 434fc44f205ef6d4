/* The exposition format, read back by a small parser of it, with labels that a stranger chose. */
#include "scratch.h"

#include <math.h>

#include "act/metrics.h"
#include "base/exits.h"

/* One sample as the format has it: NAME{LABEL="VALUE",…} NUMBER. */
struct sample {
    char name[64];
    unsigned labels;
    char label[4][32];
    struct text value[4];
    double number;
};

static void sample_free(struct sample *s)
{
    for (unsigned i = 0; i < 4; i++)
        text_free(&s->value[i]);
}

static size_t read_name(const char *p, char *to, size_t most)
{
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    assert_true(n > 0 && n < most);
    memcpy(to, p, n);
    to[n] = '\0';
    return n;
}

/* The value behind its first quote; what follows its last. */
static const char *read_value(const char *p, struct text *to)
{
    for (; *p != '"'; p++) {
        assert_true(*p != '\0' && *p != '\n');
        if (*p != '\\') {
            text_addc(to, *p);
            continue;
        }
        p++;
        assert_true(*p == '\\' || *p == '"' || *p == 'n');
        text_addc(to, *p == 'n' ? '\n' : *p);
    }
    return p + 1;
}

static void parse(const char *line, struct sample *s)
{
    char *end;

    *s = (struct sample){0};
    const char *p = line + read_name(line, s->name, sizeof s->name);
    if (*p == '{') {
        do {
            p++;
            assert_true(s->labels < 4);
            p += read_name(p, s->label[s->labels], sizeof s->label[0]);
            assert_true(p[0] == '=' && p[1] == '"');
            p = read_value(p + 2, &s->value[s->labels++]);
        } while (*p == ',');
        assert_true(*p++ == '}');
    }
    assert_true(*p++ == ' ');
    s->number = strtod(p, &end);
    assert_true(end > p && *end == '\n');
}

/* The n-th line that is a sample; NULL when there are fewer. */
static const char *nth(const struct text *t, unsigned n)
{
    for (const char *p = t->p; p && p < t->p + t->n; p = strchr(p, '\n') + 1)
        if (*p != '#' && n-- == 0)
            return p;
    return NULL;
}

static void test_samples(void **state)
{
    static const struct {
        double value;
        const char *want;
    } row[] = {{0, "0"},
               {-3, "-3"},
               {1795521600, "1795521600"},
               {9007199254740991.0, "9007199254740991"},
               {0.25, "0.25"},
               {NAN, "NaN"},
               {INFINITY, "+Inf"},
               {-INFINITY, "-Inf"}};

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct metrics m = {0};
        struct text want = {0};
        metrics_gauge(&m, "mptools_x", "A \\ and\na line.", row[i].value);
        text_addf(&want,
                  "# HELP mptools_x A \\\\ and\\na line.\n# TYPE mptools_x gauge\nmptools_x %s\n",
                  row[i].want);
        assert_int_equal(m.text.n, want.n);
        assert_memory_equal(m.text.p, want.p, want.n);
        text_free(&want);
        metrics_free(&m);
    }
}

static void test_labels(void **state)
{
    static const struct slice value[] = {SL("plain"),
                                         SL(""),
                                         SL("a\"b"),
                                         SL("a\\b"),
                                         SL("two\nlines"),
                                         SL("\\n"),
                                         SL("x\"} 1\nmptools_forged 2\n"),
                                         SL("M\xc3\xbcller"),
                                         SL("tab\tand\x1b[31m")};

    (void)state;
    for (unsigned i = 0; i < sizeof value / sizeof *value; i++) {
        struct metrics m = {0};
        struct sample s;
        struct metrics_label label[] = {{"ip", SL("192.0.2.1")}, {"who", value[i]}};
        metrics_family(&m, "mptools_x", "gauge", "X.");
        metrics_sample(&m, label, 2, i);
        text_addc(&m.text, '\0');
        m.text.n--;
        assert_non_null(nth(&m.text, 0));
        assert_null(nth(&m.text, 1)); /* nobody adds a line of his own */
        parse(nth(&m.text, 0), &s);
        assert_string_equal(s.name, "mptools_x");
        assert_int_equal(s.labels, 2);
        assert_string_equal(s.label[1], "who");
        assert_int_equal(s.value[1].n, value[i].n);
        if (value[i].n)
            assert_memory_equal(s.value[1].p, value[i].p, value[i].n);
        assert_true(s.number == i);
        sample_free(&s);
        metrics_free(&m);
    }
}

static void test_not_utf8(void **state)
{
    struct metrics m = {0};
    struct sample s;
    struct metrics_label label = {"who", SL("a\xff\xc3(")};

    (void)state;
    metrics_family(&m, "mptools_x", "gauge", "X.");
    metrics_sample(&m, &label, 1, 1);
    text_addc(&m.text, '\0');
    parse(nth(&m.text, 0), &s);
    assert_int_equal(s.value[0].n, 10);
    assert_memory_equal(s.value[0].p, "a\\xff\\xc3(", 10);
    sample_free(&s);
    metrics_free(&m);
}

static void test_names(void **state)
{
    static const char *const name[] = {
        "x", "mptools_a-b", "mptools_\n", "mptools_a b", "mptools_{}", "", "up"};
    struct failure f = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof name / sizeof *name; i++) {
        struct metrics m = {0};
        metrics_gauge(&m, name[i], "X.", 1);
        assert_int_equal(metrics_write(&m, "wrong.prom", &f), EXIT_DATA);
        failure_free(&f);
        f = (struct failure){0};
        metrics_free(&m);
    }
    struct metrics m = {0};
    struct metrics_label label = {"__name", SL("x")};
    metrics_family(&m, "mptools_x", "gauge", "X.");
    metrics_sample(&m, &label, 1, 1);
    assert_int_equal(metrics_write(&m, "wrong.prom", &f), EXIT_DATA);
    assert_int_not_equal(access("wrong.prom", F_OK), 0);
    failure_free(&f);
    metrics_free(&m);
}

static void test_write(void **state)
{
    struct metrics m = {0};
    struct failure f = {0};
    struct parser_stats stats = {.mail = 10, .unknown = 3, .last = 5 * WHEN_SECOND};
    struct sample s;

    (void)state;
    stats.record[KIND_DELIVER] = 4;
    metrics_parse(&m, "blwatch", &stats);
    assert_int_equal(metrics_write(&m, "a.prom", &f), 0);
    struct text t = get_file("a.prom");
    assert_int_equal(t.n, m.text.n);
    text_addc(&t, '\0');
    t.n--;
    parse(nth(&t, 0), &s);
    assert_string_equal(s.name, "mptools_log_lines");
    assert_true(s.number == 7);
    sample_free(&s);
    text_free(&t);
    metrics_free(&m);
    assert_int_equal(metrics_write(&m, "no/such.prom", &f), EXIT_CANTCREAT);
    failure_free(&f);
}

static void test_ledger(void **state)
{
    struct ledger *l = ledger_open("ledger.db", LEDGER_WRITE);
    struct metrics m = {0};
    struct sample s;
    unsigned n = 0;

    (void)state;
    assert_int_equal(ledger_failure(l)->status, 0);
    assert_true(ledger_run(l,
                           "INSERT INTO listings (ip, provider, source, state, first, last)"
                           " VALUES ('192.0.2.1', 'a\"b', 'dns', 'listed', 7000000, 7000000)",
                           ""));
    assert_true(metrics_listings(&m, l));
    assert_true(metrics_blocks(&m, l));
    text_addc(&m.text, '\0');
    for (const char *line; (line = nth(&m.text, n)) != NULL && *line; n++) {
        parse(line, &s);
        if (n == 1)
            assert_true(s.number == 1); /* listed */
        if (n == 4) {
            assert_string_equal(s.name, "mptools_listing_since_timestamp_seconds");
            assert_true(s.number == 7);
            assert_memory_equal(s.value[1].p, "a\"b", 3);
        }
        sample_free(&s);
    }
    assert_int_equal(n, 4 + 1 + 6 + 2 + 3 + 1 + 1);
    metrics_free(&m);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),  cmocka_unit_test(test_labels),
        cmocka_unit_test(test_not_utf8), cmocka_unit_test(test_names),
        cmocka_unit_test(test_write),    cmocka_unit_test(test_ledger)};

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
