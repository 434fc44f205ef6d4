#include "act/provblock_parts.h"

#include <stdlib.h>

#include "base/map.h"
#include "judge/identity.h"

#define HASH_SEED 0x6d70626cu /* the saved state has hashes of recipients */
#define WARN_AGAIN WHEN_DAY

/* --- pairs --- */

struct provblock *provblock_new(const struct provblock_options *options)
{
    struct provblock *p = calloc(1, sizeof *p);

    if (p == NULL || (p->pair = calloc(PROVBLOCK_PAIRS, sizeof *p->pair)) == NULL) {
        free(p);
        return NULL;
    }
    p->o = *options;
    p->due = INT64_MAX;
    if (p->o.recipients == 0)
        p->o.recipients = PROVBLOCK_RECIPIENTS;
    if (p->o.customers_least == 0)
        p->o.customers_least = PROVBLOCK_CUSTOMERS;
    if (p->o.window <= 0 || p->o.window > WHEN_DAY)
        p->o.window = PROVBLOCK_WINDOW;
    if (p->o.apart <= 0)
        p->o.apart = PROVBLOCK_APART;
    return p;
}

void provblock_pair_clear(struct pair *pair)
{
    free(pair->refusal);
    free(pair->touched);
    *pair = (struct pair){.last = WHEN_NONE, .latest = WHEN_NONE};
    pair->looked = pair->warned = WHEN_NONE;
}

void provblock_free(struct provblock *p)
{
    if (p == NULL)
        return;
    for (unsigned i = 0; i < p->pairs; i++)
        provblock_pair_clear(&p->pair[i]);
    free(p->pair);
    arena_free(&p->arena);
    free(p);
}

bool provblock_pair_room(struct pair *pair)
{
    if (pair->refusal == NULL)
        pair->refusal = malloc(REFUSALS_MOST * sizeof *pair->refusal);
    if (pair->touched == NULL)
        pair->touched = malloc(TOUCHED_MOST * sizeof *pair->touched);
    return pair->refusal && pair->touched;
}

static struct pair *find(struct provblock *p, struct slice ip, struct slice id)
{
    for (unsigned i = 0; i < p->pairs; i++)
        if (slice_eq(p->pair[i].ip, ip) && slice_eq(p->pair[i].id, id))
            return &p->pair[i];
    return NULL;
}

/* The place of the least recent pair that no listing hangs on; of the first, if all have one. */
static struct pair *victim(struct provblock *p)
{
    struct pair *least = NULL;

    for (unsigned i = 0; i < p->pairs; i++)
        if (p->pair[i].state == LISTING_CLEAR && (!least || p->pair[i].latest < least->latest))
            least = &p->pair[i];
    return least ? least : p->pair;
}

struct pair *provblock_pair(struct provblock *p, struct slice ip, struct slice id,
                            struct slice name)
{
    struct pair *pair = find(p, ip, id);

    if (pair)
        return pair;
    pair = p->pairs < PROVBLOCK_PAIRS ? &p->pair[p->pairs++] : victim(p);
    provblock_pair_clear(pair);
    pair->ip = arena_slice(&p->arena, ip);
    pair->id = arena_slice(&p->arena, id);
    pair->name = arena_slice(&p->arena, name);
    if (pair->ip.p && pair->id.p && pair->name.p)
        return pair;
    p->no_memory = true;
    return NULL;
}

void provblock_forget(struct provblock *p, struct slice ip, struct slice provider)
{
    struct pair *pair = find(p, ip, provider);

    if (pair == NULL)
        return;
    pair->state = LISTING_CLEAR;
    pair->looked = WHEN_NONE;
    pair->refusals = pair->touched_n = pair->places = pair->accepted = 0;
}

/* --- looks --- */

bool provblock_is_place(const struct pair *pair, struct slice place)
{
    for (unsigned i = 0; i < pair->places; i++)
        if (slice_eq(pair->place[i], place))
            return true;
    return false;
}

/* words: the reply that says so; of a look that found nothing, why that counts. */
static bool tell(struct provblock *p, const struct pair *pair, enum provblock_event event,
                 int64_t time, bool found, struct slice words)
{
    struct listing_look look = {.time = time,
                                .found = found,
                                .ip = pair->ip,
                                .provider = pair->id,
                                .name = pair->name,
                                .touched = pair->touched,
                                .touched_n = pair->touched_n};
    struct text reason = {0}, url = {0};

    if (event == PROVBLOCK_LOOK && !found) {
        look.over = words;
    } else {
        listing_text(&reason, words);
        listing_url(&url, provider_find(p->o.providers, pair->id), pair->ip, words);
        look.code = provblock_code(words);
        look.reason = look.sample = text_slice(&reason);
        look.url = text_slice(&url);
    }
    if (reason.failed || url.failed || !p->o.told(p->o.user, event, &look))
        p->no_memory = true;
    text_free(&reason);
    text_free(&url);
    return !p->no_memory;
}

