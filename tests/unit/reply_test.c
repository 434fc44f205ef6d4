/* reply: every example of the shipped patterns, the skeleton, the memory, operators' files and
 * their mistakes, quoted addresses, hostile bytes. */
#include "scratch.h"

#include "base/share.h"
#include "judge/reply.h"
#include "judge/reply_text.h"

static char shipped[4200];

static struct replies *load(const char *dir)
{
    struct problems problems = {0};
    struct replies *r = replies_load(dir, &problems);

    if (r == NULL) {
        text_addc(&problems.lines, 0);
        fail_msg("replies_load: %s", problems.lines.p);
    }
    assert_int_equal(problems.count, 0);
    return r;
}

static void expect(struct replies *r, const char *reply, const char *class, const char *by)
{
    struct reply_verdict v;

    for (int twice = 0; twice < 2; twice++) { /* fresh, then from memory */
        reply_class(r, slice_str(reply), &v);
        struct slice name = reply_class_name(v.class);
        if (!slice_eq(name, slice_str(class)) || !slice_eq(v.listed_by, slice_str(by)))
            fail_msg("%s\n is %.*s/%.*s, not %s/%s", reply, (int)name.n, name.p, (int)v.listed_by.n,
                     v.listed_by.n ? v.listed_by.p : "", class, by);
    }
}

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < REPLY_CLASS_COUNT; i++) {
        struct slice name = reply_class_name((enum reply_class)i);
        assert_true(name.n > 0);
        assert_int_equal(reply_class_of(name), i);
    }
    assert_int_equal(reply_class_of(SL("Spam-Content")), REPLY_CLASS_COUNT);
    assert_int_equal(reply_class_of(SLICE_NONE), REPLY_CLASS_COUNT);
}

/* --- the shipped file ------------------------------------------------------------------------- */

/* The columns of a rule that an example is compared with. */
struct seen {
    unsigned line;
    char class[64], by[128];
};

static void run_example(struct replies *r, const char *reply, const struct seen *rule, unsigned at)
{
    struct text wrapped = {0};
    struct reply_verdict v;
    const char *file = "";

    text_addf(&wrapped, "host mx.example.org[203.0.113.9] said: %s (in reply to RCPT TO command)",
              reply);
    const struct slice forms[] = {slice_str(reply), slice_str(reply), text_slice(&wrapped)};
    for (int i = 0; i < (is_digit(*reply) ? 3 : 2); i++) {
        reply_class(r, forms[i], &v);
        unsigned line = replies_rule(r, v.rule, &file);
        if (line != rule->line || !slice_eq(reply_class_name(v.class), slice_str(rule->class)))
            fail_msg("the example in line %u is decided by line %u, not by line %u", at, line,
                     rule->line);
        if (strcmp(rule->by, "$by") == 0)
            assert_true(v.listed_by.n > 3);
        else
            assert_true(slice_eq(v.listed_by,
                                 strcmp(rule->by, "-") == 0 ? SLICE_NONE : slice_str(rule->by)));
    }
    text_free(&wrapped);
}

static void every_example(void **state)
{
    struct replies *r = load(NULL);
    FILE *in = fopen(shipped, "r");
    static char line[8192];
    struct seen rule = {0};
    unsigned at = 0, rules = 0, examples = 0, of_rule = 1;

    (void)state;
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        at++;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "# example: ", 11) == 0) {
            run_example(r, line + 11, &rule, at);
            examples++;
            of_rule++;
        } else if (line[0] && line[0] != '#') {
            if (of_rule == 0)
                fail_msg("the rule in line %u has no example", rule.line);
            rule.line = at;
            assert_int_equal(sscanf(line, "%63s %127s", rule.class, rule.by), 2);
            rules++;
            of_rule = 0;
        }
    }
    fclose(in);
    assert_true(of_rule > 0);
    assert_true(rules > 200 && examples > 300);
    replies_free(r);
}

