/* The templates of shape.h: the language, one example of each family, hostile ones, noise, and the
 * time that long lines take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "log/shape_template.h"
#include "log/shapes.h"

/* --- the language --- */

static const struct {
    const char *pattern, *line;
    const char *want; /* "name=value|name=value", or NULL: no match */
} language[] = {
    {"plain", "plain", ""},
    {"plain", "plainer", NULL},
    {"plain", "plai", NULL},
    {"a{<}b{>}", "a{b}", ""},
    {"from {x} to {y}", "from a to b to c", "x=a|y=b to c"},
    {"from {x:last} to {y}", "from a to b to c", "x=a to b|y=c"},
    {"{x}, {n:num}!", "a, b, 12!", "x=a, b|n=12"},
    {"{x:last}, {n:num}!{}", "a, 1!, b, 12!, c", "x=a, 1!, b|n=12"},
    {"{x}", "", "x="},
    {"{n:num}", "", NULL},
    {"{n:num}", "-1", NULL},
    {"{n:dec}", "-1.50", "n=-1.50"},
    {"{n:dec}", "2e-05", "n=2e-05"},
    {"{n:dec}", "-", NULL},
    {"{a:ip}", "192.0.2.255", "a=192.0.2.255"},
    {"{a:ip}", "192.0.2.256", NULL},
    {"{a:ip}", "192.0.2", NULL},
    {"{a:ip}", "192.0.2.1.1", NULL},
    {"{a:ip}", "2001:db8::7", "a=2001:db8::7"},
    {"{a:ip}", "2001:db8:1:2:3:4:5:6", "a=2001:db8:1:2:3:4:5:6"},
    {"{a:ip}", "::ffff:192.0.2.1", "a=::ffff:192.0.2.1"},
    {"{a:ip}", "::", "a=::"},
    {"{a:ip}", "fe80::1%eth0", "a=fe80::1%eth0"},
    {"{a:ip}", "1:2:3:4:5:6:192.0.2.1", "a=1:2:3:4:5:6:192.0.2.1"},
    {"{a:ip}", "1:2:192.0.2.1", NULL},
    {"{a:ip}", "1::2::3", NULL},
    {"{a:ip}", "1:2:3", NULL},
    {"{a:ip}", "12345::1", NULL},
    {"{a:ip}: x", "192.0.2.1: x", "a=192.0.2.1"},
    {"{a:ip}:{n:num}", "192.0.2.1:25", "a=192.0.2.1|n=25"},
    {"{a:ip}: x", "2001:db8::7: x", "a=2001:db8::7"},
    {"{a:ip}: x", "2001:db8::: x", NULL},
    {"{a:ip}", "2001:db8::", "a=2001:db8::"},
    {"{a:ip}", "unknown", "a=unknown"},
    {"{a:ip}", "10.example.com", NULL},
    {"({s}:{a:ip})", "(25:2001:db8::7)", "s=25|a=2001:db8::7"},
    {"({s}:{a:ip})", "(192.0.2.1:2525:192.0.2.9)", "s=192.0.2.1:2525|a=192.0.2.9"},
    {"{q:qid}: x", "4AAB12C0D5: x", "q=4AAB12C0D5"},
    {"{q:qid}: x", "4Zq8Xk2Pn9zVbT7: x", "q=4Zq8Xk2Pn9zVbT7"},
    {"{q:qid}: x", "timeout: x", NULL},
    {"{w:word} {t:token}", "a-b.c/d a:b(c)", "w=a-b.c/d|t=a:b(c)"},
    {"{w:word}{}", "(", NULL},
    {"<{p:path}>", "<a@b.example>", "p=a@b.example"},
    {"<{p:path}>", "<\"> x\\\" <\"@b.example>", "p=\"> x\\\" <\"@b.example"},
    {"<{p:path}>", "<\"never closed>", NULL},
    {"<{sender:path}>", "<>", "sender=<>"},
    {"<{rcpt:path}>{:paths}!", "<a@b>,<c@d>,<\">\"@e>!", "rcpt=a@b"},
    {"{v=PASS NEW|PASS|FAIL} {x}", "PASS NEW x", "v=PASS NEW|x=x"},
    {"{v=PASS NEW|PASS|FAIL} {x}", "PASS OLD x", "v=PASS|x=OLD x"},
    {"{v=PASS|FAIL}", "NONE", NULL},
    {"a{? b={n:num}} c", "a b=1 c", "n=1"},
    {"a{? b={n:num}} c", "a c", ""},
    {"a{? b={n:num}} c", "a b= c", NULL},
    {"a{? (b{? {n:num}})}{? c}", "a (b 7) c", "n=7"},
    {"a{? (b{? {n:num}})}{? c}", "a (b)", ""},
    {"{l=warning}: {t:rest}host {h}", "warning: host x y", "l=warning|t=host x y|h=x y"},
    {"{}x{:num}{=a|b}", "zzxx1b", ""},
};

/* The facts from n on as "name=value|…". */
static char *joined(const struct facts *f, char *out, size_t size)
{
    size_t at = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < f->n && at < size; i++)
        at +=
            (size_t)snprintf(out + at, size - at, "%s%.*s=%.*s", i ? "|" : "", (int)f->f[i].name.n,
                             f->f[i].name.p, (int)f->f[i].value.n, f->f[i].value.p);
    return out;
}

