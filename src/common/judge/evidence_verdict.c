#include "judge/evidence.h"

enum verdict verdict_of(const struct record *r)
{
    struct slice v = r->f[COL_VERDICT];

    if (slice_eq(v, SL("spam")) || slice_eq(v, SL("spammy")))
        return VERDICT_SPAM;
    if (slice_eq(v, SL("virus")))
        return VERDICT_VIRUS;
    return slice_eq(v, SL("clean")) ? VERDICT_CLEAN : VERDICT_NOTHING;
}

void verdict_observe(enum verdict v, const struct scoring *s, struct observation *o)
{
    const struct likelihood *l = &s->family[FAMILY_VERDICT];

    if (v == VERDICT_VIRUS)
        o->decisive[FAMILY_VERDICT] = true;
    else if (v != VERDICT_NOTHING)
        o->llr[FAMILY_VERDICT] += v == VERDICT_SPAM ? l->yes : l->no;
}
