/* Standing actions to maps: whose login and net it is, against the look-ups of judge/customer.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/blockmap.h"
#include "judge/suspect.h"

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

/* Standing actions by hand. */
struct bench {
    struct standing standing;
    struct standing_action list[40];
    struct blockmap maps;
    struct problems problems;
};

static struct standing_action *act(struct bench *b, unsigned incident, enum action_type type,
                                   const char *customer, unsigned kind, const char *identity)
{
    struct standing_action *a = &b->list[b->standing.n++];

    *a = (struct standing_action){.incident = incident,
                                  .rule = 1,
                                  .slot = type == ACTION_SUSPENSION ? 0 : incident,
                                  .type = type,
                                  .since = INT64_C(1795516070) * 1000000,
                                  .whole_customer = customer != NULL,
                                  .kind = (uint8_t)kind,
                                  .identity = slice_str(identity),
                                  .customer = customer ? slice_str(customer) : SLICE_NONE};
    for (size_t i = 0; i + 1 < b->standing.n; i++)
        a->rule += b->list[i].incident == incident;
    b->standing.list = b->list;
    return a;
}

static struct standing_action *with(struct standing_action *a, enum rule_field field,
                                    const char *value)
{
    a->condition[a->conditions++] = (struct rule_condition){field, slice_str(value)};
    return a;
}

static void build(struct bench *b, const struct customers *c, unsigned slots)
{
    const struct blockmap_options options = {.slots = slots, .contact = "https://help.example/"};

    assert_true(blockmap_build(&b->maps, &b->standing, c, &options, &b->problems));
}

static void done(struct bench *b)
{
    blockmap_free(&b->maps);
    problems_free(&b->problems);
    *b = (struct bench){0};
}

static struct mapfile *map_of(struct bench *b, const char *name)
{
    for (size_t i = 0; i < b->maps.n; i++)
        if (strcmp(b->maps.maps[i].name, name) == 0)
            return &b->maps.maps[i];
    fail_msg("no map %s", name);
    return NULL;
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

/* What a set of maps says of a login, "" for nothing; two different answers are a fault. */
static struct slice login_value(struct bench *b, const char *set, const char *login)
{
    char name[60];

    snprintf(name, sizeof name, "%s_sasl", set);
    const struct slice *indexed = map_get(&map_of(b, name)->index, slice_str(login));
    snprintf(name, sizeof name, "%s_sasl_regexp", set);
    struct slice other = regexp_lookup(map_of(b, name), login);
    if (slice_eq(other, SL("DUNNO")))
        other = SLICE_NONE;
    if (indexed && other.n && !slice_eq(*indexed, other))
        fail_msg("%s: two answers", login);
    return indexed ? *indexed : other;
}

static struct slice client_value(struct bench *b, const char *set, struct ipaddr client)
{
    char name[60];

