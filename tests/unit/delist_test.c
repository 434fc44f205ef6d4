/* delist: templates and how they are rendered; links, addresses and names in a server's reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/delist_reply.h"
#include "act/delist_template.h"

/* --- templates --- */

static void renders(const char *text, const struct delist_facts *facts, bool fill, const char *want)
{
    struct arena arena = {0};
    struct problems problems = {0};
    struct delist_template t = {0};
    struct text out = {0}, file = {0};

    text_add(&file, SL("Language: en\n\n"));
    text_add(&file, slice_str(text));
    assert_true(delist_template_read(&t, "t.txt", text_slice(&file), &arena, &problems));
    delist_render(&out, t.text, facts, fill);
    text_addc(&out, 0);
    assert_false(out.failed);
    assert_string_equal(out.p, want);
    text_free(&out);
    text_free(&file);
    problems_free(&problems);
    arena_free(&arena);
}

static void test_render(void **state)
{
    struct delist_facts f = {.value = {[FACT_IP] = SL("192.0.2.1"), [FACT_NAME] = SL("Jo")}};

    (void)state;
    renders("a {{ip}}\nb\n", &f, true, "a 192.0.2.1 b\n");
    renders("a\\\nb\\\n\n\n\nc\n", &f, true, "a\nb\n\nc\n");
    renders("a\n  b  c\nd\n", &f, true, "a\n  b c\nd\n");
    renders("{{#if host}}\nhidden\n{{/if}}\nshown\n", &f, true, "shown\n");
    renders("{{#unless host}}x{{/unless}}{{#if ip}}y{{/if}}\n", &f, true, "xy\n");
    renders("{{#if ip}}{{#if host}}a{{/if}}{{#unless host}}b{{/unless}}{{/if}}\n", &f, true, "b\n");
    renders("{{#if host}}{{#unless host}}a{{/unless}}{{/if}}c\n", &f, true, "c\n");
    renders("{{! nothing }}\na{{! nor here }}b\n", &f, true, "ab\n");
    renders("a\n{{host}}\nb\n", &f, true, "a b\n");
    renders("  {{name}}\n", &f, true, "  Jo\n");
    renders("", &f, true, "");
    /* what a fact says is no template */
    f.value[FACT_REPLY] = SL("{{name}} {{#if host}}");
    renders("{{reply}} {{name}}\n", &f, true, "{{name}} {{#if host}} Jo\n");
}

static void test_fill(void **state)
{
    struct delist_facts f = {
        .value = {[FACT_REPLY] = SL("0123456789012345678901234567890123456789")}};

    (void)state;
    renders(
        "{{reply}} {{reply}} b\n", &f, true,
        "0123456789012345678901234567890123456789\n0123456789012345678901234567890123456789 b\n");
    renders("{{reply}} {{reply}} b\n", &f, false,
            "0123456789012345678901234567890123456789 "
            "0123456789012345678901234567890123456789 b\n");
    renders("  {{reply}} {{reply}} b\n", &f, true,
            "  0123456789012345678901234567890123456789\n"
            "  0123456789012345678901234567890123456789 b\n");
    /* columns are characters, not bytes: 36 + 1 + 35 are 72 */
    f.value[FACT_REPLY] = SL("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü");
    f.value[FACT_NAME] = SL("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäö");
    renders("{{reply}} {{name}}\n", &f, true,
            "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäö\n");
}

