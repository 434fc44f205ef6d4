/* providers: every example of the shipped file and who wins where several patterns fit; look-ups by
 * host, domain, zone and code; an operator's files; every mistake; hostile replies; the replies of
 * the corpus, where there is one. */
#include "scratch.h"

#include <ctype.h>

#include "act/providers_parts.h"
#include "judge/reply.h"

static char share[4096], corpus[4200];

static struct providers *load(const char *from, const char *conf)
{
    struct problems problems = {0};
    struct providers *p = providers_load(from, conf, &problems);

    if (p == NULL) {
        text_addc(&problems.lines, 0);
        fail_msg("providers_load: %s", problems.lines.p);
    }
    assert_int_equal(problems.count, 0);
    return p;
}

static void expect(struct providers *p, const char *reply, const char *host, const char *meaning,
                   const char *id)
{
    struct provider_reply r;

    for (int twice = 0; twice < 2; twice++) { /* fresh, then from memory */
        bool found = provider_of_reply(p, slice_str(reply), slice_str(host), &r);
        if (meaning == NULL && found)
            fail_msg("%s\n is %.*s of %.*s, not nothing", reply,
                     (int)provider_meaning_name(r.meaning).n, provider_meaning_name(r.meaning).p,
                     (int)r.provider->id.n, r.provider->id.p);
        if (meaning == NULL)
            continue;
        if (!found)
            fail_msg("%s\n is nothing, not %s of %s", reply, meaning, id);
        if (!slice_eq(provider_meaning_name(r.meaning), slice_str(meaning)) ||
            !slice_eq(r.provider->id, slice_str(id)))
            fail_msg("%s\n is %.*s of %.*s, not %s of %s", reply,
                     (int)provider_meaning_name(r.meaning).n, provider_meaning_name(r.meaning).p,
                     (int)r.provider->id.n, r.provider->id.p, meaning, id);
    }
}

static const char *has(const struct problems *p, const char *text)
{
    return slice_find(text_slice(&p->lines), slice_str(text));
}

static bool is(const struct provider *p, const char *id)
{
    return p ? slice_eq(p->id, slice_str(id)) : id == NULL;
}

/* --- the shipped file ------------------------------------------------------------------------- */

static bool yields_to(const struct entry *e, const struct entry *winner)
{
    for (unsigned i = 0; i < e->yields.n; i++)
        if (slice_eq(e->yields.word[i], winner->p.id))
            return true;
    return false;
}

/* Nobody else's pattern of the same rank fits, unless its section says that it yields. */
static void alone(struct providers *p, const struct match *winner, struct slice reply)
{
    for (size_t i = 0; i < p->matches; i++) {
        struct match *m = p->order[i];
        if (m->of == winner->of || m->rank != winner->rank || (m->m.own && !winner->m.own))
            continue;
        if (provider_match_fits(p, m, reply) && !yields_to(m->of, winner->of))
            fail_msg("the example of line %u fits line %u, too", winner->m.line, m->m.line);
    }
}

static enum provider_meaning said(const struct match *m, const struct provider *at)
{
    if (m->m.meaning == PROVIDER_LISTED && at && at != &m->of->p && at != m->of->p.part_of &&
        m->of->p.kind != PROVIDER_MAILBOX)
        return PROVIDER_LIST;
    return m->m.meaning;
}

static void run_example(struct providers *p, struct replies *judge, const struct match *m,
                        struct slice reply)
{
    struct text wrapped = {0};
    struct provider_reply r;
    struct reply_verdict v;

    if (is_digit(*reply.p))
        text_addf(&wrapped,
                  "host mx.example.org[203.0.113.9] said: %.*s (in reply to RCPT TO "
                  "command)",
                  (int)reply.n, reply.p);
    const struct slice forms[] = {reply, reply, text_slice(&wrapped)};
    for (int i = 0; i < (wrapped.n ? 3 : 2); i++) {
        if (!provider_of_reply(p, forms[i], SLICE_NONE, &r))
            fail_msg("the example of line %u fits nothing", m->m.line);
        if (r.match != &m->m)
            fail_msg("the example of line %u is decided by line %u", m->m.line, r.match->line);
        assert_int_equal(r.meaning, said(m, r.at));
        assert_ptr_equal(r.provider, m->named ? &m->named->p : &m->of->p);
        assert_int_equal(r.list.n > 0, m->by_group > 0);
        if (m->m.own)
            assert_ptr_equal(r.at, &m->of->p);
    }
    text_free(&wrapped);
    alone(p, m, reply);
    /* replies.conf calls it by the same name, where both give one */
    reply_class(judge, reply, &v);
    if (v.class == REPLY_IP_BLOCKLISTED && v.listed_by.n && m->m.meaning == PROVIDER_LISTED)
        assert_true(slice_eq(v.listed_by, m->of->p.listed_by));
    if (m->m.meaning == PROVIDER_WARNING || m->m.meaning == PROVIDER_AUTHENTICATION)
        assert_int_not_equal(v.class, REPLY_IP_BLOCKLISTED);
}

