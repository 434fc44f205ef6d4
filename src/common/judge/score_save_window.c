#include "judge/score_save_parts.h"

#include <stdlib.h>

int64_t unpack_time(struct unpack *in)
{
    int64_t t = (int64_t)unpack_fixed(in);

    in->bad |= t < -TIME_MOST || t > TIME_MOST;
    return in->bad ? 0 : t;
}

void usual_save(const struct usual *u, struct text *out)
{
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        pack_number(out, u->sign[i].yes);
        pack_number(out, u->sign[i].no);
    }
    for (unsigned i = 0; i < LEVELS; i++)
        pack_number(out, u->reached[i]);
    for (unsigned i = 0; i < SLOTS; i++)
        pack_number(out, u->slot[i]);
}

void usual_load(struct usual *u, struct unpack *in)
{
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        u->sign[i].yes = (uint16_t)unpack_number(in, UINT16_MAX);
        u->sign[i].no = (uint16_t)unpack_number(in, UINT16_MAX);
    }
    for (unsigned i = 0; i < LEVELS; i++)
        u->reached[i] = (uint16_t)unpack_number(in, UINT16_MAX);
    for (unsigned i = 0; i < SLOTS; i++)
        u->slot[i] = (uint8_t)unpack_number(in, UINT8_MAX);
}

static void save_cusum(const struct cusum *c, struct text *out)
{
    uint64_t decisive = 0;

    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        pack_float(out, c->family[f].hit);
        pack_float(out, c->family[f].miss);
        decisive |= (uint64_t)c->decisive[f] << f;
    }
    pack_number(out, decisive);
}

static void load_cusum(struct cusum *c, struct unpack *in)
{
    for (unsigned f = 0; f < FAMILY_COUNT; f++) {
        c->family[f].hit = unpack_float(in, (float)NATS_MOST);
        c->family[f].miss = unpack_float(in, (float)NATS_MOST);
        cusum_ratio(c, f);
    }
    uint64_t decisive = unpack_number(in, (1u << FAMILY_COUNT) - 1);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        c->decisive[f] = decisive >> f & 1;
}

static void save_weights(const float *weight, unsigned n, struct text *out)
{
    pack_number(out, n);
    for (unsigned i = 0; i < n; i++)
        pack_float(out, weight[i]);
}

/* They add up to 1, but for rounding. */
static void load_weights(float *weight, unsigned n, struct unpack *in)
{
    float sum = 0;

    in->bad |= unpack_number(in, SHARES_MOST) != n;
    for (unsigned i = 0; i < n; i++) {
        weight[i] = unpack_float(in, 2);
        in->bad |= weight[i] < 0;
        sum += weight[i];
    }
    in->bad |= !(sum > 0.5F && sum < 2);
}

/* Weights of shares that there are no more. */
static void skip_weights(struct unpack *in)
{
    for (unsigned n = (unsigned)unpack_number(in, SHARES_MOST); n; n--)
        unpack_float(in, 2);
}

static void save_watch(const struct watch *w, const struct scoring *s, struct text *out)
{
    pack_number(out, w->beliefs.begun);
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        if (!(w->beliefs.begun >> i & 1))
            continue;
        const float *weight = beliefs_of(&w->beliefs, i);
        save_weights(weight, s->sign[i].usual.n, out);
        save_weights(weight + s->sign[i].usual.n, s->sign[i].compromised.n, out);
    }
    usual_save(&w->learned, out);
}

/* False when memory runs out. */
static bool load_watch(struct watch *w, const struct scoring *s, bool same_shares,
                       struct unpack *in)
{
    unsigned begun = (unsigned)unpack_number(in, (1u << SIGN_TALLIES) - 1);

    for (unsigned i = 0; i < SIGN_TALLIES && !in->bad; i++) {
        if (!(begun >> i & 1))
            continue;
        if (!same_shares) {
            skip_weights(in);
            skip_weights(in);
            continue;
        }
        float *weight = beliefs_add(&w->beliefs, s, i);
        if (weight == NULL)
            return false;
        load_weights(weight, s->sign[i].usual.n, in);
        load_weights(weight + s->sign[i].usual.n, s->sign[i].compromised.n, in);
    }
    usual_load(&w->learned, in);
    return true;
}

static void save_sums(const struct site_sums *sums, struct text *out)
{
    pack_number(out, sums->n);
    pack_number(out, sums->more);
    for (unsigned i = 0; i < sums->n; i++) {
        const struct site_sum *s = &sums->site[i];
        pack_fixed(out, s->name);
        pack_fixed(out, s->net);
        pack_float(out, s->content);
        pack_float(out, s->unknown);
        pack_number(out, s->refused);
    }
}

/* False when memory runs out. */
static bool load_sums(struct site_sums *sums, struct unpack *in)
{
    unsigned n = (unsigned)unpack_number(in, SITES_KEPT);

    sums->more = unpack_number(in, 1);
    if (!sites_room(sums, n))
        return false;
    for (sums->n = (uint8_t)n; n; n--) {
        struct site_sum *s = &sums->site[sums->n - n];
        s->name = unpack_fixed(in);
        s->net = unpack_fixed(in);
        s->content = unpack_float(in, (float)NATS_MOST);
        s->unknown = unpack_float(in, (float)NATS_MOST);
        s->refused = (uint8_t)unpack_number(in, UINT8_MAX);
    }
    return true;
}

