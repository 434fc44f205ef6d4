#include "log/field.h"

/* 1: upper-case hex digit, 2: Postfix's base 52, see safe_ultostr(3) of Postfix. */
static const unsigned char qid_class[256] = {
    ['0'] = 3, ['1'] = 3, ['2'] = 3, ['3'] = 3, ['4'] = 3, ['5'] = 3, ['6'] = 3, ['7'] = 3,
    ['8'] = 3, ['9'] = 3, ['A'] = 1, ['B'] = 3, ['C'] = 3, ['D'] = 3, ['E'] = 1, ['F'] = 3,
    ['G'] = 2, ['H'] = 2, ['J'] = 2, ['K'] = 2, ['L'] = 2, ['M'] = 2, ['N'] = 2, ['P'] = 2,
    ['Q'] = 2, ['R'] = 2, ['S'] = 2, ['T'] = 2, ['V'] = 2, ['W'] = 2, ['X'] = 2, ['Y'] = 2,
    ['Z'] = 2, ['b'] = 2, ['c'] = 2, ['d'] = 2, ['f'] = 2, ['g'] = 2, ['h'] = 2, ['j'] = 2,
    ['k'] = 2, ['l'] = 2, ['m'] = 2, ['n'] = 2, ['p'] = 2, ['q'] = 2, ['r'] = 2, ['s'] = 2,
    ['t'] = 2, ['v'] = 2, ['w'] = 2, ['x'] = 2, ['y'] = 2, ['z'] = 2};

bool field_is_qid(struct slice s)
{
    unsigned both = 3;

    if (s.n < 5 || s.n > 30)
        return false;
    for (size_t i = 0; i < s.n; i++)
        both &= qid_class[(unsigned char)s.p[i]];
    return (both & 1) || (both && s.n >= 10);
}

bool field_qid(struct slice *s, struct slice *qid)
{
    const char *p = s->p, *end = s->p + (s->n < 31 ? s->n : 31);
    unsigned both = 3, one;

    for (; p < end && (one = qid_class[(unsigned char)*p]) != 0; p++)
        both &= one;
    size_t n = (size_t)(p - s->p);
    if (n >= 5 && n <= 30 && n + 2 <= s->n && p[0] == ':' && p[1] == ' ' &&
        ((both & 1) || (both && n >= 10))) {
        *qid = slice_of(s->p, n);
    } else if (slice_starts(*s, SL("NOQUEUE: "))) {
        n = 7;
        *qid = SLICE_NONE;
    } else {
        return false;
    }
    *s = slice_of(s->p + n + 2, s->n - n - 2);
    return true;
}

bool field_is_number(struct slice s)
{
    size_t points = 0;

    if (s.n == 0 || s.n > 18 || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        points += s.p[i] == '.';
        if (!is_digit(s.p[i]) && s.p[i] != '.')
            return false;
    }
    return points <= 1;
}

bool field_is_status(struct slice s)
{
    if (s.n == 0 || s.n > 40)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)(s.p[i] - 'a') > 25 && s.p[i] != '-')
            return false;
    return true;
}

bool field_is_dsn(struct slice s)
{
    size_t dots = 0;

    if (s.n < 5 || s.n > 11 || s.p[1] != '.' || s.p[0] < '2' || s.p[0] > '5' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        dots += s.p[i] == '.';
        if (!is_digit(s.p[i]) && (s.p[i] != '.' || (i && s.p[i - 1] == '.')))
            return false;
    }
    return dots == 2;
}

struct slice field_sender(struct slice address)
{
    return address.n ? address : SL("<>");
}

/* Behind the closing quote of a quoted string that begins at p, or NULL. */
static const char *quoted_end(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p + 1;
    }
    return NULL;
}

bool field_is_address(struct slice s)
{
    const char *p = s.p, *end = s.p + s.n;

    if (s.n && *p == '"') {
        if ((p = quoted_end(p, end)) == NULL || (p < end && *p != '@'))
            return false;
    }
    for (; p < end; p++)
        if (*p == ' ' || *p == '"' || *p == '<' || *p == '>')
            return false;
    return true;
}

/* What can follow the bracket of an address. */
static bool closes(const char *p, const char *end)
{
    return p == end || *p == ',' || *p == ' ' || *p == ':' || *p == ';';
}

bool field_address(struct slice *s, struct slice *address)
{
    const char *p = s->p, *end = s->p + s->n, *q;

    if (s->n && *p == '<') {
        q = ++p;
        if (q < end && *q == '"' && (q = quoted_end(q, end)) == NULL)
            return false;
        while ((q = q < end ? memchr(q, '>', (size_t)(end - q)) : NULL) != NULL &&
               !closes(q + 1, end))
            q++;
        if (q == NULL)
            return false;
        *address = slice_range(p, q);
        q++;
    } else {
        q = p;
        if (q < end && *q == '"' && (q = quoted_end(q, end)) == NULL)
            return false;
        while (q < end && *q != ',')
            q++;
        *address = slice_range(p, q);
    }
    *address = field_sender(*address);
    *s = slice_range(q, end);
    return true;
}

