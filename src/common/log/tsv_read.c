#include "log/tsv.h"

#include "log/envelope.h"
#include "log/json.h"

void tsv_reader_free(struct tsv_reader *t)
{
    text_free(&t->scratch);
    text_free(&t->value);
    text_free(&t->extra);
    text_free(&t->unknown);
}

bool tsv_is_header(struct slice line)
{
    return slice_starts(line, SL("#mplog\t")) || slice_starts(line, SL("{\"time\":\"")) ||
           slice_starts(line, SL("{\"kind\":\""));
}

static enum tsv_result bad(struct tsv_reader *t, const char *problem)
{
    t->problem = problem;
    return TSV_BAD;
}

static struct slice next_field(struct slice *s, bool *more)
{
    const char *tab = slice_chr(*s, '\t');
    struct slice f = tab ? slice_range(s->p, tab) : *s;

    *more = tab != NULL;
    *s = tab ? slice_range(tab + 1, s->p + s->n) : SLICE_NONE;
    return f;
}

static enum tsv_result header(struct tsv_reader *t, struct slice line)
{
    bool more = true;

    next_field(&line, &more); /* "#mplog" */
    uint32_t seen = 0;
    t->unknown.n = 0;
    for (t->n = 0; more; t->n++) {
        struct slice name = next_field(&line, &more);
        int c = record_column_of(name);
        if (t->n == sizeof t->column)
            return bad(t, "too many columns in the header");
        if (name.n == 0)
            return bad(t, "the header has a column without a name");
        if (c >= 0 && seen >> c & 1)
            return bad(t, "the header names a column twice");
        if (c < 0 && t->unknown.n)
            text_addc(&t->unknown, '\t');
        if (c < 0)
            text_add(&t->unknown, name);
        else
            seen |= UINT32_C(1) << c;
        t->column[t->n] = (int8_t)c;
    }
    if (!(seen >> COL_TIME & 1) || !(seen >> COL_KIND & 1))
        return bad(t, "the header has no column time or no column kind: nothing can be made of it");
    return TSV_SKIP;
}

static enum tsv_result end_line(struct tsv_reader *t, struct slice line)
{
    const char *sp;
    uint64_t records;

    line = slice_skip(line, 5);
    if ((sp = slice_chr(line, ' ')) == NULL || !slice_u64(slice_range(line.p, sp), &records) ||
        !slice_u64(slice_range(sp + 1, line.p + line.n), &t->lines))
        return bad(t, "damaged end line");
    if (records != t->records)
        return bad(t, "the end line counts other records than came: the stream is damaged");
    t->ended = true;
    return TSV_END;
}

/* Time and kind as values; false when one isn't readable. */
static bool take(struct record *out, int column, struct slice v)
{
    struct envelope_state st = {0};

    if (column == COL_TIME)
        return envelope_rfc3339(&st, v, &out->time, &out->digits) == v.n && v.n > 0;
    if (column == COL_KIND)
        return (out->kind = (uint8_t)record_kind_of(v)) != KIND_NONE;
    out->f[column] = v;
    return true;
}

static enum tsv_result tsv_line(struct tsv_reader *t, struct slice line, struct record *out)
{
    bool more = true;
    unsigned i = 0, unknown = 0;

    t->scratch.n = t->extra.n = 0;
    if (!text_room(&t->scratch, line.n)) /* so that slices into it stay */
        return bad(t, "out of memory");
    for (; more; i++) {
        struct slice v = next_field(&line, &more);
        if (i >= t->n)
            return bad(t, "more fields than columns");
        if (t->column[i] < 0) {
            if (unknown++)
                text_addc(&t->extra, '\t');
            text_add(&t->extra, v);
            continue;
        }
        if (slice_chr(v, '\\')) {
            size_t start = t->scratch.n;
            if (!text_add_untsv(&t->scratch, v))
                return bad(t, "an escape that isn't one of \\t \\n \\r \\\\ \\xHH");
            v = slice_of(t->scratch.p + start, t->scratch.n - start);
        }
        if (!take(out, t->column[i], v))
            return bad(t, t->column[i] == COL_TIME ? "unreadable time" : "unknown kind");
    }
    if (i != t->n)
        return bad(t, "fewer fields than columns");
    out->extra = text_slice(&t->extra);
    t->records++;
    return TSV_RECORD;
}

