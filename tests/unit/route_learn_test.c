/* What a log shows: whose domain it is, what moved, whether there is a content filter. */
#include "scratch.h"

#include "act/route_learn.h"

#define DAY(n) (INT64_C(1795516070000000) + (n)*WHEN_DAY)

static const char conf[] = "[big]\nname = Big\nkind = mailbox\nweight = 9\nmx = mx.big.example\n"
                           "domain = big.example big.test\ndelist = none\n"
                           "[other]\nname = Other\nkind = mailbox\nweight = 5\n"
                           "mx = mx.other.example\ndelist = none\n";

struct bench {
    struct providers *providers;
    struct ledger *ledger;
    struct route_learn learn;
};

static void open_bench(struct bench *b)
{
    struct problems problems = {0};

    mkdir("share", 0755);
    put_file("share/providers.conf", slice_str(conf));
    b->providers = providers_load("share", NULL, &problems);
    b->ledger = ledger_open("l.db", LEDGER_WRITE);
    assert_non_null(b->providers);
    assert_int_equal(ledger_failure(b->ledger)->status, 0);
    b->learn = (struct route_learn){.providers = b->providers, .ledger = b->ledger};
}

static void close_bench(struct bench *b)
{
    route_learn_free(&b->learn);
    ledger_close(b->ledger);
    providers_free(b->providers);
}

/* Ends this run, begins the next. */
static void next_run(struct bench *b, int64_t now)
{
    assert_true(ledger_begin(b->ledger));
    assert_true(route_learn_save(&b->learn, now));
    assert_int_equal(ledger_commit(b->ledger), 0);
    close_bench(b);
    open_bench(b);
}

static void deliver(struct bench *b, int64_t time, const char *rcpt, const char *name,
                    const char *ip)
{
    struct record r = {.time = time, .kind = KIND_DELIVER};

    r.f[COL_RCPT] = slice_str(rcpt);
    r.f[COL_RELAY_NAME] = slice_str(name);
    r.f[COL_RELAY_IP] = slice_str(ip);
    r.f[COL_RELAY_PORT] = SL("25");
    assert_true(route_learn_record(&b->learn, &r));
}

static bool join(void *user, struct slice domain)
{
    text_add(user, domain);
    text_addc(user, ' ');
    return true;
}

static void expect(struct bench *b, const char *want)
{
    struct text t = {0};

    assert_true(route_domains(b->ledger, provider_find(b->providers, SL("big")), join, &t));
    text_addc(&t, '\0');
    assert_string_equal(t.p, want);
    text_free(&t);
}

#define BIG "a.mx.big.example", "192.0.2.1"
#define OTHER "a.mx.other.example", "192.0.2.2"
#define NOBODY "mx.nobody.example", "192.0.2.3"

static void test_domains(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b);
    expect(&b, "big.example big.test ");
    deliver(&b, DAY(0), "x@Tenant.Example", BIG);
    deliver(&b, DAY(0), "x@nobody.example", NOBODY);
    deliver(&b, DAY(0), "x@[192.0.2.1]", BIG);
    deliver(&b, DAY(0), "x@evil domain.example", BIG);
    deliver(&b, DAY(0), "x@here.example", "filter", "127.0.0.1");
    deliver(&b, DAY(0), "x", BIG);
    next_run(&b, DAY(0));
    expect(&b, "big.example big.test tenant.example ");
    assert_int_equal(ledger_int_of(b.ledger, 0, "SELECT count(*) FROM domains", ""), 1);

    /* The MX decides: what shipped is outweighed by one delivery elsewhere, what was seen often by
     * as many as halve it to nothing. */
    deliver(&b, DAY(1), "x@big.test", NOBODY);
    for (int i = 0; i < 7; i++)
        deliver(&b, DAY(1), "x@tenant.example", BIG);
    deliver(&b, DAY(1), "x@tenant.example", OTHER);
    deliver(&b, DAY(1), "x@tenant.example", OTHER);
    next_run(&b, DAY(1));
    expect(&b, "big.example tenant.example ");
    deliver(&b, DAY(2), "x@tenant.example", OTHER);
    deliver(&b, DAY(2), "x@tenant.example", OTHER);
    next_run(&b, DAY(2));
    expect(&b, "big.example ");
    assert_int_equal(
        ledger_int_of(b.ledger, 0, "SELECT first FROM domains WHERE provider = 'other'", ""),
        DAY(2));
    next_run(&b, DAY(93)); /* forgotten: what shipped counts again */
    expect(&b, "big.example big.test ");
    close_bench(&b);
}

