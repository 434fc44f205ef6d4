/* The rates of one identity, and a scorer of many: nobody is lost, nobody is somebody else. */
#include "scored.h"

#include "judge/score_parts.h"

static struct scorer_rates rates_of(struct run *t, const char *name)
{
    struct scorer_rates out = {0};
    struct suspect s;

    size_t n = scorer_rank(t->scorer, true);
    for (size_t i = 0; i < n; i++) {
        scorer_suspect(t->scorer, i, &s);
        if (slice_eq(s.identity, slice_str(name)))
            scorer_rates(t->scorer, i, &out);
    }
    return out;
}

static void rated(struct run *t, struct person *p, unsigned n)
{
    for (; n; n--)
        person_rate(t->scorer, p, t->time);
    assert_false(t->scorer->failed);
}

static uint64_t all(struct person *p)
{
    uint16_t rate[SCORER_RATES];
    uint64_t sum = 0;

    rates_get(p, rate);
    for (unsigned i = 0; i < SCORER_RATES; i++)
        sum += rate[i];
    return sum;
}

/* More than fits in a byte, wider intervals, more than fits in two. */
static void counted(void **state)
{
    struct run t;
    uint16_t rate[SCORER_RATES];

    (void)state;
    run_begin(&t, false, "");
    accept_mail(&t, &bob);
    struct person *p = person_known(t.scorer, IDENTITY_LOGIN, SL("bob@acme.example"));
    assert_int_equal(all(p), 1);
    rated(&t, p, 254);
    assert_false(p->busy);
    rated(&t, p, 1);
    assert_true(p->busy);
    assert_int_equal(all(p), 256);
    rated(&t, p, 44);
    t.time += 60 * WHEN_SECOND;
    rated(&t, p, 7);
    rates_get(p, rate);
    assert_int_equal(rate[0], 300);
    assert_int_equal(rate[1], 7);
    t.time += DAY; /* of hours */
    rated(&t, p, 2);
    assert_int_equal(all(p), 309);
    rates_get(p, rate);
    assert_int_equal(rate[0], 307);
    rated(&t, p, 70000);
    assert_int_equal(all(p), 307 + UINT16_MAX);
    run_end(&t);
}

/* They fit in bytes until the intervals are joined. */
static void joined(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, false, "");
    accept_mail(&t, &bob);
    struct person *p = person_known(t.scorer, IDENTITY_LOGIN, SL("bob@acme.example"));
    for (unsigned i = 0; i < 10; i++) {
        rated(&t, p, 100);
        t.time += 60 * WHEN_SECOND;
    }
    assert_false(p->busy);
    assert_int_equal(all(p), 1001);
    t.time += 30 * DAY;
    rated(&t, p, 1);
    assert_true(p->busy);
    assert_int_equal(all(p), 1002);
    run_end(&t);
}

static void told(void **state)
{
    struct run t;

    (void)state;
    run_begin(&t, false, "");
    for (unsigned i = 0; i < 5; i++)
        send(&t, &bob, site_at(i), "spam-content");
    struct scorer_rates r = rates_of(&t, "bob@acme.example");
    assert_int_equal(r.minutes, 1);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.count[0], 5);
    t.time += HOUR;
    send(&t, &ann, "big", "accepted");
    r = rates_of(&t, "bob@acme.example");
    assert_int_equal(r.minutes, 5);
    assert_int_equal(r.n, 13);
    assert_int_equal(r.count[0], 5);
    run_end(&t);
}

static void many_people(void **state)
{
    enum { PEOPLE = 5000 };
    struct run t;
    char name[40];
    struct person *p;
    size_t at = 0, n = 0;

    (void)state;
    run_begin(&t, false, "");
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct mail m = {.login = name, .client = "192.0.2.7", .sender = "a@x.example"};
        snprintf(name, sizeof name, "User%u", i);
        accept_mail(&t, &m);
    }
    assert_int_equal(t.scorer->people.used, PEOPLE);
    for (unsigned i = 0; i < PEOPLE; i++) {
        int length = snprintf(name, sizeof name, "user%u", i);
        p = person_known(t.scorer, IDENTITY_LOGIN, SL("USER17"));
        assert_true(slice_eq(person_name(p), SL("user17")));
        p = person_known(t.scorer, IDENTITY_LOGIN, slice_of(name, (size_t)length));
        assert_non_null(p);
        assert_true(slice_eq(person_name(p), slice_of(name, (size_t)length)));
        assert_int_equal(p->kind, IDENTITY_LOGIN);
        p->number = 77;
        assert_null(person_known(t.scorer, IDENTITY_CLIENT, slice_of(name, (size_t)length)));
    }
    while ((p = person_next(t.scorer, &at)) != NULL) {
        n++;
        assert_int_equal(p->number, 77);
    }
    assert_int_equal(n, PEOPLE);
    assert_null(person_known(t.scorer, IDENTITY_LOGIN, SL("user5000")));
    assert_null(person_known(t.scorer, IDENTITY_LOGIN, SLICE_NONE));
    run_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted),
        cmocka_unit_test(joined),
        cmocka_unit_test(told),
        cmocka_unit_test(many_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
