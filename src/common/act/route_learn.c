#include "act/route_learn.h"

#include <stdio.h>
#include <stdlib.h>

#include "act/route_means.h"
#include "base/exits.h"
#include "base/ipnet.h"

#define STATE_FILTER "routegen.filter"

/* A domain as the ledger will have it. */
struct seen {
    struct slice name, provider; /* whose it is; empty: nobody's that is known */
    uint64_t messages;
    int64_t first, last;
    bool known; /* has a row, or was somebody's */
};

static bool of_loopback(struct slice ip)
{
    return slice_starts(ip, SL("127.")) || slice_eq(ip, SL("::1"));
}

static void confirm(struct route_learn *r, const struct route_place *place, int64_t time)
{
    r->filter = *place;
    r->filter_seen = true;
    if (time > r->filter_last)
        r->filter_last = time;
}

/* The id behind `queued as`. */
static struct slice queued_as(struct slice reply)
{
    const char *at = slice_find(reply, SL("queued as "));
    struct slice id = at ? slice_skip(reply, (size_t)(at + 10 - reply.p)) : SLICE_NONE;
    size_t n = 0;

    while (n < id.n && (is_digit(id.p[n]) || (id.p[n] >= 'A' && id.p[n] <= 'Z') ||
                        (id.p[n] >= 'a' && id.p[n] <= 'z')))
        n++;
    return slice_of(id.p, n);
}

/* A delivery to a loopback address, not to a listener of our own. */
static bool first_leg(const struct route_learn *r, const struct record *rec,
                      struct route_place *place)
{
    struct slice ip = rec->f[COL_RELAY_IP];
    uint64_t port;

    *place = (struct route_place){.port = 0};
    /* The hop's name outlasts a change of its ports. */
    if (slice_ends(rec->f[COL_INSTANCE], SL(ROUTE_HOP)))
        return false;
    if (rec->kind != KIND_DELIVER || !of_loopback(ip) || ip.n >= sizeof place->address ||
        !slice_u64(rec->f[COL_RELAY_PORT], &port) || port == 0 || port > 65535)
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (route_place_has(&r->skip[i], r->skip_count, ip, port))
            return false;
    memcpy(place->address, ip.p, ip.n);
    place->port = (uint16_t)port;
    return true;
}

/* Whichever of the two is told first. */
static void see_filter(struct route_learn *r, const struct record *rec)
{
    struct route_place place;
    struct slice qid = rec->f[COL_QID], origin = rec->f[COL_ORIGIN];

    if (first_leg(r, rec, &place)) {
        struct slice id = queued_as(rec->f[COL_REPLY]);
        uint64_t hash = id.n ? slice_hash(id) | 1 : 0;
        struct route_leg *leg = &r->queued[hash / 2 % ROUTE_LEGS];
        if (hash && r->second[hash / 2 % ROUTE_LEGS].qid == hash)
            confirm(r, &place, rec->time);
        if (hash)
            *leg = (struct route_leg){hash, place};
    }
    if (origin.n && qid.n && !slice_eq(origin, qid)) {
        uint64_t hash = slice_hash(qid) | 1;
        const struct route_leg *leg = &r->queued[hash / 2 % ROUTE_LEGS];
        if (leg->qid == hash)
            confirm(r, &leg->place, rec->time);
        r->second[hash / 2 % ROUTE_LEGS].qid = hash;
    }
}

/* The recipient's domain in lower case; false: none that a map could carry. */
static bool domain_of(struct slice rcpt, char buf[256], struct slice *out)
{
    const char *at = slice_rchr(rcpt, '@');
    struct slice d = at ? slice_skip(rcpt, (size_t)(at + 1 - rcpt.p)) : SLICE_NONE;

    if (d.n == 0 || d.n > 255)
        return false;
    for (size_t i = 0; i < d.n; i++)
        buf[i] = d.p[i] >= 'A' && d.p[i] <= 'Z' ? (char)(d.p[i] | 0x20) : d.p[i];
    *out = slice_of(buf, d.n);
    return route_domain_good(*out);
}

/* What shipped is a guess that one delivery elsewhere outweighs. */
static void begin_anew(struct route_learn *r, struct seen *s, int64_t time)
{
    const struct provider *p = provider_of_domain(r->providers, s->name);

    s->provider = p ? p->id : SLICE_NONE;
    s->messages = p ? 1 : 0;
    s->known |= p != NULL;
    s->first = s->last = time;
}

