#include "judge/evidence.h"

void recipients_observe(struct mind *m, const struct addressees *a, struct observation *o)
{
    bool first = sign_is_first(m, SIGN_NEW_RCPT);
    float *llr = &o->llr[FAMILY_RECIPIENTS];

    if (a->all == 0)
        return;
    *llr += sign_seen(m, SIGN_NEW_RCPT, (float)a->fresh / (float)a->all, 0);
    if (a->fresh && !first)
        *llr += sign_seen(m, SIGN_NEW_DOMAIN, (float)a->domains / (float)a->fresh, 0);
}
