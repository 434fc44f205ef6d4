/* body: each kind of line, and what a stranger can write into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"
#include "log/body.h"

#define Q "A1B2C3D4E5: "
/* The end of cleanup's line about a header, and what is known by it. */
#define SUBJECT_END " from mx[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>"
#define SUBJECT_IS_OF(stage)                                                                     \
    "|client_ip=192.0.2.1|client_name=mx|helo=h|proto=ESMTP|qid=A1B2C3D4E5|rcpt=c@d|sender=a@b|" \
    "stage=" stage
#define SUBJECT_IS SUBJECT_IS_OF("header")

/* The daemon, its text, and "shape|name=value|…"; NULL: not understood here. */
static const struct {
    const char *daemon, *line, *want;
} rows[] = {
    {"smtpd", "connect from mx[192.0.2.1]", "connect|client_name=mx|client_ip=192.0.2.1"},
    {"smtpd", "connect from mx[192.0.2.1] x", NULL},
    {"smtpd", "disconnect from mx[192.0.2.1] ehlo=1 auth=0/2 commands=1/3",
     "disconnect|client_name=mx|client_ip=192.0.2.1|commands=ehlo=1 auth=0/2 commands=1/3"},
    {"smtpd", Q "client=mx[192.0.2.1]", "client|client_name=mx|client_ip=192.0.2.1|qid=A1B2C3D4E5"},
    {"smtpd", Q "client=unknown[unknown]", "client|client_name=unknown|qid=A1B2C3D4E5"},
    {"smtpd", Q "client=mx[192.0.2.1], sasl_method=LOGIN, sasl_username=bob",
     "client|client_name=mx|client_ip=192.0.2.1|qid=A1B2C3D4E5|sasl_method=LOGIN|sasl_user=bob"},
    {"smtpd",
     Q "client=mx[192.0.2.1], sasl_method=LOGIN, sasl_username=bob, sasl_sender=a, "
       "orig_queue_id=X, orig_client=y",
     "client|client_name=mx|client_ip=192.0.2.1|qid=A1B2C3D4E5|sasl_method=LOGIN|"
     "sasl_sender=a, orig_queue_id=X, orig_client=y|sasl_user=bob"},
    {"smtpd", Q "client=l[127.0.0.1], orig_queue_id=B1B2C3D4E5, orig_client=mx[192.0.2.1]",
     "client|client_name=l|client_ip=127.0.0.1|orig_client=mx[192.0.2.1]|orig_queue_id=B1B2C3D4E5|"
     "qid=A1B2C3D4E5"},
    {"smtpd", "NOQUEUE: client=mx[192.0.2.1]", "client|client_name=mx|client_ip=192.0.2.1"},
    {"smtpd", "warning: mx[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
     "SASL failure|client_name=mx|client_ip=192.0.2.1|reply=UGFzc3dvcmQ6|sasl_method=LOGIN|"
     "text=UGFzc3dvcmQ6"},
    {"smtpd",
     "warning: mx[192.0.2.1]: SASL LOGIN authentication failed: no, sasl_username=a, "
     "sasl_username=b",
     "SASL failure|client_name=mx|client_ip=192.0.2.1|reply=no|sasl_method=LOGIN|"
     "sasl_user=a, sasl_username=b|text=no"},
    {"smtpd", "warning: mx[192.0.2.1]: SASL LOGIN authentication failed:",
     "SASL failure|client_name=mx|client_ip=192.0.2.1|reply=|sasl_method=LOGIN|text="},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 <a@b>: Sender address rejected: no; "
     "from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=h|proto=ESMTP|"
     "rcpt=c@d|reply=554 5.7.1 <a@b>: Sender address rejected: no|sender=a@b|stage=RCPT"},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 no; from=<> to=<c@d> proto=ESMTP helo=<>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=|proto=ESMTP|"
     "rcpt=c@d|reply=554 5.7.1 no|sender=<>|stage=RCPT"},
    /* HELO may hold blanks (smtpd(8) puts the words together; <>();:@ and quotes become ?) */
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP "
     "helo=<x to=?v? helo=y>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=x to=?v? helo=y|"
     "proto=SMTP|rcpt=c@d|reply=554 5.7.1 no|sender=a@b|stage=RCPT"},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP "
     "helo=<x sasl_username=boss>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=x "
     "sasl_username=boss|proto=SMTP|rcpt=c@d|reply=554 5.7.1 no|sender=a@b|stage=RCPT"},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP "
     "helo=<x> sasl_username=<bob>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=x|proto=SMTP|"
     "rcpt=c@d|reply=554 5.7.1 no|sasl_user=bob|sender=a@b|stage=RCPT"},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 554 5.7.1 <\"x; from=<v@v> to=<w@w> proto=ESMTP "
     "helo=<h>\"@e>: no; from=<\"x; from=<v@v> to=<w@w> proto=ESMTP helo=<h>\"@e> to=<c@d> "
     "proto=ESMTP helo=<h>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=h|proto=ESMTP|"
     "rcpt=c@d|reply=554 5.7.1 <\"x; from=<v@v> to=<w@w> proto=ESMTP helo=<h>\"@e>: no|"
     "sender=\"x; from=<v@v> to=<w@w> proto=ESMTP helo=<h>\"@e|stage=RCPT"},
    {"smtpd",
     "NOQUEUE: reject: RCPT from mx[192.0.2.1]: 550 5.1.1 <c@d>: no; from=<a@b> to=<\"> "
     "from=<v@v\\\"\"@e> proto=ESMTP helo=<h>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.1.1|helo=h|proto=ESMTP|"
     "rcpt=\"> from=<v@v\\\"\"@e|reply=550 5.1.1 <c@d>: no|sender=a@b|stage=RCPT"},
    {"smtpd",
     Q "reject: RCPT from mx[192.0.2.1]: 450 4.7.1 later; from=<a@b> to=<c@d> proto=ESMTP helo=<h>",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=4.7.1|helo=h|proto=ESMTP|"
     "qid=A1B2C3D4E5|rcpt=c@d|reply=450 4.7.1 later|sender=a@b|stage=RCPT"},
    {"smtpd", "NOQUEUE: reject: CONNECT from mx[192.0.2.1]: 554 5.7.1 no; proto=SMTP",
     "action|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|proto=SMTP|"
     "reply=554 5.7.1 no|stage=CONNECT"},
    {"postscreen",
     "NOQUEUE: reject: RCPT from [192.0.2.1]:999: 550 5.7.1 Service unavailable; client "
     "[192.0.2.1] blocked using bl; from=<a@b>, to=<c@d>, proto=ESMTP, helo=<h>",
     "action|action=reject|client_name=|client_ip=192.0.2.1|client_port=999|dsn=5.7.1|helo=h|"
     "proto=ESMTP|rcpt=c@d|reply=550 5.7.1 Service unavailable; client [192.0.2.1] blocked using "
     "bl|sender=a@b|stage=RCPT"},
    {"cleanup", Q "message-id=<a@b>", "message-id|msgid=a@b|qid=A1B2C3D4E5"},
    {"cleanup", Q "message-id=", "message-id|msgid=|qid=A1B2C3D4E5"},
    {"cleanup", Q "message-id=<>", "message-id|msgid=<>|qid=A1B2C3D4E5"},
    {"cleanup", Q "message-id=<a> from=<b>, status=sent (x)",
     "message-id|msgid=<a> from=<b>, status=sent (x)|qid=A1B2C3D4E5"},
    {"cleanup",
     Q "reject: header Subject: x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP helo=<e>: "
       "5.7.1 y from mx[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h>: 5.7.1 no pills",
     "subject|action=reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=h|proto=ESMTP|"
     "qid=A1B2C3D4E5|rcpt=c@d|reply=5.7.1 no pills|result=5.7.1 no pills|sender=a@b|stage=header|"
     "subject=x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP helo=<e>: 5.7.1 y|"
     "text=Subject: x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP helo=<e>: 5.7.1 y"},
    /* subjects as header_checks(5) log them, with and without the rule's own text */
    {"cleanup", Q "warning: header Subject:  =?utf-8?B?w6Q=?= " SUBJECT_END,
     "subject|action=warning|subject==?utf-8?B?w6Q=?= |text=Subject:  "
     "=?utf-8?B?w6Q=?= " SUBJECT_IS},
    {"cleanup", Q "info: header SUBJECT:x? y" SUBJECT_END ": see <http://x.example/>",
     "subject|action=info|reply=see <http://x.example/>|result=see <http://x.example/>|"
     "subject=x? y|text=SUBJECT:x? y" SUBJECT_IS},
    {"cleanup", Q "warning: header Subject: " SUBJECT_END,
     "subject|action=warning|subject=|text=Subject: " SUBJECT_IS},
    {"cleanup",
     Q "warning: header Subject: x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP "
       "helo=<e>" SUBJECT_END,
     "subject|action=warning|subject=x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP "
     "helo=<e>|text=Subject: x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP "
     "helo=<e>" SUBJECT_IS},
    {"cleanup",
     Q "warning: header Subject: x from mx[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<h> "
       "sasl_method=PLAIN sasl_username=joe",
     "subject|action=warning|sasl_method=PLAIN|sasl_user=joe|subject=x|text=Subject: x" SUBJECT_IS},
    {"cleanup",
     Q "warning: header Subject: x from mx[192.0.2.1]; from=<\"a>: b; from=<v@v> helo=<e>\"@b> "
       "to=<c@d> proto=ESMTP helo=<h>",
     "subject|action=warning|client_ip=192.0.2.1|client_name=mx|helo=h|proto=ESMTP|"
     "qid=A1B2C3D4E5|rcpt=c@d|sender=\"a>: b; from=<v@v> helo=<e>\"@b|stage=header|"
     "subject=x|text=Subject: x"},
    {"cleanup", Q "info: header Subject: by hand from local; from=<root@b> to=<c@d>",
     "subject|action=info|qid=A1B2C3D4E5|rcpt=c@d|sender=root@b|"
     "stage=header|subject=by hand|text=Subject: by hand"},
    {"cleanup", Q "warning: header From: x@y" SUBJECT_END,
     "action|action=warning|text=From: x@y" SUBJECT_IS},
    {"cleanup", Q "warning: header X-Subject: x" SUBJECT_END,
     "action|action=warning|text=X-Subject: x" SUBJECT_IS},
    {"cleanup", Q "warning: body Subject: x" SUBJECT_END,
     "action|action=warning|text=Subject: x" SUBJECT_IS_OF("body")},
    /* cut in its own envelope, as Postfix does after 2,000 bytes: the forged one isn't taken */
    {"cleanup",
     Q
     "reject: header Subject: x from evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP helo=<e>: y "
     "from mx[192.0.2.1]; from=<aaaaaaaa",
     "action|action=reject|qid=A1B2C3D4E5|stage=header|text=Subject: x from "
     "evil[192.0.2.9]; from=<v@v> to=<w@w> proto=ESMTP helo=<e>: y from mx[192.0.2.1]; "
     "from=<aaaaaaaa"},
    {"cleanup", Q "warning: header Subject: x from evil[192.0.2.9]",
     "action|action=warning|qid=A1B2C3D4E5|stage=header|text=Subject: x from "
     "evil[192.0.2.9]"},
    {"cleanup",
     Q "milter-reject: END-OF-MESSAGE from mx[192.0.2.1]: 5.7.1 spam; from=<a@b> to=<c@d> "
       "proto=ESMTP helo=<h>",
     "action|action=milter-reject|client_name=mx|client_ip=192.0.2.1|dsn=5.7.1|helo=h|proto=ESMTP|"
     "qid=A1B2C3D4E5|rcpt=c@d|reply=5.7.1 spam|sender=a@b|stage=END-OF-MESSAGE"},
    {"qmgr", Q "from=<a@b>, size=12, nrcpt=3 (queue active)",
     "queued|nrcpt=3|qid=A1B2C3D4E5|sender=a@b|size=12"},
    {"qmgr", Q "from=<>, size=12, nrcpt=3 (queue active)",
     "queued|nrcpt=3|qid=A1B2C3D4E5|sender=<>|size=12"},
    {"qmgr", Q "from=<\"a>, size=1, nrcpt=1 (queue active)\"@b>, size=12, nrcpt=3 (queue active)",
     "queued|nrcpt=3|qid=A1B2C3D4E5|sender=\"a>, size=1, nrcpt=1 (queue active)\"@b|size=12"},
    {"qmgr",
     Q "from=<\"a>, status=expired, returned to sender\"@b>, size=1, nrcpt=1 (queue active)",
     "queued|nrcpt=1|qid=A1B2C3D4E5|sender=\"a>, status=expired, returned to sender\"@b|size=1"},
    {"qmgr", Q "from=<\"x, size=1, nrcpt=1\"@b>, status=expired, returned to sender",
     "expired|qid=A1B2C3D4E5|reply=returned to sender|sender=\"x, size=1, nrcpt=1\"@b|"
     "status=expired"},
    {"qmgr", Q "from=<a@b>, status=force-expired, returned to sender",
     "expired|qid=A1B2C3D4E5|reply=returned to sender|sender=a@b|status=force-expired"},
    {"qmgr", Q "removed", "removed|qid=A1B2C3D4E5"},
    {"qmgr", Q "removed ", NULL},
    {"qmgr", Q "from=<a@b>, size=x, nrcpt=3 (queue active)", NULL},
    {"qmgr", Q "from=<a@b>, size=12", NULL},
    {"qmgr", Q "from=", NULL},
    {"pickup", Q "uid=0 from=<root>", "pickup|qid=A1B2C3D4E5|sender=root|uid=0"},
    {"pickup", Q "uid=0 from=<root> orig_id=B1B2C3D4E5",
     "pickup|orig_queue_id=B1B2C3D4E5|qid=A1B2C3D4E5|sender=root|uid=0"},
    {"pickup", Q "uid=9 from=<x> orig_id=B1B2C3D4E5>",
     "pickup|qid=A1B2C3D4E5|sender=x> orig_id=B1B2C3D4E5|uid=9"},
    {"bounce", Q "sender non-delivery notification: B1B2C3D4E5",
     "notice|child=B1B2C3D4E5|notice=non-delivery|notice_to=sender|qid=A1B2C3D4E5"},
    {"bounce", Q "postmaster non-delivery notification: B1B2C3D4E5",
     "notice|child=B1B2C3D4E5|notice=non-delivery|notice_to=postmaster|qid=A1B2C3D4E5"},
    {"bounce", Q "sender non-delivery notification: x", NULL},
    {"postsuper", Q "placed on hold", "held|action=placed on hold|qid=A1B2C3D4E5"},
    {"smtp",
     Q "to=<a@b>, orig_to=<c@d>, relay=mx[192.0.2.1]:25, delay=1.2, delays=0/0/1/0.2, dsn=2.0.0, "
       "status=sent (250 ok)",
     "delivery|delay=1.2|delays=0/0/1/0.2|dsn=2.0.0|orig_rcpt=c@d|qid=A1B2C3D4E5|rcpt=a@b|"
     "relay_ip=192.0.2.1|relay_name=mx|relay_port=25|reply=250 ok|status=sent|text=250 ok"},
    {"smtp",
     Q "to=<\"a>, relay=l[127.0.0.1]:1, status=sent (queued as X\"@b>, relay=none, delay=1, "
       "dsn=4.4.1, status=deferred (connect to mx[192.0.2.1]:25: Connection refused)",
     "delivery|delay=1|dsn=4.4.1|qid=A1B2C3D4E5|"
     "rcpt=\"a>, relay=l[127.0.0.1]:1, status=sent (queued as X\"@b|relay_name=none|"
     "reply=connect to mx[192.0.2.1]:25: Connection refused|status=deferred|"
     "text=connect to mx[192.0.2.1]:25: Connection refused"},
    {"smtp",
     Q "to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, dsn=5.7.1, status=bounced (host mx[192.0.2.1] "
       "said: 550 5.7.1 no (in reply to x) (in reply to end of DATA command))",
     "delivery|delay=1|dsn=5.7.1|qid=A1B2C3D4E5|rcpt=a@b|relay_ip=192.0.2.1|relay_name=mx|"
     "relay_port=25|reply=550 5.7.1 no (in reply to x)|status=bounced|"
     "text=host mx[192.0.2.1] said: 550 5.7.1 no (in reply to x) (in reply to end of DATA "
     "command)"},
    {"smtp",
     Q "to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, dsn=4.0.0, status=deferred (host mx[192.0.2.1] "
       "refused to talk to me: 554 no)",
     "delivery|delay=1|dsn=4.0.0|qid=A1B2C3D4E5|rcpt=a@b|relay_ip=192.0.2.1|relay_name=mx|"
     "relay_port=25|reply=554 no|status=deferred|"
     "text=host mx[192.0.2.1] refused to talk to me: 554 no"},
    /* the remote says what Postfix would say */
    {"smtp",
     Q "to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, dsn=5.0.0, status=bounced (host mx[192.0.2.1] "
       "said: 550 x] said: 250 y (in reply to RCPT TO command))",
     "delivery|delay=1|dsn=5.0.0|qid=A1B2C3D4E5|rcpt=a@b|relay_ip=192.0.2.1|relay_name=mx|"
     "relay_port=25|reply=550 x] said: 250 y|status=bounced|"
     "text=host mx[192.0.2.1] said: 550 x] said: 250 y (in reply to RCPT TO command)"},
    {"smtp", Q "to=<a@b>, relay=none, delay=1, dsn=4.4.1, status=deferred",
     "delivery|delay=1|dsn=4.4.1|qid=A1B2C3D4E5|rcpt=a@b|relay_name=none|status=deferred"},
    {"smtp", Q "to=<a@b>, relay=none, delay=x, dsn=4.4.1, status=deferred (x)", NULL},
    {"smtp", Q "to=<a@b>, relay=none, delay=1, dsn=x, status=deferred (x)", NULL},
    {"smtp", Q "to=<a@b>, relay=none, delay=1, dsn=4.4.1", NULL},
    {"smtp", Q "to=<a@b, relay=none", NULL},
    {"smtp", Q "to=", NULL},
    {"postfix-script", "starting the Postfix mail system", NULL},
};