static void test_language(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof language / sizeof *language; i++) {
        struct arena a = {0};
        struct shape_template t;
        const char *why;
        struct facts f = {.n = 0};
        char got[512];
        struct slice line = slice_str(language[i].line);

        assert_true(template_compile(&a, language[i].pattern, &t, &why));
        bool matched = template_match(&t, line, &f);
        if (matched != (language[i].want != NULL))
            fail_msg("%s on %s: %d", language[i].pattern, language[i].line, matched);
        if (matched) {
            assert_string_equal(joined(&f, got, sizeof got), language[i].want);
            size_t qid = t.qid ? template_qid(line) + 2 : 0;
            assert_true(template_fits(&t, template_head(slice_skip(line, qid))));
        }
        arena_free(&a);
    }
}

static void test_bad_patterns(void **state)
{
    static const char *const bad[] = {"{x",
                                      "x}",
                                      "{x}{y}",
                                      "{x}{y:num}",
                                      "{x:nosuch}",
                                      "{?a",
                                      "{?{x}}",
                                      "{x=}",
                                      "{x=a|}",
                                      "{?a}}",
                                      "{x}{?a}",
                                      "{a}, {:paths}",
                                      "{?{?{?{?{?a}}}}}",
                                      "{x:word}y",
                                      "{x:num}7",
                                      "{x:token}: y",
                                      "{x:path}, "};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena a = {0};
        struct shape_template t;
        const char *why = NULL;
        if (template_compile(&a, bad[i], &t, &why))
            fail_msg("%s compiles", bad[i]);
        assert_non_null(why);
        arena_free(&a);
    }
}

/* --- the tables --- */

static const struct shape_table *const tables[] = {
    &shapes_smtpd,           &shapes_smtp,   &shapes_queue,   &shapes_generic, &shapes_dovecot,
    &shapes_dovecot_generic, &shapes_amavis, &shapes_filters, &shapes_policy,  &shapes_logins};

static bool captures(const char *pattern, const char *name)
{
    const char *p = strstr(pattern, name);

    return p && p > pattern && p[-1] == '{' && strchr(":=}", p[strlen(name)]) != NULL;
}

/* A record needs what it is for; a row's reader adds or checks some of it. */
static void check_row(const struct shape *row)
{
    if (row->kind == KIND_VERDICT && !captures(row->pattern, "verdict"))
        fail_msg("%s has no verdict", row->pattern);
    if ((row->kind == KIND_LOGIN || row->kind == KIND_AUTH_FAIL) && row->read == NULL &&
        !captures(row->pattern, "client_ip") && !captures(row->pattern, "client_name"))
        fail_msg("%s has no client", row->pattern);
    if (row->kind == KIND_LOGIN && !captures(row->pattern, "sasl_user"))
        fail_msg("%s has no login", row->pattern);
    if (row->read != NULL && strstr(row->pattern, "{rest}") == NULL)
        fail_msg("%s: nothing for its reader", row->pattern);
}

static void test_tables(void **state)
{
    struct arena a = {0};

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (size_t k = 0; k < tables[i]->n; k++) {
            const struct shape *row = &tables[i]->rows[k];
            struct shape_template t;
            const char *why;
            if (!template_compile(&a, row->pattern, &t, &why))
                fail_msg("%s: %s", row->pattern, why ? why : "memory");
            check_row(row);
        }
    }
    arena_free(&a);
}

/* --- examples --- */

#define P true
#define C false

struct example {
    const char *daemon;
    bool postfix;
    const char *line, *shape;
    unsigned kind;
    const char *want; /* facts that have to be there, "name=value|…"; "!name": not there */
};

