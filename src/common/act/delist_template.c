#include "act/delist_template.h"

#include "act/delist_template_parts.h"

#define FACT_NAME_MOST 40u

static const struct slice fact_name[FACTS] = {
    [FACT_ASKED] = SL("asked"),
    [FACT_ATTEMPTS] = SL("attempts"),
    [FACT_BEGAN] = SL("began"),
    [FACT_BLOCKED] = SL("blocked"),
    [FACT_CAUSE] = SL("cause"),
    [FACT_CODE] = SL("code"),
    [FACT_CONTACT] = SL("contact"),
    [FACT_COUNT] = SL("count"),
    [FACT_DOMAIN] = SL("domain"),
    [FACT_ENDED] = SL("ended"),
    [FACT_HOST] = SL("host"),
    [FACT_IP] = SL("ip"),
    [FACT_LAST_ATTEMPT] = SL("last_attempt"),
    [FACT_LIST] = SL("list"),
    [FACT_LISTED] = SL("listed"),
    [FACT_MEASURE] = SL("measure"),
    [FACT_MESSAGES] = SL("messages"),
    [FACT_NAME] = SL("name"),
    [FACT_ORGANISATION] = SL("organisation"),
    [FACT_PHONE] = SL("phone"),
    [FACT_POLICY] = SL("policy"),
    [FACT_QUIET] = SL("quiet"),
    [FACT_REFERENCE] = SL("reference"),
    [FACT_REINSTATED] = SL("reinstated"),
    [FACT_RELISTED] = SL("relisted"),
    [FACT_REPLY] = SL("reply"),
    [FACT_RESULT] = SL("result"),
    [FACT_SIGN] = SL("sign"),
    [FACT_VOLUME] = SL("volume"),
    [FACT_WEBSITE] = SL("website"),
};

struct slice delist_fact_name(unsigned fact)
{
    return fact < FACTS ? fact_name[fact] : SLICE_NONE;
}

static unsigned fact_of(struct slice name)
{
    unsigned i = 0;

    while (i < FACTS && !slice_eq(fact_name[i], name))
        i++;
    return i;
}

