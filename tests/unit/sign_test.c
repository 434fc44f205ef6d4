/* sign: predictions are likelihood ratios, exactly; what a belief learns, and what it never learns.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "judge/sign.h"
#include "scored.h"

static const struct tally nothing;

static struct tally tally_of(unsigned yes, unsigned no)
{
    struct tally t = {0};

    for (unsigned i = 0; i < yes || i < no; i++) {
        if (i < yes)
            tally_add(&t, 1);
        if (i < no)
            tally_add(&t, 0);
    }
    return t;
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

/* The belief of an honest one by the book: Bayes over the grid, mixed with the prior. */
static void by_the_book(const struct scoring *s, enum sign sign, const struct tally *own,
                        double weight[SHARES_MOST])
{
    const struct shares *u = &s->sign[sign].usual;
    double sum = 0, change = (double)s->change;

    for (unsigned i = 0; i < u->n; i++) {
        double share = (double)u->share[i];
        weight[i] =
            (double)u->weight[i] * pow(share, own->yes / 16.0) * pow(1 - share, own->no / 16.0);
        sum += weight[i];
    }
    for (unsigned i = 0; i < u->n; i++)
        weight[i] = (1 - change) * weight[i] / sum + change * (double)u->weight[i];
}

/* The chance of a path of answers (bits) under a mixture. */
static double chance_of(const struct shares *u, const double weight[SHARES_MOST], unsigned path,
                        unsigned steps)
{
    double p = 0;

    for (unsigned i = 0; i < u->n; i++) {
        double of = weight[i];
        for (unsigned k = 0; k < steps; k++)
            of *= path >> k & 1 ? (double)u->share[i] : 1 - (double)u->share[i];
        p += of;
    }
    return p;
}

/* Sum over all paths of P(path | usual) e^(sum of llrs): 1, whatever was known before. least: a
 * share that is put in the place of the usual one; most: an llr is cut to that, and learned in the
 * same part. */
static double expectation(const struct scoring *s, enum sign sign, const struct tally *own,
                          float least, float most)
{
    enum { STEPS = 9 };
    const struct shares *u = &s->sign[sign].usual;
    double weight[SHARES_MOST], sum = 0;

    by_the_book(s, sign, own, weight);
    for (unsigned path = 0; path < 1u << STEPS; path++) {
        float b[BELIEF_MOST];
        double llr = 0;
        belief_begin(b, s, sign, own, &nothing);
        for (unsigned k = 0; k < STEPS; k++) {
            float yes = (float)(path >> k & 1), part = 1;
            float x = belief_llr(b, s, sign, yes, least);
            if (x > most)
                part = most / x;
            llr += (double)(part * x);
            belief_learn(b, s, sign, part * yes, part * (1 - yes));
        }
        sum += chance_of(u, weight, path, STEPS) * exp(llr);
    }
    return sum;
}

static void is_likelihood_ratio(void **state)
{
    const struct tally history[] = {tally_of(0, 0), tally_of(0, 50), tally_of(3, 40),
                                    tally_of(30, 2), tally_of(4000, 9000)};
    struct problems problems = {0};
    struct scoring s;

    (void)state;
    for (int shipped = 0; shipped < 2; shipped++) {
        run_shipped(&problems, &s);
        if (!shipped)
            run_numbers(&s);
        for (unsigned sign = 0; sign < SIGN_TALLIES; sign++) {
            for (unsigned i = 0; i < sizeof history / sizeof *history; i++) {
                double mean = expectation(&s, sign, &history[i], 0, INFINITY);
                if (fabs(mean - 1) > 1e-3)
                    fail_msg("%s, history %u: %f", sign_name(sign).p, i, mean);
                assert_true(expectation(&s, sign, &history[i], 0.2F, INFINITY) < 1 + 1e-3);
                assert_true(expectation(&s, sign, &history[i], 0, 1) < 1 + 1e-3);
            }
        }
    }
    problems_free(&problems);
}

/* An identity drawn from the prior, watched for 50 messages, or until the product of its ratios
 * reaches `most`. Returns the product then. */
static double walk(const struct scoring *s, enum sign sign, double most)
{
    const struct shares *u = &s->sign[sign].usual;
    unsigned i = 0;
    double at = dice(), product = 1;
    float b[BELIEF_MOST];

    while (i + 1 < u->n && at > (double)u->weight[i])
        at -= (double)u->weight[i++];
    belief_begin(b, s, sign, &nothing, &nothing);
    for (unsigned k = 0; k < 50 && product < most; k++) {
        float yes = dice() < (double)u->share[i];
        product *= exp((double)belief_llr(b, s, sign, yes, 0));
        belief_learn(b, s, sign, yes, 1 - yes);
    }
    return product;
}