/* The writer's "\xHH" for a byte that isn't UTF-8 back into that byte; a JSON string can hold the
 * same four characters of its own, which is the one thing that JSON can't bring back. */
static struct slice raw_bytes(struct text *value, size_t start)
{
    char *p = value->p + start, *to = p, *end = value->p + value->n;

    for (; p < end; p++) {
        unsigned v = 0;
        int digits = 0;
        if (*p == '\\' && end - p >= 4 && p[1] == 'x')
            for (; digits < 2; digits++) {
                int d = hex_digit(p[2 + digits]);
                if (d < 0)
                    break;
                v = v * 16 + (unsigned)d;
            }
        if (digits == 2 && v >= 0x80) {
            *to++ = (char)v;
            p += 3;
        } else {
            *to++ = *p;
        }
    }
    value->n = (size_t)(to - value->p);
    return slice_of(value->p + start, value->n - start);
}

static enum tsv_result json_line(struct tsv_reader *t, struct slice line, struct record *out)
{
    struct json_reader r;
    uint64_t records = 0;
    bool end = false, timed = false;

    t->value.n = 0;
    if (!text_room(&t->value, line.n * 2 + 16))
        return bad(t, "out of memory");
    if (!json_object(&r, line))
        return bad(t, "not a JSON object");
    while (json_key(&r, &t->scratch)) {
        size_t start = t->value.n;
        struct slice key = text_slice(&t->scratch);
        if (!json_value(&r, &t->value))
            break;
        struct slice v = raw_bytes(&t->value, start);
        int column = record_column_of(key);
        timed |= column == COL_TIME;
        if (column == COL_KIND && slice_eq(v, SL("end")))
            end = true;
        else if (slice_eq(key, SL("records")))
            slice_u64(v, &records);
        else if (slice_eq(key, SL("lines")))
            slice_u64(v, &t->lines);
        else if (column >= 0 && !take(out, column, v))
            return bad(t, column == COL_TIME ? "unreadable time" : "unknown kind");
    }
    if (!json_done(&r))
        return bad(t, "malformed JSON");
    if (!end && (!timed || out->kind == KIND_NONE))
        return bad(t, "a record without time or kind");
    if (!end) {
        t->records++;
        return TSV_RECORD;
    }
    if (records != t->records)
        return bad(t, "the end line counts other records than came: the stream is damaged");
    t->ended = true;
    return TSV_END;
}

enum tsv_result tsv_read(struct tsv_reader *t, struct slice line, struct record *out)
{
    if (line.n == 0)
        return TSV_SKIP;
    if (t->n == 0 && !t->json) { /* the first line tells the form */
        if (slice_starts(line, SL("#mplog\t")))
            return header(t, line);
        t->json = line.p[0] == '{';
    }
    if (slice_starts(line, SL("#mplog\t"))) { /* two streams, one after the other */
        if (!t->ended)
            return bad(t, "a new stream begins, and the one before it has no end");
        t->ended = false;
        t->records = 0;
        return header(t, line);
    }
    if (t->ended && !t->json)
        return bad(t, "more records behind the end line");
    if (t->ended)
        t->records = 0;
    t->ended = false;
    memset(out, 0, sizeof *out);
    if (t->json)
        return json_line(t, line, out);
    if (slice_starts(line, SL("#end ")))
        return end_line(t, line);
    if (line.p[0] == '#')
        return TSV_SKIP;
    return tsv_line(t, line, out);
}
