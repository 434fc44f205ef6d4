/* message: the store of open messages, against a plain list of them; pieces that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "log/message.h"

static struct instance mx = {.host = SL("mx"), .name = SL("postfix"), .host_id = 1, .owner = true};
static struct instance out = {.host = SL("mx"), .name = SL("out"), .host_id = 1, .owner = true};
static struct instance alias = {.host = SL("mx"), .name = SL("out1"), .host_id = 1};
static struct instance far = {
    .host = SL("far"), .name = SL("postfix"), .host_id = 2, .owner = true};

/* Fields that grow and shrink at random, each beside what it has to hold. */
static void fields(void **state)
{
    struct store s;
    struct text want[MESSAGE_FIELDS] = {{0}};
    unsigned long long random = 7;

    (void)state;
    assert_true(store_setup(&s));
    struct message *m = store_add(&s, SL("A1B2C3D4E5"), &mx, 0);
    assert_non_null(m);
    for (int step = 0; step < 20000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned f = (unsigned)(random >> 33) % MESSAGE_FIELDS;
        size_t n = (size_t)(random >> 40) % (step % 100 ? 40 : 3000);
        want[f].n = 0;
        for (size_t i = 0; i < n; i++)
            text_addc(&want[f], (char)(step + (int)i));
        assert_true(message_set(&s, m, (enum message_field)f, text_slice(&want[f])));
        for (unsigned i = 0; i < MESSAGE_FIELDS; i++)
            assert_true(slice_eq(message_get(m, (enum message_field)i), text_slice(&want[i])));
    }
    store_drop(&s, m);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.pool.used, 0);
    for (unsigned i = 0; i < MESSAGE_FIELDS; i++)
        text_free(&want[i]);
    store_free(&s);
}

/* Which of the messages of one id a line is about. */
static void which(void **state)
{
    struct store s;
    struct slice id = SL("A1B2C3D4E5");

    (void)state;
    assert_true(store_setup(&s));
    assert_null(store_find(&s, &mx, id));
    struct message *old = store_add(&s, id, &mx, 1), *m = store_add(&s, id, &mx, 2);
    assert_ptr_equal(store_find(&s, &mx, id), m); /* the newer one */
    assert_null(store_find(&s, &far, id));
    assert_null(store_find(&s, &out, id)); /* each has its own queue */
    assert_ptr_equal(store_find(&s, &alias, id), m);
    store_move(&s, m, LIST_GONE, 3);
    assert_ptr_equal(store_find(&s, &mx, id), old); /* open before gone */
    store_move(&s, old, LIST_GONE, 3);
    assert_ptr_equal(store_find(&s, &mx, id), m);
    struct message *b = store_add(&s, id, &alias, 4);
    assert_ptr_equal(store_find(&s, &alias, id), b);
    store_move(&s, b, LIST_NONE, 5); /* on its way out */
    assert_ptr_equal(store_find(&s, &alias, id), m);
    store_drop(&s, b);
    assert_null(store_find(&s, &mx, SL("A1B2C3D4E6")));
    store_free(&s);
}

/* The newer of two removed ones is still the newer when the table has grown. */
static void newer_after_growth(void **state)
{
    struct store s;
    struct slice id = SL("A1B2C3D4E5");
    char other[16];

    (void)state;
    assert_true(store_setup(&s));
    struct message *old = store_add(&s, id, &mx, 1), *m = store_add(&s, id, &mx, 2);
    store_move(&s, old, LIST_GONE, 3);
    store_move(&s, m, LIST_GONE, 4);
    size_t buckets = s.buckets;
    for (unsigned i = 0; s.buckets == buckets; i++) {
        int n = snprintf(other, sizeof other, "%010X", i);
        assert_non_null(store_add(&s, slice_of(other, (size_t)n), &mx, 5));
    }
    assert_ptr_equal(store_find(&s, &mx, id), m);
    store_free(&s);
}

/* Adds, moves, finds and drops at random, against an array; all in one chain, too. */
static void at_random(void **state)
{
    static struct {
        struct message *m;
        char id[16];
        size_t n;
    } open[500];
    struct store s;
    unsigned long long random = 3;

    for (int crowded = 0; crowded < 2; crowded++) {
        assert_true(store_setup(&s));
        if (crowded)
            s.buckets = 1; /* grows from there; equal buckets are no equal ids */
        for (int step = 0; step < 60000; step++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t i = (size_t)(random >> 33) % 500;
            enum message_list list = (enum message_list)(LIST_FRESH + (random >> 45) % 3);
            if (open[i].m == NULL) {
                open[i].n = (size_t)snprintf(open[i].id, sizeof open[i].id, "%05zX%05X", i,
                                             (unsigned)step & 0xfffff);
                open[i].m = store_add(&s, slice_of(open[i].id, open[i].n), &mx, step);
                assert_non_null(open[i].m);
            } else if (random >> 60 < 4) {
                store_drop(&s, open[i].m);
                assert_null(store_find(&s, &mx, slice_of(open[i].id, open[i].n)));
                open[i].m = NULL;
            } else {
                store_move(&s, open[i].m, list, step);
                assert_ptr_equal(store_find(&s, &mx, slice_of(open[i].id, open[i].n)), open[i].m);
            }
        }
        size_t listed = 0;
        for (int l = LIST_FRESH; l < LIST_COUNT; l++) {
            size_t n = 0;
            for (struct message *m = s.list[l].first; m; m = m->next, n++)
                assert_ptr_equal(m->next ? m->next->prev : s.list[l].last, m);
            assert_int_equal(n, s.list[l].count);
            listed += n;
        }
        assert_int_equal(listed, s.count);
        store_free(&s);
        memset(open, 0, sizeof open);
    }
    (void)state;
}

static void held(void **state)
{
    struct record r = {.time = -5, .digits = 3, .kind = KIND_DELIVER}, back;
    struct store s;
    char big[5000];

    (void)state;
    assert_true(store_setup(&s));
    memset(big, 'b', sizeof big);
    r.f[COL_QID] = SL("A1B2C3D4E5");
    r.f[COL_REPLY] = slice_of(big, sizeof big);
    r.f[COL_PARTNER] = SL("\0\xff");
    struct held *h = held_new(&s, &r, NULL);
    assert_non_null(h);
    memset(big, 'c', sizeof big); /* it is a copy */
    held_fields(h, &back);
    assert_true(back.time == -5 && back.digits == 3 && back.kind == KIND_DELIVER);
    assert_int_equal(back.f[COL_REPLY].n, sizeof big);
    assert_int_equal(back.f[COL_REPLY].p[4999], 'b');
    assert_true(slice_eq(back.f[COL_QID], r.f[COL_QID]));
    assert_true(slice_eq(back.f[COL_PARTNER], r.f[COL_PARTNER]));
    assert_int_equal(back.f[COL_RCPT].n, 0);
    /* a message that is dropped while it waits takes them along */
    struct message *m = store_add(&s, SL("A1B2C3D4E5"), &mx, 0);
    m->held = h;
    h->next = held_new(&s, &r, NULL);
    h->next->next = NULL;
    m->held_last = h->next;
    store_drop(&s, m);
    assert_int_equal(s.pool.used, 0);
    store_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields), cmocka_unit_test(which),
                                       cmocka_unit_test(newer_after_growth),
                                       cmocka_unit_test(at_random), cmocka_unit_test(held)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