static enum daemon kind_of(const char *name)
{
    enum daemon d = body_daemon(slice_str(name));

    assert_int_not_equal(d, DAEMON_OTHER);
    return d;
}

static int by_name(const void *a, const void *b)
{
    struct slice x = ((const struct fact *)a)->name, y = ((const struct fact *)b)->name;
    int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

    return c ? c : (x.n > y.n) - (x.n < y.n);
}

static bool facts_text(enum daemon d, struct slice line, struct text *out)
{
    struct line l = {0};
    struct facts f;

    if (!body_parse(d, line, &l))
        return false;
    body_facts(&l, &f);
    qsort(f.f, f.n, sizeof *f.f, by_name);
    text_add(out, f.shape);
    for (unsigned i = 0; i < f.n; i++) {
        text_addc(out, '|');
        text_add(out, f.f[i].name);
        text_addc(out, '=');
        text_add(out, f.f[i].value);
    }
    return true;
}

/* The names of `want` come in the order in which they are easiest to read. */
static bool same_facts(const char *want, struct slice got)
{
    size_t n = 0;
    const char *p = want;

    while (*p) {
        const char *bar = strchr(p, '|');
        /* a value may hold a bar only where no name follows it: none of the rows does */
        struct slice part = bar ? slice_range(p, bar) : slice_str(p);
        const char *q = slice_find(got, part);
        if (q == NULL || (q + part.n < got.p + got.n && q[part.n] != '|'))
            return false;
        n += part.n + 1;
        p = bar ? bar + 1 : p + part.n;
    }
    return n == got.n + 1;
}

