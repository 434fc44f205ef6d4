/* From listings and wishes to routes in the ledger, their slots and their maps. */
#include "scratch.h"

#include "act/route_learn.h"
#include "act/route_map.h"
#include "base/exits.h"

#define AT(minutes) ((int64_t)(1000 + (minutes)) * 60 * WHEN_SECOND)

static const char conf[] =
    "[whole]\nname = Whole\nkind = dnsbl\nweight = 9\nzone = bl.example\n"
    "code = 127.0.0.2 listed spam\nto = https://bl.example/\ndelist = portal\n"
    "[small]\nname = Small\nkind = dnsbl\nweight = 2\nzone = small.example\n"
    "code = 127.0.0.2 listed spam\nto = https://small.example/\ndelist = portal\n"
    "[big]\nname = Big Mail\nlisted-by = bigs\nkind = mailbox\nweight = 9\nmx = mx.big.example\n"
    "domain = big.example big.test\nmatch = list:whole blocked by whole\n"
    "example = 550 5.7.1 blocked by whole\ndelist = none\n"
    "[big-part]\nname = Part of Big\nlisted-by = bigs\nkind = mailbox\nweight = 5\npart = big\n"
    "delist = none\n"
    "[other]\nname = Other\nlisted-by = bigs\nkind = mailbox\nweight = 5\nmx = mx.other.example\n"
    "domain = other.example\ndelist = none\n";

struct bench {
    struct providers *providers;
    struct customers *customers;
    struct outbound outbound;
    struct route_known known;
    struct route_conf conf;
    struct route_means means;
    struct ledger *ledger;
    struct problems problems;
};

static void stop(struct bench *b)
{
    route_conf_free(&b->conf);
    route_means_free(&b->means);
    providers_free(b->providers);
    customers_free(b->customers);
    outbound_free(&b->outbound);
    ledger_close(b->ledger);
    problems_free(&b->problems);
}

static void must_be_good(struct bench *b)
{
    if (b->problems.count)
        fail_msg("%.*s", (int)b->problems.lines.n, b->problems.lines.p);
}

/* Files as given; the ledger stays from one to the next. */
static void start(struct bench *b, const char *outbound, const char *routes)
{
    *b = (struct bench){.means = {.filter = ROUTE_FILTER_NONE, .slots = 2}};
    mkdir("share", 0755);
    put_file("share/providers.conf", slice_str(conf));
    put_file("customers", SL("acme p sasl:acme1\nglobex p sasl:globex1 net:192.0.2.0/24\n"
                             "initech p sasl:initech1\n"));
    put_file("outbound", slice_str(outbound));
    put_file("routes", slice_str(routes));
    b->providers = providers_load("share", NULL, &b->problems);
    customers_load(".", &b->problems, &b->customers);
    outbound_load(&b->outbound, ".", &b->problems);
    must_be_good(b);
    b->known = (struct route_known){b->providers, b->customers, &b->outbound};
    route_conf_load(&b->conf, ".", &b->known, &b->problems);
    b->means.conf = &b->conf;
    b->ledger = ledger_open("l.db", LEDGER_WRITE);
    assert_int_equal(ledger_failure(b->ledger)->status, 0);
    assert_true(ledger_begin(b->ledger));
}

static void finish(struct bench *b)
{
    assert_int_equal(ledger_commit(b->ledger), 0);
    stop(b);
}

static void list(struct bench *b, const char *ip, const char *provider, const char *state)
{
    assert_true(ledger_run(b->ledger,
                           "INSERT INTO listings (ip, provider, source, state, first, last)"
                           " VALUES (?, ?, 'dns', ?, 1, 1)",
                           "ttt", slice_str(ip), slice_str(provider), slice_str(state)));
}

static void unlist(struct bench *b, const char *ip, const char *provider)
{
    assert_true(ledger_run(b->ledger,
                           "UPDATE listings SET state = 'clear' WHERE ip = ? AND provider = ?",
                           "tt", slice_str(ip), slice_str(provider)));
}

