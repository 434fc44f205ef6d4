/* Postfix map files: which rows are taken, how they are written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/mapfile.h"
#include "base/exits.h"

static void test_values(void **state)
{
    static const char *const good[] = {"DUNNO", "mp_slot01", "554 5.7.1 [mp 1.1] no", "450 4.7.1 x",
                                       "mp_slot01_and1_sender mp_slot02"};
    static const char *const bad[] = {"",
                                      "OK",
                                      "REJECT",
                                      "NOSUCHACTION",
                                      "5.7.1 text",
                                      "554 4.7.1 text",
                                      "554 5.7.1",
                                      "554 5.7.1 ",
                                      "554 5.7.1  x",
                                      "554 5.7.1 x ",
                                      "254 2.7.1 x",
                                      "554 5.7.1 a\nb OK",
                                      "554 5.7.1 $recipient",
                                      "554 5.7.1 \303\251",
                                      "mp_Slot",
                                      "mp_a b",
                                      "mp_a  mp_b",
                                      "mp_a mp_b ",
                                      "REJECT no",
                                      "check_sender_access lmdb:/x",
                                      "FILTER out2"};
    char longest[500] = "554 5.7.1 ";

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!map_value_good(slice_str(good[i])))
            fail_msg("%s refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (map_value_good(slice_str(bad[i])))
            fail_msg("%s taken", bad[i]);
    memset(longest + 10, 'x', sizeof longest - 10);
    assert_true(map_value_good(slice_of(longest, 400)));
    assert_false(map_value_good(slice_of(longest, 401)));
}

static void test_keys(void **state)
{
    static const char *const good[] = {"acme1", "bob@acme.example", "\"a b\"@acme.example",
                                       "<>",    "\"a\\\"b\"@x",     "$%,;<@x",
                                       "a#b"};
    static const char *const bad[] = {"",         "#a",   " a",    "a b",    "a\tb",
                                      "A",        "\"a",  "a\\ b", "a\\",    "\"a\\\"",
                                      "\303\251", "a\nb", "a\rb",  "a\013b", "\"a\nb\""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!map_key_good(slice_str(good[i])))
            fail_msg("%s refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (map_key_good(slice_str(bad[i])))
            fail_msg("%s taken", bad[i]);
}

static void test_header_values(void **state)
{
    static const char *const bad[] = {
        "",      "REJECT",      "REJECT ",   "REJECT  x", "554 5.7.1 x",    "mp_slot01",
        "DUNNO", "REJECT a\nb", "REJECT $1", "WARN no",   "REJECT \303\251"};

    (void)state;
    struct mapfile m = {.kind = MAP_HEADER, .name = "mp_test"};
    assert_int_equal(mapfile_add(&m, SL("/x/"), SL("554 5.7.1 no"), SLICE_NONE), MAP_BAD_VALUE);
    assert_int_equal(mapfile_add(&m, SL("/x/"), SL("REJECT no"), SLICE_NONE), MAP_ADDED);
    mapfile_free(&m);
    assert_true(map_header_value_good(SL("REJECT [mp 7.2] no")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (map_header_value_good(slice_str(bad[i])))
            fail_msg("%s taken", bad[i]);
}

static enum map_added add(struct mapfile *m, const char *key, const char *value)
{
    return mapfile_add(m, slice_str(key), slice_str(value), SLICE_NONE);
}

static char *rendered(struct mapfile *m)
{
    struct text t = {0};

    assert_true(mapfile_render(m, &t));
    text_addc(&t, '\0');
    assert_false(t.failed);
    return t.p;
}

static const char *after_comments(const char *s)
{
    while (*s == '#')
        s = strchr(s, '\n') + 1;
    return s;
}

static void test_indexed(void **state)
{
    struct mapfile m = {.kind = MAP_INDEXED, .name = "mp_test"};

    (void)state;
    assert_int_equal(add(&m, "b@x", "mp_slot02"), MAP_ADDED);
    assert_int_equal(add(&m, "a@x", "mp_slot01"), MAP_ADDED);
    assert_int_equal(add(&m, "a@x", "mp_slot01"), MAP_ADDED);
    assert_int_equal(add(&m, "a@x", "mp_slot09"), MAP_CLASH);
    assert_int_equal(add(&m, "a x", "mp_slot01"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "c@x", "ok"), MAP_BAD_VALUE);
    mapfile_about(&m, SL("evil\nv@x OK"));
    char *s = rendered(&m);
    assert_string_equal(after_comments(s), "a@x\tmp_slot01\nb@x\tmp_slot02\n");
    assert_non_null(strstr(s, "# evil\\nv@x OK\n"));
    free(s);
    mapfile_free(&m);
}

static void test_regexp(void **state)
{
    struct mapfile m = {.kind = MAP_REGEXP, .name = "mp_test"};

    (void)state;
    assert_int_equal(add(&m, "x", "DUNNO"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "/x", "DUNNO"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "/a/b/", "DUNNO"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "/a\\/", "DUNNO"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "/a\nb/", "DUNNO"), MAP_BAD_KEY);
    mapfile_add_if(&m, SL("/^acme-/"));
    assert_int_equal(add(&m, "/^acme-z$/", "DUNNO"), MAP_ADDED);
    assert_int_equal(add(&m, "/^acme-/", "mp_slot01"), MAP_ADDED);
    mapfile_add_endif(&m);
    char *s = rendered(&m);
    assert_string_equal(after_comments(s),
                        "if /^acme-/\n/^acme-z$/\tDUNNO\n/^acme-/\tmp_slot01\nendif\n");
    free(s);
    mapfile_free(&m);
}

static void test_cidr(void **state)
{
    struct mapfile m = {.kind = MAP_CIDR, .name = "mp_test"};

    (void)state;
    assert_int_equal(add(&m, "127.0.3.1/24", "mp_slot01"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "300.0.3.1", "mp_slot01"), MAP_BAD_KEY);
    assert_int_equal(add(&m, "127.0.3.0/24", "mp_slot01"), MAP_ADDED);
    assert_int_equal(add(&m, "2001:db8::/32", "mp_slot01"), MAP_ADDED);
    assert_int_equal(add(&m, "127.0.3.0/24", "mp_slot02"), MAP_CLASH);
    mapfile_free(&m);
}

/* A probe is kept only where no earlier row answers it. */
static void test_probes(void **state)
{
    struct mapfile m = {.kind = MAP_REGEXP, .name = "mp_test"};

    (void)state;
    mapfile_add(&m, SL("/^bob(\\+[^@]*)?@x$/"), SL("554 5.7.1 a"), SL("bob@x"));
    mapfile_add(&m, SL("/^bob\\+2(\\+[^@]*)?@x$/"), SL("554 5.7.1 b"), SL("bob+2@x"));
    mapfile_add(&m, SL("/^eve@x$/"), SL("554 5.7.1 c"), SL("eve@x"));
    assert_int_equal(m.n, 3);
    assert_true(slice_eq(m.rows[0].probe, SL("bob@x")));
    assert_int_equal(m.rows[1].probe.n, 0);
    assert_true(slice_eq(m.rows[2].probe, SL("eve@x")));
    mapfile_free(&m);
}

