/* Blocks to maps: whose login and net it is, against the look-ups of judge/customer.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/blockmap.h"
#include "act/decide.h"

static struct customers *read_customers(const char *text, struct problems *problems)
{
    struct words words = {0};
    struct customers *c = NULL;

    if (words_of(&words, "customers", slice_str(text), problems) == WORDS_OK &&
        customers_read(&words, &c) != WORDS_OK)
        c = NULL;
    words_free(&words);
    return c;
}

static struct block block_of(const char *customer, unsigned kind, const char *identity,
                             const char *address)
{
    return (struct block){.whole_customer = customer != NULL,
                          .kind = (uint8_t)kind,
                          .identity = slice_str(identity),
                          .customer = customer ? slice_str(customer) : SLICE_NONE,
                          .address = slice_str(address),
                          .time = SL("2026-11-24T10:27:50Z")};
}

static unsigned add(struct blocks *b, struct block block)
{
    const struct block *out = NULL;

    assert_int_equal(blocks_add(b, &block, &out), BLOCK_NEW);
    return out->slot;
}

static bool expression_fits(struct slice key, const char *login)
{
    char pattern[600];
    regex_t re;

    assert_true(key.n < sizeof pattern && key.n >= 2);
    memcpy(pattern, key.p + 1, key.n - 2);
    pattern[key.n - 2] = '\0';
    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    bool fits = regexec(&re, login, 0, NULL, 0) == 0;
    regfree(&re);
    return fits;
}

/* regexp_table(5): the first match wins, rows in an if that doesn't match are passed over. */
static struct slice regexp_lookup(const struct mapfile *m, const char *s)
{
    bool skipping = false;

    for (size_t i = 0; i < m->n; i++) {
        struct slice key = m->rows[i].key;
        if (slice_eq(key, SL("endif")))
            skipping = false;
        else if (slice_starts(key, SL("if ")))
            skipping = !expression_fits(slice_skip(key, 3), s);
        else if (!skipping && expression_fits(key, s))
            return m->rows[i].value;
    }
    return SLICE_NONE;
}

static unsigned slot_number(struct slice value)
{
    uint64_t slot = 0;

    if (slice_starts(value, SL("mp_slot")))
        assert_true(slice_u64(slice_skip(value, 7), &slot));
    else
        assert_true(value.n == 0 || slice_eq(value, SL("DUNNO")));
    return (unsigned)slot;
}

/* The slot whose class smtpd would go through; two different ones are a fault. */
static unsigned login_slot(const struct blockmap *maps, const char *login)
{
    const struct slice *indexed = map_get(&maps->maps[0].index, slice_str(login));
    unsigned a = indexed ? slot_number(*indexed) : 0;
    unsigned b = slot_number(regexp_lookup(&maps->maps[1], login));

    if (a && b && a != b)
        fail_msg("%s: goes through two classes", login);
    return a ? a : b;
}

static unsigned client_slot(const struct blockmap *maps, struct ipaddr client)
{
    const struct mapfile *m = &maps->maps[2];

    for (size_t i = 0; i < m->n; i++) {
        struct ipnet net;
        assert_null(ipnet_parse(m->rows[i].key, &net));
        if (ipnet_has(net, client))
            return slot_number(m->rows[i].value);
    }
    return 0;
}

static unsigned owner_slot(const struct blocks *b, const struct customer *c)
{
    for (size_t i = 0; c && i < b->n; i++)
        if (b->list[i].whole_customer && slice_eq(b->list[i].customer, c->key))
            return b->list[i].slot;
    return 0;
}

static unsigned seed = 7;

static unsigned roll(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % n;
}

/* Names so short that wildcards, domains and logins meet all the time. */
static void random_login(char *buf, size_t size)
{
    static const char *const parts[] = {"a", "b", "ab", "a-", "b-a", "ba"};
    static const char *const domains[] = {"", "", "@a.x", "@b.x", "@s.a.x", "@a.b.x", "@x"};

    snprintf(buf, size, "%s%s%s", parts[roll(6)], parts[roll(6)], domains[roll(7)]);
}

static void random_identity(char *buf, size_t size)
{
    static const char *const domains[] = {"a.x", "b.x", "s.a.x", "x", "t.s.a.x"};
    char login[40];

    random_login(login, sizeof login);
    switch (roll(5)) {
    case 0:
        snprintf(buf, size, " sasl:%s", login);
        break;
    case 1:
        snprintf(buf, size, " sasl:%.3s*", login);
        break;
    case 2:
        snprintf(buf, size, " sasl:*%s", strchr(login, '@') ? strchr(login, '@') : "-b");
        break;
    case 3:
        snprintf(buf, size, " domain:%s", domains[roll(5)]);
        break;
    default:
        snprintf(buf, size, " net:10.0.%u.0/%u", roll(4) * 64, 18 + roll(7));
        break;
    }
}

