/* remote: who is one site, what sites do to everybody, and what is forgotten of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/when.h"
#include "judge/remote.h"

#define START (INT64_C(1795515000) * WHEN_SECOND)
#define HOUR (3600 * WHEN_SECOND)
#define SEED 12345
#define USUAL 0.02

static struct remote site_of(struct remotes *rs, const psl_ctx_t *psl, const char *name,
                             const char *ip)
{
    struct record r = {0};
    struct remote out = {0};

    r.f[COL_RELAY_NAME] = slice_str(name);
    r.f[COL_RELAY_IP] = slice_str(ip);
    assert_true(remote_of(rs, psl, &r, &out));
    return out;
}

/* Two answers: are they one site's, by name or by net? */
static void who(void **state)
{
    static const struct {
        const char *name[2], *ip[2];
        bool same_name, same_net, local;
    } row[] = {
        {{"mx1.big.example", "mx2.big.example"}, {"192.0.2.1", "198.51.100.1"}, true, false, false},
        {{"MX1.Big.Example.", "big.example"}, {"192.0.2.1", "198.51.100.1"}, true, false, false},
        {{"mx.a.example", "mx.b.example"}, {"192.0.2.1", "192.0.2.200"}, false, true, false},
        {{"mx.a.example", "mx.b.example"}, {"192.0.2.1", "192.0.3.1"}, false, false, false},
        {{"mx.a.example", "mx.b.example"},
         {"2001:db8:1:2::3", "2001:db8:1:9::3"},
         false,
         true,
         false},
        {{"mx.a.example", "mx.b.example"}, {"2001:db8:1::3", "2001:db8:2::3"}, false, false, false},
        {{"a.co.uk", "b.co.uk"}, {"192.0.2.1", "198.51.100.1"}, false, false, false},
        {{"", ""}, {"192.0.2.1", "192.0.2.1"}, true, true, false},
        {{"", ""}, {"192.0.2.1", "192.0.2.2"}, false, true, false},
        {{"127.0.0.1", "127.0.0.1"}, {"127.0.0.1", "127.0.0.1"}, true, true, true},
        {{"a.inside.example", "b.other.example"}, {"10.0.0.5", "10.0.0.6"}, false, true, true},
    };
    struct remotes *rs = remotes_new(SEED);
    psl_ctx_t *psl = psl_latest(NULL);

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct remote a = site_of(rs, psl, row[i].name[0], row[i].ip[0]);
        struct remote b = site_of(rs, psl, row[i].name[1], row[i].ip[1]);
        assert_true(a.name && b.name);
        if (psl || i != 6) /* without the list a.co.uk is of co.uk */
            assert_int_equal(a.name == b.name, row[i].same_name);
        assert_int_equal(a.net == b.net, row[i].same_net);
        assert_int_equal(a.local, row[i].local);
        assert_int_equal(a.net == 0, row[i].local); /* the same private net says nothing */
    }
    psl_free(psl);
    remotes_free(rs);
}

static void nobody_answered(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    struct record r = {0};
    struct remote out;

    (void)state;
    assert_false(remote_of(rs, NULL, &r, &out));
    r.f[COL_RELAY_NAME] = SL("none");
    assert_false(remote_of(rs, NULL, &r, &out));
    r.f[COL_RELAY_NAME] = SL("mx.big.example");
    r.f[COL_RELAY_IP] = SL("private/lmtp");
    assert_false(remote_of(rs, NULL, &r, &out));
    assert_true(remote_domain(rs, NULL, SL("unknown")) == 0);
    assert_true(remote_domain(rs, NULL, SL("")) == 0);
    assert_true(remote_domain(rs, NULL, SL("192.0.2.1")) == 0);
    assert_true(remote_domain(rs, NULL, SL("mx.big.example")) != 0);
    assert_true(remote_domain(rs, NULL, SL("mx.big.example")) ==
                remote_domain(rs, NULL, SL("Other.BIG.example")));
    remotes_free(rs);
}

static const struct remote big = {.name = 7, .net = 70}, other = {.name = 8, .net = 80};

