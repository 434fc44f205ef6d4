/* Any text as a saved state: refused, or the parser works with it. And any log, cut at a line,
 * saved and loaded: the same records. */
#include "fuzz.h"

static void any_state(struct slice s)
{
    struct parser *p = new_parser(false);
    struct text out = {0}, again = {0};
    static const char log[] =
        "2026-11-24T12:00:00Z mx postfix/qmgr[1]: A1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue "
        "active)\n"
        "2026-11-24T12:00:00Z mx postfix/smtp[1]: A1B2C3D4E5: to=<r@y>, relay=l[127.0.0.1]:10024, "
        "delay=1, dsn=2.0.0, status=sent (250 Ok: queued as B1B2C3D4E5)\n"
        "2026-11-24T12:00:40Z mx postfix/smtpd[1]: connect from e[203.0.113.6]\n";

    if (parser_load(p, s)) {
        push_all(p, slice_str(log), &out);
        CHECK(parser_save(p, &again));
        end_records(p, &out);
    }
    parser_free(p);
    text_free(&out);
    text_free(&again);
}

/* What is carried over is lines, not half an entry of the journal's, nor a stamp's century. */
static bool can_be_cut(struct slice log)
{
    return slice_find(log, SL("__CURSOR=")) == NULL &&
           slice_find(log, SL("__REALTIME_TIMESTAMP=")) == NULL;
}

static void any_log(struct slice log, size_t cut)
{
    struct text want = {0}, got = {0}, saved = {0};
    struct parser *p = new_parser(false), *q = new_parser(false);
    struct slice before = slice_of(log.p, cut < log.n ? cut : log.n);
    const char *nl = slice_rchr(before, '\n');

    before = slice_range(log.p, nl ? nl + 1 : log.p);
    push_all(p, before, &want);
    want.n = 0;
    CHECK(parser_save(p, &saved));
    CHECK(parser_load(q, text_slice(&saved)));
    push_all(p, slice_skip(log, before.n), &want);
    end_records(p, &want);
    push_all(q, slice_skip(log, before.n), &got);
    end_records(q, &got);
    check_same(&want, &got, "going on and loading");
    parser_free(p);
    parser_free(q);
    text_free(&want);
    text_free(&got);
    text_free(&saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};
    struct slice all = slice_of((const char *)data, size);

    if (slice_starts(all, SL("parser "))) {
        any_state(all);
        return 0;
    }
    size_t cut = take_byte(&b) * 256u;
    cut += take_byte(&b);
    struct slice log = take_slice(&b, size);
    if (can_be_cut(log))
        any_log(log, cut);
    return 0;
}