/* The same by simulation: the product is a martingale, so its mean stays 1 whenever one stops, and
 * it reaches 20 for no more than one honest identity in 20 (Ville 1939). */
static void is_martingale(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    const unsigned runs = 20000;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    seed = 88172645463325252u;
    double sum = 0, high = 0;
    for (unsigned run = 0; run < runs; run++) {
        double product = walk(&s, SIGN_SPAM, 20);
        sum += product;
        high += product >= 20;
    }
    print_message("mean %.3f, reaches 20 in %.3f\n", sum / runs, high / runs);
    assert_true(sum / runs > 0.9 && sum / runs < 1.1);
    assert_true(high / runs > 0.005 && high / runs <= 0.055);
    problems_free(&problems);
}

/* Nats of n observations of which every `every`th shows the sign, learned as they come. */
static double after(const struct scoring *s, float *b, unsigned n, unsigned every)
{
    double sum = 0;

    for (unsigned i = 0; i < n; i++) {
        float yes = (float)(i % every == every - 1);
        sum += (double)belief_llr(b, s, SIGN_SPAM, yes, 0);
        belief_learn(b, s, SIGN_SPAM, yes, 1 - yes);
    }
    return sum;
}

/* A share that some honest ones have is soon believed: what it takes to be one of those 8 % is all
 * that it can bring. One that none of them has goes on counting. */
static void saturates(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float b[BELIEF_MOST];

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    belief_begin(b, &s, SIGN_SPAM, &nothing, &nothing);
    double first = after(&s, b, 50, 5), later = after(&s, b, 2000, 5);
    assert_true(first < -log(0.08) + 1);
    assert_true(later < 0.5);
    belief_begin(b, &s, SIGN_SPAM, &nothing, &nothing);
    first = after(&s, b, 50, 1);
    later = after(&s, b, 50, 1);
    assert_true(first > 5);
    assert_true(later > 10);
    problems_free(&problems);
}

/* What is believed of the compromised one doesn't stick to what was seen before it began. */
static void may_begin_later(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float b[BELIEF_MOST];

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    belief_begin(b, &s, SIGN_SPAM, &nothing, &nothing);
    after(&s, b, 300, 1000); /* as if it were of those who hardly show it */
    assert_true(after(&s, b, 30, 1) > 10);
    assert_true(after(&s, b, 30, 1) > 25); /* and is believed to be of those who always do */
    problems_free(&problems);
}

static double one_yes(const struct scoring *s, const struct tally *own,
                      const struct tally *customers, double *no)
{
    float b[BELIEF_MOST];

    belief_begin(b, s, SIGN_SPAM, own, customers);
    if (no)
        *no = (double)belief_llr(b, s, SIGN_SPAM, 0, 0);
    return (double)belief_llr(b, s, SIGN_SPAM, 1, 0);
}

/* The better one is known, the more it says; but with the chance `change` nothing is known. */
static void change_is_floor(void **state)
{
    const struct tally few = tally_of(0, 10), many = tally_of(0, 100), all = tally_of(0, 10000);
    struct problems problems = {0};
    struct scoring s;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    s.sign[SIGN_SPAM].usual = shares_of((const float[]){1e-5F, 50, 0.6F, 50, 0});
    s.sign[SIGN_SPAM].compromised = shares_of((const float[]){0.9F, 1, 0});
    double a = one_yes(&s, &nothing, &nothing, NULL), b = one_yes(&s, &few, &nothing, NULL);
    assert_true(a < b);
    assert_true(b < one_yes(&s, &many, &nothing, NULL) + 1e-3);
    for (int i = 0; i < 2; i++) {
        s.change = i ? 0.1F : 0.001F;
        double most = log(0.9 / ((double)s.change * 0.3));
        double got = one_yes(&s, &all, &nothing, NULL);
        assert_true(got <= most + 1e-3 && got > most - 0.1);
    }
    problems_free(&problems);
}

