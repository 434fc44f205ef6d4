#include "act/trail.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/when.h"
#include "log/body.h"
#include "log/field.h"

#define LEG_HOURS 6     /* a filter may keep a message so long before its second leg begins */
#define AHEAD_MINUTES 1 /* lines out of order */

/* A message of this run, or what was said of an earlier one. */
struct entry {
    bool known; /* it came in during this run, the fields up to recipients are filled */
    uint8_t kind, spam;
    uint32_t recipients, sent, refused;
    int64_t time;        /* of a known one */
    int64_t least, most; /* of an earlier one: when it came in */
    int64_t row;         /* its row, once found; 0: none */
    struct entry *same;  /* another one under its key */
    struct slice qid, host, identity, customer, client, helo, sender, outbound;
};

struct trail {
    struct ledger *ledger;
    struct arena arena;
    struct map by_key;
    struct entry **list;
    size_t n, cap;
    int64_t cutoff; /* what is older is forgotten */
    struct text key;
};

struct trail *trail_new(struct ledger *l)
{
    struct trail *t = calloc(1, sizeof *t);

    if (t) {
        t->ledger = l;
        t->cutoff = INT64_MIN;
    }
    return t;
}

void trail_free(struct trail *t)
{
    if (t == NULL)
        return;
    arena_free(&t->arena);
    map_free(&t->by_key);
    text_free(&t->key);
    free(t->list);
    free(t);
}

/* --- gathering --- */

/* A queue id has no blanks. */
static struct slice key_of(struct text *t, struct slice host, struct slice qid)
{
    t->n = 0;
    text_add(t, qid);
    text_addc(t, ' ');
    text_add(t, host);
    return text_slice(t);
}

static struct entry *new_entry(struct trail *t, const struct record *r, const struct identity *id,
                               struct slice customer)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 1024;
        struct entry **list = realloc(t->list, cap * sizeof(struct entry *));
        if (list == NULL)
            return NULL;
        t->list = list;
        t->cap = cap;
    }
    struct entry *e = arena_alloc(&t->arena, sizeof *e);
    if (e == NULL)
        return NULL;
    e->kind = id->kind;
    e->identity = arena_slice(&t->arena, id->name);
    e->host = arena_slice(&t->arena, r->f[COL_HOST]);
    e->customer = arena_slice(&t->arena, customer);
    if (e->identity.n != id->name.n || e->host.n != r->f[COL_HOST].n || e->customer.n != customer.n)
        return NULL;
    return e;
}

/* Adds it to the list, and to the map under the key that was made last. */
static bool take_entry(struct trail *t, struct entry *e, bool by_key)
{
    struct slice key = e ? arena_slice(&t->arena, text_slice(&t->key)) : SLICE_NONE;

    if (e == NULL || key.n == 0 || t->key.failed)
        return false;
    e->qid = slice_range(key.p, slice_chr(key, ' '));
    if (by_key && !map_put(&t->by_key, key, e))
        return false;
    t->list[t->n++] = e;
    return true;
}

static bool keep_field(struct trail *t, struct slice *to, struct slice value)
{
    if (value.n == 0 || slice_eq(*to, value))
        return true;
    *to = arena_slice(&t->arena, value);
    return to->n > 0;
}

static bool on_accept(struct trail *t, const struct record *r, const struct identity *id,
                      struct slice customer)
{
    struct slice origin = r->f[COL_ORIGIN];
    uint64_t n = 0;

    if (origin.n && !slice_eq(origin, r->f[COL_QID]))
        return true; /* a later leg */
    struct entry *e = new_entry(t, r, id, customer);
    if (e == NULL)
        return false;
    slice_u64(r->f[COL_NRCPT], &n);
    e->known = true;
    e->time = r->time;
    e->recipients = n > UINT32_MAX ? UINT32_MAX : n ? (uint32_t)n : 1;
    key_of(&t->key, r->f[COL_HOST], r->f[COL_QID]);
    return keep_field(t, &e->client, r->f[COL_CLIENT_IP]) &&
           keep_field(t, &e->helo, r->f[COL_HELO]) && keep_field(t, &e->sender, r->f[COL_SENDER]) &&
           take_entry(t, e, true);
}