static void test_sections(void **state)
{
    struct arena arena = {0};
    struct problems problems = {0};
    struct delist_template t = {0};
    struct slice text =
        SL("Language: de\nAfter: a b\nPolicy: (X)\nTrust: c.example\nSubject: S\n\n"
           "\nbody\n\n== ip: The address: yours\n{{ip}}\n\n\n== plain\n== last: l\nx\n");

    (void)state;
    assert_true(delist_template_read(&t, "t.txt", text, &arena, &problems));
    assert_true(slice_eq(t.language, SL("de")) && slice_eq(t.policy, SL("(X)")));
    assert_true(slice_eq(t.subject, SL("S")) && slice_eq(t.text, SL("body")));
    assert_true(delist_word_in(t.after, SL("a")) && delist_word_in(t.after, SL("b")));
    assert_false(delist_word_in(t.after, SL("a b")) || delist_word_in(t.after, SL("")));
    assert_int_equal(t.sections, 3);
    assert_true(slice_eq(t.section[0].label, SL("The address: yours")));
    assert_true(slice_eq(t.section[0].text, SL("{{ip}}")));
    assert_true(slice_eq(t.section[1].label, SL("plain")) && t.section[1].text.n == 0);
    assert_true(delist_section_find(&t, SL("last")) == &t.section[2]);
    assert_null(delist_section_find(&t, SL("la")));
    problems_free(&problems);
    arena_free(&arena);
}

static void test_mistakes(void **state)
{
    static const char *const bad[] = {"{{nosuch}}",
                                      "{{ip",
                                      "{{#if ip}}",
                                      "{{/if}}",
                                      "{{#if}}",
                                      "{{#if ip}}{{/unless}}",
                                      "{{#unless x}}",
                                      "{{}}",
                                      "a\x01",
                                      "\xff",
                                      "\xed\xa0\x80",
                                      "a\tb",
                                      "== a\nx\n== a\ny\n"};
    struct arena arena = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct problems problems = {0};
        struct delist_template t = {0};
        struct text file = {0};
        text_add(&file, SL("Language: en\n\n"));
        text_add(&file, slice_str(bad[i]));
        assert_false(delist_template_read(&t, "t.txt", text_slice(&file), &arena, &problems));
        assert_int_equal(problems.count, 1);
        text_free(&file);
        problems_free(&problems);
    }
    arena_free(&arena);
}

/* Every cut of a template is read or refused, and rendered if it is read. */
static void test_cuts(void **state)
{
    static const char whole[] =
        "Subject: {{ip}}\n\na {{#if ip}}b{{/if}}\\\n== k: {{\n{{! x }}{{name}}\n";
    struct delist_facts f = {.value = {[FACT_IP] = SL("x")}};

    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct arena arena = {0};
        struct problems problems = {0};
        struct delist_template t = {0};
        struct text out = {0};
        char *copy = arena_str(&arena, slice_of(whole, n));
        bool good = delist_template_read(&t, "t", slice_of(copy, n), &arena, &problems);
        assert_int_equal(good, problems.count == 0);
        delist_render(&out, t.text, &f, true);
        for (size_t i = 0; i < t.sections; i++)
            delist_render(&out, t.section[i].text, &f, false);
        text_free(&out);
        problems_free(&problems);
        arena_free(&arena);
    }
}

/* --- replies --- */

static struct slice mx[] = {SL("mx.mail.example"), SL("other.example")};
static struct slice alias[] = {SL("bl.list.example")};
static struct provider provider = {
    .to = SL("https://www.postmaster.example/form?ip={ip}"), .mx = {mx, 2}, .alias = {alias, 1}};
static struct delist_template policy = {.trust = SL("trusted.example  two.example")};

static void gives(struct slice reply, const char *link, const char *mail)
{
    struct delist x = {.by_log = true, .sample = reply, .provider = &provider, .policy = &policy};
    struct text t = {0};

    assert_int_equal(delist_reply_link(&t, &x), link != NULL);
    text_addc(&t, 0);
    assert_string_equal(t.p, link ? link : "");
    t.n = 0;
    assert_int_equal(delist_reply_mail(&t, &x), mail != NULL);
    text_addc(&t, 0);
    assert_string_equal(t.p, mail ? mail : "");
    text_free(&t);
}