bool provblock_look(struct provblock *p, struct pair *pair, int64_t time, bool found,
                    struct slice words)
{
    if (pair->looked != WHEN_NONE && pair->looked_found == found &&
        time - pair->looked < p->o.apart)
        return true;
    pair->looked = time;
    pair->looked_found = found;
    pair->state = listing_step(pair->state, found);
    provblock_set_due(p, pair);
    return tell(p, pair, PROVBLOCK_LOOK, time, found, words);
}

/* --- refusals --- */

static void drop_old(struct pair *pair, int64_t before)
{
    unsigned n = 0;

    for (unsigned i = 0; i < pair->refusals; i++)
        if (pair->refusal[i].time > before)
            pair->refusal[n++] = pair->refusal[i];
    pair->refusals = n;
    if (n == 0 && pair->state == LISTING_CLEAR) { /* what comes now is a new story */
        pair->touched_n = pair->places = 0;
        pair->accepted = 0;
    }
}

static uint32_t touch(struct provblock *p, struct pair *pair, const struct record *r)
{
    struct slice name = r->f[COL_CUSTOMER], partner = r->f[COL_PARTNER];
    struct identity id;

    if (name.n == 0 && identity_of(p->o.customers, r, &id) != IDENTITY_NONE)
        name = id.name;
    if (name.n == 0)
        return TOUCHED_MOST;
    for (uint32_t i = 0; i < pair->touched_n; i++)
        if (slice_eq(pair->touched[i].customer, name) &&
            slice_eq(pair->touched[i].partner, partner))
            return i;
    if (pair->touched_n == TOUCHED_MOST)
        return TOUCHED_MOST;
    struct listing_touched *t = &pair->touched[pair->touched_n];
    *t = (struct listing_touched){arena_slice(&p->arena, name), arena_slice(&p->arena, partner), 0};
    if (t->customer.p == NULL || (partner.n && t->partner.p == NULL))
        p->no_memory = true;
    return pair->touched_n++;
}

static void add_refusal(struct provblock *p, struct pair *pair, const struct record *r)
{
    char buf[NAME_MOST + 1];
    uint64_t rcpt = slice_hash_with(provblock_lower(r->f[COL_RCPT], buf), HASH_SEED);
    uint32_t customer = touch(p, pair, r);
    unsigned i = 0, oldest = 0;

    for (; i < pair->refusals && pair->refusal[i].rcpt != rcpt; i++)
        if (pair->refusal[i].time < pair->refusal[oldest].time)
            oldest = i;
    if (i == pair->refusals) { /* the same recipient's next tries are no more recipients */
        if (customer < pair->touched_n)
            pair->touched[customer].refused++;
        i = pair->refusals < REFUSALS_MOST ? pair->refusals++ : oldest;
    }
    pair->refusal[i] = (struct refusal){r->time, rcpt, customer};
}

static void add_place(struct provblock *p, struct pair *pair, const struct record *r,
                      const struct provider *at)
{
    char buf[NAME_MOST + 1];
    struct slice place = provblock_place(r, at, buf);

    if (place.n == 0 || pair->places == PLACES_MOST || provblock_is_place(pair, place))
        return;
    place = arena_slice(&p->arena, place);
    if (place.p)
        pair->place[pair->places++] = place;
    else
        p->no_memory = true;
}

static unsigned customers_in(const struct pair *pair)
{
    bool seen[TOUCHED_MOST + 1] = {false};
    unsigned n = 0;

    for (unsigned i = 0; i < pair->refusals; i++) {
        uint32_t c = pair->refusal[i].customer;
        if (c < TOUCHED_MOST && !seen[c]) {
            seen[c] = true;
            n++;
        }
    }
    return n;
}

static bool refused(struct provblock *p, struct pair *pair, const struct record *r,
                    const struct provider *at)
{
    if (!provblock_pair_room(pair))
        return !(p->no_memory = true);
    drop_old(pair, r->time - p->o.window);
    /* seen once, and nothing since: no second look can mean the first one's story */
    if (pair->state == LISTING_SEEN && pair->refusals == 0) {
        if (!provblock_look(p, pair, r->time, false, SLICE_NONE))
            return false;
        drop_old(pair, r->time - p->o.window);
    }
    add_refusal(p, pair, r);
    add_place(p, pair, r, at);
    if (r->time > pair->last) /* a record may come after later ones */
        pair->last = r->time;
    if (r->time > pair->latest)
        pair->latest = r->time;
    pair->accepted = 0;
    /* what is listed stays so by any refusal; only the beginning wants several */
    if (pair->state < LISTING_LISTED &&
        (pair->refusals < p->o.recipients || customers_in(pair) < p->o.customers_least))
        return !p->no_memory;
    return !p->no_memory && provblock_look(p, pair, r->time, true, r->f[COL_REPLY]);
}

