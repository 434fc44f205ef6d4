#include "judge/wrap.h"

#include <stdio.h>
#include <wchar.h>

#define ONE_MOST 16u /* bytes of one character, harmless */

/* The character of s at *at, harmless, in buf; its columns. */
static unsigned harmless(struct slice s, size_t *at, bool utf8, char buf[ONE_MOST])
{
    const char *p = s.p + *at;
    size_t n = utf8_length(p, s.p + s.n);
    unsigned char c = (unsigned char)*p;
    uint32_t code = c;

    if (n == 1 && c >= 0x20 && c < 0x7f) {
        buf[0] = (char)c;
        buf[1] = 0;
        *at += 1;
        return 1;
    }
    if (n < 2) {
        *at += 1;
        return (unsigned)snprintf(buf, ONE_MOST, "\\x%02x", c);
    }
    code = c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3f);
    *at += n;
    int width = utf8 && code >= 0xa0 ? wcwidth((wchar_t)code) : 0;
    if (width <= 0)
        return (unsigned)snprintf(buf, ONE_MOST, "\\u%04x", code);
    memcpy(buf, p, n);
    buf[n] = 0;
    return (unsigned)width;
}

unsigned wrap_columns(struct slice s, bool utf8)
{
    unsigned sum = 0;
    char buf[ONE_MOST];

    for (size_t at = 0; at < s.n;)
        sum += harmless(s, &at, utf8, buf);
    return sum;
}

/* Up to width columns of s; returns how many it took. */
static unsigned add_cut(struct text *out, struct slice s, unsigned width, bool utf8)
{
    bool fits = wrap_columns(s, utf8) <= width;
    unsigned used = 0, room = fits || width == 0 ? width : width - 1;
    char buf[ONE_MOST];

    for (size_t at = 0; at < s.n;) {
        unsigned n = harmless(s, &at, utf8, buf);
        if (used + n > room)
            break;
        text_add(out, slice_str(buf));
        used += n;
    }
    if (fits || width == 0)
        return used;
    text_add(out, utf8 ? SL("\xe2\x80\xa6") : SL("~"));
    return used + 1;
}

void wrap_cell(struct text *out, struct slice s, unsigned width, bool utf8)
{
    for (unsigned used = add_cut(out, s, width, utf8); used < width; used++)
        text_addc(out, ' ');
}

void wrap_begin(struct wrap *w, const char *label, unsigned indent)
{
    wrap_end(w);
    wrap_cell(w->out, slice_str(label), indent, w->utf8);
    w->at = w->indent = indent;
}

/* Makes room for n columns: on this line behind a blank, or on the next. */
static void open_for(struct wrap *w, size_t n)
{
    if (w->at > w->indent && w->at + 1 + n > WRAP_WIDTH)
        wrap_end(w);
    if (w->at == 0) {
        text_addf(w->out, "%*s", (int)w->indent, "");
        w->at = w->indent;
    } else if (w->at > w->indent) {
        text_addc(w->out, ' ');
        w->at++;
    }
}

void wrap_word(struct wrap *w, struct slice word, const char *behind)
{
    size_t tail = strlen(behind), room = WRAP_WIDTH - w->indent;

    open_for(w, wrap_columns(word, w->utf8) + tail);
    if (w->at > w->indent)
        room = WRAP_WIDTH - w->at;
    room -= tail < room ? tail : room;
    w->at += add_cut(w->out, word, (unsigned)room, w->utf8);
    text_add(w->out, slice_of(behind, tail));
    w->at += (unsigned)tail;
}

void wrap_text(struct wrap *w, struct slice s)
{
    while (s.n) {
        const char *blank = slice_chr(s, ' ');
        struct slice word = blank ? slice_range(s.p, blank) : s;
        if (word.n)
            wrap_word(w, word, "");
        s = slice_skip(s, word.n + 1);
    }
}

void wrap_end(struct wrap *w)
{
    if (w->at)
        text_addc(w->out, '\n');
    w->at = 0;
}
