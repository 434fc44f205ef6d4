/* Record streams: what is read can be written and read again; what is written comes back. */
#include "fuzz.h"

#include "log/tsv.h"

#define ROOM ((size_t)8 << 20)

/* An output in memory. */
static void memory_output(struct outfile *o)
{
    static char *room;

    if (room == NULL)
        room = malloc(ROOM);
    CHECK(room);
    *o = (struct outfile){.at = room, .end = room + ROOM, .buffer = room, .fd = -1};
}

static struct slice output(const struct outfile *o)
{
    CHECK(o->failure.status == 0);
    return slice_range(o->buffer, o->at);
}

/* Reads lines up to the end; the records as text, and written to w. True: it was whole. */
static bool read_stream(struct slice s, struct tsv_writer *w, struct text *out)
{
    struct tsv_reader t = {0};
    struct record r;
    enum tsv_result result = TSV_SKIP;
    bool begun = false;

    while (s.n && result != TSV_BAD) {
        const char *nl = slice_chr(s, '\n');
        struct slice line = nl ? slice_range(s.p, nl) : s;
        char *copy = copy_of(line);
        result = tsv_read(&t, slice_of(copy, line.n), &r);
        CHECK(result != TSV_BAD || t.problem);
        if (result == TSV_RECORD && envelope_time_ok(r.time)) {
            add_record(out, &r);
            text_add_tsv(out, r.extra);
            if (w && !begun) {
                w->extra = text_slice(&t.unknown);
                tsv_write_header(w);
                begun = true;
            }
            if (w)
                tsv_write(w, &r);
        }
        free(copy);
        s = slice_skip(s, line.n + 1);
    }
    if (w && begun)
        tsv_write_end(w, t.lines);
    bool whole = result != TSV_BAD && t.ended;
    tsv_reader_free(&t);
    return whole;
}

static bool comes_back(struct slice v)
{
    const char *q = slice_find(v, SL("\\x"));

    return q == NULL; /* the one thing that JSON can't bring back */
}

static void made_records(struct bytes *b, bool json)
{
    struct record r = {
        .time = (int64_t)take_byte(b) * 9999999999, .digits = 6, .kind = KIND_DELIVER};
    struct text want = {0}, got = {0};
    struct tsv_writer w;
    struct outfile o;

    memory_output(&o);
    tsv_writer_init(&w, &o);
    w.json = json;
    tsv_write_header(&w);
    r.kind = (uint8_t)(1 + take_byte(b) % (KIND_COUNT - 1));
    while (b->p < b->end) {
        unsigned c = COL_KIND + 1 + take_byte(b) % (COL_COUNT - COL_KIND - 1);
        struct slice v = take_slice(b, take_byte(b));
        r.f[c] = json && !comes_back(v) ? SLICE_NONE : v;
    }
    tsv_write(&w, &r);
    tsv_write_end(&w, 1);
    add_record(&want, &r);
    struct slice s = output(&o);
    for (size_t i = 0; i < s.n; i++)
        CHECK((unsigned char)s.p[i] >= 0x20 || s.p[i] == '\n' || s.p[i] == '\t');
    struct tsv_reader t = {0};
    struct record back;
    while (s.n) {
        const char *nl = slice_chr(s, '\n');
        CHECK(nl);
        enum tsv_result result = tsv_read(&t, slice_range(s.p, nl), &back);
        CHECK(result != TSV_BAD);
        if (result == TSV_RECORD)
            add_record(&got, &back);
        s = slice_range(nl + 1, s.p + s.n);
    }
    CHECK(t.ended);
    check_same(&want, &got, "written and read");
    tsv_reader_free(&t);
    tsv_writer_free(&w);
    text_free(&want);
    text_free(&got);
}

static void given_stream(struct slice s)
{
    struct text first = {0}, second = {0};
    struct tsv_writer w;
    struct outfile o;

    memory_output(&o);
    tsv_writer_init(&w, &o);
    bool whole = read_stream(s, &w, &first);
    char *again = copy_of(output(&o));
    struct slice written = slice_of(again, output(&o).n);
    /* one header: a second one may have other columns */
    if (whole && written.n && slice_find(s, SL("#mplog")) == slice_rfind(s, SL("#mplog"))) {
        CHECK(read_stream(written, NULL, &second));
        check_same(&first, &second, "read, written and read");
    }
    free(again);
    tsv_writer_free(&w);
    text_free(&first);
    text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};

    if (size == 0 || size > 20000)
        return 0;
    if (*data < 2)
        made_records(&b, take_byte(&b) == 1);
    else
        given_stream(slice_of((const char *)data, size));
    return 0;
}
