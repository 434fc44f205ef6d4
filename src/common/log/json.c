#include "log/json.h"

#define DEPTH_MAX 16

static void space(struct json_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static bool bad(struct json_reader *r)
{
    r->bad = true;
    return false;
}

static bool take(struct json_reader *r, char c)
{
    space(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

bool json_object(struct json_reader *r, struct slice s)
{
    *r = (struct json_reader){.p = s.p, .end = s.p + s.n, .first = true};
    return take(r, '{') ? true : bad(r);
}

static bool hex4(struct json_reader *r, unsigned *v)
{
    *v = 0;
    if (r->end - r->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(*r->p++);
        if (d < 0)
            return false;
        *v = *v << 4 | (unsigned)d;
    }
    return true;
}

static void add_utf8(struct text *out, unsigned c)
{
    char b[4];
    size_t n = 0;

    if (c < 0x80) {
        b[n++] = (char)c;
    } else if (c < 0x800) {
        b[n++] = (char)(0xc0 | c >> 6);
        b[n++] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        b[n++] = (char)(0xe0 | c >> 12);
        b[n++] = (char)(0x80 | (c >> 6 & 63));
        b[n++] = (char)(0x80 | (c & 63));
    } else {
        b[n++] = (char)(0xf0 | c >> 18);
        b[n++] = (char)(0x80 | (c >> 12 & 63));
        b[n++] = (char)(0x80 | (c >> 6 & 63));
        b[n++] = (char)(0x80 | (c & 63));
    }
    text_add(out, slice_of(b, n));
}

static bool unicode_escape(struct json_reader *r, struct text *out)
{
    unsigned c, low;

    if (!hex4(r, &c))
        return bad(r);
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
            return bad(r);
        r->p += 2;
        if (!hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
            return bad(r);
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return bad(r);
    }
    if (out)
        add_utf8(out, c);
    return true;
}

static bool escape(struct json_reader *r, struct text *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    if (r->p == r->end)
        return bad(r);
    char c = *r->p++;
    if (c == 'u')
        return unicode_escape(r, out);
    const char *q = c ? strchr(from, c) : NULL;
    if (q == NULL)
        return bad(r);
    if (out)
        text_addc(out, to[q - from]);
    return true;
}

/* The reader stands behind the opening quote. */
static bool string(struct json_reader *r, struct text *out)
{
    while (r->p < r->end) {
        const char *run = r->p;
        while (r->p < r->end && *r->p != '"' && *r->p != '\\')
            r->p++;
        if (out)
            text_add(out, slice_range(run, r->p));
        if (r->p == r->end)
            break;
        if (*r->p++ == '"')
            return true;
        if (!escape(r, out))
            return false;
    }
    return bad(r);
}

static bool scalar(struct json_reader *r, struct text *out)
{
    const char *start = r->p;

    while (r->p < r->end && memchr(",]} \t\r\n", *r->p, 7) == NULL)
        r->p++;
    struct slice s = slice_range(start, r->p);
    if (s.n == 0)
        return bad(r);
    if (out && !slice_eq(s, SL("null")))
        text_add(out, s);
    return true;
}

static bool byte_array(struct json_reader *r, struct text *out)
{
    do {
        space(r);
        unsigned v = 0;
        const char *start = r->p;
        while (r->p < r->end && is_digit(*r->p) && v < 256)
            v = v * 10 + (unsigned)(*r->p++ - '0');
        if (r->p == start || v > 255)
            return bad(r);
        if (out)
            text_addc(out, (char)v);
    } while (take(r, ','));
    return take(r, ']') ? true : bad(r);
}

/* Passes over an array or object, to its own closing bracket. */
static bool nested(struct json_reader *r)
{
    unsigned depth = 1;

    while (r->p < r->end && depth) {
        char c = *r->p++;
        if (c == '"' && !string(r, NULL))
            return false;
        if ((c == '[' || c == '{') && ++depth > DEPTH_MAX)
            return bad(r);
        if (c == ']' || c == '}')
            depth--;
    }
    return depth == 0 ? true : bad(r);
}

bool json_value(struct json_reader *r, struct text *out)
{
    if (r->bad)
        return false;
    if (take(r, '"'))
        return string(r, out);
    if (take(r, '{'))
        return nested(r);
    if (!take(r, '['))
        return r->p == r->end ? bad(r) : scalar(r, out);
    space(r);
    if (r->p < r->end && is_digit(*r->p))
        return byte_array(r, out);
    return nested(r);
}

bool json_key(struct json_reader *r, struct text *key)
{
    key->n = 0;
    if (r->bad || take(r, '}'))
        return false;
    if (!r->first && !take(r, ','))
        return bad(r);
    r->first = false;
    return (take(r, '"') && string(r, key) && take(r, ':')) ? true : bad(r);
}

bool json_done(const struct json_reader *r)
{
    struct json_reader rest = *r;

    space(&rest);
    return !r->bad && rest.p == rest.end;
}
