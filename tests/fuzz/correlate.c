/* Messages' lives that are made of the input: a few hosts, queue ids and clients, every kind of
 * line, in any order, at any time. Checked are:
 *   - saved after any line and loaded into a new parser, it goes on to the same records;
 *   - nobody gets a login that isn't his: that of a record is its queue id's own, from the last
 *     client line, or, where that client is on this machine or its network and has none, one that
 *     was handed on to the id: by `queued as` of a next hop at the client's own place, by XFORWARD,
 *     by a proxy filter, by a new queue id;
 *   - what is remembered follows what is open. */
#include "fuzz.h"

#define LINES_MAX 300

static const char *const qids[] = {"A1B2C3D4E5", "B1B2C3D4E5", "C1B2C3D4E5", "D1B2C3D4E5"};
static const char *const hosts[] = {"mx", "out"};
static const char *const instances[] = {"postfix", "postfix", "postfix", "second"};
static const char *const senders[] = {"a@x", "b@x", ""};
static const char *const relays[] = {"l[127.0.0.1]:10024", "f[10.1.2.3]:10024", "m[192.0.2.9]:25",
                                     "s[private/scan]", "none"};
static const char *const clients[] = {"e[203.0.113.6]", "pc[198.51.100.7]", "l[127.0.0.1]",
                                      "f[10.1.2.3]"};
static const char *const statuses[] = {"sent", "deferred", "bounced"};
static const char *const actions[] = {"hold", "reject", "warning"};
static const int steps[] = {0, 0, 0, 1, 2, 9, 31, 61, 3600, -1, -60, -20000, 86400, 700000};
#define SMALL_STEPS 12 /* of which the clock doesn't jump */

#define PICK(b, list) list[take_byte(b) % (sizeof(list) / sizeof *(list))]

/* Where a client or a next hop is; a socket is on this machine. */
enum place { OUTSIDE, LOOPBACK, FILTER, PLACES };
static const enum place client_place[] = {OUTSIDE, OUTSIDE, LOOPBACK, FILTER};
static const enum place relay_place[] = {LOOPBACK, FILTER, OUTSIDE, LOOPBACK, OUTSIDE};

/* What may be known of a queue id of a host; sets of logins are a bit each. */
struct owner {
    uint64_t own, handed[PLACES], given; /* given: by other ways than `queued as` */
    enum place place;      /* of the client without a login; OUTSIDE: nothing counts */
    unsigned from[PLACES]; /* ids that handed on to it, a bit each */
};

struct life {
    struct bytes in;
    bool judged;    /* one instance a host, and every login is checked */
    unsigned login; /* the last one that was given out: each is another */
    struct owner id[2][4], before[2][4];
    uint64_t session[4]; /* logins of a proxy filter's sessions, by pid */
    int64_t time;
    struct text log;
    size_t line[LINES_MAX + 1], lines; /* where each begins */
};

/* The logins that records of the id may bear, its givers' included. */
static uint64_t may_bear(const struct owner id[4], unsigned q, unsigned seen)
{
    const struct owner *o = &id[q];
    uint64_t set = o->own;

    if (o->place == OUTSIDE)
        return set;
    set |= o->handed[o->place] | o->given;
    for (unsigned p = 0; p < 4; p++)
        if (o->from[o->place] >> p & 1 && !(seen >> p & 1))
            set |= may_bear(id, p, seen | 1u << p);
    return set;
}

/* p's logins go to q, of a client at that place (PLACES: at any). */
static void hand_on(struct life *l, unsigned h, unsigned p, unsigned q, enum place place)
{
    struct owner *o = &l->id[h][q];
    uint64_t set = may_bear(l->id[h], p, 1u << p);

    for (unsigned i = LOOPBACK; i < PLACES; i++)
        if (place == PLACES || place == i) {
            o->handed[i] |= set;
            o->from[i] |= 1u << p;
        }
}

static void program(struct life *l, const char *host, const char *instance, const char *daemon,
                    unsigned pid)
{
    char stamp[WHEN_TEXT_MAX];

    text_add(&l->log, slice_of(stamp, when_print(stamp, l->time * WHEN_SECOND, 0)));
    text_addf(&l->log, " %s %s/%s[%u]: ", host, instance, daemon, pid);
}

static void head(struct life *l, const char *host, const char *daemon)
{
    program(l, host, l->judged ? "postfix" : PICK(&l->in, instances), daemon, 5);
}

/* Sessions are kept in a table where those of two programs may displace each other: one program. */
static void session_head(struct life *l, unsigned pid)
{
    program(l, "mx", "postfix", "smtpd", pid);
}

static uint64_t new_login(struct life *l)
{
    l->login = (l->login + 1) % 64;
    return UINT64_C(1) << l->login;
}

