/* cusum: Page's sum with families, its caps at every moment, and the bound on false flags. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/cusum.h"

static struct scoring shipped(void)
{
    struct problems p = {0};
    struct scoring s;

    if (!scoring_load("share/mptools", NULL, &p, &s))
        fail_msg("%.*s", (int)p.lines.n, p.lines.p);
    return s;
}

/* xorshift64*, the same numbers in every run */
static uint64_t seed = 88172645463325252u;
static double chance(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)((seed * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

static struct observation seen(unsigned family, double llr)
{
    struct observation o = {0};

    o.llr[family] = (float)llr;
    return o;
}

static void threshold(void **state)
{
    struct scoring s = shipped();

    (void)state;
    assert_true(fabs(s.threshold - log(2e6)) < 1e-9);
    assert_true(fabs(s.family_most - 0.6 * s.threshold) < 1e-9);
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        const struct likelihood *l = &s.family[f];
        /* a likelihood ratio: its mean under `usual` is 1 */
        double mean = l->usual * exp((double)l->yes) + (1 - l->usual) * exp((double)l->no);
        assert_true(fabs(mean - 1) < 1e-6);
        assert_true(l->yes > 0 && l->no < 0);
    }
}

/* With affected = 1 and onset = 0 one family is Page's CUSUM. */
static void is_page(void **state)
{
    struct scoring s = shipped();
    struct cusum c;
    double page = 0;

    (void)state;
    s.affected = 0;
    s.spared = s.onset = -INFINITY;
    s.calm = s.fade = 0;
    s.family_most = s.alone_most = s.message_most = 1e9;
    cusum_start(&c, &s);
    for (int i = 0; i < 10000; i++) {
        double x = chance() * 2 - 1.1;
        struct observation o = seen(FAMILY_CONTENT, x);
        page = page + x > 0 ? page + x : 0;
        assert_int_equal(cusum_add(&c, &s, &o), page > 0);
        assert_true(fabs(cusum_score(&c, &s, 1e9, NULL) - page) < 1e-3 * (1 + page));
    }
}

static void restarts(void **state)
{
    struct scoring s = shipped();
    struct observation up = seen(FAMILY_UNKNOWN, 1), down = seen(FAMILY_UNKNOWN, -5);
    struct cusum c, fresh;

    (void)state;
    cusum_start(&fresh, &s);
    cusum_start(&c, &s);
    assert_true(fabs(cusum_sum(&c, 1e9)) < 1e-6);
    assert_true(cusum_add(&c, &s, &up));
    assert_true(cusum_sum(&c, 1e9) > 0);
    assert_false(cusum_add(&c, &s, &down));
    assert_memory_equal(c.family, fresh.family, sizeof c.family);
    assert_false(observation_accuses(&down));
    assert_true(observation_accuses(&up));
}

static void one_family_is_capped(void **state)
{
    struct scoring s = shipped();

    (void)state;
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        struct observation o = seen(f, 2);
        struct cusum c;
        cusum_start(&c, &s);
        for (int i = 0; i < 1000; i++) {
            cusum_add(&c, &s, &o);
            assert_true(cusum_score(&c, &s, 1e9, NULL) <= s.family_most + 1e-5);
            assert_true(cusum_sum(&c, 1e9) <= s.alone_most + 1e-3);
        }
        assert_true(cusum_sum(&c, 1e9) >= s.threshold); /* a suspect, though */
        o = seen(f, -1);
        for (int i = 0; i < 30; i++)
            cusum_add(&c, &s, &o);
        assert_true(cusum_sum(&c, 1e9) < 0.1); /* and comes down again */
    }
}

static void two_families_reach_it(void **state)
{
    struct scoring s = shipped();
    struct observation o = seen(FAMILY_CONTENT, 2);
    struct cusum c;
    int n = 0;

    (void)state;
    cusum_start(&c, &s);
    for (int i = 0; i < 100; i++)
        cusum_add(&c, &s, &o);
    o = seen(FAMILY_VERDICT, 2);
    while (cusum_score(&c, &s, 1e9, NULL) < s.threshold && n < 100) {
        cusum_add(&c, &s, &o);
        n++;
    }
    assert_in_range(n, 3, 6); /* 0.4 h and ln 2 more, and what has faded */
}

