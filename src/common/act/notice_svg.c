/* The chart as SVG 1.1 without scripts, styles or links. */
#include "act/notice_chart.h"
#include "act/notice_escape.h"

static void add_colour(struct text *out, enum chart_colour colour)
{
    const uint8_t *c = chart_colour[colour];

    text_addf(out, "#%02x%02x%02x", c[0], c[1], c[2]);
}

static void add_label(struct text *out, const struct chart_shape *s)
{
    static const char *const anchor[] = {"start", "middle", "end"};

    text_addf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"", s->x, s->y,
              anchor[s->w + 1]);
    add_colour(out, s->colour);
    text_add(out, SL("\">"));
    notice_add_xml(out, s->text, 200);
    text_add(out, SL("</text>\n"));
}

void chart_add_svg(struct text *out, const struct chart *c)
{
    text_addf(out,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
              " viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
              CHART_WIDTH, CHART_HEIGHT, CHART_WIDTH, CHART_HEIGHT);
    for (unsigned i = 0; i < c->n; i++) {
        const struct chart_shape *s = &c->shape[i];
        if (s->kind == CHART_TEXT) {
            add_label(out, s);
            continue;
        }
        if (s->kind == CHART_RECT) {
            text_addf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"", s->x, s->y,
                      s->w, s->h);
            add_colour(out, s->colour);
        } else {
            text_addf(out, "<path d=\"M%d %dv%d\" stroke-width=\"%d\" stroke-dasharray=\"5 3\"",
                      s->x, s->y, s->h, s->w);
            text_add(out, SL(" stroke=\""));
            add_colour(out, s->colour);
        }
        text_add(out, SL("\"/>\n"));
    }
    text_add(out, SL("</svg>\n"));
}