static void client_line(struct life *l, unsigned h, unsigned q)
{
    unsigned how = take_byte(&l->in), from = take_byte(&l->in) % 4;
    struct owner *o = &l->id[h][q];

    text_addf(&l->log, "%s: client=%s", qids[q], clients[how % 4]);
    o->own = 0;
    o->place = client_place[how % 4];
    if (how & 16) {
        o->own = new_login(l);
        o->place = OUTSIDE;
        text_addf(&l->log, ", sasl_method=PLAIN, sasl_username=u%u", l->login);
    } else if (how & 32 && o->place != OUTSIDE) { /* smtpd takes XFORWARD of its own hosts only */
        text_addf(&l->log, ", orig_queue_id=%s, orig_client=pc[198.51.100.7]", qids[from]);
        hand_on(l, h, from, q, PLACES);
    }
}

static void deliver_line(struct life *l, unsigned h, unsigned q)
{
    unsigned relay = take_byte(&l->in) % 5, status = take_byte(&l->in) % 3;
    unsigned to = take_byte(&l->in) % 4;

    text_addf(&l->log,
              "%s: to=<r@y>, relay=%s, delay=1, dsn=2.0.0, status=%s (250 Ok: queued as %s)",
              qids[q], relays[relay], statuses[status], qids[to]);
    if (status == 0 && relay_place[relay] != OUTSIDE)
        hand_on(l, h, q, to, relay_place[relay]);
}

static void pickup_line(struct life *l, unsigned h, unsigned q)
{
    unsigned from = take_byte(&l->in);
    struct owner *o = &l->id[h][q];

    text_addf(&l->log, "%s: uid=0 from=<root>", qids[q]);
    o->own = 0;
    o->place = OUTSIDE;
    if (from & 4) {
        text_addf(&l->log, " orig_id=%s", qids[from % 4]);
        o->place = LOOPBACK;
        hand_on(l, h, from % 4, q, PLACES);
    }
}

/* A session whose message gets its queue id behind the filter, and the filter's word. */
static void proxied_line(struct life *l, unsigned pid)
{
    unsigned how = take_byte(&l->in);

    text_addf(&l->log, "NOQUEUE: client=%s", clients[how % 4]);
    l->session[pid] = 0;
    if (how & 4) {
        l->session[pid] = new_login(l);
        text_addf(&l->log, ", sasl_method=PLAIN, sasl_username=u%u", l->login);
    }
}

static void proxy_line(struct life *l, unsigned pid)
{
    unsigned to = take_byte(&l->in) % 4;

    text_addf(&l->log,
              "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as %s; from=<a@x> to=<r@y> "
              "proto=ESMTP helo=<pc>",
              qids[to]);
    l->id[0][to].given |= l->session[pid];
}

static void session_line(struct life *l, unsigned what, unsigned pid)
{
    session_head(l, pid);
    switch (what) {
    case 0:
        proxied_line(l, pid);
        break;
    case 1:
        proxy_line(l, pid);
        break;
    case 2:
        text_add(&l->log, SL("warning: e[203.0.113.6]: SASL LOGIN authentication failed: no"));
        break;
    default:
        text_addf(&l->log, "disconnect from e[203.0.113.6] ehlo=1 auth=0/%u commands=1/3",
                  take_byte(&l->in) % 4);
        l->session[pid] = 0;
    }
}

static void one_line(struct life *l, unsigned what)
{
    unsigned h = take_byte(&l->in) % 2, q = take_byte(&l->in) % 4, pid = 1 + take_byte(&l->in) % 3;
    const char *host = hosts[h], *qid = qids[q];

    l->time += steps[take_byte(&l->in) % (l->judged ? SMALL_STEPS : sizeof steps / sizeof *steps)];
    switch (what % 16) {
    case 0:
    case 1:
        head(l, host, "smtpd");
        client_line(l, h, q);
        break;
    case 2:
    case 3:
        head(l, host, "cleanup");
        text_addf(&l->log, "%s: message-id=<m%u@x>", qid, take_byte(&l->in) % 2);
        break;
    case 4:
    case 5:
        head(l, host, "qmgr");
        text_addf(&l->log, "%s: from=<%s>, size=1, nrcpt=1 (queue active)", qid,
                  PICK(&l->in, senders));
        break;
    case 6:
        head(l, host, "qmgr");
        text_addf(&l->log, "%s: removed", qid);
        break;
    case 7:
    case 8:
        head(l, host, "smtp");
        deliver_line(l, h, q);
        break;
    case 9:
        head(l, host, "bounce");
        text_addf(&l->log, "%s: sender non-delivery notification: %s", qid, PICK(&l->in, qids));
        break;
    case 10:
        head(l, host, "pickup");
        pickup_line(l, h, q);
        break;
    case 15:
        head(l, host, "cleanup");
        text_addf(&l->log,
                  "%s: %s: header Subject: x from pc[198.51.100.7]; from=<a@x> to=<r@y> "
                  "proto=ESMTP helo=<pc>: no",
                  qid, PICK(&l->in, actions));
        break;
    default:
        session_line(l, what % 16 - 11, pid);
    }
    text_addc(&l->log, '\n');
    l->line[++l->lines] = l->log.n;
}

