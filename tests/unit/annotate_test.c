/* annotate: whose mail, which class, which address; by what was authenticated only. */
#include "scratch.h"

#include "base/exits.h"
#include "judge/annotate.h"

static const char customers[] =
    "acme reseller domain:acme.example sasl:*@acme.example net:203.0.113.0/28\n"
    "other reseller2 net:203.0.113.16/28 sasl:bob\n";
static const char outbound[] = "out1 192.0.2.1 syslog:postfix-out1\n"
                               "out2 192.0.2.2 syslog:postfix/out2\n"
                               "out3 192.0.2.3\n"
                               "out3 2001:db8::3\n"
                               "out4 192.0.2.4 syslog:p4\n"
                               "out4 2001:db8::4 syslog:p4\n";

static struct annotate *configured(void)
{
    struct annotate *a;

    put_file("customers", slice_str(customers));
    put_file("outbound", slice_str(outbound));
    assert_int_equal(annotate_new(scratch_path, ANNOTATE_ALL, &a), 0);
    assert_non_null(annotate_customers(a));
    assert_non_null(annotate_outbound(a));
    assert_string_equal(annotate_dir(a), scratch_path);
    return a;
}

static void who(void **state)
{
    static const struct {
        const char *sasl_user, *client_ip, *sender, *customer, *partner;
    } row[] = {
        {"info@acme.example", "", "", "acme", "reseller"},
        {"INFO@ACME.example", "", "", "acme", "reseller"},
        {"bob", "203.0.113.1", "", "other", "reseller2"}, /* the login, not the address */
        {"eve", "203.0.113.1", "", "", ""},               /* one that we don't know is nobody */
        {"", "203.0.113.15", "", "acme", "reseller"},
        {"", "203.0.113.16", "", "other", "reseller2"},
        {"", "203.0.113.32", "info@acme.example", "", ""}, /* what he says of himself is nothing */
        {"", "", "info@acme.example", "", ""},
        {"", "unknown", "", "", ""},
    };
    struct annotate *a = configured();

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct record r = {.kind = KIND_ACCEPT};
        r.f[COL_SASL_USER] = slice_str(row[i].sasl_user);
        r.f[COL_CLIENT_IP] = slice_str(row[i].client_ip);
        r.f[COL_SENDER] = slice_str(row[i].sender);
        annotate_record(a, &r, true);
        if (!slice_eq(r.f[COL_CUSTOMER], slice_str(row[i].customer)) ||
            !slice_eq(r.f[COL_PARTNER], slice_str(row[i].partner)))
            fail_msg("%s %s %s is %.*s's", row[i].sasl_user, row[i].client_ip, row[i].sender,
                     (int)r.f[COL_CUSTOMER].n, r.f[COL_CUSTOMER].p);
        assert_int_equal(r.f[COL_CLASS].n, 0);
    }
    annotate_free(a);
}

static struct record refused(const char *instance, const char *reply)
{
    struct record r = {.kind = KIND_DELIVER};

    r.f[COL_INSTANCE] = slice_str(instance);
    r.f[COL_STATUS] = SL("bounced");
    r.f[COL_RELAY_IP] = SL("198.51.100.1");
    r.f[COL_REPLY] = slice_str(reply);
    return r;
}

static void classes(void **state)
{
    struct annotate *a = configured();
    struct record r = refused("postfix", "550 5.1.1 <x@y.example>: Recipient address rejected: "
                                         "User unknown in local recipient table");

    (void)state;
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_CLASS], SL("user-unknown")));
    /* a record of a stream keeps what it has */
    r.f[COL_CLASS] = SL("network");
    annotate_record(a, &r, false);
    assert_true(slice_eq(r.f[COL_CLASS], SL("network")));
    /* of log lines here nothing is believed that looks like one of these columns */
    r.f[COL_LISTED_BY] = SL("spamhaus");
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_CLASS], SL("user-unknown")) && r.f[COL_LISTED_BY].n == 0);
    r = refused("postfix", "");
    annotate_record(a, &r, true);
    assert_int_equal(r.f[COL_CLASS].n, 0);
    r = refused("postfix", "250 2.0.0 Ok");
    r.kind = KIND_VERDICT;
    annotate_record(a, &r, true);
    assert_int_equal(r.f[COL_CLASS].n, 0);
    annotate_free(a);
}

static void addresses(void **state)
{
    struct annotate *a = configured();
    struct record r =
        refused("postfix-out1", "550 5.7.1 client [192.0.2.9] blocked using bl.example");

    (void)state;
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_OUTBOUND_IP], SL("192.0.2.1"))); /* the table, not the reply */
    r = refused("postfix/out2", "550 no");
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_OUTBOUND_IP], SL("192.0.2.2")));
    r = refused("postfix", "550 5.7.1 client [192.0.2.9] blocked using bl.example");
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_OUTBOUND_IP], SL("192.0.2.9")));
    r = refused("postfix", "550 5.7.1 client [198.51.100.1] blocked using bl.example");
    annotate_record(a, &r, true); /* the relay's own is not ours */
    assert_int_equal(r.f[COL_OUTBOUND_IP].n, 0);
    r = refused("postfix", "250 2.0.0 client [192.0.2.9] fine");
    r.f[COL_STATUS] = SL("sent");
    annotate_record(a, &r, true);
    assert_int_equal(r.f[COL_OUTBOUND_IP].n, 0);
    annotate_free(a);
}

