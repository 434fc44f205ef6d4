#include "base/when.h"
#include "judge/score_parts.h"

/* What a message's arrival shows, and what to remember of it: four places and names at most. */
struct arrival {
    struct sight sight;
    struct guise guise;
    uint64_t key[5];
    unsigned keys;
    uint32_t provider;
    char country[3];
};

static enum familiar familiar(struct scorer *s, const struct person *p, uint64_t key)
{
    if (recent_touch(&s->seen, key))
        return FAMILIAR_KNOWN;
    return p->window && fresh_has(&p->window->fresh, key) ? FAMILIAR_AGAIN : FAMILIAR_NEW;
}

static void remember(struct scorer *s, struct person *p, uint64_t key)
{
    if (p->window == NULL)
        recent_add(&s->seen, key);
    else if (!fresh_add(&p->window->fresh, key))
        s->failed = true;
}

enum familiar familiar_now(struct scorer *s, struct person *p, uint64_t key)
{
    enum familiar f = familiar(s, p, key);

    if (f == FAMILIAR_NEW)
        remember(s, p, key);
    return f;
}

static enum familiar look(struct scorer *s, const struct person *p, struct arrival *a, uint64_t key)
{
    enum familiar f = familiar(s, p, key);

    if (f == FAMILIAR_NEW)
        a->key[a->keys++] = key;
    return f;
}

static uint64_t hash_net(const struct scorer *s, struct ipnet net)
{
    uint64_t b[2] = {net.addr.hi, net.addr.lo};

    return scorer_hash(s, slice_of((const char *)b, sizeof b));
}

/* Whose net it is: by the database, else by the client's name, else the neighbourhood. */
static uint64_t provider_of(struct scorer *s, const struct record *r, struct ipaddr ip,
                            uint32_t asn)
{
    uint64_t name = 0;

    if (asn)
        return recent_mix(asn, 'A');
    if (!slice_eq(r->f[COL_CLIENT_NAME], SL("unknown")))
        name = remote_domain(s->remotes, s->psl, r->f[COL_CLIENT_NAME]);
    return name ? name : hash_net(s, ipnet_of(ip, ipaddr_is_v4(ip) ? 96 + 16 : 32));
}

static void see_place(struct scorer *s, const struct person *p, const struct record *r,
                      struct arrival *a)
{
    struct geo_place place = {0};
    struct ipaddr ip;

    if (p->kind != IDENTITY_LOGIN || !ipaddr_parse(r->f[COL_CLIENT_IP], &ip))
        return;
    if (s->o.geo)
        geo_find(s->o.geo, ip, &place);
    memcpy(a->country, place.country, sizeof a->country);
    uint64_t net = hash_net(s, ipnet_of(ip, ipaddr_is_v4(ip) ? 96 + 24 : 48));
    uint64_t provider = provider_of(s, r, ip, place.asn);
    a->provider = (uint32_t)provider | 1;
    a->sight.net = look(s, p, a, recent_mix(p->hash, recent_mix(net, 'N')));
    a->sight.provider = look(s, p, a, recent_mix(p->group->hash, recent_mix(provider, 'P')));
    if (*a->country)
        a->sight.country = look(
            s, p, a,
            recent_mix(p->group->hash, recent_mix(scorer_hash(s, slice_str(a->country)), 'C')));
}

/* An hour since its last message, from where? */
static void see_elsewhere(struct person *p, const struct record *r, struct arrival *a)
{
    uint32_t minute = (uint32_t)(r->time / (60 * WHEN_SECOND));
    uint32_t ago = minute > p->minute ? minute - p->minute : p->minute - minute;

    a->sight.elsewhere = -1;
    if (a->provider == 0)
        return;
    if (p->provider && ago < 60)
        a->sight.elsewhere = p->provider != a->provider;
    p->provider = a->provider;
    p->minute = minute;
}

static struct slice folded(struct slice s, char buf[NAME_KEPT])
{
    if (s.n > NAME_KEPT)
        s.n = NAME_KEPT;
    for (size_t i = 0; i < s.n; i++)
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
    return slice_of(buf, s.n);
}

static bool is_own_domain(const struct scorer *s, const struct person *p, struct slice domain)
{
    const struct customer *c = customers_by_domain(s->o.customers, domain);

    return c && slice_eq(c->key, p->group->label);
}

static void see_sender(struct scorer *s, const struct person *p, const struct record *r,
                       struct arrival *a)
{
    char buf[NAME_KEPT];
    struct slice sender = folded(r->f[COL_SENDER], buf);
    const char *at = slice_rchr(sender, '@');

    if (sender.n == 0)
        return;
    struct slice domain = at ? slice_range(at + 1, sender.p + sender.n) : SLICE_NONE;
    a->guise.sender = look(s, p, a, recent_mix(p->hash, recent_mix(scorer_hash(s, sender), 'S')));
    if (a->guise.sender != FAMILIAR_NEW)
        return;
    a->guise.random = looks_random(at ? slice_range(sender.p, at) : sender);
    if (domain.n == 0)
        return;
    if (is_own_domain(s, p, domain))
        a->guise.domain = FAMILIAR_KNOWN;
    else
        a->guise.domain =
            look(s, p, a, recent_mix(p->group->hash, recent_mix(scorer_hash(s, domain), 'F')));
}

/* Nothing about it is new, and nobody is watched. */
static bool arrival_idle(struct scorer *s, struct person *p, const struct arrival *a, int64_t time)
{
    if (p->window || a->keys || volume_tells(&p->tempo, time) || is_explained(s, p))
        return false;
    p->tempo.messages++;
    if (a->sight.net)
        person_learn(p, SIGN_NEW_NET, 0);
    if (a->guise.sender)
        person_learn(p, SIGN_NEW_SENDER, 0);
    return true;
}

static void count(const struct person *p, struct window *w, const struct arrival *a)
{
    w->nets += a->sight.net == FAMILIAR_NEW;
    w->providers += a->sight.provider == FAMILIAR_NEW;
    w->countries += a->sight.country == FAMILIAR_NEW;
    w->new_senders += a->guise.sender == FAMILIAR_NEW;
    w->foreign_senders += a->guise.domain == FAMILIAR_NEW;
    if (p->tempo.messages > w->busiest)
        w->busiest = p->tempo.messages;
}

void arrival_take(struct scorer *s, struct person *p, const struct record *r)
{
    struct arrival a = {0};
    struct observation o = {0};

    see_place(s, p, r, &a);
    see_elsewhere(p, r, &a);
    see_sender(s, p, r, &a);
    if (arrival_idle(s, p, &a, r->time))
        return;
    struct letter l;
    letter_of(s, r, p, &l);
    l.country = slice_str(a.country);
    struct window *w = watch_window(s, p);
    struct mind m = watch_mind(s, p, w);
    origin_observe(&m, &a.sight, &o);
    sender_observe(&m, &a.guise, &o);
    volume_observe(&m, &p->tempo, r->time, &o);
    w = watch_take(s, &l, &m, &o, true);
    for (unsigned i = 0; i < a.keys; i++)
        remember(s, p, a.key[i]);
    if (w) {
        letter_count(s, w, &l);
        count(p, w, &a);
    }
    watch_done(s, &l, w, "arrived", &o);
}