    snprintf(name, sizeof name, "%s_net", set);
    const struct mapfile *m = map_of(b, name);
    for (size_t i = 0; i < m->n; i++) {
        struct ipnet net;
        assert_null(ipnet_parse(m->rows[i].key, &net));
        if (ipnet_has(net, client))
            return slice_eq(m->rows[i].value, SL("DUNNO")) ? SLICE_NONE : m->rows[i].value;
    }
    return SLICE_NONE;
}

/* The incident that a value stands for: `mp_slot03` or `554 5.7.1 [mp 3.1] …`; 0 for none. */
static unsigned incident_in(struct slice value)
{
    char buf[500];
    unsigned n = 0;

    snprintf(buf, sizeof buf, "%.*s", (int)value.n, value.p);
    if (value.n && sscanf(buf, "mp_slot%u", &n) != 1)
        assert_int_equal(sscanf(buf, "554 5.7.1 [mp %u.", &n), 1);
    return n;
}

static unsigned incident_of(const struct bench *b, bool suspended, const struct customer *c)
{
    for (size_t i = 0; c && i < b->standing.n; i++)
        if ((b->list[i].type == ACTION_SUSPENSION) == suspended &&
            slice_eq(b->list[i].customer, c->key))
            return b->list[i].incident;
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

static const char *const sets[] = {"mp_customer", "mp_suspended"};

/* Random customers, some with a slot, some suspended, against judge/customer.h. */
static void test_owners(void **state)
{
    static const char *const keys[] = {"c0", "c1", "c2", "c3", "c4"};
    unsigned compared = 0, hits = 0;

    (void)state;
    for (int round = 0; round < 400; round++) {
        struct customers *c = random_customers();
        struct bench b = {0};
        char login[40];
        assert_non_null(c);
        for (unsigned i = 0; i < 5; i += 1 + roll(2))
            if (customers_by_key(c, slice_str(keys[i]))) {
                if (roll(2))
                    act(&b, i + 1, ACTION_SUSPENSION, keys[i], IDENTITY_LOGIN, "");
                else
                    with(act(&b, i + 1, ACTION_ADDRESS, keys[i], IDENTITY_LOGIN, ""), RULE_SENDER,
                         "bob@x");
            }
        build(&b, c, 8);
        assert_int_equal(b.problems.count, 0);
        for (int k = 0; k < 60; k++, compared++) {
            random_login(login, sizeof login);
            struct ipaddr client = {0, UINT64_C(0xffff0a000000) | roll(65536)};
            for (int s = 0; s < 2; s++) {
                unsigned want = incident_of(&b, s, customers_by_login(c, slice_str(login)));
                unsigned got = incident_in(login_value(&b, sets[s], login));
                if (got != want)
                    fail_msg("round %d: %s: %s: incident %u, %u expected", round, sets[s], login,
                             got, want);
                want = incident_of(&b, s, customers_by_client(c, client));
                assert_int_equal(incident_in(client_value(&b, sets[s], client)), want);
                hits += want != 0;
            }
        }
        done(&b);
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

static const char *row(struct bench *b, const char *map, const char *key)
{
    return find(map_of(b, map), key);
}

static void test_identity_alone(void **state)
{
    struct bench b = {0};

    (void)state;
    with(act(&b, 1, ACTION_ADDRESS, NULL, IDENTITY_LOGIN, "joe@x.example"), RULE_SENDER,
         "joe@x.example");
    with(act(&b, 2, ACTION_ADDRESS, NULL, IDENTITY_CLIENT, "192.0.2.7"), RULE_SENDER,
         "#a@x.example");
    with(act(&b, 3, ACTION_ADDRESS, NULL, IDENTITY_CLIENT, "2001:db8:1:2::/64"), RULE_SENDER,
         "\"a b\"@x.example");
    with(act(&b, 4, ACTION_ADDRESS, NULL, IDENTITY_LOGIN, "we ird\"o"), RULE_SENDER, "c@x.example");
    act(&b, 5, ACTION_SUSPENSION, NULL, IDENTITY_LOGIN, "gone@x.example");
    act(&b, 6, ACTION_SUSPENSION, NULL, IDENTITY_CLIENT, "192.0.2.9");
    build(&b, NULL, 4);
    assert_int_equal(b.problems.count, 0);
    assert_int_equal(b.maps.n, 7 + 8 * 4);
    assert_string_equal(row(&b, "mp_customer_sasl", "joe@x.example"), "mp_slot01");
    assert_string_equal(row(&b, "mp_customer_sasl_regexp", "/^we ird\"o$/"), "mp_slot04");
    assert_string_equal(row(&b, "mp_customer_net", "192.0.2.7/32"), "mp_slot02");
    assert_string_equal(row(&b, "mp_customer_net", "2001:db8:1:2::/64"), "mp_slot03");
    assert_string_equal(row(&b, "mp_slot01_sender", "joe@x.example"),
                        "554 5.7.1 [mp 1.1] mail from this address is stopped because it sends "
                        "spam; contact https://help.example/ about incident 1");
    assert_non_null(row(&b, "mp_slot01_sender_regexp", "/^joe(\\+[^@]*)?@x\\.example$/"));
    assert_int_equal(map_of(&b, "mp_slot02_sender")->n, 0); /* #a is a comment there */
    assert_non_null(row(&b, "mp_slot02_sender_regexp", "/^#a(\\+[^@]*)?@x\\.example$/"));
    assert_non_null(row(&b, "mp_slot03_sender", "\"a b\"@x.example"));
    assert_int_equal(map_of(&b, "mp_slot03_sender_regexp")->n, 0);
    assert_string_equal(row(&b, "mp_suspended_sasl", "gone@x.example"),
                        "554 5.7.1 [mp 5.1] outbound mail of this login is suspended because of "
                        "spam; contact https://help.example/ about incident 5");
    assert_non_null(row(&b, "mp_suspended_net", "192.0.2.9/32"));
    done(&b);
}

static void test_customer_gone(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers("acme p sasl:acme1\n", &b.problems);

    (void)state;
    with(act(&b, 1, ACTION_ADDRESS, "gone", IDENTITY_LOGIN, "gone1"), RULE_SENDER, "bob@x");
    act(&b, 2, ACTION_SUSPENSION, "lost", IDENTITY_NONE, "");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 2);
    assert_string_equal(row(&b, "mp_customer_sasl", "gone1"), "mp_slot01");
    assert_int_equal(map_of(&b, "mp_suspended_sasl")->n, 0);
    done(&b);
    customers_free(c);
}

/* A login that a wildcard has is in the index, if it was flagged. */
static void test_flagged_login(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers("acme p sasl:*@acme.example\n", &b.problems);

    (void)state;
    with(act(&b, 1, ACTION_ADDRESS, "acme", IDENTITY_LOGIN, "joe@acme.example"), RULE_SENDER,
         "b@x");
    act(&b, 1, ACTION_SUSPENSION, "acme", IDENTITY_LOGIN, "ann@acme.example");
    act(&b, 1, ACTION_SUSPENSION, "acme", IDENTITY_LOGIN, "else@other.example");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 0);
    assert_string_equal(row(&b, "mp_customer_sasl", "joe@acme.example"), "mp_slot01");
    assert_int_equal(map_of(&b, "mp_customer_sasl")->n, 1);
    assert_non_null(row(&b, "mp_suspended_sasl", "ann@acme.example"));
    assert_int_equal(map_of(&b, "mp_suspended_sasl")->n, 1);
    done(&b);
    customers_free(c);
}

static const char fleet[] = "acme p sasl:acme1 sasl:acme2 sasl:acme-* net:203.0.113.0/28\n"
                            "globex p sasl:acme-globex sasl:globex1 net:203.0.113.8\n";

/* Each field alone, as a row of its slot's map; a login in that of the suspended ones. */
static void test_single_conditions(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_SENDER_PATTERN, "[a-z]{8}@acme\\.example");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.7");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_HELO, "pc.[x]");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_LOGIN, "acme1");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_SUBJECT, "cheap +pills");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_LOGIN, "globex1"); /* isn't acme's */
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 1);
    assert_non_null(
        strstr(row(&b, "mp_slot01_sender_regexp", "/^([a-z]{8}@acme\\.example)$/"), "[mp 1.1] "));
    assert_non_null(strstr(row(&b, "mp_slot01_client", "198.51.100.7/32"), "[mp 1.2] "));
    assert_non_null(strstr(row(&b, "mp_slot01_helo", "/^pc\\.\\[x\\]$/"), "[mp 1.3] "));
    assert_non_null(strstr(row(&b, "mp_suspended_sasl", "acme1"), "554 5.7.1 [mp 1.4] mail like"));
    assert_string_equal(row(&b, "mp_customer_sasl", "acme1"), "mp_slot01");
    assert_string_equal(
        row(&b, "mp_header_checks", "/^Subject:[[:space:]]*(cheap +pills)[[:space:]]*$/"),
        "REJECT [mp 1.5] mail like this is stopped because it is spam; contact "
        "https://help.example/ about incident 1");
    assert_null(row(&b, "mp_suspended_sasl", "globex1"));
    done(&b);
    customers_free(c);
}

