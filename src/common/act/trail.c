#include "act/trail.h"

#include <stdlib.h>

#include "act/trail_parts.h"
#include "base/when.h"
#include "log/body.h"
#include "log/field.h"

#define LEG_HOURS 6     /* a filter may keep a message so long before its second leg begins */
#define AHEAD_MINUTES 1 /* lines out of order */
#define PART_MOST (TRAIL_GATHERED / TRAIL_PARTS)

/* Many rows in one transaction: KiB of pages that are kept meanwhile, so that each goes out once.
 */
#define KEEP_PAGES "PRAGMA cache_size = -32768"

static const struct slice no_word;

struct trail *trail_new(struct ledger *l)
{
    struct trail *t = calloc(1, sizeof *t);

    if (t) {
        t->ledger = l;
        t->cutoff = INT64_MIN;
        ledger_run(l, KEEP_PAGES, "");
    }
    return t;
}

static void part_free(struct trail_part *p)
{
    arena_free(&p->arena);
    map_free(&p->by_key);
    map_free(&p->words);
    free(p->list);
    *p = (struct trail_part){.latest = INT64_MIN};
}

void trail_free(struct trail *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < TRAIL_PARTS; i++)
        part_free(&t->part[i]);
    text_free(&t->key);
    free(t);
}

/* --- gathering --- */

struct slice trail_key(struct text *t, struct slice host, struct slice qid)
{
    t->n = 0;
    text_add(t, qid);
    text_addc(t, ' ');
    text_add(t, host);
    return text_slice(t);
}

static struct trail_part *nth_part(struct trail *t, size_t n)
{
    return &t->part[(t->first + n) % TRAIL_PARTS];
}

/* Writes the oldest part, unless all of it is forgotten by now. */
static bool drop_oldest(struct trail *t)
{
    struct trail_part *p = nth_part(t, 0);
    bool ok = p->latest < t->cutoff || trail_write(t, p);

    part_free(p);
    t->first = (t->first + 1) % TRAIL_PARTS;
    t->parts--;
    return ok;
}

/* The part for a new entry, with room for it; NULL after a failure. */
static struct trail_part *newest(struct trail *t)
{
    struct trail_part *p = t->parts ? nth_part(t, t->parts - 1) : NULL;

    if (p == NULL || p->n >= PART_MOST) {
        while (t->parts && (t->parts == TRAIL_PARTS || nth_part(t, 0)->latest < t->cutoff))
            if (!drop_oldest(t))
                return NULL;
        p = nth_part(t, t->parts++);
        part_free(p);
    }
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 256;
        struct trail_entry **list = realloc(p->list, cap * sizeof(struct trail_entry *));
        if (list == NULL)
            return NULL;
        p->list = list;
        p->cap = cap;
    }
    return p;
}

/* An empty word changes nothing. */
static bool set_word(struct trail_part *p, struct trail_entry *e, enum trail_word at,
                     struct slice s)
{
    struct slice *word = p->last[at]; /* the entry before has the same often */

    if (s.n == 0 || slice_eq(*e->word[at], s))
        return true;
    if ((word == NULL || !slice_eq(*word, s)) && (word = map_get(&p->words, s)) == NULL) {
        word = arena_alloc(&p->arena, sizeof *word);
        if (word == NULL || (*word = arena_slice(&p->arena, s)).n == 0 ||
            !map_put(&p->words, *word, word))
            return false;
    }
    e->word[at] = p->last[at] = word;
    return true;
}

/* An entry under the key that was made last. */
static struct trail_entry *add_entry(struct trail *t, struct trail_part *p, const struct record *r,
                                     const struct identity *id, struct slice customer)
{
    struct trail_entry *e = p ? arena_alloc(&p->arena, sizeof *e) : NULL;
    struct slice key = e ? arena_slice(&p->arena, text_slice(&t->key)) : SLICE_NONE;

    if (key.n == 0 || t->key.failed)
        return NULL;
    for (unsigned i = 0; i < WORD_COUNT; i++)
        e->word[i] = &no_word;
    e->kind = id->kind;
    e->qid = slice_range(key.p, slice_chr(key, ' '));
    e->older = map_get(&p->by_key, key);
    if (!set_word(p, e, WORD_HOST, r->f[COL_HOST]) || !set_word(p, e, WORD_IDENTITY, id->name) ||
        !set_word(p, e, WORD_CUSTOMER, customer) || !map_put(&p->by_key, key, e))
        return NULL;
    p->list[p->n++] = e;
    return e;
}

static void set_time(struct trail_part *p, struct trail_entry *e, int64_t least, int64_t most)
{
    e->least = least;
    e->most = most;
    if (most > p->latest)
        p->latest = most;
}

static bool on_accept(struct trail *t, const struct record *r, const struct identity *id,
                      struct slice customer)
{
    struct slice origin = r->f[COL_ORIGIN];
    uint64_t n = 0;

