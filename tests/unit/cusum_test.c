/* cusum: Page's sum with families, its caps at every moment, and the bound on false flags. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/cusum.h"
#include "scored.h"

#define NO_LIMIT 1e9
#define BIT(family) (1u << (family))
#define ALL (BIT(FAMILY_COUNT) - 1)

static struct scoring numbers(void)
{
    struct problems p = {0};
    struct scoring s;

    run_shipped(&p, &s);
    run_numbers(&s);
    return s;
}

/* Page's sum and the mixture over families, nothing else. */
static struct scoring uncapped(void)
{
    struct scoring s = numbers();

    s.family_most = s.alone_most = s.campaign_most = s.mailing_most = NO_LIMIT;
    s.conduct_most = s.remote_most = s.message_most = NO_LIMIT;
    s.fade = 0;
    return s;
}

/* xorshift64*, the same numbers in every run */
static uint64_t seed;
static double dice(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)((seed * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

/* An observation in which each of these families (bits) says the same. */
static struct observation seen(unsigned families, double llr)
{
    struct observation o = {0};

    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        if (families & BIT(f))
            o.llr[f] = (float)llr;
    return o;
}

static bool add(struct cusum *c, const struct scoring *s, struct observation o)
{
    return cusum_add(c, s, &o, 1, 0);
}

static void add_times(struct cusum *c, const struct scoring *s, unsigned families, double llr,
                      unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        add(c, s, seen(families, llr));
}

static double score(const struct cusum *c, const struct scoring *s)
{
    return cusum_score(c, s, NO_LIMIT, NULL);
}

static double sum(const struct cusum *c, const struct scoring *s)
{
    return cusum_sum(c, s, NO_LIMIT);
}

/* The numbers that ship keep what their names promise. */
static void shipped(void **state)
{
    struct problems p = {0};
    struct scoring s;

    (void)state;
    run_shipped(&p, &s);
    for (double rate = 1e-6; rate > 1e-10; rate /= 10) {
        scoring_false_flags(&s, rate);
        assert_true(fabs(s.threshold - log(3 / rate)) < 1e-9);
        assert_true(s.family_most < s.threshold); /* two families to a block */
        assert_true(s.campaign_most < s.threshold && s.mailing_most < s.threshold);
        assert_true(s.conduct_most < s.threshold);    /* nobody is blocked unheard by others */
        assert_true(s.remote_most < s.threshold / 2); /* three sites */
        assert_true(s.message_most < s.threshold / 2);
        assert_true(s.alone_most > s.threshold); /* though a suspect by one family */
    }
    assert_true(fabs(exp((double)s.affected) + exp((double)s.spared) - 1) < 1e-6);
    assert_true(fabs(exp((double)s.onset) + exp((double)s.calm) - 1) < 1e-6);
    problems_free(&p);
}

/* With affected = 1 and onset = 0 one family is Page's CUSUM. */
static void is_page(void **state)
{
    struct scoring s = uncapped();
    struct cusum c;
    double page = 0;

    (void)state;
    s.affected = 0;
    s.spared = s.onset = -INFINITY;
    s.calm = 0;
    seed = 88172645463325252u;
    cusum_start(&c, &s);
    for (int i = 0; i < 10000; i++) {
        double x = dice() * 2 - 1.1;
        page = page + x > 0 ? page + x : 0;
        assert_int_equal(add(&c, &s, seen(BIT(FAMILY_CONTENT), x)), page > 0);
        assert_true(fabs(score(&c, &s) - page) < 1e-3 * (1 + page));
    }
}

/* A family's mixture by the book: hit' = (hit + onset miss) e^llr, miss' = (1 - onset) miss. */
static void is_mixture(void **state)
{
    struct scoring s = uncapped();
    double hit[2] = {0.3, 0.3}, miss[2] = {0.7, 0.7};
    struct cusum c;

    (void)state;
    s.affected = logf(0.3F);
    s.spared = logf(0.7F);
    s.onset = logf(0.01F);
    s.calm = log1pf(-0.01F);
    seed = 88172645463325252u;
    cusum_start(&c, &s);
    for (int i = 0; i < 300; i++) {
        struct observation o = {0};
        double want = 0;
        for (int k = 0; k < 2; k++) {
            double x = dice() * 2 - 0.95;
            o.llr[k ? FAMILY_ORIGIN : FAMILY_VERDICT] = (float)x;
            hit[k] = (hit[k] + 0.01 * miss[k]) * exp(x);
            miss[k] *= 0.99;
            want += log(hit[k] + miss[k]);
        }
        if (!cusum_add(&c, &s, &o, 0, 0)) {
            assert_true(want < 1e-3);
            hit[0] = hit[1] = 0.3;
            miss[0] = miss[1] = 0.7;
            continue;
        }
        assert_true(fabs(sum(&c, &s) - want) < 1e-3 * (1 + want));
    }
    assert_true(sum(&c, &s) > 1); /* it got somewhere */
}

static void restarts(void **state)
{
    struct scoring s = numbers();
    struct observation up = seen(BIT(FAMILY_UNKNOWN), 1), down = seen(BIT(FAMILY_UNKNOWN), -5);
    struct cusum c, fresh;

    (void)state;
    cusum_start(&fresh, &s);
    cusum_start(&c, &s);
    assert_true(fabs(sum(&c, &s)) < 1e-6);
    assert_true(add(&c, &s, up));
    assert_true(sum(&c, &s) > 0);
    assert_false(add(&c, &s, down));
    assert_memory_equal(c.family, fresh.family, sizeof c.family);
    assert_false(add(&c, &s, down)); /* nobody earns credit */
    assert_true(fabs(sum(&c, &s)) < 1e-6);
}

/* One family is no block, whichever, but a suspect; and comes down again. */
static void one_family(void **state)
{
    struct scoring s = numbers();

    (void)state;
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        struct cusum c;
        cusum_start(&c, &s);
        for (int i = 0; i < 1000; i++) {
            add(&c, &s, seen(BIT(f), 2));
            assert_true(score(&c, &s) <= s.family_most + 1e-5);
            assert_true(sum(&c, &s) <= s.alone_most + 1e-3);
        }
        if (f != FAMILY_RECIPIENTS && f != FAMILY_VOLUME)
            assert_true(sum(&c, &s) >= s.threshold);
        bool up = true;
        int n = 0;
        for (; n < 60 && up; n++)
            up = add(&c, &s, seen(BIT(f), -1));
        assert_in_range(n, (int)s.alone_most - 1, (int)s.alone_most + 12);
        assert_true(sum(&c, &s) < 1e-6);
    }
}

/* What families bring together at most; each limit is reached, and by no subset overstepped. */
static void together(void **state)
{
    const unsigned campaign = BIT(FAMILY_RECIPIENTS) | BIT(FAMILY_VOLUME);
    const unsigned conduct = campaign | BIT(FAMILY_ORIGIN) | BIT(FAMILY_SENDER);
    const struct scoring s = numbers();
    const struct {
        unsigned families;
        double most;
    } row[] = {{campaign, s.campaign_most},
               {campaign | BIT(FAMILY_UNKNOWN), s.mailing_most},
               {campaign | BIT(FAMILY_VERDICT), s.mailing_most},
               {campaign | BIT(FAMILY_UNKNOWN) | BIT(FAMILY_VERDICT), s.mailing_most},
               {conduct, s.conduct_most},
               {BIT(FAMILY_ORIGIN) | BIT(FAMILY_SENDER), s.conduct_most}};

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct cusum c;
        float part[FAMILY_COUNT];
        double parts = 0;
        cusum_start(&c, &s);
        for (int n = 0; n < 400; n++) {
            add(&c, &s, seen(row[i].families, 0.1 + n % 3));
            assert_true(score(&c, &s) <= row[i].most + 1e-4);
        }
        assert_true(cusum_score(&c, &s, NO_LIMIT, part) > row[i].most - 0.01);
        for (unsigned f = 0; f < FAMILY_COUNT; f++) {
            assert_true(row[i].families & BIT(f) ? part[f] > 0 : fabsf(part[f]) < 1e-3F);
            parts += (double)part[f];
        }
        assert_true(fabs(parts - row[i].most) < 0.01); /* the parts are what is told of the score */
    }
}