static const struct example examples[] = {
    /* smtpd */
    {"smtpd", P, "lost connection after RCPT from mx.a.example[192.0.2.1]", "lost connection", 0,
     "stage=RCPT|client_name=mx.a.example|client_ip=192.0.2.1"},
    {"smtpd", P,
     "lost connection after DATA (approximately 512 bytes) from unknown[2001:db8::7]:4711",
     "lost connection", 0, "stage=DATA|bytes=512|client_ip=2001:db8::7|client_port=4711"},
    {"smtpd", P, "timeout after END-OF-MESSAGE from unknown[unknown]", "timeout", 0,
     "stage=END-OF-MESSAGE|client_ip=unknown"},
    {"smtpd", P, "too many errors after AUTH from unknown[192.0.2.1]", "too many errors", 0, ""},
    {"smtpd", P, "bare <LF> received after DATA from unknown[192.0.2.1]", "bare <LF>", 0, ""},
    {"smtpd", P,
     "improper command pipelining after EHLO from a.example[192.0.2.1]: from x[203.0.113.9]",
     "improper command pipelining", 0, "client_ip=192.0.2.1|client_name=a.example"},
    {"smtpd", P, "SSL_accept error from a.example[192.0.2.1]: -1", "SSL_accept error", 0,
     "text=-1"},
    {"smtpd", P,
     "Trusted TLS connection established from a.example[192.0.2.1]: TLSv1.3 with cipher "
     "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange ECDHE (P-256) server-signature RSA-PSS "
     "(3072 bits) server-digest SHA256 client-signature ECDSA (P-384) client-digest SHA384",
     "TLS connection from", 0,
     "tls_level=Trusted|tls_version=TLSv1.3|tls_cipher=TLS_AES_256_GCM_SHA384|tls_cipher_bits=256/"
     "256|"
     "key_exchange=ECDHE|key_exchange_curve=P-256|server_signature=RSA-PSS|"
     "server_signature_bits=3072|server_digest=SHA256|client_signature=ECDSA|client_digest=SHA384"},
    {"smtpd", P,
     "warning: hostname bad.example does not resolve to address 192.0.2.1: no such name",
     "hostname does not resolve", 0,
     "level=warning|hostname=bad.example|client_ip=192.0.2.1|"
     "text=hostname bad.example does not resolve to address 192.0.2.1: no such name"},
    {"smtpd", P, "warning: 192.0.2.1: address not listed for hostname bad.example",
     "hostname does not resolve", 0, "client_ip=192.0.2.1"},
    {"smtpd", P,
     "warning: Recipient address rate limit exceeded: 101 from a[192.0.2.1] for service smtp",
     "rate limit exceeded", 0, "limit=Recipient address rate|count=101|service=smtp"},
    {"smtpd", P, "warning: non-SMTP command from unknown[192.0.2.1]: GET / HTTP/1.0",
     "non-SMTP command", 0, "command=GET / HTTP/1.0"},
    {"smtpd", P, "warning: Illegal address syntax from a[192.0.2.1] in RCPT command: <x y>",
     "illegal address syntax", 0, "stage=RCPT|address=<x y>"},
    {"smtpd", P, "warning: milter inet:127.0.0.1:8891: can't read SMFIC_MAIL reply",
     "milter problem", 0, "milter=inet:127.0.0.1:8891"},
    {"smtpd", P, "discarding EHLO keywords: CHUNKING DSN", "discarding EHLO keywords", 0,
     "ehlo_keywords=CHUNKING DSN"},
    {"smtpd", P,
     "proxy-reject: END-OF-MESSAGE: 554 5.7.1 no; from=<a@b> to=<c@d> proto=SMTP helo=<e>: x; "
     "from=<s@a.example> to=<r@b.example> proto=ESMTP helo=<mx.a.example>",
     "proxy-reject", KIND_REJECT, "sender=s@a.example|rcpt=r@b.example|helo=mx.a.example"},
    {"smtpd", P, "warning: anything else at all", "warning", 0, "text=anything else at all"},
    {"smtpd", P, "what nobody ever said", NULL, 0, ""},
    /* postscreen and helpers */
    {"postscreen", P, "CONNECT from [192.0.2.1]:4711 to [192.0.2.25]:25", "postscreen connect", 0,
     "client_ip=192.0.2.1|client_port=4711|server_ip=192.0.2.25|server_port=25"},
    {"postscreen", P, "PASS NEW [2001:db8::7]:4711", "postscreen access", 0, "access=PASS NEW"},
    {"postscreen", P, "DENYLISTED [192.0.2.1]:4711", "postscreen access", 0, "access=DENYLISTED"},
    {"postscreen", P,
     "PREGREET 11 after 0.05 from [192.0.2.1]:4711: EHLO x from [203.0.113.9]:1: y", "PREGREET", 0,
     "violation_time=0.05|client_ip=192.0.2.1|text=EHLO x from [203.0.113.9]:1: y"},
    {"postscreen", P, "HANGUP after 2.1 from [192.0.2.1]:4711 in tests before SMTP handshake",
     "HANGUP", 0, "stage=tests before SMTP handshake"},
    {"postscreen", P, "DNSBL rank 5 for [192.0.2.1]:4711", "DNSBL rank", 0, "dnsbl_rank=5"},
    {"postscreen", P, "COMMAND TIME LIMIT from [192.0.2.1]:4711 after CONNECT", "command limit", 0,
     ""},
    {"postscreen", P, "BARE NEWLINE from [192.0.2.1]:4711 after EHLO", "protocol violation", 0,
     "stage=EHLO"},
    {"postscreen", P, "NOQUEUE: reject: CONNECT from [192.0.2.1]:4711: all server ports busy",
     "postscreen too busy", KIND_REJECT,
     "client_ip=192.0.2.1|reply=all server ports busy|stage=CONNECT"},
    {"postscreen", P, "cache lmdb:/var/lib/x full cleanup: retained=7 dropped=1 entries",
     "cache cleanup", 0, "cleanup_type=full|cache_retained=7|cache_dropped=1"},
    {"dnsblog", P, "addr 192.0.2.1 listed by domain bl.example as 127.0.0.4", "DNSBL listing", 0,
     "dnsbl_domain=bl.example|dnsbl_result=127.0.0.4"},
    {"tlsproxy", P, "DISCONNECT [192.0.2.1]:4711", "disconnect", 0, "client_port=4711"},
    {"anvil", P, "statistics: max connection rate 9/60s for (smtp:192.0.2.1) at Jan  2 03:04:05",
     "anvil rate", 0,
     "anvil_conn_rate=9|period=60s|service=smtp|client_ip=192.0.2.1|anvil_timestamp=Jan  2 "
     "03:04:05"},
    {"anvil", P, "statistics: max cache size 3 at Jan  2 03:04:05", "anvil cache", 0,
     "anvil_cache_size=3"},
    /* smtp */
    {"smtp", P, "connect to mx.b.example[192.0.2.9]:25: Connection timed out", "connect to", 0,
     "relay_name=mx.b.example|relay_ip=192.0.2.9|relay_port=25|text=Connection timed out"},
    {"lmtp", P, "connect to mx.b.example[/run/lmtp]: No such file or directory", "connect to", 0,
     "relay_service=/run/lmtp"},
    {"smtp", P,
     "4AAB12C0D5: host mx.b.example[192.0.2.9] said: 450 x (in reply to MAIL FROM command) (in "
     "reply to RCPT TO command)",
     "host said", 0, "reply=450 x (in reply to MAIL FROM command)|stage=RCPT TO"},
    {"smtp", P, "4AAB12C0D5: host mx.b.example[192.0.2.9] said: 452 full (in reply to end of DATA)",
     "host said", 0, "stage=end of DATA"},
    {"smtp", P, "4AAB12C0D5: host mx.b.example[192.0.2.9] refused to talk to me: 554 go",
     "host refused", 0, "qid=4AAB12C0D5|reply=554 go"},
    {"smtp", P,
     "4AAB12C0D5: lost connection with mx.b.example[192.0.2.9] while sending DATA command",
     "lost connection", 0, "stage=sending DATA command"},
    {"smtp", P, "4AAB12C0D5: conversation with b[192.0.2.9] timed out while receiving the greeting",
     "timeout", 0, "relay_ip=192.0.2.9"},
    {"smtp", P, "4AAB12C0D5: SASL authentication failed; server b[192.0.2.9] said: 535 5.7.8 no",
     "SASL login refused", 0, "reply=535 5.7.8 no"},
    {"smtp", P, "4AAB12C0D5: Cannot start TLS: handshake failure", "TLS handshake failed", 0, ""},
    {"smtp", P, "certificate verification failed for b[192.0.2.9]:25: untrusted issuer /CN=x",
     "certificate verification failed", 0, "tls_error=untrusted issuer /CN=x"},
    {"smtp", P, "Host offered STARTTLS: [b.example]", "STARTTLS offered", 0,
     "relay_name=b.example"},
    {"smtp", P, "4AAB12C0D5: replace: header Sender: <a@b>: Sender: <c@d>", "header check", 0,
     "action=replace"},
    /* the queue, master, commands */
    {"qmgr", P, "4AAB12C0D5: skipped, still being delivered", "skipped", 0, "qid=4AAB12C0D5"},
    {"qmgr", P, "warning: mail for b.example is using up 4001 of 5000 active queue entries",
     "queue overflow", 0, "domain=b.example|count=4001"},
    {"cleanup", P, "warning: 4AAB12C0D5: virtual_alias_maps map lookup problem for a@b.example",
     "map lookup problem", 0, "qid=4AAB12C0D5|map=virtual_alias_maps"},
    {"cleanup", P, "warning: 4AAB12C0D5: queue file size limit exceeded", "warning", 0,
     "qid=4AAB12C0D5|text=queue file size limit exceeded"},
    {"cleanup", P,
     "4AAB12C0D5: reject: content Received: x from evil[203.0.113.9]; from=<e@e> to=<f@f>: n from "
     "mx.a.example[192.0.2.1]; from=<s@a.example> to=<r@b.example> proto=ESMTP helo=<mx>: 5.7.1 no",
     "content rejected", KIND_REJECT, "client_ip=192.0.2.1|sender=s@a.example|reply=5.7.1 no"},
    {"postsuper", P, "4AAB12C0D5: placed on hold", "postsuper hold", KIND_HOLD, "qid=4AAB12C0D5"},
    {"postsuper", P, "4AAB12C0D5: removed", "postsuper removed", KIND_REMOVE, "qid=4AAB12C0D5"},
    {"postsuper", P, "Released from hold: 12 messages", "postsuper total", 0,
     "action=Released from hold|count=12"},
    {"master", P, "daemon started -- version 3.10.1, configuration /etc/postfix", "started", 0,
     "version=3.10.1|config_path=/etc/postfix"},
    {"master", P, "terminating on signal 15", "terminating", 0, "signal=15"},
    {"master", P, "warning: process /usr/lib/postfix/sbin/smtpd pid 77 killed by signal 9",
     "process died", 0, "pid=77|signal=9"},
    {"postfix-script", P, "starting the Postfix mail system", "start and stop", 0, ""},
    {"scache", P, "statistics: address lookup hits=1 miss=2 success=33%", "scache statistics", 0,
     "lookup=address|scache_hits=1|scache_miss=2|scache_success=33"},
    {"trivial-rewrite", P, "table hash:/etc/x(0,lock|fold_fix) has changed -- restarting",
     "table changed", 0, "table=hash:/etc/x(0,lock|fold_fix)"},
    {"sendmail", P, "fatal: bob(1000): message file too big", "fatal", 0, "level=fatal"},
    {"proxymap", P, "panic: myfree: corrupt or unallocated memory block", "panic", 0, ""},
    {"smtpd", C, "lost connection after RCPT from mx.a.example[192.0.2.1]", NULL, 0, ""},
    /* Dovecot's login daemons */
    {"dovecot", C,
     "imap-login: Login: user=<bob@a.example>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1, mpid=7, "
     "TLS, session=<aB3+/x>",
     "login", KIND_LOGIN,
     "daemon=imap-login|sasl_user=bob@a.example|method=PLAIN|client_ip=192.0.2.1|session=aB3+/x"},
    {"pop3-login", C, "Info: Login: user=<bob>, method=PLAIN, rip=2001:db8::7, lip=::1, secured",
     "login", KIND_LOGIN, "sasl_user=bob|client_ip=2001:db8::7|!daemon"},
    {"dovecot", C, "pop3-login: Login: bob [192.0.2.1]", "login", KIND_LOGIN,
     "client_ip=192.0.2.1"},
    {"dovecot", C,
     "imap-login: proxy(bob): started proxying to 10.0.0.9:143: user=<bob>, method=PLAIN, "
     "rip=192.0.2.1, lip=10.0.0.1",
     "login proxied", KIND_LOGIN, "sasl_user=bob|client_ip=192.0.2.1"},
    {"dovecot", C,
     "submission-login: Disconnected: Too many bad commands (auth failed, 3 attempts in 9 secs): "
     "user=<bob>, method=LOGIN, rip=192.0.2.1, lip=10.0.0.1, session=<s1>",
     "login failed", KIND_AUTH_FAIL, "attempts=3|sasl_user=bob|client_ip=192.0.2.1|session=s1"},
    {"dovecot", C,
     "imap-login: Login aborted: Connection closed (auth failed, 1 attempts in 2 secs) "
     "(auth_failed): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1, TLS",
     "login failed", KIND_AUTH_FAIL, "sasl_user=bob|client_ip=192.0.2.1"},
    {"dovecot", C,
     "pop3-login: Aborted login (tried to use disallowed plaintext auth): rip=192.0.2.1",
     "login failed", KIND_AUTH_FAIL, "client_ip=192.0.2.1|!sasl_user"},
    {"dovecot", C,
     "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<a>, method=PLAIN, "
     "rip=203.0.113.9, lip=10.0.0.1>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1, session=<s>",
     "login failed", KIND_AUTH_FAIL, "client_ip=192.0.2.1"},
    {"dovecot", C,
     "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<a (no auth attempts in 1 "
     "secs)>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1",
     "login failed", KIND_AUTH_FAIL, "client_ip=192.0.2.1"},
    {"dovecot", C, "imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=192.0.2.1",
     "login daemon disconnect", KIND_NONE, "client_ip=192.0.2.1"},
    {"dovecot", C,
     "imap-login: Disconnected: Connection closed: SSL_accept() failed: error:0A00:SSL routines::x "
     "(disconnected during TLS handshake): user=<>, rip=192.0.2.1",
     "login daemon disconnect", KIND_NONE, ""},
    /* Dovecot's auth */
    {"dovecot", C, "auth: sql(bob@a.example,192.0.2.1,<s1>): Password mismatch", "login refused",
     KIND_AUTH_FAIL, "daemon=auth|sasl_user=bob@a.example|client_ip=192.0.2.1|session=s1"},
    {"auth-worker(77)", C,
     "Info: conn unix:auth-worker (pid=1,uid=2): auth-worker<3>: pam(bob,192.0.2.1): "
     "pam_authenticate() failed: Authentication failure (Password mismatch?)",
     "login refused", KIND_AUTH_FAIL, "sasl_user=bob|client_ip=192.0.2.1"},
    {"auth(bob@a.example,192.0.2.1,sasl:plain)<s1>", C, "Info: sql: Password mismatch",
     "login refused", KIND_AUTH_FAIL, "sasl_user=bob@a.example|client_ip=192.0.2.1|session=s1"},
    {"auth(bob@a.example,192.0.2.1,sasl", C, "plain)<s1>: Info: sql: unknown user", "login refused",
     KIND_AUTH_FAIL, "sasl_user=bob@a.example|client_ip=192.0.2.1|session=s1"},
    {"dovecot", C, "auth: ldap(bob,192.0.2.1,): invalid credentials", "login refused",
     KIND_AUTH_FAIL, "client_ip=192.0.2.1"},
    {"dovecot", C, "auth: sql(a,203.0.113.9): Password mismatch,192.0.2.1,<s>): Password mismatch",
     "login refused", KIND_AUTH_FAIL, "client_ip=192.0.2.1"},
    {"dovecot", C,
     "auth: sql(bob,192.0.2.1,<s>): Password mismatch (given password: x,203.0.113.9): unknown "
     "user (given password: y)",
     "login refused", KIND_AUTH_FAIL, "sasl_user=bob|client_ip=192.0.2.1"},
    {"dovecot", C, "auth-worker(9): pam(bob,192.0.2.1): pam_authenticate() failed: System error",
     "auth detail", KIND_NONE, ""},
    {"dovecot", C, "auth: passwd(bob): unknown user", "auth detail", KIND_NONE, ""},
    {"dovecot-auth", C,
     "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
     "ruser=x rhost=203.0.113.9 rhost=192.0.2.1  user=bob",
     "PAM refused", KIND_AUTH_FAIL, "client_ip=192.0.2.1|sasl_user=x rhost=203.0.113.9"},
    /* Dovecot's sessions */
    {"dovecot", C, "imap(bob@a.example)<77><s1>: Disconnected: Logged out in=7 out=9", "session", 0,
     "daemon=imap|user=bob@a.example|session=s1"},
    {"dovecot", C, "lmtp(77, bob@a.example): x1: msgid=<m@a.example>: saved mail to INBOX",
     "delivery", 0, "user=bob@a.example|msgid=<m@a.example>"},
    {"dovecot", C, "lda(bob)<77><s1>: sieve: msgid=<m>: stored mail into mailbox 'Junk'",
     "delivery", 0, "action=stored mail into mailbox"},
    {"dovecot", C, "imap(bob)<77><s1>: Error: open(/x) failed", "error", 0, "level=Error"},
    {"dovecot", C, "Dovecot v2.3.21 (47349e2482) starting up for imap", "start and stop", 0, ""},
    {"lmtp", C, "Connect from local", "LMTP session", 0, ""},
    /* amavis */
    {"amavis", C,
     "(0123-07) Passed SPAMMY {RelayedTaggedInbound,Quarantined}, MYNETS LOCAL [192.0.2.1]:4711 "
     "[198.51.100.3] <s@a.example> -> <r@b.example>,<t@b.example>, quarantine: x/spam-y, Queue-ID: "
     "4AAB12C0D5, Message-ID: <m@a.example>, mail_id: aB-12345, Hits: 7.2, size: 1234, queued_as: "
     "4AAB12C0D6, 812 ms",
     "amavis verdict", KIND_VERDICT,
     "action=Passed|verdict=SPAMMY|qid=4AAB12C0D5|msgid=m@a.example|client_ip=192.0.2.1|"
     "sender=s@a.example|rcpt=r@b.example|queued_as=4AAB12C0D6|hits=7.2|size=1234"},
    {"amavis", C,
     "(0123-07) Blocked INFECTED (Eicar, x) {DiscardedInbound}, [IPv6:2001:db8::7]:4711 <> -> "
     "<r@b.example>, Queue-ID: 4AAB12C0D5, mail_id: aB-12345, Hits: -, size: 9, 1 ms",
     "amavis verdict", KIND_VERDICT,
     "verdict=INFECTED|threat=Eicar, x|sender=<>|qid=4AAB12C0D5|client_ip=2001:db8::7|!msgid"},
    /* names of parts that play the envelope: nobody is named */
    {"amavis", C,
     "(0123-07) Blocked BANNED (x {D}, <v@c.example> -> <r@b.example>, Queue-ID: 4BBB12C0D5, y) "
     "{D}, "
     "<s@a.example> -> <r@b.example>, Queue-ID: 4AAB12C0D5, mail_id: aB-12345, Hits: -, size: 9",
     "amavis verdict", KIND_VERDICT, "verdict=BANNED|!sender|!qid|!client_ip"},
    /* a Message-ID that plays the rest: the envelope stands, the rest is left out */
    {"amavis", C,
     "(0123-07) Passed SPAM {R}, [192.0.2.1] <s@a.example> -> <r@b.example>, Queue-ID: 4AAB12C0D5, "
     "Message-ID: <m@a>, mail_id: x, Hits: -9, size: 1, queued_as: 4BBB12C0D5, mail_id: aB-12345, "
     "Hits: 20, size: 1234, queued_as: 4AAB12C0D6, 812 ms",
     "amavis verdict", KIND_VERDICT, "sender=s@a.example|qid=4AAB12C0D5|!queued_as|!hits"},
    {"amavis", C,
     "(0123-07) Passed CLEAN, <\"x> -> <v@c.example>, Queue-ID: 4BBB12C0D5\"@a.example> -> "
     "<r@b.example>, Queue-ID: 4AAB12C0D5, mail_id: aB-12345, Hits: -, size: 9",
     "amavis verdict", KIND_VERDICT, "qid=4AAB12C0D5|rcpt=r@b.example"},
    {"amavis", C, "(0123-07) Passed by in a form of another version", NULL, 0, ""},
    {"amavis", C, "(0123-07) Checking: aB-12345 [192.0.2.1] <s@a.example> -> <r@b.example>",
     "amavis checking", 0, "mail_id=aB-12345"},
    {"amavis", C, "(0123-07) size: 2040, TIMING [total 98 ms] - x", "amavis timing", 0, ""},
    {"amavis", C, "(0123-07) (!!)TROUBLE in check_mail", "amavis warning", 0, ""},
    /* rspamd */
    {"rspamd", C,
     "<t1>; task; rspamd_task_write_log: id: <m@a.example>, qid: <4AAB12C0D5>, ip: 192.0.2.1, "
     "user: "
     "bob, from: <s@a.example>, (default: T (add header): [9.10/15.00] [A(1.0){x;},B(0.1){}]), "
     "len: "
     "77, time: 12.1ms, dns req: 3, digest: <0af1>, rcpts: <r@b.example>, mime_rcpts: "
     "<r@b.example>",
     "rspamd verdict", KIND_VERDICT,
     "verdict=add header|qid=4AAB12C0D5|msgid=m@a.example|client_ip=192.0.2.1|sasl_user=bob|"
     "sender=s@a.example|rcpt=r@b.example|size=77|hits=9.10"},
    {"rspamd", C,
     "<t1>; task; rspamd_task_write_log: id: <m>, ip: 192.0.2.1, from: <\">, (default: F (no "
     "action): "
     "[0/15] [])\"@a.example>, (default: T (reject): [19.10/15.00] [A(1.0){}]), len: 7, time: 1ms",
     "rspamd verdict", KIND_VERDICT, "verdict=reject"},
    {"rspamd", C, "<t1>; lua; greylist.lua:331: greylisted until x", "rspamd detail", 0, ""},
    /* SpamAssassin, ClamAV */
    {"spamd", C,
     "spamd: result: Y 12 - BAYES_99,X "
     "scantime=1.2,size=77,user=debian-spamd,uid=9,mid=<a>,autolearn="
     "ham@b>,bayes=0.9,autolearn=no",
     "spamd result", KIND_VERDICT, "verdict=Y|hits=12|size=77|msgid=a>,autolearn=ham@b"},
    {"spamd", C, "result: . -2 - ALL_TRUSTED scantime=0.2,size=7,user=x,uid=1,mid=(unknown),x",
     "spamd result", KIND_VERDICT, "verdict=."},
    {"spamd", C, "spamd: identified spam (12.1/5.0) for bob:1000 in 1.2 seconds, 77 bytes.",
     "spamd score", KIND_NONE, "hits=12.1"},
    {"clamav-milter", C,
     "Message 4AAB12C0D5 from <s@a.example> to <r@b.example> with subject 'x infected by Y' "
     "message-id '<m>' date 'z' infected by Eicar",
     "clamav-milter verdict", KIND_VERDICT, "qid=4AAB12C0D5|verdict=infected|threat=Eicar"},
    {"clamsmtpd", C, "10003B: from=s@a.example, to=r@b.example, status=VIRUS:Eicar",
     "clamsmtpd verdict", KIND_VERDICT, "verdict=VIRUS|sender=s@a.example|rcpt=r@b.example"},
    /* signing, policy */
    {"opendkim", C, "4AAB12C0D5: DKIM-Signature field added (s=k1, d=a.example)", "DKIM signed", 0,
     "qid=4AAB12C0D5|selector=k1|dkim_domain=a.example"},
    {"opendkim", C, "4AAB12C0D5: mx.a.example [192.0.2.1] not internal", "DKIM not internal", 0,
     "client_ip=192.0.2.1"},
    {"opendmarc", C, "4AAB12C0D5: a.example fail", "DMARC result", 0, "dmarc_result=fail"},
    {"postgrey", C,
     "action=greylist, reason=new, client_name=a.example, client_address=192.0.2.1, sender=x",
     "greylisting", 0, "client_ip=192.0.2.1"},
    {"policyd-spf", C, "prepend Received-SPF: Pass (mailfrom) identity=mailfrom", "SPF header", 0,
     ""},
    {"policy-spf", P, "4AAB12C0D5: Policy action=DUNNO", "SPF action", 0, "qid=4AAB12C0D5"},
    /* logins elsewhere */
    {"imaps", C, "login: a.example [192.0.2.1] bob PLAIN+TLS User logged in SESSIONID=<x>",
     "cyrus login", KIND_LOGIN, "sasl_user=bob|client_ip=192.0.2.1"},
    {"imaps", C, "badlogin: [192.0.2.1] plaintext bob SASL(-13): x [203.0.113.9] plaintext y z",
     "cyrus login failed", KIND_AUTH_FAIL, "client_ip=192.0.2.1|sasl_user=bob"},
    {"saslauthd", C, "pam_unix(smtp:auth): authentication failure; logname= ruser= rhost=",
     "PAM detail", KIND_NONE, ""},
};

