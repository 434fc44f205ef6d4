/* window: what is told of the suspected messages, and that none of it is more than was seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "judge/window.h"

static struct slice numbered(const char *what, unsigned i)
{
    static char buf[80];

    return slice_of(buf, (size_t)snprintf(buf, sizeof buf, "%s%u@x.example", what, i));
}

static uint64_t count_of(const struct names *names, struct slice name)
{
    struct suspect_count list[SUSPECT_SENDERS];
    unsigned n = names_list(names, list);

    for (unsigned i = 0; i < n; i++)
        if (slice_eq(list[i].name, name))
            return list[i].count;
    return 0;
}

static void names_counted(void **state)
{
    struct names names = {0};
    struct suspect_count list[4];

    (void)state;
    assert_int_equal(names_list(&names, list), 0);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k <= i; k++)
            assert_true(names_add(&names, 4, numbered("a", i)));
    assert_int_equal(names_list(&names, list), 3);
    assert_true(slice_eq(list[0].name, numbered("a", 2)));
    assert_int_equal(list[0].count, 3);
    assert_int_equal(list[2].count, 1);
    assert_true(names_has(&names, numbered("a", 1)));
    assert_false(names_has(&names, numbered("a", 3)));
    assert_true(names_add(&names, 4, SLICE_NONE)); /* a name, too */
    assert_true(names_has(&names, SLICE_NONE));
    names_free(&names);
    assert_int_equal(names.n, 0);
    names_free(&names);
}

/* The least frequent one makes place, and nobody's count is more than was seen. */
static void names_evicted(void **state)
{
    struct names names = {0};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 10 - i; k++)
            assert_true(names_add(&names, 4, numbered("a", i)));
    assert_true(names_add(&names, 4, numbered("b", 0)));
    assert_int_equal(names.n, 4);
    assert_false(names_has(&names, numbered("a", 3)));
    assert_true(names_has(&names, numbered("b", 0)));
    assert_int_equal(count_of(&names, numbered("b", 0)), 1);
    assert_int_equal(count_of(&names, numbered("a", 0)), 10);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(names_add(&names, 4, numbered("c", i)));
    for (unsigned i = 0; i < 1000; i++)
        assert_true(count_of(&names, numbered("c", i)) <= 1);
    names_free(&names);
}

static void names_saved(void **state)
{
    struct names names = {0}, back = {0};
    struct text bytes = {0}, again = {0};

    (void)state;
    for (unsigned i = 0; i < 7; i++)
        assert_true(names_add(&names, 5, numbered("a", i)));
    names_save(&names, &bytes);
    struct unpack in = {.rest = text_slice(&bytes)};
    assert_true(names_load(&back, 5, &in));
    assert_true(!in.bad && in.rest.n == 0);
    assert_true(names_add(&back, 5, numbered("b", 1))); /* it goes on like the other */
    assert_true(names_add(&names, 5, numbered("b", 1)));
    bytes.n = 0;
    names_save(&names, &bytes);
    names_save(&back, &again);
    assert_true(slice_eq(text_slice(&bytes), text_slice(&again)));
    names_free(&back);
    in = (struct unpack){.rest = text_slice(&bytes)};
    assert_true(names_load(&back, 4, &in)); /* more than there may be */
    assert_true(in.bad);
    names_free(&back);
    names_free(&names);
    text_free(&bytes);
    text_free(&again);
}

/* Exactly as long as all are kept, then about. */
static void senders(void **state)
{
    struct window *w = window_new(0, 1);
    struct suspect s = {0};
    struct text seen = {0};

    (void)state;
    for (unsigned i = 0; i < 600; i++) {
        for (unsigned k = 0; k < 2; k++)
            assert_true(
                window_message(w, numbered(k ? "U" : "u", i), SL("192.0.2.1"), SL("de"), 2));
        window_suspect(w, &seen, &s);
        double is = i + 1, error = (double)s.senders - is;
        assert_true(i < SUSPECT_SENDERS ? s.senders == i + 1
                                        : error < 9 + is / 5 && error > -9 - is / 5);
        assert_int_equal(w->sender_bits == NULL, i < SUSPECT_SENDERS);
    }
    assert_int_equal(s.messages, 1200);
    assert_int_equal(s.recipients, 2400);
    assert_int_equal(s.client_n, 1);
    assert_int_equal(s.client[0].count, 1200);
    assert_true(slice_eq(s.country[0].name, SL("de")));
    text_free(&seen);
    window_free(w);
}

