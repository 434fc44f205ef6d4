/* dnsbl_check: asks lists about addresses through one resolver, for tests/dnsbl.t.
 *
 *   dnsbl_check RESOLVER[,OPTION=NUMBER...] LIST... -- ADDRESS...
 * OPTION: in_flight, per_list, timeout, tries, limit. LIST: `ZONE|FLAGS|CODES|KEY`; FLAGS of 4 6
 * (families), l u (it has the test entry that is listed, that is not), k (keyed); CODES
 * `FIRST-LAST=MEANING,...`, `!` before MEANING: does not list. One line a result: `ZONE ADDRESS
 * VERDICT REASON CODES MEANING TEXT`, between tabs; then a line `#test ZONE FAMILY REASON` for each
 * list that fails, and the counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "act/dnsbl.h"
#include "base/msg.h"
#include "base/text.h"

#define MAX 70000
#define CODES 16

static struct zone zone[1000];
static struct zone_code code[1000][CODES];
static struct slice key[1000];
static struct ipaddr addr[MAX];

static struct slice until(struct slice *s, char c)
{
    const char *end = slice_chr(*s, c);
    struct slice part = end ? slice_range(s->p, end) : *s;

    *s = slice_skip(*s, part.n + 1);
    return part;
}

static uint32_t number(struct slice s)
{
    struct ipaddr a = {0, 0};

    if (!ipaddr_parse(s, &a) || !ipaddr_is_v4(a)) {
        msg_error("%.*s: no IPv4 address", (int)s.n, s.p);
        exit(64);
    }
    return (uint32_t)a.lo;
}

static void read_list(struct zone *z, struct zone_code *c, struct slice *k, char *arg)
{
    struct slice left = slice_str(arg), name = until(&left, '|'), flags = until(&left, '|');
    struct slice codes = until(&left, '|');

    *z = (struct zone){.id = name, .zone = name, .code = c};
    z->ipv4 = slice_chr(flags, '4') != NULL;
    z->ipv6 = slice_chr(flags, '6') != NULL;
    z->test_listed = slice_chr(flags, 'l') != NULL;
    z->test_unlisted = slice_chr(flags, 'u') != NULL;
    z->keyed = slice_chr(flags, 'k') != NULL;
    *k = left;
    while (codes.n && z->codes < CODES) {
        struct slice meaning = until(&codes, ','), range = until(&meaning, '=');
        struct slice first = until(&range, '-');
        struct zone_code *one = &c[z->codes++];
        one->first = number(first);
        one->last = range.n ? number(range) : one->first;
        one->listed = meaning.n && meaning.p[0] != '!';
        one->meaning = meaning;
    }
}

static void read_options(struct dnsbl_options *o, char *arg)
{
    struct slice left = slice_str(arg), resolver = until(&left, ',');

    arg[resolver.n] = '\0';
    o->resolver = resolver.n ? arg : NULL;
    while (left.n) {
        struct slice value = until(&left, ','), name = until(&value, '=');
        uint64_t n = 0;
        slice_u64(value, &n);
        unsigned *to = slice_eq(name, SL("in_flight"))  ? &o->in_flight
                       : slice_eq(name, SL("per_list")) ? &o->per_list
                       : slice_eq(name, SL("timeout"))  ? &o->timeout_ms
                       : slice_eq(name, SL("tries"))    ? &o->tries
                                                        : &o->limit_ms;
        *to = (unsigned)n;
    }
}

static const char *const verdict_name[] = {"not-asked", "not-listed", "listed", "cannot-tell"};
static const char *const reason_name[] = {
    "fine",     "no-test-entry", "wildcard", "error-code",  "outside", "unknown-code", "bad-answer",
    "servfail", "refused",       "time-out", "unreachable", "no-time", "no-key"};

static void print(const struct dnsbl *d, const struct dnsbl_question *q, unsigned z, unsigned a)
{
    const struct dnsbl_result *r = dnsbl_result(d, z, a);
    char name[DNSBL_NAME], ip[IPADDR_TEXT];
    struct text t = {0};

    text_addf(&t, "%s\t%s\t%s\t%s\t", dnsbl_zone_name(name, &q->zone[z]),
              ipaddr_text(q->addr[a], ip), verdict_name[r->verdict], reason_name[r->reason]);
    for (unsigned i = 0; i < r->codes; i++)
        text_addf(&t, "%s%s", i ? "," : "",
                  ipaddr_text((struct ipaddr){0, 0xffff00000000 | r->code[i]}, ip));
    text_addc(&t, '\t');
    text_add_tsv(&t, r->meaning);
    text_addc(&t, '\t');
    text_add_tsv(&t, r->txt);
    text_addc(&t, '\n');
    fwrite(t.p, 1, t.n, stdout);
    text_free(&t);
}

static void print_tests(const struct dnsbl *d, const struct dnsbl_question *q)
{
    struct dnsbl_stats s = dnsbl_stats(d);
    char name[DNSBL_NAME];

    for (unsigned z = 0; z < q->zones; z++) {
        for (int v6 = 0; v6 < 2; v6++) {
            enum dnsbl_reason why = dnsbl_tested(d, z, v6);
            if (why != DNSBL_FINE)
                printf("#test\t%s\t%d\t%s\n", dnsbl_zone_name(name, &q->zone[z]), v6 ? 6 : 4,
                       reason_name[why]);
        }
    }
    printf("#asked %lu answered %lu timed out %lu\n", s.asked, s.answered, s.timed_out);
}

int main(int argc, char **argv)
{
    struct dnsbl_question q = {.zone = zone, .key = key, .addr = addr};
    struct failure f = {0};
    int i;

    msg_init(argv[0]);
    if (argc < 2)
        return 64;
    read_options(&q.options, argv[1]);
    for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++, q.zones++)
        read_list(&zone[q.zones], code[q.zones], &key[q.zones], argv[i]);
    for (i++; i < argc && q.addrs < MAX; i++) {
        if (!ipaddr_parse(slice_str(argv[i]), &addr[q.addrs++]))
            return 64;
    }
    struct dnsbl *d = dnsbl_ask(&q, &f);
    if (d == NULL) {
        msg_error("%s", failure_text(&f));
        i = f.status;
        failure_free(&f);
        return i;
    }
    for (unsigned z = 0; z < q.zones; z++) {
        for (unsigned a = 0; a < q.addrs; a++)
            print(d, &q, z, a);
    }
    print_tests(d, &q);
    dnsbl_free(d);
    return fflush(stdout) == 0 ? 0 : 74;
}
