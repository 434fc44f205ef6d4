/* ledger_check: does one thing to a ledger, for tests/ledger.t.
 *
 *   ledger_check FILE read|write|decide COMMAND [NUMBER]
 * open    nothing more
 * count   prints how many rows the journal has
 * add     NUMBER rows of the journal in one transaction
 * each    the same in transactions of their own; prints the number of each when it is committed
 * half    NUMBER rows in a transaction that is never committed: prints `half` and waits
 * hold    prints `held` and waits for the end of stdin
 * grow    bytes by name, a MiB a transaction, until that fails (or NUMBER are there)
 * Exit status and stderr are the ledger's failure.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/ledger.h"

static char mebibyte[1 << 20];

static void journal(struct ledger *l, int64_t n)
{
    ledger_journal(l, n, SL("check"), SL("check"), 0, 0, SL("row"),
                   slice_of(mebibyte, 1000)); /* so many that the log gets some before the end */
}

static void each(struct ledger *l, int64_t n)
{
    for (int64_t i = 1; i <= n; i++) {
        ledger_begin(l);
        journal(l, i);
        if (ledger_commit(l))
            return;
        printf("%lld\n", (long long)i);
        fflush(stdout);
    }
}

static void add(struct ledger *l, int64_t n)
{
    ledger_begin(l);
    for (int64_t i = 1; i <= n; i++)
        journal(l, i);
}

static void grow(struct ledger *l, int64_t n)
{
    char name[24];

    for (int64_t i = 0; i < n && ledger_failure(l)->status == 0; i++) {
        snprintf(name, sizeof name, "%lld", (long long)i);
        ledger_begin(l);
        journal(l, i);
        ledger_state_set(l, name, slice_of(mebibyte, sizeof mebibyte));
        ledger_commit(l);
    }
}

static void command(struct ledger *l, const char *what, int64_t n)
{
    if (strcmp(what, "count") == 0) {
        printf("%lld\n", (long long)ledger_int_of(l, -1, "SELECT count(*) FROM journal", ""));
    } else if (strcmp(what, "add") == 0) {
        add(l, n);
        ledger_commit(l);
    } else if (strcmp(what, "each") == 0) {
        each(l, n);
    } else if (strcmp(what, "half") == 0) {
        add(l, n);
        puts("half");
        fflush(stdout);
        pause();
    } else if (strcmp(what, "hold") == 0) {
        puts("held");
        fflush(stdout);
        getchar();
    } else if (strcmp(what, "grow") == 0) {
        grow(l, n);
    }
}

int main(int argc, char **argv)
{
    enum ledger_use use = LEDGER_READ;

    if (argc < 4)
        return 64;
    if (strcmp(argv[2], "read") != 0)
        use = strcmp(argv[2], "write") == 0 ? LEDGER_WRITE : LEDGER_DECIDE;
    signal(SIGXFSZ, SIG_IGN);
    memset(mebibyte, 'm', sizeof mebibyte);
    struct ledger *l = ledger_open(argv[1], use);
    if (l && ledger_failure(l)->status == 0)
        command(l, argv[3], argc > 4 ? atoll(argv[4]) : 1);
    int status = l ? ledger_failure(l)->status : 75;
    if (status)
        fprintf(stderr, "%s\n", l ? failure_text(ledger_failure(l)) : "out of memory");
    ledger_close(l);
    return status;
}