/* Plans and records; `want`: the routes that stand then, `troubles` of them couldn't be had. */
static void expect(struct bench *b, int64_t now, size_t troubles, const char *want)
{
    struct route_plan plan;
    struct text got = {0};

    must_be_good(b);
    assert_true(route_plan_make(&plan, b->ledger, b->providers, &b->means));
    assert_int_equal(plan.troubles, troubles);
    assert_true(route_record(b->ledger, &plan, now, NULL, NULL));
    struct ledger_rows rows = ledger_query(
        b->ledger,
        "SELECT customer || ':' || provider || ':' || via || ':' || why || ' ' FROM routes"
        " WHERE until IS NULL ORDER BY customer, provider",
        "");
    while (ledger_next(&rows))
        text_add(&got, ledger_text(&rows, 0));
    ledger_done(&rows);
    text_addc(&got, '\0');
    assert_string_equal(got.p, want);
    text_free(&got);
    route_plan_free(&plan);
}

#define THREE "out1 192.0.2.1\nout2 192.0.2.2 weight:0\nout3 192.0.2.3 weight:0\n"
#define POOL "out1 192.0.2.1 weight:1\nout2 192.0.2.2 weight:2\nout3 192.0.2.3 weight:3\n"

static void test_customer(void **state)
{
    struct bench b;

    (void)state;
    start(&b, THREE, "route acme bigs\nroute globex big\n");
    expect(&b, AT(0), 0, "");
    list(&b, "192.0.2.1", "big", "seen");
    expect(&b, AT(1), 0, ""); /* one look is none */
    unlist(&b, "192.0.2.1", "big");
    list(&b, "192.0.2.1", "big-part", "listed");
    list(&b, "192.0.2.9", "other", "listed"); /* not ours */
    expect(&b, AT(2), 0, "acme:big:out2:asked globex:big:out3:asked ");
    expect(&b, AT(3), 0, "acme:big:out2:asked globex:big:out3:asked ");
    list(&b, "192.0.2.3", "whole", "listed"); /* big's replies name it */
    expect(&b, AT(4), 0, "acme:big:out2:asked globex:big:out2:asked ");
    list(&b, "192.0.2.2", "big", "clearing");
    expect(&b, AT(5), 2, "acme:big:out2:asked globex:big:out2:asked "); /* kept */
    unlist(&b, "192.0.2.1", "big-part");
    expect(&b, AT(6), 0, ""); /* what is listed is no part of the pool */
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM routes", ""), 3);
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT min(until) FROM routes", ""), AT(4));
    finish(&b);
}

static void test_via(void **state)
{
    struct bench b;

    (void)state;
    start(&b, THREE, "route acme big out2\nroute * other out3\n");
    expect(&b, AT(0), 0, "*:other:out3:asked acme:big:out2:asked ");
    list(&b, "192.0.2.2", "big", "listed");
    list(&b, "192.0.2.3", "other", "listed");
    expect(&b, AT(1), 2, "*:other:out1:asked acme:big:out3:asked ");
    unlist(&b, "192.0.2.2", "big");
    expect(&b, AT(2), 1, "*:other:out1:asked acme:big:out2:asked ");
    assert_true(map_put(&b.means.missing, SL("out2"), b.providers)); /* of master.cf */
    expect(&b, AT(3), 2, "*:other:out1:asked acme:big:out3:asked ");
    finish(&b);
}

