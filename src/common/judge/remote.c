#include "judge/remote.h"

#include <stdlib.h>

#include "base/ipnet.h"
#include "base/map.h"
#include "base/when.h"
#include "judge/identity.h"

#define SLOTS 8192u /* a power of two; half of them are used */
#define NAMES 1024u
#define VOICES 16u
#define WEIGHT 3.0 /* the usual share counts like so many customers */
#define MEMORY_MINUTES (24 * 60u)

struct voice {
    uint32_t customer; /* 0: free */
    uint32_t refused : 1, minute : 31;
};

struct site {
    uint64_t name; /* 0: free */
    struct voice voice[VOICES];
    uint32_t oldest;
};

/* Two generations: when the younger is full, the older is forgotten. Nothing depends on which hash
 * a site has, so every run says the same. */
struct remotes {
    uint64_t seed;
    struct site *young, *old;
    size_t used; /* in the younger */
    struct {
        uint64_t host, site;
    } names[NAMES]; /* the public suffix list is asked once for a host, or nearly */
};

struct remotes *remotes_new(uint64_t seed)
{
    struct remotes *rs = calloc(1, sizeof *rs);

    if (rs == NULL)
        return NULL;
    rs->seed = seed;
    rs->young = calloc(SLOTS, sizeof *rs->young);
    rs->old = calloc(SLOTS, sizeof *rs->old);
    if (rs->young && rs->old)
        return rs;
    remotes_free(rs);
    return NULL;
}

void remotes_free(struct remotes *rs)
{
    if (rs) {
        free(rs->young);
        free(rs->old);
    }
    free(rs);
}

static uint64_t not_zero(uint64_t hash)
{
    return hash ? hash : 1;
}

static uint64_t hash_addr(const struct remotes *rs, struct ipaddr a)
{
    char b[16];

    memcpy(b, &a.hi, 8);
    memcpy(b + 8, &a.lo, 8);
    return not_zero(slice_hash_with(slice_of(b, sizeof b), rs->seed));
}

uint64_t remote_domain(struct remotes *rs, const psl_ctx_t *psl, struct slice host)
{
    uint64_t h = not_zero(slice_hash_with(host, rs->seed));
    char buf[IDENTITY_LONGEST + 1];

    if (rs->names[h % NAMES].host == h)
        return rs->names[h % NAMES].site;
    struct slice domain = organisational_domain(psl, host, buf);
    uint64_t site = domain.n ? not_zero(slice_hash_with(domain, rs->seed)) : 0;
    rs->names[h % NAMES].host = h;
    rs->names[h % NAMES].site = site;
    return site;
}

bool remote_of(struct remotes *rs, const psl_ctx_t *psl, const struct record *r, struct remote *out)
{
    struct ipaddr a;

    if (!ipaddr_parse(r->f[COL_RELAY_IP], &a))
        return false;
    out->local = ipaddr_is_private(a);
    out->net = out->local ? 0 : hash_addr(rs, ipnet_of(a, ipaddr_is_v4(a) ? 96 + 24 : 48).addr);
    out->name = r->f[COL_RELAY_NAME].n ? remote_domain(rs, psl, r->f[COL_RELAY_NAME]) : 0;
    if (out->name == 0)
        out->name = hash_addr(rs, a);
    return true;
}

static uint32_t minutes(int64_t time)
{
    return (uint32_t)(time / (60 * WHEN_SECOND)) & 0x7fffffff;
}

static struct site *place(struct site *sites, uint64_t name)
{
    size_t i = name % SLOTS;

    while (sites[i].name && sites[i].name != name)
        i = (i + 1) % SLOTS;
    return &sites[i];
}

static struct site *site_find(const struct remotes *rs, uint64_t name)
{
    struct site *s = place(rs->young, name);

    if (s->name == 0)
        s = place(rs->old, name);
    return s->name ? s : NULL;
}

static struct site *site_new(struct remotes *rs, uint64_t name)
{
    if (rs->used == SLOTS / 2) {
        struct site *forgotten = rs->old;
        rs->old = rs->young;
        rs->young = forgotten;
        memset(rs->young, 0, SLOTS * sizeof *rs->young);
        rs->used = 0;
    }
    struct site *s = place(rs->young, name);
    s->name = name;
    rs->used++;
    return s;
}