static double share(const struct remotes *rs, const struct remote *site, uint32_t customer,
                    int64_t time)
{
    return remote_share_refused(rs, site, customer, time, USUAL);
}

static void refuse(struct remotes *rs, const struct remote *site, uint32_t from, uint32_t to)
{
    for (uint32_t customer = from; customer <= to; customer++)
        remote_heard(rs, site, customer, true, START);
}

/* The more customers a site refuses, the less it says about the next one. */
static void shares(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    double before = USUAL, alone;

    (void)state;
    remote_heard(rs, &big, 1, false, START); /* it refused nobody yet: not worth a place */
    assert_true(share(rs, &big, 99, START) <= USUAL);
    for (uint32_t customer = 1; customer <= 12; customer++) {
        refuse(rs, &big, customer, customer);
        double now = share(rs, &big, 99, START);
        assert_true(now > before && now < 1);
        before = now;
    }
    assert_true(before > 0.5);
    assert_true(share(rs, &big, 1, START) < before); /* itself left out */
    assert_true(share(rs, &other, 99, START) <= USUAL);
    refuse(rs, &other, 5, 5);
    assert_true(share(rs, &other, 5, START) <= USUAL); /* nobody explains its own refusals */
    alone = share(rs, &other, 99, START);
    for (unsigned i = 0; i < 1000; i++) /* nor does one customer count for many */
        refuse(rs, &other, 5, 5);
    assert_true(share(rs, &other, 99, START) == alone);
    remotes_free(rs);
}

/* A site that takes others' mail has no quarrel with us; the last word counts. */
static void taken_back(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    double all;

    (void)state;
    refuse(rs, &big, 1, 8);
    all = share(rs, &big, 99, START);
    remote_heard(rs, &big, 1, false, START);
    assert_true(share(rs, &big, 99, START) < all);
    for (uint32_t customer = 2; customer <= 8; customer++)
        remote_heard(rs, &big, customer, false, START);
    assert_true(fabs(share(rs, &big, 99, START) - USUAL) < 1e-12); /* nor less than usual */
    remotes_free(rs);
}

/* What was heard of a customer that is flagged is taken back. */
static void forget(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    double three, four;

    (void)state;
    refuse(rs, &big, 1, 3);
    three = share(rs, &big, 99, START);
    refuse(rs, &big, 4, 4);
    four = share(rs, &big, 99, START);
    remote_forget(rs, &big, 77);  /* nothing was heard of that one */
    remote_forget(rs, &other, 4); /* nor of that site */
    assert_true(share(rs, &big, 99, START) == four);
    remote_forget(rs, &big, 4);
    assert_true(share(rs, &big, 99, START) == three);
    for (uint32_t customer = 1; customer <= 3; customer++)
        remote_forget(rs, &big, customer);
    assert_true(share(rs, &big, 99, START) <= USUAL);
    remotes_free(rs);
}

static void a_day(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    double now;

    (void)state;
    refuse(rs, &big, 1, 4);
    now = share(rs, &big, 99, START);
    assert_true(share(rs, &big, 99, START + 23 * HOUR) == now);
    assert_true(share(rs, &big, 99, START + 25 * HOUR) <= USUAL);
    remotes_free(rs);
}

/* Sixteen customers a site: of more, the last ones. */
static void voices(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    double sixteen;

    (void)state;
    refuse(rs, &big, 1, 16);
    sixteen = share(rs, &big, 99, START);
    refuse(rs, &big, 17, 1000);
    assert_true(share(rs, &big, 99, START) == sixteen);
    for (uint32_t customer = 2000; customer < 2016; customer++)
        remote_heard(rs, &big, customer, false, START);
    assert_true(share(rs, &big, 99, START) <= USUAL);
    remotes_free(rs);
}

/* Thousands of sites: the last 4,096 are known, the first are forgotten, none is taken for
 * another. */