static void test_everybody(void **state)
{
    struct bench b;

    (void)state;
    start(&b, POOL, "route * *\nroute acme big\nleave other\n");
    list(&b, "192.0.2.1", "big", "listed");
    list(&b, "192.0.2.1", "other", "listed");
    list(&b, "192.0.2.2", "small", "listed");
    expect(&b, AT(0), 0, "*:big:out2,out3:listed ");
    list(&b, "192.0.2.2", "whole", "listed");
    expect(&b, AT(1), 0, "*:big:out3:listed *:whole:out1,out3:listed ");
    list(&b, "192.0.2.1", "whole", "listed");
    list(&b, "192.0.2.3", "whole", "listed");
    expect(&b, AT(2), 2, "*:big:out3:listed *:whole:out1,out2,out3:listed ");
    unlist(&b, "192.0.2.1", "big");
    unlist(&b, "192.0.2.1", "whole");
    unlist(&b, "192.0.2.2", "whole");
    unlist(&b, "192.0.2.3", "whole");
    expect(&b, AT(3), 0, "");
    finish(&b);
}

static void test_filter(void **state)
{
    struct bench b;

    (void)state;
    start(&b, THREE, "route acme big out2\nscan out3 scan:[127.0.0.1]:10026\n");
    b.means.filter = ROUTE_FILTER_UNKNOWN;
    expect(&b, AT(0), 1, "");
    b.means.filter = ROUTE_FILTER_NONE;
    expect(&b, AT(1), 0, "acme:big:out2:asked ");
    b.means.filter = ROUTE_FILTER_THERE;
    expect(&b, AT(2), 1, ""); /* no listener for out2: ends */
    list(&b, "192.0.2.1", "big", "listed");
    list(&b, "192.0.2.2", "big", "listed");
    expect(&b, AT(3), 1, "acme:big:out3:asked "); /* by the one that has a listener */
    assert_true(map_put(&b.means.missing, SL("scan"), b.providers));
    expect(&b, AT(4), 2, "");
    list(&b, "192.0.2.3", "big", "listed");
    expect(&b, AT(5), 1, "");
    finish(&b);

    start(&b, THREE, "route initech other out2\nhop 127.0.0.1:10031\n");
    expect(&b, AT(6), 0, "initech:other:out2:asked ");
    b.means.hop_missing = true;
    expect(&b, AT(7), 1, "");
    finish(&b);
}

/* --- slots and maps --- */

static bool has_row(const struct blockmap *maps, const char *map, const char *key,
                    const char *value)
{
    for (size_t i = 0; i < maps->n; i++) {
        if (strcmp(maps->maps[i].name, map) != 0)
            continue;
        const struct slice *v = map_get(&maps->maps[i].index, slice_str(key));
        return value ? v && slice_eq(*v, slice_str(value)) : v == NULL;
    }
    fail_msg("there is no map %s", map);
    return false;
}

static void build(struct bench *b, struct blockmap *maps, unsigned problems)
{
    unsigned usable = route_means_usable(&b->means);
    struct route_slots slots;
    const struct route_map_input in = {b->ledger, b->providers, b->customers,
                                       &b->means, &slots,       &b->conf.ours};

    *maps = (struct blockmap){.n = 0};
    assert_true(route_slots_make(&slots, b->ledger, 2, usable, AT(50), &b->problems));
    assert_true(route_map_build(maps, &in, &b->problems));
    assert_int_equal(b->problems.count, problems);
    route_slots_free(&slots);
}

