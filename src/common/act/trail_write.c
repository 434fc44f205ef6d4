#include <stdlib.h>

#include "act/trail_parts.h"

static int compare_owners(const struct trail_entry *x, const struct trail_entry *y)
{
    int order = (x->kind > y->kind) - (x->kind < y->kind);

    return order ? order : slice_cmp(*x->word[WORD_IDENTITY], *y->word[WORD_IDENTITY]);
}

/* Earlier messages come before new ones, those of one identity together; new ones in the order of
 * their time, in which they are removed. */
static int compare_entries(const void *a, const void *b)
{
    const struct trail_entry *x = *(struct trail_entry *const *)a;
    const struct trail_entry *y = *(struct trail_entry *const *)b;
    int order = x->known - y->known;

    if (order == 0)
        order = x->known ? (x->least > y->least) - (x->least < y->least) : compare_owners(x, y);
    if (order == 0)
        order = slice_cmp(x->qid, y->qid);
    return order ? order : slice_cmp(*x->word[WORD_HOST], *y->word[WORD_HOST]);
}

static bool insert(struct trail *t, const struct trail_entry *e)
{
    uint32_t done = e->sent + e->refused;

    if (e->least < t->cutoff)
        return true;
    return ledger_run(
        t->ledger,
        "INSERT INTO messages (time, host, qid, kind, identity, customer, client, helo, sender,"
        " recipients, sent, refused, spam, outbound, subject, listed_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ittttttttiiiitTT", e->least, *e->word[WORD_HOST], e->qid, identity_kind_name(e->kind),
        *e->word[WORD_IDENTITY], *e->word[WORD_CUSTOMER], *e->word[WORD_CLIENT],
        *e->word[WORD_HELO], *e->word[WORD_SENDER],
        (int64_t)(done > e->recipients ? done : e->recipients), (int64_t)e->sent,
        (int64_t)e->refused, (int64_t)e->spam, *e->word[WORD_OUTBOUND], *e->word[WORD_SUBJECT],
        *e->word[WORD_LISTED_BY]);
}

static bool update(struct trail *t, const struct trail_entry *e)
{
    int64_t done = (int64_t)e->sent + e->refused;

    return ledger_run(t->ledger,
                      "UPDATE messages SET recipients = max(recipients, sent + refused + ?),"
                      " sent = sent + ?, refused = refused + ?, spam = max(spam, ?),"
                      " helo = coalesce(?, helo), outbound = coalesce(?, outbound),"
                      " listed_by = coalesce(listed_by, ?) WHERE id = ?",
                      "iiiiTTTi", done, (int64_t)e->sent, (int64_t)e->refused, (int64_t)e->spam,
                      *e->word[WORD_HELO], *e->word[WORD_OUTBOUND], *e->word[WORD_LISTED_BY],
                      e->row);
}

/* Earlier messages of one identity by their key, and between which times they came in. */
struct earlier {
    struct map by_key;
    int64_t least, most;
};

static bool index_earlier(struct trail *t, struct trail_part *p, struct trail_entry *const *list,
                          size_t n, struct earlier *out)
{
    out->least = INT64_MAX;
    out->most = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        struct trail_entry *e = list[i];
        struct slice key = trail_key(&t->key, *e->word[WORD_HOST], e->qid);
        e->older = map_get(&out->by_key, key);
        if (e->older == NULL)
            key = arena_slice(&p->arena, key);
        if (key.n == 0 || !map_put(&out->by_key, key, e))
            return false;
        out->least = e->least < out->least ? e->least : out->least;
        out->most = e->most > out->most ? e->most : out->most;
    }
    return true;
}

/* The latest row that fits is the message's. */
static void find_rows(struct trail *t, const struct trail_entry *who, const struct earlier *earlier)
{
    struct ledger_rows rows =
        ledger_query(t->ledger,
                     "SELECT id, time, host, qid FROM messages WHERE identity = ? AND kind = ?"
                     " AND time BETWEEN ? AND ? ORDER BY time",
                     "ttii", *who->word[WORD_IDENTITY], identity_kind_name(who->kind),
                     earlier->least, earlier->most);

    while (ledger_next(&rows)) {
        int64_t time = ledger_int(&rows, 1);
        struct slice key = trail_key(&t->key, ledger_text(&rows, 2), ledger_text(&rows, 3));
        for (struct trail_entry *e = map_get(&earlier->by_key, key); e; e = e->older)
            if (time >= e->least && time <= e->most)
                e->row = ledger_int(&rows, 0);
    }
    ledger_done(&rows);
}

static bool write_earlier(struct trail *t, struct trail_part *p, struct trail_entry *const *list,
                          size_t n)
{
    struct earlier earlier = {.by_key = {0}};
    bool ok = index_earlier(t, p, list, n, &earlier);

    if (ok)
        find_rows(t, list[0], &earlier);
    map_free(&earlier.by_key);
    for (size_t i = 0; i < n && ok; i++)
        if (list[i]->row)
            ok = update(t, list[i]);
    return ok && ledger_failure(t->ledger)->status == 0;
}

bool trail_write(struct trail *t, struct trail_part *p)
{
    bool ok = true;
    size_t n;

    if (p->n)
        qsort(p->list, p->n, sizeof(struct trail_entry *), compare_entries);
    for (size_t i = 0; i < p->n && ok; i += n) {
        struct trail_entry *const *first = &p->list[i];
        n = 1;
        if (first[0]->known) {
            ok = insert(t, first[0]);
            continue;
        }
        while (i + n < p->n && !first[n]->known && compare_owners(first[0], first[n]) == 0)
            n++;
        ok = write_earlier(t, p, first, n);
    }
    return ok;
}