/* Two that have nothing to do with each other do it, in a few more messages. */
static void two_families(void **state)
{
    const unsigned pair[][2] = {{FAMILY_CONTENT, FAMILY_VERDICT},
                                {FAMILY_VERDICT, FAMILY_ORIGIN},
                                {FAMILY_CONTENT, FAMILY_SENDER},
                                {FAMILY_UNKNOWN, FAMILY_ORIGIN},
                                {FAMILY_CONTENT, FAMILY_VOLUME}};
    struct scoring s = numbers();

    (void)state;
    for (unsigned i = 0; i < sizeof pair / sizeof *pair; i++) {
        struct cusum c;
        int n = 0;
        cusum_start(&c, &s);
        add_times(&c, &s, BIT(pair[i][0]), 2, 100);
        assert_true(score(&c, &s) < s.threshold);
        while (score(&c, &s) < s.threshold && n < 100) {
            add(&c, &s, seen(BIT(pair[i][1]), 2));
            n++;
        }
        /* the rest of h, ln 2 to begin with, and what has faded */
        int want = (int)ceil((s.threshold - s.family_most + log(2)) / 2);
        assert_in_range(n, want, want + 1);
    }
}

/* A family that shows nothing doesn't clear the others of what they show. */
static void quiet_family(void **state)
{
    struct scoring s = numbers();
    struct cusum c;
    struct observation o = seen(BIT(FAMILY_CONTENT), 1);

    (void)state;
    cusum_start(&c, &s);
    o.llr[FAMILY_UNKNOWN] = -2;
    for (int i = 0; i < 20; i++)
        add(&c, &s, o);
    float part[FAMILY_COUNT];
    cusum_score(&c, &s, NO_LIMIT, part);
    assert_true(part[FAMILY_UNKNOWN] > -0.75F);
    assert_true(sum(&c, &s) >= s.threshold);
    /* and may still begin to show: it then owes -ln(onset), not the 40 nats of before */
    add_times(&c, &s, BIT(FAMILY_UNKNOWN), 2, 9);
    cusum_score(&c, &s, NO_LIMIT, part);
    assert_true(part[FAMILY_UNKNOWN] > 5);
}

