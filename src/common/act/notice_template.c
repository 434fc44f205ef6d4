#include "act/notice_template.h"

#include <stdlib.h>

#define NESTED 16u
#define TOKENS_MOST 4000u

enum token_kind { TOKEN_TEXT, TOKEN_FIELD, TOKEN_IF, TOKEN_END };

struct template_token {
    enum token_kind kind;
    struct slice text; /* of TOKEN_TEXT */
    unsigned field;    /* of notice_field() */
};

struct reading {
    const char *file;
    unsigned line, open[NESTED], depth;
    struct problems *problems;
    struct template_token *token;
    size_t n, cap;
    bool failed, subject;
};

#define WRONG(r, ...) problem_add((r)->problems, (r)->file, (r)->line, __VA_ARGS__)

static void put(struct reading *r, enum token_kind kind, struct slice text, unsigned field)
{
    if (kind == TOKEN_TEXT && text.n == 0)
        return;
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 128;
        struct template_token *token =
            cap > TOKENS_MOST * 2 ? NULL : realloc(r->token, cap * sizeof(*token));
        if (token == NULL) {
            r->failed = true;
            return;
        }
        r->token = token;
        r->cap = cap;
    }
    r->token[r->n++] = (struct template_token){kind, text, field};
}

static struct slice trim(struct slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool take_field(struct reading *r, struct slice name, unsigned *field)
{
    *field = notice_field(name);
    if (*field == NOTICE_NO_FIELD)
        WRONG(r, "there is no field `%.*s': mpnotify(8) has the list", (int)name.n, name.p);
    else if (r->subject && !notice_field_in_subject(*field))
        WRONG(r, "%.*s can't be in a subject: a stranger may have chosen it", (int)name.n, name.p);
    return *field != NOTICE_NO_FIELD;
}

static void take_if(struct reading *r, struct slice name)
{
    unsigned field;

    if (!take_field(r, name, &field))
        field = 0;
    if (r->depth == NESTED) {
        WRONG(r, "more than %u sections within each other", NESTED);
        return;
    }
    r->open[r->depth++] = r->line;
    put(r, TOKEN_IF, SLICE_NONE, field);
}

/* What stands between the braces. */
static void take_tag(struct reading *r, struct slice tag)
{
    unsigned field;

    tag = trim(tag);
    if (tag.n && tag.p[0] == '!')
        return;
    if (slice_starts(tag, SL("#if "))) {
        take_if(r, trim(slice_skip(tag, 4)));
    } else if (slice_eq(tag, SL("/if"))) {
        if (r->depth == 0)
            WRONG(r, "{{/if}} without its {{#if}}");
        else
            r->depth--;
        put(r, TOKEN_END, SLICE_NONE, 0);
    } else if (take_field(r, tag, &field)) {
        put(r, TOKEN_FIELD, SLICE_NONE, field);
    }
}

/* The next tag of the line, its inside and where it begins and ends; false: none. */
static bool next_tag(struct slice line, struct slice *inside, const char **begin, const char **end)
{
    *begin = slice_find(line, SL("{{"));
    if (*begin == NULL)
        return false;
    struct slice rest = slice_range(*begin + 2, line.p + line.n);
    const char *close = slice_find(rest, SL("}}"));
    *inside = close ? slice_range(rest.p, close) : rest;
    *end = close ? close + 2 : NULL;
    return true;
}

/* Nothing but blanks, sections and comments, and at least one of these? */
static bool stands_alone(struct slice line)
{
    struct slice inside;
    const char *begin, *end;
    unsigned tags = 0;

    for (; next_tag(line, &inside, &begin, &end) && end; tags++) {
        inside = trim(inside);
        if (trim(slice_range(line.p, begin)).n || inside.n == 0 || !strchr("#/!", inside.p[0]))
            return false;
        line = slice_range(end, line.p + line.n);
    }
    return tags && trim(line).n == 0;
}

/* A line with its newline. */
static void take_line(struct reading *r, struct slice line)
{
    bool alone =
        stands_alone(line.n && line.p[line.n - 1] == '\n' ? slice_of(line.p, line.n - 1) : line);
    struct slice inside;
    const char *begin, *end;

    while (next_tag(line, &inside, &begin, &end)) {
        if (!alone)
            put(r, TOKEN_TEXT, slice_range(line.p, begin), 0);
        if (end == NULL) {
            WRONG(r, "{{ without its }} in the same line");
            return;
        }
        take_tag(r, inside);
        line = slice_range(end, line.p + line.n);
    }
    if (!alone)
        put(r, TOKEN_TEXT, line, 0);
}

static void check_bytes(struct reading *r, struct slice line)
{
    for (size_t i = 0, n; i < line.n; i += n) {
        unsigned char c = (unsigned char)line.p[i];
        n = utf8_length(line.p + i, line.p + line.n);
        if (n && (c >= 0x20 || c == '\n' || c == '\t') && c != 0x7f)
            continue;
        WRONG(r, "byte 0x%02x: save the file as UTF-8 text with LF at the ends of lines", c);
        return;
    }
}

static struct slice next_line(struct slice *text)
{
    const char *nl = slice_chr(*text, '\n');
    struct slice line = nl ? slice_range(text->p, nl + 1) : *text;

    *text = slice_skip(*text, line.n);
    return line;
}

static void end_sections(struct reading *r)
{
    while (r->depth) {
        r->line = r->open[--r->depth];
        WRONG(r, "{{#if}} without its {{/if}}");
    }
}

static size_t read_subject(struct reading *r, struct slice *text)
{
    struct slice line = next_line(text);

    r->line = 1;
    r->subject = true;
    check_bytes(r, line);
    if (slice_starts(line, SL("Subject: ")) && line.n > 10) {
        line = slice_skip(line, 9);
        take_line(r, trim(slice_of(line.p, line.n - (line.p[line.n - 1] == '\n'))));
    } else {
        WRONG(r, "the first line has to be `Subject: …'");
    }
    end_sections(r);
    r->subject = false;
    r->line = 2;
    line = text->n ? next_line(text) : SL("\n");
    if (!slice_eq(line, SL("\n")))
        WRONG(r, "an empty line has to follow the subject");
    return r->n;
}

bool notice_template_read(struct notice_template *t, const char *file, struct slice text,
                          struct arena *arena, struct problems *problems)
{
    struct reading r = {.file = file, .problems = problems};
    unsigned before = problems->count;

    t->subject = read_subject(&r, &text);
    while (text.n) {
        struct slice line = next_line(&text);
        r.line++;
        check_bytes(&r, line);
        take_line(&r, line);
    }
    end_sections(&r);
    t->n = r.n;
    t->token = r.failed ? NULL : arena_alloc(arena, r.n * sizeof(*t->token) + 1);
    if (t->token == NULL)
        problem_add(problems, file, 0, "too long, or out of memory");
    else if (r.n)
        memcpy(t->token, r.token, r.n * sizeof(*t->token));
    free(r.token);
    return problems->count == before;
}

/* Blanks as wide as what stands in the last line of out: where a value's further lines begin. */
static void add_margin(struct text *out, size_t column)
{
    while (column--)
        text_addc(out, ' ');
}

static size_t column_of(const struct text *out)
{
    const char *nl = slice_rchr(text_slice(out), '\n');
    const char *p = nl ? nl + 1 : out->p, *end = out->p + out->n;
    size_t column = 0;

    for (; p && p < end; p += utf8_length(p, end) ? utf8_length(p, end) : 1)
        column++;
    return column;
}

static void add_value(struct text *out, struct slice value)
{
    size_t column = column_of(out);

    for (size_t i = 0; i < value.n; i++) {
        text_addc(out, value.p[i]);
        if (value.p[i] == '\n')
            add_margin(out, column);
    }
}

static bool render(const struct template_token *token, size_t n, const struct notice_view *view,
                   bool subject, struct text *out)
{
    unsigned depth = 0, hidden = 0; /* hidden: the depth from which on nothing is shown */
    struct text value = {0};

    for (size_t i = 0; i < n; i++) {
        value.n = 0;
        if (token[i].kind == TOKEN_END) {
            if (hidden == depth--)
                hidden = 0;
        } else if (token[i].kind == TOKEN_IF) {
            depth++;
            notice_field_add(&value, view, token[i].field, subject);
            if (hidden == 0 && (value.n == 0 || slice_eq(text_slice(&value), SL("0"))))
                hidden = depth;
        } else if (hidden == 0 && token[i].kind == TOKEN_TEXT) {
            text_add(out, token[i].text);
        } else if (hidden == 0) {
            notice_field_add(&value, view, token[i].field, subject);
            add_value(out, text_slice(&value));
        }
    }
    bool ok = !value.failed && !out->failed;
    text_free(&value);
    return ok;
}

bool notice_template_render(const struct notice_template *t, const struct notice_view *view,
                            struct text *subject, struct text *body)
{
    return render(t->token, t->subject, view, true, subject) &&
           render(t->token + t->subject, t->n - t->subject, view, false, body);
}