static bool load(struct route_learn *r, struct seen *s, int64_t time)
{
    struct ledger_rows rows = ledger_query(r->ledger,
                                           "SELECT provider, first, last, messages FROM domains"
                                           " WHERE domain = ?",
                                           "t", s->name);
    bool ok = true;

    begin_anew(r, s, time);
    if (ledger_next(&rows)) {
        struct slice id = ledger_text(&rows, 0);
        s->provider = arena_slice(&r->arena, id);
        ok = s->provider.n == id.n;
        s->first = ledger_int(&rows, 1);
        s->last = ledger_int(&rows, 2);
        s->messages = (uint64_t)ledger_int(&rows, 3);
        s->known = true;
    }
    ledger_done(&rows);
    return ok;
}

static struct seen *seen_of(struct route_learn *r, struct slice domain, int64_t time)
{
    struct seen *s = map_get(&r->domains, domain);

    if (s || r->domains.used >= ROUTE_LEARN_MOST)
        return s;
    s = arena_alloc(&r->arena, sizeof *s);
    if (s == NULL || (s->name = arena_slice(&r->arena, domain)).p == NULL || !load(r, s, time) ||
        !map_put(&r->domains, s->name, s))
        return NULL;
    return s;
}

static void take(struct seen *s, struct slice provider, int64_t time)
{
    if (slice_eq(s->provider, provider)) {
        s->messages++;
    } else if ((s->messages /= 2) == 0) {
        s->provider = provider;
        s->messages = 1;
        s->first = time;
    }
    if (time > s->last)
        s->last = time;
    s->known |= provider.n > 0;
}

bool route_learn_record(struct route_learn *r, const struct record *rec)
{
    char buf[256];
    struct slice domain, ip = rec->f[COL_RELAY_IP];
    struct ipaddr a;

    see_filter(r, rec);
    if (rec->kind != KIND_DELIVER || ip.n == 0 || !ipaddr_parse(ip, &a))
        return true;
    const struct provider *p = provider_of_mx(r->providers, rec->f[COL_RELAY_NAME]);
    if ((p == NULL && ipaddr_is_private(a)) || !domain_of(rec->f[COL_RCPT], buf, &domain))
        return true;
    struct seen *s = seen_of(r, domain, rec->time);
    if (s == NULL)
        return r->domains.used >= ROUTE_LEARN_MOST;
    if (rec->time - s->last > ROUTE_FORGET)
        begin_anew(r, s, rec->time);
    take(s, p ? p->id : SLICE_NONE, rec->time);
    return true;
}

/* --- the ledger --- */

/* Of a domain that was nobody's and still is there is nothing to keep. */
static bool save_one(struct ledger *l, const struct seen *s)
{
    return !s->known ||
           ledger_run(l,
                      "INSERT INTO domains (domain, provider, first, last, messages)"
                      " VALUES (?, ?, ?, ?, ?) ON CONFLICT (domain) DO UPDATE SET"
                      " provider = excluded.provider, first = excluded.first,"
                      " last = excluded.last, messages = excluded.messages",
                      "ttiii", s->name, s->provider, s->first, s->last, (int64_t)s->messages);
}

static bool save_filter(struct route_learn *r, struct ledger *l, int64_t now)
{
    char place[ROUTE_PLACE], line[ROUTE_PLACE + 40];
    struct text old = {0};
    bool ok = true;

    if (r->filter_seen) {
        route_place_text(&r->filter, 0, place);
        int n = snprintf(line, sizeof line, "%s %lld", place, (long long)r->filter_last);
        ok = ledger_state_set(l, STATE_FILTER, slice_of(line, (size_t)n));
    } else if (ledger_state(l, STATE_FILTER, &old)) {
        const char *space = slice_rchr(text_slice(&old), ' ');
        uint64_t last = 0;
        if (space)
            slice_u64(slice_skip(text_slice(&old), (size_t)(space + 1 - old.p)), &last);
        if (now - (int64_t)last > ROUTE_FILTER_FORGET)
            ok = ledger_run(l, "DELETE FROM state WHERE name = '" STATE_FILTER "'", "");
    }
    text_free(&old);
    return ok;
}