static void every_example(void **state)
{
    struct problems problems = {0};
    struct replies *judge = replies_load(NULL, &problems);
    struct providers *p = load(share, NULL);
    unsigned examples = 0;

    (void)state;
    assert_non_null(judge);
    for (size_t i = 0; i < p->n; i++)
        for (struct match *m = p->entry[i]->first; m; m = m->next) {
            if (m->m.examples.n == 0)
                fail_msg("the pattern in line %u has no example", m->m.line);
            for (unsigned k = 0; k < m->m.examples.n; k++, examples++)
                run_example(p, judge, m, m->m.examples.word[k]);
        }
    assert_true(p->n >= 70 && p->matches >= 115 && examples >= 130);
    providers_free(p);
    replies_free(judge);
}

static void shipped_values(void **state)
{
    struct providers *p = load(share, NULL);
    const struct provider *a;

    (void)state;
    assert_non_null(a = provider_find(p, SL("spamhaus-dqs")));
    assert_true(a->zone.keyed && a->zone.ipv4 && a->zone.ipv6 && a->zone.test_listed);
    assert_true(slice_eq(a->zone.zone, SL("KEY.zen.dq.spamhaus.net")));
    assert_true(is(a->replaces, "spamhaus"));
    assert_true(slice_eq(a->zone.name, a->name) && slice_eq(a->zone.id, a->id));
    assert_non_null(a = provider_find(p, SL("barracuda")));
    assert_int_equal(a->zone.codes, 1);
    assert_int_equal(a->zone.code[0].first, 0x7f000002);
    assert_true(a->zone.code[0].listed && !a->zone.ipv6 && a->zone.test_unlisted);
    assert_int_equal(a->ask, PROVIDER_ASK);
    assert_int_equal(a->way, PROVIDER_FORM);
    assert_int_equal(a->gap, 24);
    assert_true(a->lockout && a->terms.n > 0 && a->fields.n == 4);
    assert_int_equal(provider_find(p, SL("yahoo"))->quiet, 48);
    assert_int_equal(provider_find(p, SL("uceprotect"))->expires, 168);
    assert_int_equal(provider_find(p, SL("dronebl"))->ask, PROVIDER_ASK_INFORMATION);
    assert_int_equal(provider_find(p, SL("sem"))->ask, PROVIDER_ASK_NEVER);
    assert_true(slice_eq(provider_find(p, SL("att"))->listed_by, SL("at&t")));
    assert_null(provider_find(p, SL("fortiguard"))); /* not confirmed */
    assert_null(provider_find(p, SL("seznam"))->match);
    assert_int_equal(provider_find(p, SL("hostkarma"))->zone.zone.n, 0);
    for (size_t i = 0; (a = provider_at(p, i)) != NULL; i++) {
        assert_true(a->name.n > 0 && a->file && a->line > 0);
        if (a->kind == PROVIDER_DEAD)
            assert_true(a->reason.n > 0 && a->zone.zone.n == 0 && a->alias.n > 0);
    }
    providers_free(p);
}