/* A family that shows nothing doesn't clear the others of what they show. */
static void quiet_family(void **state)
{
    struct scoring s = shipped();
    struct cusum c;
    struct observation o = {0};

    (void)state;
    cusum_start(&c, &s);
    o.llr[FAMILY_CONTENT] = 1;
    o.llr[FAMILY_UNKNOWN] = -2;
    for (int i = 0; i < 20; i++)
        cusum_add(&c, &s, &o);
    float part[FAMILY_COUNT];
    cusum_score(&c, &s, 1e9, part);
    assert_true(part[FAMILY_UNKNOWN] > -0.75f);
    assert_true(cusum_sum(&c, 1e9) >= s.threshold);
    /* and may still begin to show: it then owes -ln(onset), not the 40 nats of before */
    o = seen(FAMILY_UNKNOWN, 2);
    for (int i = 0; i < 9; i++)
        cusum_add(&c, &s, &o);
    cusum_score(&c, &s, 1e9, part);
    assert_true(part[FAMILY_UNKNOWN] > 5);
}

static void one_message(void **state)
{
    struct scoring s = shipped();
    struct observation o = {0};
    struct cusum c;

    (void)state;
    cusum_start(&c, &s);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        o.llr[f] = 1000;
    cusum_add(&c, &s, &o);
    assert_true(cusum_sum(&c, 1e9) <= s.message_most + 1e-3);
}

/* What remote sites say is limited together, whichever families they fill. */
static void limit_on_replies(void **state)
{
    struct scoring s = shipped();
    struct observation o = {0};
    struct cusum c;
    float part[FAMILY_COUNT];

    (void)state;
    cusum_start(&c, &s);
    o.llr[FAMILY_CONTENT] = 2;
    o.llr[FAMILY_UNKNOWN] = 1;
    for (int i = 0; i < 100; i++)
        cusum_add(&c, &s, &o);
    assert_true(cusum_score(&c, &s, s.remote_most, part) <= s.remote_most + 1e-3);
    assert_true(fabsf(part[FAMILY_CONTENT] - part[FAMILY_UNKNOWN]) < 1e-3f);
    assert_true(cusum_sum(&c, 2 * s.remote_most) < s.threshold);
    assert_true(cusum_score(&c, &s, 3 * s.remote_most, part) >= s.threshold);
    o = seen(FAMILY_VERDICT, 2);
    for (int i = 0; i < 10; i++)
        cusum_add(&c, &s, &o);
    assert_true(cusum_score(&c, &s, s.remote_most, part) >= s.threshold);
}

static void virus(void **state)
{
    struct scoring s = shipped();
    struct observation o = {0}, down = seen(FAMILY_CONTENT, -3);
    struct cusum c;

    (void)state;
    cusum_start(&c, &s);
    cusum_add(&c, &s, &down);
    o.decisive[FAMILY_VERDICT] = true;
    assert_true(observation_accuses(&o));
    cusum_add(&c, &s, &o);
    assert_true(cusum_score(&c, &s, 1e9, NULL) >= s.threshold);
    for (int i = 0; i < 100; i++)
        cusum_add(&c, &s, &down);
    assert_true(cusum_score(&c, &s, 1e9, NULL) >= s.threshold);
}

/* The mean time to a false flag, measured at thresholds that are reached often enough: at least
 * e^h observations, with all families at the worst rate that `usual` allows. */
static void bound_holds(void **state)
{
    struct scoring s = shipped();

    (void)state;
    s.family_most = s.alone_most = s.message_most = 1e9;
    s.fade = 0;
    for (double h = 2; h <= 5; h += 1) {
        const int runs = 300;
        double total = 0;
        for (int run = 0; run < runs; run++) {
            struct cusum c;
            cusum_start(&c, &s);
            do {
                struct observation o = {0};
                for (unsigned f = 0; f < FAMILY_COUNT; f++) {
                    const struct likelihood *l = &s.family[f];
                    o.llr[f] = chance() < l->usual ? l->yes : l->no;
                }
                cusum_add(&c, &s, &o);
                total++;
            } while (cusum_sum(&c, 1e9) < h);
        }
        print_message(
            "h = %.0f: a false flag every %.0f observations, at least %.0f are promised\n", h,
            total / runs, exp(h));
        assert_true(total / runs > exp(h));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold),
        cmocka_unit_test(is_page),
        cmocka_unit_test(restarts),
        cmocka_unit_test(one_family_is_capped),
        cmocka_unit_test(two_families_reach_it),
        cmocka_unit_test(quiet_family),
        cmocka_unit_test(one_message),
        cmocka_unit_test(limit_on_replies),
        cmocka_unit_test(virus),
        cmocka_unit_test(bound_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
