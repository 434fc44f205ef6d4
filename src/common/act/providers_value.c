#include "act/providers_parts.h"

#include <ctype.h>

#include "base/ipnet.h"

/* What forms and requests ask for; delistreq fills them in by these names. */
static const char *const fields[] = {
    "account",                                                     /* with the provider */
    "captcha",  "cause",     "company", "domains", "email", "fix", /* what was done against it */
    "helo",     "host",      "ip",      "log",                     /* lines of ours */
    "name",     "optin",     "phone",   "purpose", "range",        /* our net */
    "reason",   "reference",                                       /* their case number */
    "reply",    "role",      "sample",                             /* of what was sent */
    "static", /* that it is a mail server with a fixed address */
    "timezone", "volume",    "website",
};

struct slice provider_word(struct slice *s)
{
    const char *p = s->p, *end = s->p + s->n, *start = s->p;

    while (p < end && *p != ' ' && *p != '\t')
        p++;
    struct slice word = slice_range(start, p);
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    *s = slice_range(p, end);
    return word;
}

struct slice provider_lower(struct providers *all, struct slice s)
{
    char *p = arena_str(&all->arena, s);

    for (size_t i = 0; p && i < s.n; i++)
        p[i] = (char)tolower((unsigned char)p[i]);
    return p ? slice_of(p, s.n) : SLICE_NONE;
}

bool provider_is_id(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!islower((unsigned char)s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-')
            return false;
    return s.n > 0 && s.n <= 60 && s.p[0] != '-';
}

bool provider_words_add(struct arena *a, struct provider_words *w, struct slice word)
{
    if (w->n == 0 || (w->n & (w->n - 1)) == 0) { /* full at each power of two */
        struct slice *more = arena_alloc(a, (w->n ? 2 * w->n : 1) * sizeof *more);
        if (more == NULL)
            return false;
        if (w->n)
            memcpy(more, w->word, w->n * sizeof *more);
        w->word = more;
    }
    w->word[w->n++] = word;
    return true;
}

/* Letters, digits, - and _ between dots; at least two labels, or one if `single`. */
static bool is_name(struct slice s, bool single)
{
    size_t label = 0, labels = 1;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '.' ? label == 0 : !(c < 0x80 && isalnum(c)) && c != '-' && c != '_')
            return false;
        label = c == '.' ? 0 : label + 1;
        labels += c == '.';
        if (label > 63)
            return false;
    }
    return label > 0 && s.n <= 253 && (labels > 1 || single);
}

bool provider_read_names(struct provider_reading *r, struct provider_words *w, struct slice value)
{
    while (value.n) {
        struct slice word = provider_word(&value);
        if (!is_name(word, false)) {
            PROVIDER_WRONG(r, "`%.*s' is not a domain name", (int)word.n, word.p);
            return false;
        }
        word = provider_lower(r->all, word);
        if (word.p == NULL || !provider_words_add(&r->all->arena, w, word))
            return false;
    }
    return true;
}

bool provider_read_fields(struct provider_reading *r, struct provider_words *w, struct slice value)
{
    while (value.n) {
        struct slice word = provider_word(&value);
        size_t i = 0, n = sizeof fields / sizeof fields[0];
        while (i < n && !slice_eq(word, slice_str(fields[i])))
            i++;
        if (i == n) {
            struct text all = {0};
            for (i = 0; i < n; i++)
                text_addf(&all, "%s%s", i ? ", " : "", fields[i]);
            text_addc(&all, '\0');
            PROVIDER_WRONG(r, "`%.*s' is none of %s", (int)word.n, word.p, all.failed ? "" : all.p);
            text_free(&all);
            return false;
        }
        if (!provider_words_add(&r->all->arena, w, slice_str(fields[i])))
            return false;
    }
    return true;
}

bool provider_read_hours(struct provider_reading *r, unsigned *hours, struct slice value)
{
    uint64_t n = 0;
    unsigned unit = 0;

    if (value.n) {
        char c = value.p[value.n - 1];
        unit = c == 'h' ? 1 : c == 'd' ? 24 : c == 'w' ? 168 : 0;
    }
    if (unit == 0 || !slice_u64(slice_of(value.p, value.n - 1), &n) || n == 0 || n > 10000) {
        PROVIDER_WRONG(r, "`%.*s' is no time: 12h, 2d or 1w", (int)value.n, value.p);
        return false;
    }
    *hours = (unsigned)n * unit;
    return true;
}

static bool read_address(struct slice s, uint32_t *out)
{
    struct ipaddr a;

    if (!ipaddr_parse(s, &a) || !ipaddr_is_v4(a))
        return false;
    *out = (uint32_t)a.lo;
    return *out >> 24 == 127;
}

