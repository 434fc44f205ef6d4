#include "act/attempt.h"

#include <stdlib.h>

#define TAG "[mp "

/* Where the last tag begins; NULL when there is none. */
static const char *last_tag(struct slice s)
{
    const size_t n = sizeof TAG - 1;

    for (size_t i = s.n; i >= n; i--)
        if (memcmp(s.p + i - n, TAG, n) == 0)
            return s.p + i - n;
    return NULL;
}

static bool number_until(struct slice *s, char end, unsigned *out)
{
    const char *p = slice_chr(*s, end);
    uint64_t v;

    if (p == NULL || !slice_u64(slice_range(s->p, p), &v) || v == 0 || v > INT32_MAX)
        return false;
    *out = (unsigned)v;
    *s = slice_range(p + 1, s->p + s->n);
    return true;
}

static bool ends_in(struct slice s, struct slice end)
{
    return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

bool attempt_of(const struct record *r, unsigned *incident, unsigned *rule)
{
    struct slice reply = r->f[COL_REPLY];

    if (r->kind != KIND_REJECT || reply.n < sizeof TAG)
        return false;
    const char *tag = last_tag(reply);
    if (tag == NULL)
        return false;
    struct slice before = slice_range(reply.p, tag);
    struct slice rest = slice_range(tag + sizeof TAG - 1, reply.p + reply.n);
    if (before.n && !ends_in(before, SL("rejected: ")) && !ends_in(before, SL("5.7.1 ")))
        return false;
    return number_until(&rest, '.', incident) && number_until(&rest, ']', rule) &&
           slice_chr(rest, '>') == NULL;
}

bool attempts_add(struct attempts *a, unsigned incident, unsigned rule, int64_t time)
{
    struct attempt_count *c = NULL;

    for (size_t i = 0; i < a->n && c == NULL; i++)
        if (a->list[i].incident == incident && a->list[i].rule == rule)
            c = &a->list[i];
    if (c == NULL) {
        if (a->n == a->cap) {
            size_t cap = a->cap ? 2 * a->cap : 16;
            struct attempt_count *more = realloc(a->list, cap * sizeof *more);
            if (more == NULL)
                return false;
            a->list = more;
            a->cap = cap;
        }
        c = &a->list[a->n++];
        *c = (struct attempt_count){incident, rule, 0, time};
    }
    c->n++;
    if (time > c->last)
        c->last = time;
    return true;
}

bool attempts_flush(struct attempts *a, struct ledger *l)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct attempt_count *c = &a->list[i];
        ledger_run(l,
                   "UPDATE actions SET refused = refused + ?,"
                   " last_refused = max(coalesce(last_refused, 0), ?)"
                   " WHERE incident = ? AND rule = ?",
                   "iiii", c->n, c->last, (int64_t)c->incident, (int64_t)c->rule);
        if (ledger_changes(l) == 0)
            continue; /* another ledger's tag */
        ledger_run(l,
                   "UPDATE incidents SET attempts = attempts + ?,"
                   " last_attempt = max(coalesce(last_attempt, 0), ?) WHERE id = ?",
                   "iii", c->n, c->last, (int64_t)c->incident);
    }
    a->n = 0;
    return ledger_failure(l)->status == 0;
}

void attempts_free(struct attempts *a)
{
    free(a->list);
    *a = (struct attempts){0};
}
