#include <stdlib.h>

#include "act/trail.h"
#include "base/exits.h"

#define COLUMNS                                                                                \
    "SELECT time, host, qid, kind, identity, client, helo, sender, recipients, sent, refused," \
    " spam, outbound, subject, listed_by FROM messages WHERE "
#define IN_TIME " AND time BETWEEN ? AND ? ORDER BY time, host, qid"

struct reading {
    struct ledger_rows rows;
    struct arena *arena;
    struct trail_list *out;
    bool failed;
};

/* The column's text; the row before had the same often. */
static struct slice text_of(struct reading *r, int column, struct slice before)
{
    struct slice s = ledger_text(&r->rows, column);

    if (s.n == 0 || slice_eq(s, before))
        return s.n ? before : SLICE_NONE;
    struct slice copy = arena_slice(r->arena, s);
    r->failed |= copy.n == 0;
    return copy;
}

static uint32_t count_of(const struct reading *r, int column)
{
    int64_t n = ledger_int(&r->rows, column);

    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void take_row(struct reading *r, struct trail_message *m, const struct trail_message *before)
{
    static const struct trail_message none;
    bool login = slice_eq(ledger_text(&r->rows, 3), identity_kind_name(IDENTITY_LOGIN));

    if (before == NULL)
        before = &none;
    *m = (struct trail_message){.kind = login ? IDENTITY_LOGIN : IDENTITY_CLIENT,
                                .sent = count_of(r, 9),
                                .refused = count_of(r, 10),
                                .spam = (uint8_t)count_of(r, 11)};
    m->m.time = ledger_int(&r->rows, 0);
    m->m.recipients = count_of(r, 8);
    m->host = text_of(r, 1, before->host);
    m->qid = text_of(r, 2, SLICE_NONE);
    m->identity = text_of(r, 4, before->identity);
    m->m.client = text_of(r, 5, before->m.client);
    m->m.helo = text_of(r, 6, before->m.helo);
    m->m.sender = text_of(r, 7, before->m.sender);
    m->outbound = text_of(r, 12, before->outbound);
    m->m.subject = text_of(r, 13, before->m.subject);
    m->listed_by = text_of(r, 14, before->listed_by);
    if (login)
        m->m.login = m->identity;
}

static bool read_rows(struct ledger *l, struct ledger_rows rows, struct arena *arena,
                      struct trail_list *out)
{
    struct reading r = {rows, arena, out, false};

    *out = (struct trail_list){0};
    while (!r.failed && ledger_next(&r.rows)) {
        if (out->n == out->cap) {
            size_t cap = out->cap ? out->cap * 2 : 256;
            struct trail_message *list = realloc(out->list, cap * sizeof *list);
            if (list == NULL) {
                r.failed = true;
                break;
            }
            out->list = list;
            out->cap = cap;
        }
        take_row(&r, &out->list[out->n], out->n ? &out->list[out->n - 1] : NULL);
        out->n++;
    }
    ledger_done(&r.rows);
    if (r.failed)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return ledger_failure(l)->status == 0;
}

bool trail_of_customer(struct ledger *l, struct slice customer, int64_t since, int64_t until,
                       struct arena *arena, struct trail_list *out)
{
    return read_rows(l,
                     ledger_query(l, COLUMNS "customer = ?" IN_TIME, "tii", customer, since, until),
                     arena, out);
}

bool trail_of_identity(struct ledger *l, uint8_t kind, struct slice identity, int64_t since,
                       int64_t until, struct arena *arena, struct trail_list *out)
{
    return read_rows(l,
                     ledger_query(l, COLUMNS "identity = ? AND kind = ?" IN_TIME, "ttii", identity,
                                  identity_kind_name(kind), since, until),
                     arena, out);
}

void trail_list_free(struct trail_list *list)
{
    free(list->list);
    *list = (struct trail_list){0};
}