/* Whoever points all names below his domain to a provider could fill the table, and the maps. */
static bool drop_least(struct ledger *l)
{
    if (ledger_int_of(l, 0, "SELECT count(*) FROM domains", "") <= ROUTE_LEARN_MOST)
        return ledger_failure(l)->status == 0;
    return ledger_run(l,
                      "DELETE FROM domains WHERE domain NOT IN (SELECT domain FROM domains"
                      " ORDER BY messages DESC, last DESC, domain LIMIT ?)",
                      "i", (int64_t)ROUTE_LEARN_MOST);
}

static int by_name(const void *a, const void *b)
{
    struct slice x = (*(const struct seen *const *)a)->name;
    struct slice y = (*(const struct seen *const *)b)->name;

    return slice_cmp(x, y);
}

bool route_learn_save(struct route_learn *r, int64_t now)
{
    struct ledger *l = r->ledger;
    const struct seen **all = calloc(r->domains.used + 1, sizeof *all);
    const struct map_entry *e;
    size_t at = 0, n = 0;
    bool ok = all != NULL;

    while (ok && (e = map_next(&r->domains, &at)) != NULL)
        all[n++] = e->value;
    if (n)
        qsort(all, n, sizeof *all, by_name);
    for (size_t i = 0; i < n && ok; i++)
        ok = save_one(l, all[i]);
    free(all);
    ok = ok && ledger_run(l, "DELETE FROM domains WHERE last < ?", "i", now - ROUTE_FORGET) &&
         drop_least(l) && save_filter(r, l, now);
    if (!ok && ledger_failure(l)->status == 0)
        ledger_fail(l, EXIT_TEMPFAIL, "out of memory: nothing was changed: try again");
    return ok;
}

void route_learn_free(struct route_learn *r)
{
    map_free(&r->domains);
    arena_free(&r->arena);
    r->domains = (struct map){.used = 0};
}

bool route_learn_filter(struct ledger *l, struct route_place *out)
{
    struct text t = {0};
    bool found = false;

    if (ledger_state(l, STATE_FILTER, &t)) {
        const char *space = slice_chr(text_slice(&t), ' ');
        found = space && route_place_parse(slice_range(t.p, space), out);
    }
    text_free(&t);
    return found;
}

/* --- all domains of a provider --- */

struct domain_list {
    struct arena arena;
    struct slice *name;
    size_t n, room;
};

static bool keep(struct domain_list *d, struct slice name)
{
    if (d->n == d->room) {
        size_t room = d->room ? d->room * 2 : 64;
        struct slice *more = realloc(d->name, room * sizeof *more);
        if (more == NULL)
            return false;
        d->name = more;
        d->room = room;
    }
    d->name[d->n] = arena_slice(&d->arena, name);
    return d->name[d->n++].p != NULL;
}

static int by_text(const void *a, const void *b)
{
    struct slice x = *(const struct slice *)a, y = *(const struct slice *)b;

    return slice_cmp(x, y);
}

static bool gather(struct ledger *l, const struct provider *p, struct domain_list *d)
{
    static const char learned[] = "SELECT domain FROM domains WHERE provider = ? ORDER BY domain";
    struct ledger_rows rows = ledger_query(l, learned, "t", p->id);
    bool ok = true;

    while (ledger_next(&rows))
        ok = ok && keep(d, ledger_text(&rows, 0));
    ledger_done(&rows);
    for (unsigned i = 0; i < p->domain.n && ok; i++)
        if (ledger_int_of(l, 0, "SELECT count(*) FROM domains WHERE domain = ?", "t",
                          p->domain.word[i]) == 0)
            ok = keep(d, p->domain.word[i]);
    return ok && ledger_failure(l)->status == 0;
}

bool route_domains(struct ledger *l, const struct provider *p, route_domain_fn *each, void *user)
{
    struct domain_list d = {.n = 0};
    bool ok = gather(l, p, &d);

    if (ok && d.n)
        qsort(d.name, d.n, sizeof *d.name, by_text);
    for (size_t i = 0; i < d.n && ok; i++)
        if (route_domain_good(d.name[i]))
            ok = each(user, d.name[i]);
    free(d.name);
    arena_free(&d.arena);
    return ok;
}
