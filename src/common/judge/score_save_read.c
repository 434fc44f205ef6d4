#include "judge/score_save.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "judge/score_save_parts.h"

/* At least so many each. */
#define USUAL_BYTES (2 * SIGN_TALLIES + LEVELS + SLOTS)
#define GROUP_BYTES (2 + USUAL_BYTES)
#define PERSON_BYTES (10 + USUAL_BYTES)

struct loading {
    struct scorer *s;
    struct unpack in;
    struct group **groups;
    struct person **people;
    size_t n_groups, n_people;
    bool same_shares, no_memory;
};

static bool no_memory(struct loading *l)
{
    l->no_memory = true;
    return false;
}

/* The group of that label, a new one if there is none. */
static struct group *group_get(struct loading *l, struct slice label, struct slice partner)
{
    struct group *g = group_of(l->s, label, partner);

    l->no_memory |= g == NULL;
    return g;
}

static bool load_groups(struct loading *l)
{
    struct unpack *in = &l->in;
    size_t n = unpack_count(in, UINT32_MAX, GROUP_BYTES);

    if ((l->groups = calloc(n + 1, sizeof *l->groups)) == NULL)
        return no_memory(l);
    for (; l->n_groups < n && !in->bad; l->n_groups++) {
        struct slice label = unpack_bytes(in, SIZE_MAX);
        struct slice partner = unpack_bytes(in, SIZE_MAX);
        in->bad |= map_get(&l->s->groups, label) != NULL;
        struct group *g = group_get(l, label, partner);
        if (g == NULL)
            return false;
        usual_load(&g->usual, in);
        l->groups[l->n_groups] = g;
    }
    return true;
}

/* Its customer as the customers file says today; what was saved if it says nothing. */
static struct group *group_today(struct loading *l, const struct person *p, struct group *saved)
{
    struct identity id = {.kind = p->kind, .name = person_name(p)};
    struct ipnet net;

    if (id.kind == IDENTITY_CLIENT && ipnet_parse(id.name, &net) == NULL)
        id.addr = net.addr;
    const struct customer *c = identity_customer(l->s->o.customers, &id);
    if (c == NULL)
        return saved;
    struct group *g = group_get(l, c->key, c->partner);
    if (g && !slice_eq(g->partner, c->partner)) {
        g->partner = arena_slice(&l->s->arena, c->partner);
        if (g->partner.n != c->partner.n)
            no_memory(l);
    }
    return g;
}

static void load_rates(struct loading *l, struct person *p)
{
    uint16_t rate[SCORER_RATES] = {0};
    unsigned n = (unsigned)unpack_number(&l->in, SCORER_RATES);

    p->scale = n ? (uint8_t)unpack_number(&l->in, l->s->scale) : 0;
    for (unsigned i = 0; i < n; i++)
        rate[i] = (uint16_t)unpack_number(&l->in, UINT16_MAX);
    l->no_memory |= !rates_set(l->s, p, rate);
}

/* A person of whom nothing but the name is known yet. */
static struct person *person_begin(struct loading *l)
{
    struct scorer *s = l->s;
    char buf[IDENTITY_LONGEST + 1];
    uint64_t kind = unpack_number(&l->in, IDENTITY_CLIENT);
    struct slice name = unpack_bytes(&l->in, IDENTITY_LONGEST);

    buf[0] = (char)('0' + kind);
    if (name.n)
        memcpy(buf + 1, name.p, name.n);
    struct slice key = slice_of(buf, name.n + 1);
    l->in.bad |= kind == IDENTITY_NONE || person_of_key(s, key) != NULL;
    if (l->in.bad)
        return NULL;
    struct person *p = person_add(s, key);
    l->no_memory |= p == NULL;
    return p;
}

static bool load_windows(struct loading *l, struct person *p)
{
    uint64_t windows = unpack_number(&l->in, 3);

    if (windows & 1) {
        p->window = window_load(l->s->scoring, true, l->same_shares, &l->in);
        l->no_memory |= p->window == NULL;
    }
    if (windows & 2) {
        p->worst = window_load(l->s->scoring, false, l->same_shares, &l->in);
        l->no_memory |= p->worst == NULL;
    }
    return !l->no_memory;
}

