#include "judge/reply_text.h"

#include "judge/reply_code.h"
#include "judge/reply_ip.h"

enum { HEAD = sizeof(struct reply_codes) }; /* of a key, before the skeleton */

/* Bytes by what they do in a reply. */
enum kind {
    OTHER,
    ALPHA,
    DIGIT,
    JOIN, /* inside a word, never at its end: . - _ + % @ */
    SPACE,
    HIGH /* not ASCII, or the ? that Postfix writes for it */
};

static inline enum kind kind_of(char ch)
{
    /* clang-format off */
#define A ALPHA
#define D DIGIT
#define J JOIN
#define S SPACE
#define H HIGH
    static const unsigned char table[256] = {
        S,S,S,S,S,S,S,S,S,S,S,S,S,S,S,S, S,S,S,S,S,S,S,S,S,S,S,S,S,S,S,S,
        S,0,0,0,0,J,0,0,0,0,0,J,0,J,J,0, D,D,D,D,D,D,D,D,D,D,0,0,0,0,0,H,
        J,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A, A,A,A,A,A,A,A,A,A,A,A,0,0,0,0,J,
        0,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A, A,A,A,A,A,A,A,A,A,A,A,0,0,0,0,S,
        H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H, H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,
        H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H, H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,
        H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H, H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,
        H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H, H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,H,
    };
#undef A
#undef D
#undef J
#undef S
#undef H
    /* clang-format on */
    return (enum kind)table[(unsigned char)ch];
}

static inline bool is_hex(char c)
{
    return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6;
}

/* Where the reader is and what it has written. */
struct pen {
    const char *p, *end;
    char *out, *limit;
    const struct reply_text *t;
};

static void put(struct pen *pen, const char *s, size_t n)
{
    size_t room = (size_t)(pen->limit - pen->out);

    if (n > room)
        n = room;
    memcpy(pen->out, s, n);
    pen->out += n;
}

static inline void putch(struct pen *pen, char c)
{
    if (pen->out < pen->limit)
        *pen->out++ = c;
}

static inline char last(const struct pen *pen)
{
    return pen->out > pen->t->words.p ? pen->out[-1] : ' ';
}

/* --- words ---------------------------------------------------------------------------------- */

/* What a word is made of. */
struct word {
    struct slice s;
    unsigned digits, letters, lower, turns, dots;
    const char *at;
};

/* Copies s with its digit runs of at least `run` digits as 0. */
static void put_zeroed(struct pen *pen, struct slice s, size_t run)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        const char *q = p;
        while (q < end && is_digit(*q))
            q++;
        if ((size_t)(q - p) >= run)
            putch(pen, '0');
        else
            put(pen, p, (size_t)(q - p));
        for (p = q; q < end && !is_digit(*q); q++)
            ;
        put(pen, p, (size_t)(q - p));
        p = q;
    }
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return true;
}

/* A domain name: long random labels (a DQS key, a session) become id. */
static void put_name(struct pen *pen, struct slice name)
{
    const char *p = name.p, *end = name.p + name.n;
    unsigned dots = 0, leading = 0;

    for (const char *q = p; q < end; q++)
        dots += *q == '.';
    for (const char *q = p; q < end && (is_digit(*q) || *q == '.'); q++)
        if (*q == '.' && ++leading >= 4) /* 4.3.2.1.zen.spamhaus.org: as the list was asked */
            p = q + 1;
    dots -= leading >= 4 ? leading : 0;
    while (p < end) {
        const char *dot = memchr(p, '.', (size_t)(end - p));
        struct slice label = slice_range(p, dot ? dot : end);
        if (all_digits(label) ? dots > 1 : label.n >= 20)
            put(pen, dots > 1 && label.n >= 20 ? "id" : "0", label.n >= 20 ? 2 : 1);
        else
            put_zeroed(pen, label, all_digits(label) ? 99 : 3);
        if (dot)
            putch(pen, '.');
        p = dot ? dot + 1 : end;
        dots--;
    }
}

static bool is_name(const struct word *w)
{
    const char *dot = slice_rchr(w->s, '.'), *end = w->s.p + w->s.n;

    if (dot == NULL || end - dot < 3)
        return false;
    for (const char *p = dot + 1; p < end; p++)
        if (kind_of(*p) != ALPHA)
            return false;
    return true;
}

/* IB103, LPN007_416, S77719, RP-001: what a provider's own table explains. */
static bool is_code_word(const struct word *w)
{
    return w->s.n <= 12 && w->lower == 0 && w->letters > 0 && w->dots == 0 && w->turns <= 2 &&
           kind_of(w->s.p[0]) == ALPHA && memchr(w->s.p, '+', w->s.n) == NULL;
}

static void put_number(struct pen *pen, const struct word *w)
{
    unsigned dsn[3];
    char before = last(pen);

    if (w->s.n == 1 || (w->s.n <= 4 && (before == '#' || before == '[')) ||
        (w->dots == 2 && reply_dsn_length(w->s.p, w->s.p + w->s.n, dsn) == w->s.n))
        put(pen, w->s.p, w->s.n);
    else
        putch(pen, '0');
}

static void put_address(struct pen *pen, const struct word *w)
{
    char before = last(pen);

    put(pen, "x@", 2);
    if (before == '\'' || before == '"')
        put(pen, "example.com", 11);
    else
        put_name(pen, slice_range(w->at + 1, w->s.p + w->s.n));
}