/* One that is too long to be kept is one all the same. */
static void long_sender(void **state)
{
    struct window *w = window_new(0, 1);
    struct suspect s = {0};
    struct text seen = {0};
    char name[NAME_KEPT + 1];

    (void)state;
    memset(name, 'x', sizeof name);
    assert_true(window_message(w, slice_of(name, NAME_KEPT), SLICE_NONE, SLICE_NONE, 1));
    assert_null(w->sender_bits);
    assert_true(window_message(w, slice_of(name, sizeof name), SLICE_NONE, SLICE_NONE, 1));
    window_suspect(w, &seen, &s);
    assert_int_equal(s.senders, 2);
    assert_int_equal(s.sender_n, 1);
    text_free(&seen);
    window_free(w);
}

static void samples(void **state)
{
    struct window *w = window_new(0, 1);
    struct suspect s = {0};
    struct text seen = {0};
    char qid[8];

    (void)state;
    assert_true(window_sample(w, SLICE_NONE));
    assert_true(window_sample(w, SL("4dbkJb6yKSz2fhTf7-much-too-long")));
    assert_int_equal(w->samples, 0);
    for (unsigned i = 0; i < 20; i++)
        assert_true(window_sample(
            w, slice_of(qid, (size_t)snprintf(qid, sizeof qid, "Q%u", i / 2)))); /* each twice */
    window_suspect(w, &seen, &s);
    assert_int_equal(s.sample_n, SUSPECT_SAMPLES);
    assert_true(slice_eq(s.sample[0], SL("Q0")));
    assert_true(slice_eq(s.sample[4], SL("Q4")));
    text_free(&seen);
    window_free(w);
}

/* Counts begin anew; what is believed stays. */
static void recounted(void **state)
{
    struct window *w = window_new(5, 1);
    struct suspect s = {0};
    struct text seen = {0};

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        assert_true(window_message(w, numbered("u", i), SL("192.0.2.1"), SL("de"), 1));
    assert_true(window_sample(w, SL("Q1")));
    w->watch.learned.sign[0].yes = 16;
    w->best = 3;
    window_recount(w, 7, 9);
    window_suspect(w, &seen, &s);
    assert_true(s.since == 7 && w->serial == 9);
    assert_true(s.messages == 0 && s.senders == 0 && s.sender_n == 0 && s.client_n == 0);
    assert_true(s.country_n == 0 && s.sample_n == 0 && s.score <= 0);
    assert_int_equal(w->watch.learned.sign[0].yes, 16);
    assert_true(window_message(w, numbered("u", 1), SLICE_NONE, SLICE_NONE, 1));
    assert_true(window_sample(w, SL("Q1")));
    window_suspect(w, &seen, &s);
    assert_true(s.messages == 1 && s.senders == 1 && s.sample_n == 1);
    text_free(&seen);
    window_free(w);
}

/* A watch goes on from what the spare window tried, and takes no more memory than that needs. */
static void from_the_spare(void **state)
{
    struct window *spare = window_spare();

    (void)state;
    assert_non_null(spare);
    spare->sums.n = 2;
    spare->sums.more = true;
    spare->sums.site[1] = (struct site_sum){.name = 7, .content = 1};
    spare->watch.learned.slot[3] = 1;
    spare->cusum.family[2].hit = 4;
    spare->last = 11;
    struct window *w = window_of_spare(spare, 5, 6);
    assert_non_null(w);
    assert_true(w->since == 5 && w->serial == 6 && w->last == 11);
    assert_int_equal(w->sums.n, 2);
    assert_int_equal(w->sums.room, 2);
    assert_true(w->sums.more && w->sums.site[1].name == 7);
    assert_int_equal(w->watch.learned.slot[3], 1);
    assert_true(w->cusum.family[2].hit > 3);
    assert_null(w->watch.beliefs.weight);
    window_free(w);
    window_free(spare);
    window_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_counted), cmocka_unit_test(names_evicted),
        cmocka_unit_test(names_saved),   cmocka_unit_test(senders),
        cmocka_unit_test(long_sender),   cmocka_unit_test(samples),
        cmocka_unit_test(recounted),     cmocka_unit_test(from_the_spare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