static void look_ups(void **state)
{
    struct providers *p = load(share, NULL);
    const struct provider *zen = provider_find(p, SL("spamhaus"));

    (void)state;
#define MX(host) provider_of_mx(p, SL(host))
    assert_true(is(MX("hotmail-com.olc.protection.outlook.com"), "microsoft-consumer"));
    assert_true(is(MX("Example-Com.MAIL.Protection.Outlook.COM."), "microsoft-365"));
    assert_true(is(MX("mx.microsoft"), "microsoft-365"));
    assert_true(is(MX("alt1.aspmx.l.google.com"), "google"));
    assert_true(is(MX("mta7.am0.yahoodns.net"), "yahoo"));
    assert_null(MX("notyahoodns.net")); /* no label's border */
    assert_null(MX("yahoodns.net.example.org"));
    assert_null(MX("protection.outlook.com"));
    assert_null(MX(""));
    assert_null(MX("."));
    assert_null(provider_of_mx(p, SLICE_NONE));
    assert_true(is(provider_of_domain(p, SL("Hotmail.CO.uk")), "microsoft-consumer"));
    assert_null(provider_of_domain(p, SL("x.hotmail.com")));
    assert_null(provider_of_domain(p, SL("live.ru"))); /* not Microsoft's */

#define ZONE(name) provider_of_zone(p, SL(name))
    assert_true(is(ZONE("zen.spamhaus.org"), "spamhaus"));
    assert_true(is(ZONE("XBL.spamhaus.org"), "spamhaus-xbl"));
    assert_true(is(ZONE("2.0.0.127.secretkey.zen.dq.spamhaus.net"), "spamhaus-dqs"));
    assert_true(is(ZONE("dbl.spamhaus.org"), "domain-lists"));
    assert_true(is(ZONE("spam.dnsbl.sorbs.net"), "sorbs"));
    assert_int_equal(ZONE("dnsbl.sorbs.net")->kind, PROVIDER_DEAD);
    assert_int_equal(ZONE("cbl.abuseat.org")->kind, PROVIDER_DEAD);
    assert_null(ZONE("sorbs.net.example"));
    assert_null(ZONE("rbl.example.com"));

    assert_true(is(provider_of_code(p, zen, 0x7f000003), "spamhaus-css"));
    assert_true(is(provider_of_code(p, zen, 0x7f000006), "spamhaus-xbl"));
    assert_true(is(provider_of_code(p, zen, 0x7f000001), "spamhaus"));
    assert_true(
        is(provider_of_code(p, provider_find(p, SL("spamhaus-dqs")), 0x7f00000b), "spamhaus-pbl"));
    assert_true(is(provider_of_code(p, provider_find(p, SL("psbl")), 0x7f000003), "psbl"));
    providers_free(p);
}

static void who_and_whose(void **state)
{
    static const char orange[] =
        "550 5.7.1 mwinf5c04 ME Adresse IP source bloquee pour incident de "
        "spam. Client host blocked for spamming issues. OFR006_102 Ref "
        "http://csi.cloudmark.com/reset-request/?ip=192.0.2.1 [102]";
    static const char ib113[] = "554 This IP has been blocked for the day. IB113";
    struct providers *p = load(share, NULL);
    struct provider_reply r;

    (void)state;
    expect(p, orange, "smtp-in.orange.fr", "list", "cloudmark");
    assert_true(provider_of_reply(p, SL(orange), SL("smtp-in.orange.fr"), &r));
    assert_true(is(r.at, "orange"));
    expect(p, orange, "", "listed", "cloudmark");
    assert_true(provider_of_reply(p, SL(orange), SL("mx.example.org"), &r));
    assert_null(r.at);
    /* a code of its own counts where it can be its own */
    expect(p, ib113, "smtp.secureserver.net", "listed", "godaddy");
    expect(p, ib113, "mx.example.org", NULL, NULL);
    expect(p, ib113, "mx1.comcast.net", NULL, NULL);
    expect(p, ib113, "", NULL, NULL);
    expect(p, "host smtp.secureserver.net[192.0.2.9] refused to talk to me: 554 blocked IB111", "",
           "listed", "godaddy");
    expect(p,
           "delivery temporarily suspended: host smtp.secureserver.net[192.0.2.9] refused to talk "
           "to me: 554 blocked IB111",
           "", "listed", "godaddy");
    /* the remote can't claim to be somebody else */
    expect(p, "554 host smtp.secureserver.net[192.0.2.9] said: blocked IB111", "", NULL, NULL);
    assert_true(provider_of_reply_at(p, SL(ib113), provider_find(p, SL("godaddy")), &r));
    assert_false(provider_of_reply_at(p, SL(ib113), NULL, &r));
    /* the receiver's resolver and domains go before the list's name */
    expect(p,
           "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
           "Error: open resolver; https://check.spamhaus.org/returnc/pub/203.0.113.9/",
           "mx1.comcast.net", "receiver", "receiver-error");
    expect(p,
           "550 5.7.1 Service unavailable; Sender address [a@example.net] blocked using "
           "zen.spamhaus.org",
           "", "domain", "domain-lists");
    /* a filter's own list at its own server */
    expect(p, "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
           "mx0a-001.pphosted.com", "listed", "proofpoint");
    expect(p, "550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1",
           "mx01.mail.icloud.com", "list", "proofpoint");
    /* part of the one who answered */
    expect(p, "550 5.7.511 Access denied, banned sender[192.0.2.1].",
           "example-com.mail.protection.outlook.com", "listed", "microsoft-365-511");
    providers_free(p);
}

