/* Calibration: are the shares found that the mail was made with, do the tails stay, is what isn't
 * honest left out, and does scoring.conf take what is written? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/when.h"
#include "judge/calibrate.h"
#include "judge/calibrate_fit.h"

#define START (INT64_C(1795478400) * WHEN_SECOND) /* a midnight */
#define USERS 40u

static uint64_t seed;

static double chance(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (double)((seed * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

static struct shares grid(unsigned n, const float *share, const float *weight)
{
    struct shares s = {.n = n};

    for (unsigned i = 0; i < n; i++) {
        s.share[i] = share[i];
        s.weight[i] = weight[i];
    }
    return s;
}

static const float four[] = {0.001F, 0.01F, 0.1F, 0.5F};
static const float shipped_weight[] = {0.6F, 0.3F, 0.09F, 0.01F};

/* Draws of shares with these weights; n observations of each. */
static void make_draws(struct draw *d, size_t n, const float *weight, unsigned observations)
{
    for (size_t k = 0; k < n; k++) {
        double at = chance();
        unsigned i = 0;
        while (i < 3 && at >= (double)weight[i])
            at -= (double)weight[i++];
        d[k] = (struct draw){.weight = 1};
        for (unsigned o = 0; o < observations; o++)
            d[k].yes += chance() < (double)four[i];
        d[k].no = (float)observations - d[k].yes;
    }
}

static void finds_the_weights(void **state)
{
    static const float truth[] = {0.2F, 0.5F, 0.1F, 0.2F};
    static struct draw d[3000];
    struct shares shipped = grid(4, four, shipped_weight), out;
    float sum = 0;

    (void)state;
    seed = 88172645463325252u;
    make_draws(d, 3000, truth, 100);
    assert_true(fit_shares(d, 3000, &shipped, 3000, &out));
    for (unsigned i = 0; i < 4; i++) {
        assert_float_equal(out.weight[i], truth[i], 0.06);
        assert_float_equal(out.share[i], four[i], 0);
        sum += out.weight[i];
    }
    assert_float_equal(sum, 1, 1e-5);
    assert_float_equal(shares_mean(&out), 0.2 * 0.001 + 0.5 * 0.01 + 0.1 * 0.1 + 0.2 * 0.5, 0.01);
}

/* Many identities are one when all of them are days of the same. */
static void draws_have_weights(void **state)
{
    struct shares shipped = grid(4, four, shipped_weight), out;
    struct draw d[200];

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        d[i] = (struct draw){.no = 200, .weight = 1};
        if (i >= 100) /* one who always shows it half the time */
            d[i] = (struct draw){.yes = 100, .no = 100, .weight = 0.01F};
    }
    assert_true(fit_shares(d, 200, &shipped, 101, &out));
    assert_float_equal(out.weight[3], (1 + 0.05) / 106, 0.003);
}

/* A few customers who never show a sign don't make a rare habit impossible; many make it rarer. */
static void tails_stay(void **state)
{
    static struct draw d[5000];
    struct shares shipped = grid(4, four, shipped_weight), few, many;

    (void)state;
    for (unsigned i = 0; i < 5000; i++)
        d[i] = (struct draw){.no = 1000, .weight = 1};
    assert_true(fit_shares(d, 20, &shipped, 20, &few));
    assert_true(few.weight[3] >= 0.9F * shipped_weight[3]);
    assert_true(few.weight[2] >= 0.04F);
    assert_true(few.weight[0] > shipped_weight[0]);
    assert_true(fit_shares(d, 5000, &shipped, 5000, &many));
    assert_true(many.weight[3] < 0.1F * few.weight[3]);
    assert_true(many.weight[3] >= 0.9F / 5001);
    /* and nothing at all changes nothing */
    assert_true(fit_shares(d, 0, &shipped, 0, &few));
    for (unsigned i = 0; i < 4; i++)
        assert_float_equal(few.weight[i], shipped_weight[i], 1e-5);
}

/* Ten customers aren't all customers, whatever they do. */
static void few_are_not_all(void **state)
{
    struct shares shipped = grid(4, four, shipped_weight), out;
    struct draw d[10];

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        d[i] = (struct draw){.yes = 500, .no = 500, .weight = 1};
    assert_true(fit_shares(d, 10, &shipped, 10, &out));
    assert_true(out.weight[3] > 0.55F && out.weight[3] < (10 + 0.05F * 1.1F) / 15);
}

/* What everybody shows just then is no habit. */
static void least_explains(void **state)
{
    static struct draw d[500];
    struct shares shipped = grid(4, four, shipped_weight), out;

    (void)state;
    for (unsigned i = 0; i < 500; i++)
        d[i] = (struct draw){.yes = 5, .no = 5, .least = 1, .weight = 1};
    assert_true(fit_shares(d, 500, &shipped, 0, &out));
    for (unsigned i = 0; i < 4; i++)
        assert_float_equal(out.weight[i], shipped_weight[i], 1e-4);
    for (unsigned i = 0; i < 500; i++)
        d[i].least = 0;
    assert_true(fit_shares(d, 500, &shipped, 0, &out));
    assert_true(out.weight[3] > 0.5F);
}

/* Garwood's table. */
static void intervals(void **state)
{
    static const struct {
        uint64_t k;
        double low, high;
    } row[] = {{0, 0, 3.68888},        {1, 0.02532, 5.57164},   {2, 0.24221, 7.22469},
               {5, 1.62349, 11.66833}, {10, 4.79539, 18.39036}, {100, 81.36398, 121.62689}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct interval got = poisson_interval(row[i].k);
        assert_float_equal(got.low, row[i].low, 1e-4);
        assert_float_equal(got.high, row[i].high, 1e-4);
    }
}

static void quantiles(void **state)
{
    float share[] = {0.5F, 0.1F, 0.3F, 0.2F, 0.4F};

    (void)state;
    assert_float_equal(quantile(share, 5, 0.5), 0.3, 1e-6);
    assert_float_equal(quantile(share, 5, 0), 0.1, 1e-6);
    assert_float_equal(quantile(share, 5, 1), 0.5, 1e-6);
    assert_float_equal(quantile(share, 1, 0.99), 0.1, 1e-6);
}

/* A site of made-up mail. */
struct site {
    struct problems problems;
    struct scoring scoring;
    struct calibrate *calibrate;
    struct scorer *scorer; /* or this */
    int64_t time;
    unsigned messages;
    struct text text;
};

static void site_begin(struct site *t, bool all)
{
    *t = (struct site){.time = START};
    seed = 88172645463325252u;
    assert_true(scoring_load("share/mptools", NULL, &t->problems, &t->scoring));
    struct calibrate_options o = {.scoring = &t->scoring, .shipped = &t->scoring, .all = all};
    t->calibrate = calibrate_new(&o);
    assert_non_null(t->calibrate);
}

static void site_end(struct site *t)
{
    calibrate_free(t->calibrate);
    scorer_free(t->scorer);
    problems_free(&t->problems);
    text_free(&t->text);
}

static void feed(struct site *t, const struct record *r)
{
    if (t->calibrate)
        assert_true(calibrate_record(t->calibrate, r));
    if (t->scorer)
        assert_true(scorer_record(t->scorer, r));
}

/* A message to one recipient. */
static void send(struct site *t, const char *login, const char *rcpt, unsigned where,
                 const char *class)
{
    struct record r = {.time = t->time, .kind = KIND_ACCEPT};
    bool sent = strcmp(class, "accepted") == 0;
    char qid[16], name[32], ip[32];

    snprintf(qid, sizeof qid, "Q%u", t->messages++);
    snprintf(name, sizeof name, "mx.s%u.example", where);
    snprintf(ip, sizeof ip, "198.%u.100.25", 60 + where);
    r.f[COL_HOST] = SL("mx1");
    r.f[COL_QID] = slice_str(qid);
    r.f[COL_SASL_USER] = r.f[COL_SENDER] = slice_str(login);
    r.f[COL_CLIENT_IP] = SL("192.0.2.7");
    r.f[COL_NRCPT] = SL("1");
    feed(t, &r);
    r.kind = KIND_DELIVER;
    r.f[COL_RCPT] = slice_str(rcpt);
    r.f[COL_RELAY_NAME] = slice_str(name);
    r.f[COL_RELAY_IP] = slice_str(ip);
    r.f[COL_STATUS] = sent ? SL("sent") : SL("bounced");
    r.f[COL_CLASS] = slice_str(class);
    feed(t, &r);
    r.kind = KIND_REMOVE;
    feed(t, &r);
}

/* The login of user i. */
static const char *login_of(unsigned i)
{
    static char buf[32];

    snprintf(buf, sizeof buf, "user%u@c%u.example", i, i);
    return buf;
}

/* Five days of honest mail: 36 users have 0.4 % of it refused, 4 have 8 %. */
static void honest_days(struct site *t)
{
    char rcpt[32];

    for (unsigned day = 0; day < 5; day++)
        for (unsigned n = 0; n < 60; n++)
            for (unsigned i = 0; i < USERS; i++) {
                double refused = i < 4 ? 0.08 : 0.004;
                t->time = START + day * WHEN_DAY + (n * USERS + i) * 12 * WHEN_SECOND;
                snprintf(rcpt, sizeof rcpt, "r%u@d%u.example", n % 25, n % 5);
                send(t, login_of(i), rcpt, n % 5, chance() < refused ? "spam-content" : "accepted");
            }
}

/* n messages of a user on a day, to that many recipients; so many of them are refused. */
static void day_of(struct site *t, unsigned user, unsigned day, unsigned n, unsigned rcpts,
                   double refused)
{
    char rcpt[32];

    for (unsigned i = 0; i < n; i++) {
        t->time = START + day * WHEN_DAY + (i * USERS + user) * 12 * WHEN_SECOND;
        snprintf(rcpt, sizeof rcpt, "r%u@d%u.example", i % rcpts, i % rcpts % 5);
        send(t, login_of(user), rcpt, i % 5, chance() < refused ? "spam-content" : "accepted");
    }
}

/* A sixth day, on which somebody sends spam. */
static void spam_day(struct site *t)
{
    char rcpt[32];

    for (unsigned n = 0; n < 300; n++) {
        t->time += 5 * WHEN_SECOND;
        snprintf(rcpt, sizeof rcpt, "new%u@other%u.example", n, n % 60);
        send(t, login_of(9), rcpt, n % 5,
             chance() < 0.3   ? "user-unknown"
             : chance() < 0.6 ? "spam-content"
                              : "accepted");
    }
}

static bool says(struct site *t, const char *what)
{
    return slice_find(text_slice(&t->text), slice_str(what)) != NULL;
}

static void report(struct site *t)
{
    t->text.n = 0;
    assert_true(calibrate_report(t->calibrate, &t->text));
}

static float weight_at(const struct scoring *s, enum sign sign, double share)
{
    const struct shares *u = &s->sign[sign].usual;

    for (unsigned i = 0; i < u->n; i++)
        if (u->share[i] > (float)share - 1e-4F && u->share[i] < (float)share + 1e-4F)
            return u->weight[i];
    fail();
    return 0;
}

/* What is written is read as the same, and nothing else changes. */
static void check_file(struct site *t)
{
    char dir[] = "/tmp/mptools-calibrate-XXXXXX", name[64];
    const struct scoring *fitted = calibrate_scoring(t->calibrate);
    struct scoring read;

    t->text.n = 0;
    assert_true(calibrate_file(t->calibrate, START, &t->text));
    assert_non_null(mkdtemp(dir));
    snprintf(name, sizeof name, "%s/scoring.conf", dir);
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(t->text.p, 1, t->text.n, f), t->text.n);
    assert_int_equal(fclose(f), 0);
    assert_true(scoring_load("share/mptools", dir, &t->problems, &read));
    for (unsigned i = 0; i < SIGN_COUNT; i++) {
        const struct sign_scoring *a = &read.sign[i], *b = &fitted->sign[i];
        assert_int_equal(a->usual.n, b->usual.n);
        for (unsigned k = 0; k < a->usual.n; k++) {
            assert_float_equal(a->usual.share[k], b->usual.share[k], 1e-4);
            assert_float_equal(a->usual.weight[k], b->usual.weight[k], 1e-4);
        }
        assert_memory_equal(&a->compromised, &t->scoring.sign[i].compromised,
                            sizeof a->compromised);
    }
    assert_float_equal(read.threshold, t->scoring.threshold, 1e-9);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void honest_site(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    honest_days(&t);
    assert_true(calibrate_end(t.calibrate));
    assert_true(calibrate_clean(t.calibrate));
    assert_true(calibrate_any(t.calibrate));
    const struct scoring *fitted = calibrate_scoring(t.calibrate);
    assert_in_range(1000 * weight_at(fitted, SIGN_CONTENT, 0.08), 50, 130); /* 10 % of them */
    assert_true(weight_at(fitted, SIGN_CONTENT, 0.2) >
                0.5F * weight_at(&t.scoring, SIGN_CONTENT, 0.2));
    /* the same 25 recipients every day: hardly ever a new one */
    assert_true(weight_at(fitted, SIGN_NEW_RCPT, 0.02) > 0.5F);
    /* never looked at by a filter */
    assert_memory_equal(&fitted->sign[SIGN_SPAM], &t.scoring.sign[SIGN_SPAM],
                        sizeof t.scoring.sign[SIGN_SPAM]);
    /* 7 or 8 messages an hour: from 1 to 2 to 4, sometimes to 8 */
    assert_in_range(1000 * fitted->sign[SIGN_BUSIER].usual.share[0], 600, 800);
    check_file(&t);
    report(&t);
    assert_true(says(&t, "12,000 messages of 40 identities, 2026-11-24 to 2026-11-28 (5 days)\n"));
    assert_true(says(&t, "present numbers: 0 in 12,000 messages, which is 0 in a million\n"
                         "    (95 % confidence: 0 to 307). That fits; to be sure takes 3,688,879"));
    assert_true(says(&t, "new numbers: not measured"));
    assert_false(says(&t, "WARNING"));
    assert_true(calibrate_again(t.calibrate));
    honest_days(&t);
    assert_true(calibrate_end(t.calibrate));
    report(&t);
    assert_true(says(&t, "new numbers: 0 in 12,000 messages"));
    assert_true(says(&t, "12,000 messages of 40 identities")); /* counted once */
    site_end(&t);
}

/* What the spammer sends counts only if he is said to be honest. */
static void spammer_left_out(void **state)
{
    float content[2];

    (void)state;
    for (unsigned all = 0; all < 2; all++) {
        struct site t;
        site_begin(&t, all);
        honest_days(&t);
        spam_day(&t);
        assert_true(calibrate_end(t.calibrate));
        assert_false(calibrate_clean(t.calibrate));
        content[all] = weight_at(calibrate_scoring(t.calibrate), SIGN_CONTENT, 0.2);
        report(&t);
        assert_true(says(&t, "WARNING: this log isn't clean. Flagged were:\n"
                             "  user9@c9.example: compromised at 2026-11-28T"));
        assert_int_equal(says(&t, "left out of the estimate"), !all);
        assert_int_equal(says(&t, "counted all the same"), all);
        assert_true(says(&t, "present numbers: 1 in 12,300 messages"));
        check_file(&t);
        assert_int_equal(says(&t, "1 identity was flagged and left out.\n"), !all);
        site_end(&t);
    }
    assert_true(content[1] > 3 * content[0]);
}

static void count_signs(void *user, struct slice identity, enum sign sign, float yes, float least)
{
    unsigned *counts = user;

    assert_true(identity.n > 0 && sign < SIGN_TALLIES);
    assert_true(yes >= 0 && yes <= 1 && least >= 0 && least <= 1);
    counts[sign]++;
}

/* Whoever listens changes nothing; every message has a sender and, here, a net and an answer. */
static void listening_changes_nothing(void **state)
{
    unsigned counts[SIGN_TALLIES] = {0};
    struct text told[2] = {{0}};
    struct site t;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        site_begin(&t, false);
        calibrate_free(t.calibrate);
        t.calibrate = NULL;
        struct scorer_options o = {
            .scoring = &t.scoring, .seen = i ? count_signs : NULL, .user = counts};
        t.scorer = scorer_new(&o);
        assert_non_null(t.scorer);
        honest_days(&t);
        spam_day(&t);
        assert_true(scorer_end(t.scorer));
        size_t n = scorer_rank(t.scorer, true);
        for (size_t k = 0; k < n; k++) {
            struct suspect s;
            scorer_suspect(t.scorer, k, &s);
            suspect_tsv(&told[i], &s);
        }
        site_end(&t);
    }
    assert_int_equal(counts[SIGN_NEW_SENDER], 12300);
    assert_int_equal(counts[SIGN_NEW_NET], 12300);
    assert_in_range(counts[SIGN_CONTENT], 12100, 12300);
    assert_int_equal(told[0].n, told[1].n);
    assert_memory_equal(told[0].p, told[1].p, told[0].n);
    text_free(&told[0]);
    text_free(&told[1]);
}

/* Five users have one bad day of five each: two habits, not one in between. */
static void two_habits(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    for (unsigned day = 0; day < 5; day++)
        for (unsigned i = 0; i < USERS; i++)
            day_of(&t, i, day, 60, 25, i < 5 && day == i ? 0.3 : 0);
    assert_true(calibrate_end(t.calibrate));
    const struct scoring *fitted = calibrate_scoring(t.calibrate);
    assert_in_range(1000 * weight_at(fitted, SIGN_CONTENT, 0.2), 17, 30); /* 1 in 40 */
    assert_true(weight_at(fitted, SIGN_CONTENT, 0.08) < 0.03F);
    site_end(&t);
}

/* However many days he is there, one is one. */
static void one_is_one(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    for (unsigned day = 0; day < 20; day++)
        for (unsigned i = 0; i < USERS; i++)
            if (i == 0 || i % 20 == day)
                day_of(&t, i, day, 60, 25, i == 0 ? 0.3 : 0);
    assert_true(calibrate_end(t.calibrate));
    const struct scoring *fitted = calibrate_scoring(t.calibrate);
    assert_in_range(1000 * weight_at(fitted, SIGN_CONTENT, 0.2), 17, 30);
    site_end(&t);
}

/* On the first day of a log everything is new: no habit. */
static void first_day(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    for (unsigned i = 0; i < USERS; i++)
        day_of(&t, i, 0, 20, 4, 0);
    assert_true(calibrate_end(t.calibrate));
    const struct shares *fitted = &calibrate_scoring(t.calibrate)->sign[SIGN_NEW_RCPT].usual;
    assert_true(calibrate_any(t.calibrate));
    assert_true(shares_mean(fitted) < shares_mean(&t.scoring.sign[SIGN_NEW_RCPT].usual));
    assert_true(weight_at(calibrate_scoring(t.calibrate), SIGN_NEW_RCPT, 0.02) >
                0.9F * weight_at(&t.scoring, SIGN_NEW_RCPT, 0.02));
    site_end(&t);
}

static void no_mail(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    assert_true(calibrate_end(t.calibrate));
    assert_false(calibrate_any(t.calibrate));
    assert_true(calibrate_clean(t.calibrate));
    report(&t);
    assert_true(says(&t, "0 messages of 0 identities\n"));
    assert_true(says(&t, "too little mail"));
    check_file(&t);
    site_end(&t);
}

/* Three users say nothing that is worth a line. */
static void few_users(void **state)
{
    struct site t;

    (void)state;
    site_begin(&t, false);
    for (unsigned i = 0; i < 300; i++) {
        t.time += 60 * WHEN_SECOND;
        send(&t, login_of(i % 3), "a@b.example", i % 5, "accepted");
    }
    assert_true(calibrate_end(t.calibrate));
    assert_false(calibrate_any(t.calibrate));
    check_file(&t);
    site_end(&t);
}

static void rereads(void **state)
{
    char *file[] = {"share/mptools/scoring.conf", "share/mptools/replies.conf"};
    char *stdin_too[] = {"share/mptools/scoring.conf", "-"}, *null[] = {"/dev/null"};

    (void)state;
    assert_true(calibrate_rereads(file, 2));
    assert_false(calibrate_rereads(stdin_too, 2));
    assert_false(calibrate_rereads(null, 1));
    assert_false(calibrate_rereads(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_weights), cmocka_unit_test(draws_have_weights),
        cmocka_unit_test(tails_stay),        cmocka_unit_test(few_are_not_all),
        cmocka_unit_test(least_explains),    cmocka_unit_test(intervals),
        cmocka_unit_test(quantiles),         cmocka_unit_test(honest_site),
        cmocka_unit_test(spammer_left_out),  cmocka_unit_test(listening_changes_nothing),
        cmocka_unit_test(two_habits),        cmocka_unit_test(one_is_one),
        cmocka_unit_test(first_day),         cmocka_unit_test(no_mail),
        cmocka_unit_test(few_users),         cmocka_unit_test(rereads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