static bool load_person(struct loading *l, struct person *p)
{
    struct unpack *in = &l->in;
    size_t group = (size_t)unpack_number(in, l->n_groups);

    if (group == 0) {
        in->bad = true;
        return true;
    }
    p->heard = (uint32_t)unpack_number(in, UINT32_MAX);
    p->dealt = (uint32_t)unpack_number(in, UINT32_MAX);
    p->tempo.hour = (int32_t)unpack_number(in, UINT32_MAX);
    p->tempo.messages = (uint32_t)unpack_number(in, UINT32_MAX);
    p->provider = (uint32_t)unpack_number(in, UINT32_MAX);
    p->minute = (uint32_t)unpack_number(in, UINT32_MAX);
    usual_load(&p->usual, in);
    load_rates(l, p);
    p->group = group_today(l, p, l->groups[group - 1]);
    return p->group && load_windows(l, p);
}

static bool load_people(struct loading *l)
{
    size_t n = unpack_count(&l->in, UINT32_MAX, PERSON_BYTES);

    if ((l->people = calloc(n + 1, sizeof *l->people)) == NULL)
        return no_memory(l);
    for (; l->n_people < n && !l->in.bad; l->n_people++) {
        struct person *p = person_begin(l);
        if (p && !load_person(l, p))
            return false;
        l->people[l->n_people] = p;
    }
    return !l->no_memory;
}

/* What comes before the groups. */
static bool load_head(struct loading *l)
{
    struct scorer *s = l->s;
    struct unpack *in = &l->in;
    uint64_t shares = unpack_fixed(in), ours = saved_shares(s->scoring);

    s->seed = unpack_fixed(in);
    s->now = (int64_t)unpack_fixed(in);
    s->start = (int64_t)unpack_fixed(in);
    for (unsigned i = 0; i < 2; i++) {
        int64_t t = i ? s->start : s->now;
        in->bad |= t != INT64_MIN && (t < -TIME_MOST || t > TIME_MOST);
    }
    s->time = s->now == INT64_MIN ? 0 : s->now;
    s->scale = (uint8_t)unpack_number(in, SAVED_SCALE);
    s->serial = unpack_number(in, UINT64_MAX);
    usual_load(&s->everyone, in);
    l->same_shares = shares == ours;
    remotes_free(s->remotes);
    s->remotes = remotes_new(s->seed);
    return ours && s->remotes ? true : no_memory(l);
}

static bool load_all(struct loading *l)
{
    struct scorer *s = l->s;

    if (!load_head(l) || !load_groups(l) || !load_people(l))
        return false;
    letters_load(s, l->people, l->n_people, &l->in);
    if (!recent_load(&s->heard, &l->in) || !recent_load(&s->passed, &l->in) ||
        !recent_load(&s->seen, &l->in))
        return no_memory(l);
    remotes_load(s->remotes, &l->in);
    return true;
}

/* Takes the first line and the sizes off, and the hash off the end. */
static enum scorer_loaded open_saved(struct unpack *in)
{
    struct slice all = in->rest;
    const char *line = slice_chr(slice_of(all.p, all.n < 64 ? all.n : 64), '\n');
    uint64_t version;

    if (!slice_starts(all, saved_magic) || line == NULL ||
        !slice_u64(slice_range(all.p + saved_magic.n, line), &version))
        return SCORER_DAMAGED;
    if (version != SAVED_VERSION)
        return SCORER_OTHER_VERSION;
    size_t head = (size_t)(line + 1 - all.p);
    if (all.n < head + sizeof(uint64_t))
        return SCORER_DAMAGED;
    struct slice body = slice_of(all.p, all.n - sizeof(uint64_t));
    in->rest = slice_skip(all, body.n);
    if (unpack_fixed(in) != XXH3_64bits(body.p, body.n))
        return SCORER_DAMAGED;
    in->rest = slice_skip(body, head);
    for (size_t i = 0; i < SAVED_SIZES; i++)
        if (unpack_number(in, UINT16_MAX) != saved_sizes[i])
            return SCORER_OTHER_VERSION;
    return SCORER_LOADED;
}

enum scorer_loaded scorer_load(struct scorer *s, struct slice saved)
{
    struct loading l = {.s = s, .in = {.rest = saved}};
    enum scorer_loaded opened = open_saved(&l.in);

    if (opened != SCORER_LOADED)
        return opened;
    bool ok = load_all(&l);
    free(l.groups);
    free(l.people);
    if (!ok)
        return SCORER_NO_MEMORY;
    return l.in.bad || l.in.rest.n ? SCORER_DAMAGED : SCORER_LOADED;
}