/* A zone that only the reply names: known, dead, of domains, or nobody's. */
static void named_zones(void **state)
{
    static const char form[] =
        "host mx.example.org[192.0.2.9] said: 554 5.7.1 Service unavailable; "
        "Client host [192.0.2.1] blocked using ";
    struct providers *p = load(share, NULL);
    struct provider_reply r;
    char reply[400];

    (void)state;
    snprintf(reply, sizeof reply, "%sRBL.Example.com; see there", form);
    assert_true(provider_of_reply(p, slice_str(reply), SLICE_NONE, &r));
    assert_true(slice_eq(r.list, SL("rbl.example.com")) && is(r.provider, "private-list"));
    assert_int_equal(r.meaning, PROVIDER_LIST);
    snprintf(reply, sizeof reply, "%sips.backscatterer.org", form);
    expect(p, reply, "", "listed", "backscatterer");
    snprintf(reply, sizeof reply, "%sno-dots-here", form);
    expect(p, reply, "", NULL, NULL);
    providers_free(p);
}

static void nothing(void **state)
{
    static const char *const replies[] = {
        "250 2.0.0 Ok: queued as 4C1",
        "",
        "550",
        "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown",
        "452 4.2.2 The email account that you tried to reach is over quota",
        "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted",
        "554 5.7.1 <a@example.org>: Relay access denied",
        "550 5.7.1 [CS01] Message rejected due to local policy. Please visit "
        "https://support.apple.com/en-us/HT204137",
        "550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=abcDEF",
        "554 5.7.1 [192.0.2.1] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc",
        "550 csi.mimecast.org Suspicious Message Signature - "
        "https://community.mimecast.com/docs/DOC-1369#550 [Ab1cDe2fGh.us11]",
        "554 5.7.1 : Recipient address rejected: Mail content denied",
        "421-4.7.28 Gmail has detected an unusual rate of mail containing one of your URL "
        "domains. 421 4.7.28 - gsmtp",
        /* their link says i=ip whatever it is about */
        "554-gmx.net (mxgmx114) Nemesis ESMTP Service not available 554-No SMTP service 554-Bad "
        "DNS "
        "PTR resource record. 554 For explanation visit "
        "https://postmaster.gmx.net/en/case?c=r0301&i=ip&v=192.0.2.1&r=1MNcgj",
        "550-Requested action not taken: mailbox unavailable 550 For explanation visit "
        "https://postmaster.gmx.net/en/case?c=r1601&i=ip&v=192.0.2.1&r=1N5TcC",
        "450 4.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.1]",
        /* a name that is no list's */
        "550 5.7.1 Message blocked by mail.example.org due to content",
        "554 5.7.1 Virus found, blocked by filter.example.org [192.0.2.1]",
        "550 5.1.1 <a@example.org>: Recipient address rejected: not listed in example.org",
        "421 4.7.0 Too many connections from 192.0.2.1; blocked by fail2ban.example.org",
        "550 5.7.1 Your domain example.net is blacklisted by example.org [192.0.2.1]",
        "550 5.7.1 Blocked: attachment listed in blacklist.example.org",
        "550 5.7.1 Message content rejected by Barracuda",
        "550 Your IP 192.0.2.1 is not allowed to send mail here",
        "550 TLS encryption required for mails from 192.0.2.1",
        "connect to mx.example.org[203.0.113.5]:25: Connection refused",
    };
    struct providers *p = load(share, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        expect(p, replies[i], "", NULL, NULL);
    providers_free(p);
}

/* --- files ------------------------------------------------------------------------------------ */

#define SHIPPED                                                                             \
    "[one]\nname = One\nkind = dnsbl\nweight = 3\nzone = one.example\nfamily = ipv4 ipv6\n" \
    "code = 127.0.0.2 listed spam\ncode = 127.0.0.4-127.0.0.7 other a note\n"               \
    "mx = mx.one.example\nmatch = listed one\\.example\nexample = 550 see one.example\n"    \
    "delist = form\nto = https://one.example/{ip}\n"                                        \
    "[two]\nname = Two\nkind = mailbox\nweight = 2\nmx = two.example\n"                     \
    "match = listed two says no\nexample = 550 two says no\n"

static void put_shipped(const char *text)
{
    if (access("providers.d", F_OK) != 0)
        assert_int_equal(mkdir("providers.d", 0755), 0);
    put_file("providers.conf", slice_str(text));
}

static void operators(void **state)
{
    struct providers *p;
    const struct provider *one;

    (void)state;
    put_shipped(SHIPPED);
    p = load(scratch_path, "/nonexistent");
    assert_int_equal(provider_find(p, SL("one"))->zone.codes, 2);
    providers_free(p);

    put_file("providers.d/10-a.conf",
             SL("# ours\n[one]\nweight = 9\ncode = 127.0.0.9 listed other spam\nmx = other.example "
                "MX2.example\nmatch = warning one is slow\nexample = 450 one is slow\n"
                "[mine]\nname = Mine\nkind = mailbox\nweight = 1\nmatch = listed two says\n"
                "example = 550 two says no\n"));
    put_file("providers.d/20-b.conf", SL("[one]\nname = Uno\nask = no\n"));
    put_file("providers.d/.hidden.conf", SL("rubbish\n"));
    put_file("providers.d/README", SL("rubbish\n"));
    p = load(scratch_path, scratch_path);
    one = provider_find(p, SL("one"));
    assert_true(slice_eq(one->name, SL("Uno")) && one->weight == 9 && one->zone.codes == 1);
    assert_int_equal(one->ask, PROVIDER_ASK_NEVER);
    assert_int_equal(one->zone.code[0].first, 0x7f000009);
    assert_true(slice_eq(one->to, SL("https://one.example/{ip}"))); /* kept */
    assert_true(is(provider_of_mx(p, SL("a.mx2.example")), "one"));
    assert_null(provider_of_mx(p, SL("mx.one.example")));
    expect(p, "450 one is slow", "", "warning", "one");
    expect(p, "550 see one.example", "", NULL, NULL);
    expect(p, "550 two says no", "", "listed", "mine"); /* the operator's own goes first */
    providers_free(p);
}

static void switched_off(void **state)
{
    struct providers *p;

    (void)state;
    put_shipped(SHIPPED "[note]\nname = N\nkind = note\n"
                        "match = list using (?<by>[a-z.]+)\nexample = 550 using a.example\n"
                        "[three]\nname = T\nkind = mailbox\nweight = 1\n"
                        "match = list:one code 77\nexample = 550 code 7\n");
    /* 77 is a number, and numbers are taken out */
    struct problems problems = {0};
    assert_null(providers_load(scratch_path, NULL, &problems));
    assert_int_equal(problems.count, 1);
    assert_non_null(has(&problems, "providers.conf:31: the pattern in line 30 doesn't "
                                   "fit its example, which it sees as: 550 code 7\n"));
    problems_free(&problems);

    put_shipped(SHIPPED "[note]\nname = N\nkind = note\n"
                        "match = list using (?<by>[a-z.]+)\nexample = 550 using a.example\n"
                        "[three]\nname = T\nkind = mailbox\nweight = 1\nyields = one\n"
                        "match = list:one code 7\nexample = 550 code 7\n");
    p = load(scratch_path, NULL);
    expect(p, "550 code 7", "", "list", "one");
    expect(p, "550 using x.one.example", "", "listed", "one");
    expect(p, "550 using b.example", "", "list", "note");
    providers_free(p);
    put_file("providers.d/off.conf", SL("[one]\nuse = no\n"));
    p = load(scratch_path, scratch_path);
    assert_null(provider_find(p, SL("one")));
    assert_true(is(provider_at(p, 0), "two"));
    assert_null(provider_of_mx(p, SL("mx.one.example")));
    assert_null(provider_of_zone(p, SL("one.example")));
    expect(p, "550 code 7", "", NULL, NULL);
    expect(p, "550 see one.example", "", NULL, NULL);
    expect(p, "550 using x.one.example", "", NULL, NULL);
    providers_free(p);
}

static void expect_problems(const char *text, const char *problems)
{
    struct problems p = {0};

    put_shipped(text);
    assert_null(providers_load(".", NULL, &p));
    text_addc(&p.lines, '\0');
    assert_string_equal(p.lines.p, problems);
    problems_free(&p);
}

#define F "./providers.conf:"
#define MAILBOX "[a]\nname = A\nkind = mailbox\nweight = 1\n"

static void lines_wrong(void **state)
{
    (void)state;
    expect_problems("name = A\n[A]\nname = ignored\n[a\n[a] x\n[]\n",
                    F "1: this stands before the first [ID]\n" F
                      "2: `A' can't be an id: lower case letters, digits and -\n" F
                      "4: a line with a section is [ID] and nothing more\n" F
                      "5: a line with a section is [ID] and nothing more\n" F
                      "6: `' can't be an id: lower case letters, digits and -\n");
    expect_problems(MAILBOX "nonsense\nname = B\nweight =\n[a]\n", F
                    "5: neither [ID] nor NAME = VALUE\n" F "6: `name' stands in line 2 already\n" F
                    "7: `weight' stands in line 4 already\n" F "8: [a] stands in line 1 already\n");
    expect_problems(MAILBOX "to =\nmx = \xff\nmx = a\001b\n",
                    F "5: `to' has no value\n" F
                      "6: byte 0xff is not UTF-8: save the file as UTF-8\n" F
                      "7: control character 0x01: remove it\n");
    expect_problems(MAILBOX "colour = red\n",
                    F "5: there is no `colour': the names are name, listed-by, kind, use, weight, "
                      "zone, family, test, ask, code, alias, replaces, part, mx, domain, match, "
                      "own, example, yields, delist, to, to-unchecked, to-in-reply, owner-only, "
                      "lockout, fields, clears, expires, gap, quiet, terms, reason, note\n");
}

static void values_wrong(void **state)
{
    (void)state;
    expect_problems(
        "[a]\nname = A\nkind = box\nweight = 11\nuse = maybe\ndelist = beg\nask = often\n",
        F "3: `box' is none of dnsbl, mailbox, filter, dead, note\n" F
          "4: weight is a number from 1 to 10\n" F "5: `maybe' is neither yes nor no\n" F
          "6: `beg' is none of none, automatic, portal, form, mail\n" F
          "7: `often' is none of yes, information, no\n" F "1: [a] has no kind\n");
    expect_problems(
        MAILBOX "mx = a..b\nmx = .a.example\ndomain = localhost\ngap = 12\n"
                "quiet = 0h\nclears = h\nto = example.org\nlisted-by = A\n",
        F "5: `a..b' is not a domain name\n" F "6: `.a.example' is not a domain name\n" F
          "7: `localhost' is not a domain name\n" F "8: `12' is no time: 12h, 2d or 1w\n" F
          "9: `0h' is no time: 12h, 2d or 1w\n" F "10: `h' is no time: 12h, 2d or 1w\n" F
          "11: expected a URL or a mail address\n" F "12: `A' is no name of replies.conf\n");
    expect_problems(MAILBOX "fields = ip colour\n",
                    F "5: `colour' is none of account, captcha, cause, company, domains, email, "
                      "fix, helo, host, ip, log, name, optin, phone, purpose, range, reason, "
                      "reference, reply, role, sample, static, timezone, volume, website\n");
    expect_problems("[a]\n[b]\nname = B\nkind = filter\n[c]\nname = C\nkind = dead\n"
                    "[d]\nname = D\nkind = note\nalias = d.example\n",
                    F "1: [a] has no name\n" F "1: [a] has no kind\n" F "2: [b] has no weight\n" F
                      "5: a dead list needs a `reason'\n" F
                      "8: a note with an `alias' needs a `reason' why that isn't asked\n");
    expect_problems(MAILBOX "delist = form\n",
                    F "1: a delisting by portal, form or mail needs `to' or `to-in-reply'\n");
}

#define DNSBL "[a]\nname = A\nkind = dnsbl\nweight = 1\nzone = a.example\n"

static void zones_wrong(void **state)
{
    (void)state;
    expect_problems(DNSBL "code = 127.0.0.2\ncode = 10.0.0.1 listed x\n"
                          "code = 127.0.0.4-127.0.0.3 listed x\ncode = 127.0.0.2 perhaps x\n"
                          "code = 127.255.255.254 listed x\ncode = 127.0.0.1 listed x\n"
                          "code = 127.0.0.2-127.0.0.5 other x\ncode = 127.0.0.5 listed x\n",
                    F "6: expected CODE listed MEANING, or CODE other MEANING\n" F
                      "7: `10.0.0.1' is no code: 127.0.0.2 or 127.0.0.4-127.0.0.7\n" F
                      "8: `127.0.0.4-127.0.0.3' is no code: 127.0.0.2 or 127.0.0.4-127.0.0.7\n" F
                      "9: expected CODE listed MEANING, or CODE other MEANING\n" F
                      "10: 127.255.255.0/24 are the lists' own errors and 127.0.0.1 is nobody's "
                      "code: neither is named\n" F
                      "11: 127.255.255.0/24 are the lists' own errors and 127.0.0.1 is nobody's "
                      "code: neither is named\n" F "13: the code overlaps with one above\n" F
                      "5: no `code' says listed\n");
    expect_problems(DNSBL "code = 127.0.0.2 listed x\nfamily = ipv5\ntest = listed listed\n",
                    F "7: expected ipv4, ipv6 or both, or none\n" F
                      "8: expected listed, unlisted or both, or none\n" F
                      "5: `family' says that nothing may be asked\n");
    expect_problems(
        "[a]\nname = A\nkind = dnsbl\nweight = 1\n"
        "[b]\nname = B\nkind = dnsbl\nweight = 1\nzone = KEY.\npart = -\n"
        "[c]\nname = C\nkind = dead\nreason = x\nzone = c.example\n",
        F "9: `KEY.' is not a zone's name\n" F "10: expected the id of a list, then codes\n" F
          "1: a dnsbl needs a `zone', or an `alias' or `part' when it can't be asked\n" F
          "5: a dnsbl needs a `zone', or an `alias' or `part' when it can't be asked\n" F
          "15: only a dnsbl has a zone to ask; others name theirs by `alias'\n");
    expect_problems("[a]\nname = A\nkind = dnsbl\nweight = 1\nalias = x.example\n"
                    "mx = mx.example\ndomain = d.example\n"
                    "[b]\nname = B\nkind = dnsbl\nweight = 1\nalias = X.example\n"
                    "mx = MX.example\ndomain = D.example\npart = nobody 127.0.0.2\n"
                    "replaces = b\n",
                    F "15: there is no [nobody]\n" F "16: [b] names itself\n" F
                      "8: the zone x.example of [b] is [a]'s, too\n" F
                      "8: the mx mx.example of [b] is [a]'s, too\n" F
                      "8: the domain d.example of [b] is [a]'s, too\n");
}

static void patterns_wrong(void **state)
{
    (void)state;
    expect_problems(MAILBOX "example = 550 x\nmatch = blocked x\nmatch = listed:b x\n"
                            "match = list:B x\nmatch = listed\nmatch = listed (x\n"
                            "match = list x\nmatch = listed (?<by>x)\nown = listed \\Cx\n",
                    F "5: an example stands below the pattern that it is of\n" F
                      "6: `blocked' is none of listed, list, list:ID, warning, receiver, tenant, "
                      "domain, authentication\n" F
                      "7: `listed:b' is none of listed, list, list:ID, warning, receiver, tenant, "
                      "domain, authentication\n" F "8: `B' can't be an id\n" F
                      "9: there is no pattern behind the meaning\n" F
                      "10: the pattern is wrong at its byte 3: missing closing parenthesis\n" F
                      "11: `list' needs an id, list:ID, or a group (?<by>...)\n" F
                      "12: a group (?<by>...) is for `list' without an id\n" F
                      "13: the pattern is wrong at its byte 3: using \\C is disabled by the "
                      "application\n");
    expect_problems(MAILBOX "yields = b c a\nmatch = list:d x\nexample = 550 y\n"
                            "[b]\nname = B\nkind = mailbox\nweight = 1\n",
                    F
                    "7: the pattern in line 6 doesn't fit its example, which it sees as: 550 y\n" F
                    "5: [b] has to stand above [a], which yields to it\n" F "5: there is no [c]\n" F
                    "5: [a] names itself\n" F "6: there is no [d]\n");
}

static void unreadable(void **state)
{
    struct problems problems = {0};

    (void)state;
    assert_null(providers_load("/nonexistent", NULL, &problems));
    assert_int_equal(problems.count, 1);
    assert_non_null(has(&problems, "/nonexistent/providers.conf: can't open it"));
    problems_free(&problems);
    put_shipped(SHIPPED);
    assert_int_equal(mkdir("providers.d/dir.conf", 0755), 0);
    assert_null(providers_load(".", ".", &problems));
    assert_non_null(has(&problems, "./providers.d/dir.conf: can't read it"));
    problems_free(&problems);
    providers_free(NULL);
}

/* --- hostile replies -------------------------------------------------------------------------- */

static void hostile(void **state)
{
    struct providers *p = load(share, NULL);
    struct provider_reply r;
    unsigned seed = 7;
    char junk[6000];

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t n = (size_t)round * 20;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245 + 12345;
            junk[i] = (char)(seed >> 16);
        }
        char *exact = malloc(n + 1); /* so that a byte too far is seen */
        assert_non_null(exact);
        memcpy(exact, junk, n);
        provider_of_reply(p, slice_of(exact, n), slice_of(exact, n), &r);
        provider_of_mx(p, slice_of(exact, n));
        provider_of_domain(p, slice_of(exact, n));
        provider_of_zone(p, slice_of(exact, n));
        free(exact);
    }
    memset(junk, 'a', sizeof junk);
    memcpy(junk, "550 blocked using ", 18);
    for (size_t i = 20; i < sizeof junk; i += 2)
        junk[i] = '.';
    provider_of_reply(p, slice_of(junk, sizeof junk), SLICE_NONE, &r);
    providers_free(p);

    put_shipped("[a]\nname = A\nkind = mailbox\nweight = 1\nmatch = listed ^(?:a+)+(?:a+)+$\n");
    p = load(scratch_path, NULL);
    memset(junk, 'a', 1000);
    junk[1000] = '!';
    assert_false(provider_of_reply(p, slice_of(junk, 1001), SLICE_NONE, &r));
    providers_free(p);
}

