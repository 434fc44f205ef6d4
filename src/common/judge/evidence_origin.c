#include "judge/evidence.h"

/* Coming back to what was new is what everybody does who came to stay: it says little. */
#define AGAIN 0.1F

/* A chain: a new provider is only asked for in a new net, a new country only of a new provider. */
void origin_observe(struct mind *m, const struct sight *s, struct observation *o)
{
    bool first = sign_is_first(m, SIGN_NEW_NET);
    float *llr = &o->llr[FAMILY_ORIGIN];

    if (s->net != FAMILIAR_UNTOLD)
        *llr += sign_seen_part(m, SIGN_NEW_NET, s->net == FAMILIAR_NEW, 0,
                               s->net == FAMILIAR_AGAIN ? AGAIN : 1);
    if (first || s->net != FAMILIAR_NEW)
        return;
    if (s->provider != FAMILIAR_UNTOLD)
        *llr += sign_seen(m, SIGN_NEW_AS, s->provider == FAMILIAR_NEW, 0);
    if (s->provider != FAMILIAR_NEW)
        return;
    if (s->elsewhere >= 0)
        *llr += sign_seen(m, SIGN_ELSEWHERE, s->elsewhere > 0, 0);
    if (s->country != FAMILIAR_UNTOLD)
        *llr += sign_seen(m, SIGN_NEW_COUNTRY, s->country == FAMILIAR_NEW, 0);
}