static void want_fact(const struct example *e, const struct facts *f, struct slice pair)
{
    const char *eq = slice_chr(pair, '=');

    if (pair.p[0] == '!') {
        if (shape_fact(f, slice_skip(pair, 1)).p != NULL)
            fail_msg("%s: has %.*s", e->line, (int)pair.n - 1, pair.p + 1);
        return;
    }
    assert_non_null(eq);
    struct slice got = shape_fact(f, slice_range(pair.p, eq));
    if (!slice_eq(got, slice_range(eq + 1, pair.p + pair.n)))
        fail_msg("%s: not %.*s but %.*s", e->line, (int)pair.n, pair.p, (int)got.n, got.p);
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        struct facts f;
        bool matched = shape_match(slice_str(e->daemon), e->postfix, slice_str(e->line), &f);
        if (matched != (e->shape != NULL))
            fail_msg("%s: %s", e->line, matched ? "matches" : "doesn't match");
        if (!matched) {
            assert_int_equal(f.n, 0);
            assert_int_equal(f.shape.n, 0);
            continue;
        }
        if (!slice_eq(f.shape, slice_str(e->shape)))
            fail_msg("%s: is %.*s", e->line, (int)f.shape.n, f.shape.p);
        if (f.kind != e->kind)
            fail_msg("%s: kind %u", e->line, f.kind);
        struct slice rest = slice_str(e->want);
        while (rest.n) {
            /* a "|" inside a value stands before neither a name nor "!" */
            const char *bar = slice_chr(rest, '|');
            while (bar != NULL && strncmp(bar, "|fold", 5) == 0)
                bar = strchr(bar + 1, '|');
            struct slice pair = bar ? slice_range(rest.p, bar) : rest;
            want_fact(e, &f, pair);
            rest = slice_skip(rest, pair.n + (bar != NULL));
        }
    }
}

