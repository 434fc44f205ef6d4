#include "act/notice_chart.h"

#include "act/notice_escape.h"
#include "base/when.h"

#define LEFT 56
#define RIGHT 626
#define TOP 58
#define BOTTOM 214

/* Distinct for the colour-blind and in grey (P. Tol, Colour Schemes, 2021). */
const uint8_t chart_colour[CHART_COLOURS][3] = {
    [CHART_WHITE] = {255, 255, 255},  [CHART_INK] = {34, 34, 34},
    [CHART_GRID] = {221, 221, 221},   [CHART_SENT] = {68, 119, 170},
    [CHART_REFUSED] = {221, 170, 51}, [CHART_FLAGGED] = {204, 51, 17},
    [CHART_ACTION] = {0, 102, 51}};

/* Bars: `width` microseconds each, the first begins at `from`. */
struct bars {
    int64_t from, width;
    unsigned n;
    uint64_t sent[CHART_BARS], refused[CHART_BARS], top;
};

static void add(struct chart *c, enum chart_kind kind, enum chart_colour colour, int x, int y,
                int w, int h)
{
    if (c->n < CHART_SHAPES)
        c->shape[c->n++] = (struct chart_shape){kind, colour, x, y, w, h, SLICE_NONE};
}

static void add_text(struct chart *c, enum chart_colour colour, int x, int y, int anchor,
                     const struct text *t)
{
    if (c->n < CHART_SHAPES)
        c->shape[c->n++] = (struct chart_shape){
            CHART_TEXT, colour, x, y, anchor, 0, arena_slice(&c->arena, text_slice(t))};
}

static int64_t floor_to(int64_t time, int64_t width)
{
    return time - (time % width + width) % width;
}

static void extend(int64_t time, int64_t *first, int64_t *last)
{
    if (time == WHEN_NONE)
        return;
    if (*first == WHEN_NONE || time < *first)
        *first = time;
    if (*last == WHEN_NONE || time > *last)
        *last = time;
}

/* From the first row to the last one or the last moment. False: no row has a time. */
static bool choose_bars(struct bars *b, const struct notice_rows *rows,
                        const struct chart_moments *at)
{
    static const int minutes[] = {1, 5, 15, 60, 120, 240, 360, 720, 1440, 2880, 10080, 43200};
    const int64_t minute = 60 * WHEN_SECOND;
    int64_t first = WHEN_NONE, last = WHEN_NONE;

    for (size_t i = 0; i < rows->n; i++)
        extend(rows->list[i].time, &first, &last);
    if (first == WHEN_NONE)
        return false;
    extend(at->flagged, &first, &last);
    extend(at->action, &first, &last);
    for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
        b->width = minutes[i] * minute;
        b->from = floor_to(first, b->width);
        int64_t n = (last - b->from) / b->width + 1;
        b->n = n < CHART_BARS ? (unsigned)n : CHART_BARS;
        if (n <= CHART_BARS)
            return true;
    }
    b->from = floor_to(last, b->width) - (CHART_BARS - 1) * b->width; /* the latest ones */
    return true;
}

static void fill_bars(struct bars *b, const struct notice_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct notice_row *r = &rows->list[i];
        if (r->time == WHEN_NONE || r->time < b->from)
            continue;
        int64_t at = (r->time - b->from) / b->width;
        if (at >= b->n)
            continue;
        b->sent[at] += r->sent;
        b->refused[at] += r->refused;
        if (b->sent[at] + b->refused[at] > b->top)
            b->top = b->sent[at] + b->refused[at];
    }
}

/* 2, 4, 6, 8 or 10 times a power of ten, so that half of it is whole; not below n. */
static uint64_t round_up(uint64_t n)
{
    for (uint64_t ten = 1; ten < UINT64_MAX / 100; ten *= 10) {
        for (uint64_t i = 2; i <= 10; i += 2)
            if (n <= i * ten)
                return i * ten;
    }
    return n;
}

static void draw_grid(struct chart *c, uint64_t top, const struct notice_words *words)
{
    for (int i = 0; i <= 2; i++) {
        int y = BOTTOM - (BOTTOM - TOP) * i / 2;
        struct text digits = {0}, label = {0};
        text_addf(&digits, "%llu", (unsigned long long)(top / 2 * (uint64_t)i));
        notice_add_number(&label, words, text_slice(&digits));
        add(c, CHART_RECT, i ? CHART_GRID : CHART_INK, LEFT, y, RIGHT - LEFT, 1);
        add_text(c, CHART_INK, LEFT - 6, y + 4, 1, &label);
        text_free(&digits);
        text_free(&label);
    }
}

static int x_of(const struct bars *b, int64_t time)
{
    return LEFT + (int)((double)(time - b->from) / (double)b->width * (RIGHT - LEFT) / b->n);
}

static int height_of(uint64_t n, uint64_t top)
{
    int h = (int)((double)n / (double)top * (BOTTOM - TOP));

    return n && h == 0 ? 1 : h;
}

