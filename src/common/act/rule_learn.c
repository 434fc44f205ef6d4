/* Patterns from words: what a spammer's local parts have in common. */
#include "act/rule_parts.h"

#define SEPARATORS "._+=-" /* the hyphen last, as in brackets */
#define PREFIX_LEAST 3u    /* letters; fewer may be chance */
#define HEX_LEAST 6u       /* so many characters without g to z are no chance */

enum byte_kind { BYTE_LETTER = 1, BYTE_HEX = 2, BYTE_DIGIT = 4, BYTE_SEPARATOR = 8 /* and on */ };

/* A part of all words. */
struct part {
    struct slice first;
    size_t same; /* bytes that all begin with */
    size_t least, most;
    unsigned kinds;
};

static unsigned kind_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return c <= 'f' ? BYTE_HEX : BYTE_LETTER;
    if (is_digit(c))
        return BYTE_DIGIT;
    const char *separator = c ? strchr(SEPARATORS, c) : NULL;
    return separator ? (unsigned)BYTE_SEPARATOR << (separator - SEPARATORS) : 0;
}

/* The letter that stands for the part that begins with c. */
static char part_name(char c, enum pattern_cut cut)
{
    unsigned kind = kind_of(c);

    if (cut == CUT_WHOLE)
        return 'x';
    if (kind >= BYTE_SEPARATOR)
        return c;
    return cut == CUT_WORDS ? 'w' : kind == BYTE_DIGIT ? '0' : 'a';
}

/* The next part; separators are one character each. */
static struct slice take_part(struct slice *word, enum pattern_cut cut)
{
    size_t n = 1;
    bool separator = cut != CUT_WHOLE && kind_of(word->p[0]) >= BYTE_SEPARATOR;

    while (!separator && n < word->n && part_name(word->p[n], cut) == part_name(word->p[0], cut))
        n++;
    struct slice part = slice_of(word->p, n);
    *word = slice_skip(*word, n);
    return part;
}

bool pattern_shape(struct slice word, enum pattern_cut cut, char out[PATTERN_WORD_MAX + 1])
{
    size_t n = 0;

    if (word.n == 0 || word.n > PATTERN_WORD_MAX)
        return false;
    for (size_t i = 0; i < word.n; i++)
        if (kind_of(word.p[i]) == 0)
            return false;
    while (word.n)
        out[n++] = part_name(take_part(&word, cut).p[0], cut);
    out[n] = '\0';
    return true;
}

static size_t common(struct slice a, struct slice b, size_t most)
{
    size_t n = 0;

    while (n < most && n < a.n && n < b.n && a.p[n] == b.p[n])
        n++;
    return n;
}

static void measure(struct part *parts, struct slice word, enum pattern_cut cut, bool first)
{
    for (struct part *p = parts; word.n; p++) {
        struct slice s = take_part(&word, cut);
        if (first)
            *p = (struct part){s, s.n, s.n, s.n, 0};
        p->same = common(p->first, s, p->same);
        p->least = s.n < p->least ? s.n : p->least;
        p->most = s.n > p->most ? s.n : p->most;
    }
}

static bool is_fixed(const struct part *p)
{
    return p->same == p->most;
}

/* How much of the beginning stands as it is: all, or a few letters before what changes. */
static void keep_prefix(struct part *p)
{
    size_t n = 0;

    if (is_fixed(p))
        return;
    while (n < p->same && kind_of(p->first.p[n]) & (BYTE_LETTER | BYTE_HEX))
        n++;
    if (n == p->least)
        n--;
    p->same = n >= PREFIX_LEAST ? n : 0;
}

static void see_kinds(struct part *parts, struct slice word, enum pattern_cut cut)
{
    for (struct part *p = parts; word.n; p++) {
        struct slice rest = slice_skip(take_part(&word, cut), p->same);
        for (size_t i = 0; i < rest.n; i++)
            p->kinds |= kind_of(rest.p[i]);
    }
}

static void add_class(struct text *out, unsigned kinds, bool may_be_hex)
{
    bool hex = may_be_hex && (kinds & BYTE_HEX) && (kinds & BYTE_DIGIT) && !(kinds & BYTE_LETTER);

    text_addc(out, '[');
    if (hex)
        text_add(out, SL("a-f"));
    else if (kinds & (BYTE_LETTER | BYTE_HEX))
        text_add(out, SL("a-z"));
    if (kinds & BYTE_DIGIT)
        text_add(out, SL("0-9"));
    for (size_t i = 0; SEPARATORS[i]; i++)
        if (kinds & (unsigned)BYTE_SEPARATOR << i)
            text_addc(out, SEPARATORS[i]);
    text_addc(out, ']');
}

/* n numbers drawn at random from a range leave about a n-th of it unseen at either end (as with the
 * serial numbers of tanks: Goodman 1952). */
static void add_count(struct text *out, size_t least, size_t most, size_t n)
{
    size_t unseen = n > 1 ? (most - least) / (n - 1) : 0;

    least = least > unseen + 1 ? least - unseen : 1;
    most += unseen;
    if (least != most)
        text_addf(out, "{%zu,%zu}", least, most);
    else if (least != 1)
        text_addf(out, "{%zu}", least);
}

void pattern_add_literal(struct text *out, struct slice s)
{
    text_add_regexp_literal(out, s);
}

void pattern_learn(struct text *out, const struct slice *words, size_t n, enum pattern_cut cut)
{
    struct part parts[PATTERN_WORD_MAX];
    char shape[PATTERN_WORD_MAX + 1];

    if (n == 0 || !pattern_shape(words[0], cut, shape))
        return;
    size_t count = strlen(shape);
    for (size_t i = 0; i < n; i++)
        measure(parts, words[i], cut, i == 0);
    for (size_t k = 0; k < count; k++)
        keep_prefix(&parts[k]);
    for (size_t i = 0; i < n; i++)
        see_kinds(parts, words[i], cut);
    for (const struct part *p = parts; p < parts + count; p++) {
        pattern_add_literal(out, slice_of(p->first.p, p->same));
        if (is_fixed(p))
            continue;
        add_class(out, p->kinds, p->least - p->same >= HEX_LEAST);
        add_count(out, p->least - p->same, p->most - p->same, n);
    }
}

bool pattern_domain_good(struct slice domain)
{
    for (size_t i = 0; i < domain.n; i++) {
        char c = domain.p[i];
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '.' && c != '-' && c != '_')
            return false;
    }
    return domain.n > 0 && domain.n <= 100;
}