/* ADDRESS or FROM-TO. */
static bool read_range(struct provider_reading *r, struct zone_code *c, struct slice s)
{
    const char *dash = slice_chr(s, '-');
    bool good = read_address(dash ? slice_range(s.p, dash) : s, &c->first);

    c->last = c->first;
    if (good && dash)
        good = read_address(slice_range(dash + 1, s.p + s.n), &c->last) && c->first <= c->last;
    if (!good)
        PROVIDER_WRONG(r, "`%.*s' is no code: 127.0.0.2 or 127.0.0.4-127.0.0.7", (int)s.n, s.p);
    return good;
}

static bool add_code(struct provider_reading *r, struct zone_code **list, unsigned *n,
                     struct zone_code c)
{
    for (unsigned i = 0; i < *n; i++)
        if (c.first <= (*list)[i].last && (*list)[i].first <= c.last) {
            PROVIDER_WRONG(r, "the code overlaps with one above");
            return false;
        }
    if (*n == 0 || (*n & (*n - 1)) == 0) {
        struct zone_code *more = arena_alloc(&r->all->arena, (*n ? 2 * *n : 1) * sizeof *more);
        if (more == NULL)
            return false;
        if (*n)
            memcpy(more, *list, *n * sizeof *more);
        *list = more;
    }
    (*list)[(*n)++] = c;
    return true;
}

bool provider_read_code(struct provider_reading *r, struct slice value)
{
    struct entry *e = r->e;
    struct zone_code c = {0};

    if (!read_range(r, &c, provider_word(&value)))
        return false;
    if (c.last >= 0x7fffff00 || c.first <= 0x7f000001) {
        PROVIDER_WRONG(r, "127.255.255.0/24 are the lists' own errors and 127.0.0.1 is nobody's "
                          "code: neither is named");
        return false;
    }
    struct slice word = provider_word(&value);
    c.listed = slice_eq(word, SL("listed"));
    if ((!c.listed && !slice_eq(word, SL("other"))) || value.n == 0) {
        PROVIDER_WRONG(r, "expected CODE listed MEANING, or CODE other MEANING");
        return false;
    }
    c.meaning = arena_slice(&r->all->arena, value);
    if (c.meaning.p == NULL || !add_code(r, &e->code, &e->p.zone.codes, c))
        return false;
    e->p.zone.code = e->code;
    return true;
}

bool provider_read_part(struct provider_reading *r, struct slice value)
{
    struct entry *e = r->e;
    struct slice id = provider_word(&value);

    e->part_line = r->line;
    e->p.parts = 0;
    if (!provider_is_id(id)) {
        PROVIDER_WRONG(r, "expected the id of a list, then codes");
        return false;
    }
    e->part_of = arena_slice(&r->all->arena, id);
    while (value.n) {
        struct zone_code c = {.listed = true};
        if (!read_range(r, &c, provider_word(&value)) || !add_code(r, &e->part, &e->p.parts, c))
            return false;
    }
    e->p.part = e->part;
    return e->part_of.p != NULL;
}

bool provider_read_zone(struct provider_reading *r, struct slice value)
{
    struct zone *z = &r->e->p.zone;
    struct slice bare = slice_starts(value, SL("KEY.")) ? slice_skip(value, 4) : value;

    r->e->zone_line = r->line;
    if (!is_name(bare, false)) {
        PROVIDER_WRONG(r, "`%.*s' is not a zone's name", (int)value.n, value.p);
        return false;
    }
    z->keyed = bare.n < value.n;
    bare = provider_lower(r->all, bare);
    if (bare.p == NULL)
        return false;
    z->zone = bare;
    if (z->keyed) {
        char *p = arena_alloc(&r->all->arena, value.n);
        if (p == NULL)
            return false;
        memcpy(p, "KEY.", 4);
        memcpy(p + 4, bare.p, bare.n);
        z->zone = slice_of(p, value.n);
    }
    return true;
}

bool provider_read_to(struct provider_reading *r, struct slice value)
{
    bool url = slice_starts(value, SL("https://")) || slice_starts(value, SL("http://"));
    const char *at = slice_chr(value, '@');
    bool mail =
        !url && at && at > value.p && is_name(slice_range(at + 1, value.p + value.n), false);

    if ((!url && !mail) || slice_chr(value, ' ')) {
        PROVIDER_WRONG(r, "expected a URL or a mail address");
        return false;
    }
    r->e->p.to = arena_slice(&r->all->arena, value);
    return r->e->p.to.p != NULL;
}
