/* geo: look-ups in databases that tests/mmdb.py writes, in the layouts of several vendors; files
 * that are no database. Run from the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "judge/geo.h"

#define LONG_NAME                                                                                 \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" \
    "12345678"

static const char table[] = "192.0.2.0/24\tDE\t64496\tExample Networks\n"
                            "192.0.2.128/25\tAT\t64497\tInner\n"
                            "192.0.2.129/32\tfr\t4200000000\tHost\n"
                            "198.51.100.0/24\tZZ\t0\t\n"
                            "198.51.101.0/24\tDEU\t64498\t\n"
                            "198.51.102.0/24\tD\033\t64499\t\033[2J\xff\n"
                            "198.51.104.0/24\t[E\t0\t\n"
                            "198.51.103.0/24\t\xc3\xa9\t64500\t" LONG_NAME "\xc3\xa9\xc3\xa9\n"
                            "2001:db8::/32\tNL\t64501\tSix\n"
                            "2001:db8:1:2::/64\tBE\t64502\tSixty-four\n";

static char dir[] = "/tmp/geo_test.XXXXXX";
static char country[64], asn[64]; /* of the table, in MaxMind's layout; made once */
static char other_country[64], other_asn[64];
static bool python;

static void make(const char *file, const char *kind, const char *options, const char *text)
{
    char command[300];

    snprintf(command, sizeof command, "python3 tests/mmdb.py %s %s %s", file, kind, options);
    FILE *p = popen(command, "w");
    assert_non_null(p);
    fputs(text, p);
    assert_int_equal(pclose(p), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(country, sizeof country, "%s/country.mmdb", dir);
    snprintf(asn, sizeof asn, "%s/asn.mmdb", dir);
    snprintf(other_country, sizeof other_country, "%s/other_country.mmdb", dir);
    snprintf(other_asn, sizeof other_asn, "%s/other_asn.mmdb", dir);
    python = system("command -v python3 >/dev/null") == 0;
    if (python) {
        make(country, "country", "", table);
        make(asn, "asn", "", table);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(country);
    unlink(asn);
    unlink(other_country);
    unlink(other_asn);
    return rmdir(dir);
}

static struct geo *open_both(const char *country_path, const char *asn_path)
{
    struct problems p = {0};
    struct geo *g = geo_open(country_path, asn_path, &p);

    if (g == NULL)
        print_error("%.*s", (int)p.lines.n, p.lines.p);
    assert_non_null(g);
    assert_int_equal(p.count, 0);
    return g;
}

/* "DE 64496 Example Networks" */
static const char *find(struct geo *g, const char *address)
{
    static char buf[300];
    struct geo_place place;
    struct ipaddr a;

    assert_true(ipaddr_parse(slice_str(address), &a));
    bool found = geo_find(g, a, &place);
    assert_int_equal(found, place.country[0] || place.asn || place.as_name.n);
    snprintf(buf, sizeof buf, "%s %u %.*s", place.country, place.asn, (int)place.as_name.n,
             place.as_name.p ? place.as_name.p : "");
    return buf;
}

static void check_look_ups(struct geo *g, bool v6)
{
    for (int again = 0; again < 2; again++) { /* the second time from the cache */
        assert_string_equal(find(g, "192.0.2.0"), "DE 64496 Example Networks");
        assert_string_equal(find(g, "192.0.2.127"), "DE 64496 Example Networks");
        assert_string_equal(find(g, "::ffff:192.0.2.127"), "DE 64496 Example Networks");
        assert_string_equal(find(g, "192.0.2.128"), "AT 64497 Inner");
        assert_string_equal(find(g, "192.0.2.129"), "FR 4200000000 Host");
        assert_string_equal(find(g, "192.0.2.130"), "AT 64497 Inner");
        assert_string_equal(find(g, "192.0.1.255"), " 0 ");
        assert_string_equal(find(g, "192.0.3.0"), " 0 ");
        assert_string_equal(find(g, "::192.0.2.1"), v6 ? "DE 64496 Example Networks" : " 0 ");
        assert_string_equal(find(g, "2001:db8::1"), v6 ? "NL 64501 Six" : " 0 ");
        assert_string_equal(find(g, "2001:db8:1:2::3"), v6 ? "BE 64502 Sixty-four" : " 0 ");
        assert_string_equal(find(g, "2001:db8:1:3::"), v6 ? "NL 64501 Six" : " 0 ");
        assert_string_equal(find(g, "2001:db9::"), " 0 ");
        assert_string_equal(find(g, "::"), " 0 ");
    }
}

static void layouts(void **state)
{
    static const char *const options[] = {"--bits 24",
                                          "--bits 28",
                                          "--bits 32",
                                          "--layout registered",
                                          "--layout flat",
                                          "--layout text",
                                          "--ip 6 --layout flat --bits 24"};

    (void)state;
    if (!python)
        skip();
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        make(other_country, "country", options[i], table);
        make(other_asn, "asn", options[i], table);
        struct geo *g = open_both(other_country, other_asn);
        check_look_ups(g, true);
        geo_free(g);
    }
}

static void only_v4(void **state)
{
    char text[sizeof table];

    (void)state;
    if (!python)
        skip();
    snprintf(text, sizeof text, "%s", table);
    *strstr(text, "2001:") = '\0';
    make(other_country, "country", "--ip 4", text);
    make(other_asn, "asn", "--ip 4", text);
    struct geo *g = open_both(other_country, other_asn);
    check_look_ups(g, false);
    geo_free(g);
}

/* What a database says is a stranger's word. */
static void strange_words(void **state)
{
    struct geo_place place;
    struct ipaddr a;

    (void)state;
    if (!python)
        skip();
    struct geo *g = open_both(country, asn);
    assert_string_equal(find(g, "198.51.100.1"), " 0 ");
    assert_string_equal(find(g, "198.51.101.1"), " 64498 ");
    assert_string_equal(find(g, "198.51.102.1"), " 64499 \033[2J\xff");
    assert_string_equal(find(g, "198.51.103.1"), " 64500 " LONG_NAME);
    assert_string_equal(find(g, "198.51.104.1"), " 0 ");
    assert_true(ipaddr_parse(SL("198.51.103.1"), &a));
    assert_true(geo_find(g, a, &place));
    assert_true(place.as_name.n <= GEO_NAME_MOST);
    geo_free(g);
}

static void one_of_two(void **state)
{
    struct problems p = {0};
    struct geo *g;

    (void)state;
    if (!python)
        skip();
    assert_non_null(g = geo_open(country, NULL, &p));
    assert_string_equal(find(g, "192.0.2.1"), "DE 0 ");
    geo_free(g);
    assert_non_null(g = geo_open(NULL, asn, &p));
    assert_string_equal(find(g, "192.0.2.1"), " 64496 Example Networks");
    geo_free(g);
    assert_null(geo_open(NULL, NULL, &p));
    assert_int_equal(p.count, 0);
    assert_string_equal(find(NULL, "192.0.2.1"), " 0 ");
    geo_free(NULL);
}

/* More addresses than the cache has places. */
static void many(void **state)
{
    struct geo_place place;

    (void)state;
    if (!python)
        skip();
    struct geo *g = open_both(country, asn);
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 0x20000; i++) {
            uint32_t v4 = 0xc0000000 + i; /* 192.0.0.0 and on */
            bool in = v4 >> 8 == 0xc00002;
            assert_int_equal(geo_find(g, (struct ipaddr){0, 0xffff00000000u | v4}, &place), in);
            if (in)
                assert_string_equal(place.country, v4 == 0xc0000281 ? "FR"
                                                   : v4 & 0x80      ? "AT"
                                                                    : "DE");
        }
    geo_free(g);
}