/* One run or several: the same rows. */
static void test_pieces(void **state)
{
    static const struct {
        int day;
        const char *rcpt, *name;
    } log[] = {{0, "a@t.example", "a.mx.big.example"},  {1, "a@t.example", "a.mx.big.example"},
               {1, "a@t.example", "mx.nobody.example"}, {2, "a@big.test", "a.mx.other.example"},
               {3, "a@t.example", "a.mx.big.example"},  {99, "a@t.example", "a.mx.other.example"},
               {99, "a@big.test", "a.mx.big.example"},  {99, "a@big.test", "a.mx.big.example"}};
    int64_t sum[2];

    (void)state;
    for (int pieces = 0; pieces < 2; pieces++) {
        struct bench b;
        unlink("l.db");
        open_bench(&b);
        for (size_t i = 0; i < sizeof log / sizeof *log; i++) {
            deliver(&b, DAY(log[i].day), log[i].rcpt, log[i].name, "192.0.2.7");
            if (pieces)
                next_run(&b, DAY(log[i].day));
        }
        next_run(&b, DAY(99));
        sum[pieces] = ledger_int_of(b.ledger, 0,
                                    "SELECT sum(messages * 1000003 + first / 1000000 * 7 + last / "
                                    "1000000 + unicode(provider) * length(domain)) FROM domains",
                                    "");
        close_bench(&b);
    }
    assert_true(sum[0] > 0);
    assert_int_equal(sum[0], sum[1]);
}

static void leg(struct bench *b, unsigned kind, const char *qid, const char *origin,
                const char *port, const char *reply)
{
    struct record r = {.time = DAY(0), .kind = (uint8_t)kind};

    r.f[COL_QID] = slice_str(qid);
    r.f[COL_ORIGIN] = slice_str(origin);
    r.f[COL_RCPT] = SL("x@a.example");
    r.f[COL_RELAY_IP] = port ? SL("127.0.0.1") : SLICE_NONE;
    r.f[COL_RELAY_PORT] = slice_str(port);
    r.f[COL_REPLY] = slice_str(reply);
    assert_true(route_learn_record(&b->learn, &r));
}

static void by_hop(struct bench *b, const char *qid, const char *port, const char *reply)
{
    struct record r = {.time = DAY(0), .kind = KIND_DELIVER};

    r.f[COL_INSTANCE] = SL("postfix/mp_hop");
    r.f[COL_QID] = slice_str(qid);
    r.f[COL_RELAY_IP] = SL("127.0.0.1");
    r.f[COL_RELAY_PORT] = slice_str(port);
    r.f[COL_REPLY] = slice_str(reply);
    assert_true(route_learn_record(&b->learn, &r));
}

static void test_filter(void **state)
{
    struct route_place p;
    struct bench b;

    (void)state;
    open_bench(&b);
    b.learn.skip[0] = (struct route_place){"127.0.0.1", 10031};
    b.learn.skip_count = 2;
    leg(&b, KIND_DELIVER, "A1", "A1", "24", "250 2.0.0 Ok: queued as B1"); /* no second leg */
    leg(&b, KIND_ACCEPT, "B2", "A2", NULL, "");                            /* no first one */
    leg(&b, KIND_DELIVER, "A3", "A3", "10032", "250 Ok: queued as B3");    /* the hop */
    leg(&b, KIND_ACCEPT, "B3", "A3", NULL, "");
    by_hop(&b, "A6", "10051", "250 Ok: queued as B6"); /* by a port that it had before */
    leg(&b, KIND_ACCEPT, "B6", "A6", NULL, "");
    next_run(&b, DAY(0));
    assert_false(route_learn_filter(b.ledger, &p));
    leg(&b, KIND_DELIVER, "A4", "A4", "10024", "250 2.0.0 from MTA(x): 250 Ok: queued as B4");
    leg(&b, KIND_ACCEPT, "B4", "A4", NULL, "");
    next_run(&b, DAY(0));
    assert_true(route_learn_filter(b.ledger, &p));
    assert_string_equal(p.address, "127.0.0.1");
    assert_int_equal(p.port, 10024);
    next_run(&b, DAY(6));
    assert_true(route_learn_filter(b.ledger, &p));
    next_run(&b, DAY(8)); /* not seen any more */
    assert_false(route_learn_filter(b.ledger, &p));
    leg(&b, KIND_ACCEPT, "B5", "A5", NULL, ""); /* the other order */
    leg(&b, KIND_DELIVER, "A5", "A5", "10024", "250 Ok: queued as B5");
    next_run(&b, DAY(0));
    assert_true(route_learn_filter(b.ledger, &p));
    close_bench(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_domains), TEST(test_pieces), TEST(test_filter)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
