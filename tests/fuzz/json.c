/* Flat JSON objects: passed over and read alike; what was read can be written and read again. */
#include "fuzz.h"

#include "log/json.h"

static bool valid(struct slice s)
{
    for (size_t i = 0, n; i < s.n; i += n)
        if ((n = utf8_length(s.p + i, s.p + s.n)) == 0)
            return false;
    return true;
}

/* The object's keys and values as TSV and, again, as JSON. */
static bool read_object(struct slice s, bool skip, struct text *tsv, struct text *json)
{
    struct json_reader r;
    struct text key = {0}, value = {0};
    bool ok = json_object(&r, s);

    text_addc(json, '{');
    for (bool first = true; ok && json_key(&r, &key); first = false) {
        value.n = 0;
        ok = json_value(&r, skip ? NULL : &value);
        CHECK(ok || !json_key(&r, &key));
        if (!ok)
            break;
        text_add_tsv(tsv, text_slice(&key));
        text_addc(tsv, '\t');
        text_add_tsv(tsv, text_slice(&value));
        text_addc(tsv, '\n');
        if (!first)
            text_addc(json, ',');
        text_add_json(json, text_slice(&key));
        text_addc(json, ':');
        text_add_json(json, text_slice(&value));
        if (!valid(text_slice(&key)) || !valid(text_slice(&value)))
            json->failed = true; /* written with escapes that are ours */
    }
    text_addc(json, '}');
    ok = ok && json_done(&r);
    text_free(&key);
    text_free(&value);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice s = slice_of((const char *)data, size);
    struct text tsv = {0}, json = {0}, again = {0}, unused = {0};
    bool ok = read_object(s, false, &tsv, &json);

    CHECK(read_object(s, true, &again, &unused) == ok);
    if (ok && !json.failed) {
        again.n = unused.n = 0;
        CHECK(read_object(text_slice(&json), false, &again, &unused));
        check_same(&tsv, &again, "written and read again");
    }
    text_free(&tsv);
    text_free(&json);
    text_free(&again);
    text_free(&unused);
    return 0;
}
