#include "log/message.h"

#include <stdlib.h>

#define BUCKETS_FIRST 4096u

const uint8_t message_column[MESSAGE_FIELDS] = {
    COL_ORIGIN, COL_CLIENT_NAME, COL_CLIENT_IP, COL_SASL_USER, COL_HELO,
    COL_SENDER, COL_MSGID,       COL_SIZE,      COL_NRCPT,     COL_SUBJECT};

bool store_setup(struct store *s)
{
    *s = (struct store){.buckets = BUCKETS_FIRST};
    s->bucket = calloc(s->buckets, sizeof *s->bucket);
    return s->bucket != NULL;
}

void store_free(struct store *s)
{
    for (int l = 0; l < LIST_COUNT; l++)
        while (s->list[l].first)
            store_drop(s, s->list[l].first);
    free(s->bucket);
    pool_free(&s->pool);
}

/* A larger piece, with the fields moved together. */
static bool enlarge(struct store *s, struct message *m, size_t need)
{
    size_t live = 0;

    for (int f = 0; f < MESSAGE_FIELDS; f++)
        live += m->f[f].n;
    if (live + need > UINT32_MAX / 4)
        return false;
    size_t cap = pool_round(live + need + (live ? 32 : 128));
    char *bytes = pool_get(&s->pool, cap);
    if (bytes == NULL)
        return false;
    uint32_t at = 0;
    for (int f = 0; f < MESSAGE_FIELDS; f++) {
        if (m->f[f].n)
            memcpy(bytes + at, m->bytes + m->f[f].at, m->f[f].n);
        m->f[f].at = at;
        at += m->f[f].n;
    }
    pool_put(&s->pool, m->bytes, m->cap);
    m->bytes = bytes;
    m->used = at;
    m->cap = (uint32_t)cap;
    return true;
}

bool message_set(struct store *s, struct message *m, enum message_field f, struct slice value)
{
    if (slice_eq(message_get(m, f), value))
        return true;
    if (value.n <= m->f[f].n) {
        memcpy(m->bytes + m->f[f].at, value.p ? value.p : "", value.n);
        m->f[f].n = (uint32_t)value.n;
        return true;
    }
    m->f[f].n = 0;
    if (value.n > m->cap - m->used && !enlarge(s, m, value.n))
        return false;
    memcpy(m->bytes + m->used, value.p, value.n);
    m->f[f].at = m->used;
    m->f[f].n = (uint32_t)value.n;
    m->used += (uint32_t)value.n;
    return true;
}

static void unlist(struct store *s, struct message *m)
{
    struct message_list_ends *l = &s->list[m->list];

    *(m->prev ? &m->prev->next : &l->first) = m->next;
    *(m->next ? &m->next->prev : &l->last) = m->prev;
    l->count--;
}

static void enlist(struct store *s, struct message *m, enum message_list list)
{
    struct message_list_ends *l = &s->list[list];

    m->list = (uint8_t)list;
    m->prev = l->last;
    m->next = NULL;
    *(l->last ? &l->last->next : &l->first) = m;
    l->last = m;
    l->count++;
}

void store_move(struct store *s, struct message *m, enum message_list list, int64_t time)
{
    m->touched = time;
    if (m->list == list && m->next == NULL)
        return;
    unlist(s, m);
    enlist(s, m, list);
}

uint64_t store_hash(struct slice qid)
{
    return slice_hash(qid);
}

/* Twice the chains; within one, newer ones still stand first. */
static void grow(struct store *s)
{
    size_t size = s->buckets * 2;
    struct message **bucket = calloc(size, sizeof *bucket);

    if (bucket == NULL)
        return; /* longer chains, nothing worse */
    for (size_t i = 0; i < s->buckets; i++) {
        struct message **tail[2] = {&bucket[i], &bucket[i + s->buckets]};
        for (struct message *m = s->bucket[i]; m; m = m->chain) {
            struct message ***t = &tail[(m->hash & (size - 1)) != i];
            **t = m;
            *t = &m->chain;
        }
        *tail[0] = *tail[1] = NULL;
    }
    free(s->bucket);
    s->bucket = bucket;
    s->buckets = size;
}

