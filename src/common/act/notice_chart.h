/* notice_chart: when the spam left and what became of it: recipients over time, delivered and
 * refused, from the rows of the evidence, with the moments of the flag and of the action; as SVG,
 * and as PNG for mail programs that show no SVG.
 *
 * The chart is a short list of rectangles, lines and texts in a plane of CHART_WIDTH by
 * CHART_HEIGHT, so both pictures are the same. Bars are hours, or less or more so that there are at
 * most CHART_BARS. The labels are the language's words, numbers and times: nothing of a stranger's
 * is drawn.
 */
#ifndef MPTOOLS_ACT_NOTICE_CHART_H
#define MPTOOLS_ACT_NOTICE_CHART_H

#include "act/notice_evidence.h"
#include "act/notice_words.h"

#define CHART_WIDTH 640
#define CHART_HEIGHT 260
#define CHART_BARS 48
#define CHART_SHAPES 220u

enum chart_kind { CHART_RECT, CHART_DASHED, CHART_TEXT };
enum chart_colour {
    CHART_WHITE,
    CHART_INK,
    CHART_GRID,
    CHART_SENT,
    CHART_REFUSED,
    CHART_FLAGGED,
    CHART_ACTION,
    CHART_COLOURS
};
extern const uint8_t chart_colour[CHART_COLOURS][3];

struct chart_shape {
    enum chart_kind kind;
    enum chart_colour colour;
    int x, y, w, h;    /* a text: x, y of its baseline, and w: -1 begins there, 0 centred, 1 ends */
    struct slice text; /* in the arena of the chart */
};

struct chart {
    struct arena arena;
    struct chart_shape shape[CHART_SHAPES];
    unsigned n;
};

struct chart_moments {
    int64_t flagged, action; /* WHEN_NONE: none */
};

/* False when there is nothing to draw (no row has a time) or memory runs out. */
bool chart_draw(struct chart *c, const struct notice_rows *rows, const struct chart_moments *at,
                const struct notice_words *words);
void chart_free(struct chart *c);

void chart_add_svg(struct text *out, const struct chart *c);
/* PNG (RFC 2083), 8-bit palette, twice the size. False when memory runs out. */
bool chart_add_png(struct text *out, const struct chart *c);

#endif
