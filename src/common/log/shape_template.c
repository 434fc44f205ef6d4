#include "log/shape_parts.h"

struct cursor {
    const char *p, *end;
    struct facts *facts;
};

static void capture(const struct template_part *part, const char *from, const char *to,
                    struct facts *facts)
{
    if (part->name.n == 0 || facts->n == FACTS_MAX)
        return;
    struct slice value = part->sender && from == to ? SL("<>") : slice_range(from, to);
    facts->f[facts->n++] = (struct fact){part->name, value};
}

static bool run(const struct template_part *part, struct cursor *c)
{
    const char *end = type_run((enum type)part->type, c->p, c->end);

    if (end == NULL)
        return false;
    capture(part, c->p, part->type == TYPE_REST ? c->end : end, c->facts);
    c->p = end;
    return true;
}

static bool words(const struct template_part *part, struct cursor *c)
{
    struct slice list = part->text, rest = slice_range(c->p, c->end);

    for (;;) {
        const char *bar = slice_chr(list, '|');
        struct slice word = bar ? slice_range(list.p, bar) : list;
        if (slice_starts(rest, word)) {
            capture(part, c->p, c->p + word.n, c->facts);
            c->p += word.n;
            return true;
        }
        if (bar == NULL)
            return false;
        list = slice_skip(list, word.n + 1);
    }
}

/* All up to the next bare capture or the end, which is returned; NULL when it
 * isn't there. */
static const struct template_part *segment(const struct template_part *part, struct cursor *c)
{
    for (;; part++) {
        switch ((enum op)part->op) {
        case OP_TEXT:
            if ((size_t)(c->end - c->p) < part->text.n ||
                !bytes_eq(c->p, part->text.p, part->text.n))
                return NULL;
            c->p += part->text.n;
            break;
        case OP_RUN:
            if (!run(part, c))
                return NULL;
            break;
        case OP_WORDS:
            if (!words(part, c))
                return NULL;
            break;
        case OP_MAYBE: {
            const char *p = c->p;
            unsigned n = c->facts->n;
            if (segment(part + 1, c) == NULL) {
                c->p = p;
                c->facts->n = n;
            }
            part += part->skip;
            break;
        }
        case OP_CLOSE:
        case OP_FREE:
        case OP_FREE_LAST:
        case OP_END:
            return part;
        }
    }
}

/* A bare capture and the segment behind it. */
static const struct template_part *free_run(const struct template_part *part, struct cursor *c)
{
    const struct template_part *next = part + 1, *r;
    struct slice rest = slice_range(c->p, c->end);
    const char *start = c->p, *q;
    unsigned n = c->facts->n;
    bool last = part->op == OP_FREE_LAST;

    if (next->op == OP_END) {
        capture(part, c->p, c->end, c->facts);
        c->p = c->end;
        return next;
    }
    while ((q = last ? slice_rfind(rest, next->text) : slice_find(rest, next->text)) != NULL) {
        c->facts->n = n;
        capture(part, start, q, c->facts);
        c->p = q;
        r = segment(next, c);
        if (r != NULL && (r->op != OP_END || c->p == c->end))
            return r;
        if (last)
            rest = slice_range(start, q + next->text.n - 1);
        else
            rest = slice_range(q + 1, c->end);
    }
    return NULL;
}

bool template_match(const struct shape_template *t, struct slice s, struct facts *facts)
{
    if (s.p == NULL)
        s = SL("");
    struct cursor c = {s.p, s.p + s.n, facts};
    unsigned n = facts->n;
    const struct template_part *part = segment(t->parts, &c);

    while (part != NULL && part->op != OP_END)
        part = free_run(part, &c);
    if (part != NULL && c.p == c.end)
        return true;
    facts->n = n;
    return false;
}

struct template_head template_head(struct slice s)
{
    struct template_head head = {{0, 0}};

    if (s.n)
        memcpy(&head, s.p, s.n < sizeof head ? s.n : sizeof head);
    return head;
}

size_t template_qid(struct slice s)
{
    const char *end = s.n ? type_run(TYPE_QID, s.p, s.p + s.n) : NULL;

    if (end == NULL || s.p + s.n - end < 2 || end[0] != ':' || end[1] != ' ')
        return 0;
    return (size_t)(end - s.p);
}
