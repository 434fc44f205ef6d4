#include "judge/outbound.h"

#include <stdio.h>

#include "base/ipnet.h"

void outbound_free(struct outbound *o)
{
    map_free(&o->by_syslog);
    map_free(&o->by_name);
    map_free(&o->by_ip);
    arena_free(&o->arena);
}

static bool attribute(const struct words *w, struct outbound *o, struct outbound_address *a,
                      struct slice word)
{
    uint64_t weight;

    if (slice_starts(word, SL("syslog:")) && word.n > 7) {
        a->syslog = arena_slice(&o->arena, slice_skip(word, 7));
    } else if (slice_starts(word, SL("hostname:")) && word.n > 9) {
        a->hostname = arena_slice(&o->arena, slice_skip(word, 9));
    } else if (slice_starts(word, SL("weight:")) && slice_u64(slice_skip(word, 7), &weight) &&
               weight <= 1000) {
        a->weight = (unsigned)weight;
    } else {
        words_error(w, "'%.*s' is none of syslog:NAME, weight:0-1000, hostname:NAME",
                    (int)(word.n > 60 ? 60 : word.n), word.p);
        return false;
    }
    return true;
}

static void add(const struct words *w, struct map *map, struct slice key,
                struct outbound_address *a, const char *what)
{
    const struct outbound_address *other = map_get(map, key);

    if (other)
        words_error(w, "%s '%.*s' stands in line %u already", what, (int)key.n, key.p, other->line);
    else if (!map_put(map, key, a))
        words_error(w, "out of memory");
}

static bool is_v6(struct slice ip)
{
    return slice_chr(ip, ':') != NULL;
}

static void add_name(const struct words *w, struct outbound *o, struct outbound_address *a)
{
    struct outbound_address *other = map_get(&o->by_name, a->name);

    if (other == NULL && !map_put(&o->by_name, a->name, a))
        words_error(w, "out of memory");
    if (other && other->twin == NULL && is_v6(other->ip) != is_v6(a->ip)) {
        other->twin = a;
        a->twin = other;
    }
}

static void read_line(const struct words *w, struct outbound *o)
{
    struct outbound_address *a = arena_alloc(&o->arena, sizeof *a);
    struct ipaddr ip;

    if (a == NULL) {
        words_error(w, "out of memory");
        return;
    }
    a->weight = 1;
    a->line = w->line;
    if (w->n < 2 || !ipaddr_parse(w->word[1], &ip)) {
        words_error(w, "expected NAME ADDRESS [syslog:NAME] [weight:N] [hostname:NAME]");
        return;
    }
    a->name = arena_slice(&o->arena, w->word[0]);
    a->ip = arena_slice(&o->arena, w->word[1]);
    for (size_t i = 2; i < w->n; i++)
        if (!attribute(w, o, a, w->word[i]))
            return;
    add(w, &o->by_ip, a->ip, a, "address");
    add_name(w, o, a);
    /* both addresses of a name may say the transport's */
    if (a->syslog.n && (a->twin == NULL || map_get(&o->by_syslog, a->syslog) != a->twin))
        add(w, &o->by_syslog, a->syslog, a, "syslog name");
}

/* Those who have none are found by what routegen --print-master gives them. */
static bool name_others(struct outbound *o)
{
    static const struct slice prefix = SL("postfix-");
    const struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&o->by_name, &at)) != NULL) {
        struct outbound_address *a = e->value;
        if (a->syslog.n || (a->twin && a->twin->syslog.n))
            continue;
        char *p = arena_alloc(&o->arena, prefix.n + a->name.n);
        if (p == NULL)
            return false;
        memcpy(p, prefix.p, prefix.n);
        memcpy(p + prefix.n, a->name.p, a->name.n);
        struct slice name = slice_of(p, prefix.n + a->name.n);
        if (map_get(&o->by_syslog, name) == NULL && !map_put(&o->by_syslog, name, a))
            return false;
    }
    return true;
}

enum words_result outbound_load(struct outbound *o, const char *dir, struct problems *problems)
{
    struct words w = {0};
    char path[4096];
    unsigned before = problems->count;

    *o = (struct outbound){0};
    if (snprintf(path, sizeof path, "%s/outbound", dir) >= (int)sizeof path)
        return WORDS_ABSENT;
    enum words_result r = words_load(&w, path, problems);
    while (r == WORDS_OK && words_next(&w))
        read_line(&w, o);
    if (!name_others(o))
        problem_add(problems, path, 0, "out of memory");
    words_free(&w);
    return problems->count > before ? WORDS_BROKEN : r;
}

const struct outbound_address *outbound_by_syslog(const struct outbound *o, struct slice name,
                                                  struct slice relay)
{
    const struct outbound_address *a = o->by_syslog.used ? map_get(&o->by_syslog, name) : NULL;

    /* One that isn't of the server's family can't have been used. */
    if (a && relay.n && is_v6(a->ip) != is_v6(relay))
        a = a->twin;
    return a;
}

const struct outbound_address *outbound_by_ip(const struct outbound *o, struct slice ip)
{
    return o->by_ip.used ? map_get(&o->by_ip, ip) : NULL;
}