static void draw_bars(struct chart *c, const struct bars *b, uint64_t top)
{
    int gap = b->n > 24 ? 1 : 2;

    for (unsigned i = 0; i < b->n; i++) {
        int x = x_of(b, b->from + i * b->width);
        int w = x_of(b, b->from + (i + 1) * b->width) - x - gap;
        int sent = height_of(b->sent[i], top), refused = height_of(b->refused[i], top);
        if (w > 60) {
            x += (w - 60) / 2;
            w = 60;
        }
        if (sent)
            add(c, CHART_RECT, CHART_SENT, x, BOTTOM - sent, w, sent);
        if (refused)
            add(c, CHART_RECT, CHART_REFUSED, x, BOTTOM - sent - refused, w, refused);
    }
}

/* About six, the date below the first and where the day changes. */
static void draw_times(struct chart *c, const struct bars *b)
{
    unsigned step = (b->n + 5) / 6;
    int day = -1;

    for (unsigned i = 0; i < b->n; i += step) {
        int64_t time = b->from + i * b->width;
        struct text hour = {0}, date = {0};
        struct civil t;
        int x = x_of(b, time);
        when_civil(time / WHEN_SECOND, &t);
        text_addf(&hour, "%02d:%02d", t.hour, t.minute);
        text_addf(&date, "%04d-%02d-%02d", t.year, t.month, t.day);
        add(c, CHART_RECT, CHART_INK, x, BOTTOM, 1, 5);
        add_text(c, CHART_INK, x, BOTTOM + 18, -1, &hour);
        if (t.day != day)
            add_text(c, CHART_INK, x, BOTTOM + 34, -1, &date);
        day = t.day;
        text_free(&hour);
        text_free(&date);
    }
    struct text zone = {0};
    text_add(&zone, SL("UTC"));
    add_text(c, CHART_INK, RIGHT, BOTTOM + 34, 1, &zone);
    text_free(&zone);
}

/* The label stands on the given side of the line if there is room. */
static void draw_moment(struct chart *c, const struct bars *b, int64_t time,
                        enum chart_colour colour, struct slice word, bool left)
{
    struct text label = {0};

    if (time == WHEN_NONE || time < b->from || time > b->from + (int64_t)b->n * b->width)
        return;
    int x = x_of(b, time);
    if (x < LEFT + 90 || x > RIGHT - 90)
        left = x > RIGHT - 90;
    text_add(&label, word);
    add(c, CHART_DASHED, colour, x, TOP - 16, 2, BOTTOM - TOP + 16);
    add_text(c, colour, left ? x - 5 : x + 6, left ? TOP - 7 : TOP + 5, left ? 1 : -1, &label);
    text_free(&label);
}

static void draw_title(struct chart *c, const struct bars *b, const struct notice_words *words)
{
    int64_t minutes = b->width / (60 * WHEN_SECOND);
    struct text t = {0};

    text_add(&t, notice_word_of(words, "chart.title"));
    text_addc(&t, ' ');
    if (minutes < 60)
        notice_word_add_n(&t, words, "chart.minutes", minutes);
    else if (minutes == 60)
        text_add(&t, notice_word_of(words, "chart.hour"));
    else
        notice_word_add_n(&t, words, "chart.hours", minutes / 60);
    add_text(c, CHART_INK, LEFT, 16, -1, &t);
    t.n = 0;
    add(c, CHART_RECT, CHART_SENT, LEFT, 24, 10, 10);
    text_add(&t, notice_word_of(words, "chart.sent"));
    add_text(c, CHART_INK, LEFT + 16, 33, -1, &t);
    t.n = 0;
    add(c, CHART_RECT, CHART_REFUSED, LEFT + 130, 24, 10, 10);
    text_add(&t, notice_word_of(words, "chart.refused"));
    add_text(c, CHART_INK, LEFT + 146, 33, -1, &t);
    text_free(&t);
}

static void draw_note(struct chart *c, const struct notice_words *words)
{
    struct text t = {0};

    notice_word_add_n(&t, words, "chart.newest", NOTICE_EVIDENCE_MOST);
    add_text(c, CHART_INK, RIGHT, 33, 1, &t);
    text_free(&t);
}

bool chart_draw(struct chart *c, const struct notice_rows *rows, const struct chart_moments *at,
                const struct notice_words *words)
{
    struct bars b = {0};

    *c = (struct chart){0};
    if (!choose_bars(&b, rows, at))
        return false;
    fill_bars(&b, rows);
    uint64_t top = round_up(b.top);
    add(c, CHART_RECT, CHART_WHITE, 0, 0, CHART_WIDTH, CHART_HEIGHT);
    draw_title(c, &b, words);
    if (rows->n >= NOTICE_EVIDENCE_MOST)
        draw_note(c, words);
    draw_grid(c, top, words);
    draw_bars(c, &b, top);
    draw_times(c, &b);
    draw_moment(c, &b, at->flagged, CHART_FLAGGED, notice_word_of(words, "chart.flagged"), true);
    draw_moment(c, &b, at->action, CHART_ACTION, notice_word_of(words, "chart.action"), false);
    return true;
}

void chart_free(struct chart *c)
{
    arena_free(&c->arena);
}
