/* The questions: whose turn it is, the loop that waits, and setting up. */
#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "act/dnsbl_parts.h"
#include "base/exits.h"

/* The first questions come at once, and a resolver's socket holds only so many (rbldnsd's has 128
 * KiB, for some 150); after that, each that is over makes room for one more. What it drops all the
 * same is asked again after a second: with the same ID, so that a late answer to the first try is
 * taken, too. The four tries' 15 seconds are SpamAssassin's rbl_timeout. */
#define FIRST_BURST 128u

/* 127.0.0.1 and 127.0.0.2; as version 6 the same bits, in nibbles (RFC 5782 section 5). */
static const struct ipaddr test_address[TESTS] = {{0, 0xffff7f000001}, {0, 0xffff7f000002}};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Questions */

static bool covers(const struct lane *l, struct ipaddr a)
{
    return ipaddr_is_v4(a) != l->v6;
}

/* The lane's next question, if there is one at this moment. */
static bool next_question(struct dnsbl *d, struct lane *l, struct query *q)
{
    if (!l->used || l->in_flight >= d->opt.per_list || l->fault != DNSBL_FINE)
        return false;
    for (unsigned i = 0; i < TESTS; i++) {
        if (l->pending[i]) {
            l->pending[i] = false;
            q->kind = ASK_TEST;
            q->what = i;
            q->lane = l;
            return true;
        }
    }
    while (l->next < d->q.addrs && !covers(l, d->q.addr[l->next]))
        l->next++;
    if (l->waiting > 0 || l->next == d->q.addrs)
        return false;
    q->kind = ASK_ADDRESS;
    q->what = l->next++;
    q->lane = l;
    return true;
}

/* The next lane's question, in turn; false when no lane has one. */
static bool next_in_turn(struct dnsbl *d, struct query *q)
{
    for (unsigned i = 0; i < d->lanes; i++) {
        struct lane *l = &d->lane[d->turn];
        d->turn = (d->turn + 1) % d->lanes;
        if (next_question(d, l, q))
            return true;
    }
    return false;
}

static void ask(struct query *q, enum kind kind)
{
    struct dnsbl *d = q->d;
    struct lane *l = q->lane;
    struct ipaddr a = kind == ASK_TEST ? test_address[q->what] : d->q.addr[q->what];
    char name[DNSBL_NAME];

    q->kind = kind;
    d->in_flight++;
    l->in_flight++;
    d->stats.asked++;
    dnsbl_name(name, &d->q.zone[l->zone], dnsbl_key(&d->q, l->zone), a, l->v6);
    /* Not ares_search(): the name is complete, the host's search domains are nobody's lists. */
    ares_query(d->channel, name, ns_c_in, kind == ASK_TEXT ? ns_t_txt : ns_t_a, dnsbl_answered, q);
}

/* Fills the free places. Texts first: they are the end of something begun. */
static void fill(struct dnsbl *d)
{
    while (d->in_flight < d->window && !d->no_memory) {
        struct query *q = d->texts ? d->texts : d->free;
        if (q == NULL)
            return;
        if (d->texts) {
            d->texts = q->next;
            ask(q, ASK_TEXT);
        } else if (next_in_turn(d, q)) {
            d->free = q->next;
            ask(q, q->kind);
        } else {
            return;
        }
    }
}

/* The loop */