static void test_links(void **state)
{
    (void)state;
    gives(SL("see https://www.postmaster.example/a?b=c&d=1."),
          "https://www.postmaster.example/a?b=c&d=1", NULL);
    gives(SL("(http://x.other.example/)"), "http://x.other.example/", NULL);
    gives(SL("http://OTHER.example:8080/x,"), "http://OTHER.example:8080/x", NULL);
    gives(SL("http://notother.example/ http://other.example.evil.example/"), NULL, NULL);
    gives(SL("https://evil.example/?https://other.example/ then http://two.example/y"),
          "http://two.example/y", NULL);
    gives(SL("https://other.example@evil.example/"), NULL, NULL);
    gives(SL("https:// http:// httphttp"), NULL, NULL);
    gives(SL("ftp://other.example/"), NULL, NULL);
    gives(SL("http://other.example/\x1b[31m\"x"), "http://other.example/", NULL);
    gives(SL("http://bl.list.example/x"), "http://bl.list.example/x", NULL);
    gives(SL("http://list.example/x"), NULL, NULL);
    gives(SL(""), NULL, NULL);
}

static void test_addresses(void **state)
{
    (void)state;
    gives(SL("ask tosa@sub.other.example."), NULL, "tosa@sub.other.example");
    gives(SL("<a@evil.example> b@trusted.example"), NULL, "b@trusted.example");
    gives(SL("-oQ@other.example"), NULL, NULL);
    gives(SL("\"x y\"@other.example"), NULL, NULL);
    gives(SL("a@b@other.example"), NULL, "b@other.example");
    gives(SL("@other.example @ x@"), NULL, NULL);
    gives(SL("a@other.example,b@evil.example"), NULL, "a@other.example");
    gives(SL("\xff@other.example"), NULL, NULL);
    gives(SL("|sh@other.example"), NULL, NULL);
}

static void quotes(const struct delist *x, const char *want)
{
    struct text t = {0};

    delist_reply_quote(&t, x);
    text_addc(&t, 0);
    assert_string_equal(t.p, want);
    text_free(&t);
}

static void test_names(void **state)
{
    struct delist_culprit c[] = {{.customer = SL("acme-co"), .identity = SL("Bob@acme.example")},
                                 {.customer = SL("it"), .identity = SL("198.51.100.7")}};
    struct delist x = {.provider = &provider, .culprit = c, .culprits = 2};

    (void)state;
    x.sample = SL("550 it was <x@y.example>, ask a@other.example");
    quotes(&x, "550 it was <[removed]>, ask a@other.example");
    x.sample = SL("bob@acme.example of ACME-CO at [198.51.100.7]: acme.example; acme-company");
    quotes(&x, "[removed] of [removed] at [[removed]]: [removed]; acme-company");
    x.sample = SL("\"b c\"@y.example b=c@y.example x+y=z@y.example");
    quotes(&x, "[removed] [removed] [removed]");
    x.sample = SL("a\nb\x1b[2J\xff \xe2\x80\xae");
    quotes(&x, "a\\x0ab\\x1b[2J\\xff \\u202e");
    assert_true(slice_eq(delist_names(&x, SL("it was Acme-Co's")), SL("Acme-Co")));
    assert_int_equal(delist_names(&x, SL("a mailbox @ a customer")).n, 0);
}

static void test_long(void **state)
{
    struct delist x = {.provider = &provider};
    struct text long_one = {0}, t = {0};

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        text_add(&long_one, SL("ä"));
    x.sample = slice_skip(text_slice(&long_one), 2);
    delist_reply_quote(&t, &x);
    assert_int_equal(t.n, DELIST_REPLY_MOST + 6);
    for (unsigned i = 0; i < 100000; i++)
        text_addc(&long_one, '@');
    x.sample = slice_skip(text_slice(&long_one), 1999);
    x.by_log = true;
    t.n = 0;
    assert_false(delist_reply_mail(&t, &x));
    delist_reply_quote(&t, &x);
    text_free(&t);
    text_free(&long_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render),    cmocka_unit_test(test_fill),
        cmocka_unit_test(test_sections),  cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_cuts),      cmocka_unit_test(test_links),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_names),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