static void save_counts(const struct window *w, struct text *out)
{
    pack_number(out, w->messages);
    pack_number(out, w->recipients);
    pack_number(out, w->content);
    pack_number(out, w->unknown);
    pack_number(out, w->verdicts);
    pack_number(out, w->spam);
    pack_number(out, w->viruses);
    pack_number(out, w->told);
    pack_number(out, w->fresh_rcpts);
    pack_number(out, w->nets);
    pack_number(out, w->providers);
    pack_number(out, w->countries);
    pack_number(out, w->new_senders);
    pack_number(out, w->foreign_senders);
    pack_number(out, w->busiest);
}

static void save_lists(const struct window *w, struct text *out)
{
    pack_number(out, w->sender_bits != NULL);
    for (unsigned i = 0; w->sender_bits && i < SENDER_BITS / 64; i++)
        pack_fixed(out, w->sender_bits[i]);
    pack_number(out, w->samples);
    for (unsigned i = 0; i < w->samples; i++)
        pack_bytes(out, slice_of(w->sample[i].qid, w->sample[i].n));
    save_sums(&w->sums, out);
    names_save(&w->sender, out);
    names_save(&w->client, out);
    names_save(&w->country, out);
}

/* False when memory runs out. */
static bool load_lists(struct window *w, struct unpack *in)
{
    if (unpack_number(in, 1)) {
        if (!window_bits(w))
            return false;
        for (unsigned i = 0; i < SENDER_BITS / 64; i++)
            w->sender_bits[i] = unpack_fixed(in);
    }
    for (unsigned n = (unsigned)unpack_number(in, SUSPECT_SAMPLES); n; n--) {
        if (!window_sample(w, unpack_bytes(in, QID_KEPT)))
            return false;
    }
    return load_sums(&w->sums, in) && names_load(&w->sender, SUSPECT_SENDERS, in) &&
           names_load(&w->client, SUSPECT_CLIENTS, in) &&
           names_load(&w->country, SUSPECT_COUNTRIES, in);
}

static void load_counts(struct window *w, struct unpack *in)
{
    w->messages = unpack_number(in, UINT64_MAX);
    w->recipients = unpack_number(in, UINT64_MAX);
    w->content = unpack_number(in, UINT64_MAX);
    w->unknown = unpack_number(in, UINT64_MAX);
    w->verdicts = unpack_number(in, UINT64_MAX);
    w->spam = unpack_number(in, UINT64_MAX);
    w->viruses = unpack_number(in, UINT64_MAX);
    w->told = unpack_number(in, UINT64_MAX);
    w->fresh_rcpts = unpack_number(in, UINT64_MAX);
    w->nets = (uint32_t)unpack_number(in, UINT32_MAX);
    w->providers = (uint32_t)unpack_number(in, UINT32_MAX);
    w->countries = (uint32_t)unpack_number(in, UINT32_MAX);
    w->new_senders = (uint32_t)unpack_number(in, UINT32_MAX);
    w->foreign_senders = (uint32_t)unpack_number(in, UINT32_MAX);
    w->busiest = (uint32_t)unpack_number(in, UINT32_MAX);
}

void window_save(const struct window *w, const struct scoring *s, bool open, struct text *out)
{
    pack_fixed(out, (uint64_t)w->since);
    pack_fixed(out, (uint64_t)w->time);
    pack_fixed(out, (uint64_t)w->last);
    pack_fixed(out, (uint64_t)w->alarmed);
    pack_number(out, w->serial);
    pack_number(out, w->state);
    save_counts(w, out);
    pack_float(out, w->share);
    pack_double(out, w->best);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        pack_float(out, w->part[f]);
    save_lists(w, out);
    if (!open)
        return;
    save_cusum(&w->cusum, out);
    save_watch(&w->watch, s, out);
    fresh_save(&w->fresh, out);
}

struct window *window_load(const struct scoring *s, bool open, bool same_shares, struct unpack *in)
{
    int64_t since = unpack_time(in), time = unpack_time(in), last = unpack_time(in);
    int64_t alarmed = unpack_time(in);
    struct window *w = window_new(since, 0);

    if (w == NULL)
        return NULL;
    w->time = time;
    w->last = last;
    w->alarmed = alarmed;
    w->serial = unpack_number(in, UINT64_MAX);
    w->state = (uint8_t)unpack_number(in, STATE_INFECTED);
    load_counts(w, in);
    w->share = unpack_float(in, 1);
    w->best = unpack_double(in, NATS_MOST);
    for (unsigned f = 0; f < FAMILY_COUNT; f++)
        w->part[f] = unpack_float(in, (float)NATS_MOST);
    bool ok = load_lists(w, in);
    if (ok && open) {
        load_cusum(&w->cusum, in);
        ok = load_watch(&w->watch, s, same_shares, in) && fresh_load(&w->fresh, in);
    }
    if (ok)
        return w;
    window_free(w);
    return NULL;
}