    if (origin.n && !slice_eq(origin, r->f[COL_QID]))
        return true; /* a later leg */
    trail_key(&t->key, r->f[COL_HOST], r->f[COL_QID]);
    struct trail_part *p = newest(t);
    struct trail_entry *e = add_entry(t, p, r, id, customer);
    if (e == NULL)
        return false;
    slice_u64(r->f[COL_NRCPT], &n);
    e->known = true;
    e->recipients = n > UINT32_MAX ? UINT32_MAX : n ? (uint32_t)n : 1;
    set_time(p, e, r->time, r->time);
    return set_word(p, e, WORD_CLIENT, r->f[COL_CLIENT_IP]) &&
           set_word(p, e, WORD_HELO, r->f[COL_HELO]) &&
           set_word(p, e, WORD_SENDER, r->f[COL_SENDER]) &&
           set_word(p, e, WORD_SUBJECT, r->f[COL_SUBJECT]);
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

static bool may_be(const struct trail_entry *e, const struct identity *id, int64_t least,
                   int64_t most)
{
    return e->kind == id->kind && slice_eq(*e->word[WORD_IDENTITY], id->name) && e->least <= most &&
           e->most >= least;
}

/* The latest message under the key that fits, one that was seen to come in before others. *part:
 * where it is. */
static struct trail_entry *find_entry(struct trail *t, struct slice key, const struct identity *id,
                                      int64_t least, int64_t most, struct trail_part **part)
{
    struct trail_entry *found = NULL;

    for (size_t i = t->parts; i-- > 0;) {
        struct trail_part *p = nth_part(t, i);
        for (struct trail_entry *e = map_get(&p->by_key, key); e; e = e->older) {
            if ((found && !e->known) || !may_be(e, id, least, most))
                continue;
            *part = p;
            found = e;
            if (e->known)
                return e;
        }
    }
    return found;
}

/* The message that the record is about. */
static struct trail_entry *entry_of(struct trail *t, const struct record *r,
                                    const struct identity *id, struct slice customer,
                                    struct trail_part **part)
{
    struct slice qid = r->f[COL_ORIGIN].n ? r->f[COL_ORIGIN] : r->f[COL_QID];
    struct slice key = trail_key(&t->key, r->f[COL_HOST], qid);
    int64_t least = r->time - (age_of(r) + LEG_HOURS * 3600) * WHEN_SECOND;
    int64_t most = r->time + AHEAD_MINUTES * 60 * WHEN_SECOND;
    struct trail_entry *e = find_entry(t, key, id, least, most, part);

    if (e && e->known)
        return e;
    if (e) {
        e->least = e->least > least ? e->least : least;
        e->most = e->most < most ? e->most : most;
        return e;
    }
    *part = newest(t);
    if ((e = add_entry(t, *part, r, id, customer)) != NULL)
        set_time(*part, e, least, most);
    return e;
}

static bool on_word(struct trail *t, const struct record *r, const struct identity *id,
                    struct slice customer, bool refused, int spam)
{
    bool deferred = slice_eq(r->f[COL_STATUS], SL("deferred"));
    bool sent = slice_eq(r->f[COL_STATUS], SL("sent")) && !refused;
    bool counts = r->kind == KIND_DELIVER && !deferred && (refused || sent) && !is_hop(r);
    struct slice listed_by = r->kind == KIND_DELIVER ? r->f[COL_LISTED_BY] : SLICE_NONE;
    struct trail_part *p;

    if (!counts && spam == 0 && listed_by.n == 0)
        return true;
    struct trail_entry *e = entry_of(t, r, id, customer, &p);
    if (e == NULL)
        return false;
    e->sent += counts && sent;
    e->refused += counts && refused;
    e->spam = spam > e->spam ? (uint8_t)spam : e->spam;
    return set_word(p, e, WORD_HELO, r->f[COL_HELO]) &&
           (!counts || set_word(p, e, WORD_OUTBOUND, r->f[COL_OUTBOUND_IP])) &&
           (e->word[WORD_LISTED_BY]->n || set_word(p, e, WORD_LISTED_BY, listed_by));
}

bool trail_record(struct trail *t, const struct record *r, const struct identity *id,
                  struct slice customer, bool refused, int spam)
{
    if (id->kind == IDENTITY_NONE || r->f[COL_QID].n == 0)
        return true;
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

void trail_forget(struct trail *t, int64_t before)
{
    if (before > t->cutoff)
        t->cutoff = before;
}

bool trail_flush(struct trail *t, int64_t now, int64_t keep)
{
    bool ok = true;

    trail_forget(t, now - keep);
    while (ok && t->parts)
        ok = drop_oldest(t);
    return ok && ledger_run(t->ledger, "DELETE FROM messages WHERE time < ?", "i", t->cutoff);
}