static void test_maps(void **state)
{
    struct blockmap maps;
    struct bench b;

    (void)state;
    start(&b, THREE,
          "route acme big out2\nroute globex big out2\nroute initech other out3\nours Big.test\n"
          "hop 127.0.0.1:10031\n");
    assert_true(ledger_run(b.ledger,
                           "INSERT INTO domains VALUES ('tenant.example', 'big', 1, 1, 5),"
                           " ('x.big.example', 'other', 1, 1, 5), ('y.big.example', '', 1, 1, 5),"
                           " ('bad domain', 'big', 1, 1, 5)",
                           ""));
    expect(&b, AT(0), 0, "acme:big:out2:asked globex:big:out2:asked initech:other:out3:asked ");
    build(&b, &maps, 0);
    assert_true(has_row(&maps, "mp_route_sasl", "acme1", "mp_route01"));
    assert_true(has_row(&maps, "mp_route_sasl", "globex1", "mp_route01")); /* shared */
    assert_true(has_row(&maps, "mp_route_net", "192.0.2.0/24", "mp_route01"));
    assert_true(has_row(&maps, "mp_route_sasl", "initech1", "mp_route02"));
    assert_true(
        has_row(&maps, "mp_route01_rcpt", "big.example", "FILTER mp_hop:[127.0.0.1]:10031"));
    assert_true(has_row(&maps, "mp_route01_hop", "big.example", "FILTER out2:"));
    assert_true(has_row(&maps, "mp_route01_hop", "tenant.example", "FILTER out2:"));
    assert_true(has_row(&maps, "mp_route01_hop", "big.test", NULL)); /* ours */
    assert_true(has_row(&maps, "mp_route01_rcpt", "x.big.example", "DUNNO"));
    assert_true(has_row(&maps, "mp_route01_hop", "y.big.example", "DUNNO"));
    assert_true(has_row(&maps, "mp_route01_rcpt", "bad domain", NULL));
    assert_true(
        has_row(&maps, "mp_route02_rcpt", "x.big.example", "FILTER mp_hop:[127.0.0.1]:10032"));
    assert_true(has_row(&maps, "mp_pool", "60", "out1:"));
    route_map_free(&maps);
    finish(&b);

    /* acme's way changes; globex and initech keep their slots, and none is left for acme. */
    start(&b, THREE, "route acme big out3\nroute globex big out2\nroute initech other out3\n");
    expect(&b, AT(1), 0, "acme:big:out3:asked globex:big:out2:asked initech:other:out3:asked ");
    build(&b, &maps, 1);
    assert_true(has_row(&maps, "mp_route_sasl", "acme1", NULL));
    assert_true(has_row(&maps, "mp_route_sasl", "globex1", "mp_route01"));
    assert_true(has_row(&maps, "mp_route_sasl", "initech1", "mp_route02"));
    assert_true(has_row(&maps, "mp_route01_rcpt", "big.example", "FILTER out2:")); /* no hop */
    assert_true(has_row(&maps, "mp_route01_hop", "big.example", NULL));
    route_map_free(&maps);
    problems_free(&b.problems);
    b.problems = (struct problems){.count = 0};
    b.means.undeclared = 1; /* main.cf lacks the second class: 451 for who is sent there */
    build(&b, &maps, 2);
    assert_true(has_row(&maps, "mp_route_sasl", "globex1", "mp_route01"));
    assert_true(has_row(&maps, "mp_route_sasl", "initech1", NULL));
    route_map_free(&maps);
    finish(&b);
}

static void test_pools(void **state)
{
    struct blockmap maps;
    struct bench b;
    unsigned n[4] = {0};

    (void)state;
    start(&b, POOL, "route * *\n");
    list(&b, "192.0.2.1", "big", "listed");
    expect(&b, AT(0), 0, "*:big:out2,out3:listed ");
    build(&b, &maps, 0);
    assert_true(has_row(&maps, "mp_transport", "big.example", "mp_pool01"));
    for (unsigned i = 1; i <= 60; i++) {
        char key[20];
        snprintf(key, sizeof key, "mp_pool01,%u", i);
        n[0] += has_row(&maps, "mp_transport_pools", key, "out2:");
        n[1] += has_row(&maps, "mp_transport_pools", key, "out3:");
        n[2] += has_row(&maps, "mp_pool", strchr(key, ',') + 1, "out1:");
        n[3] += has_row(&maps, "mp_pool", strchr(key, ',') + 1, "out3:");
    }
    assert_int_equal(n[0], 24);
    assert_int_equal(n[1], 36);
    assert_int_equal(n[2], 10);
    assert_int_equal(n[3], 30);
    route_map_free(&maps);
    finish(&b);
}

