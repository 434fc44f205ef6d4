#include "act/notice_evidence.h"

#include "act/notice_facts.h"

enum { TIME, QID, SENDER, CLIENT, LOGIN, HELO, RECIPIENTS, SENT, REFUSED, COLUMNS };

static const char *const column_names[] = {"time", "qid",        "sender", "client", "login",
                                           "helo", "recipients", "sent",   "refused"};
#define FIELDS 32u

struct line {
    struct slice field[FIELDS];
    unsigned n;
};

static bool next_line(struct slice *tsv, struct line *out)
{
    const char *nl = slice_chr(*tsv, '\n');
    struct slice line = nl ? slice_range(tsv->p, nl) : *tsv;

    if (tsv->n == 0)
        return false;
    *tsv = slice_skip(*tsv, line.n + 1);
    for (out->n = 0; out->n < FIELDS;) {
        const char *tab = slice_chr(line, '\t');
        out->field[out->n++] = tab ? slice_range(line.p, tab) : line;
        if (tab == NULL)
            break;
        line = slice_skip(line, (size_t)(tab - line.p) + 1);
    }
    return true;
}

/* Which field is which column; FIELDS: it isn't there. */
static void read_header(const struct line *line, unsigned at[COLUMNS])
{
    for (unsigned c = 0; c < COLUMNS; c++) {
        at[c] = FIELDS;
        for (unsigned i = 0; i < line->n; i++)
            if (slice_eq(line->field[i], slice_str(column_names[c])))
                at[c] = i;
    }
}

static struct slice field(const struct line *line, const unsigned at[COLUMNS], unsigned column)
{
    return at[column] < line->n ? line->field[at[column]] : SLICE_NONE;
}

static uint64_t number(const struct line *line, const unsigned at[COLUMNS], unsigned column)
{
    uint64_t n;

    return slice_u64(field(line, at, column), &n) && n < UINT32_MAX ? n : 0;
}

static struct slice undo(struct slice s, struct arena *arena)
{
    struct text t = {0};
    bool good = text_add_untsv(&t, s) && !t.failed;
    struct slice copy = arena_slice(arena, good ? text_slice(&t) : s);

    text_free(&t);
    return copy;
}

static void read_row(struct notice_row *row, const struct line *line, const unsigned at[COLUMNS],
                     struct arena *arena)
{
    *row = (struct notice_row){.time = notice_time(field(line, at, TIME)),
                               .qid = undo(field(line, at, QID), arena),
                               .sender = undo(field(line, at, SENDER), arena),
                               .client = undo(field(line, at, CLIENT), arena),
                               .login = undo(field(line, at, LOGIN), arena),
                               .helo = undo(field(line, at, HELO), arena),
                               .recipients = number(line, at, RECIPIENTS),
                               .sent = number(line, at, SENT),
                               .refused = number(line, at, REFUSED)};
}

bool notice_rows_read(struct notice_rows *out, struct slice tsv, struct arena *arena)
{
    unsigned at[COLUMNS];
    struct line line;

    *out = (struct notice_rows){0};
    if (!next_line(&tsv, &line))
        return true;
    read_header(&line, at);
    out->list = arena_alloc(arena, NOTICE_EVIDENCE_MOST * sizeof(*out->list));
    if (out->list == NULL)
        return false;
    while (out->n < NOTICE_EVIDENCE_MOST && next_line(&tsv, &line))
        read_row(&out->list[out->n++], &line, at, arena);
    return true;
}

static bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && s.p[i] != '.' && !(i == 0 && s.p[i] == '-'))
            return false;
    return s.n > 0;
}

static void add_cell(struct text *out, struct slice cell)
{
    struct text plain = {0};
    bool good = text_add_untsv(&plain, cell) && !plain.failed;
    struct slice s = good ? text_slice(&plain) : cell;

    if (s.n && strchr("=+-@", s.p[0]) && s.p[0] && !is_number(s)) {
        text_addf(out, "\\x%02x", (unsigned char)s.p[0]);
        s = slice_skip(s, 1);
    }
    text_add_tsv(out, s);
    text_free(&plain);
}

void notice_add_tsv(struct text *out, struct slice tsv)
{
    struct line line;

    while (next_line(&tsv, &line)) {
        for (unsigned i = 0; i < line.n; i++) {
            if (i)
                text_addc(out, '\t');
            add_cell(out, line.field[i]);
        }
        text_addc(out, '\n');
    }
}