static void bounded(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    const uint64_t n = 20000;

    (void)state;
    for (uint64_t name = 1; name <= n; name++) {
        struct remote site = {.name = name * UINT64_C(0x9e3779b97f4a7c15)};
        refuse(rs, &site, (uint32_t)(name % 16) + 1, (uint32_t)(name % 16) + 1);
    }
    for (uint64_t name = 1; name <= n; name++) {
        struct remote site = {.name = name * UINT64_C(0x9e3779b97f4a7c15)};
        uint32_t itself = (uint32_t)(name % 16) + 1;
        assert_true(share(rs, &site, itself, START) <= USUAL);
        if (name + 4096 > n)
            assert_true(share(rs, &site, 99, START) > USUAL);
        if (name <= n - 8192)
            assert_true(share(rs, &site, 99, START) <= USUAL);
    }
    remotes_free(rs);
}

/* Sites that take all mail are many, and take no places. */
static void good_sites(void **state)
{
    struct remotes *rs = remotes_new(SEED);

    (void)state;
    refuse(rs, &big, 1, 8);
    for (uint64_t name = 100; name < 20000; name++)
        remote_heard(rs, &(struct remote){.name = name}, 1, false, START);
    assert_true(share(rs, &big, 99, START) > 0.4);
    remotes_free(rs);
}

/* "That refused last": a site that goes on refusing isn't forgotten for those that came later. */
static void renewed(void **state)
{
    struct remotes *rs = remotes_new(SEED);

    (void)state;
    for (uint64_t name = 100; name < 20000; name++) {
        struct remote site = {.name = name};
        refuse(rs, &site, 1, 1);
        if (name % 100 == 0)
            refuse(rs, &big, 1, 8);
        assert_true(share(rs, &big, 99, START) > 0.4);
    }
    remotes_free(rs);
}

static void saved(void **state)
{
    struct remotes *rs = remotes_new(SEED), *back = remotes_new(SEED);
    struct text bytes = {0};
    const uint64_t n = 6000; /* both generations */

    (void)state;
    for (uint64_t name = 1; name <= n; name++)
        refuse(rs, &(struct remote){.name = name}, 1, (uint32_t)(name % 30) + 1);
    remote_heard(rs, &(struct remote){.name = n}, 7, false, START);
    remotes_save(rs, &bytes);
    struct unpack in = {.rest = text_slice(&bytes)};
    remotes_load(back, &in);
    assert_true(!in.bad && in.rest.n == 0);
    for (int64_t later = 0; later < 30 * HOUR; later += 20 * HOUR) {
        for (uint64_t name = 1; name <= n + 1; name++) {
            const struct remote site = {.name = name};
            assert_true(fabs(share(rs, &site, 7, START + later) -
                             share(back, &site, 7, START + later)) < 1e-12);
        }
    }
    assert_true(share(back, &(struct remote){.name = n}, 99, START) > USUAL);
    for (uint64_t name = n; name < n + 3000; name++) { /* and they go on alike */
        const struct remote site = {.name = name};
        refuse(rs, &site, 40, 41);
        refuse(back, &site, 40, 41);
    }
    for (uint64_t name = 1; name <= n + 3000; name++) {
        const struct remote site = {.name = name};
        assert_true(fabs(share(rs, &site, 99, START) - share(back, &site, 99, START)) < 1e-12);
    }
    remotes_free(rs);
    remotes_free(back);
    text_free(&bytes);
}

static void saved_badly(void **state)
{
    struct remotes *rs = remotes_new(SEED);
    struct text bytes = {0};

    (void)state;
    refuse(rs, &big, 1, 3);
    refuse(rs, &other, 1, 1);
    remotes_save(rs, &bytes);
    remotes_free(rs);
    for (size_t n = 0; n < bytes.n; n++) {
        struct unpack in = {.rest = slice_of(bytes.p, n)};
        rs = remotes_new(SEED);
        remotes_load(rs, &in);
        assert_true(in.bad);
        remotes_free(rs);
    }
    text_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who),         cmocka_unit_test(nobody_answered),
        cmocka_unit_test(shares),      cmocka_unit_test(taken_back),
        cmocka_unit_test(forget),      cmocka_unit_test(a_day),
        cmocka_unit_test(voices),      cmocka_unit_test(saved),
        cmocka_unit_test(saved_badly), cmocka_unit_test(bounded),
        cmocka_unit_test(good_sites),  cmocka_unit_test(renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