static void test_shares(void **state)
{
    static const uint64_t weights[][4] = {
        {1, 1, 1, 1}, {1, 2, 3, 1}, {1000, 1, 1, 1}, {7, 7, 7, 0}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        unsigned share[4], sum = 0;
        route_shares(weights[i], 4, share);
        for (size_t k = 0; k < 4; k++) {
            sum += share[k];
            assert_true(share[k] >= 1);
        }
        assert_int_equal(sum, ROUTE_DRAWS);
    }
}

static void test_asked(void **state)
{
    struct route_plan plan;
    struct bench b;
    bool found;

    (void)state;
    start(&b, THREE, "");
    assert_true(route_asked_set(b.ledger, SL("acme:bigs"), true, &found));
    assert_false(found);
    assert_true(route_asked_set(b.ledger, SL("globex:other:out3"), true, &found));
    list(&b, "192.0.2.1", "big", "listed");
    assert_true(route_asked_load(b.ledger, &b.conf, &b.known, &b.problems));
    expect(&b, AT(0), 0, "acme:big:out2:asked globex:other:out3:asked ");
    assert_true(route_plan_make(&plan, b.ledger, b.providers, &b.means));
    assert_true(route_asked_expire(b.ledger, &plan, &b.conf));
    route_plan_free(&plan);
    unlist(&b, "192.0.2.1", "big");
    assert_true(route_plan_make(&plan, b.ledger, b.providers, &b.means));
    assert_true(route_asked_expire(b.ledger, &plan, &b.conf));
    route_plan_free(&plan);
    assert_true(route_asked_set(b.ledger, SL("acme:bigs"), false, &found));
    assert_false(found); /* ended with its listing */
    assert_true(route_asked_set(b.ledger, SL("globex:other"), false, &found));
    assert_true(found);
    finish(&b);
}

/* --- the file --- */

static void test_file(void **state)
{
    static const char *const bad[] = {"route acme",
                                      "route nobody big",
                                      "route acme nowhere",
                                      "route acme big out9",
                                      "route acme whole",
                                      "route * whole out1",
                                      "route acme big-part",
                                      "route * * out1",
                                      "leave nowhere",
                                      "leave",
                                      "hop 127.0.0.1",
                                      "hop 127.0.0.1:65530",
                                      "hop 127.0.0.1:1\nhop 127.0.0.1:2",
                                      "filter",
                                      "filter none\nfilter none",
                                      "filter maybe",
                                      "scan out1",
                                      "scan out9 scan:[127.0.0.1]:1",
                                      "scan out1 scan:",
                                      "scan out1 scan:[127.0.0.1]:1\nscan out1 scan:[127.0.0.1]:2",
                                      "scan * here",
                                      "ours",
                                      "ours com",
                                      "nonsense"};
    struct bench b;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start(&b, THREE, bad[i]);
        if (b.problems.count != 1)
            fail_msg("%s: %u problems", bad[i], b.problems.count);
        finish(&b);
    }
    start(&b, "out1 192.0.2.1\nout1 192.0.2.2\nrandmap 192.0.2.3\n",
          "route acme bigs\nours A.b c.d\n");
    assert_int_equal(b.problems.count, 2);
    assert_int_equal(b.conf.wishes, 2);
    assert_true(route_is_ours(&b.conf.ours, SL("x.a.b")));
    assert_false(route_is_ours(&b.conf.ours, SL("b")));
    assert_non_null(route_conf_add(&b.conf, &b.known, SL("acme")));
    assert_non_null(route_conf_add(&b.conf, &b.known, SL("acme:big:out1:x")));
    assert_non_null(route_conf_add(&b.conf, &b.known, SL(":big")));
    assert_non_null(route_conf_add(&b.conf, &b.known, SL("acme:big:")));
    assert_null(route_conf_add(&b.conf, &b.known, SL("*:big:out1")));
    finish(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_customer), TEST(test_via),   TEST(test_everybody),
                                       TEST(test_filter),   TEST(test_maps),  TEST(test_pools),
                                       TEST(test_shares),   TEST(test_asked), TEST(test_file)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