/* Further conditions have maps of their own, so that two rules of a slot never mix. */
static void test_conjunctions(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_SENDER, "x@acme.example"), RULE_CLIENT,
         "198.51.100.1");
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.2"), RULE_SENDER,
         "y@acme.example");
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_SENDER_PATTERN, "z[0-9]+@acme.example"),
         RULE_LOGIN, "acme2");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 0);
    assert_string_equal(row(&b, "mp_slot01_client", "198.51.100.1/32"), "mp_slot01_and1_sender");
    assert_string_equal(row(&b, "mp_slot01_client", "198.51.100.2/32"), "mp_slot01_and2_sender");
    assert_string_equal(row(&b, "mp_slot01_login", "/^acme2$/"), "mp_slot01_and3_sender");
    assert_int_equal(map_of(&b, "mp_slot01_and1")->n, 1);
    assert_non_null(
        strstr(row(&b, "mp_slot01_and1", "/^x(\\+[^@]*)?@acme\\.example$/"), "[mp 1.1] "));
    assert_non_null(
        strstr(row(&b, "mp_slot01_and2", "/^y(\\+[^@]*)?@acme\\.example$/"), "[mp 1.2] "));
    assert_non_null(strstr(row(&b, "mp_slot01_and3", "/^(z[0-9]+@acme.example)$/"), "[mp 1.3] "));
    assert_int_equal(map_of(&b, "mp_slot01_sender")->n + map_of(&b, "mp_slot01_sender_regexp")->n,
                     0);
    /* The next one finds no room, and says so. */
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.3"), RULE_HELO, "h");
    blockmap_free(&b.maps);
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 1);
    assert_null(row(&b, "mp_slot01_client", "198.51.100.3/32"));
    done(&b);
    customers_free(c);
}