/* A file that customers_read() takes: identities that overlap are tried again without. */
static struct customers *random_customers(void)
{
    char text[4096], line[64];
    struct customers *c = NULL;
    size_t n = 0;

    for (unsigned i = 0; i < 12; i++) {
        struct problems problems = {0};
        size_t before = n;
        random_identity(line, sizeof line);
        n += (size_t)snprintf(text + n, sizeof text - n, "c%u p%s\n", roll(5), line);
        customers_free(c);
        c = read_customers(text, &problems);
        if (c == NULL) {
            text[n = before] = '\0';
            problems_free(&problems);
            problems = (struct problems){0};
            c = read_customers(text, &problems);
        }
        problems_free(&problems);
    }
    return c;
}

static void test_owners(void **state)
{
    unsigned compared = 0, hits = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        struct customers *c = random_customers();
        struct blocks blocks = {.slots = 8};
        struct blockmap maps = {0};
        struct problems problems = {0};
        char key[16], login[40];
        assert_non_null(c);
        for (unsigned i = 0; i < 5; i += 1 + roll(3)) {
            snprintf(key, sizeof key, "c%u", i);
            if (customers_by_key(c, slice_str(key)))
                add(&blocks, block_of(key, IDENTITY_LOGIN, "x", "bob@x"));
        }
        assert_true(blockmap_build(&maps, &blocks, c, &problems));
        assert_int_equal(problems.count, 0);
        for (int k = 0; k < 60; k++, compared++) {
            random_login(login, sizeof login);
            unsigned want = owner_slot(&blocks, customers_by_login(c, slice_str(login)));
            if (login_slot(&maps, login) != want)
                fail_msg("round %d: %s: slot %u, %u expected", round, login,
                         login_slot(&maps, login), want);
            struct ipaddr client = {0, UINT64_C(0xffff0a000000) | roll(65536)};
            want = owner_slot(&blocks, customers_by_client(c, client));
            assert_int_equal(client_slot(&maps, client), want);
            hits += want != 0;
        }
        blockmap_free(&maps);
        blocks_free(&blocks);
        problems_free(&problems);
        customers_free(c);
    }
    assert_true(compared > 20000 && hits > 1000);
}

static const char *find(const struct mapfile *m, const char *key)
{
    static char buf[500];

    for (size_t i = 0; i < m->n; i++)
        if (slice_eq(m->rows[i].key, slice_str(key))) {
            snprintf(buf, sizeof buf, "%.*s", (int)m->rows[i].value.n, m->rows[i].value.p);
            return buf;
        }
    return NULL;
}

static void test_identity_alone(void **state)
{
    struct blocks blocks = {.slots = 4};
    struct blockmap maps = {0};
    struct problems problems = {0};

    (void)state;
    add(&blocks, block_of(NULL, IDENTITY_LOGIN, "joe@x.example", "joe@x.example"));
    add(&blocks, block_of(NULL, IDENTITY_CLIENT, "192.0.2.7", "#a@x.example"));
    add(&blocks, block_of(NULL, IDENTITY_CLIENT, "2001:db8:1:2::/64", "\"a b\"@x.example"));
    add(&blocks, block_of(NULL, IDENTITY_LOGIN, "we ird\"o", "c@x.example"));
    assert_true(blockmap_build(&maps, &blocks, NULL, &problems));
    assert_int_equal(problems.count, 0);
    assert_int_equal(maps.n, 3 + 2 * 4);
    assert_string_equal(find(&maps.maps[0], "joe@x.example"), "mp_slot01");
    assert_string_equal(find(&maps.maps[1], "/^we ird\"o$/"), "mp_slot04");
    assert_string_equal(find(&maps.maps[2], "192.0.2.7/32"), "mp_slot02");
    assert_string_equal(find(&maps.maps[2], "2001:db8:1:2::/64"), "mp_slot03");
    assert_non_null(strstr(find(&maps.maps[3], "joe@x.example"), "554 5.7.1 [mp 1.1] "));
    assert_non_null(find(&maps.maps[4], "/^joe(\\+[^@]*)?@x\\.example$/"));
    assert_int_equal(maps.maps[5].n, 0); /* #a is a comment there */
    assert_non_null(find(&maps.maps[6], "/^#a(\\+[^@]*)?@x\\.example$/"));
    assert_non_null(find(&maps.maps[7], "\"a b\"@x.example"));
    assert_int_equal(maps.maps[8].n, 0);
    blockmap_free(&maps);
    blocks_free(&blocks);
}

static void test_customer_gone(void **state)
{
    struct problems problems = {0};
    struct customers *c = read_customers("acme p sasl:acme1\n", &problems);
    struct blocks blocks = {.slots = 4};
    struct blockmap maps = {0};

    (void)state;
    add(&blocks, block_of("gone", IDENTITY_LOGIN, "gone1", "bob@x"));
    assert_true(blockmap_build(&maps, &blocks, c, &problems));
    assert_int_equal(problems.count, 1);
    assert_string_equal(find(&maps.maps[0], "gone1"), "mp_slot01");
    blockmap_free(&maps);
    blocks_free(&blocks);
    problems_free(&problems);
    customers_free(c);
}