static void lines(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text got = {0};
        size_t n = strlen(rows[i].line);
        char *copy = malloc(n);
        memcpy(copy, rows[i].line, n);
        bool ok = facts_text(kind_of(rows[i].daemon), slice_of(copy, n), &got);
        if (ok != (rows[i].want != NULL) || (ok && !same_facts(rows[i].want, text_slice(&got)))) {
            print_error("%s\n  %.*s\n  not %s\n", rows[i].line, (int)got.n, got.p ? got.p : "",
                        rows[i].want ? rows[i].want : "anything");
            bad++;
        }
        text_free(&got);
        free(copy);
    }
    assert_int_equal(bad, 0);
}

static void check_values(const char *p, size_t n)
{
    for (unsigned d = DAEMON_SMTPD; d < DAEMON_COUNT; d++) {
        struct line l = {0};
        char *copy = malloc(n ? n : 1);
        memcpy(copy, p, n);
        body_parse((enum daemon)d, slice_of(copy, n), &l);
        for (unsigned c = 0; c < COL_COUNT; c++)
            if (l.f[c].n && l.f[c].p >= copy && l.f[c].p <= copy + n)
                assert_true(l.f[c].p + l.f[c].n <= copy + n);
        free(copy);
    }
}

/* Every line to every daemon, cut at every place: values lie within the line. */
static void cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = strlen(rows[i].line), k = 0; k <= n; k++) {
            check_values(rows[i].line, k);
            check_values(rows[i].line + k, n - k);
        }
}