/* An observation that says too much is cut, in all families alike; `part` tells how much of it
 * counted, and what speaks for the identity isn't cut. */
static void one_message(void **state)
{
    struct scoring s = numbers();
    struct observation o = seen(ALL, 1000);
    struct cusum c;

    (void)state;
    cusum_start(&c, &s);
    cusum_add(&c, &s, &o, 0, 0);
    assert_true(sum(&c, &s) <= s.message_most + 1e-3);
    assert_true(score(&c, &s) <= s.message_most + 1e-3);
    cusum_start(&c, &s);
    o = seen(BIT(FAMILY_VERDICT), s.message_most);
    o.llr[FAMILY_ORIGIN] = 3 * o.llr[FAMILY_VERDICT];
    o.llr[FAMILY_CONTENT] = -3;
    cusum_add(&c, &s, &o, 0, 0);
    assert_true(fabsf(o.part - 0.25F) < 1e-4F);
    assert_true(fabs((double)o.llr[FAMILY_ORIGIN] - 0.75 * s.message_most) < 1e-4);
    assert_true(fabsf(o.llr[FAMILY_CONTENT] + 3) < 1e-6F);
    o = seen(BIT(FAMILY_VERDICT), 0.9 * s.message_most);
    cusum_add(&c, &s, &o, 0, 0);
    assert_true(o.part >= 1 && o.part <= 1);
}