/* More exceptions than smtpd should go through. Within: the wildcard is left out, and that is told.
 * Crossing: the wildcard counts. The flagged login is there in any case. */
static void many_exceptions(const char *format, unsigned told, size_t rows)
{
    struct problems problems = {0};
    struct text t = {0};
    struct blocks blocks = {.slots = 4};
    struct blockmap maps = {0};

    text_add(&t, SL("acme p sasl:*@acme.example\n"));
    for (unsigned i = 0; i < 501; i++) {
        text_addf(&t, "c%u p sasl:", i);
        text_addf(&t, i & 1 ? "%u-b%s\n" : "%u-a%s\n", i, format);
    }
    text_addc(&t, '\0');
    struct customers *c = read_customers(t.p, &problems);
    assert_non_null(c);
    add(&blocks, block_of("acme", IDENTITY_LOGIN, "joe@acme.example", "bob@x"));
    assert_true(blockmap_build(&maps, &blocks, c, &problems));
    assert_int_equal(problems.count, told);
    assert_int_equal(maps.maps[1].n, rows);
    assert_string_equal(find(&maps.maps[0], "joe@acme.example"), "mp_slot01");
    blockmap_free(&maps);
    blocks_free(&blocks);
    problems_free(&problems);
    customers_free(c);
    text_free(&t);
}

static void test_too_many_exceptions(void **state)
{
    (void)state;
    many_exceptions("@acme.example", 1, 0);
    many_exceptions("longer-than-the-domain*", 0, 1);
    many_exceptions("*", 0, 1); /* shorter: loses against ours */
    many_exceptions("@b.example", 0, 1);
}

static struct suspect suspect_of(const char *login, const char *address, uint64_t count)
{
    return (struct suspect){.state = STATE_COMPROMISED,
                            .kind = IDENTITY_LOGIN,
                            .identity = slice_str(login),
                            .customer = SL("label.example"),
                            .messages = 100,
                            .sender = {{slice_str(address), count}},
                            .sender_n = 1};
}

static void test_decide(void **state)
{
    struct problems problems = {0};
    struct customers *c = read_customers("acme north sasl:acme*\n", &problems);
    struct suspect s = suspect_of("acme1", "Bob@x.example", 95);
    struct decision d;

    (void)state;
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_BLOCK);
    assert_true(d.block.whole_customer && slice_eq(d.block.customer, SL("acme")) &&
                slice_eq(d.block.partner, SL("north")) &&
                slice_eq(d.block.address, SL("bob@x.example")));
    /* Without the file, and for a login that isn't in it, the label widens nothing. */
    decide(&s, NULL, &d);
    assert_false(d.block.whole_customer);
    s.identity = SL("other");
    s.customer = SL("acme");
    decide(&s, c, &d);
    assert_false(d.block.whole_customer);
    s = suspect_of("acme1", "bob@x.example", 94);
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_SEVERAL);
    /* The same address twice in other spellings. */
    s.sender[1] = (struct suspect_count){SL("\"BOB\"@x.example"), 3};
    s.sender_n = 2;
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_BLOCK);
    s = suspect_of("acme1", "<>", 100);
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_UNFIT);
    s.sender_n = 0;
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_SEVERAL);
    s = suspect_of("acme1", "bob@x.example", 100);
    s.messages = 0;
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_SEVERAL);
    s.messages = 100;
    s.state = STATE_SUSPECT;
    decide(&s, c, &d);
    assert_int_equal(d.kind, DECISION_WATCH);
    problems_free(&problems);
    customers_free(c);
}

static void test_main_cf(void **state)
{
    struct text t = {0};

    (void)state;
    blockmap_main_cf(&t, "/etc/postfix/mptools", "cdb", 2);
    text_addc(&t, '\0');
    assert_non_null(strstr(t.p, "\nsmtpd_restriction_classes = mp_slot01 mp_slot02\n"));
    assert_non_null(strstr(t.p, "\nmp_index = cdb:/etc/postfix/mptools\n"));
    assert_non_null(strstr(t.p, "\nmp_slot02 = check_sender_access $mp_index/mp_slot02_sender\n"));
    /* A login decides before a net does. */
    assert_true(strstr(t.p, "permit_sasl_authenticated") < strstr(t.p, "check_client_access"));
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owners),        cmocka_unit_test(test_identity_alone),
        cmocka_unit_test(test_customer_gone), cmocka_unit_test(test_too_many_exceptions),
        cmocka_unit_test(test_decide),        cmocka_unit_test(test_main_cf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