struct message *store_add(struct store *s, struct slice qid, struct instance *in, int64_t time)
{
    struct message *m = qid.n > MESSAGE_QID_MAX ? NULL : pool_get(&s->pool, sizeof *m);

    if (m == NULL)
        return NULL;
    *m = (struct message){.instance = in, .hash = store_hash(qid), .touched = time};
    m->serial = ++s->serial;
    m->qid_n = (uint8_t)qid.n;
    memcpy(m->qid, qid.p, qid.n);
    if (++s->count > s->buckets)
        grow(s);
    struct message **b = &s->bucket[m->hash & (s->buckets - 1)];
    m->chain = *b;
    *b = m;
    enlist(s, m, LIST_FRESH);
    return m;
}

void store_drop(struct store *s, struct message *m)
{
    struct message **b = &s->bucket[m->hash & (s->buckets - 1)];

    while (*b != m)
        b = &(*b)->chain;
    *b = m->chain;
    unlist(s, m);
    s->count--;
    while (m->held) {
        struct held *h = m->held;
        m->held = h->next;
        held_free(s, h);
    }
    pool_put(&s->pool, m->bytes, m->cap);
    pool_put(&s->pool, m, sizeof *m);
}

struct message *store_next(const struct store *s, struct slice qid, uint64_t hash,
                           const struct message *after)
{
    struct message *m = after ? after->chain : s->bucket[hash & (s->buckets - 1)];

    for (; m; m = m->chain)
        if (m->hash == hash && m->list != LIST_NONE && slice_eq(message_qid(m), qid))
            return m;
    return NULL;
}

struct message *store_find(const struct store *s, const struct instance *in, struct slice qid)
{
    uint64_t hash = store_hash(qid);
    struct message *best = NULL, *m = NULL;
    int best_rank = 0;

    while ((m = store_next(s, qid, hash, m)) != NULL) {
        if (m->instance->host_id != in->host_id)
            continue;
        int rank = m->instance == in ? 2 : m->instance->owner && in->owner ? 0 : 1;
        if (rank == 0)
            continue;
        rank += message_is_gone(m) ? 0 : 4;
        if (rank > best_rank || (rank == best_rank && m->serial > best->serial)) {
            best = m;
            best_rank = rank;
        }
    }
    return best;
}

struct held *held_new(struct store *s, const struct record *r, const struct program *prog)
{
    size_t bytes = sizeof(struct held);

    for (int c = 0; c < COL_COUNT; c++)
        if (r->f[c].n)
            bytes += 5 + r->f[c].n;
    struct held *h = bytes > UINT32_MAX ? NULL : pool_get(&s->pool, bytes);
    if (h == NULL)
        return NULL;
    *h = (struct held){.prog = prog,
                       .time = r->time,
                       .digits = r->digits,
                       .kind = r->kind,
                       .bytes = (uint32_t)bytes};
    unsigned char *p = h->data;
    for (int c = 0; c < COL_COUNT; c++) {
        uint32_t n = (uint32_t)r->f[c].n;
        if (n == 0)
            continue;
        *p++ = (unsigned char)c;
        memcpy(p, &n, 4);
        memcpy(p + 4, r->f[c].p, n);
        p += 4 + n;
        h->fields++;
    }
    return h;
}

void held_fields(const struct held *h, struct record *r)
{
    const unsigned char *p = h->data;

    memset(r, 0, sizeof *r);
    r->time = h->time;
    r->digits = h->digits;
    r->kind = h->kind;
    for (unsigned i = 0; i < h->fields; i++) {
        uint32_t n;
        memcpy(&n, p + 1, 4);
        r->f[p[0]] = slice_of((const char *)p + 5, n);
        p += 5 + n;
    }
}

void held_free(struct store *s, struct held *h)
{
    pool_put(&s->pool, h, h->bytes);
}
