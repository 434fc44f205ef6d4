/* words: splitting, quotes, comments, and mistakes that come all at once with their lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/words.h"

/* All words of the text, `|` between words, newline after a line. */
static void read_all(struct slice text, struct text *out, struct problems *problems)
{
    struct words w;

    assert_int_equal(words_of(&w, "f", text, problems), WORDS_OK);
    while (words_next(&w)) {
        text_addf(out, "%u:", w.line);
        for (size_t i = 0; i < w.n; i++) {
            text_add(out, i ? SL("|") : SLICE_NONE);
            text_add(out, w.word[i]);
        }
        text_addc(out, '\n');
    }
    words_free(&w);
}

static void expect(struct slice text, const char *words, const char *problems)
{
    struct text out = {0};
    struct problems found = {0};

    read_all(text, &out, &found);
    text_addc(&out, 0);
    text_addc(&found.lines, 0);
    assert_string_equal(out.p, words);
    assert_string_equal(found.lines.p, problems);
    text_free(&out);
    problems_free(&found);
}

static void lines_and_words(void **state)
{
    (void)state;
    expect(SL(""), "", "");
    expect(SL("\n\n# all\n   # comment\n"), "", "");
    expect(SL("a b\tc\n"), "1:a|b|c\n", "");
    expect(SL("  a   b  # c\nno-newline"), "1:a|b\n2:no-newline\n", "");
    expect(SL("a#b c\r\nd\r\n"), "1:a#b|c\n2:d\n", "");
    expect(SL("\xef\xbb\xbf"
              "bom x"),
           "1:bom|x\n", "");
    expect(SL("k \"North IT\" \"\" \"a\\\"b\\\\c\\d\" end"), "1:k|North IT||a\"b\\c\\d|end\n", "");
    expect(SL("m\xc3\xbcller x"), "1:m\xc3\xbcller|x\n", "");
    expect(SL("x \"# not a comment\""), "1:x|# not a comment\n", "");
}

static void mistakes(void **state)
{
    (void)state;
    expect(SL("ok 1\nbad \"open\nok 2\nnul \0 here\nbad\"ok 3\n\"a\"b\n\xff\nesc \x1b[2J\nlast"),
           "1:ok|1\n3:ok|2\n9:last\n",
           "f:2: a quotation mark is not closed\n"
           "f:4: control character 0x00: remove it\n"
           "f:5: a quotation mark within a word: quotes go around the whole word\n"
           "f:6: a blank is missing after a closing quotation mark\n"
           "f:7: byte 0xff is not UTF-8: save the file as UTF-8\n"
           "f:8: control character 0x1b: remove it\n");
}

static void many_words_and_problems(void **state)
{
    struct text in = {0}, out = {0};
    struct problems found = {0};
    struct words w;

    (void)state;
    for (int i = 0; i < 5000; i++)
        text_addf(&in, "w%d ", i);
    assert_int_equal(words_of(&w, "f", text_slice(&in), &found), WORDS_OK);
    assert_true(words_next(&w));
    assert_int_equal(w.n, 5000);
    assert_true(slice_eq(w.word[4999], SL("w4999")));
    words_free(&w);
    in.n = 0;
    for (unsigned i = 0; i < PROBLEMS_KEPT + 7; i++)
        text_add(&in, SL("\"\n"));
    read_all(text_slice(&in), &out, &found);
    assert_int_equal(found.count, PROBLEMS_KEPT + 7);
    assert_null(slice_find(text_slice(&found.lines), SL("f:1001:")));
    assert_non_null(slice_find(text_slice(&found.lines), SL("f:1000:")));
    text_free(&in);
    text_free(&out);
    problems_free(&found);
}

static void files(void **state)
{
    char dir[] = "/tmp/words_test.XXXXXX", path[64];
    struct problems found = {0};
    struct words w;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/none", dir);
    assert_int_equal(words_load(&w, path, &found), WORDS_ABSENT);
    assert_int_equal(found.count, 0);
    assert_int_equal(words_load(&w, dir, &found), WORDS_BROKEN);
    assert_int_equal(found.count, 1);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 40000; i++)
        fprintf(f, "line %d\n", i);
    fclose(f);
    assert_int_equal(words_load(&w, path, &found), WORDS_OK);
    int n = 0;
    while (words_next(&w))
        n++;
    assert_int_equal(n, 40000);
    words_free(&w);
    unlink(path);
    rmdir(dir);
    problems_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_words),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(many_words_and_problems),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
