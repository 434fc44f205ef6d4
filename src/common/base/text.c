#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char hex[] = "0123456789abcdef";

void text_free(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

bool text_room(struct text *t, size_t n)
{
    if (t->failed)
        return false;
    if (n <= t->cap - t->n)
        return true;
    size_t cap = t->cap ? t->cap : 256;
    while (cap - t->n < n && cap <= SIZE_MAX / 4)
        cap *= 2;
    char *p = cap - t->n < n ? NULL : realloc(t->p, cap);
    if (p == NULL) {
        text_free(t);
        t->failed = true;
        return false;
    }
    t->p = p;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, struct slice s)
{
    if (s.n && text_room(t, s.n)) {
        memcpy(t->p + t->n, s.p, s.n);
        t->n += s.n;
    }
}

void text_addc(struct text *t, char c)
{
    if (text_room(t, 1))
        t->p[t->n++] = c;
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0) {
        text_free(t);
        t->failed = true;
        return;
    }
    text_add(t, slice_of(s, (size_t)n));
    free(s);
}

size_t utf8_length(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p), n;

    if (u[0] < 0x80)
        return 1;
    if (u[0] >= 0xc2 && u[0] <= 0xdf)
        n = 2;
    else if ((u[0] & 0xf0) == 0xe0)
        n = 3;
    else if (u[0] >= 0xf0 && u[0] <= 0xf4)
        n = 4;
    else
        return 0;
    if (left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
        (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return n;
}

static void add_hex(struct text *t, unsigned char c)
{
    char x[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

    text_add(t, slice_of(x, 4));
}

void text_add_visible(struct text *t, struct slice s)
{
    const char *p = s.n ? s.p : "", *end = p + s.n;

    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t n = utf8_length(p, end);
        bool c1 = n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0;

        if (n == 0 || c < 0x20 || c == 0x7f || c1) {
            add_hex(t, c);
            p++;
        } else {
            text_add(t, slice_of(p, n));
            p += n;
        }
    }
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

void text_add_tsv(struct text *t, struct slice s)
{
    const char *p = s.n ? s.p : "", *end = p + s.n;

    while (p < end) {
        const char *run = p;
        while (p < end && plain((unsigned char)*p))
            p++;
        text_add(t, slice_range(run, p));
        if (p == end)
            break;
        size_t n = utf8_length(p, end);
        if (n > 1) {
            text_add(t, slice_of(p, n));
            p += n;
            continue;
        }
        switch (*p) {
        case '\t':
            text_add(t, SL("\\t"));
            break;
        case '\n':
            text_add(t, SL("\\n"));
            break;
        case '\r':
            text_add(t, SL("\\r"));
            break;
        case '\\':
            text_add(t, SL("\\\\"));
            break;
        default:
            add_hex(t, (unsigned char)*p);
        }
        p++;
    }
}

bool text_add_untsv(struct text *t, struct slice s)
{
    const char *p = s.n ? s.p : "", *end = p + s.n;

    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        text_add(t, slice_range(p, slash ? slash : end));
        if (slash == NULL)
            return true;
        p = slash + 1;
        if (p == end)
            return false;
        switch (*p++) {
        case 't':
            text_addc(t, '\t');
            break;
        case 'n':
            text_addc(t, '\n');
            break;
        case 'r':
            text_addc(t, '\r');
            break;
        case '\\':
            text_addc(t, '\\');
            break;
        case 'x':
            if (end - p < 2 || hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0)
                return false;
            text_addc(t, (char)(hex_digit(p[0]) * 16 + hex_digit(p[1])));
            p += 2;
            break;
        default:
            return false;
        }
    }
    return true;
}

void text_add_json(struct text *t, struct slice s)
{
    const char *p = s.n ? s.p : "", *end = p + s.n;

    text_addc(t, '"');
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t n = utf8_length(p, end);

        if (n == 0)
            text_addf(t, "\\\\x%02x", c);
        else if (c < 0x20 || c == 0x7f)
            text_addf(t, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                text_addc(t, '\\');
            text_add(t, slice_of(p, n));
        }
        p += n ? n : 1;
    }
    text_addc(t, '"');
}