static void queued_as(void **state)
{
    static const char *const row[][2] = {
        {"250 2.0.0 Ok: queued as A1B2C3D4E5", "A1B2C3D4E5"},
        {"250 from MTA: 250 Ok: queued as A1B2C3D4E5; x", "A1B2C3D4E5"},
        {"250 Queued as A1B2C3D4E5)", "A1B2C3D4E5"},
        {"250 queued as A1B2C3D4E5, queued as B1B2C3D4E5", "B1B2C3D4E5"},
        {"250 queued as 4Zq8Xk2Pn9zVbT7", "4Zq8Xk2Pn9zVbT7"},
        {"250 queued as a1b2c3", ""},
        {"250 queued as ", ""},
        {"250 queued", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_true(slice_eq(body_queued_as(slice_str(row[i][0])), slice_str(row[i][1])));
}

/* One thing again and again: reading takes no time that grows with its square. */
static void long_lines(void **state)
{
    static const char *const head[] = {
        Q "to=<",
        Q "to=",
        Q "from=<",
        Q "client=",
        "NOQUEUE: client=x[1.2.3.4]",
        "NOQUEUE: reject: RCPT from x[1.2.3.4]: ",
        Q "reject: header Subject: ",
        Q "milter-reject: END-OF-MESSAGE from ",
        "warning: x[1.2.3.4]: SASL LOGIN ",
        Q "uid=0 from=<",
        "proxy-accept: ",
        Q,
    };
    static const char *const piece[] = {
        " to=<\"",
        " to=<",
        "; from=<\\\"",
        ">: ",
        " from ",
        " from x[",
        "\"",
        "\\",
        ", sasl_sender=",
        ", sasl_username=",
        ", status=",
        ", size=1, nrcpt=",
        "> orig_id=",
        "queued as ",
        ", ",
        "[",
        "]",
        " helo=<\" proto=x",
        " notification: ",
        "x",
        " ",
        ">",
        "<\"a\"@",
        "\xff",
        ", orig_to=<",
    };
    struct text t = {0};

    (void)state;
    for (size_t h = 0; h < sizeof head / sizeof *head; h++)
        for (size_t p = 0; p < sizeof piece / sizeof *piece; p++)
            for (int close = 0; close < 2; close++) {
                t.n = 0;
                text_add(&t, slice_str(head[h]));
                while (t.n < 100000)
                    text_add(&t, slice_str(piece[p]));
                text_add(&t, close ? SL(">") : SL(""));
                clock_t start = clock();
                for (unsigned d = DAEMON_SMTPD; d < DAEMON_COUNT; d++) {
                    struct line l = {0};
                    body_parse((enum daemon)d, text_slice(&t), &l);
                    body_queued_as(text_slice(&t));
                }
                double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
                if (seconds > 1)
                    fail_msg("\"%s\", then \"%s\" takes %.1f s", head[h], piece[p], seconds);
            }
    text_free(&t);
}

/* Of so many letters, then the text, then the end of cleanup's line. */
static size_t subject_length(size_t letters, const char *end, bool header)
{
    struct text t = {0};
    struct line l = {0};

    text_add(&t, header ? SL(Q "warning: header Subject: ") : SL(Q "warning: header X: "));
    for (size_t i = 0; i < letters; i++)
        text_addc(&t, 'a');
    text_add(&t, slice_str(end));
    text_add(&t, SL(SUBJECT_END));
    assert_true(body_parse(DAEMON_CLEANUP, text_slice(&t), &l));
    text_free(&t);
    return l.f[COL_SUBJECT].n;
}

/* Cut by Postfix (200 bytes with the header's name) or by us, none ends within a character. */
static void long_subjects(void **state)
{
    (void)state;
    assert_int_equal(subject_length(300, "", false), 0);
    assert_int_equal(subject_length(191, "", true), 191);
    assert_int_equal(subject_length(189, "\xe2\x82", true), 189);
    assert_int_equal(subject_length(190, "\xe2", true), 190);
    assert_int_equal(subject_length(188, "\xe2\x82\xac", true), 191);
    assert_int_equal(subject_length(187, "\xf0\x9f\x98\x80", true), 191);
    assert_int_equal(subject_length(188, "\xf0\x9f\x98", true), 188);
    assert_int_equal(subject_length(20, "\xe4", true), 21); /* not cut: as it was logged */
    assert_int_equal(subject_length(300, "", true), SUBJECT_MAX);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(subject_length(SUBJECT_MAX - k, "\xe2\x82\xac\xe2\x82\xac", true),
                         SUBJECT_MAX - k);
    assert_int_equal(subject_length(SUBJECT_MAX - 3, "\xe2\x82\xac\xe2\x82\xac", true),
                     SUBJECT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(cut),
                                       cmocka_unit_test(queued_as), cmocka_unit_test(long_lines),
                                       cmocka_unit_test(long_subjects)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