static void test_daemons(void **state)
{
    (void)state;
    assert_true(shape_daemon(SL("dovecot")));
    assert_true(shape_daemon(SL("auth-worker(77)")));
    assert_true(shape_daemon(SL("amavis")));
    assert_true(shape_daemon(SL("opendkim")));
    assert_false(shape_daemon(SL("smtpd")));
    assert_false(shape_daemon(SL("sshd")));
    assert_false(shape_daemon(SLICE_NONE));
}

static void test_verdicts(void **state)
{
    static const char *const pairs[][2] = {{"CLEAN", "clean"},
                                           {"SPAM", "spam"},
                                           {"SPAMMY", "spam"},
                                           {"INFECTED (Eicar)", "virus"},
                                           {"BANNED (.exe)", "banned"},
                                           {"BAD-HEADER-7", "bad-header"},
                                           {"BAD-HEADER", "bad-header"},
                                           {"UNCHECKED-ENCRYPTED", "unchecked"},
                                           {"OVERSIZED", "oversized"},
                                           {"MTA-BLOCKED", "blocked"},
                                           {"no action", "clean"},
                                           {"reject", "spam"},
                                           {"add header", "spam"},
                                           {"rewrite subject", "spam"},
                                           {"soft reject", "unchecked"},
                                           {"greylist", "unchecked"},
                                           {"Y", "spam"},
                                           {"N", "clean"},
                                           {".", "clean"},
                                           {"VIRUS:Eicar", "virus"},
                                           {"infected", "virus"},
                                           {"Clean", "clean"},
                                           {"SPAMVERTISED", ""},
                                           {"", ""},
                                           {"rejected", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct slice got = shape_verdict(slice_str(pairs[i][0]));
        if (!slice_eq(got, slice_str(pairs[i][1])))
            fail_msg("%s is %.*s", pairs[i][0], (int)got.n, got.p);
    }
}

/* --- noise --- */

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % below;
}

