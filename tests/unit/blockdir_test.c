/* The folder of maps: all new files or none, one run at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "act/blockdir.h"
#include "base/exits.h"
#include "scratch.h"

static struct standing_action action = {.incident = 1,
                                        .rule = 1,
                                        .slot = 1,
                                        .type = ACTION_ADDRESS,
                                        .kind = 1,
                                        .identity = {"joe@x.example", 13},
                                        .conditions = 1};

static void make(struct blockmap *maps, const char *address)
{
    struct standing standing = {.list = &action, .n = address != NULL};
    const struct blockmap_options options = {.slots = 2};
    struct problems problems = {0};

    if (address)
        action.condition[0] = (struct rule_condition){RULE_SENDER, slice_str(address)};
    assert_true(blockmap_build(maps, &standing, NULL, &options, &problems));
    assert_int_equal(problems.count, 0);
}

/* Installs the maps for that address (NULL: none); how many files changed, -1: it failed. */
static int install(const char *address, struct failure *failure)
{
    struct blockdir dir = BLOCKDIR_NONE;
    struct blockmap maps = {0};
    bool changed[100];
    int n = 0;

    make(&maps, address);
    assert_true(maps.n < 100);
    if (blockdir_open(&dir, "maps", false, failure) != 0 ||
        blockdir_install(&dir, &maps, NULL, changed, failure) != 0)
        n = -1;
    for (size_t i = 0; i < maps.n && n >= 0; i++)
        n += changed[i];
    blockdir_close(&dir);
    blockmap_free(&maps);
    return n;
}

static void test_changes(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_int_equal(install(NULL, &failure), 7 + 2 * 8);
    assert_int_equal(scratch_entries("maps"), 7 + 2 * 8 + 2); /* and the lock, and mp_reload */
    assert_int_equal(install(NULL, &failure), 0);
    /* The slot's eight get their header comment, and the way there. */
    assert_int_equal(install("bob@x.example", &failure), 8 + 1);
    assert_int_equal(install("bob@x.example", &failure), 0);
    assert_int_equal(install("eve@x.example", &failure), 2);
    assert_int_equal(install(NULL, &failure), 8 + 1);
    failure_free(&failure);
}

/* What a killed run left to do. */
static void test_reload(void **state)
{
    const struct blockdir dir = {.path = "maps"};
    struct failure failure = {0};

    (void)state;
    assert_int_equal(install(NULL, &failure), 7 + 2 * 8);
    assert_true(blockdir_reload_due(&dir));
    assert_int_equal(install(NULL, &failure), 0);
    assert_true(blockdir_reload_due(&dir));
    blockdir_reloaded(&dir);
    assert_false(blockdir_reload_due(&dir));
    assert_int_equal(install(NULL, &failure), 0);
    assert_false(blockdir_reload_due(&dir));
    assert_int_equal(install("bob@x.example", &failure), 8 + 1);
    assert_true(blockdir_reload_due(&dir));
}

static struct text all_files(void)
{
    struct text all = {0};
    struct blockmap maps = {0};

    make(&maps, NULL);
    for (size_t i = 0; i < maps.n; i++) {
        char path[100];
        snprintf(path, sizeof path, "maps/%s", maps.maps[i].name);
        struct text t = get_file(path);
        text_add(&all, text_slice(&t));
        text_free(&t);
    }
    blockmap_free(&maps);
    return all;
}

/* No file may grow over 330 bytes: the comment and one row's worth, less than a row with a long
 * address needs. */
static void test_full_disk(void **state)
{
    struct failure failure = {0};
    struct rlimit was, small;
    char address[200];

    (void)state;
    memset(address, 'x', sizeof address);
    memcpy(address + 180, "@x.example", sizeof("@x.example"));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(install("bob@x.example", &failure), 7 + 2 * 8);
    struct text before = all_files();
    size_t entries = scratch_entries("maps");
    getrlimit(RLIMIT_FSIZE, &was);
    small = (struct rlimit){330, was.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(install(address, &failure), -1);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(failure.status, EXIT_IO);
    assert_non_null(strstr(failure_text(&failure), "the old file is kept: make room"));
    struct text after = all_files();
    assert_true(slice_eq(text_slice(&before), text_slice(&after)));
    assert_int_equal(scratch_entries("maps"), entries);
    text_free(&before);
    text_free(&after);
    failure_free(&failure);
}

static void test_no_folder(void **state)
{
    struct failure failure = {0};

    (void)state;
    put_file("maps", SL("a file"));
    assert_int_equal(install(NULL, &failure), -1);
    assert_int_equal(failure.status, EXIT_CANTCREAT);
    failure_free(&failure);
}

static void test_foreign_file(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_int_equal(install(NULL, &failure), 7 + 2 * 8);
    put_file("maps/mp_slot02_helo", SL("/x/ REJECT\n"));
    struct text before = all_files();
    assert_int_equal(install("bob@x.example", &failure), -1);
    assert_int_equal(failure.status, EXIT_CANTCREAT);
    assert_non_null(strstr(failure_text(&failure), "maps/mp_slot02_helo: is not one of"));
    struct text after = all_files();
    assert_true(slice_eq(text_slice(&before), text_slice(&after)));
    text_free(&before);
    text_free(&after);
    failure_free(&failure);
}

static void test_one_run(void **state)
{
    struct blockdir dir = BLOCKDIR_NONE;
    struct failure failure = {0};

    (void)state;
    assert_int_equal(blockdir_open(&dir, "maps", false, &failure), 0);
    assert_int_equal(install(NULL, &failure), -1);
    assert_int_equal(failure.status, EXIT_TEMPFAIL);
    failure_free(&failure);
    failure = (struct failure){0};
    blockdir_close(&dir);
    assert_int_equal(install(NULL, &failure), 7 + 2 * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_reload, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_full_disk, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_no_folder, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_foreign_file, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(test_one_run, scratch_begin, scratch_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