/* What remote sites say is limited together, whichever families they fill, in both sums. */
static void limit_on_replies(void **state)
{
    struct scoring s = numbers();
    const unsigned both = BIT(FAMILY_CONTENT) | BIT(FAMILY_UNKNOWN);
    struct cusum c;
    float part[FAMILY_COUNT];

    (void)state;
    cusum_start(&c, &s);
    add_times(&c, &s, both, 1, 100);
    for (double most = 0; most < s.threshold; most += 1) {
        assert_true(cusum_score(&c, &s, most, part) <= most + 1e-3);
        assert_true(cusum_sum(&c, &s, most) <= most + 1e-3);
    }
    assert_true(fabsf(part[FAMILY_CONTENT] - part[FAMILY_UNKNOWN]) < 1e-3F);
    assert_true(score(&c, &s) >= s.threshold);
    add_times(&c, &s, BIT(FAMILY_VERDICT), 2, 10); /* which no such limit concerns */
    assert_true(cusum_score(&c, &s, s.threshold - s.family_most, NULL) >= s.threshold - 0.01);
    assert_true(cusum_score(&c, &s, 0, NULL) > 0.5 * s.family_most);
}

/* A virus is decisive, at once and whatever follows, as long as the sum isn't back at zero. */
static void virus(void **state)
{
    struct scoring s = numbers();
    struct observation o = {0};
    struct cusum c;

    (void)state;
    cusum_start(&c, &s);
    add(&c, &s, seen(BIT(FAMILY_CONTENT), -3));
    o.decisive[FAMILY_VERDICT] = true;
    assert_true(cusum_add(&c, &s, &o, 1, 0));
    assert_true(score(&c, &s) >= s.threshold);
    add_times(&c, &s, BIT(FAMILY_CONTENT), -3, 100);
    assert_true(score(&c, &s) >= s.threshold);
    add_times(&c, &s, BIT(FAMILY_VERDICT), -3, 2);
    assert_true(score(&c, &s) >= s.threshold);
    assert_true(c.decisive[FAMILY_VERDICT]);
    add_times(&c, &s, BIT(FAMILY_VERDICT), -3, 10);
    assert_false(c.decisive[FAMILY_VERDICT]); /* over, and started again */
    assert_true(sum(&c, &s) < 1e-6);
}

static double part_of(const struct cusum *c, const struct scoring *s, unsigned family)
{
    float part[FAMILY_COUNT];

    cusum_score(c, s, NO_LIMIT, part);
    return (double)part[family];
}

/* An old oddity is forgotten by and by: by messages, and by half in three days, whether the family
 * says anything or not. Who has nothing against the identity doesn't speak for it. A virus stays.
 */
static void fades(void **state)
{
    struct scoring s = numbers();
    struct observation quiet = {0}, one_more = seen(BIT(FAMILY_VERDICT), 1);
    const double fade = (double)s.fade;
    struct cusum c, c1, c2;

    (void)state;
    cusum_start(&c, &s);
    add_times(&c, &s, BIT(FAMILY_VERDICT), 2, 3);
    const double whole = part_of(&c, &s, FAMILY_VERDICT);
    c1 = c2 = c;
    cusum_add(&c1, &s, &quiet, 1, 0);
    assert_true(fabs(part_of(&c1, &s, FAMILY_VERDICT) - (whole - fade)) < 1e-3);
    cusum_add(&c2, &s, &quiet, 0, 72);
    double half = part_of(&c2, &s, FAMILY_VERDICT);
    assert_true(half < 0.6 * whole && half > 0.2 * whole);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        assert_true(f == FAMILY_VERDICT || fabs(part_of(&c2, &s, f)) < 1e-4);
    cusum_add(&c2, &s, &quiet, 0, 1e6F);
    assert_true(part_of(&c2, &s, FAMILY_VERDICT) < 0.5);
    assert_true(part_of(&c2, &s, FAMILY_VERDICT) > -1); /* forgotten, not forgiven */
    cusum_add(&c, &s, &quiet, 0, 0);                    /* no time has gone by */
    assert_true(fabs(part_of(&c, &s, FAMILY_VERDICT) - whole) < 1e-6);
    cusum_add(&c, &s, &one_more, 100, 0);
    assert_true(fabs(part_of(&c, &s, FAMILY_VERDICT) - (whole + 1 - 100 * fade)) < 0.02);
    int n = 0;
    while (cusum_add(&c1, &s, &quiet, 1, 0) && n < 10000)
        n++;
    assert_in_range(n, whole / fade * 0.9, whole / fade * 1.2);
    struct observation found = {0};
    found.decisive[FAMILY_VERDICT] = true;
    cusum_add(&c, &s, &found, 0, 0);
    for (n = 0; n < 100; n++)
        assert_true(cusum_add(&c, &s, &quiet, 1, 100));
    assert_true(score(&c, &s) >= s.threshold);
}

