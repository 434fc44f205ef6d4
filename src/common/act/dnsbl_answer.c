/* What came back for each question: tests, addresses, texts. */
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "act/dnsbl_parts.h"
#include "base/text.h"

/* c-ares gives as many addresses of an answer as asked for; an answer that fills this is refused,
 * since an error code may be among the rest. */
#define CODES_MAX 64

static enum dnsbl_reason reason_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENOTFOUND:
        return DNSBL_FINE;
    case ARES_ESERVFAIL:
        return DNSBL_SERVFAIL;
    case ARES_EREFUSED:
    case ARES_ENOTIMP:
        return DNSBL_REFUSED;
    case ARES_ETIMEOUT:
        return DNSBL_TIME_OUT;
    case ARES_ECONNREFUSED:
        return DNSBL_UNREACHABLE;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return DNSBL_NO_TIME;
    default:
        return DNSBL_BAD_ANSWER;
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The addresses of an answer, ascending, each once. 0 when there are none or too many. */
static unsigned read_codes(const unsigned char *answer, int size, uint32_t code[CODES_MAX])
{
    struct ares_addrttl record[CODES_MAX];
    int records = CODES_MAX;
    unsigned n = 0;

    if (ares_parse_a_reply(answer, size, NULL, record, &records) != ARES_SUCCESS ||
        records == CODES_MAX)
        return 0;
    for (int i = 0; i < records; i++)
        code[i] = ntohl(record[i].ipaddr.s_addr);
    qsort(code, (size_t)records, sizeof *code, by_value);
    for (int i = 0; i < records; i++) {
        if (i == 0 || code[i] != code[i - 1])
            code[n++] = code[i];
    }
    return n;
}

/* What a test's answer says against the list. */
static enum dnsbl_reason judge_test(const struct query *q, int status, const uint32_t *code,
                                    unsigned n)
{
    const struct zone_code *by;
    enum dnsbl_reason why = reason_of(status);

    if (why != DNSBL_FINE)
        return why;
    if (status == ARES_ENOTFOUND)
        return q->what == TEST_LISTED ? DNSBL_NO_TEST_ENTRY : DNSBL_FINE;
    dnsbl_read(&q->d->q.zone[q->lane->zone], code, n, &why, &by);
    if (why != DNSBL_FINE && why != DNSBL_UNKNOWN_CODE)
        return why;
    return q->what == TEST_UNLISTED ? DNSBL_WILDCARD : DNSBL_FINE;
}

static void take_test(struct query *q, int status, const uint32_t *code, unsigned n)
{
    struct lane *l = q->lane;

    l->result[q->what] = judge_test(q, status, code, n);
    if (--l->waiting > 0)
        return;
    l->fault = l->result[TEST_UNLISTED] ? l->result[TEST_UNLISTED] : l->result[TEST_LISTED];
}

static void take_address(struct query *q, int status, const uint32_t *code, unsigned n)
{
    struct dnsbl *d = q->d;
    struct dnsbl_result *r = dnsbl_at(d, q->lane, q->what);
    const struct zone_code *by;

    r->reason = reason_of(status);
    if (r->reason != DNSBL_FINE) {
        r->verdict = DNSBL_CANNOT_TELL;
        return;
    }
    if (status == ARES_ENOTFOUND) {
        r->verdict = DNSBL_NOT_LISTED;
        return;
    }
    r->verdict = dnsbl_read(&d->q.zone[q->lane->zone], code, n, &r->reason, &by);
    r->meaning = by ? by->meaning : SLICE_NONE;
    uint32_t *kept = n ? arena_alloc(&d->arena, n * sizeof *kept) : NULL;
    if (n && kept == NULL) {
        d->no_memory = true;
        return;
    }
    if (n)
        memcpy(kept, code, n * sizeof *kept);
    r->code = kept;
    r->codes = n;
}

/* The key is taken out before the text is cut, else half of it could stay at the end. */
static void take_text(struct query *q, const unsigned char *answer, int size)
{
    struct dnsbl *d = q->d;
    struct ares_txt_ext *list = NULL;
    struct text t = {0};

    if (ares_parse_txt_reply_ext(answer, size, &list) != ARES_SUCCESS)
        return;
    for (const struct ares_txt_ext *x = list; x; x = x->next) {
        if (x->record_start && x != list)
            text_add(&t, SL(" | "));
        text_add(&t, slice_of((const char *)x->txt, x->length));
    }
    ares_free_data(list);
    if (t.n) {
        struct dnsbl_result *r = dnsbl_at(d, q->lane, q->what);
        t.n = dnsbl_scrub(t.p, t.n, dnsbl_key(&d->q, q->lane->zone));
        r->txt = arena_slice(&d->arena, slice_of(t.p, t.n < DNSBL_TXT ? t.n : DNSBL_TXT));
        d->no_memory |= r->txt.p == NULL;
    }
    d->no_memory |= t.failed;
    text_free(&t);
}

static void count(struct query *q, int status, int timeouts, bool answer)
{
    struct lane *l = q->lane;
    unsigned *silent = q->kind == ASK_TEXT ? &l->silent_text : &l->silent;

    q->d->stats.timed_out += (unsigned)timeouts;
    q->d->stats.answered += answer;
    if (status == ARES_ETIMEOUT)
        ++*silent;
    else if (answer)
        *silent = 0;
    if (q->kind == ASK_ADDRESS && l->silent >= SILENT_MAX && l->fault == DNSBL_FINE)
        l->fault = DNSBL_TIME_OUT;
}

/* Whether a listing's text is asked for next; the query keeps its memory, not its place. */
static bool wants_text(struct query *q)
{
    return q->kind == ASK_ADDRESS && !q->d->stopping && q->lane->silent_text < SILENT_MAX &&
           dnsbl_at(q->d, q->lane, q->what)->verdict == DNSBL_LISTED;
}

/* c-ares calls this once for each question, perhaps before ares_query() returns. */
void dnsbl_answered(void *arg, int status, int timeouts, unsigned char *answer, int size)
{
    struct query *q = arg;
    struct dnsbl *d = q->d;
    uint32_t code[CODES_MAX];
    unsigned n = 0;

    /* A response code that c-ares has no status for is no success. */
    if (status == ARES_SUCCESS && (size < HFIXEDSZ || (answer[3] & 15) != 0))
        status = ARES_EBADRESP;
    d->no_memory |= status == ARES_ENOMEM;
    count(q, status, timeouts, answer != NULL);
    if (status == ARES_SUCCESS && q->kind != ASK_TEXT)
        n = read_codes(answer, size, code);
    if (q->kind == ASK_TEST)
        take_test(q, status, code, n);
    else if (q->kind == ASK_ADDRESS)
        take_address(q, status, code, n);
    else if (status == ARES_SUCCESS)
        take_text(q, answer, size);
    d->in_flight--;
    q->lane->in_flight--;
    if (d->window < d->opt.in_flight)
        d->window++;
    struct query **list = wants_text(q) ? &d->texts : &d->free;
    q->next = *list;
    *list = q;
}