/* The customer's messages count like `kinship` of its own at most, and less when they are fewer. */
static void kin(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float a[BELIEF_MOST], b[BELIEF_MOST];
    struct tally own = tally_of(2, 5), theirs = tally_of(40, 160), sum = own;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    s.kinship = 20; /* of 200 */
    belief_begin(a, &s, SIGN_SPAM, &own, &theirs);
    tally_merge(&sum, &(struct tally){4 * 16, 16 * 16});
    belief_begin(b, &s, SIGN_SPAM, &sum, &nothing);
    for (unsigned i = 0; i < s.sign[SIGN_SPAM].usual.n; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-4F);
    s.kinship = 1000;
    belief_begin(a, &s, SIGN_SPAM, &own, &theirs);
    sum = own;
    tally_merge(&sum, &theirs);
    belief_begin(b, &s, SIGN_SPAM, &sum, &nothing);
    for (unsigned i = 0; i < s.sign[SIGN_SPAM].usual.n; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-4F);
    s.kinship = 0;
    assert_true(fabs(one_yes(&s, &own, &theirs, NULL) - one_yes(&s, &own, &nothing, NULL)) < 1e-6);
    problems_free(&problems);
}

/* It is learned that an identity shows the sign: then it is no reason for suspicion, and not to
 * show it is none either. */
static void own_normal(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    double no, unknown_no;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    double stranger = one_yes(&s, &nothing, &nothing, &unknown_no);
    const struct tally one_in_five = tally_of(80, 320), always = tally_of(400, 0);
    assert_true(one_yes(&s, &one_in_five, &nothing, &no) < stranger - 0.5);
    assert_true(unknown_no < 0 && no < 0 && no > -10);
    s.sign[SIGN_SPAM].usual = shares_of((const float[]){0.01F, 90, 0.95F, 10, 0});
    assert_true(fabs(one_yes(&s, &always, &nothing, &no)) < 1e-9);
    assert_true(fabs(no) < 1e-9);
    problems_free(&problems);
}

/* usual_least: what everybody sees now says nothing about this one. */
static void everybody(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float b[BELIEF_MOST];
    float before = INFINITY;

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    belief_begin(b, &s, SIGN_SPAM, &nothing, &nothing);
    for (float least = 0.1F; least < 0.99F; least += 0.1F) {
        float yes = belief_llr(b, &s, SIGN_SPAM, 1, least);
        assert_true(yes < before || (yes <= 0 && before <= 0));
        assert_true(yes >= 0); /* at most it says nothing */
        before = yes;
    }
    assert_true(before <= 0);
    assert_true(belief_llr(b, &s, SIGN_SPAM, 1, 1) <= 0);
    assert_true(fabsf(belief_llr(b, &s, SIGN_SPAM, 1, 0.01F) - belief_llr(b, &s, SIGN_SPAM, 1, 0)) <
                1e-6F); /* it is that anyway */
    problems_free(&problems);
}

/* A message to several recipients is one observation between yes and no. */
static void fractions(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float a[BELIEF_MOST], b[BELIEF_MOST];
    struct tally t = {0};

    (void)state;
    run_shipped(&problems, &s);
    run_numbers(&s);
    belief_begin(a, &s, SIGN_SPAM, &nothing, &nothing);
    float yes = belief_llr(a, &s, SIGN_SPAM, 1, 0), no = belief_llr(a, &s, SIGN_SPAM, 0, 0);
    assert_true(yes > 0 && no < 0);
    for (float part = 0; part <= 1; part += 0.125F)
        assert_true(fabsf(belief_llr(a, &s, SIGN_SPAM, part, 0) - part * yes - (1 - part) * no) <
                    1e-4F);
    memcpy(b, a, sizeof b);
    belief_learn(a, &s, SIGN_SPAM, 0, 0); /* nothing seen, nothing learned */
    for (unsigned i = 0; i < s.sign[SIGN_SPAM].usual.n; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-6F);
    belief_learn(a, &s, SIGN_SPAM, 0.5F, 0);
    belief_learn(a, &s, SIGN_SPAM, 0.5F, 0);
    belief_learn(b, &s, SIGN_SPAM, 1, 0);
    for (unsigned i = 0; i < s.sign[SIGN_SPAM].usual.n; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-4F);
    for (unsigned i = 0; i < 10; i++)
        tally_add(&t, 0.25F);
    assert_int_equal(t.yes, 10 * 4);
    assert_int_equal(t.no, 10 * 12);
    assert_true(fabsf(tally_count(&t) - 10) < 1e-6F);
    problems_free(&problems);
}

/* The last few hundred messages count: a tally never runs over, keeps its share when it is halved,
 * and a new habit is learned in as many. */