static void expect_problem(const char *country_path, const char *asn_path, const char *problem)
{
    struct problems p = {0};
    char expected[500];

    assert_null(geo_open(country_path, asn_path, &p));
    assert_int_equal(p.count, 1);
    text_addc(&p.lines, '\0');
    snprintf(expected, sizeof expected, "%s: %s\n", country_path ? country_path : asn_path,
             problem);
    assert_string_equal(p.lines.p, expected);
    problems_free(&p);
}

static void put(const char *file, const char *bytes, size_t n)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void no_database(void **state)
{
    struct problems p = {0};

    (void)state;
    unlink(other_country);
    expect_problem(other_country, NULL,
                   "can't open it: No such file or directory: correct `country' in section [geoip] "
                   "of mptools.conf, or take it out");
    expect_problem(NULL, "/nonexistent/a.mmdb",
                   "can't open it: No such file or directory: correct `asn' in section [geoip] of "
                   "mptools.conf, or take it out");
    put(other_country, "network,country\n192.0.2.0/24,DE\n", 32);
    expect_problem(other_country, NULL,
                   "it is no MaxMind database (The MaxMind DB file contains invalid metadata): put "
                   "one (.mmdb) there, or correct `country' in section [geoip] of mptools.conf");
    assert_null(geo_open("/nonexistent", "/nonexistent", &p));
    assert_int_equal(p.count, 2);
    problems_free(&p);
    assert_null(geo_open("/", NULL, &p));
    assert_int_equal(p.count, 1);
    problems_free(&p);
    put(other_country, "", 0);
    assert_null(geo_open(other_country, NULL, &p));
    assert_int_equal(p.count, 1);
    problems_free(&p);
}

/* The two databases mixed up, and one without any record. */
static void another_kind(void **state)
{
    (void)state;
    if (!python)
        skip();
    expect_problem(asn, NULL,
                   "no record in it has a country: `country' in section [geoip] of mptools.conf "
                   "has to name another kind of database");
    expect_problem(NULL, country,
                   "no record in it has an AS number: `asn' in section [geoip] of mptools.conf has "
                   "to name another kind of database");
    make(other_country, "country", "", "");
    expect_problem(other_country, NULL,
                   "no record in it has a country: `country' in section [geoip] of mptools.conf "
                   "has to name another kind of database");
}

/* A database with any byte changed, or cut off anywhere, gives wrong answers at worst. */
static void damaged(void **state)
{
    static char bytes[65536], copy[65536];
    struct problems p = {0};
    struct geo_place place;
    unsigned seed = 1;

    (void)state;
    if (!python)
        skip();
    FILE *in = fopen(asn, "r");
    assert_non_null(in);
    size_t n = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    for (int i = 0; i < 600; i++) {
        memcpy(copy, bytes, n);
        seed = seed * 1103515245 + 12345;
        copy[(seed >> 8) % n] = (char)(seed >> 3);
        put(other_asn, copy, i % 10 ? n : (seed >> 8) % n);
        struct geo *g = geo_open(NULL, other_asn, &p);
        for (uint32_t k = 0; g && k < 0x900; k += 0x7f)
            geo_find(g, (struct ipaddr){0, 0xffffc0000000u + k}, &place);
        geo_find(g, (struct ipaddr){0x20010db800010002, 3}, &place);
        geo_free(g);
    }
    problems_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),      cmocka_unit_test(only_v4), cmocka_unit_test(strange_words),
        cmocka_unit_test(one_of_two),   cmocka_unit_test(many),    cmocka_unit_test(no_database),
        cmocka_unit_test(another_kind), cmocka_unit_test(damaged),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