/* Whole seconds since the message, or its leg, came in. */
static int64_t age_of(const struct record *r)
{
    struct slice s = r->f[COL_DELAY];
    const char *point = slice_chr(s, '.');
    uint64_t n = 0;

    slice_u64(point ? slice_range(s.p, point) : s, &n);
    return n < 100 * 86400 ? (int64_t)n : 0;
}

/* Was the message handed to something on this machine or its network that takes it in again? The
 * same that ties two legs together. */
static bool is_hop(const struct record *r)
{
    struct slice ip = r->f[COL_RELAY_IP];

    if (ip.n && !field_is_local_ip(ip)) /* none: a socket */
        return false;
    if (slice_eq(r->f[COL_RELAY_PORT], SL("25")) && !slice_starts(ip, SL("127.")) &&
        !slice_eq(ip, SL("::1")))
        return false;
    return body_queued_as(r->f[COL_REPLY]).n > 0;
}

static bool may_be(const struct entry *e, const struct identity *id, int64_t least, int64_t most)
{
    if (e->kind != id->kind || !slice_eq(e->identity, id->name))
        return false;
    return e->known ? e->time >= least && e->time <= most : e->least <= most && e->most >= least;
}

/* The message that the record is about. */
static struct entry *entry_of(struct trail *t, const struct record *r, const struct identity *id,
                              struct slice customer)
{
    struct slice qid = r->f[COL_ORIGIN].n ? r->f[COL_ORIGIN] : r->f[COL_QID];
    struct entry *e = map_get(&t->by_key, key_of(&t->key, r->f[COL_HOST], qid));
    int64_t least = r->time - (age_of(r) + LEG_HOURS * 3600) * WHEN_SECOND;
    int64_t most = r->time + AHEAD_MINUTES * 60 * WHEN_SECOND;
    bool other = e && !may_be(e, id, least, most);

    if (e == NULL || other) {
        e = new_entry(t, r, id, customer);
        if (!take_entry(t, e, !other))
            return NULL;
        e->least = least;
        e->most = most;
    } else if (!e->known) {
        e->least = e->least > least ? e->least : least;
        e->most = e->most < most ? e->most : most;
    }
    return e;
}

static bool on_word(struct trail *t, const struct record *r, const struct identity *id,
                    struct slice customer, bool refused, int spam)
{
    bool deferred = slice_eq(r->f[COL_STATUS], SL("deferred"));
    bool sent = slice_eq(r->f[COL_STATUS], SL("sent")) && !refused;
    bool counts = r->kind == KIND_DELIVER && !deferred && (refused || sent) && !is_hop(r);

    if (!counts && spam == 0)
        return true;
    struct entry *e = entry_of(t, r, id, customer);
    if (e == NULL)
        return false;
    e->sent += counts && sent;
    e->refused += counts && refused;
    e->spam = spam > e->spam ? (uint8_t)spam : e->spam;
    return keep_field(t, &e->helo, r->f[COL_HELO]) &&
           (!counts || keep_field(t, &e->outbound, r->f[COL_OUTBOUND_IP]));
}

/* --- writing --- */

