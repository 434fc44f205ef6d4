/* What is remembered of refusals between two runs over a growing log. */
#include "act/provblock_parts.h"
#include "base/pack.h"

#define VERSION 1u

/* WHEN_NONE is 0; log times are after 1970. */
static void pack_time(struct text *out, int64_t t)
{
    pack_number(out, t > 0 ? (uint64_t)t : 0);
}

static int64_t unpack_time(struct unpack *in)
{
    uint64_t t = unpack_number(in, INT64_MAX / 2); /* so that sums fit */

    return t ? (int64_t)t : WHEN_NONE;
}

static void save_pair(struct text *out, const struct pair *pair)
{
    pack_bytes(out, pair->ip);
    pack_bytes(out, pair->id);
    pack_bytes(out, pair->name);
    pack_time(out, pair->last);
    pack_time(out, pair->latest);
    pack_time(out, pair->looked);
    pack_number(out, pair->looked_found);
    pack_time(out, pair->warned);
    pack_number(out, pair->accepted);
    pack_number(out, pair->state);
    pack_number(out, pair->touched_n);
    for (unsigned i = 0; i < pair->touched_n; i++) {
        pack_bytes(out, pair->touched[i].customer);
        pack_bytes(out, pair->touched[i].partner);
        pack_number(out, pair->touched[i].refused);
    }
    pack_number(out, pair->places);
    for (unsigned i = 0; i < pair->places; i++)
        pack_bytes(out, pair->place[i]);
    pack_number(out, pair->refusals);
    for (unsigned i = 0; i < pair->refusals; i++) {
        pack_time(out, pair->refusal[i].time);
        pack_fixed(out, pair->refusal[i].rcpt);
        pack_number(out, pair->refusal[i].customer);
    }
}

bool provblock_save(const struct provblock *p, struct text *out)
{
    pack_number(out, VERSION);
    pack_number(out, p->pairs);
    for (unsigned i = 0; i < p->pairs; i++)
        save_pair(out, &p->pair[i]);
    return !out->failed;
}

static struct slice copy(struct provblock *p, struct unpack *in, size_t most)
{
    struct slice s = arena_slice(&p->arena, unpack_bytes(in, most));

    if (s.n && s.p == NULL)
        p->no_memory = true;
    return s;
}

static void load_lists(struct provblock *p, struct unpack *in, struct pair *pair)
{
    pair->touched_n = (unsigned)unpack_count(in, TOUCHED_MOST, 3);
    for (unsigned i = 0; i < pair->touched_n && !in->bad; i++) {
        pair->touched[i].customer = copy(p, in, NAME_MOST);
        pair->touched[i].partner = copy(p, in, NAME_MOST);
        pair->touched[i].refused = unpack_number(in, UINT64_MAX);
    }
    pair->places = (unsigned)unpack_count(in, PLACES_MOST, 1);
    for (unsigned i = 0; i < pair->places && !in->bad; i++)
        pair->place[i] = copy(p, in, NAME_MOST);
    pair->refusals = (unsigned)unpack_count(in, REFUSALS_MOST, 10);
    for (unsigned i = 0; i < pair->refusals && !in->bad; i++) {
        pair->refusal[i].time = unpack_time(in);
        pair->refusal[i].rcpt = unpack_fixed(in);
        pair->refusal[i].customer = (uint32_t)unpack_number(in, TOUCHED_MOST);
    }
}

static void load_pair(struct provblock *p, struct unpack *in)
{
    struct slice ip = unpack_bytes(in, NAME_MOST), id = unpack_bytes(in, NAME_MOST);
    struct pair *pair =
        in->bad ? NULL : provblock_pair(p, ip, id, unpack_bytes(in, (size_t)NAME_MOST * 4));

    if (pair == NULL)
        return;
    if (!provblock_pair_room(pair)) {
        p->no_memory = true;
        return;
    }
    pair->last = unpack_time(in);
    pair->latest = unpack_time(in);
    pair->looked = unpack_time(in);
    pair->looked_found = unpack_number(in, 1);
    pair->warned = unpack_time(in);
    pair->accepted = (unsigned)unpack_number(in, UINT32_MAX);
    pair->state = (enum listing_state)unpack_number(in, LISTING_CLEARING);
    load_lists(p, in, pair);
    provblock_set_due(p, pair);
}

bool provblock_load(struct provblock *p, struct slice saved)
{
    struct unpack in = {.rest = saved};

    if (unpack_number(&in, VERSION) != VERSION)
        unpack_bad(&in);
    size_t n = unpack_count(&in, PROVBLOCK_PAIRS, 12);
    for (size_t i = 0; i < n && !in.bad && !p->no_memory; i++)
        load_pair(p, &in);
    if (!in.bad && in.rest.n == 0 && !p->no_memory)
        return true;
    while (p->pairs)
        provblock_pair_clear(&p->pair[--p->pairs]);
    p->due = INT64_MAX;
    return false;
}