/* In memory of its exact size, so that a byte read too much is found; values point into it. */
static void try_bytes(const char *daemon, bool postfix, const char *p, size_t n)
{
    char *line = malloc(n ? n : 1);
    struct facts f;

    assert_non_null(line);
    memcpy(line, p, n);
    if (shape_match(slice_str(daemon), postfix, slice_of(line, n), &f)) {
        assert_true(f.n <= FACTS_MAX && f.shape.n > 0 && f.kind < KIND_COUNT);
        for (unsigned i = 0; i < f.n; i++) {
            struct slice v = f.f[i].value;
            bool inside = (v.p >= line && v.p + v.n <= line + n) ||
                          (v.p >= daemon && v.p + v.n <= daemon + strlen(daemon));
            assert_true(inside || v.n == 0 || slice_eq(v, SL("<>")));
            assert_true(f.f[i].name.n > 0);
        }
    }
    free(line);
}

static void test_noise(void **state)
{
    const size_t count = sizeof examples / sizeof *examples;

    (void)state;
    for (size_t round = 0; round < 30000; round++) {
        const struct example *e = &examples[next_random((uint32_t)count)],
                             *other = &examples[next_random((uint32_t)count)];
        char line[2048];
        size_t n = strlen(e->line), changes = next_random(6);
        memcpy(line, e->line, n);
        if (next_random(4) == 0)
            n = next_random((uint32_t)n + 1);
        if (next_random(4) == 0) {
            size_t m = strlen(other->line);
            memcpy(line + n, other->line, m);
            n += m;
        }
        for (size_t i = 0; i < changes && n; i++)
            line[next_random((uint32_t)n)] = (char)next_random(256);
        try_bytes(e->daemon, e->postfix, line, n);
        try_bytes(other->daemon, other->postfix, line, n);
    }
    for (size_t i = 0; i < count; i++) /* every cut */
        for (size_t n = 0; n <= strlen(examples[i].line); n++)
            try_bytes(examples[i].daemon, examples[i].postfix, examples[i].line, n);
}