static int compare(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_owners(const struct entry *x, const struct entry *y)
{
    int order = compare(x->customer, y->customer);

    if (order == 0)
        order = (x->kind > y->kind) - (x->kind < y->kind);
    return order ? order : compare(x->identity, y->identity);
}

/* Rows of one customer together, as the table's indexes have them: a quarter of the time. Earlier
 * messages come before new ones. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    int order = compare_owners(x, y);

    if (order == 0)
        order = x->known - y->known;
    if (order == 0)
        order = (x->time > y->time) - (x->time < y->time);
    if (order == 0)
        order = compare(x->qid, y->qid);
    return order ? order : compare(x->host, y->host);
}

static bool insert(struct trail *t, const struct entry *e)
{
    uint32_t done = e->sent + e->refused;

    if (e->time < t->cutoff)
        return true;
    return ledger_run(t->ledger,
                      "INSERT INTO messages (time, host, qid, kind, identity, customer, client,"
                      " helo, sender, recipients, sent, refused, spam, outbound)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "ittttttttiiiit", e->time, e->host, e->qid, identity_kind_name(e->kind),
                      e->identity, e->customer, e->client, e->helo, e->sender,
                      (int64_t)(done > e->recipients ? done : e->recipients), (int64_t)e->sent,
                      (int64_t)e->refused, (int64_t)e->spam, e->outbound);
}

static bool update(struct trail *t, const struct entry *e)
{
    int64_t done = (int64_t)e->sent + e->refused;

    return ledger_run(t->ledger,
                      "UPDATE messages SET recipients = max(recipients, sent + refused + ?),"
                      " sent = sent + ?, refused = refused + ?, spam = max(spam, ?),"
                      " helo = CASE WHEN ? = '' THEN helo ELSE ? END,"
                      " outbound = CASE WHEN ? = '' THEN outbound ELSE ? END WHERE id = ?",
                      "iiiitttti", done, (int64_t)e->sent, (int64_t)e->refused, (int64_t)e->spam,
                      e->helo, e->helo, e->outbound, e->outbound, e->row);
}

/* Earlier messages of one identity by their key, and between which times they came in. */
struct earlier {
    struct map by_key;
    int64_t least, most;
};

static bool index_earlier(struct trail *t, struct entry *const *list, size_t n, struct earlier *out)
{
    out->least = INT64_MAX;
    out->most = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        struct entry *e = list[i];
        struct slice key = key_of(&t->key, e->host, e->qid);
        e->same = map_get(&out->by_key, key);
        if (e->same == NULL)
            key = arena_slice(&t->arena, key);
        if (key.n == 0 || !map_put(&out->by_key, key, e))
            return false;
        out->least = e->least < out->least ? e->least : out->least;
        out->most = e->most > out->most ? e->most : out->most;
    }
    return true;
}

/* The latest row that fits is the message's. */
static void find_rows(struct trail *t, const struct entry *who, const struct earlier *earlier)
{
    struct ledger_rows rows = ledger_query(
        t->ledger,
        "SELECT id, time, host, qid FROM messages WHERE identity = ? AND kind = ?"
        " AND time BETWEEN ? AND ? ORDER BY time",
        "ttii", who->identity, identity_kind_name(who->kind), earlier->least, earlier->most);

    while (ledger_next(&rows)) {
        int64_t time = ledger_int(&rows, 1);
        struct slice key = key_of(&t->key, ledger_text(&rows, 2), ledger_text(&rows, 3));
        for (struct entry *e = map_get(&earlier->by_key, key); e; e = e->same)
            if (time >= e->least && time <= e->most)
                e->row = ledger_int(&rows, 0);
    }
    ledger_done(&rows);
}

static bool write_earlier(struct trail *t, struct entry *const *list, size_t n)
{
    struct earlier earlier = {.by_key = {0}};
    bool ok = index_earlier(t, list, n, &earlier);

    if (ok)
        find_rows(t, list[0], &earlier);
    map_free(&earlier.by_key);
    for (size_t i = 0; i < n && ok; i++)
        if (list[i]->row)
            ok = update(t, list[i]);
    return ok && ledger_failure(t->ledger)->status == 0;
}

static bool write_out(struct trail *t)
{
    bool ok = true;
    size_t n;

    if (t->n)
        qsort(t->list, t->n, sizeof(struct entry *), compare_entries);
    for (size_t i = 0; i < t->n && ok; i += n) {
        struct entry *const *first = &t->list[i];
        n = 1;
        if (first[0]->known) {
            ok = insert(t, first[0]);
            continue;
        }
        while (i + n < t->n && !first[n]->known && compare_owners(first[0], first[n]) == 0)
            n++;
        ok = write_earlier(t, first, n);
    }
    t->n = 0;
    map_free(&t->by_key);
    arena_free(&t->arena);
    return ok;
}

bool trail_record(struct trail *t, const struct record *r, const struct identity *id,
                  struct slice customer, bool refused, int spam)
{
    if (id->kind == IDENTITY_NONE || r->f[COL_QID].n == 0)
        return true;
    if (t->n >= TRAIL_GATHERED && !write_out(t))
        return false;
    switch (r->kind) {
    case KIND_ACCEPT:
        return on_accept(t, r, id, customer);
    case KIND_DELIVER:
    case KIND_VERDICT:
        return on_word(t, r, id, customer, refused, spam);
    default:
        return true;
    }
}

bool trail_flush(struct trail *t, int64_t now, int64_t keep)
{
    if (now - keep > t->cutoff)
        t->cutoff = now - keep;
    return write_out(t) &&
           ledger_run(t->ledger, "DELETE FROM messages WHERE time < ?", "i", t->cutoff);
}