/* What must not be taken for a listing, and other traps. */
static void traps(void **state)
{
    struct replies *r = load(NULL);

    (void)state;
    expect(r, "", "other", "");
    expect(r, "250 2.0.0 Ok: queued as 4ABC", "accepted", "");
    expect(r, "250-first 250 second", "accepted", "");
    expect(r, "2500 not a code", "other", "");
    expect(r,
           "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
           "zen.spamhaus.org; Error: open resolver; https://check.spamhaus.org/returnc/pub/1/",
           "other", "");
    expect(r, "550 5.7.1 blocked using bl.example.org (127.255.255.254)", "other", "");
    expect(r, "550 5.1.1 <postmaster@spamhaus.org>: Recipient address rejected: User unknown",
           "user-unknown", "");
    expect(r, "550 5.1.1 <spam.quota.virus@example.org>: user unknown", "user-unknown", "");
    expect(r, "552 5.2.2 mailbox full; see https://spam.example.org", "mailbox-full", "");
    expect(r, "451 4.7.1 Service unavailable - try again later", "other", "");
    expect(r,
           "554 5.7.1 Service unavailable; Sender address [a@b.example] blocked using "
           "rhsbl.example.org",
           "domain-blocklisted", "");
    expect(r, "550 5.7.1 blocked using Bl.Example.ORG.", "ip-blocklisted", "bl.example.org");
    expect(r,
           "554-mx.example.org 554 Your access to this mail system has been rejected due to "
           "the sending MTA's poor reputation.",
           "ip-blocklisted", "cisco");
    expect(r, "554-mx.example.org 554 ... the sending MTA\xe2\x80\x99s poor reputation.",
           "ip-blocklisted", "cisco");
    expect(r, "554-mx.example.org 554 ... the sending MTA???s poor reputation.", "ip-blocklisted",
           "cisco");
    expect(r, "4.7.1 greylisted", "greylisted", "");
    expect(r,
           "delivery temporarily suspended: host mx.example.org[203.0.113.1] refused to talk "
           "to me: 421 4.7.0 too many connections",
           "rate-limited", "");
    replies_free(r);
}