static void put_word(struct pen *pen, const struct word *w)
{
    if (w->at)
        put_address(pen, w);
    else if (w->digits == 0)
        put(pen, w->s.p, w->s.n);
    else if (w->letters == 0)
        put_number(pen, w);
    else if (is_name(w))
        put_name(pen, w->s);
    else if (is_code_word(w) || (last(pen) == '#' && w->s.n <= 8))
        put(pen, w->s.p, w->s.n);
    else if (w->s.n >= 8 && (w->digits >= 4 || w->turns >= 4))
        put(pen, "id", 2);
    else
        put_zeroed(pen, w->s, 2);
}

/* Reads the word at pen->p. */
static struct word read_word(const struct pen *pen)
{
    struct word w = {.s = {pen->p, 0}};
    enum kind before = OTHER;
    const char *p = pen->p;

    for (; p < pen->end; p++) {
        enum kind k = kind_of(*p);
        if (k == ALPHA) {
            w.letters++;
            w.lower += (*p & 0x20) != 0;
        } else if (k == DIGIT) {
            w.digits++;
        } else if (k == JOIN) {
            w.dots += *p == '.';
            if (*p == '@' && w.at == NULL)
                w.at = p;
        } else {
            break;
        }
        w.turns += (k == ALPHA && before == DIGIT) || (k == DIGIT && before == ALPHA);
        before = k;
    }
    for (; kind_of(p[-1]) == JOIN; p--)
        w.dots -= p[-1] == '.';
    if (w.at && w.at >= p - 1)
        w.at = NULL;
    w.s.n = (size_t)(p - w.s.p);
    return w;
}

/* At '<': the length of <local@domain>, or 0. */
static size_t bracketed_address(const char *p, const char *end)
{
    bool at = false;

    for (const char *q = p + 1; q < end && q - p < 330; q++) {
        if (*q == '@')
            at = true;
        if (*q == '>')
            return at ? (size_t)(q + 1 - p) : 0;
        if (*q == '<' || (kind_of(*q) == SPACE && !at && q[-1] == '>'))
            return 0;
    }
    return 0;
}

static void put_ip(struct pen *pen, size_t n)
{
    if (n > 4 && memcmp(pen->p, "127.", 4) == 0)
        put(pen, pen->p, n);
    else if (memchr(pen->p, ':', n))
        put(pen, "2001:db8::1", 11);
    else
        put(pen, "192.0.2.1", 9);
    pen->p += n;
}

/* Copies the letters at pen->p if they are a whole word: most of a reply, so this is its pace. */
static inline bool copy_plain_word(struct pen *pen)
{
    const char *p = pen->p, *end = pen->end;
    char *out = pen->out;

    if ((size_t)(pen->limit - out) < (size_t)(end - p))
        end = p + (pen->limit - out);
    while (p < end && kind_of(*p) == ALPHA)
        *out++ = *p++;
    if (p + 1 < pen->end) {
        enum kind k = kind_of(*p), next = kind_of(p[1]);
        if (k == DIGIT || (k == JOIN && (next == ALPHA || next == DIGIT || next == JOIN)) ||
            (*p == ':' && p - pen->p <= 4)) /* fe80::1 */
            return false;
    } else if (p < pen->end && kind_of(*p) == DIGIT) {
        return false;
    }
    pen->p = p;
    pen->out = out;
    return true;
}

static void step_word(struct pen *pen)
{
    struct word w;
    size_t n;

    if (is_hex(*pen->p) && (n = reply_ip_length(pen->p, pen->end)) > 0) {
        put_ip(pen, n);
        return;
    }
    w = read_word(pen);
    put_word(pen, &w);
    pen->p += w.s.n;
}

/* One step: a word, an address, a run of blanks, or one other byte. */
static inline void step(struct pen *pen)
{
    enum kind k = kind_of(*pen->p);
    size_t n;

    if (k == ALPHA || k == DIGIT) {
        if (k == DIGIT || !copy_plain_word(pen))
            step_word(pen);
    } else if (k == SPACE) {
        if (last(pen) != ' ')
            putch(pen, ' ');
        pen->p = reply_skip_blanks(pen->p + 1, pen->end);
        if (pen->p < pen->end && kind_of(*pen->p) == DIGIT)
            pen->p = reply_skip_repeat(&pen->t->codes, pen->p, pen->end);
    } else if (k == HIGH) {
        if (last(pen) != '?')
            putch(pen, '?');
        pen->p++;
    } else if (*pen->p == '<' && (n = bracketed_address(pen->p, pen->end)) > 0) {
        put(pen, "<x@example.com>", 15);
        pen->p += n;
    } else if (*pen->p == ':' && (n = reply_ip_length(pen->p, pen->end)) > 0) {
        put_ip(pen, n);
    } else {
        putch(pen, *pen->p++);
    }
}

/* --- the whole ------------------------------------------------------------------------------ */

void reply_text_make(struct reply_text *t, struct slice reply)
{
    struct slice s = reply_bare(reply);
    struct pen pen = {s.p, s.p + s.n, t->buf + HEAD, t->buf + HEAD + REPLY_WORDS_MAX, t};

    t->words = slice_of(t->buf + HEAD, 0);
    pen.p = reply_take_codes(&t->codes, reply_skip_blanks(pen.p, pen.end), pen.end);
    pen.p = reply_skip_repeat(&t->codes, pen.p, pen.end);
    while (pen.p < pen.end && pen.out < pen.limit)
        step(&pen);
    if (pen.out > t->words.p && last(&pen) == ' ')
        pen.out--;
    t->words.n = (size_t)(pen.out - t->words.p);
    memcpy(t->buf, &t->codes, HEAD);
    t->key = slice_of(t->buf, HEAD + t->words.n);
}