/* A transport with addresses of both families leaves by that of the server's. */
static void families(void **state)
{
    static const struct {
        const char *instance, *relay, *ip;
    } row[] = {{"postfix-out3", "198.51.100.1", "192.0.2.3"},
               {"postfix-out3", "2001:db8:1::1", "2001:db8::3"},
               {"p4", "198.51.100.1", "192.0.2.4"},
               {"p4", "2001:db8:1::1", "2001:db8::4"},
               {"postfix-out4", "198.51.100.1", ""},
               {"postfix-out1", "2001:db8:1::1", ""}}; /* by an address that nobody named */
    struct annotate *a = configured();

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct record r = refused(row[i].instance, "550 no");
        r.f[COL_RELAY_IP] = slice_str(row[i].relay);
        annotate_record(a, &r, true);
        assert_true(slice_eq(r.f[COL_OUTBOUND_IP], slice_str(row[i].ip)));
    }
    annotate_free(a);
}

static void only(void **state)
{
    struct annotate *a = NULL;
    struct record r = refused("postfix-out1", "550 5.1.1 User unknown");

    (void)state;
    put_file("customers", slice_str(customers));
    put_file("outbound", SL("a mistake\n"));
    assert_int_equal(annotate_new(scratch_path, 1u << COL_CUSTOMER, &a), 0);
    r.f[COL_SASL_USER] = SL("bob");
    annotate_record(a, &r, true);
    assert_true(slice_eq(r.f[COL_CUSTOMER], SL("other")));
    assert_int_equal(r.f[COL_CLASS].n + r.f[COL_OUTBOUND_IP].n, 0);
    annotate_free(a);
}

/* No configuration is fine; a mistake in it is not. */
static void configuration(void **state)
{
    struct annotate *a = NULL;
    struct record r = refused("postfix-out1", "550 5.1.1 User unknown");

    (void)state;
    assert_int_equal(annotate_new(scratch_path, ANNOTATE_ALL, &a), 0);
    assert_null(annotate_customers(a));
    r.f[COL_SASL_USER] = SL("bob");
    annotate_record(a, &r, true);
    assert_int_equal(r.f[COL_CUSTOMER].n, 0);
    assert_true(slice_eq(r.f[COL_CLASS], SL("user-unknown")));
    annotate_free(a);
    a = NULL;
    put_file("customers", SL("acme reseller nonsense:1\nacme2 r net:300.1.1.1\n"));
    assert_int_equal(annotate_new(scratch_path, ANNOTATE_ALL, &a), EXIT_CONFIG);
    annotate_free(a);
    a = NULL;
    assert_int_equal(annotate_new(scratch_path, 0, &a), 0); /* nothing is read */
    annotate_record(a, &r, true);
    annotate_free(a);
    annotate_free(NULL);
}

/* Where there are partners, customers have to have one of them. */
static void partners(void **state)
{
    struct annotate *a = NULL;

    (void)state;
    put_file("customers", slice_str(customers));
    put_file("partners", SL("reseller \"A & B\" mail:noc@reseller.example\nreseller2 Two\n"));
    assert_int_equal(annotate_new(scratch_path, ANNOTATE_ALL, &a), 0);
    annotate_free(a);
    put_file("partners", SL("reseller One\n"));
    assert_int_equal(annotate_new(scratch_path, 1u << COL_CUSTOMER, &a), EXIT_CONFIG);
    annotate_free(a);
    put_file("partners", SL("reseller One mail:nobody\n"));
    assert_int_equal(annotate_new(scratch_path, 1u << COL_PARTNER, &a), EXIT_CONFIG);
    annotate_free(a);
    assert_int_equal(annotate_new(scratch_path, 1u << COL_CLASS, &a), 0); /* not needed */
    annotate_free(a);
}

/* mptools.conf is looked at only when asked. */
static void settings(void **state)
{
    struct annotate *a = NULL;

    (void)state;
    put_file("mptools.conf", SL("[geoip]\nnothing = here\n"));
    assert_int_equal(annotate_new(scratch_path, ANNOTATE_ALL, &a), 0);
    assert_int_equal(annotate_check(a), EXIT_CONFIG);
    put_file("mptools.conf", SL("[scoring]\nfalse_flags = 1e-7\n"));
    assert_int_equal(annotate_check(a), 0);
    annotate_free(a);
    assert_int_equal(annotate_check(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(classes, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(addresses, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(families, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(only, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(configuration, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(partners, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(settings, scratch_begin, scratch_end),
    };

    /* run from the checkout: the reply patterns that ship */
    char *share = realpath("share/mptools", NULL);
    if (share)
        setenv("MPTOOLS_SHARE", share, 0);
    free(share);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
