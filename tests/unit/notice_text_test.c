/* notice: facts, words, fields, templates, evidence and chart, without a ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "act/notice_chart.h"
#include "act/notice_template.h"
#include "base/when.h"

static struct arena arena;
static struct notice_words words;

/* The shipped English words. */
static int setup(void **state)
{
    static char buffer[8192];
    struct problems problems = {0};

    (void)state;
    FILE *f = fopen("share/mptools/templates/en/words.txt", "r"); /* from the project's root */
    assert_non_null(f);
    size_t n = fread(buffer, 1, sizeof(buffer), f);
    fclose(f);
    assert_true(notice_words_read(&words, "words.txt", slice_of(buffer, n), &arena, &problems));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void add(struct notice_facts *f, const char *name, unsigned row, unsigned column,
                const char *value)
{
    assert_true(notice_facts_add(f, slice_str(name), row, column, slice_str(value)));
}

static void expect(struct text *t, const char *want)
{
    text_addc(t, '\0');
    assert_false(t->failed);
    assert_string_equal(t->p, want);
    text_free(t);
}

static void expect_text(const char *template, const struct notice_facts *f, const char *want)
{
    struct problems problems = {0};
    struct notice_template t;
    struct notice_view view = {f, &words};
    struct text subject = {0}, body = {0}, whole = {0};

    text_addf(&whole, "Subject: s {{customer}}\n\n%s", template);
    assert_true(notice_template_read(&t, "x", text_slice(&whole), &arena, &problems));
    assert_true(notice_template_render(&t, &view, &subject, &body));
    text_free(&subject);
    text_free(&whole);
    expect(&body, want);
}

static void render(void **state)
{
    struct notice_facts f = {0};

    (void)state;
    add(&f, "customer", 0, 0, "acme");
    add(&f, "messages", 0, 0, "1234567");
    add(&f, "since", 0, 0, "2026-11-24T10:27:50.123456Z");
    add(&f, "logins", 0, 0, "a\nb");
    add(&f, "logins", 1, 0, "c");
    add(&f, "conditions", 0, 0, "sender");
    add(&f, "conditions", 0, 1, "a@b");
    add(&f, "conditions", 1, 0, "helo");
    add(&f, "conditions", 1, 1, "h");
    add(&f, "statement", 0, 0, "one\r\ntwo\n\nthree");
    expect_text("{{customer}}: {{messages}}\n", &f, "acme: 1,234,567\n");
    expect_text("{{since}}\n", &f, "2026-11-24 10:27 UTC\n");
    expect_text("ü  {{logins}}|\n", &f, "ü  a\\x0ab\n   c|\n");
    expect_text("{{rule_words}}\n", &f, "the sender address a@b and the HELO name h\n");
    expect_text("  {{conditions}}\n", &f, "  the sender address a@b\n  the HELO name h\n");
    expect_text(" {{statement}}\n", &f, " > one\n > two\n > \n > three\n");
    expect_text("a\n{{#if spam}}\nb\n{{#if customer}}\nc\n{{/if}}\n{{/if}}\nd\n", &f, "a\nd\n");
    expect_text("a{{#if customer}}{{#if spam}}x{{/if}}y{{/if}}z\n", &f, "ayz\n");
    add(&f, "families", 0, 0, "verdict");
    add(&f, "families", 0, 1, "-0.48");
    add(&f, "families", 1, 0, "volume");
    add(&f, "families", 1, 1, "0.02");
    add(&f, "families", 1, 2, "seen");
    add(&f, "families", 2, 0, "origin");
    add(&f, "families", 2, 1, "0.00");
    expect_text(" {{families}}\n", &f,
                " - Far more mail than usual, or at an unusual time\n   seen\n");
    expect_text("{{family_names}}\n", &f, "- Far more mail than usual, or at an unusual time\n");
    add(&f, "unknown", 0, 0, "0");
    expect_text("{{unknown}}{{#if unknown}}x{{/if}}\n", &f, "0\n");
    expect_text("{{! note }}\n  {{#if customer}}  {{! x }}\nin\n{{/if}}\nout", &f, "in\nout");
    expect_text("{{ customer }} { } }} {x}\n", &f, "acme { } }} {x}\n");
    notice_facts_free(&f);
}

static void long_lists(void **state)
{
    struct notice_facts f = {0};
    struct text want = {0};
    char name[16];

    (void)state;
    for (unsigned i = 0; i < 15; i++) {
        snprintf(name, sizeof(name), "s%u", i);
        add(&f, "sender_list", i, 0, name);
        add(&f, "sender_list", i, 1, "7");
        if (i < NOTICE_LIST_MOST)
            text_addf(&want, "      7  s%u\n", i);
    }
    text_add(&want, SL("... and 3 more\n"));
    text_addc(&want, '\0');
    expect_text("{{sender_list}}\n", &f, want.p);
    text_free(&want);
    notice_facts_free(&f);
}

/* No fact, whatever it is, makes a line of its own, a control or an endless text. */
static void hostile(void **state)
{
    static const char evil[] = "x\n\nBcc: y\r\x1b[2J\xe2\x80\xae\xff{{from}}{{#if x}}";
    struct notice_facts f = {0};
    struct notice_view view = {&f, &words};
    const char *name;

    (void)state;
    for (unsigned i = 0; (name = notice_field_name(i)) != NULL; i++)
        for (unsigned column = 0; column < 3; column++)
            add(&f, name, 0, column, evil);
    add(&f, "conditions", 0, 1, evil);
    for (unsigned i = 0; notice_field_name(i); i++) {
        struct text t = {0};
        notice_field_add(&t, &view, i, false);
        if (notice_field_in_subject(i))
            notice_field_add(&t, &view, i, true);
        for (size_t j = 0; j < t.n; j++) {
            unsigned char c = (unsigned char)t.p[j];
            bool quoted = c == '\n' && j + 1 < t.n && strchr("> ", t.p[j + 1]);
            assert_true(quoted || (c >= 0x20 && c != 0x7f));
        }
        assert_true(t.n < 2000);
        assert_null(memmem(t.p ? t.p : "", t.n, "\xe2\x80\xae", 3));
        text_free(&t);
    }
    notice_facts_free(&f);
}

static void times(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-11-24",
                                      "2026-11-24T10:27:50",
                                      "2026-13-24T10:27:50Z",
                                      "2026-11-24T10:27:50+01:00",
                                      "2026-11-24T10:27:50.Z0Z",
                                      "x026-11-24T10:27:50Z",
                                      "2026-11-24T10:27:50 123Z"};

    (void)state;
    assert_int_equal(notice_time(SL("2026-11-24T12:00:00Z")), INT64_C(1795521600000000));
    assert_int_equal(notice_time(SL("2026-11-24T12:00:00.25Z")), INT64_C(1795521600250000));
    assert_int_equal(notice_time(SL("2026-11-24T12:00:00.1234567891234567890123Z")),
                     INT64_C(1795521600123456));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(notice_time(slice_str(bad[i])), WHEN_NONE);
}

