/* partner: the file's lines, all mistakes at once, and whether every customer's partner exists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "judge/partner.h"

static struct partners *load(const char *text, struct problems *problems)
{
    struct partners *p;
    struct words w;

    assert_int_equal(words_of(&w, "partners", slice_str(text), problems), WORDS_OK);
    enum words_result result = partners_read(&w, &p);
    assert_int_equal(result == WORDS_OK, p != NULL);
    assert_int_equal(result == WORDS_OK, problems->count == 0);
    words_free(&w);
    return p;
}

static void expect_problems(const char *text, const char *problems)
{
    struct problems p = {0};

    assert_null(load(text, &p));
    text_addc(&p.lines, '\0');
    assert_string_equal(p.lines.p, problems);
    problems_free(&p);
}

static bool is(struct slice s, const char *text)
{
    return slice_eq(s, slice_str(text));
}

static void lines(void **state)
{
    struct problems problems = {0};
    struct partners *all = load("# resellers\n"
                                "north-it  \"North IT\"  mail:abuse@north-it.example  lang:en\n"
                                "south     S\xc3\xbc"
                                "d lang:pt-BR mail:a@s.example "
                                "mail:b+c@s.example\n"
                                "east \"East \\\"E\\\" Ltd.\"\n",
                                &problems);
    const struct partner *p;

    (void)state;
    assert_non_null(p = partners_by_key(all, SL("north-it")));
    assert_true(is(p->key, "north-it"));
    assert_true(is(p->name, "North IT"));
    assert_true(is(p->lang, "en"));
    assert_int_equal(p->mails, 1);
    assert_true(is(p->mail[0], "abuse@north-it.example"));
    assert_int_equal(p->line, 2);
    assert_non_null(p = partners_by_key(all, SL("south")));
    assert_true(is(p->name, "S\xc3\xbc"
                            "d"));
    assert_true(is(p->lang, "pt-BR"));
    assert_int_equal(p->mails, 2);
    assert_true(is(p->mail[0], "a@s.example"));
    assert_true(is(p->mail[1], "b+c@s.example"));
    assert_non_null(p = partners_by_key(all, SL("east")));
    assert_true(is(p->name, "East \"E\" Ltd."));
    assert_int_equal(p->lang.n, 0);
    assert_int_equal(p->mails, 0);
    assert_null(partners_by_key(all, SL("west")));
    assert_null(partners_by_key(all, SL("North-it")));
    assert_null(partners_by_key(NULL, SL("east")));
    partners_free(all);
    partners_free(NULL);
}

static void mistakes(void **state)
{
    (void)state;
    expect_problems(
        "a \"A\"\n"
        "lonely\n"
        "b mail:x@b.example\n"
        "a \"A again\" lang:en lang:de\n"
        "c North IT mail:x@c.example\n"
        "- \"Nobody\"\n"
        "d/e \"D\" phone:1\n"
        "e \"\" lang:en\n"
        "f \"open\n",
        "partners:2: the name is missing: KEY \"NAME\" [mail:ADDRESS] [lang:TAG]\n"
        "partners:3: the name is missing: KEY \"NAME\" [mail:ADDRESS] [lang:TAG]\n"
        "partners:4: partner a stands in line 1 already\n"
        "partners:4: lang:de: the line has a lang: already\n"
        "partners:5: IT: neither mail:ADDRESS nor lang:TAG (a name of several words stands in "
        "quotes)\n"
        "partners:6: the partner's key (first word): 1 to 64 letters, digits and . _ @ + - are "
        "allowed, and not - alone\n"
        "partners:7: the partner's key (first word): 1 to 64 letters, digits and . _ @ + - are "
        "allowed, and not - alone\n"
        "partners:7: phone:1: neither mail:ADDRESS nor lang:TAG (a name of several words stands "
        "in quotes)\n"
        "partners:8: the name is missing: KEY \"NAME\" [mail:ADDRESS] [lang:TAG]\n"
        "partners:9: a quotation mark is not closed\n");
}

/* What must not reach the arguments of sendmail or the name of a template. */
static void refused(void **state)
{
    static const char *const word[] = {"mail:",
                                       "mail:nobody",
                                       "mail:@x.example",
                                       "mail:x@",
                                       "mail:-f@x.y",
                                       "mail:a@b@c",
                                       "\"mail:a b@x.y\"",
                                       "mail:a,b@x.y",
                                       "mail:<a@x.y>",
                                       "mail:a@[::1]",
                                       "mail:a;b@x.y",
                                       "lang:",
                                       "lang:e",
                                       "lang:../x",
                                       "lang:en/us",
                                       "lang:en_US",
                                       "lang:en-",
                                       "lang:-en",
                                       "lang:e1",
                                       "lang:e-us",
                                       "lang:en--us",
                                       "lang:en.txt",
                                       "lang:abcdefghi",
                                       "lang:\xc3\xa9n",
                                       "lang:aa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee"};

    (void)state;
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        struct problems p = {0};
        char line[200];

        snprintf(line, sizeof line, "a \"A\" %s\n", word[i]);
        struct partners *all = load(line, &p);
        if (all || p.count != 1)
            fail_msg("%s: %u problems", word[i], p.count);
        problems_free(&p);
    }
}

static void customers(void **state)
{
    struct problems p = {0};
    struct partners *all = load("north-it \"North IT\"\nsouth \"South\"\n", &p);
    struct customers *c;
    struct words w;

    (void)state;
    words_of(&w, "customers",
             SL("a north-it domain:a.example\nb - domain:b.example\nc north domain:c.example\n\n"
                "d South\nc north domain:cc.example\n"),
             &p);
    assert_int_equal(customers_read(&w, &c), WORDS_OK);
    words_free(&w);
    partners_check(NULL, c, "x/customers", &p);
    partners_check(all, NULL, "x/customers", &p);
    assert_int_equal(p.count, 0);
    partners_check(all, c, "x/customers", &p);
    assert_int_equal(p.count, 2);
    text_addc(&p.lines, '\0');
    assert_string_equal(p.lines.p, "x/customers:3: customer c has the partner north, who is not in "
                                   "the file partners\n"
                                   "x/customers:5: customer d has the partner South, who is not in "
                                   "the file partners\n");
    problems_free(&p);
    customers_free(c);
    partners_free(all);
}

static void files(void **state)
{
    char dir[] = "/tmp/partner_test.XXXXXX", name[80];
    struct problems p = {0};
    struct partners *all;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(partners_load(dir, &p, &all), WORDS_ABSENT);
    assert_null(all);
    snprintf(name, sizeof name, "%s/partners", dir);
    FILE *out = fopen(name, "w");
    assert_non_null(out);
    fputs("north-it \"North IT\"\n", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(partners_load(dir, &p, &all), WORDS_OK);
    assert_non_null(partners_by_key(all, SL("north-it")));
    assert_int_equal(p.count, 0);
    partners_free(all);
    unlink(name);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),     cmocka_unit_test(mistakes), cmocka_unit_test(refused),
        cmocka_unit_test(customers), cmocka_unit_test(files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
