/* outcome: what becomes of a delivery: the recipient's server may be away, be in trouble, slow us
 * down, or refuse the message for what it says. See sim.h.
 */
#include "sim.h"

#include <math.h>

static const double spam_refusals[STYLE_COUNT] = {
    [STYLE_POSTFIX] = 0.35, [STYLE_EXIM] = 0.35,    [STYLE_GATEWAY] = 0.70,
    [STYLE_BIGMAIL] = 0.75, [STYLE_OUTPOST] = 0.6,  [STYLE_REDMONT] = 0.5,
    [STYLE_YONDER] = 0.6,   [STYLE_NORDPOST] = 0.7, [STYLE_PEARMAIL] = 0.8};

/* The spam that a provider saw from us wears off within hours; until then it slows us down. */
static double heat(struct sim *s, enum style style)
{
    double age = (double)(s->now - s->heat_at[style]) / (double)HOUR;

    s->heat[style] *= exp2(-age / 2);
    s->heat_at[style] = s->now;
    return s->heat[style];
}

/* The chance that a message is refused for what it says. A provider that knows the spam refuses it
 * more and more often, the more of it comes; others hardly ever. */
static double refusal(struct sim *s, const struct mail *m, const struct domain *to)
{
    enum style style = to->style;
    bool large = style >= STYLE_GATEWAY;
    uint64_t h;

    if (m->look == 0)
        return m->spam * spam_refusals[style] + s->honest_refusals;
    h = rng_hash(m->look ^ (large ? style : 0x100 + (uint64_t)(to - s->names->domain)));
    if (h % 100 < 40)
        return m->spam * 0.03 + s->honest_refusals;
    return fmin(m->spam * (0.4 + (double)(h >> 32) * 0x1.4p-32) *
                        (1 + fmin(s->heat[style] / 80, 1)) +
                    s->honest_refusals,
                0.95);
}

enum outcome outcome_at(struct sim *s, const struct mail *m, const struct domain *to,
                        uint32_t transport)
{
    struct trouble *trouble = trouble_at(s->troubles, s->now, to, transport);
    enum style style = to->style;
    double u = rng_unit(&s->rng);
    double warm = fmin(heat(s, style) * 0.0004, 0.10);

    if (to->fault == FAULT_NO_HOST)
        return OUTCOME_NO_HOST;
    if (s->now < to->suspended)
        return OUTCOME_SUSPENDED;
    if (to->fault != FAULT_NONE)
        return to->fault == FAULT_SILENT ? OUTCOME_TIMED_OUT : OUTCOME_REFUSED;
    if (trouble != NULL) {
        role_touched(s, trouble->role);
        return trouble->outcome;
    }
    if (u < 0.0004)
        return OUTCOME_TIMED_OUT;
    if (u < 0.0009)
        return OUTCOME_LOST;
    if (u < 0.0013 && (style == STYLE_NORDPOST || style == STYLE_POSTFIX))
        return OUTCOME_TURNED_AWAY;
    if (u < 0.0016)
        return OUTCOME_BLOCKED;
    if (u < 0.0030 + (style == STYLE_YONDER) * 0.004 + warm)
        return OUTCOME_THROTTLED;
    if (rng_chance(&s->rng, refusal(s, m, to))) {
        s->heat[style] += 1;
        return s->refused_as;
    }
    return OUTCOME_SENT;
}

enum outcome outcome_at_home(struct sim *s, const struct mail *m)
{
    return m->inbound && rng_chance(&s->rng, m->spam) ? OUTCOME_SPAM : OUTCOME_SENT;
}
