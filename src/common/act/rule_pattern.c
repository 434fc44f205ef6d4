#include "act/rule_parts.h"

#define OPERATORS ".[]()*+?{}|^$\\/"

static void set_add(struct charset *s, unsigned char c)
{
    s->bits[c >> 6 & 1] |= UINT64_C(1) << (c & 63);
}

static inline bool set_has(const struct charset *s, unsigned char c)
{
    return c & 0x80 ? s->high : s->bits[c >> 6] >> (c & 63) & 1;
}

static bool set_meets(const struct charset *a, const struct charset *b)
{
    return (a->bits[0] & b->bits[0]) || (a->bits[1] & b->bits[1]) || (a->high && b->high);
}

static bool is_operator(char c)
{
    return c == '\0' || strchr(OPERATORS, c) != NULL;
}

/* Upper case and bytes that aren't printable ASCII are no part of ours. */
static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && !(c >= 'A' && c <= 'Z');
}

/* `[a-z0-9._-]`, the bracket being read already. */
static bool take_set(struct slice *s, struct charset *set)
{
    const char *close = slice_chr(*s, ']');

    if (close == NULL || close == s->p || s->p[0] == '^')
        return false;
    for (const char *p = s->p; p < close; p++) {
        bool range = p + 2 < close && p[1] == '-';
        char last = range ? p[2] : *p;
        if (!is_plain(*p) || !is_plain(last) || *p == '[' || last < *p)
            return false;
        for (int c = *p; c <= last; c++)
            set_add(set, (unsigned char)c);
        p += range ? 2 : 0;
    }
    *s = slice_skip(*s, (size_t)(close + 1 - s->p));
    return true;
}

static bool take_number(struct slice *s, uint16_t *out)
{
    size_t n = 0;
    uint64_t value;

    while (n < s->n && is_digit(s->p[n]))
        n++;
    if (!slice_u64(slice_of(s->p, n), &value) || value == 0 || value > 255)
        return false;
    *out = (uint16_t)value;
    *s = slice_skip(*s, n);
    return true;
}

static bool take_char(struct slice *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = slice_skip(*s, 1);
    return true;
}

static bool take_count(struct slice *s, struct pattern_item *item)
{
    item->least = item->most = 1;
    if (take_char(s, '+')) {
        item->most = 0;
        return true;
    }
    if (!take_char(s, '{'))
        return true;
    if (!take_number(s, &item->least))
        return false;
    item->most = item->least;
    if (take_char(s, ',') && !take_number(s, &item->most))
        return false;
    return item->most >= item->least && take_char(s, '}');
}

static bool take_item(struct slice *s, struct pattern_item *item)
{
    char c = s->p[0];

    item->set = (struct charset){{0}, false};
    *s = slice_skip(*s, 1);
    if (c == '.')
        item->set = (struct charset){{~UINT64_C(1), ~UINT64_C(0)}, true};
    else if (c == '[' && !take_set(s, &item->set))
        return false;
    else if (c == '\\' && s->n && is_operator(s->p[0])) {
        set_add(&item->set, (unsigned char)s->p[0]);
        *s = slice_skip(*s, 1);
    } else if (c != '[') {
        if (is_operator(c) || !is_plain(c))
            return false;
        set_add(&item->set, (unsigned char)c);
    }
    return take_count(s, item);
}

static bool varies(const struct pattern_item *item)
{
    return item->most != item->least;
}

static bool take_items(struct slice *s, char end, struct pattern *p)
{
    p->items = 0;
    while (s->n && s->p[0] != end) {
        if (p->items == PATTERN_ITEMS || !take_item(s, &p->item[p->items]))
            return false;
        if (p->items && varies(&p->item[p->items - 1]) &&
            set_meets(&p->item[p->items - 1].set, &p->item[p->items].set))
            return false;
        p->items++;
    }
    return p->items > 0 && take_char(s, end);
}

/* One domain, its dots escaped. */
static bool take_domain(struct slice *s, struct pattern *p, size_t *used)
{
    size_t begin = *used;

    for (; s->n && strchr("|)$", s->p[0]) == NULL; *s = slice_skip(*s, 1)) {
        bool escaped = s->p[0] == '\\';
        if (escaped)
            *s = slice_skip(*s, 1);
        if (s->n == 0 || *used == PATTERN_TEXT_MAX || is_operator(s->p[0]) != escaped)
            return false;
        p->text[(*used)++] = s->p[0];
    }
    struct slice domain = slice_of(p->text + begin, *used - begin);
    if (p->domains == PATTERN_DOMAINS || !pattern_domain_good(domain))
        return false;
    p->domain[p->domains++] = domain;
    return true;
}

static bool take_domains(struct slice *s, struct pattern *p)
{
    size_t used = 0;

    p->domains = 0;
    if (slice_eq(*s, SL(".+$"))) {
        *s = slice_skip(*s, 2);
        return true;
    }
    if (!take_char(s, '('))
        return take_domain(s, p, &used);
    do
        if (!take_domain(s, p, &used))
            return false;
    while (take_char(s, '|'));
    return take_char(s, ')');
}

/* No address has another `@` than the one before its domain, unless it begins with a quote: so a
 * local part that has neither is found before the last one. */
static bool local_good(const struct pattern *p)
{
    if (p->items == 1 && p->item[0].set.high)
        return p->item[0].least == 1 && p->item[0].most == 0;
    for (unsigned i = 0; i < p->items; i++)
        if (set_has(&p->item[i].set, '@') || set_has(&p->item[i].set, '"'))
            return false;
    return true;
}

bool pattern_parse_sender(struct slice s, struct pattern *out)
{
    return take_char(&s, '^') && take_items(&s, '@', out) && local_good(out) &&
           take_domains(&s, out) && slice_eq(s, SL("$"));
}

bool pattern_parse_subject(struct slice s, struct pattern *out)
{
    out->domains = 0;
    return take_char(&s, '^') && take_items(&s, '$', out) && s.n == 0;
}

static bool items_fit(const struct pattern *p, struct slice s)
{
    size_t at = 0;

    for (unsigned i = 0; i < p->items; i++) {
        const struct pattern_item *item = &p->item[i];
        size_t end = item->most && s.n - at > item->most ? at + item->most : s.n, begin = at;
        while (at < end && set_has(&item->set, (unsigned char)s.p[at]))
            at++;
        if (at - begin < item->least)
            return false;
    }
    return at == s.n;
}

bool pattern_fits_subject(const struct pattern *p, struct slice subject)
{
    return items_fit(p, subject);
}

bool pattern_fits_sender(const struct pattern *p, struct slice key, size_t local)
{
    if (p->domains) {
        struct slice domain = slice_skip(key, local + 1);
        unsigned i = 0;
        while (i < p->domains && !slice_eq(p->domain[i], domain))
            i++;
        if (i == p->domains)
            return false;
    }
    return items_fit(p, slice_of(key.p, local));
}