static struct slice trim(struct slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static struct slice next_word(struct slice *rest)
{
    struct slice s = trim(*rest);
    size_t n = 0;

    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
        n++;
    *rest = slice_skip(s, n);
    return slice_of(s.p, n);
}

bool delist_word_in(struct slice words, struct slice word)
{
    for (struct slice w; (w = next_word(&words)).n;)
        if (slice_eq(w, word))
            return true;
    return false;
}

/* --- tags --- */

enum tag template_tag(struct slice *s, unsigned *fact)
{
    const char *end = slice_find(*s, SL("}}"));
    struct slice in;
    enum tag tag = TAG_FACT;

    if (end == NULL)
        return TAG_BAD;
    in = trim(slice_range(s->p + 2, end));
    *s = slice_skip(*s, (size_t)(end + 2 - s->p));
    if (in.n && in.p[0] == '!')
        return TAG_COMMENT;
    if (slice_eq(in, SL("/if")))
        return TAG_END_IF;
    if (slice_eq(in, SL("/unless")))
        return TAG_END_UNLESS;
    if (slice_starts(in, SL("#if "))) {
        tag = TAG_IF;
        in = trim(slice_skip(in, 4));
    } else if (slice_starts(in, SL("#unless "))) {
        tag = TAG_UNLESS;
        in = trim(slice_skip(in, 8));
    }
    *fact = fact_of(in);
    return *fact < FACTS ? tag : TAG_BAD;
}

bool template_walk(struct template_walk *w, enum tag tag, bool known)
{
    switch (tag) {
    case TAG_IF:
    case TAG_UNLESS:
        if (w->depth == TEMPLATE_DEEP)
            return false;
        w->open[w->depth++] = tag;
        if (w->hidden == 0 && known == (tag == TAG_UNLESS))
            w->hidden = w->depth;
        return true;
    case TAG_END_IF:
    case TAG_END_UNLESS:
        if (w->depth == 0 || w->open[w->depth - 1] != (tag == TAG_END_IF ? TAG_IF : TAG_UNLESS))
            return false;
        if (w->hidden == w->depth)
            w->hidden = 0;
        w->depth--;
        return true;
    default:
        return tag != TAG_BAD;
    }
}

static unsigned line_of(struct slice text, const char *at)
{
    unsigned n = 0;

    for (const char *p = text.p; p < at; p++)
        n += *p == '\n';
    return n;
}

static bool check_tags(const char *file, unsigned line, struct slice text,
                       struct problems *problems)
{
    struct template_walk w = {.depth = 0};
    struct slice rest = text;
    unsigned fact = 0;

    for (const char *p; (p = slice_find(rest, SL("{{"))) != NULL;) {
        rest = slice_skip(rest, (size_t)(p - rest.p));
        if (template_walk(&w, template_tag(&rest, &fact), true))
            continue;
        const char *end = slice_chr(slice_skip(slice_of(p, (size_t)(text.p + text.n - p)), 2), '}');
        size_t n = end ? (size_t)(end - p) + 2 : 2;
        problem_add(problems, file, line + line_of(text, p),
                    "'%.*s' is no fact, or doesn't fit here: delistreq(8) names them",
                    (int)(n > FACT_NAME_MOST ? FACT_NAME_MOST : n), p);
        return false;
    }
    if (w.depth)
        problem_add(problems, file, line, "a {{#if}} or {{#unless}} of this text doesn't end");
    return w.depth == 0;
}

/* --- reading --- */

struct reading {
    struct delist_template *t;
    const char *file;
    struct slice rest;
    unsigned line;
    struct problems *problems;
    bool good;
};

static bool next_line(struct reading *r, struct slice *line)
{
    const char *nl;

    if (r->rest.n == 0)
        return false;
    nl = slice_chr(r->rest, '\n');
    *line = nl ? slice_range(r->rest.p, nl) : r->rest;
    r->rest = slice_skip(r->rest, line->n + (nl ? 1 : 0));
    r->line++;
    return true;
}

static void bad(struct reading *r, unsigned line, const char *what)
{
    problem_add(r->problems, r->file, line, "%s", what);
    r->good = false;
}

static void read_head(struct reading *r, struct slice line)
{
    struct {
        struct slice name;
        struct slice *to;
    } const heads[] = {{SL("Language"), &r->t->language},
                       {SL("Subject"), &r->t->subject},
                       {SL("After"), &r->t->after},
                       {SL("Policy"), &r->t->policy},
                       {SL("Trust"), &r->t->trust}};
    const char *colon = slice_chr(line, ':');

    for (size_t i = 0; colon && i < sizeof heads / sizeof *heads; i++)
        if (slice_ieq(slice_range(line.p, colon), heads[i].name)) {
            *heads[i].to = trim(slice_skip(line, (size_t)(colon + 1 - line.p)));
            return;
        }
    bad(r, r->line,
        "the head has lines `Language: …`, `Subject: …`, `After: …`, `Policy: …`, `Trust: …` "
        "only, and ends with an empty line");
}

static void read_heads(struct reading *r)
{
    struct slice line;

    while (next_line(r, &line) && trim(line).n)
        if (!slice_starts(line, SL("{{!")))
            read_head(r, line);
    r->good &= check_tags(r->file, 1, r->t->subject, r->problems);
}

/* A text up to the next section; its last empty lines are no part of it. */
static struct slice read_text(struct reading *r, struct slice *section)
{
    const char *from = r->rest.p, *to = from;
    unsigned first = r->line + 1;
    struct slice line;

    *section = SLICE_NONE;
    while (next_line(r, &line)) {
        if (slice_starts(line, SL("== "))) {
            *section = slice_skip(line, 3);
            break;
        }
        if (trim(line).n)
            to = line.p + line.n;
    }
    struct slice text = from ? slice_range(from, to) : SLICE_NONE;
    while (text.n && text.p[0] == '\n')
        text = slice_skip(text, 1);
    r->good &= check_tags(r->file, first, text, r->problems);
    return text;
}

static size_t count_sections(struct slice text)
{
    size_t n = 0;

    for (const char *p; (p = slice_find(text, SL("\n== "))) != NULL; n++)
        text = slice_skip(text, (size_t)(p - text.p) + 1);
    return n;
}

static void read_sections(struct reading *r, struct slice head, size_t most)
{
    while (head.p && r->t->sections < most) {
        struct delist_section *s = &r->t->section[r->t->sections];
        const char *colon = slice_chr(head, ':');
        s->key = trim(colon ? slice_range(head.p, colon) : head);
        s->label = colon ? trim(slice_skip(head, (size_t)(colon + 1 - head.p))) : s->key;
        s->line = r->line;
        if (delist_section_find(r->t, s->key))
            bad(r, r->line, "this section is in it twice");
        r->t->sections++;
        s->text = read_text(r, &head);
    }
}

bool delist_template_read(struct delist_template *t, const char *file, struct slice text,
                          struct arena *arena, struct problems *problems)
{
    struct reading r = {.t = t, .file = file, .rest = text, .problems = problems, .good = true};
    size_t sections = count_sections(text);
    struct slice head;

    for (const char *p = text.p, *end = p + text.n; p < end;) {
        size_t n = utf8_length(p, end);
        if (n == 0 || (n == 1 && (unsigned char)*p < 0x20 && *p != '\n' && *p != '\r') ||
            *p == 0x7f) {
            problem_add(problems, file, line_of(text, p) + 1,
                        "a byte that is no text in UTF-8 (a tab counts as one)");
            return false;
        }
        p += n;
    }
    t->section = arena_alloc(arena, (sections + 1) * sizeof *t->section);
    if (t->section == NULL) {
        problem_add(problems, file, 0, "out of memory");
        return false;
    }
    read_heads(&r);
    t->text = read_text(&r, &head);
    read_sections(&r, head, sections);
    return r.good;
}

const struct delist_section *delist_section_find(const struct delist_template *t, struct slice key)
{
    for (size_t i = 0; i < t->sections; i++)
        if (slice_eq(t->section[i].key, key))
            return &t->section[i];
    return NULL;
}
