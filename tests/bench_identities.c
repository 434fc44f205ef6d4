/* bench_identities: a record stream (mplog(5)) of many identities, for the bench of spamscore's
 * memory.
 *
 *   bench_identities IDENTITIES CUSTOMERS MESSAGES    MESSAGES of each identity, over two weeks of
 *                                                     working hours
 *
 * What takes memory is imitated, not mail: every login writes from its customer's net and its own
 * at home, rarely from elsewhere, mostly as itself, to its customer's correspondents and, of every
 * twenty recipients, to three new ones. One new recipient in fifty doesn't exist, and of a thousand
 * messages three are refused for what they say. The same numbers give the same stream.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define START 1767573000 /* Monday, 2026-01-05 00:30 UTC */
#define DAYS 10u         /* working days */
#define CIRCLE 60u       /* correspondents of a customer */
#define RCPTS_MOST 4u

static uint64_t state = 1;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
    return (unsigned)((draw() >> 32) * n >> 32);
}

struct message {
    uint64_t number, identity, customer;
    char time[32], client[16], sender[64], common[256];
};

/* Ten hours of each working day, evenly. */
static void stamp(char out[32], uint64_t i, uint64_t of)
{
    const uint64_t day = 36000, at = i * (DAYS * day) / of;
    const uint64_t days = at / day + at / day / 5 * 2;
    const time_t t = (time_t)(START + days * 86400 + 7 * 3600 + at % day);
    struct tm tm;

    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
}

/* Three of four are in the office, the fourth at home; now and then anybody is somewhere else. */
static void client(struct message *m)
{
    uint64_t net = m->identity % 4 ? m->customer : 1000000 + m->identity;

    if (below(100) < 2)
        net = draw() >> 40;
    snprintf(m->client, sizeof m->client, "%u.%u.%u.%u", 60 + (unsigned)(net >> 16) % 64,
             (unsigned)(net >> 8) % 256, (unsigned)net % 256, 1 + below(250));
}

static void begin(struct message *m, unsigned rcpts)
{
    client(m);
    if (below(100) == 0)
        snprintf(m->sender, sizeof m->sender, "sales@customer%" PRIu64 ".example", m->customer);
    else
        snprintf(m->sender, sizeof m->sender, "user%" PRIu64 "@customer%" PRIu64 ".example",
                 m->identity, m->customer);
    snprintf(m->common, sizeof m->common,
             "mx1\t%010" PRIX64 "\t%s\tuser%" PRIu64 "@customer%" PRIu64 ".example\t%s\t%u",
             m->number, m->client, m->identity, m->customer, m->sender, rcpts);
    printf("%s\taccept\t%s\t\t\t\t\t\t\t\n", m->time, m->common);
}

static void deliver(const struct message *m, bool refused)
{
    bool new = below(20) < 3, big = below(10) < 4;
    unsigned site = big ? below(3) : 3 + below(20000);
    const char *end = "0.8\tsent\t250 2.0.0 Ok\taccepted";
    char rcpt[64];

    if (refused)
        end = "0.8\tbounced\t554 5.7.1 Message rejected as spam\tspam-content";
    else if (new &&below(50) == 0)
        end = "0.4\tbounced\t550 5.1.1 User unknown\tuser-unknown";
    if (new)
        snprintf(rcpt, sizeof rcpt, "r%" PRIX64 "@site%u.example", draw() >> 24, site);
    else /* the first ones oftener */
        snprintf(rcpt, sizeof rcpt, "c%" PRIu64 "-%u@site%" PRIu64 ".example", m->customer,
                 below(1 + below(CIRCLE)), m->customer % 20003);
    printf("%s\tdeliver\t%s\t%s\tmx.site%u.example\t203.%u.%u.25\t%s\n", m->time, m->common, rcpt,
           site, site / 256, site % 256, end);
}

/* The nth of a round in which everybody has one turn; another order in each. */
static uint64_t turn(uint64_t n, uint64_t round, uint64_t identities)
{
    const uint64_t step = UINT64_C(15485863); /* a prime */

    return (n * step + round * UINT64_C(32452843)) % identities;
}

int main(int argc, char **argv)
{
    uint64_t n[3] = {0}, records = 0;

    for (int i = 0; i < 3 && i + 1 < argc; i++)
        n[i] = strtoull(argv[i + 1], NULL, 10);
    if (argc != 4 || n[0] == 0 || n[1] == 0 || n[2] == 0 || n[0] % 15485863 == 0)
        return 64;
    puts("#mplog\ttime\tkind\thost\tqid\tclient_ip\tsasl_user\tsender\tnrcpt\trcpt\trelay_name\t"
         "relay_ip\tdelay\tstatus\treply\tclass");
    for (uint64_t i = 0; i < n[0] * n[2]; i++) {
        struct message m = {.number = i, .identity = turn(i % n[0], i / n[0], n[0])};
        unsigned rcpts = below(100) < 85 ? 1 : 2 + below(RCPTS_MOST - 1);
        bool refused = below(1000) < 3;
        m.customer = m.identity % n[1];
        stamp(m.time, i, n[0] * n[2]);
        begin(&m, rcpts);
        for (unsigned k = 0; k < rcpts; k++)
            deliver(&m, refused);
        printf("%s\tremove\t%s\t\t\t\t\t\t\t\n", m.time, m.common);
        records += 2 + rcpts;
    }
    printf("#end %" PRIu64 " %" PRIu64 "\n", records, records);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
