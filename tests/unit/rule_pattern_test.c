/* rule_pattern: what is learned from local parts, what is taken apart again, and that our matcher,
 * regcomp(3) and Postfix's own regexp tables say the same of every address. */
#include "scratch.h"

#include <locale.h>

#include "act/rule_parts.h"

static struct text learned(enum pattern_cut cut, const char *words)
{
    struct slice word[32], rest = slice_str(words);
    struct text t = {0};
    size_t n = 0;

    while (rest.n) {
        const char *sp = slice_chr(rest, ' ');
        word[n] = sp ? slice_range(rest.p, sp) : rest;
        rest = slice_skip(rest, word[n++].n + 1);
    }
    pattern_learn(&t, word, n, cut);
    text_addc(&t, '\0');
    return t;
}

struct lesson {
    enum pattern_cut cut;
    const char *words, *want;
};

static const struct lesson lesson[] = {
    {CUT_RUNS, "abcdefgh qwertyui zxcvbnmm asdfghjk", "[a-z]{8}"},
    {CUT_RUNS, "info12 info345 info6789 info10", "info[0-9]{2,4}"},
    {CUT_RUNS, "a b c d", "[a-z]"},
    {CUT_RUNS, "ab abc abcde xy zzzz", "[a-z]{2,5}"},
    {CUT_RUNS, "xbc abcdef abcdefghi", "[a-z]{1,12}"}, /* three say little of the next */
    {CUT_RUNS, "same same same", "same"},
    {CUT_RUNS, "mailab mailcd mailxyz", "mail[a-z]{2,3}"},
    {CUT_RUNS, "mail mailcd mailxyz", "mai[a-z]{1,5}"}, /* something has to change */
    {CUT_RUNS, "abx aby abz", "[a-z]{3}"},              /* two letters may be chance */
    {CUT_RUNS, "x.y+1 a.b+2 c.d+3", "[a-z]\\.[a-z]\\+[0-9]"},
    {CUT_RUNS, "1-2_3=4 5-6_7=8", "[0-9]-[0-9]_[0-9]=[0-9]"},
    {CUT_WORDS, "a1b2c3d4 x9y8z7w6", "[a-z0-9]{8}"},
    {CUT_WORDS, "a1b2c3d4 f9e8d7c6", "[a-f0-9]{8}"},
    {CUT_WORDS, "a1b2 f9e8", "[a-z0-9]{4}"}, /* too short to tell */
    {CUT_WORDS, "12345678 87654321", "[0-9]{8}"},
    {CUT_WORDS, "info1a info2b info3c", "info[a-z0-9]{2}"},
    {CUT_WHOLE, "a.b-c a_b+1 q=ww", "[a-z0-9._+=-]{4,5}"},
    {CUT_WHOLE, "a-b b-c", "[a-z-]{3}"},
    {CUT_WHOLE, "._. .._", "[._]{3}"},
};

static void lessons(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lesson / sizeof *lesson; i++) {
        struct text t = learned(lesson[i].cut, lesson[i].words);
        assert_string_equal(t.p, lesson[i].want);
        text_free(&t);
    }
}

static void shapes(void **state)
{
    char shape[PATTERN_WORD_MAX + 1], long_word[80];

    (void)state;
    assert_true(pattern_shape(SL("ab12.c-34"), CUT_RUNS, shape));
    assert_string_equal(shape, "a0.a-0");
    assert_true(pattern_shape(SL("ab12.c-34"), CUT_WORDS, shape));
    assert_string_equal(shape, "w.w-w");
    assert_true(pattern_shape(SL("ab12.c-34"), CUT_WHOLE, shape));
    assert_string_equal(shape, "x");
    assert_false(pattern_shape(SL(""), CUT_RUNS, shape));
    assert_false(pattern_shape(SL("A"), CUT_RUNS, shape));
    assert_false(pattern_shape(SL("a/b"), CUT_WHOLE, shape));
    assert_false(pattern_shape(SL("a\0b"), CUT_WHOLE, shape));
    assert_false(pattern_shape(SL("\xc3\xa4"), CUT_WHOLE, shape));
    memset(long_word, '.', sizeof long_word);
    assert_true(pattern_shape(slice_of(long_word, PATTERN_WORD_MAX), CUT_RUNS, shape));
    assert_int_equal(strlen(shape), PATTERN_WORD_MAX);
    assert_false(pattern_shape(slice_of(long_word, PATTERN_WORD_MAX + 1), CUT_RUNS, shape));
}