static void evidence(void **state)
{
    struct notice_rows rows;
    struct text t = {0};

    (void)state;
    assert_true(notice_rows_read(&rows, SL(""), &arena));
    assert_int_equal(rows.n, 0);
    assert_true(notice_rows_read(&rows,
                                 SL("new\tsender\ttime\trefused\n"
                                    "x\ta\\tb\t2026-11-24T12:00:00Z\t3\n"
                                    "\n"
                                    "x\tbad\\q\tnever\t-3\textra\n"),
                                 &arena));
    assert_int_equal(rows.n, 3);
    assert_true(slice_eq(rows.list[0].sender, SL("a\tb")));
    assert_int_equal(rows.list[0].time, INT64_C(1795521600000000));
    assert_int_equal(rows.list[0].refused, 3);
    assert_int_equal(rows.list[0].sent, 0);
    assert_int_equal(rows.list[1].time, WHEN_NONE);
    assert_true(slice_eq(rows.list[2].sender, SL("bad\\q")));
    assert_int_equal(rows.list[2].refused, 0);
    notice_add_tsv(&t, SL("=a\t-1\t-x\t@b\t+c\\t\t1=2\n\xff\x01"));
    expect(&t, "\\x3da\t-1\t\\x2dx\t\\x40b\t\\x2bc\\t\t1=2\n\\xff\\x01\n");
}

/* Whatever the times are, the shapes lie within the picture and both pictures can be made. */
static void chart(void **state)
{
    static const int64_t spans[] = {0, 1, 59, 3600, 86400, 30 * 86400, 4000LL * 86400};
    struct notice_row list[3] = {
        {.sent = 1, .refused = 0}, {.sent = 0, .refused = 4000000}, {.time = WHEN_NONE, .sent = 7}};
    struct notice_rows rows = {list, 3};
    struct text t = {0};
    struct chart c;

    (void)state;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        struct chart_moments at = {1795521600 * WHEN_SECOND, WHEN_NONE};
        list[0].time = at.flagged;
        list[1].time = at.action = at.flagged + spans[i] * WHEN_SECOND;
        assert_true(chart_draw(&c, &rows, &at, &words));
        assert_true(c.n > 10 && c.n < CHART_SHAPES);
        for (unsigned s = 0; s < c.n; s++) {
            const struct chart_shape *p = &c.shape[s];
            assert_true(p->x >= 0 && p->x <= CHART_WIDTH && p->y >= 0 && p->y <= CHART_HEIGHT);
            if (p->kind == CHART_RECT)
                assert_true(p->w > 0 && p->h > 0 && p->x + p->w <= CHART_WIDTH &&
                            p->y + p->h <= CHART_HEIGHT);
        }
        chart_add_svg(&t, &c);
        assert_true(chart_add_png(&t, &c));
        chart_free(&c);
    }
    text_free(&t);
    rows.n = 0;
    assert_false(chart_draw(&c, &rows, &(struct chart_moments){WHEN_NONE, WHEN_NONE}, &words));
    chart_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(render),   cmocka_unit_test(long_lists),
                                       cmocka_unit_test(hostile),  cmocka_unit_test(times),
                                       cmocka_unit_test(evidence), cmocka_unit_test(chart)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
