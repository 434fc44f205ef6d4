#include "log/program.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

void programs_free(struct programs *ps)
{
    map_free(&ps->by_key);
    map_free(&ps->instances);
    map_free(&ps->hosts);
    arena_free(&ps->arena);
    text_free(&ps->key);
}

static struct slice key_of(struct programs *ps, struct slice host, struct slice rest)
{
    uint32_t n =
        (uint32_t)host.n; /* any byte may stand in either: a mark between them could, too */

    ps->key.n = 0;
    text_add(&ps->key, slice_of((const char *)&n, sizeof n));
    text_add(&ps->key, host);
    text_add(&ps->key, rest);
    return text_slice(&ps->key);
}

/* Where the daemon begins: behind the last slash, but Dovecot's "imap(user)<77><aB/c>" has its
 * slash in what a stranger chose. */
static const char *last_slash(struct slice tag)
{
    size_t n = 0;

    while (n < tag.n && tag.p[n] != '(' && tag.p[n] != '<')
        n++;
    return slice_rchr(slice_of(tag.p, n), '/');
}

/* "postfix/submission/smtpd" is daemon smtpd of "postfix/submission"; "dovecot" is its own. */
static void split(struct program *p)
{
    const char *slash = last_slash(p->tag);

    p->daemon = slash ? slice_range(slash + 1, p->tag.p + p->tag.n) : p->tag;
    p->name = slash ? slice_range(p->tag.p, slash) : SLICE_NONE;
    p->kind = body_daemon(p->daemon);
    bool own = slash != NULL || slice_find(p->tag, SL("postfix")) != NULL;
    if (slice_starts(p->tag, SL("cyrus/"))) /* has a master, too */
        own = false;
    if (!own) /* "local" or "error" alone may be anybody's */
        p->kind = DAEMON_OTHER;
    else if (p->kind == DAEMON_OTHER && slice_find(p->tag, SL("postfix")) != NULL)
        p->kind = DAEMON_POSTFIX;
    p->companion = p->kind == DAEMON_OTHER && shape_daemon(p->daemon);
    p->records = shape_makes_records(p->daemon, p->kind != DAEMON_OTHER);
}

static struct slice base_name(struct slice tag)
{
    const char *slash = slice_chr(tag, '/');

    return slash ? slice_range(tag.p, slash) : tag;
}

static struct instance *instance_of(struct programs *ps, struct slice host, struct slice name)
{
    struct instance *in = map_get(&ps->instances, key_of(ps, host, name));

    if (in)
        return in;
    uintptr_t id = (uintptr_t)map_get(&ps->hosts, host);
    if (id == 0) {
        id = ++ps->host_count;
        if (!map_put(&ps->hosts, host, (void *)id))
            return NULL;
    }
    struct slice key = arena_slice(&ps->arena, text_slice(&ps->key));
    in = arena_alloc(&ps->arena, sizeof *in);
    if (in == NULL || key.p == NULL || !map_put(&ps->instances, key, in))
        return NULL;
    in->host = host;
    in->name = name;
    in->host_id = (uint32_t)id;
    *(ps->last_instance ? &ps->last_instance->next : &ps->first_instance) = in;
    ps->last_instance = in;
    return in;
}

/* Its host and tag are the line's and don't stay, so nothing may be tied to it: it is nobody's. */
static struct program *spare(struct programs *ps, struct slice host, struct slice tag)
{
    struct program *p = &ps->spare;

    *p = (struct program){.host = host, .tag = tag, .instance = &ps->spare_instance};
    split(p);
    p->kind = DAEMON_OTHER;
    p->companion = p->records = false;
    p->beyond = true;
    return p;
}

static struct program *add(struct programs *ps, struct slice host, struct slice tag)
{
    struct slice key = arena_slice(&ps->arena, text_slice(&ps->key));
    struct program *p = arena_alloc(&ps->arena, sizeof *p);

    if (p == NULL || key.p == NULL)
        return NULL;
    p->host = slice_of(key.p + sizeof(uint32_t), host.n);
    p->tag = slice_of(p->host.p + host.n, tag.n);
    split(p);
    p->hash = (uint32_t)XXH3_64bits(key.p, key.n);
    p->instance = instance_of(ps, p->host, base_name(p->tag));
    if (p->instance == NULL || !map_put(&ps->by_key, key, p))
        return NULL;
    ps->count++;
    return p;
}

static size_t slot_of(struct slice host, struct slice tag)
{
    uint32_t last = 0;

    if (tag.n) /* empty: the instance of a tag that begins with a slash, from a saved state */
        memcpy(&last, tag.n >= 4 ? tag.p + tag.n - 4 : tag.p, tag.n >= 4 ? 4 : tag.n);
    last ^= (uint32_t)tag.n << 11 ^ (uint32_t)host.n << 5;
    last ^= tag.n > 8 ? (uint32_t)(unsigned char)tag.p[8] << 17 : 0;
    last ^= host.n ? (uint32_t)(unsigned char)host.p[host.n - 1] << 3 : 0;
    return (last * UINT32_C(2654435761)) >> 22;
}

struct program *program_of(struct programs *ps, struct slice host, struct slice tag)
{
    struct program **slot = &ps->slot[slot_of(host, tag)], *p = *slot;

    if (p && slice_eq(p->tag, tag) && slice_eq(p->host, host))
        return p;
    p = map_get(&ps->by_key, key_of(ps, host, tag));
    if (p == NULL) {
        if (ps->count >= PROGRAMS_MAX)
            return spare(ps, host, tag);
        if ((p = add(ps, host, tag)) == NULL)
            return NULL;
    }
    *slot = p;
    return p;
}