static void test_three_conditions(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(with(with(act(&b, 2, ACTION_RULE, "acme", 0, ""), RULE_SENDER_PATTERN, "a+@x"), RULE_HELO,
              "pc"),
         RULE_CLIENT, "198.51.100.0/24");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 0);
    assert_string_equal(row(&b, "mp_slot02_client", "198.51.100.0/24"), "mp_slot02_and2_helo");
    assert_string_equal(row(&b, "mp_slot02_and2", "/^pc$/"), "mp_slot02_and1_sender");
    assert_non_null(strstr(row(&b, "mp_slot02_and1", "/^(a+@x)$/"), "[mp 2.1] "));
    done(&b);
    customers_free(c);
}

/* Rows that would hide others say what those say, too. */
static void test_heads_join(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.0/24"), RULE_HELO,
         "h");
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.9"), RULE_SENDER,
         "x@acme.example");
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.9"), RULE_SENDER,
         "y@acme.example");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.64/26");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 0);
    const struct mapfile *m = map_of(&b, "mp_slot01_client");
    assert_int_equal(m->n, 3);
    assert_true(slice_eq(m->rows[0].key, SL("198.51.100.9/32")));
    assert_true(slice_eq(m->rows[0].value, SL("mp_slot01_and2_sender mp_slot01_and3_sender "
                                              "mp_slot01_and1_helo")));
    assert_true(slice_starts(m->rows[1].value, SL("554 5.7.1 [mp 1.4] ")));
    assert_true(slice_eq(m->rows[2].value, SL("mp_slot01_and1_helo")));
    done(&b);
    customers_free(c);
}

/* A net that is refused altogether is so where a smaller one has a rule of its own. */
static void test_refused_net(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.70"), RULE_HELO,
         "h");
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.64/26");
    build(&b, c, 4);
    const char *value = row(&b, "mp_slot01_client", "198.51.100.70/32");
    assert_non_null(value);
    assert_non_null(strstr(value, "554 5.7.1 [mp 1.2] "));
    done(&b);
    customers_free(c);
}

