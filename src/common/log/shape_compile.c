#include "log/shape_parts.h"

#define PARTS_MAX 128

struct compiler {
    const char *p, *why;
    struct template_part parts[PARTS_MAX];
    unsigned n, captures;
};

static bool fail(struct compiler *c, const char *why)
{
    c->why = why;
    return false;
}

static struct template_part *add(struct compiler *c, enum op op)
{
    if (c->n == PARTS_MAX)
        return NULL;
    c->parts[c->n] = (struct template_part){.op = (uint8_t)op};
    return &c->parts[c->n++];
}

/* Up to the next brace, or a brace itself. */
static bool text(struct compiler *c, struct slice s)
{
    struct template_part *part = add(c, OP_TEXT);

    if (part == NULL)
        return fail(c, "too many parts");
    part->text = s;
    return true;
}

/* "{name…}", c->p behind the opening brace. */
static bool field(struct compiler *c)
{
    size_t name = strcspn(c->p, ":=}"), all = strcspn(c->p, "}");
    struct template_part *part = add(c, OP_FREE);

    if (part == NULL)
        return fail(c, "too many parts");
    if (c->p[all] == '\0')
        return fail(c, "no closing brace");
    part->name = slice_of(c->p, name);
    part->sender = slice_eq(part->name, SL("sender"));
    if (name && ++c->captures > FACTS_MAX)
        return fail(c, "too many captures");
    struct slice rest = name < all ? slice_of(c->p + name + 1, all - name - 1) : SLICE_NONE;
    if (c->p[name] == '=') {
        if (rest.n == 0 || rest.p[0] == '|' || rest.p[rest.n - 1] == '|')
            return fail(c, "an empty word");
        part->op = OP_WORDS;
        part->text = rest;
    } else if (slice_eq(rest, SL("last"))) {
        part->op = OP_FREE_LAST;
    } else if (c->p[name] == ':') {
        if (type_of(rest) < 0)
            return fail(c, "no such type");
        part->op = OP_RUN;
        part->type = (uint8_t)type_of(rest);
    }
    c->p += all + 1;
    return true;
}

static bool parts(struct compiler *c, int depth);

/* "{?…}", c->p behind the question mark. */
static bool maybe(struct compiler *c, int depth)
{
    unsigned start = c->n;

    if (depth == 4 || add(c, OP_MAYBE) == NULL)
        return fail(c, "too many parts");
    if (!parts(c, depth + 1))
        return false;
    if (add(c, OP_CLOSE) == NULL)
        return fail(c, "too many parts");
    c->parts[start].skip = (uint16_t)(c->n - 1 - start);
    return true;
}

static bool brace(struct compiler *c, int depth)
{
    if (strncmp(c->p, "{<}", 3) == 0 || strncmp(c->p, "{>}", 3) == 0) {
        bool open = c->p[1] == '<';
        c->p += 3;
        return text(c, open ? SL("{") : SL("}"));
    }
    if (c->p[1] == '?') {
        c->p += 2;
        return maybe(c, depth);
    }
    c->p++;
    if (!field(c))
        return false;
    if (depth && c->parts[c->n - 1].op >= OP_FREE)
        return fail(c, "a bare capture in {?…}");
    return true;
}

/* Up to the end of the pattern, or of the {?…}. */
static bool parts(struct compiler *c, int depth)
{
    while (*c->p) {
        size_t n = strcspn(c->p, "{}");
        if (n > 0 && !text(c, slice_of(c->p, n)))
            return false;
        c->p += n;
        if (*c->p == '}') {
            c->p++;
            return depth > 0 || fail(c, "a closing brace too many");
        }
        if (*c->p == '{' && !brace(c, depth))
            return false;
    }
    return depth == 0 || fail(c, "no closing brace");
}

/* A typed capture takes what it can: a template whose next text it would take,
 * too, never fits. */
static bool swallows(const struct template_part *part)
{
    const struct template_part *next = part + 1;

    while (next->op == OP_MAYBE)
        next++;
    if (part->op != OP_RUN || next->op != OP_TEXT)
        return false;
    return type_takes((enum type)part->type, next->text.p[0]);
}

/* A bare capture is found by the text behind it; what has no bound is tried in
 * one place only. */
static bool check(struct compiler *c)
{
    bool bare = false;

    for (unsigned i = 0; i + 1 < c->n; i++) {
        const struct template_part *part = &c->parts[i];
        if (bare && part->op == OP_RUN && part->type == TYPE_PATHS)
            return fail(c, "paths behind a bare capture");
        bare |= part->op >= OP_FREE;
        if (part->op >= OP_FREE && part[1].op != OP_TEXT && part[1].op != OP_END)
            return fail(c, "no text behind a bare capture");
        if (swallows(part))
            return fail(c, "a capture that takes the text behind it");
    }
    return true;
}

static void first_byte(struct shape_template *t, char c)
{
    t->first[(unsigned char)c >> 6] |= UINT64_C(1) << ((unsigned char)c & 63);
}

/* The bytes that a part can begin with: all of them when it is no text. */
static void first_bytes(enum op op, struct slice text, struct shape_template *t)
{
    memset(t->first, 0, sizeof t->first);
    if ((op != OP_TEXT && op != OP_WORDS) || text.n == 0) {
        memset(t->first, 0xff, sizeof t->first);
        return;
    }
    first_byte(t, text.p[0]);
    for (size_t i = 1; op == OP_WORDS && i < text.n; i++)
        if (text.p[i - 1] == '|')
            first_byte(t, text.p[i]);
}

/* What each line of that form begins with. */
static void head(const struct template_part *part, struct shape_template *t)
{
    unsigned char *byte = (unsigned char *)&t->head, *mask = (unsigned char *)&t->mask;
    struct slice text = part->text;
    size_t n = 0;

    t->head = t->mask = (struct template_head){{0, 0}};
    t->qid = part[0].op == OP_RUN && part[0].type == TYPE_QID && part[1].op == OP_TEXT &&
             slice_starts(part[1].text, SL(": "));
    if (t->qid) {
        text = slice_skip((++part)->text, 2);
        if (text.n == 0)
            text = (++part)->text;
    }
    if (part->op == OP_RUN && part->type == TYPE_REST)
        text = (++part)->text;
    first_bytes((enum op)part->op, text, t);
    for (; n < sizeof t->head; text = (++part)->text) {
        if (part->op == OP_RUN && part->type == TYPE_REST)
            continue;
        if (part->op != OP_TEXT && (part->op != OP_WORDS || slice_chr(text, '|') != NULL))
            return;
        for (size_t i = 0; i < text.n && n < sizeof t->head; i++, n++) {
            mask[n] = 0xff;
            byte[n] = (unsigned char)text.p[i];
        }
    }
}

bool template_compile(struct arena *a, const char *pattern, struct shape_template *t,
                      const char **why)
{
    struct compiler c = {.p = pattern};

    *why = NULL;
    if (!parts(&c, 0) || (add(&c, OP_END) == NULL && !fail(&c, "too many parts")) || !check(&c)) {
        *why = c.why;
        return false;
    }
    struct template_part *copy = arena_alloc(a, c.n * sizeof *copy);
    if (copy == NULL)
        return false;
    memcpy(copy, c.parts, c.n * sizeof *copy);
    t->parts = copy;
    head(copy, t);
    return true;
}
