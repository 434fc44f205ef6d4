#include "judge/table.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/when.h"

#define WIDTH 80u
#define INDENT 12u
#define STATE_WIDTH 11u
#define IDENTITY_WIDTH 27u
#define CUSTOMER_WIDTH 13u
#define RATE_WIDTH 12u

/* One character of s at *at, harmless, in buf; its columns. */
static unsigned harmless(struct slice s, size_t *at, bool utf8, char buf[16])
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
        return (unsigned)snprintf(buf, 16, "\\x%02x", c);
    }
    code = c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3f);
    *at += n;
    int width = utf8 && code >= 0xa0 ? wcwidth((wchar_t)code) : 0;
    if (width <= 0)
        return (unsigned)snprintf(buf, 16, "\\u%04x", code);
    memcpy(buf, p, n);
    buf[n] = 0;
    return (unsigned)width;
}

static unsigned columns(struct slice s, bool utf8)
{
    unsigned sum = 0;
    char buf[16];

    for (size_t at = 0; at < s.n;)
        sum += harmless(s, &at, utf8, buf);
    return sum;
}

/* Up to width columns of s; returns how many it took. */
static unsigned add_cut(struct text *out, struct slice s, unsigned width, bool utf8)
{
    bool fits = columns(s, utf8) <= width;
    unsigned used = 0, room = fits || width == 0 ? width : width - 1;
    char buf[16];

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

void table_cell(struct text *out, struct slice s, unsigned width, bool utf8)
{
    for (unsigned used = add_cut(out, s, width, utf8); used < width; used++)
        text_addc(out, ' ');
}

unsigned table_merged(const struct scorer_rates *rates)
{
    return (rates->n + RATE_WIDTH - 1) / RATE_WIDTH > 1 ? 2 : 1;
}

static void add_sparkline(struct text *out, const struct scorer_rates *r, bool utf8)
{
    static const char *const bars[] = {" ",
                                       "\xe2\x96\x81",
                                       "\xe2\x96\x82",
                                       "\xe2\x96\x83",
                                       "\xe2\x96\x84",
                                       "\xe2\x96\x85",
                                       "\xe2\x96\x86",
                                       "\xe2\x96\x87",
                                       "\xe2\x96\x88"};
    static const char *const plain[] = {" ", ".", ".", ":", ":", "+", "+", "#", "#"};
    unsigned merge = table_merged(r);
    uint32_t count[RATE_WIDTH] = {0}, most = 0;

    for (unsigned i = 0; i < r->n; i++)
        count[i / merge] += r->count[i];
    for (unsigned i = 0; i < RATE_WIDTH; i++)
        most = count[i] > most ? count[i] : most;
    for (unsigned i = 0; most && i * merge < r->n; i++) {
        unsigned level = count[i] ? 1 + count[i] * 7 / most : 0;
        text_add(out, slice_str(utf8 ? bars[level] : plain[level]));
    }
}

/* Words, wrapped at the table's width and indented. Starts as {indent, …} with an open line. */
struct wrap {
    struct text *out;
    bool utf8;
    unsigned at;
};

static void wrap_word(struct wrap *w, struct slice word)
{
    unsigned n = columns(word, w->utf8);

    if (w->at > INDENT && w->at + 1 + n > WIDTH) {
        text_addc(w->out, '\n');
        w->at = 0;
    }
    if (w->at == 0) {
        text_addf(w->out, "%*s", (int)INDENT, "");
        w->at = INDENT;
    } else if (w->at > INDENT) {
        text_addc(w->out, ' ');
        w->at++;
    }
    w->at += add_cut(w->out, word, WIDTH - w->at, w->utf8);
}

static void wrap_text(struct wrap *w, struct slice s)
{
    while (s.n) {
        const char *blank = slice_chr(s, ' ');
        struct slice word = blank ? slice_range(s.p, blank) : s;
        if (word.n)
            wrap_word(w, word);
        s = slice_skip(s, word.n + 1);
    }
}

static void wrap_end(struct wrap *w)
{
    if (w->at)
        text_addc(w->out, '\n');
    w->at = 0;
}

/* A name of the log as one word, with what belongs to it behind. */
static void wrap_name(struct wrap *w, struct slice name, const char *behind)
{
    struct text word = {0};

    text_add(&word, name);
    text_add(&word, slice_str(behind));
    wrap_word(w, text_slice(&word));
    w->out->failed |= word.failed;
    text_free(&word);
}

/* What was seen, family by family; an identity that was cut goes first, as a whole. */
static void add_seen(struct wrap *w, const struct suspect *s)
{
    const struct suspect_family *last = NULL;

    if (columns(s->identity, w->utf8) > IDENTITY_WIDTH) {
        wrap_name(w, s->identity, "");
        wrap_end(w);
    }
    for (unsigned i = 0; i < s->family_n; i++)
        if (s->family[i].seen.n)
            last = &s->family[i];
    for (unsigned i = 0; i < s->family_n; i++) {
        struct slice seen = s->family[i].seen;
        const char *blank = slice_rchr(seen, ' ');
        if (blank == NULL)
            continue;
        wrap_text(w, slice_range(seen.p, blank));
        wrap_name(w, slice_range(blank + 1, seen.p + seen.n), &s->family[i] == last ? "" : ";");
    }
    wrap_end(w);
}

static void add_counts(struct wrap *w, const struct suspect_count *list, unsigned n, bool numbers)
{
    char behind[32];

    for (unsigned i = 0; i < n; i++) {
        snprintf(behind, sizeof behind, " (%llu)%s", (unsigned long long)list[i].count,
                 i + 1 < n ? "," : "");
        if (!numbers)
            snprintf(behind, sizeof behind, "%s", i + 1 < n ? "," : "");
        wrap_name(w, list[i].name, behind);
    }
}

static void add_window(struct wrap *w, const struct suspect *s)
{
    char stamp[WHEN_TEXT_MAX], what[160];

    when_print(stamp, s->since, 0);
    snprintf(what, sizeof what, "since %.10s %.5s UTC %llu message%s from %llu sender%s:", stamp,
             stamp + 11, (unsigned long long)s->messages, s->messages == 1 ? "" : "s",
             (unsigned long long)s->senders, s->senders == 1 ? "" : "s");
    wrap_text(w, slice_str(what));
    add_counts(w, s->sender, s->sender_n < 3 ? s->sender_n : 3, s->senders > 1);
    wrap_end(w);
    if (s->client_n || s->sample_n) {
        wrap_word(w, SL("clients"));
        add_counts(w, s->client, s->client_n, false);
        wrap_word(w, SL("look up"));
        for (unsigned i = 0; i < s->sample_n && i < 3; i++)
            wrap_name(w, s->sample[i], "");
        wrap_end(w);
    }
}

struct table_style table_style_of(int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return (struct table_style){.colour = isatty(fd) && !(no_color && *no_color) && term &&
                                          strcmp(term, "dumb") != 0,
                                .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

void table_head(struct text *out, const struct table_style *style)
{
    if (style->colour)
        text_add(out, SL("\x1b[1m"));
    table_cell(out, SL("STATE"), STATE_WIDTH + 1, style->utf8);
    table_cell(out, SL("IDENTITY"), IDENTITY_WIDTH + 1, style->utf8);
    table_cell(out, SL("CUSTOMER"), CUSTOMER_WIDTH + 1, style->utf8);
    text_add(out, SL("SCORE MESSAGES RATE"));
    text_add(out, style->colour ? SL("\x1b[0m\n") : SL("\n"));
}

void table_row(struct text *out, const struct table_style *style, const struct suspect *s,
               const struct scorer_rates *rates)
{
    static const char *const colour[] = {"", "\x1b[33m", "\x1b[1;31m", "\x1b[1;35m"};
    bool dye = style->colour && s->state > STATE_CLEAR && s->state <= STATE_INFECTED;
    struct wrap w = {.out = out, .utf8 = style->utf8};

    if (dye)
        text_add(out, slice_str(colour[s->state]));
    table_cell(out, suspect_state_name(s->state), STATE_WIDTH, style->utf8);
    text_add(out, dye ? SL("\x1b[0m ") : SL(" "));
    table_cell(out, s->identity, IDENTITY_WIDTH, style->utf8);
    text_addc(out, ' ');
    table_cell(out, s->customer, CUSTOMER_WIDTH, style->utf8);
    text_addf(out, " %5.1f %8llu", s->score, (unsigned long long)s->messages);
    if (rates) {
        text_addc(out, ' ');
        add_sparkline(out, rates, style->utf8);
    }
    text_addc(out, '\n');
    add_seen(&w, s);
    add_window(&w, s);
}
