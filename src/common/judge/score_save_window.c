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
static void load_weights(float *weight, unsigned n, bool same_shares, struct unpack *in)
{
    unsigned saved = (unsigned)unpack_number(in, SHARES_MOST);
    float sum = 0;

    for (unsigned i = 0; i < saved; i++) {
        weight[i] = unpack_float(in, 2);
        in->bad |= weight[i] < 0;
        sum += weight[i];
    }
    in->bad |= same_shares && (saved != n || !(sum > 0.5F && sum < 2));
}

static void save_watch(const struct watch *w, const struct scoring *s, struct text *out)
{
    pack_number(out, w->begun);
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        if (!(w->begun >> i & 1))
            continue;
        save_weights(w->belief[i].usual, s->sign[i].usual.n, out);
        save_weights(w->belief[i].compromised, s->sign[i].compromised.n, out);
    }
    usual_save(&w->learned, out);
}

static void load_watch(struct watch *w, const struct scoring *s, bool same_shares,
                       struct unpack *in)
{
    w->begun = (uint32_t)unpack_number(in, (1u << SIGN_TALLIES) - 1);
    for (unsigned i = 0; i < SIGN_TALLIES; i++) {
        if (!(w->begun >> i & 1))
            continue;
        load_weights(w->belief[i].usual, s->sign[i].usual.n, same_shares, in);
        load_weights(w->belief[i].compromised, s->sign[i].compromised.n, same_shares, in);
    }
    usual_load(&w->learned, in);
    if (!same_shares)
        w->begun = 0;
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

static void load_sums(struct site_sums *sums, struct unpack *in)
{
    sums->n = (unsigned)unpack_number(in, SITES_KEPT);
    sums->more = unpack_number(in, 1);
    for (unsigned i = 0; i < sums->n; i++) {
        struct site_sum *s = &sums->site[i];
        s->name = unpack_fixed(in);
        s->net = unpack_fixed(in);
        s->content = unpack_float(in, (float)NATS_MOST);
        s->unknown = unpack_float(in, (float)NATS_MOST);
        s->refused = (uint8_t)unpack_number(in, UINT8_MAX);
    }
}

static void save_top(const struct top_name *top, unsigned n, struct text *out)
{
    unsigned used = 0;

    while (used < n && top[used].name)
        used++;
    pack_number(out, used);
    for (unsigned i = 0; i < used; i++) {
        pack_bytes(out, slice_of(top[i].name, top[i].n));
        pack_number(out, top[i].count);
        pack_number(out, top[i].error);
    }
}

/* False when memory runs out. */
static bool load_top(struct top_name *top, unsigned n, struct unpack *in)
{
    unsigned used = (unsigned)unpack_number(in, n);

    for (unsigned i = 0; i < used && !in->bad; i++) {
        struct slice name = unpack_bytes(in, NAME_KEPT);
        top[i].count = (uint32_t)unpack_number(in, UINT32_MAX);
        top[i].error = (uint32_t)unpack_number(in, UINT32_MAX);
        if ((top[i].name = malloc(name.n ? name.n : 1)) == NULL)
            return false;
        top[i].n = (uint32_t)name.n;
        if (name.n)
            memcpy(top[i].name, name.p, name.n);
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
    for (unsigned i = 0; i < SENDER_BITS / 64; i++)
        pack_number(out, w->sender_bits[i]);
    pack_number(out, w->many_senders);
    pack_number(out, w->samples);
    for (unsigned i = 0; i < w->samples; i++)
        pack_bytes(out, slice_of(w->sample[i], w->sample_n[i]));
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
    for (unsigned i = 0; i < SENDER_BITS / 64; i++)
        w->sender_bits[i] = unpack_number(in, UINT64_MAX);
    w->many_senders = unpack_number(in, 1);
    w->samples = (uint8_t)unpack_number(in, SUSPECT_SAMPLES);
    for (unsigned i = 0; i < w->samples; i++) {
        struct slice qid = unpack_bytes(in, QID_KEPT);
        w->sample_n[i] = (uint8_t)qid.n;
        if (qid.n)
            memcpy(w->sample[i], qid.p, qid.n);
    }
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
    save_sums(&w->sums, out);
    save_top(w->sender, SUSPECT_SENDERS, out);
    save_top(w->client, SUSPECT_CLIENTS, out);
    save_top(w->country, SUSPECT_COUNTRIES, out);
    if (!open)
        return;
    save_cusum(&w->cusum, out);
    save_watch(&w->watch, s, out);
    fresh_save(&w->fresh, out);
}

static bool load_names(struct window *w, struct unpack *in)
{
    return load_top(w->sender, SUSPECT_SENDERS, in) && load_top(w->client, SUSPECT_CLIENTS, in) &&
           load_top(w->country, SUSPECT_COUNTRIES, in);
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
    load_sums(&w->sums, in);
    bool ok = load_names(w, in);
    if (ok && open) {
        load_cusum(&w->cusum, in);
        load_watch(&w->watch, s, same_shares, in);
        ok = fresh_load(&w->fresh, in);
    }
    if (ok)
        return w;
    window_free(w);
    return NULL;
}