/* What no map can carry is told, and the rest holds. */
static void test_unfit(void **state)
{
    static const struct {
        enum rule_field field;
        const char *value;
    } bad[] = {
        {RULE_SENDER, "<>"},          {RULE_SENDER, "@x"},           {RULE_SENDER, "a\nb@x"},
        {RULE_SENDER_PATTERN, "a/b"}, {RULE_SENDER_PATTERN, "("},    {RULE_SENDER_PATTERN, ""},
        {RULE_SENDER_PATTERN, "a\n"}, {RULE_SENDER_PATTERN, "\xff"}, {RULE_CLIENT, "host.example"},
        {RULE_CLIENT, "10.0.0.1/24"}, {RULE_HELO, "a\tb"},           {RULE_HELO, ""},
        {RULE_LOGIN, "\xff"},         {RULE_SUBJECT, "a/b"},         {RULE_FIELDS, "x"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench b = {0};
        struct customers *c = read_customers(fleet, &b.problems);
        with(act(&b, 1, ACTION_RULE, "acme", 0, ""), bad[i].field, bad[i].value);
        with(act(&b, 2, ACTION_RULE, "globex", 0, ""), RULE_HELO, "ok");
        build(&b, c, 4);
        if (b.problems.count != 1)
            fail_msg("%zu: %u problems", i, b.problems.count);
        assert_non_null(row(&b, "mp_slot02_helo", "/^ok$/"));
        assert_null(row(&b, "mp_customer_sasl", "acme1"));
        done(&b);
        customers_free(c);
    }
}

static void test_slots_of_actions(void **state)
{
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_HELO, "a")->slot = 0;
    with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_HELO, "b")->slot = 5;
    with(act(&b, 2, ACTION_RULE, "acme", 0, ""), RULE_HELO, "c");
    with(act(&b, 3, ACTION_RULE, "globex", 0, ""), RULE_HELO, "d")->slot = 2;
    build(&b, c, 4);
    assert_int_equal(b.problems.count, 3);
    assert_int_equal(map_of(&b, "mp_slot02_helo")->n, 1);
    assert_null(row(&b, "mp_customer_sasl", "globex1"));
    done(&b);
    customers_free(c);
}

static void render_all(struct bench *b, struct text *out)
{
    for (size_t i = 0; i < b->maps.n; i++)
        assert_true(mapfile_render(&b->maps.maps[i], out));
}

static void test_same_bytes(void **state)
{
    struct text first = {0}, second = {0};
    struct bench b = {0};
    struct customers *c = read_customers(fleet, &b.problems);

    (void)state;
    with(with(act(&b, 1, ACTION_RULE, "acme", 0, ""), RULE_CLIENT, "198.51.100.1"), RULE_HELO, "h");
    with(act(&b, 1, ACTION_ADDRESS, "acme", 0, ""), RULE_SENDER, "bob@acme.example");
    act(&b, 2, ACTION_SUSPENSION, "globex", 0, "");
    build(&b, c, 4);
    render_all(&b, &first);
    blockmap_free(&b.maps);
    build(&b, c, 4);
    render_all(&b, &second);
    assert_true(slice_eq(text_slice(&first), text_slice(&second)));
    text_free(&first);
    text_free(&second);
    done(&b);
    customers_free(c);
}

