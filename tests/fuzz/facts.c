/* The text of a line, to everything that reads texts: every value lies where it has to. */
#include "fuzz.h"

#include "log/shape.h"

static size_t sum;

static void look_at(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        sum += (unsigned char)s.p[i];
}

static void look_at_facts(const struct facts *f)
{
    CHECK(f->n <= FACTS_MAX && f->kind < KIND_COUNT);
    look_at(f->shape);
    for (unsigned i = 0; i < f->n; i++) {
        CHECK(f->f[i].name.n > 0);
        look_at(f->f[i].name);
        look_at(f->f[i].value);
    }
}

static void one_text(struct slice text)
{
    static const char *const names[] = {
        "smtpd",           "cleanup",    "qmgr",        "smtp",      "lmtp",
        "local",           "pipe",       "error",       "pickup",    "bounce",
        "postscreen",      "postsuper",  "anvil",       "tlsproxy",  "dnsblog",
        "master",          "scache",     "verify",      "dovecot",   "amavis",
        "spamd",           "rspamd",     "policyd-spf", "postgrey",  "opendkim",
        "opendmarc",       "imap-login", "auth",        "clamsmtpd", "saslauthd",
        "milter-greylist", "lmtp(a@b)",  "sshd",        "vsftpd"};
    struct facts f;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int postfix = 0; postfix < 2; postfix++)
            if (shape_match(slice_str(names[i]), postfix, text, &f))
                look_at_facts(&f);
            else
                CHECK(f.n == 0);
    for (unsigned d = DAEMON_OTHER; d < DAEMON_COUNT; d++) {
        struct line l = {0};
        if (body_parse((enum daemon)d, text, &l)) {
            CHECK(l.type != LINE_OTHER);
            body_facts(&l, &f);
            look_at_facts(&f);
        }
    }
    look_at(body_queued_as(text));
    look_at(shape_verdict(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice log = slice_of((const char *)data, size);
    struct parser *p = new_parser(false);
    struct envelope e;
    struct facts f;

    parser_push(p, log.p, log.n);
    parser_end(p);
    while (parser_next_facts(p, &e, &f)) {
        look_at(e.host);
        look_at(e.tag);
        look_at(e.text);
        look_at_facts(&f);
    }
    parser_free(p);
    while (log.n) {
        const char *nl = slice_chr(log, '\n');
        struct slice line = nl ? slice_range(log.p, nl) : log;
        char *copy = copy_of(line);
        one_text(slice_of(copy, line.n));
        free(copy);
        log = slice_skip(log, line.n + 1);
    }
    return 0;
}
