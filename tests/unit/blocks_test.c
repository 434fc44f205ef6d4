/* What is blocked, remembered between runs: slots, incidents, the file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "act/blocks.h"
#include "base/exits.h"
#include "judge/suspect.h"

static struct block customer_block(const char *customer, const char *address)
{
    return (struct block){.whole_customer = true,
                          .kind = IDENTITY_LOGIN,
                          .identity = SL("login"),
                          .customer = slice_str(customer),
                          .address = slice_str(address),
                          .time = SL("2026-11-24T10:27:50Z")};
}

static const struct block *added(struct blocks *b, struct block want, enum block_added how)
{
    const struct block *out = NULL;

    assert_int_equal(blocks_add(b, &want, &out), how);
    return out;
}

static void assert_numbers(const struct block *b, unsigned slot, unsigned incident, unsigned rule)
{
    assert_int_equal(b->slot, slot);
    assert_int_equal(b->incident, incident);
    assert_int_equal(b->rule, rule);
}

static void test_slots(void **state)
{
    struct blocks b = {.slots = 3};

    (void)state;
    assert_numbers(added(&b, customer_block("acme", "bob@x"), BLOCK_NEW), 1, 1, 1);
    assert_numbers(added(&b, customer_block("globex", "bob@x"), BLOCK_NEW), 2, 2, 1);
    assert_numbers(added(&b, customer_block("acme", "eve@x"), BLOCK_NEW), 1, 1, 2);
    assert_numbers(added(&b, customer_block("acme", "bob@x"), BLOCK_STANDS), 1, 1, 1);
    /* An identity alone isn't the customer of its label. */
    struct block alone = customer_block("acme", "bob@x");
    alone.whole_customer = false;
    assert_numbers(added(&b, alone, BLOCK_NEW), 3, 3, 1);
    added(&b, customer_block("initech", "x@x"), BLOCK_NO_SLOT);
    assert_int_equal(b.n, 4);
    assert_int_equal(b.incidents, 3);
    blocks_free(&b);
}

static const char header[] =
    "#mpblocks\tslot\tincident\trule\tscope\tcustomer\tpartner\tkind\tidentity\taddress\ttime\t"
    "since\n";

static int read_text(struct blocks *b, const char *counts, const char *rows, char **why)
{
    struct failure failure = {0};
    char text[2000];

    snprintf(text, sizeof text, "%s%s%s", header, counts, rows);
    *b = (struct blocks){0};
    int status = blocks_read(b, "mp_blocks", slice_str(text), &failure);
    *why = strdup(failure_text(&failure));
    failure_free(&failure);
    return status;
}

/* A slot that was given back is the last to be used again, an incident number never is. */
static void test_round_robin(void **state)
{
    struct blocks b;
    char *why;

    (void)state;
    assert_int_equal(read_text(&b, "#slots\t3\tincidents\t4\n",
                               "2\t4\t1\tcustomer\tacme\t\tlogin\tacme1\tbob@x.y\t\t\n", &why),
                     0);
    assert_numbers(added(&b, customer_block("globex", "bob@x"), BLOCK_NEW), 3, 5, 1);
    assert_numbers(added(&b, customer_block("initech", "bob@x"), BLOCK_NEW), 1, 6, 1);
    free(why);
    blocks_free(&b);
}

static void test_round_trip(void **state)
{
    struct blocks b = {.slots = 99}, again = {0};
    struct text t = {0}, u = {0};
    struct failure failure = {0};

    (void)state;
    struct block want = customer_block("cust\tomer\n\377", "\"a b\"@x.example");
    want.identity = SL("we\\ird");
    want.partner = SL("p\033[31m");
    added(&b, want, BLOCK_NEW);
    want.kind = IDENTITY_CLIENT;
    want.whole_customer = false;
    want.identity = SL("2001:db8::/64");
    want.since = SL("2026-11-24T09:00:00Z");
    added(&b, want, BLOCK_NEW);
    blocks_render(&b, &t);
    assert_int_equal(blocks_read(&again, "x", text_slice(&t), &failure), 0);
    assert_int_equal(again.n, 2);
    assert_true(slice_eq(again.list[0].customer, SL("cust\tomer\n\377")));
    assert_true(slice_eq(again.list[1].since, SL("2026-11-24T09:00:00Z")));
    blocks_render(&again, &u);
    assert_true(slice_eq(text_slice(&t), text_slice(&u)));
    text_free(&t);
    text_free(&u);
    blocks_free(&b);
    blocks_free(&again);
}

static void test_mistakes(void **state)
{
    static const char row[] = "1\t1\t1\tcustomer\tacme\tp\tlogin\tacme1\tbob@x.y\t\t\n";
    static const struct {
        const char *counts, *rows, *why;
    } bad[] = {
        {"", "", "ends before its second line"},
        {"#slots\t3\n", row, "#slots N incidents N"},
        {"#slots\t0\tincidents\t1\n", row, "#slots N incidents N"},
        {"#slots\t100\tincidents\t1\n", row, "#slots N incidents N"},
        {"#slots\t3\tincidents\t0\n", row, "slot, incident or rule"},
        {"#slots\t3\tincidents\t9\n", "4\t1\t1\tcustomer\ta\tp\tlogin\ta\tb@x\t\t\n",
         "slot, incident or rule"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\n", "not eleven columns"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tall\ta\tp\tlogin\ta\tb@x\t\t\n", "scope"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\tp\thelo\ta\tb@x\t\t\n", "kind"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\tp\tlogin\t\tb@x\t\t\n", "identity"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\tp\tlogin\ta\tcom\t\t\n", "address"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\tp\tlogin\ta\tB@x\t\t\n", "address"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\tp\tlogin\ta\tb@x\tnow\t\n", "time"},
        {"#slots\t3\tincidents\t9\n", "1\t1\t1\tcustomer\ta\\q\tp\tlogin\ta\tb@x\t\t\n", "escape"},
        {"#slots\t3\tincidents\t9\n",
         "1\t1\t1\tcustomer\ta\tp\tlogin\ta\tb@x\t\t\n1\t2\t1\tcustomer\tb\tp\tlogin\ta\tb@x\t\t\n",
         "belong to one customer"},
        {"#slots\t3\tincidents\t9\n",
         "1\t1\t1\tcustomer\ta\tp\tlogin\ta\tb@x\t\t\n1\t1\t2\tcustomer\ta\tp\tlogin\ta\tb@x\t\t\n",
         "twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct blocks b;
        char *why;
        int status = read_text(&b, bad[i].counts, bad[i].rows, &why);
        if (status != EXIT_CONFIG || strstr(why, bad[i].why) == NULL ||
            strstr(why, "mp_blocks:") == NULL)
            fail_msg("row %zu: status %d, %s", i, status, why);
        free(why);
        blocks_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_round_robin),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
