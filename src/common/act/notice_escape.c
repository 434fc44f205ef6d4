#include "act/notice_escape.h"

#include "base/when.h"

#define ENCODED_WORD 45u /* bytes that fit into an encoded word: 60 characters of base64 */

static unsigned code_of(const char *p, size_t n)
{
    unsigned c = n == 2 ? p[0] & 0x1fu : n == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

/* Characters that can't be seen or that turn the direction. */
static bool hidden(unsigned c)
{
    static const struct {
        unsigned first, last;
    } range[] = {{0xad, 0xad},     {0x34f, 0x34f},     {0x600, 0x605},     {0x61c, 0x61c},
                 {0x6dd, 0x6dd},   {0x70f, 0x70f},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
                 {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
                 {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
                 {0xfff0, 0xffff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};

    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
        if (c >= range[i].first && c <= range[i].last)
            return true;
    return false;
}

/* The character at p made harmless, n its length or 0 when it is none. */
static void add_character(struct text *out, const char *p, size_t n)
{
    unsigned c = n > 1 ? code_of(p, n) : 0;

    if (n > 1 && hidden(c))
        text_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
    else
        text_add_visible(out, slice_of(p, n ? n : 1));
}

void notice_add_line(struct text *out, struct slice s, size_t most)
{
    const char *p = s.n ? s.p : "", *end = p + s.n;

    for (; p < end && most; most--) {
        size_t n = utf8_length(p, end);
        add_character(out, p, n);
        p += n ? n : 1;
    }
    if (p < end)
        text_add(out, SL("…"));
}

void notice_add_xml(struct text *out, struct slice s, size_t most)
{
    struct text t = {0};

    notice_add_line(&t, s, most);
    for (size_t i = 0; i < t.n; i++)
        switch (t.p[i]) {
        case '&':
            text_add(out, SL("&amp;"));
            break;
        case '<':
            text_add(out, SL("&lt;"));
            break;
        case '>':
            text_add(out, SL("&gt;"));
            break;
        case '"':
            text_add(out, SL("&quot;"));
            break;
        case '\'':
            text_add(out, SL("&#39;"));
            break;
        default:
            text_addc(out, t.p[i]);
        }
    out->failed = out->failed || t.failed;
    text_free(&t);
}

void notice_add_ascii(struct text *out, struct slice s, size_t most, bool blanks)
{
    for (size_t i = 0; i < s.n && i < most; i++) {
        unsigned char c = (unsigned char)s.p[i];
        text_addc(out, (c > 0x20 && c < 0x7f) || (c == ' ' && blanks) ? (char)c : '?');
    }
}

bool notice_is_address(struct slice s)
{
    const char *at = slice_chr(s, '@');

    if (at == NULL || at == s.p || at + 1 == s.p + s.n || s.n > 254 || s.p[0] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("<>()[],;:\\\"", c) || (c == '@' && s.p + i != at))
            return false;
    }
    return true;
}

void notice_add_base64(struct text *out, struct slice s, bool lines)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < s.n; i += 3) {
        unsigned v = 0;
        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (i + j < s.n ? (unsigned char)s.p[i + j] : 0u);
        for (size_t j = 0; j < 4; j++)
            text_addc(out, i + j > s.n ? '=' : digit[v >> (18 - 6 * j) & 63]);
        if (lines && (i % 57 == 54 || i + 3 >= s.n))
            text_addc(out, '\n');
    }
}

/* Whole characters only, as RFC 2047 section 5 wants it. */
static void add_encoded(struct text *out, struct slice s)
{
    for (size_t i = 0, j; i < s.n; i = j) {
        for (j = i; j < s.n;) {
            size_t n = utf8_length(s.p + j, s.p + s.n);
            n = n ? n : 1;
            if (j + n - i > ENCODED_WORD)
                break;
            j += n;
        }
        if (i)
            text_add(out, SL("\n "));
        text_add(out, SL("=?UTF-8?B?"));
        notice_add_base64(out, slice_of(s.p + i, j - i), false);
        text_add(out, SL("?="));
    }
}

static bool plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
            return false;
    return slice_find(s, SL("=?")) == NULL;
}

/* Words between blanks, a new line where one would go over 76. */
static void add_folded(struct text *out, size_t column, struct slice s)
{
    while (s.n) {
        const char *blank = s.n > 1 ? memchr(s.p + 1, ' ', s.n - 1) : NULL;
        size_t n = blank ? (size_t)(blank - s.p) : s.n;
        if (column > 1 && column + n > 76 && s.p[0] == ' ' && n > 1) {
            text_addc(out, '\n');
            column = 0;
        }
        text_add(out, slice_of(s.p, n));
        column += n;
        s = slice_skip(s, n);
    }
}

void notice_add_header(struct text *out, const char *name, struct slice value)
{
    struct text safe = {0};
    size_t column = strlen(name) + 1;

    notice_add_line(&safe, value, 500);
    text_addf(out, "%s:", name);
    if (plain(text_slice(&safe))) {
        struct text line = {0};
        text_addc(&line, ' ');
        text_add(&line, text_slice(&safe));
        add_folded(out, column, text_slice(&line));
        text_free(&line);
    } else {
        text_add(out, column > 15 ? SL("\n ") : SL(" "));
        add_encoded(out, text_slice(&safe));
    }
    text_addc(out, '\n');
    out->failed = out->failed || safe.failed;
    text_free(&safe);
}

void notice_add_phrase(struct text *out, struct slice s)
{
    struct text safe = {0};

    notice_add_line(&safe, s, 60);
    if (plain(text_slice(&safe))) {
        text_addc(out, '"');
        for (size_t i = 0; i < safe.n; i++) {
            if (safe.p[i] == '"' || safe.p[i] == '\\')
                text_addc(out, '\\');
            text_addc(out, safe.p[i]);
        }
        text_addc(out, '"');
    } else {
        add_encoded(out, text_slice(&safe));
    }
    out->failed = out->failed || safe.failed;
    text_free(&safe);
}

void notice_add_date(struct text *out, int64_t time)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = time < 0 ? 0 : time / WHEN_SECOND;
    struct civil c;

    when_civil(seconds, &c);
    text_addf(out, "%s, %d %s %04d %02d:%02d:%02d +0000", days[seconds / 86400 % 7], c.day,
              months[c.month - 1], c.year, c.hour, c.minute, c.second);
}