static void spoil(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Stages and puts in place; true when there was something to write. */
static bool written(struct mapfile *m, const char *dir)
{
    struct failure failure = {0};
    struct atomic *a;

    assert_int_equal(mapfile_stage(m, dir, &a, &failure), 0);
    bool changed = a != NULL;
    if (a)
        assert_int_equal(atomic_commit(a), 0);
    atomic_free(a);
    return changed;
}

static void test_write(void **state)
{
    struct mapfile m = {.kind = MAP_INDEXED, .name = "mp_test"};
    struct failure failure = {0};
    struct atomic *a;
    char dir[] = "/tmp/mapfile_test.XXXXXX", path[64];
    struct stat before, after;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/mp_test", dir);
    add(&m, "a@x", "mp_slot01");
    /* Staged is not yet in place. */
    assert_int_equal(mapfile_stage(&m, dir, &a, &failure), 0);
    assert_non_null(a);
    atomic_free(a);
    assert_int_not_equal(stat(path, &before), 0);
    assert_true(written(&m, dir));
    assert_int_equal(stat(path, &before), 0);
    assert_false(written(&m, dir));
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    /* The same length, another byte. */
    add(&m, "b@x", "mp_slot02");
    assert_true(written(&m, dir));
    m.rows[1].value = SL("mp_slot03");
    assert_true(written(&m, dir));
    /* Somebody else's file of that name stays. */
    spoil(path, "a@x REJECT\n");
    assert_int_equal(mapfile_stage(&m, dir, &a, &failure), EXIT_CANTCREAT);
    assert_non_null(strstr(failure_text(&failure), "is not one of our own maps"));
    failure_free(&failure);
    unlink(path);
    rmdir(dir);
    mapfile_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_header_values),
        cmocka_unit_test(test_keys),   cmocka_unit_test(test_indexed),
        cmocka_unit_test(test_regexp), cmocka_unit_test(test_cidr),
        cmocka_unit_test(test_probes), cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
