#include "judge/evidence.h"

/* Of something to be new, the share falls with what was seen before: of n observations the next is
 * new with about this chance against n (Ewens 1972), whatever the identity's habits are. */
static float newness(enum sign sign)
{
    switch (sign) {
    case SIGN_NEW_RCPT:
        return 4;
    case SIGN_NEW_SENDER:
        return 1;
    case SIGN_NEW_NET:
        return 3;
    default:
        return 0;
    }
}

bool sign_is_first(const struct mind *m, enum sign sign)
{
    return tally_empty(&m->own->sign[sign]) && tally_empty(&m->watch->learned.sign[sign]);
}

float sign_seen(struct mind *m, enum sign sign, float yes, float usual_least)
{
    return sign_seen_part(m, sign, yes, usual_least, 1);
}

/* What is believed about the sign; NULL when memory runs out. */
static const float *believed(struct mind *m, enum sign sign)
{
    struct beliefs *b = &m->watch->beliefs;

    if (b->begun & 1u << sign)
        return beliefs_of(b, sign);
    float *belief = beliefs_add(b, m->scoring, sign);
    if (belief)
        belief_begin(belief, m->scoring, sign, &m->own->sign[sign], &m->customers->sign[sign]);
    else
        m->failed = true;
    return belief;
}

float sign_seen_part(struct mind *m, enum sign sign, float yes, float usual_least, float part)
{
    struct watch *w = m->watch;
    const struct tally *own = &m->own->sign[sign];
    float weight = newness(sign);
    const float *belief = believed(m, sign);

    if (belief == NULL)
        return 0;
    if (weight > 0) {
        float young = weight / (weight + tally_count(own) + tally_count(&w->learned.sign[sign]));
        usual_least = young > usual_least ? young : usual_least;
    }
    tally_add(&w->learned.sign[sign], yes);
    if (m->seen)
        m->seen(m->user, m->identity, sign, yes, usual_least);
    m->yes[sign] += part * yes;
    m->no[sign] += part * (1 - yes);
    return part * belief_llr(belief, m->scoring, sign, yes, usual_least);
}

void mind_learn(struct mind *m, float part)
{
    for (unsigned i = 0; i < SIGN_TALLIES; i++)
        if (m->yes[i] + m->no[i] > 0)
            belief_learn(beliefs_of(&m->watch->beliefs, i), m->scoring, i, part * m->yes[i],
                         part * m->no[i]);
}
