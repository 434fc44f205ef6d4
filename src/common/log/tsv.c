#include "log/tsv.h"

#include "base/when.h"

void tsv_writer_init(struct tsv_writer *w, struct outfile *out)
{
    *w = (struct tsv_writer){.out = out, .n = COL_COUNT, .second = INT64_MIN};
    for (unsigned c = 0; c < COL_COUNT; c++)
        w->column[c] = (uint8_t)c;
}

void tsv_writer_free(struct tsv_writer *w)
{
    text_free(&w->scratch);
}

uint32_t tsv_writer_mask(const struct tsv_writer *w)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < w->n; i++)
        mask |= UINT32_C(1) << w->column[i];
    return mask;
}

bool tsv_writer_columns(struct tsv_writer *w, struct slice list, struct slice *bad)
{
    w->n = 0;
    for (;;) {
        const char *comma = slice_chr(list, ',');
        struct slice name = comma ? slice_range(list.p, comma) : list;
        int c = record_column_of(name);
        *bad = name;
        if (c < 0 || tsv_writer_mask(w) >> c & 1)
            return false;
        w->column[w->n++] = (uint8_t)c;
        if (comma == NULL)
            return true;
        list = slice_range(comma + 1, list.p + list.n);
    }
}

void tsv_write_header(struct tsv_writer *w)
{
    if (w->json)
        return;
    outfile_add(w->out, SL("#mplog"));
    for (unsigned i = 0; i < w->n; i++) {
        outfile_addc(w->out, '\t');
        outfile_add(w->out, record_column_name(w->column[i]));
    }
    if (w->extra.n) {
        outfile_addc(w->out, '\t');
        outfile_add(w->out, w->extra);
    }
    outfile_end_line(w->out);
}

/* High bits where a byte of the word wants a look: below 0x20, above 0x7e, or a backslash. A byte
 * above such a one may be wrong, which only costs a second look. */
static uint64_t odd_bytes(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    return ((v - ones * 0x20) | ((v ^ ones * '\\') - ones) | (v + ones) | v) & ones << 7;
}

/* Nearly every value can be written as it is: eight bytes are looked at in one step. */
static bool is_plain(struct slice s)
{
    const char *p = s.p, *end = s.p + s.n;
    uint64_t odd = 0, v;

    if (s.n >= 8) {
        for (; end - p > 8; p += 8) {
            memcpy(&v, p, 8);
            odd |= odd_bytes(v);
        }
        memcpy(&v, end - 8, 8);
        return (odd | odd_bytes(v)) == 0;
    }
    v = UINT64_C(0x2020202020202020);
    if (s.n)
        memcpy(&v, p, s.n);
    return odd_bytes(v) == 0;
}

static void write_value(struct tsv_writer *w, struct slice v, bool first)
{
    if (first && v.n && v.p[0] == '#') { /* only our own lines begin with it */
        outfile_add(w->out, SL("\\x23"));
        v = slice_skip(v, 1);
    }
    if (is_plain(v)) {
        outfile_add(w->out, v);
        return;
    }
    w->scratch.n = 0;
    text_add_tsv(&w->scratch, v);
    outfile_add(w->out, text_slice(&w->scratch));
}

static void write_time(struct tsv_writer *w, const struct record *r)
{
    int64_t second = r->time / WHEN_SECOND, fraction = r->time % WHEN_SECOND;
    char buf[8];
    unsigned n = 0;

    if (fraction < 0) {
        second--;
        fraction += WHEN_SECOND;
    }
    if (second != w->second) {
        when_print(w->stamp, second * WHEN_SECOND, 0);
        w->second = second;
    }
    outfile_add(w->out, slice_of(w->stamp, 19));
    if (r->digits) {
        buf[n++] = '.';
        for (int64_t unit = 100000; n <= r->digits && unit; unit /= 10)
            buf[n++] = (char)('0' + fraction / unit % 10);
    }
    buf[n++] = 'Z';
    outfile_add(w->out, slice_of(buf, n));
}

/* A JSON number (RFC 8259, section 6), of the forms that Postfix writes. */
static bool is_number(struct slice s)
{
    size_t i = 0, dot = 0;

    if (s.n == 0 || s.n > 18 || (s.p[0] == '0' && s.n > 1 && s.p[1] != '.'))
        return false;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && dot == 0 && i > 0 && i + 1 < s.n)
            dot = i;
        else if (!is_digit(s.p[i]))
            return false;
    }
    return true;
}

static void write_json(struct tsv_writer *w, const struct record *r)
{
    struct text *t = &w->scratch;
    char sep = '{';
    char stamp[WHEN_TEXT_MAX];

    t->n = 0;
    for (unsigned i = 0; i < w->n; i++) {
        unsigned c = w->column[i];
        struct slice v = r->f[c];
        if (c == COL_TIME)
            v = slice_of(stamp, when_print(stamp, r->time, r->digits));
        else if (c == COL_KIND)
            v = record_kind_name(r->kind);
        if (v.n == 0)
            continue;
        text_addc(t, sep);
        sep = ',';
        text_addc(t, '"');
        text_add(t, record_column_name(c));
        text_add(t, SL("\":"));
        if (record_column_is_number(c) && is_number(v))
            text_add(t, v);
        else
            text_add_json(t, v);
    }
    if (sep == '{')
        text_addc(t, '{');
    text_addc(t, '}');
    outfile_add(w->out, text_slice(t));
}

/* The fields of columns that only another version knows; a record of another file has none. */
static void write_extra(struct tsv_writer *w, const struct record *r)
{
    outfile_addc(w->out, '\t');
    if (r->extra.n) {
        outfile_add(w->out, r->extra);
        return;
    }
    for (size_t i = 0; i < w->extra.n; i++)
        if (w->extra.p[i] == '\t')
            outfile_addc(w->out, '\t');
}

void tsv_write(struct tsv_writer *w, const struct record *r)
{
    w->records++;
    if (w->json) {
        write_json(w, r);
        outfile_end_line(w->out);
        return;
    }
    for (unsigned i = 0; i < w->n; i++) {
        unsigned c = w->column[i];
        if (i)
            outfile_addc(w->out, '\t');
        if (c == COL_TIME)
            write_time(w, r);
        else if (c == COL_KIND)
            outfile_add(w->out, record_kind_name(r->kind));
        else
            write_value(w, r->f[c], i == 0);
    }
    if (w->extra.n)
        write_extra(w, r);
    outfile_end_line(w->out);
}

void tsv_write_end(struct tsv_writer *w, uint64_t lines)
{
    if (w->json)
        outfile_addf(w->out, "{\"kind\":\"end\",\"records\":%llu,\"lines\":%llu}",
                     (unsigned long long)w->records, (unsigned long long)lines);
    else
        outfile_addf(w->out, "#end %llu %llu", (unsigned long long)w->records,
                     (unsigned long long)lines);
    outfile_end_line(w->out);
}
