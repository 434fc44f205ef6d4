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

void verdict_observe(struct mind *m, enum verdict v, struct observation *o)
{
    if (v == VERDICT_VIRUS)
        o->decisive[FAMILY_VERDICT] = true;
    else if (v != VERDICT_NOTHING)
        o->llr[FAMILY_VERDICT] += sign_seen(m, SIGN_SPAM, v == VERDICT_SPAM, 0);
}