/* A template that looked at each byte for each byte would take hours here. */
static void test_long_lines(void **state)
{
    static const char *const pieces[] = {"a",
                                         "[",
                                         "[1.2.3.4]",
                                         "<",
                                         ">",
                                         ",",
                                         ", ",
                                         " ",
                                         ": ",
                                         "(",
                                         ") ",
                                         "\"",
                                         "<\"",
                                         "1",
                                         "x: ",
                                         "=\"",
                                         ", rip=1.2.3.4",
                                         "; from=<",
                                         " (auth failed, 1 attempts): ",
                                         "> -> <",
                                         ">, method=a",
                                         ", mail_id: ",
                                         "msgid=",
                                         ",1.2.3.4,<a>): ",
                                         " from a[1.2.3.4]",
                                         "::",
                                         "\xff"};
    static const char *const daemons[] = {"smtpd",   "smtp",   "cleanup", "postscreen", "anvil",
                                          "dovecot", "amavis", "rspamd",  "spamd",      "opendkim"};
    static const char *const starts[] = {"",
                                         "warning: ",
                                         "4AAB12C0D5: host ",
                                         "imap-login: Disconnected",
                                         "auth: sql(",
                                         "(0123-07) Passed CLEAN, <",
                                         "(0123-07) Blocked BANNED (",
                                         "<t>; task; rspamd_task_write_log: id: <",
                                         "4AAB12C0D5: reject: content "};
    const size_t size = 100000;
    char *line = malloc(size + 64);
    clock_t start = clock();

    (void)state;
    assert_non_null(line);
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
            size_t n = strlen(starts[s]), m = strlen(pieces[i]);
            memcpy(line, starts[s], n);
            for (; n + m <= size; n += m)
                memcpy(line + n, pieces[i], m);
            for (size_t d = 0; d < sizeof daemons / sizeof *daemons; d++)
                try_bytes(daemons[d], d < 5, line, n);
        }
    }
    free(line);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
}

static void test_before_setup(void **state)
{
    struct facts f;

    (void)state;
    assert_false(shape_match(SL("amavis"), false, SL("(1) x"), &f));
    assert_int_equal(f.n, 0);
    assert_true(shape_setup());
    assert_true(shape_setup());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language),   cmocka_unit_test(test_bad_patterns),
        cmocka_unit_test(test_tables),     cmocka_unit_test(test_before_setup),
        cmocka_unit_test(test_examples),   cmocka_unit_test(test_daemons),
        cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_noise),
        cmocka_unit_test(test_long_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