static bool warned(struct provblock *p, struct pair *pair, const struct record *r)
{
    pair->latest = r->time;
    pair->accepted = 0;
    if (pair->warned != WHEN_NONE && r->time - pair->warned < WARN_AGAIN)
        return true;
    pair->warned = r->time;
    return tell(p, pair, PROVBLOCK_WARNING, r->time, false, r->f[COL_REPLY]);
}

static bool unknown(struct provblock *p, const struct record *r, struct slice id, struct slice name)
{
    struct pair *pair = provblock_pair(p, SL("unknown"), id, name);

    if (pair == NULL || pair->warned != WHEN_NONE)
        return pair != NULL;
    pair->warned = pair->latest = r->time;
    return tell(p, pair, PROVBLOCK_UNKNOWN, r->time, false, r->f[COL_REPLY]);
}

/* Whose server answered; where the log doesn't name it, that of the recipient's domain. */
static const struct provider *server_of(const struct provblock *p, const struct record *r)
{
    struct slice host = r->f[COL_RELAY_NAME], rcpt = r->f[COL_RCPT];
    const char *sign = slice_rchr(rcpt, '@');

    if (host.n && !slice_eq(host, SL("none")))
        return provider_of_mx(p->o.providers, host);
    struct slice domain = sign ? slice_range(sign + 1, rcpt.p + rcpt.n) : SLICE_NONE;
    const struct provider *at = provider_of_domain(p->o.providers, domain);
    return at ? at : provider_of_mx(p->o.providers, domain);
}

/* A mailbox provider's words count from its own servers only: anybody could say them, and who
 * passes them on was refused himself. Lists and filters are named by whoever uses them. */
static bool is_believed(const struct provider_reply *v)
{
    const struct provider *p = v->provider;

    return p->kind != PROVIDER_MAILBOX || (p->mx.n == 0 && p->part_of == NULL) ||
           (v->at && slice_eq(v->at->listed_by, p->listed_by));
}

static bool take_refusal(struct provblock *p, const struct record *r)
{
    char ip[IPADDR_TEXT], list[NAME_MOST + 1];
    struct provider_reply v;

    if (!provider_of_reply_at(p->o.providers, r->f[COL_REPLY], server_of(p, r), &v) ||
        v.meaning > PROVIDER_WARNING || !is_believed(&v))
        return true;
    struct slice id = v.list.n ? provblock_lower(v.list, list) : v.provider->id;
    struct slice name = v.list.n ? id : v.provider->name;
    if (!provblock_outbound(p, r, true, ip))
        return unknown(p, r, id, name);
    struct pair *pair = provblock_pair(p, slice_str(ip), id, name);
    if (pair == NULL)
        return false;
    return v.meaning == PROVIDER_WARNING ? warned(p, pair, r) : refused(p, pair, r, v.at);
}

/* Nobody's word on an address in public: of a filter of ours, say. A provider's server is none, and
 * neither is anything where our own addresses are private, too. */
static bool is_inside(const struct provblock *p, const struct record *r)
{
    struct ipaddr relay, ours;

    return ipaddr_parse(r->f[COL_RELAY_IP], &relay) && ipaddr_is_private(relay) &&
           provider_of_mx(p->o.providers, r->f[COL_RELAY_NAME]) == NULL &&
           !(ipaddr_parse(r->f[COL_OUTBOUND_IP], &ours) && ipaddr_is_private(ours));
}

static bool take_delivery(struct provblock *p, const struct record *r)
{
    static const struct slice again = SL("delivery temporarily suspended");

    if (r->f[COL_REPLY].n == 0 || (r->f[COL_DAEMON].n && !slice_eq(r->f[COL_DAEMON], SL("smtp"))) ||
        is_inside(p, r))
        return true;
    if (slice_eq(r->f[COL_STATUS], SL("sent")))
        return provblock_accepted(p, r);
    return slice_starts(r->f[COL_REPLY], again) || take_refusal(p, r);
}

bool provblock_record(struct provblock *p, const struct record *r)
{
    if (p->no_memory || (r->kind == KIND_DELIVER && !take_delivery(p, r)))
        return false;
    return r->time < p->due || provblock_unproven(p, r->time);
}
