#include "log/shape_template.h"

#include "log/field.h"

enum op {
    OP_END,
    OP_TEXT,
    OP_RUN,   /* a typed capture */
    OP_WORDS, /* one of several words */
    OP_MAYBE, /* a part that may be missing; skip: parts up to behind its OP_CLOSE */
    OP_CLOSE,
    OP_FREE,     /* {name} */
    OP_FREE_LAST /* {name:last} */
};

enum type {
    TYPE_NUM,
    TYPE_DEC,
    TYPE_IP,
    TYPE_QID,
    TYPE_WORD,
    TYPE_TOKEN,
    TYPE_PATH,
    TYPE_PATHS,
    TYPE_REST
};

static const char *const type_names[] = {"num",   "dec",  "ip",    "qid", "word",
                                         "token", "path", "paths", "rest"};

struct template_part {
    uint8_t op, type;
    bool sender;
    uint16_t skip;
    struct slice text; /* OP_TEXT: itself; OP_WORDS: "A|B|C" */
    struct slice name; /* empty: no capture */
};

#define PARTS_MAX 128

/* --- the types: where the run that starts at p ends; NULL: there is none --- */

static const unsigned char stops[256] = {
    ['\0'] = 3, ['\t'] = 3, ['\n'] = 3, ['\r'] = 3, [' '] = 3, [','] = 3,
    ['<'] = 3,  ['>'] = 3,  [';'] = 1,  [':'] = 1,  ['('] = 1, [')'] = 1,
    ['['] = 1,  [']'] = 1,  ['{'] = 1,  ['}'] = 1,  ['"'] = 1, ['\''] = 1};

static const char *word_end(const char *p, const char *end, unsigned char stop)
{
    const char *q = p;

    while (q < end && !(stops[(unsigned char)*q] & stop))
        q++;
    return q > p ? q : NULL;
}

static const char *digits_end(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && is_digit(*q))
        q++;
    return q > p ? q : NULL;
}

static const char *dec_end(const char *p, const char *end)
{
    const char *q = p, *digits = NULL;

    if (q < end && (*q == '-' || *q == '+'))
        q++;
    for (; q < end && (is_digit(*q) || *q == '.'); q++)
        if (is_digit(*q))
            digits = q;
    if (digits == NULL)
        return NULL;
    if (q + 1 < end && *q == 'e' && (is_digit(q[1]) || q[1] == '-')) {
        const char *e = digits_end(q + (q[1] == '-' ? 2 : 1), end);
        if (e != NULL)
            q = e;
    }
    return q;
}

static bool is_ipv4(const char *p, const char *end)
{
    for (int octets = 1;; octets++) {
        const char *q = digits_end(p, end);
        if (q == NULL || q - p > 3 || (q - p == 3 && memcmp(p, "255", 3) > 0))
            return false;
        if (q == end)
            return octets == 4;
        if (*q != '.')
            return false;
        p = q + 1;
    }
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 4291, section 2.2. */
static bool is_ipv6(const char *p, const char *end)
{
    int groups = 0;
    bool gap = false;

    while (p < end) {
        const char *q = p;
        if (*p == ':') {
            if (p + 1 == end || p[1] != ':' || gap) /* one colon at the start or two gaps */
                return false;
            gap = true;
            p += 2;
            continue;
        }
        while (q < end && is_hex(*q))
            q++;
        if (q < end && *q == '.')
            return is_ipv4(p, end) && (groups += 2) <= 8 && (gap || groups == 8);
        if (q - p > 4 || q == p)
            return false;
        groups++;
        if (q == end)
            break;
        if (*q != ':' || q + 1 == end)
            return false;
        p = q[1] == ':' ? q : q + 1;
    }
    return gap ? groups < 8 : groups == 8;
}

/* A colon behind an address isn't its own, unless there are two. */
static const char *ip_end(const char *p, const char *end)
{
    const char *q = p, *zone;

    if (end - p >= 7 && memcmp(p, "unknown", 7) == 0)
        return p + 7;
    while (q < end && q - p < 16 && (is_digit(*q) || *q == '.'))
        q++;
    if (is_ipv4(p, q))
        return q;
    while (q < end && q - p < 48 && (is_hex(*q) || *q == '.' || *q == ':'))
        q++;
    if (q - p > 2 && q[-1] == ':' && q[-2] != ':')
        q--;
    if (!is_ipv6(p, q))
        return NULL;
    if (q < end && *q == '%' && (zone = word_end(q + 1, end, 1)) != NULL)
        return zone; /* fe80::1%eth0 */
    return q;
}

static const char *qid_end(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && q - p <= 32 && (is_digit(*q) || (unsigned char)((*q | 0x20) - 'a') < 26))
        q++;
    return field_is_qid(slice_range(p, q)) ? q : NULL;
}