/* Taken along into the younger generation: it refused just now. */
static struct site *renewed(struct remotes *rs, const struct site *old)
{
    struct site copy = *old;
    struct site *s = site_new(rs, copy.name);

    *s = copy;
    return s;
}

void remote_heard(struct remotes *rs, const struct remote *site, uint32_t customer, bool refused,
                  int64_t time)
{
    struct site *s = site_find(rs, site->name);
    unsigned i = 0;

    if (s == NULL && !refused) /* only sites that refuse are worth a place */
        return;
    if (s == NULL)
        s = site_new(rs, site->name);
    else if (refused && place(rs->young, site->name)->name == 0)
        s = renewed(rs, s);
    while (i < VOICES && s->voice[i].customer != customer)
        i++;
    if (i == VOICES)
        i = s->oldest++ % VOICES;
    s->voice[i] = (struct voice){customer, refused, minutes(time)};
}

double remote_share_refused(const struct remotes *rs, const struct remote *site, uint32_t customer,
                            int64_t time, double usual)
{
    const struct site *s = site_find(rs, site->name);
    double refused = 0, all = 0;
    uint32_t now = minutes(time);

    if (s == NULL)
        return usual;
    for (unsigned i = 0; i < VOICES; i++) {
        const struct voice *v = &s->voice[i];
        if (v->customer == 0 || v->customer == customer || v->minute + MEMORY_MINUTES < now)
            continue;
        refused += v->refused;
        all++;
    }
    double share = (WEIGHT * usual + refused) / (WEIGHT + all);
    return share > usual ? share : usual;
}

void remote_forget(struct remotes *rs, const struct remote *site, uint32_t customer)
{
    struct site *s = site_find(rs, site->name);

    for (unsigned i = 0; s && i < VOICES; i++)
        if (s->voice[i].customer == customer)
            s->voice[i].customer = 0;
}

static void save_site(const struct site *s, struct text *out)
{
    uint64_t taken = 0;

    for (unsigned i = 0; i < VOICES; i++)
        taken |= (uint64_t)(s->voice[i].customer != 0) << i;
    pack_fixed(out, s->name);
    pack_number(out, s->oldest % VOICES);
    pack_number(out, taken);
    for (unsigned i = 0; i < VOICES; i++) {
        if (s->voice[i].customer == 0)
            continue;
        pack_number(out, s->voice[i].customer);
        pack_number(out, (uint64_t)s->voice[i].minute << 1 | s->voice[i].refused);
    }
}

static void save_sites(const struct site *sites, struct text *out)
{
    size_t used = 0;

    for (size_t i = 0; i < SLOTS; i++)
        used += sites[i].name != 0;
    pack_number(out, used);
    for (size_t i = 0; i < SLOTS; i++)
        if (sites[i].name)
            save_site(&sites[i], out);
}

void remotes_save(const struct remotes *rs, struct text *out)
{
    save_sites(rs->old, out);
    save_sites(rs->young, out);
}

static void load_site(struct site *sites, struct unpack *in)
{
    uint64_t name = unpack_fixed(in);
    struct site *s = place(sites, name);

    in->bad |= name == 0 || s->name;
    s->name = name;
    s->oldest = (uint32_t)unpack_number(in, VOICES - 1);
    uint64_t taken = unpack_number(in, (1u << VOICES) - 1);
    for (unsigned i = 0; i < VOICES && !in->bad; i++) {
        if (!(taken >> i & 1))
            continue;
        s->voice[i].customer = (uint32_t)unpack_number(in, UINT32_MAX);
        uint64_t said = unpack_number(in, UINT32_MAX);
        s->voice[i].minute = said >> 1 & 0x7fffffff;
        s->voice[i].refused = said & 1;
    }
}

static size_t load_sites(struct site *sites, struct unpack *in)
{
    size_t n = unpack_count(in, SLOTS / 2, sizeof sites->name);

    for (size_t i = 0; i < n && !in->bad; i++)
        load_site(sites, in);
    return n;
}

void remotes_load(struct remotes *rs, struct unpack *in)
{
    load_sites(rs->old, in);
    rs->used = load_sites(rs->young, in);
}
