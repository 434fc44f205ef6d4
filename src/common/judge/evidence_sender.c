#include "judge/evidence.h"

/* Coming back to what was new is what everybody does who came to stay: it says little. */
#define AGAIN 0.1F

void sender_observe(struct mind *m, const struct guise *g, struct observation *o)
{
    bool first = sign_is_first(m, SIGN_NEW_SENDER);
    float *llr = &o->llr[FAMILY_SENDER];

    if (g->sender == FAMILIAR_UNTOLD)
        return;
    *llr += sign_seen_part(m, SIGN_NEW_SENDER, g->sender == FAMILIAR_NEW, 0,
                           g->sender == FAMILIAR_AGAIN ? AGAIN : 1);
    if (first || g->sender != FAMILIAR_NEW)
        return;
    if (g->domain != FAMILIAR_UNTOLD)
        *llr += sign_seen(m, SIGN_FOREIGN_SENDER, g->domain == FAMILIAR_NEW, 0);
    *llr += sign_seen(m, SIGN_RANDOM_SENDER, g->random, 0);
}

static bool is_vowel(char c)
{
    return memchr("aeiouyAEIOUY", c, 12) != NULL;
}

/* Long words without vowels, or letters and digits in turns: `xkqzvtrw`, `a8x2k9q`. */
bool looks_random(struct slice local)
{
    unsigned turns = 0, consonants = 0, run = 0, most = 0, vowels = 0;
    bool digits = false;

    for (size_t i = 0; i < local.n; i++) {
        char c = local.p[i];
        bool digit = is_digit(c), letter = (unsigned char)((c | 0x20) - 'a') < 26;
        if (!digit && !letter) {
            run = 0;
            continue;
        }
        turns += i > 0 && digit != digits;
        digits = digit;
        vowels += letter && is_vowel(c);
        consonants += letter && !is_vowel(c);
        run = letter && !is_vowel(c) ? run + 1 : 0;
        most = run > most ? run : most;
    }
    return turns >= 4 || most >= 6 || (consonants >= 6 && vowels == 0);
}
