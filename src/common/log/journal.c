#include "log/journal.h"

#include "log/json.h"

static const char *const key_names[JOURNAL_KEYS] = {"_HOSTNAME",
                                                    "SYSLOG_IDENTIFIER",
                                                    "_COMM",
                                                    "SYSLOG_PID",
                                                    "_PID",
                                                    "_SOURCE_REALTIME_TIMESTAMP",
                                                    "__REALTIME_TIMESTAMP",
                                                    "MESSAGE"};

void journal_free(struct journal *j)
{
    for (int k = 0; k < JOURNAL_KEYS; k++)
        text_free(&j->value[k]);
}

bool journal_begins(struct slice line)
{
    if (line.n == 0 || line.p[0] != '_') /* nearly every line */
        return false;
    return slice_starts(line, SL("__CURSOR=")) || slice_starts(line, SL("__REALTIME_TIMESTAMP="));
}

void journal_clear(struct journal *j)
{
    for (int k = 0; k < JOURNAL_KEYS; k++) {
        j->value[k].n = 0;
        j->value[k].failed = false;
        j->have[k] = false;
    }
}

void journal_field(struct journal *j, struct slice name, struct slice value)
{
    for (int k = 0; k < JOURNAL_KEYS; k++) {
        if (!slice_eq(name, slice_str(key_names[k])))
            continue;
        if (!j->have[k]) /* of a field that comes twice the first counts */
            text_add(&j->value[k], value);
        j->have[k] = true;
        return;
    }
}

bool journal_line(struct journal *j, struct slice line)
{
    const char *eq = slice_chr(line, '=');

    if (eq == NULL)
        return false;
    journal_field(j, slice_range(line.p, eq), slice_range(eq + 1, line.p + line.n));
    return true;
}

bool journal_envelope(const struct journal *j, struct envelope *out)
{
    int time = j->have[JOURNAL_SOURCE_TIME] ? JOURNAL_SOURCE_TIME : JOURNAL_TIME;
    int pid = j->have[JOURNAL_SYSLOG_PID] ? JOURNAL_SYSLOG_PID : JOURNAL_PID;
    uint64_t v;

    if (!slice_u64(text_slice(&j->value[time]), &v) || v > INT64_MAX || !j->have[JOURNAL_MESSAGE])
        return false;
    out->time = (int64_t)v;
    if (!envelope_time_ok(out->time))
        return false;
    out->digits = 6;
    out->host = text_slice(&j->value[JOURNAL_HOST]);
    out->tag = text_slice(&j->value[j->have[JOURNAL_TAG] ? JOURNAL_TAG : JOURNAL_COMM]);
    out->pid = slice_u64(text_slice(&j->value[pid]), &v) && v <= UINT32_MAX ? (uint32_t)v : 0;
    out->text = text_slice(&j->value[JOURNAL_MESSAGE]);
    return out->tag.n > 0;
}

bool journal_json(struct journal *j, struct slice line)
{
    struct json_reader r;
    struct slice key;

    journal_clear(j);
    if (!json_object(&r, line))
        return false;
    struct text name = {0};
    bool ok = true;
    while (ok && json_key(&r, &name)) {
        struct text *value = NULL;
        key = text_slice(&name);
        for (int k = 0; k < JOURNAL_KEYS; k++)
            if (slice_eq(key, slice_str(key_names[k])) && !j->have[k]) {
                j->have[k] = true;
                value = &j->value[k];
            }
        ok = json_value(&r, value);
    }
    text_free(&name);
    return ok && json_done(&r);
}
