/* A raw log: in one block, in many, and with the summary, the records are the same. */
#include "fuzz.h"

#include "log/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};
    uint64_t seed = take_byte(&b);
    size_t most = take_byte(&b) * 4 + 1;
    struct slice log = take_slice(&b, size);
    struct parser *whole = new_parser(false), *many = new_parser(true);
    struct text want = {0}, got = {0}, out = {0};
    struct parser_stats s, t;

    push_all(whole, log, &want);
    end_records(whole, &want);
    push_blocks(many, log, seed, most, &got);
    end_records(many, &got);
    check_same(&want, &got, "one block and many");
    parser_stats(whole, &s);
    parser_stats(many, &t);
    CHECK(s.lines == t.lines && s.unreadable == t.unreadable && s.mail == t.mail && s.cut == t.cut);
    summary_print(many, &out);
    for (size_t i = 0; i < out.n; i++)
        CHECK((unsigned char)out.p[i] >= 0x20 || out.p[i] == '\n');
    parser_free(whole);
    parser_free(many);
    text_free(&want);
    text_free(&got);
    text_free(&out);
    return 0;
}
