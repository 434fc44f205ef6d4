#include "act/delist_template_parts.h"

#define WIDTH 72u

/* --- facts go in --- */

struct expansion {
    struct text *out;
    const struct delist_facts *facts;
    struct template_walk walk;
};

static bool blank(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\n')
            return false;
    return true;
}

static void expand_tag(struct expansion *e, struct slice *line)
{
    unsigned fact = 0;
    enum tag tag = template_tag(line, &fact);

    if (tag == TAG_BAD) /* was checked when it was read */
        *line = SLICE_NONE;
    else if (tag == TAG_FACT && e->walk.hidden == 0)
        text_add(e->out, e->facts->value[fact]);
    else
        template_walk(&e->walk, tag, fact < FACTS && e->facts->value[fact].n > 0);
}

/* A line of nothing but tags that gave nothing leaves no line behind. */
static void expand_line(struct expansion *e, struct slice line)
{
    size_t before = e->out->n;
    bool tags = e->walk.hidden > 0;

    while (line.n) {
        const char *p = slice_find(line, SL("{{"));
        struct slice plain = p ? slice_range(line.p, p) : line;
        if (e->walk.hidden == 0)
            text_add(e->out, plain);
        line = slice_skip(line, plain.n);
        if (p)
            expand_tag(e, &line);
        tags |= p != NULL;
    }
    if (e->out->failed)
        return;
    if (tags && blank(slice_of(e->out->p + before, e->out->n - before)))
        e->out->n = before;
    else
        text_addc(e->out, '\n');
}

static void expand(struct text *out, struct slice text, const struct delist_facts *facts)
{
    struct expansion e = {.out = out, .facts = facts};

    while (text.n) {
        const char *nl = slice_chr(text, '\n');
        struct slice line = nl ? slice_range(text.p, nl) : text;
        text = slice_skip(text, line.n + (nl ? 1 : 0));
        expand_line(&e, line);
    }
}

/* --- lines are filled --- */

struct flow {
    struct text *out;
    size_t column, indent;
    bool fill, open, gap; /* gap: an empty line is due */
};

static size_t columns(struct slice s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void flow_end(struct flow *f)
{
    if (f->open)
        text_addc(f->out, '\n');
    f->open = false;
    f->column = 0;
}

static void flow_blanks(struct flow *f, size_t n)
{
    f->column = n;
    while (n--)
        text_addc(f->out, ' ');
}

static void flow_word(struct flow *f, struct slice word)
{
    size_t n = columns(word);

    if (!f->open) {
        if (f->gap)
            text_addc(f->out, '\n');
        f->gap = false;
        f->open = true;
        flow_blanks(f, f->indent);
    } else if (f->fill && f->column + 1 + n > WIDTH) {
        text_addc(f->out, '\n');
        flow_blanks(f, f->indent);
    } else {
        text_addc(f->out, ' ');
        f->column++;
    }
    text_add(f->out, word);
    f->column += n;
}

static void flow_line(struct flow *f, struct slice line)
{
    size_t lead = 0;
    bool ends = line.n && line.p[line.n - 1] == '\\';

    line.n -= ends;
    while (lead < line.n && line.p[lead] == ' ')
        lead++;
    if (lead) {
        flow_end(f);
        f->indent = lead;
        ends = true;
    } else if (!f->open) {
        f->indent = 0;
    }
    for (line = slice_skip(line, lead); line.n;) {
        const char *p = slice_chr(line, ' ');
        struct slice word = p ? slice_range(line.p, p) : line;
        line = slice_skip(line, word.n + (p ? 1 : 0));
        if (word.n)
            flow_word(f, word);
    }
    if (ends)
        flow_end(f);
}

void delist_render(struct text *out, struct slice text, const struct delist_facts *facts, bool fill)
{
    struct text full = {0};
    struct flow f = {.out = out, .fill = fill};
    size_t before = out->n;

    expand(&full, text, facts);
    for (struct slice rest = text_slice(&full); rest.n;) {
        const char *nl = slice_chr(rest, '\n');
        struct slice line = nl ? slice_range(rest.p, nl) : rest;
        rest = slice_skip(rest, line.n + (nl ? 1 : 0));
        if (!blank(line)) {
            flow_line(&f, line);
            continue;
        }
        flow_end(&f);
        f.gap = out->n > before;
    }
    flow_end(&f);
    out->failed = out->failed || full.failed;
    text_free(&full);
}