/* Ours, and none of ours. */
static void parsing(void **state)
{
    static const char *const ours[] = {
        "^[a-z]{8}@x\\.example$",
        "^info[0-9]{2,4}@(a\\.example|b-c\\.example)$",
        "^.+@x\\.example$",
        "^[a-z]{2}[a-z0-9]{3}@.+$",
        "^a\\.b\\+c@x$",
        "^[a-z0-9._+=-]{1,64}@(a|b|c)$",
        "^[a-f0-9]+-x@x\\.example$",
    };
    static const char *const foreign[] = {"",
                                          "^",
                                          "[a-z]{8}@x$",
                                          "^[a-z]{8}@x",
                                          "^[a-z]{8}$",
                                          "^@x$",
                                          "^a@$",
                                          "^[a-z]{2,4}a@x$",
                                          "^[a-z]{4,2}@x$",
                                          "^[a-z]{0,2}@x$",
                                          "^[^a]@x$",
                                          "^[]a]@x$",
                                          "^[[:alpha:]]@x$",
                                          "^a*@x$",
                                          "^a?@x$",
                                          "^(a|b)@x$",
                                          "^.+a@x$",
                                          "^.@x$",
                                          "^a@x.example$",
                                          "^a@(a|b|c|d)$",
                                          "^a@(a|b$",
                                          "^a@a|b$",
                                          "^a@x\\.example$$",
                                          "^A@x$",
                                          "^[a-z@]{3}@x$",
                                          "^\"a@x$",
                                          "^[z-a]@x$",
                                          "^a{1@x$",
                                          "^a{300}@x$",
                                          "^\\w@x$",
                                          "^a@x\\",
                                          "^[a-z",
                                          "^[a-z]{2,4}[x]@x$"};
    struct pattern p;

    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        assert_true(pattern_parse_sender(slice_str(ours[i]), &p));
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_false(pattern_parse_sender(slice_str(foreign[i]), &p));
    assert_true(pattern_parse_subject(SL("^re: [0-9]+ \\(a@b\\).$"), &p));
    assert_false(pattern_parse_subject(SL("^re: [0-9]+1$"), &p));
    assert_false(pattern_parse_subject(SL("^re$x"), &p));
}

/* --- agreement --- */

static const char *const expression[] = {
    "^[a-z]{8}@x\\.example$",
    "^[a-z]{2,4}@x\\.example$",
    "^[a-z]{2,4}[0-9]{1,2}@(x\\.example|y-z\\.example)$",
    "^info[0-9]{2,4}@.+$",
    "^.+@x\\.example$",
    "^[a-z]{2}[a-z0-9]{3}@.+$",
    "^[a-z]\\.[a-z]\\+[0-9]@x\\.example$",
    "^[a-z0-9._+=-]{3,9}@(x\\.example|y-z\\.example|z_z\\.example)$",
    "^[a-f0-9]{6,8}-[a-z]@x\\.example$",
    "^a\\+b\\.c=d@x\\.example$",
    /* what somebody wrote by hand */
    "bob@",
    "^(a|b)*c?@x\\.example$",
    "^[^@]+[0-9]@[^@]*example$",
};
#define EXPRESSIONS (sizeof expression / sizeof *expression)

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

/* An address that looks like them, often enough. */
static void draw_address(struct text *t)
{
    static const char *const piece[] = {"a", "bc", "0",  "12",   ".",        "+",       "info",
                                        "-", "=",  "_",  "e1f2", "Z",        "bob",     "\"",
                                        " ", "@",  "\\", "/",    "\xc3\xa9", "abcdefgh"};
    static const char *const domain[] = {"x.example",     "y-z.example", "z_z.example",
                                         "X.Example",     "xexample",    "ax.example",
                                         "x.example.org", "[192.0.2.1]", "x.example."};
    unsigned n = 1 + draw(6), odd = draw(3) ? 12 : 20;
    bool quoted = odd == 20 && draw(2);

    if (quoted)
        text_addc(t, '"');
    for (unsigned i = 0; i < n; i++)
        text_add(t, slice_str(piece[draw(odd)]));
    if (quoted)
        text_addc(t, '"');
    text_addc(t, '@');
    text_add(t, slice_str(domain[draw(draw(2) ? 2 : 9)]));
}

