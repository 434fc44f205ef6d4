/* The suspect stream: what is read and written is the same when it is read and written again. */
#include "fuzz.h"

#include "judge/suspect.h"

static bool pass(struct slice s, struct text *out, struct text *json)
{
    struct suspect_reader *r = suspect_reader_new();
    enum suspect_line result = SUSPECT_LINE_NONE;
    struct suspect one;
    uint64_t n = 0;

    CHECK(r);
    suspect_tsv_header(out);
    while (s.n && result != SUSPECT_LINE_BAD) {
        const char *nl = slice_chr(s, '\n');
        struct slice line = nl ? slice_range(s.p, nl + 1) : s;
        char *copy = copy_of(line);
        result = suspect_reader_line(r, slice_of(copy, line.n), &one);
        CHECK(result != SUSPECT_LINE_BAD || suspect_reader_why(r));
        if (result == SUSPECT_LINE_ONE) {
            suspect_tsv(out, &one);
            suspect_json(json, &one);
            n++;
        }
        free(copy);
        s = slice_skip(s, line.n);
    }
    suspect_tsv_end(out, n);
    bool ended = result != SUSPECT_LINE_BAD && suspect_reader_ended(r);
    suspect_reader_free(r);
    return ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice s = slice_of((const char *)data, size);
    struct text first = {0}, second = {0}, third = {0}, json = {0};

    if (pass(s, &first, &json)) {
        CHECK(pass(text_slice(&first), &second, &json));
        CHECK(pass(text_slice(&second), &third, &json));
        check_same(&second, &third, "written twice and thrice");
    }
    for (size_t i = 0; i < json.n; i++)
        CHECK((unsigned char)json.p[i] >= 0x20 || json.p[i] == '\n');
    text_free(&first);
    text_free(&second);
    text_free(&third);
    text_free(&json);
    return 0;
}