static const char *path_end(const char *p, const char *end)
{
    if (p < end && *p == '"') {
        for (p++; p < end && *p != '"'; p++)
            if (*p == '\\')
                p++;
        if (p++ >= end)
            return NULL;
    }
    while (p < end && *p != '>' && *p != ' ')
        p++;
    return p;
}

static const char *paths_end(const char *p, const char *end)
{
    while (end - p > 2 && p[0] == ',' && p[1] == '<') {
        const char *q = path_end(p + 2, end);
        if (q == NULL || q == end || *q != '>')
            break;
        p = q + 1;
    }
    return p;
}

static const char *run_end(enum type type, const char *p, const char *end)
{
    if (end - p > RUN_MAX && type != TYPE_PATHS)
        end = p + RUN_MAX;
    switch (type) {
    case TYPE_NUM:
        return digits_end(p, end);
    case TYPE_DEC:
        return dec_end(p, end);
    case TYPE_IP:
        return ip_end(p, end);
    case TYPE_QID:
        return qid_end(p, end);
    case TYPE_WORD:
        return word_end(p, end, 1);
    case TYPE_TOKEN:
        return word_end(p, end, 2);
    case TYPE_PATH:
        return path_end(p, end);
    case TYPE_PATHS:
        return paths_end(p, end);
    case TYPE_REST:
        return p;
    }
    return NULL;
}

/* --- matching --- */

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
    const char *end = run_end((enum type)part->type, c->p, c->end);

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

/* Everything up to the next bare capture or the end, which is returned; NULL when it isn't there.
 */
static const struct template_part *segment(const struct template_part *part, struct cursor *c)
{
    for (;; part++) {
        switch ((enum op)part->op) {
        case OP_TEXT:
            if ((size_t)(c->end - c->p) < part->text.n ||
                memcmp(c->p, part->text.p, part->text.n) != 0)
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
    const char *end = s.n ? qid_end(s.p, s.p + s.n) : NULL;

    if (end == NULL || s.p + s.n - end < 2 || end[0] != ':' || end[1] != ' ')
        return 0;
    return (size_t)(end - s.p);
}

/* --- compiling --- */

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

static int type_of(struct slice s)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (slice_eq(s, slice_str(type_names[i])))
            return (int)i;
    return -1;
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

/* A typed capture takes what it can: a template whose next text it would take, too, never fits. */
static bool swallows(const struct template_part *part)
{
    const struct template_part *next = part + 1;

    while (next->op == OP_MAYBE)
        next++;
    if (part->op != OP_RUN || next->op != OP_TEXT)
        return false;
    char c = next->text.p[0];
    switch ((enum type)part->type) {
    case TYPE_NUM:
    case TYPE_DEC:
        return is_digit(c);
    case TYPE_WORD:
        return !(stops[(unsigned char)c] & 1);
    case TYPE_TOKEN:
        return !(stops[(unsigned char)c] & 2);
    case TYPE_PATH:
        return c != '>';
    default:
        return false;
    }
}

/* A bare capture is found by the text behind it; what has no bound is tried in one place only. */
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