/* --- the corpus ------------------------------------------------------------------------------- */

static struct slice column(struct slice *rest)
{
    const char *tab = slice_chr(*rest, '\t');
    struct slice s = tab ? slice_range(rest->p, tab) : *rest;

    *rest = slice_skip(*rest, s.n + 1);
    return s;
}

/* Without case, and letters, digits and dots alone: "AT&T" and "at&t". */
static void plain(char out[80], struct slice s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n < 79; i++)
        if (isalnum((unsigned char)s.p[i]) || s.p[i] == '.')
            out[n++] = (char)tolower((unsigned char)s.p[i]);
    out[n] = '\0';
}

/* Whose list the label's is, where the label says who answered, or an old name. */
static const char *const same[][2] = {{"comcast", "cloudmark"}, {"cbl", "spamhaus"}};

static bool right_list(struct slice label, const struct provider_reply *r)
{
    char want[80], got[80];

    plain(want, label);
    plain(got, r->list.n ? r->list : r->provider->listed_by);
    if (strcmp(want, got) == 0)
        return true;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (strcmp(want, same[i][0]) == 0 && strcmp(got, same[i][1]) == 0)
            return true;
    return false;
}

/* An address's listing says whose; a domain's and a failed authentication are told apart from it;
 * and nothing else is taken for a listing. */
