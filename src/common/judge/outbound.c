#include "judge/outbound.h"

#include <stdio.h>

#include "base/ipnet.h"

void outbound_free(struct outbound *o)
{
    map_free(&o->by_syslog);
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
    if (a->syslog.n)
        add(w, &o->by_syslog, a->syslog, a, "syslog name");
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
    words_free(&w);
    return problems->count > before ? WORDS_BROKEN : r;
}

const struct outbound_address *outbound_by_syslog(const struct outbound *o, struct slice name)
{
    return o->by_syslog.used ? map_get(&o->by_syslog, name) : NULL;
}

const struct outbound_address *outbound_by_ip(const struct outbound *o, struct slice ip)
{
    return o->by_ip.used ? map_get(&o->by_ip, ip) : NULL;
}