/* Honest streams: each family shows its sign by chance at the rate that is usual, so that each
 * llr's e^x has the mean 1. How many observations to the first flag, on average? */
struct stream {
    double usual, compromised;
};
static const struct stream mixed[FAMILY_COUNT] = {{0.02, 0.3}, {0.07, 0.4}, {0.01, 0.5}, {0.4, 0.8},
                                                  {0.5, 0.8},  {0.05, 0.6}, {0.15, 0.45}};
static const struct stream strong[FAMILY_COUNT] = {
    {0.05, 0.9}, {0.05, 0.9}, {0.05, 0.9}, {0.05, 0.9}, {0.05, 0.9}, {0.05, 0.9}, {0.05, 0.9}};

static struct observation honest(const struct stream *stream, unsigned families)
{
    struct observation o = {0};

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        const struct stream *u = &stream[f];
        if (families & BIT(f))
            o.llr[f] = (float)(dice() < u->usual ? log(u->compromised / u->usual)
                                                 : log((1 - u->compromised) / (1 - u->usual)));
    }
    return o;
}

/* Runs are cut at twenty times what is promised: the mean is at least what is returned. */
static double time_to_flag(const struct scoring *s, const struct stream *stream, unsigned families,
                           double h, double (*sum_of)(const struct cusum *, const struct scoring *))
{
    const int runs = 100;
    double total = 0;

    for (int run = 0; run < runs; run++) {
        struct cusum c;
        double n = 0;
        cusum_start(&c, s);
        do {
            add(&c, s, honest(stream, families));
            n++;
        } while (sum_of(&c, s) < h && n < 20 * exp(h));
        total += n;
    }
    return total / runs;
}

static void bound_holds(void **state)
{
    const unsigned sets[] = {ALL, BIT(FAMILY_CONTENT), BIT(FAMILY_VERDICT) | BIT(FAMILY_ORIGIN)};
    struct scoring s = uncapped();

    (void)state;
    seed = 88172645463325252u;
    for (double h = 3; h <= 6; h += 1) {
        for (unsigned i = 0; i < 2 * sizeof sets / sizeof *sets; i++) {
            const struct stream *stream = i % 2 ? strong : mixed;
            double flag = time_to_flag(&s, stream, sets[i / 2], h, score);
            double suspect = time_to_flag(&s, stream, sets[i / 2], h, sum);
            print_message("h = %.0f: a flag every %.0f observations, a suspect every %.0f; %.0f "
                          "are promised\n",
                          h, flag, suspect, exp(h));
            assert_true(suspect > exp(h));
            /* E[max(1, L_f)] <= 3/2 for each family */
            assert_true(flag > exp(h) / pow(1.5, __builtin_popcount(sets[i / 2])));
        }
    }
}

/* Neither cutting nor caps nor fading make it worse. */
static void bound_holds_cut(void **state)
{
    struct scoring s = numbers();

    (void)state;
    s.fade = 0.02F;
    s.message_most = 1.5;
    seed = 88172645463325252u;
    for (double h = 3; h <= 5; h += 1) {
        s.family_most = 0.6 * h;
        s.campaign_most = 0.5 * h;
        assert_true(time_to_flag(&s, mixed, ALL, h, sum) > exp(h));
        assert_true(time_to_flag(&s, mixed, ALL, h, score) > exp(h));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped),      cmocka_unit_test(is_page),
        cmocka_unit_test(is_mixture),   cmocka_unit_test(restarts),
        cmocka_unit_test(one_family),   cmocka_unit_test(together),
        cmocka_unit_test(two_families), cmocka_unit_test(quiet_family),
        cmocka_unit_test(one_message),  cmocka_unit_test(limit_on_replies),
        cmocka_unit_test(virus),        cmocka_unit_test(fades),
        cmocka_unit_test(bound_holds),  cmocka_unit_test(bound_holds_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