static void test_contact(void **state)
{
    static const char *const bad[] = {"", "a b", "$x", "<a@b>", "\303\251", "a\n"};

    (void)state;
    assert_true(blockmap_contact_good("https://help.example/spam?x=1"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (blockmap_contact_good(bad[i]))
            fail_msg("%s taken", bad[i]);
    char longest[122];
    memset(longest, 'x', 121);
    longest[121] = '\0';
    assert_false(blockmap_contact_good(longest));
    assert_true(blockmap_contact_good(longest + 1));
}

static void test_can_carry(void **state)
{
    struct rule two = {.condition = {{RULE_CLIENT, SL("192.0.2.1")}, {RULE_HELO, SL("h")}},
                       .conditions = 2};
    struct rule subject = {.condition = {{RULE_CLIENT, SL("192.0.2.1")}, {RULE_SUBJECT, SL("h")}},
                           .conditions = 2};
    struct rule twice = {.condition = {{RULE_SENDER, SL("a@b")}, {RULE_SENDER_PATTERN, SL("h")}},
                         .conditions = 2};
    struct rule none = {0};

    (void)state;
    assert_true(rule_can_be_carried(&two, 0));
    assert_true(rule_can_be_carried(&two, BLOCKMAP_ANDS - 1));
    assert_false(rule_can_be_carried(&two, BLOCKMAP_ANDS));
    assert_false(rule_can_be_carried(&subject, 0));
    assert_false(rule_can_be_carried(&twice, 0));
    assert_false(rule_can_be_carried(&none, 0));
}

/* More exceptions than smtpd should go through. Within: the wildcard is left out, and that is told.
 * Crossing: the wildcard counts. */
static void many_exceptions(const char *format, unsigned told, size_t rows)
{
    struct text t = {0};
    struct bench b = {0};

    text_add(&t, SL("acme p sasl:*@acme.example sasl:joe@acme.example\n"));
    for (unsigned i = 0; i < 501; i++) {
        text_addf(&t, "c%u p sasl:", i);
        text_addf(&t, i & 1 ? "%u-b%s\n" : "%u-a%s\n", i, format);
    }
    text_addc(&t, '\0');
    struct customers *c = read_customers(t.p, &b.problems);
    assert_non_null(c);
    with(act(&b, 1, ACTION_ADDRESS, "acme", 0, ""), RULE_SENDER, "bob@x");
    build(&b, c, 4);
    assert_int_equal(b.problems.count, told);
    assert_int_equal(map_of(&b, "mp_customer_sasl_regexp")->n, rows);
    assert_string_equal(row(&b, "mp_customer_sasl", "joe@acme.example"), "mp_slot01");
    done(&b);
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

static bool has(const struct text *t, const char *s)
{
    return slice_find(text_slice(t), slice_str(s)) != NULL;
}

static void test_main_cf(void **state)
{
    struct text t = {0};

    (void)state;
    blockmap_main_cf(&t, "/etc/postfix/mptools", "cdb", 2);
    assert_true(has(&t, "\nsmtpd_sender_restrictions = $mp_restrictions\n"));
    assert_true(has(&t, "\nmp_index = cdb:/etc/postfix/mptools\n"));
    assert_true(has(&t, "\nmp_slot02 = check_sender_access $mp_index/mp_slot02_sender\n"));
    assert_true(has(&t, "\nmp_slot02_and3_login = check_sasl_access $mp_regexp/mp_slot02_and3\n"));
    assert_false(has(&t, "mp_slot03"));
    /* Every map but the headers' is asked for exactly once. */
    struct bench b = {0};
    build(&b, NULL, 2);
    for (size_t i = 0; i < b.maps.n; i++)
        assert_true(has(&t, b.maps.maps[i].name));
    done(&b);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_identity_alone),
        cmocka_unit_test(test_customer_gone),
        cmocka_unit_test(test_flagged_login),
        cmocka_unit_test(test_single_conditions),
        cmocka_unit_test(test_conjunctions),
        cmocka_unit_test(test_three_conditions),
        cmocka_unit_test(test_heads_join),
        cmocka_unit_test(test_refused_net),
        cmocka_unit_test(test_unfit),
        cmocka_unit_test(test_slots_of_actions),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_contact),
        cmocka_unit_test(test_can_carry),
        cmocka_unit_test(test_too_many_exceptions),
        cmocka_unit_test(test_main_cf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