static bool regcomp_says(const char *re, const char *address)
{
    regex_t regex;

    assert_int_equal(regcomp(&regex, re, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    bool yes = regexec(&regex, address, 0, NULL, 0) == 0;
    regfree(&regex);
    return yes;
}

static bool we_say(const char *re, struct slice address)
{
    struct rule_condition c = {RULE_SENDER_PATTERN, slice_str(re)};
    struct rule_message m = {.sender = address};

    return rule_matches(&c, 1, &m);
}

/* Addresses in the form that smtpd looks up; for text_free(). */
static struct text draw_addresses(unsigned n)
{
    struct text all = {0}, t = {0};
    struct address a;

    text_add(&all, SL("a.b+1@x.example\nabcdef12-q@x.example\na+b.c=d@x.example\n"));
    while (n) {
        t.n = 0;
        draw_address(&t);
        if (address_parse(text_slice(&t), &a) != ADDRESS_OK)
            continue;
        text_add(&all, address_key(&a));
        text_addc(&all, '\n');
        n--;
    }
    text_free(&t);
    return all;
}

static void agree_in(const char *locale)
{
    struct text all = draw_addresses(4000);
    struct slice rest = text_slice(&all);
    size_t hits[EXPRESSIONS] = {0};
    char key[ADDRESS_MAX + 1];

    if (setlocale(LC_ALL, locale) == NULL) {
        text_free(&all);
        return;
    }
    while (rest.n) {
        struct slice line = slice_range(rest.p, slice_chr(rest, '\n'));
        rest = slice_skip(rest, line.n + 1);
        memcpy(key, line.p, line.n);
        key[line.n] = '\0';
        for (size_t i = 0; i < EXPRESSIONS; i++) {
            bool yes = we_say(expression[i], line);
            hits[i] += yes;
            if (yes != regcomp_says(expression[i], key))
                fail_msg("%s: %s: we say %d", expression[i], key, yes);
        }
    }
    for (size_t i = 0; i < EXPRESSIONS; i++)
        if (hits[i] == 0)
            fail_msg("%s: no address fits", expression[i]);
    setlocale(LC_ALL, "C");
    text_free(&all);
}

static void regcomp_agrees(void **state)
{
    (void)state;
    agree_in("C");
    agree_in("C.UTF-8");
}

/* The addresses that postmap -q finds, in the order asked. */
static struct text postmap_finds(const char *re, struct slice addresses)
{
    struct text map = {0}, found = {0};
    char buf[4096];
    size_t n;

    text_addf(&map, "/%s/ OK\n", re);
    put_file("main.cf", SL(""));
    put_file("map", text_slice(&map));
    put_file("addresses", addresses);
    text_free(&map);
    FILE *f = popen("postmap -c . -q - regexp:./map <addresses", "r");
    assert_non_null(f);
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        text_add(&found, slice_of(buf, n));
    pclose(f);
    return found;
}

static bool postmap_is_there(void)
{
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    return system("command -v postmap >postmap.out") == 0;
}

static void check_postmap(const char *re)
{
    struct text all = draw_addresses(500), want = {0};
    struct text found = postmap_finds(re, text_slice(&all));

    for (struct slice rest = text_slice(&all), line; rest.n; rest = slice_skip(rest, line.n + 1)) {
        line = slice_range(rest.p, slice_chr(rest, '\n'));
        if (we_say(re, line)) {
            text_add(&want, line);
            text_add(&want, SL("\tOK\n"));
        }
    }
    assert_int_equal(found.n, want.n);
    assert_true(want.n == 0 || memcmp(found.p, want.p, want.n) == 0);
    text_free(&found);
    text_free(&want);
    text_free(&all);
}

static void postmap_agrees(void **state)
{
    (void)state;
    if (!postmap_is_there())
        skip();
    for (size_t i = 0; i < EXPRESSIONS; i++)
        check_postmap(expression[i]);
}

/* What is learned can be written and read, and fits all that it was learned from. */
static void learned_fits(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 500; turn++) {
        struct text all = draw_addresses(12);
        for (unsigned cut = 0; cut < PATTERN_CUTS; cut++) {
            char shape[PATTERN_WORD_MAX + 1], first[PATTERN_WORD_MAX + 1] = "";
            struct slice word[16], rest = text_slice(&all), line;
            struct text t = {0};
            size_t n = 0;
            text_addc(&t, '^');
            for (; rest.n; rest = slice_skip(rest, line.n + 1)) {
                line = slice_range(rest.p, slice_chr(rest, '\n'));
                struct slice local = slice_range(line.p, slice_rchr(line, '@'));
                if (!pattern_shape(local, cut, shape) || (n && strcmp(shape, first) != 0))
                    continue;
                strcpy(first, shape);
                word[n++] = local;
            }
            pattern_learn(&t, word, n, cut);
            text_add(&t, SL("@.+$"));
            struct pattern p;
            assert_int_equal(pattern_parse_sender(text_slice(&t), &p), n > 0);
            for (size_t i = 0; i < n; i++)
                assert_true(pattern_fits_sender(&p, slice_of(word[i].p, word[i].n + 2), word[i].n));
            text_free(&t);
        }
        text_free(&all);
    }
}

/* --- conditions as Postfix sees them --- */

static bool holds(enum rule_field field, const char *value, const char *has)
{
    struct rule_condition c = {field, slice_str(value)};
    struct slice s = slice_str(has);
    struct rule_message m = {.sender = s, .client = s, .login = s, .helo = s, .subject = s};
    bool yes = rule_matches(&c, 1, &m);

    assert_true(!yes || rule_may_match(&c, 1, &m));
    return yes;
}

static void conditions(void **state)
{
    struct rule_message none = {.time = 0};
    struct rule_condition helo = {RULE_HELO, SL("pc")}, login = {RULE_LOGIN, SL("bob")};

    (void)state;
    assert_true(holds(RULE_SENDER, "bob@x.example", "Bob@X.example."));
    assert_true(holds(RULE_SENDER, "bob@x.example", "bob+a+b@x.example"));
    assert_true(holds(RULE_SENDER, "bob@x.example", "\"bob\"@x.example"));
    assert_false(holds(RULE_SENDER, "bob@x.example", "bob-a@x.example"));
    assert_false(holds(RULE_SENDER, "bob@x.example", "bo+b@x.example"));
    assert_false(holds(RULE_SENDER, "bob@x.example", "bob@y.example"));
    assert_false(holds(RULE_SENDER, "\"b b\"@x.example", "\"b b\"+c@x.example"));
    assert_true(holds(RULE_SENDER, "\"b b\"@x.example", "\"b\\ b\"@x.example"));
    assert_false(holds(RULE_SENDER, "Bob@x.example", "bob@x.example")); /* no map would have it */
    assert_false(holds(RULE_SENDER, "bob@x.example", "<>"));
    assert_true(holds(RULE_CLIENT, "192.0.2.1", "::ffff:192.0.2.1"));
    assert_true(holds(RULE_CLIENT, "192.0.2.0/24", "192.0.2.77"));
    assert_false(holds(RULE_CLIENT, "192.0.2.0/24", "192.0.3.77"));
    assert_true(holds(RULE_CLIENT, "2001:db8::/64", "2001:DB8::1"));
    assert_false(holds(RULE_CLIENT, "nonsense", "nonsense"));
    assert_true(holds(RULE_LOGIN, "bob", "BOB"));
    assert_false(holds(RULE_LOGIN, "bob", "bobo"));
    assert_true(holds(RULE_HELO, "ylmf-pc", "YLMF-PC"));
    assert_true(holds(RULE_HELO, "x.example", "mail.x.example"));
    assert_false(holds(RULE_HELO, "x.example", "mailx.example"));
    assert_true(holds(RULE_SUBJECT, "^buy [0-9]+ pills$", "Buy 17 PILLS"));
    assert_false(holds(RULE_SUBJECT, "^buy [0-9]+ pills$", "Re: buy 17 pills"));
    assert_true(holds(RULE_SUBJECT, "pills?", "my Pills"));
    assert_false(holds(RULE_SENDER_PATTERN, "^(((", "x@x.example"));
    assert_false(rule_matches(&helo, 1, &none));
    assert_true(rule_may_match(&helo, 1, &none));
    assert_false(rule_may_match(&login, 1, &none));
    assert_false(rule_matches(&login, 0, &none));
}

static void words(void **state)
{
    const struct rule_condition c[] = {
        {RULE_CLIENT, SL("203.0.113.9")},
        {RULE_SENDER_PATTERN, SL("^[a-z]{8}@acme\\.example$")},
        {RULE_SENDER_PATTERN, SL("^.+@(a\\.example|b\\.example)$")},
        {RULE_SENDER_PATTERN, SL("^a\\+b@.+$")},
        {RULE_HELO, SL("pc\x1b[2J")},
        {RULE_SENDER, SL("x\xff@y")},
        {RULE_SENDER_PATTERN, SL("\\")},
    };
    struct text t = {0};

    (void)state;
    rule_add_words(&t, c, 2);
    text_addc(&t, '\n');
    for (size_t i = 2; i < 7; i++) {
        rule_add_words(&t, c + i, 1);
        text_addc(&t, '\n');
    }
    text_addc(&t, '\0');
    assert_string_equal(
        t.p, "client address 203.0.113.9 and sender addresses like [a-z]{8}@acme.example\n"
             "all sender addresses at (a.example|b.example)\n"
             "sender addresses like a+b at any domain\n"
             "HELO name pc\\x1b[2J\n"
             "sender address x\\xff@y\n"
             "sender addresses like \n");
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lessons),        cmocka_unit_test(shapes),
        cmocka_unit_test(parsing),        cmocka_unit_test(regcomp_agrees),
        cmocka_unit_test(postmap_agrees), cmocka_unit_test(learned_fits),
        cmocka_unit_test(conditions),     cmocka_unit_test(words),
    };
    return cmocka_run_group_tests_name("rule_pattern", tests, scratch_begin, scratch_end);
}
