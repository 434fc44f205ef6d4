/* Journal entries that are made of the input, as export and as JSON: the same records. */
#include "fuzz.h"

static const char *const names[] = {
    "_HOSTNAME", "SYSLOG_IDENTIFIER",          "_COMM",    "SYSLOG_PID", "_PID",
    "MESSAGE",   "_SOURCE_REALTIME_TIMESTAMP", "PRIORITY", "X"};
static const char *const values[] = {"mx",
                                     "postfix/qmgr",
                                     "postfix/smtpd",
                                     "12",
                                     "1795521600123456",
                                     "A1B2C3D4E5: client=pc[198.51.100.7]",
                                     "A1B2C3D4E5: from=<a@x>, size=1, nrcpt=1 (queue active)",
                                     "A1B2C3D4E5: removed",
                                     ""};

static bool is_text(struct slice s)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        if ((n = utf8_length(s.p + i, s.p + s.n)) == 0)
            return false;
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t')
            return false;
    }
    return true;
}

static void add_export(struct text *out, const char *name, struct slice value)
{
    text_add(out, slice_str(name));
    if (is_text(value)) {
        text_addc(out, '=');
    } else {
        text_addc(out, '\n');
        for (unsigned i = 0; i < 64; i += 8)
            text_addc(out, (char)((uint64_t)value.n >> i));
    }
    text_add(out, value);
    text_addc(out, '\n');
}

static void add_json(struct text *out, const char *name, struct slice value)
{
    text_addc(out, ',');
    text_add_json(out, slice_str(name));
    text_addc(out, ':');
    if (is_text(value)) {
        text_add_json(out, value);
        return;
    }
    for (size_t i = 0; i < value.n; i++)
        text_addf(out, "%c%u", i ? ',' : '[', (unsigned char)value.p[i]);
    text_addc(out, ']');
}

static void entries(struct bytes *b, struct text *export, struct text *json)
{
    while (b->p < b->end) {
        text_add(export, SL("__CURSOR=x\n__REALTIME_TIMESTAMP=1795521600000000\n"));
        text_add(json, SL("{\"__CURSOR\":\"x\",\"__REALTIME_TIMESTAMP\":\"1795521600000000\""));
        for (unsigned n = 1 + take_byte(b) % 8; n; n--) {
            const char *name = names[take_byte(b) % (sizeof names / sizeof *names)];
            unsigned v = take_byte(b);
            struct slice value = v % 2
                                     ? take_slice(b, v / 2)
                                     : slice_str(values[v / 2 % (sizeof values / sizeof *values)]);
            add_export(export, name, value);
            add_json(json, name, value);
        }
        text_addc(export, '\n');
        text_add(json, SL("}\n"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, data + size};
    uint64_t seed = take_byte(&b);
    struct text export = {0}, json = {0}, want = {0}, got = {0};
    struct parser *p = new_parser(false), *q = new_parser(false);

    entries(&b, &export, &json);
    push_all(p, text_slice(&json), &want);
    end_records(p, &want);
    push_blocks(q, text_slice(&export), seed, 1 + seed, &got);
    end_records(q, &got);
    check_same(&want, &got, "JSON and export");
    parser_free(p);
    parser_free(q);
    text_free(&export);
    text_free(&json);
    text_free(&want);
    text_free(&got);
    return 0;
}