static bool right(struct slice class, struct slice label, bool found,
                  const struct provider_reply *r)
{
    bool lists = found && (r->meaning == PROVIDER_LISTED || r->meaning == PROVIDER_LIST);

    if (slice_eq(class, SL("ip-blocklisted")))
        return label.n
                   ? found && (lists || r->provider->kind == PROVIDER_DEAD) && right_list(label, r)
                   : !found || lists;
    if (slice_eq(class, SL("domain-blocklisted")))
        return found && r->meaning == PROVIDER_DOMAIN;
    if (slice_eq(class, SL("auth-failure")))
        return !found || r->meaning == PROVIDER_AUTHENTICATION;
    if (slice_eq(class, SL("rate-limited")))
        return !found || r->meaning == PROVIDER_WARNING;
    return !lists;
}

static void corpus_replies(void **state)
{
    struct providers *p;
    struct text all = {0};
    unsigned good = 0, bad = 0, named = 0;
    struct slice rest;

    (void)state;
    if (access(corpus, R_OK) != 0) {
        print_message("skipped: no corpus beside the project (%s)\n", corpus);
        skip();
    }
    p = load(share, NULL);
    all = get_file(corpus);
    for (rest = text_slice(&all); rest.n;) {
        const char *end = slice_chr(rest, '\n');
        struct slice line = end ? slice_range(rest.p, end) : rest;
        rest = slice_skip(rest, line.n + 1);
        struct slice class = column(&line), label = column(&line), reply = column(&line);
        struct provider_reply r;
        if (slice_eq(class, SL("class")))
            continue;
        bool found = provider_of_reply(p, reply, SLICE_NONE, &r);
        named += found;
        if (right(class, label, found, &r)) {
            good++;
            continue;
        }
        bad++;
        print_message("wrong: %.*s/%.*s is %s of %.*s: %.*s\n", (int)class.n, class.p, (int)label.n,
                      label.p, found ? provider_meaning_name(r.meaning).p : "nothing",
                      found ? (int)r.provider->id.n : 0, found ? r.provider->id.p : "",
                      (int)reply.n, reply.p);
    }
    print_message("corpus: %u replies read right, %u wrong; %u say something\n", good, bad, named);
    assert_true(good > 250 && bad * 100 <= 3 * good);
    text_free(&all);
    providers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example),
        cmocka_unit_test(shipped_values),
        cmocka_unit_test(look_ups),
        cmocka_unit_test(who_and_whose),
        cmocka_unit_test(named_zones),
        cmocka_unit_test(nothing),
        cmocka_unit_test_setup_teardown(operators, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(switched_off, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(lines_wrong, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(values_wrong, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(zones_wrong, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(patterns_wrong, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(unreadable, scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(hostile, scratch_begin, scratch_end),
        cmocka_unit_test(corpus_replies),
    };
    char *here = realpath(".", NULL);

    if (here == NULL)
        return 1;
    snprintf(share, sizeof share, "%s/share/mptools", here);
    snprintf(corpus, sizeof corpus, "%s/../shared/corpus/replies.tsv", here);
    free(here);
    if (getenv("REPLIES"))
        snprintf(corpus, sizeof corpus, "%s", getenv("REPLIES"));
    if (setenv("MPTOOLS_SHARE", share, 1) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
