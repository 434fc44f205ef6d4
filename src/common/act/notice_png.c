/* The chart as PNG, drawn dot by dot at twice its size. */
#include <stdlib.h>
#include <zlib.h>

#include "act/notice_chart.h"
#include "act/notice_font.h"

#define SCALE 2
#define DOT 2 /* of a letter, in dots of the picture */
#define WIDE (CHART_WIDTH * SCALE)
#define HIGH (CHART_HEIGHT * SCALE)
#define ROW ((size_t)WIDE + 1) /* with its filter byte */

/* In dots; what lies outside isn't drawn. */
static void fill(uint8_t *dots, int x, int y, int w, int h, enum chart_colour colour)
{
    for (int j = y < 0 ? 0 : y; j < y + h && j < HIGH; j++)
        for (int i = x < 0 ? 0 : x; i < x + w && i < WIDE; i++)
            dots[(size_t)j * ROW + 1 + (size_t)i] = (uint8_t)colour;
}

static void draw_letter(uint8_t *dots, const uint8_t *column, int x, int y,
                        enum chart_colour colour)
{
    for (int i = 0; i < FONT_COLUMNS; i++)
        for (int j = 0; j < FONT_ROWS; j++)
            if (column[i] >> j & 1)
                fill(dots, x + i * DOT, y + j * DOT, DOT, DOT, colour);
}

static void draw_text(uint8_t *dots, const struct chart_shape *s)
{
    const char *p = s->text.p, *end = p + s->text.n;
    int letters = 0, step = (FONT_COLUMNS + 1) * DOT;
    size_t n;

    for (const char *q = p; q < end; q += n, letters++)
        font_letter(q, end, &n);
    int x = s->x * SCALE - (s->w + 1) * (letters * step - DOT) / 2;
    for (int y = s->y * SCALE - FONT_BASELINE * DOT; p < end; p += n, x += step)
        draw_letter(dots, font_letter(p, end, &n), x, y, s->colour);
}

static void draw(uint8_t *dots, const struct chart_shape *s)
{
    int x = s->x * SCALE, y = s->y * SCALE, w = s->w * SCALE, h = s->h * SCALE;

    if (s->kind == CHART_TEXT && s->text.n)
        draw_text(dots, s);
    else if (s->kind == CHART_RECT)
        fill(dots, x, y, w, h, s->colour);
    else if (s->kind == CHART_DASHED)
        for (int at = 0; at < h; at += 8 * SCALE)
            fill(dots, x - w / 2, y + at, w, h - at < 5 * SCALE ? h - at : 5 * SCALE, s->colour);
}

static void add_u32(struct text *out, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        text_addc(out, (char)(v >> shift & 0xff));
}

static void add_chunk(struct text *out, const char type[4], struct slice data)
{
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);

    if (data.n)
        sum = crc32(sum, (const Bytef *)data.p, (uInt)data.n);
    add_u32(out, (uint32_t)data.n);
    text_add(out, slice_of(type, 4));
    text_add(out, data);
    add_u32(out, (uint32_t)sum);
}

static bool add_image(struct text *out, const uint8_t *dots)
{
    uLongf n = compressBound((uLong)(ROW * HIGH));
    char *packed = malloc(n);
    bool ok = packed &&
              compress2((Bytef *)packed, &n, dots, (uLong)(ROW * HIGH), Z_BEST_COMPRESSION) == Z_OK;

    if (ok)
        add_chunk(out, "IDAT", slice_of(packed, n));
    free(packed);
    return ok;
}

bool chart_add_png(struct text *out, const struct chart *c)
{
    uint8_t *dots = calloc(HIGH, ROW);
    struct text header = {0};

    if (dots == NULL)
        return false;
    for (unsigned i = 0; i < c->n; i++)
        draw(dots, &c->shape[i]);
    add_u32(&header, WIDE);
    add_u32(&header, HIGH);
    text_add(&header, slice_of("\x08\x03\x00\x00\x00", 5)); /* 8 bits, a palette */
    text_add(out, SL("\x89PNG\r\n\x1a\n"));
    add_chunk(out, "IHDR", text_slice(&header));
    add_chunk(out, "PLTE", slice_of((const char *)chart_colour, sizeof(chart_colour)));
    bool ok = add_image(out, dots);
    add_chunk(out, "IEND", SLICE_NONE);
    ok = ok && !out->failed && !header.failed;
    text_free(&header);
    free(dots);
    return ok;
}