static bool tail_value(struct slice v, bool bracketed)
{
    if (bracketed)
        return field_is_address(v);
    return v.n > 0 && slice_chr(v, ' ') == NULL;
}

bool field_tail(struct slice *s, struct slice key, struct slice *value)
{
    bool bracketed = key.p[key.n - 1] == '<';
    struct slice rest = *s;

    if (bracketed) {
        if (rest.n == 0 || rest.p[rest.n - 1] != '>')
            return false;
        rest.n--;
    }
    struct slice search = rest;
    const char *q;
    while ((q = slice_rfind(search, key)) != NULL) {
        struct slice v = slice_range(q + key.n, rest.p + rest.n);
        if ((q == s->p || q[-1] == ' ') && tail_value(v, bracketed)) {
            *value = v;
            s->n = (size_t)(q - s->p);
            while (s->n && (s->p[s->n - 1] == ' ' || s->p[s->n - 1] == ','))
                s->n--;
            return true;
        }
        search.n = (size_t)(q - search.p);
    }
    return false;
}

/* 1: digit, 2: point, 4: colon, 8: other hex digit; else 16. */
static unsigned char ip_class(char c)
{
    static const unsigned char class[256] = {
        ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
        ['8'] = 1, ['9'] = 1, ['.'] = 2, [':'] = 4, ['a'] = 8, ['b'] = 8, ['c'] = 8, ['d'] = 8,
        ['e'] = 8, ['f'] = 8, ['A'] = 8, ['B'] = 8, ['C'] = 8, ['D'] = 8, ['E'] = 8, ['F'] = 8};
    unsigned char v = class[(unsigned char)c];

    return v ? v : 16;
}

bool field_is_ip(struct slice s)
{
    unsigned seen = 0;
    const char *zone;

    if (s.n < 2 || s.n > 64)
        return false;
    for (size_t i = 0; i < s.n; i++)
        seen |= ip_class(s.p[i]);
    if (!(seen & 16))
        return seen & 4 || (seen == 3 && is_digit(s.p[s.n - 1]));
    /* fe80::1%eth0, RFC 4007 */
    return seen & 4 && (zone = slice_chr(s, '%')) != NULL && field_is_ip(slice_range(s.p, zone));
}

bool field_host(struct slice *s, struct host *host)
{
    const char *open = slice_chr(*s, '['), *end = s->p + s->n;
    const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;

    if (close == NULL)
        return false;
    host->name = slice_range(s->p, open);
    if (slice_chr(host->name, ' '))
        return false;
    struct slice in = slice_range(open + 1, close);
    host->port = host->service = host->ip = SLICE_NONE;
    if (slice_starts(in, SL("IPv6:")))
        in = slice_skip(in, 5);
    if (field_is_ip(in))
        host->ip = in;
    else if (!slice_eq(in, SL("unknown")))
        host->service = in;
    const char *p = close + 1;
    if (p + 1 < end && p[0] == ':' && is_digit(p[1])) {
        const char *start = ++p;
        while (p < end && is_digit(*p))
            p++;
        host->port = p - start <= 5 ? slice_range(start, p) : SLICE_NONE;
    }
    *s = slice_range(p, end);
    return true;
}

static unsigned octet(struct slice s, size_t *at)
{
    unsigned v = 0;

    while (*at < s.n && is_digit(s.p[*at]) && v < 256)
        v = v * 10 + (unsigned)(s.p[(*at)++] - '0');
    ++*at;
    return v;
}

bool field_is_local_ip(struct slice s)
{
    if (slice_starts(s, SL("::ffff:")))
        s = slice_skip(s, 7);
    if (slice_chr(s, ':') != NULL) {
        if (slice_eq(s, SL("::1")))
            return true;
        /* fc00::/7, fe80::/10: written with all four digits of the first group */
        return s.n > 4 && s.p[4] == ':' && (s.p[0] | 0x20) == 'f' &&
               ((s.p[1] | 0x20) == 'c' || (s.p[1] | 0x20) == 'd' ||
                ((s.p[1] | 0x20) == 'e' && strchr("89aAbB", s.p[2])));
    }
    if (!field_is_ip(s))
        return false;
    size_t at = 0;
    unsigned a = octet(s, &at), b = octet(s, &at);
    return a == 127 || a == 10 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
           (a == 169 && b == 254);
}