/* Waits for an answer or for c-ares's next time-out, at most for left milliseconds. */
static void wait_for_answers(struct dnsbl *d, int64_t left)
{
    ares_socket_t socket[ARES_GETSOCK_MAXNUM];
    struct pollfd p[ARES_GETSOCK_MAXNUM];
    struct timeval most = {left / 1000, left % 1000 * 1000}, tv;
    struct timeval *t = ares_timeout(d->channel, &most, &tv);
    int bits = ares_getsock(d->channel, socket, ARES_GETSOCK_MAXNUM);
    nfds_t n = 0;

    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        bool in = ((unsigned)bits >> i & 1) != 0;
        bool out = ((unsigned)bits >> (i + ARES_GETSOCK_MAXNUM) & 1) != 0;
        if (in || out)
            p[n++] =
                (struct pollfd){socket[i], (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0};
    }
    /* One millisecond more, or the last one before a time-out would be spent in a busy loop. */
    int ready = poll(p, n, (int)(t->tv_sec * 1000 + t->tv_usec / 1000) + 1);
    for (nfds_t i = 0; i < n && ready > 0; i++) {
        bool in = (p[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        bool out = (p[i].revents & (POLLOUT | POLLERR)) != 0;
        if (in || out)
            ares_process_fd(d->channel, in ? p[i].fd : ARES_SOCKET_BAD,
                            out ? p[i].fd : ARES_SOCKET_BAD);
    }
    if (ready <= 0)
        ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void loop(struct dnsbl *d)
{
    int64_t end = now_ms() + d->opt.limit_ms;

    for (;;) {
        int64_t left = end - now_ms();
        if (left <= 0 || d->no_memory)
            break;
        fill(d);
        if (d->in_flight == 0)
            break;
        wait_for_answers(d, left);
    }
    d->stopping = true;
    ares_cancel(d->channel);
}

/* A pair that got no verdict of its own has its lane's. */
static void settle(struct dnsbl *d)
{
    for (unsigned i = 0; i < d->lanes; i++) {
        struct lane *l = &d->lane[i];
        bool tested = !l->pending[TEST_LISTED] && !l->pending[TEST_UNLISTED] && l->waiting == 0;
        if (l->used && !tested && l->fault == DNSBL_FINE)
            l->fault = DNSBL_NO_TIME;
        for (unsigned a = 0; l->used && a < d->q.addrs; a++) {
            struct dnsbl_result *r = dnsbl_at(d, l, a);
            if (r->verdict != DNSBL_NOT_ASKED || !covers(l, d->q.addr[a]))
                continue;
            r->verdict = DNSBL_CANNOT_TELL;
            r->reason = l->fault ? l->fault : DNSBL_NO_TIME;
        }
    }
}

/* Setting up */

static bool option(unsigned *to, unsigned given, unsigned normal, unsigned low, unsigned high)
{
    *to = given ? given : normal;
    return *to >= low && *to <= high;
}

static int set_options(struct dnsbl *d, struct failure *f)
{
    const struct dnsbl_options *o = &d->q.options;
    char server[DNSBL_RESOLVER];

    d->opt.resolver = o->resolver;
    if (!option(&d->opt.in_flight, o->in_flight, 256, 1, 1024))
        return failure_set(f, EXIT_USAGE, "questions at once: %u is not from 1 to 1024",
                           o->in_flight);
    if (!option(&d->opt.per_list, o->per_list, 64, 1, 1024))
        return failure_set(f, EXIT_USAGE, "questions at once to a list: %u is not from 1 to 1024",
                           o->per_list);
    if (!option(&d->opt.timeout_ms, o->timeout_ms, 1000, 10, 60000))
        return failure_set(f, EXIT_USAGE, "time-out: %u ms is not from 10 to 60000", o->timeout_ms);
    if (!option(&d->opt.tries, o->tries, 4, 1, 10))
        return failure_set(f, EXIT_USAGE, "tries: %u is not from 1 to 10", o->tries);
    if (!option(&d->opt.limit_ms, o->limit_ms, 120000, 10, 3600000))
        return failure_set(f, EXIT_USAGE, "time for all: %u ms is not from 10 to 3600000",
                           o->limit_ms);
    if (o->resolver && !dnsbl_resolver(o->resolver, server))
        return failure_set(f, EXIT_USAGE,
                           "resolver %s: not ADDRESS, ADDRESS:PORT or [ADDRESS6]:PORT",
                           o->resolver);
    return 0;
}

static bool anything_to_ask(const struct dnsbl_question *q, const struct lane *l)
{
    for (unsigned i = 0; i < q->addrs; i++) {
        if (covers(l, q->addr[i]))
            return true;
    }
    return q->addrs == 0;
}

static int set_lane(struct dnsbl *d, struct lane *l, struct failure *f)
{
    const struct zone *z = &d->q.zone[l->zone];
    struct slice key = dnsbl_key(&d->q, l->zone);
    char name[DNSBL_NAME];

    l->used = (l->v6 ? z->ipv6 : z->ipv4) && anything_to_ask(&d->q, l);
    l->pending[TEST_LISTED] = z->test_listed;
    l->pending[TEST_UNLISTED] = z->test_unlisted;
    l->waiting = (unsigned)z->test_listed + z->test_unlisted;
    if (z->keyed && key.n == 0) {
        l->fault = DNSBL_NO_KEY;
        return 0;
    }
    bool good = dnsbl_name(name, z, key, test_address[0], l->v6);
    if (good)
        return 0;
    return failure_set(f, EXIT_CONFIG,
                       "list %.*s: its zone%s makes no domain name: letters, digits, - and _%s",
                       (int)z->id.n, z->id.n ? z->id.p : "", z->keyed ? " with the key" : "",
                       z->keyed ? ", KEY where the key goes" : "");
}

static int set_lanes(struct dnsbl *d, struct failure *f)
{
    d->lanes = d->q.zones * 2;
    d->lane = calloc(d->lanes + 1, sizeof *d->lane);
    d->result = calloc((size_t)d->q.zones * d->q.addrs + 1, sizeof *d->result);
    d->query = calloc(d->opt.in_flight, sizeof *d->query);
    if (d->lane == NULL || d->result == NULL || d->query == NULL)
        return failure_memory(f);
    for (unsigned i = 0; i < d->lanes; i++) {
        d->lane[i].zone = i / 2;
        d->lane[i].v6 = i % 2 == 1;
        if (set_lane(d, &d->lane[i], f) != 0)
            return f->status;
    }
    for (unsigned i = 0; i < d->opt.in_flight; i++) {
        d->query[i] = (struct query){.d = d, .next = d->free};
        d->free = &d->query[i];
    }
    d->window = d->opt.in_flight < FIRST_BURST ? d->opt.in_flight : FIRST_BURST;
    return 0;
}

static int open_channel(struct dnsbl *d, struct failure *f)
{
    struct ares_options o = {.flags =
                                 ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
                             .timeout = (int)d->opt.timeout_ms,
                             .tries = (int)d->opt.tries};
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    char server[DNSBL_RESOLVER];
    int rc = ares_init_options(&d->channel, &o, mask);

    if (rc != ARES_SUCCESS) {
        d->channel = NULL;
    } else if (d->opt.resolver) {
        dnsbl_resolver(d->opt.resolver, server);
        rc = ares_set_servers_ports_csv(d->channel, server);
    }
    return rc == ARES_SUCCESS
               ? 0
               : failure_set(f, EXIT_TEMPFAIL, "the resolver library: %s", ares_strerror(rc));
}

static int ask_all(struct dnsbl *d, struct failure *f)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return failure_memory(f);
    int status = open_channel(d, f);
    if (status == 0) {
        sigaction(SIGPIPE, &ignore, &before);
        loop(d);
        sigaction(SIGPIPE, &before, NULL);
        status = d->no_memory ? failure_memory(f) : 0;
    }
    if (d->channel)
        ares_destroy(d->channel);
    ares_library_cleanup();
    return status;
}

struct dnsbl *dnsbl_ask(const struct dnsbl_question *q, struct failure *f)
{
    struct dnsbl *d = calloc(1, sizeof *d);

    if (d == NULL) {
        failure_memory(f);
        return NULL;
    }
    d->q = *q;
    if (set_options(d, f) != 0 || set_lanes(d, f) != 0 || ask_all(d, f) != 0) {
        dnsbl_free(d);
        return NULL;
    }
    settle(d);
    return d;
}

const struct dnsbl_result *dnsbl_result(const struct dnsbl *d, unsigned zone, unsigned addr)
{
    return &d->result[(size_t)zone * d->q.addrs + addr];
}

enum dnsbl_reason dnsbl_tested(const struct dnsbl *d, unsigned zone, bool v6)
{
    const struct lane *l = &d->lane[2 * zone + v6];

    return l->used ? l->fault : DNSBL_FINE;
}

struct dnsbl_stats dnsbl_stats(const struct dnsbl *d)
{
    return d->stats;
}

void dnsbl_free(struct dnsbl *d)
{
    if (d == NULL)
        return;
    free(d->lane);
    free(d->result);
    free(d->query);
    arena_free(&d->arena);
    free(d);
}