/* The record's login is one that its queue id may bear now, or could before this line, which may
 * have let it go. */
static void check_login(const struct life *l, const struct record *r)
{
    uint64_t n;

    if (r->f[COL_SASL_USER].n == 0 || r->f[COL_QID].n == 0 || r->kind == KIND_NDR)
        return; /* a notice tells of its parent */
    CHECK(slice_u64(slice_skip(r->f[COL_SASL_USER], 1), &n) && n < 64);
    for (unsigned h = 0; h < 2; h++)
        for (unsigned q = 0; q < 4; q++)
            if (slice_eq(r->f[COL_HOST], slice_str(hosts[h])) &&
                slice_eq(r->f[COL_QID], slice_str(qids[q])))
                CHECK((may_bear(l->id[h], q, 1u << q) | may_bear(l->before[h], q, 1u << q)) >> n &
                      1);
}

static void nobody_gets_anothers_login(struct life *l)
{
    struct parser *p = new_parser(false);
    struct record *r;
    size_t done = 0;

    while (l->in.p < l->in.end && l->lines < LINES_MAX) {
        memcpy(l->before, l->id, sizeof l->before);
        one_line(l, take_byte(&l->in));
        char *copy = copy_of(slice_range(l->log.p + done, l->log.p + l->log.n));
        if (getenv("FUZZ_SHOW"))
            fprintf(stderr, "%.*s", (int)(l->log.n - done), copy);
        parser_push(p, copy, l->log.n - done);
        while (parser_next(p, &r) == PARSER_RECORD)
            check_login(l, r);
        free(copy);
        done = l->log.n;
    }
    struct parser_stats s;
    parser_stats(p, &s);
    CHECK(s.messages.open <= 2 * 4 * 2);
    parser_free(p);
}

static int by_line(const void *a, const void *b)
{
    struct slice x = *(const struct slice *)a, y = *(const struct slice *)b;
    int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

    return c ? c : (x.n > y.n) - (x.n < y.n);
}

/* The lines in an order of their own: sessions are saved in that of their table. */
static void sort_lines(struct text *t)
{
    static struct slice line[4 * LINES_MAX];
    struct slice s = text_slice(t);
    struct text sorted = {0};
    size_t n = 0;

    while (s.n && n < sizeof line / sizeof *line) {
        const char *nl = slice_chr(s, '\n');
        line[n++] = slice_range(s.p, nl + 1);
        s = slice_range(nl + 1, s.p + s.n);
    }
    qsort(line, n, sizeof *line, by_line);
    for (size_t i = 0; i < n; i++)
        text_add(&sorted, line[i]);
    text_free(t);
    *t = sorted;
}

static void goes_on_alike(const struct life *l, size_t cut)
{
    struct text want = {0}, got = {0}, saved = {0}, again = {0};
    struct parser *p = new_parser(false), *q = new_parser(false);
    struct slice before = slice_of(l->log.p, l->line[cut]);
    struct slice after = slice_range(l->log.p + l->line[cut], l->log.p + l->log.n);

    push_all(p, before, &want);
    CHECK(parser_save(p, &saved));
    CHECK(parser_load(q, text_slice(&saved)));
    CHECK(parser_save(q, &again));
    sort_lines(&saved);
    sort_lines(&again);
    check_same(&saved, &again, "saved, loaded and saved");
    want.n = 0;
    push_all(p, after, &want);
    end_records(p, &want);
    push_all(q, after, &got);
    end_records(q, &got);
    check_same(&want, &got, "going on and loading");
    parser_free(p);
    parser_free(q);
    text_free(&want);
    text_free(&got);
    text_free(&saved);
    text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct life l = {.in = {data, data + size}, .time = FUZZ_NOW / WHEN_SECOND};
    unsigned cut = take_byte(&l.in);

    l.judged = take_byte(&l.in) % 2;
    if (l.judged) {
        nobody_gets_anothers_login(&l);
    } else {
        while (l.in.p < l.in.end && l.lines < LINES_MAX)
            one_line(&l, take_byte(&l.in));
        cut %= (unsigned)l.lines + 1;
        if (getenv("FUZZ_SHOW"))
            fprintf(stderr, "%.*s--- saved and loaded\n%.*s", (int)l.line[cut], l.log.p,
                    (int)(l.log.n - l.line[cut]), l.log.p + l.line[cut]);
        goes_on_alike(&l, cut);
    }
    text_free(&l.log);
    return 0;
}
