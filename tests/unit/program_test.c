/* program: syslog tags taken apart; a table that stays bounded and keeps hosts apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log/program.h"

static void tags(void **state)
{
    static const struct {
        const char *tag, *name, *daemon, *instance;
        enum daemon kind;
    } row[] = {
        {"postfix/smtpd", "postfix", "smtpd", "postfix", DAEMON_SMTPD},
        {"postfix/submission/smtpd", "postfix/submission", "smtpd", "postfix", DAEMON_SMTPD},
        {"postfix-out1/smtp", "postfix-out1", "smtp", "postfix-out1", DAEMON_DELIVERY},
        {"out/qmgr", "out", "qmgr", "out", DAEMON_QMGR},
        {"postfix/newdaemon", "postfix", "newdaemon", "postfix", DAEMON_POSTFIX},
        {"postfix", "", "postfix", "postfix", DAEMON_POSTFIX},
        {"smtpd", "", "smtpd", "smtpd", DAEMON_OTHER}, /* OpenSMTPD's, perhaps */
        {"kernel", "", "kernel", "kernel", DAEMON_OTHER},
        {"a/b/c/", "a/b/c", "", "a", DAEMON_OTHER},
        {"/", "", "", "", DAEMON_OTHER},
    };
    struct programs ps = {0};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct program *p = program_of(&ps, SL("mx"), slice_str(row[i].tag));
        assert_non_null(p);
        assert_true(slice_eq(p->name, slice_str(row[i].name)));
        assert_true(slice_eq(p->daemon, slice_str(row[i].daemon)));
        assert_true(slice_eq(p->instance->name, slice_str(row[i].instance)));
        if (p->kind != row[i].kind)
            fail_msg("%s is %d", row[i].tag, p->kind);
        assert_ptr_equal(program_of(&ps, SL("mx"), slice_str(row[i].tag)), p);
    }
    assert_true(shape_setup());
    assert_true(program_of(&ps, SL("mx"), SL("dovecot"))->companion);
    programs_free(&ps);
}

static void apart(void **state)
{
    struct programs ps = {0};
    const struct program *a = program_of(&ps, SL("mx"), SL("postfix/smtpd"));
    const struct program *b = program_of(&ps, SL("mx"), SL("postfix/qmgr"));
    const struct program *c = program_of(&ps, SL("my"), SL("postfix/qmgr"));
    const struct program *d = program_of(&ps, SL("a\0b"), SL("postfix/qmgr"));
    const struct program *e = program_of(&ps, SL("a"), SL("b\0postfix/qmgr"));

    (void)state;
    assert_ptr_equal(a->instance, b->instance);
    assert_ptr_not_equal(b->instance, c->instance);
    assert_int_not_equal(b->instance->host_id, c->instance->host_id);
    /* a NUL in a name can't make two of them one */
    assert_ptr_not_equal(d, e);
    assert_int_equal(d->host.n, 3);
    assert_int_equal(e->host.n, 1);
    assert_int_not_equal(program_of(&ps, SLICE_NONE, SL("postfix/qmgr"))->instance->host_id,
                         b->instance->host_id);
    programs_free(&ps);
}

/* More programs than fit: what they are is still told right, from memory that stays. */
static void many(void **state)
{
    struct programs ps = {0};
    char host[16];

    (void)state;
    for (unsigned i = 0; i < PROGRAMS_MAX + 100; i++) {
        int n = snprintf(host, sizeof host, "h%u", i);
        struct program *p = program_of(&ps, slice_of(host, (size_t)n), SL("postfix/smtpd"));
        assert_non_null(p);
        assert_true(slice_eq(p->host, slice_of(host, (size_t)n)));
        assert_true(slice_eq(p->daemon, SL("smtpd")));
    }
    assert_true(ps.count <= PROGRAMS_MAX);
    programs_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tags), cmocka_unit_test(apart),
                                       cmocka_unit_test(many)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