/* Who lists: the reply, cut short, and the id. */
static void lists(void **state)
{
    static const char *const row[][2] = {
        {"554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org", "spamhaus"},
        {"554 5.7.1 Client host [198.51.100.7] blocked using bl.spamcop.net", "spamcop"},
        {"554 5.7.1 blocked using b.barracudacentral.org", "barracuda"},
        {"554 5.7.1 blocked using spam.dnsbl.sorbs.net", "sorbs"},
        {"554 5.7.1 blocked using cbl.abuseat.org", "cbl"},
        {"554 5.7.1 blocked using psbl.surriel.com", "psbl"},
        {"554 5.7.1 blocked using dnsbl-1.uceprotect.net", "uceprotect"},
        {"554 5.7.1 blocked using key.combined.mail.abusix.zone", "abusix"},
        {"554 5.7.1 blocked using noptr.spamrats.com", "spamrats"},
        {"554 5.7.1 blocked using bl.mailspike.net", "mailspike"},
        {"554 5.7.1 blocked using truncate.gbudb.net", "gbudb"},
        {"554 5.7.1 blocked using all.s5h.net", "s5h"},
        {"554 5.7.1 blocked using bl.0spam.org", "0spam"},
        {"554 5.7.1 blocked using ix.dnsbl.manitu.net", "nixspam"},
        {"554 5.7.1 blocked using bl.unheard-of.example", "bl.unheard-of.example"},
        {"550 5.7.1 messages weren't sent, on our block list (S3150)", "microsoft"},
        {"550 5.7.606 Access denied, banned sending IP [198.51.100.7]", "microsoft"},
        {"550 5.7.1 very low reputation of the sending IP address", "google"},
        {"553 5.7.2 [TSS09] All messages from 198.51.100.7 will be permanently deferred", "yahoo"},
        {"553 5.3.0 flpd1 DNSBL:ATTRBL 521< 198.51.100.7 >_is_blocked", "at&t"},
        {"554 imta1.comcast.net found on one or more DNSBLs, see #BL000001", "comcast"},
        {"554 5.7.1 : (RTR:BL) https://postmaster.aol.com/error-codes", "aol"},
        {"550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=198.51.100.7", "proofpoint"},
        {"554 poor reputation on Cloudmark Sender Intelligence (CSI). IB103", "cloudmark"},
        {"550 csi.mimecast.org Poor Reputation Sender.", "mimecast"},
        {"554 IP=198.51.100.7 - None/bad reputation. x@rx.t-online.de (NOWL)", "t-online"},
        {"554-gmx.net Nemesis ESMTP Service not available 554-No SMTP service", "united-internet"},
        {"550 198.51.100.7 has been blocked", ""},
    };
    struct replies *r = load(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        expect(r, row[i][0], "ip-blocklisted", row[i][1]);
    replies_free(r);
}

/* --- the skeleton --------------------------------------------------------------------------------
 */

static void expect_words(const char *reply, unsigned code, const char *dsn, const char *words)
{
    static struct reply_text t;
    char got[32];

    reply_text_make(&t, slice_str(reply));
    snprintf(got, sizeof got, "%u.%u.%u", t.codes.dsn[0], t.codes.dsn[1], t.codes.dsn[2]);
    assert_int_equal(t.codes.code, code);
    assert_string_equal(got, dsn);
    if (!slice_eq(t.words, slice_str(words)))
        fail_msg("%s\n becomes %.*s\n not     %s", reply, (int)t.words.n, t.words.p, words);
}

static void skeleton(void **state)
{
    (void)state;
    expect_words("550 5.1.1 <a.b@c.example>... User unknown", 550, "5.1.1",
                 "<x@example.com>... User unknown");
    expect_words("550-5.7.1 [192.0.2.77 12] Our 550-5.7.1 system. 550 5.7.1 "
                 "x3-20020a17si1234.55 - gsmtp (in reply to end of DATA command)",
                 550, "5.7.1", "[192.0.2.1 0] Our system. id - gsmtp");
    expect_words("554-gmx.net (mxgmx104) Nope 554-No SMTP 554 For v=203.0.113.7&r=1MNcgj-1ue23",
                 554, "0.0.0", "gmx.net (mxgmx0) Nope No SMTP For v=192.0.2.1&r=id");
    expect_words("5.1.1 gone", 500, "5.1.1", "gone");
    expect_words("550 #5.1.0 Address rejected.", 550, "5.1.0", "Address rejected.");
    expect_words("554 IB103 S3150 LPN007_416 [102] #550 AS16012607 #4.16.5 of 12345", 554, "0.0.0",
                 "IB103 S3150 LPN007_416 [102] #550 AS16012607 #4.16.5 of 0");
    expect_words("550 dnsbl-2.uceprotect.net 163.com mta4207.mail.example", 550, "0.0.0",
                 "dnsbl-2.uceprotect.net 163.com mta0.mail.example");
    expect_words("550 asked 7.2.0.192.zen.spamhaus.org and 0123456789abcdefghijklmnop.zen.dq.x.net",
                 550, "0.0.0", "asked zen.spamhaus.org and id.zen.dq.x.net");
    expect_words("550 2001:db8:1::25 fe80::1 13:05:22 127.0.0.2 a::b", 550, "0.0.0",
                 "2001:db8::1 2001:db8::1 0:0:0 127.0.0.2 2001:db8::1");
    expect_words("550 call help@provider.example or 'x.y@z.example'", 550, "0.0.0",
                 "call x@provider.example or 'x@example.com'");
    expect_words("550 bo\xc3\xaete  \t pleine\x01\x02 d???accord", 550, "0.0.0",
                 "bo?te pleine d?accord");
    expect_words("550", 550, "0.0.0", "");
    expect_words("no mailbox of that name. (#5.1.1)", 500, "5.1.1",
                 "no mailbox of that name. (#5.1.1)");
    expect_words("511 no mailbox (#5.1.1 - chkuser)", 511, "5.1.1",
                 "no mailbox (#5.1.1 - chkuser)");
    expect_words("451 4.3.0 busy (#4.4.2)", 451, "4.3.0", "busy (#4.4.2)");
    expect_words("550 ticket (#12)", 550, "0.0.0", "ticket (#12)");
    expect_words("", 0, "0.0.0", "");
    expect_words("host h[192.0.2.1] refused to talk to me: 421 busy", 421, "0.0.0", "busy");
    expect_words("connect to mx1.example.org[192.0.2.9]:25: Connection timed out", 0, "0.0.0",
                 "connect to mx1.example.org[192.0.2.1]:0: Connection timed out");
}

/* --- the memory ----------------------------------------------------------------------------------
 */

static void memory(void **state)
{
    struct replies *r = load(NULL);
    struct reply_verdict v;
    char reply[200];

    (void)state;
    for (unsigned i = 0; i < 20000; i++) { /* far more kinds than it has places */
        int n =
            snprintf(reply, sizeof reply, "550 5.7.1 Client host blocked using bl.%c%c%c%c.example",
                     'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26, 'a' + i / 17576);
        reply_class(r, slice_of(reply, (size_t)n), &v);
        assert_int_equal(v.class, REPLY_IP_BLOCKLISTED);
        assert_int_equal(v.listed_by.n, 15);
        assert_memory_equal(v.listed_by.p, reply + n - 15, 15);
        if (i % 97 == 0) /* what was learnt before is still right, remembered or not */
            expect(r, "550 5.1.1 <a@b.example>: User unknown", "user-unknown", "");
    }
    expect(r, "550 5.7.1 blocked using bl.one.example", "ip-blocklisted", "bl.one.example");
    expect(r, "550 5.7.1 blocked using bl.two.example", "ip-blocklisted", "bl.two.example");
    expect(r, "550 5.7.1 blocked using bl12.two.example", "ip-blocklisted", "bl12.two.example");
    /* the same words under another code are another reply */
    expect(r, "550 5.1.1 Odd.", "user-unknown", "");
    expect(r, "550 5.7.1 Odd.", "policy", "");
    expect(r, "450 4.3.2 Odd.", "other", "");
    replies_free(r);
}

/* --- operators' files ----------------------------------------------------------------------------
 */

static void own_rules(void **state)
{
    (void)state;
    mkdir("replies.d", 0755);
    put_file("replies.d/20-later.conf", SL("policy - 550 * frobnicate\n"));
    put_file("replies.d/10-first.conf",
             SL("# ours\r\n\n  greylisted   -  550,45x  *  frobnicate \r\n"
                "ip-blocklisted inhouse 5xx 5.7.100-199,*.9.* *\n"
                "ip-blocklisted $by none,421 * refused for (?<by>\\S+)\n"));
    put_file("replies.d/.hidden.conf", SL("nonsense\n"));
    put_file("replies.d/notes.txt", SL("nonsense\n"));
    struct replies *r = load(".");
    struct reply_verdict v;
    const char *file = NULL;
    expect(r, "550 Frobnicate!", "greylisted", "");
    expect(r, "451 frobnicate", "greylisted", "");
    expect(r, "550 5.7.150 x", "ip-blocklisted", "inhouse");
    expect(r, "550 5.9.3 x", "ip-blocklisted", "inhouse");
    expect(r, "421 refused for RBL.Example.org", "ip-blocklisted", "rbl.example.org");
    expect(r, "refused for rbl.example.org", "ip-blocklisted", "rbl.example.org");
    expect(r, "421 refused for you-know-why", "ip-blocklisted", "");
    expect(r, "421 refused for example.123", "ip-blocklisted", "");
    expect(r, "421 refused for ..example.org", "ip-blocklisted", "");
    expect(r, "421 refused for \xff.example.org", "ip-blocklisted", "");
    reply_class(r, SL("550 frobnicate"), &v);
    assert_int_equal(replies_rule(r, v.rule, &file), 3);
    assert_non_null(strstr(file, "10-first.conf"));
    assert_int_equal(replies_rule(r, 0, &file), 0);
    assert_int_equal(replies_rule(r, 1000000, &file), 0);
    replies_free(r);
}

static void mistakes(void **state)
{
    struct problems found = {0};

    (void)state;
    mkdir("replies.d", 0755);
    put_file("replies.d/bad.conf", SL("spam - * * x\n"
                                      "other - 55 * x\n"
                                      "other - 650 * x\n"
                                      "other - * 5.1 x\n"
                                      "other - * 5.1.1.1 x\n"
                                      "other - * 5.9-1.1 x\n"
                                      "other Bad_List * * x\n"
                                      "other - * * (unclosed\n"
                                      "other $by * * nothing\n"
                                      "other - * * (?<by>x)\n"
                                      "other $by * * *\n"
                                      "other -\n"
                                      "other - * * a\x01z\n"
                                      "other - 550,551,552,553,554 * x\n"
                                      "other - * * \\C\n"
                                      "policy - * * fine\n"));
    assert_null(replies_load(".", &found));
    text_addc(&found.lines, 0);
    char *save = NULL;
    unsigned line = 0, last = 0;
    for (char *s = strtok_r(found.lines.p, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
        assert_int_equal(sscanf(s, "./replies.d/bad.conf:%u: ", &line), 1);
        assert_true(line >= last && line <= last + 1);
        last = line;
    }
    assert_int_equal(last, 15);
    problems_free(&found);
}

static void unreadable(void **state)
{
    struct problems found = {0};

    (void)state;
    put_file("replies.d", SL("a file, not a folder"));
    assert_null(replies_load(".", &found));
    assert_int_equal(found.count, 1);
    problems_free(&found);
    assert_int_equal(unlink("replies.d"), 0);
    replies_free(load("/no/such/folder"));
    replies_free(NULL);
}

/* --- addresses -----------------------------------------------------------------------------------
 */

static void expect_ip(const char *reply, const char *want)
{
    struct slice ip = SLICE_NONE;
    bool found = reply_quoted_ip(slice_str(reply), &ip);

    if (found != (*want != '\0') || !slice_eq(ip, slice_str(want)))
        fail_msg("%s\n quotes %.*s, not %s", reply, (int)ip.n, ip.n ? ip.p : "", want);
}

static void quoted(void **state)
{
    (void)state;
    expect_ip("554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using x.example",
              "198.51.100.7");
    expect_ip(
        "host mx.example[203.0.113.1] said: 550 blocked, see http://x.example/?ip=198.51.100.7",
        "198.51.100.7");
    expect_ip("host mx.example[203.0.113.1] said: 550 5.1.1 User unknown", "");
    expect_ip("connect to mx.example.org[203.0.113.1]:25: Connection timed out", "");
    expect_ip("lost connection with mx.example.org[203.0.113.1] while sending RCPT TO", "");
    expect_ip("554 IP=198.51.100.7 - None/bad reputation. (NOWL)", "198.51.100.7");
    expect_ip("550-5.7.1 [198.51.100.7 12] Our system has detected", "198.51.100.7");
    expect_ip("550-5.7.25 [2001:db8:0:1::25] The IP address sending this message",
              "2001:db8:0:1::25");
    expect_ip("550 5.7.1 <mail.example[2001:db8::7]>: Client host rejected", "2001:db8::7");
    expect_ip(
        "421 4.7.0 [TSS04] Messages from 198.51.100.7 temporarily deferred - 4.16.55.1; see x",
        "198.51.100.7");
    expect_ip("550 5.7.1 blocked by zen.example (127.0.0.2): 198.51.100.7.", "198.51.100.7");
    expect_ip("550 5.1.1 Failed, from MTA([127.0.0.1]:10025): 550 User unknown", "");
    expect_ip("550 mx2.example 203.0.113.1.example.org 1.2.3.4.5 300.1.1.1 13:05:22", "");
    expect_ip("550-JunkMail rejected - mail.example [198.51.100.7]:24706 is in an RBL",
              "198.51.100.7");
    expect_ip("550 this server 203.0.113.1 refuses your host 198.51.100.7", "198.51.100.7");
    expect_ip("550 your server 198.51.100.7: go away", "198.51.100.7");
    expect_ip("", "");
}

/* --- hostile bytes
 * --------------------------------------------------------------------------------- */

static void hostile(void **state)
{
    struct replies *r;
    struct reply_verdict v;
    struct slice ip;
    static char big[1 << 20];
    unsigned seed = 1;

    (void)state;
    mkdir("replies.d", 0755);
    put_file("replies.d/slow.conf", SL("virus - * * (?:a+)+(?:a+)+$\n"));
    r = load(".");
    memset(big, 'a', sizeof big);
    big[sizeof big - 1] = '!';
    for (int i = 0; i < 40; i++) { /* interpreted, then compiled: a limit is `doesn't fit` */
        big[10] = (char)('b' + i % 20);
        reply_class(r, slice_of(big, 1000), &v);
        reply_class(r, slice_of(big, sizeof big), &v);
    }
    for (unsigned i = 0; i < 3000; i++) {
        for (int k = 0; k < 300; k++) {
            seed = seed * 1103515245u + 12345u;
            unsigned pick = seed >> 16 & 255;
            big[k] = pick < 100 ? (char)pick : "5.1 -:<@>[]ab?/0"[pick % 16];
        }
        memcpy(big, "550 ", i & 1 ? 4 : 0);
        char *exact = malloc(301 - i % 300); /* so that ASan sees a byte too many */
        memcpy(exact, big, 300 - i % 300);
        reply_class(r, slice_of(exact, 300 - i % 300), &v);
        assert_true((unsigned)v.class < REPLY_CLASS_COUNT);
        reply_quoted_ip(slice_of(exact, 300 - i % 300), &ip);
        free(exact);
    }
    reply_class(r, SLICE_NONE, &v);
    assert_int_equal(v.class, REPLY_OTHER);
    replies_free(r);
}

static void share(void **state)
{
    char path[20];

    (void)state;
    assert_string_equal(share_dir(), getenv("MPTOOLS_SHARE"));
    assert_false(share_path(path, sizeof path, "replies.conf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(every_example),
        cmocka_unit_test(traps),
        cmocka_unit_test(lists),
        cmocka_unit_test(skeleton),
        cmocka_unit_test(memory),
        cmocka_unit_test_setup_teardown(own_rules, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(mistakes, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(unreadable, scratch_begin, scratch_end),
        cmocka_unit_test(quoted),
        cmocka_unit_test_setup_teardown(hostile, scratch_begin, scratch_end),
        cmocka_unit_test(share),
    };
    char *dir = realpath("share/mptools", NULL);

    if (dir == NULL || setenv("MPTOOLS_SHARE", dir, 1) != 0)
        return 1;
    snprintf(shipped, sizeof shipped, "%s/replies.conf", dir);
    free(dir);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
