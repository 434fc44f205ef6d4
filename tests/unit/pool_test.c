/* pool: pieces don't overlap, are aligned, come again, and are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/pool.h"

static void sizes(void **state)
{
    static const size_t row[][2] = {{0, 32},    {1, 32},      {32, 32},     {33, 64},
                                    {100, 128}, {1024, 1024}, {1025, 1025}, {100000, 100000}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_int_equal(pool_round(row[i][0]), row[i][1]);
}

/* A thousand pieces of every size in random order, each filled with its own byte. */
static void pieces(void **state)
{
    struct pool p = {0};
    static struct {
        unsigned char *at;
        size_t n;
    } piece[1000];
    unsigned long long random = 1;

    (void)state;
    for (unsigned step = 0; step < 200000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t i = (size_t)(random >> 33) % 1000;
        unsigned char byte = (unsigned char)i;
        if (piece[i].at) {
            for (size_t k = 0; k < piece[i].n; k++)
                assert_int_equal(piece[i].at[k], byte);
            pool_put(&p, piece[i].at, piece[i].n);
            piece[i].at = NULL;
        } else {
            piece[i].n = (size_t)(random >> 43) % 1100;
            piece[i].at = pool_get(&p, piece[i].n);
            assert_non_null(piece[i].at);
            assert_int_equal((uintptr_t)piece[i].at % 16, 0);
            memset(piece[i].at, byte, piece[i].n);
        }
    }
    for (size_t i = 0; i < 1000; i++)
        pool_put(&p, piece[i].at, piece[i].n);
    assert_int_equal(p.used, 0);
    pool_free(&p);
}

static void comes_again(void **state)
{
    struct pool p = {0};
    void *a = pool_get(&p, 100);

    (void)state;
    pool_put(&p, a, 100);
    assert_ptr_equal(pool_get(&p, 128), a);
    pool_put(&p, NULL, 7);
    assert_int_equal(p.used, 128);
    pool_free(&p);
}

static void arena(void **state)
{
    struct arena a = {0};

    (void)state;
    for (size_t n = 0; n < 3000; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
    struct slice s = arena_slice(&a, SL("x\0y"));
    assert_memory_equal(s.p, "x\0y", 3);
    assert_string_equal(arena_str(&a, SL("")), "");
    assert_null(arena_alloc(&a, SIZE_MAX - 5));
    assert_null(arena_alloc(&a, SIZE_MAX));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(pieces),
                                       cmocka_unit_test(comes_again), cmocka_unit_test(arena)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