static void halved(void **state)
{
    struct tally t = {0}, sum;

    (void)state;
    assert_true(tally_empty(&t));
    for (unsigned i = 0; i < 100000; i++) {
        tally_add(&t, (float)(i % 4 == 0));
        assert_true(tally_count(&t) <= (float)TALLY_MESSAGES);
        assert_true(i < 300 || tally_count(&t) >= (float)TALLY_MESSAGES / 2 - 1);
        assert_true(i < 300 || abs(t.no - 3 * t.yes) <= 3 * 16);
    }
    assert_false(tally_empty(&t));
    sum = t;
    for (unsigned i = 0; i < 100; i++) {
        tally_merge(&sum, &t);
        assert_true(tally_count(&sum) <= (float)TALLY_MESSAGES);
        assert_true(abs(sum.no - 3 * sum.yes) <= 3 * 16);
    }
    for (unsigned i = 0; i < 2 * TALLY_MESSAGES; i++)
        tally_add(&t, 1);
    assert_true(t.yes > 10 * t.no);
}

/* A belief holds for any number of observations: weights stay weights. */
static void for_ever(void **state)
{
    struct problems problems = {0};
    struct scoring s;
    float b[BELIEF_MOST];

    (void)state;
    run_shipped(&problems, &s);
    belief_begin(b, &s, SIGN_NEW_RCPT, &nothing, &nothing);
    for (unsigned i = 0; i < 20000; i++) {
        float yes = (float)(i / 5000 % 2), sum[2] = {0, 0};
        float llr = belief_llr(b, &s, SIGN_NEW_RCPT, yes, 0);
        assert_true(llr > -100 && llr < 100);
        belief_learn(b, &s, SIGN_NEW_RCPT, yes, 1 - yes);
        for (unsigned k = 0; k < SHARES_MOST; k++) {
            sum[0] += k < s.sign[SIGN_NEW_RCPT].usual.n ? b[k] : 0;
            sum[1] +=
                k < s.sign[SIGN_NEW_RCPT].compromised.n ? b[s.sign[SIGN_NEW_RCPT].usual.n + k] : 0;
        }
        assert_true(fabsf(sum[0] - 1) < 1e-3F && fabsf(sum[1] - 1) < 1e-3F);
    }
    problems_free(&problems);
}

/* Beliefs are kept packed, in the order in which they were asked for; a copy is one of its own. */
static void packed(void **state)
{
    struct scoring s;
    struct problems problems = {0};
    struct beliefs all = {0}, copy = {0};
    const enum sign order[] = {SIGN_NEW_NET, SIGN_CONTENT, SIGN_ELSEWHERE};
    unsigned used = 0;

    (void)state;
    run_shipped(&problems, &s);
    for (unsigned i = 0; i < 3; i++) {
        float want[BELIEF_MOST], *got = beliefs_add(&all, &s, order[i]);
        unsigned n = belief_size(&s, order[i]);
        assert_non_null(got);
        belief_begin(got, &s, order[i], &nothing, &nothing);
        belief_begin(want, &s, order[i], &nothing, &nothing);
        used += n;
        assert_int_equal(all.used, used);
        assert_memory_equal(beliefs_of(&all, order[i]), want, n * sizeof *want);
    }
    assert_int_equal(all.begun, 1u << SIGN_NEW_NET | 1u << SIGN_CONTENT | 1u << SIGN_ELSEWHERE);
    assert_true(beliefs_copy(&copy, &all));
    assert_int_equal(copy.begun, all.begun);
    beliefs_of(&all, SIGN_CONTENT)[0] = 7;
    assert_true(beliefs_of(&copy, SIGN_CONTENT)[0] < 1);
    beliefs_clear(&all);
    assert_true(all.begun == 0 && all.used == 0 && all.room == used);
    assert_true(beliefs_reserve(&all));
    const float *first = all.weight;
    for (enum sign i = 0; i < SIGN_TALLIES; i++)
        assert_non_null(beliefs_add(&all, &s, i));
    assert_ptr_equal(all.weight, first);
    beliefs_free(&all);
    beliefs_free(&copy);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed),
        cmocka_unit_test(is_likelihood_ratio),
        cmocka_unit_test(is_martingale),
        cmocka_unit_test(saturates),
        cmocka_unit_test(may_begin_later),
        cmocka_unit_test(change_is_floor),
        cmocka_unit_test(kin),
        cmocka_unit_test(own_normal),
        cmocka_unit_test(everybody),
        cmocka_unit_test(fractions),
        cmocka_unit_test(halved),
        cmocka_unit_test(for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
