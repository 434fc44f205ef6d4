#include "judge/suspect.h"

#include "base/when.h"
#include "judge/suspect_columns.h"

const struct slice suspect_column_name[C_COUNT] = {
    {"time", 4},        {"state", 5},     {"kind", 4},      {"identity", 8}, {"customer", 8},
    {"partner", 7},     {"score", 5},     {"threshold", 9}, {"since", 5},    {"messages", 8},
    {"recipients", 10}, {"refused", 7},   {"unknown", 7},   {"senders", 7},  {"sender_list", 11},
    {"clients", 7},     {"countries", 9}, {"families", 8},  {"samples", 7},
};
static const struct slice state_name[] = {
    {"clear", 5}, {"suspect", 7}, {"compromised", 11}, {"infected", 8}};
static const struct slice kind_name[] = {{"", 0}, {"login", 5}, {"client", 6}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct slice suspect_state_name(unsigned state)
{
    return state < COUNT(state_name) ? state_name[state] : SLICE_NONE;
}

struct slice identity_kind_name(unsigned kind)
{
    return kind < COUNT(kind_name) ? kind_name[kind] : SLICE_NONE;
}

/* Writing. */

static void add_time(struct text *out, int64_t us)
{
    char buf[WHEN_TEXT_MAX];

    if (us)
        text_add(out, slice_of(buf, when_print(buf, us, us % WHEN_SECOND ? 6 : 0)));
}

/* A list's name: what would split the list, or hide in it, is %XX. */
static void add_name(struct text *out, struct slice s)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t n = utf8_length(p, end);

        if (n == 0 || c <= 0x20 || c == 0x7f || c == '%' || c == '\\') {
            text_addf(out, "%%%02X", c);
            n = 1;
        } else {
            text_add(out, slice_of(p, n));
        }
        p += n;
    }
}

static void add_counts(struct text *out, const struct suspect_count *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i)
            text_addc(out, ' ');
        add_name(out, list[i].name);
        text_addf(out, "=%llu", (unsigned long long)list[i].count);
    }
}

static void add_families(struct text *out, const struct suspect *s)
{
    for (unsigned i = 0; i < s->family_n; i++) {
        const struct suspect_family *f = &s->family[i];
        if (i)
            text_add(out, SL("; "));
        add_name(out, f->name);
        text_addf(out, "=%.2f", f->score);
        if (f->seen.n)
            text_add(out, SL(": "));
        text_add(out, f->seen);
    }
}

static void add_samples(struct text *out, const struct suspect *s)
{
    for (unsigned i = 0; i < s->sample_n; i++) {
        if (i)
            text_addc(out, ' ');
        add_name(out, s->sample[i]);
    }
}

static void add_number(struct text *out, const struct suspect *s, unsigned column)
{
    const uint64_t n[] = {s->messages, s->recipients, s->refused, s->unknown, s->senders};

    text_addf(out, "%llu", (unsigned long long)n[column - C_MESSAGES]);
}

/* One column's value, not yet escaped for the line. */
static void add_column(struct text *out, const struct suspect *s, unsigned column)
{
    const struct slice plain[] = {s->identity, s->customer, s->partner};

    switch (column) {
    case C_TIME:
    case C_SINCE:
        add_time(out, column == C_TIME ? s->time : s->since);
        break;
    case C_STATE:
        text_add(out, suspect_state_name(s->state));
        break;
    case C_KIND:
        text_add(out, identity_kind_name(s->kind));
        break;
    case C_IDENTITY:
    case C_CUSTOMER:
    case C_PARTNER:
        text_add(out, plain[column - C_IDENTITY]);
        break;
    case C_SCORE:
    case C_THRESHOLD:
        text_addf(out, "%.2f", column == C_SCORE ? s->score : s->threshold);
        break;
    case C_SENDER_LIST:
        add_counts(out, s->sender, s->sender_n);
        break;
    case C_CLIENTS:
        add_counts(out, s->client, s->client_n);
        break;
    case C_COUNTRIES:
        add_counts(out, s->country, s->country_n);
        break;
    case C_FAMILIES:
        add_families(out, s);
        break;
    case C_SAMPLES:
        add_samples(out, s);
        break;
    default:
        add_number(out, s, column);
    }
}

void suspect_tsv_header(struct text *out)
{
    text_add(out, SL(SUSPECTS_NAME));
    for (unsigned i = 0; i < C_COUNT; i++) {
        text_addc(out, '\t');
        text_add(out, suspect_column_name[i]);
    }
    text_addc(out, '\n');
}

void suspect_tsv(struct text *out, const struct suspect *s)
{
    struct text field = {0};

    for (unsigned i = 0; i < C_COUNT; i++) {
        field.n = 0;
        add_column(&field, s, i);
        if (i)
            text_addc(out, '\t');
        text_add_tsv(out, text_slice(&field));
    }
    text_addc(out, '\n');
    out->failed |= field.failed;
    text_free(&field);
}

void suspect_tsv_end(struct text *out, uint64_t suspects)
{
    text_addf(out, SUSPECTS_END "%llu\n", (unsigned long long)suspects);
}

static void json_counts(struct text *out, const struct suspect_count *list, unsigned n)
{
    text_addc(out, '[');
    for (unsigned i = 0; i < n; i++) {
        text_add(out, i ? SL(",{\"name\":") : SL("{\"name\":"));
        text_add_json(out, list[i].name);
        text_addf(out, ",\"count\":%llu}", (unsigned long long)list[i].count);
    }
    text_addc(out, ']');
}

static void json_families(struct text *out, const struct suspect *s)
{
    text_addc(out, '[');
    for (unsigned i = 0; i < s->family_n; i++) {
        text_add(out, i ? SL(",{\"name\":") : SL("{\"name\":"));
        text_add_json(out, s->family[i].name);
        text_addf(out, ",\"score\":%.2f,\"seen\":", s->family[i].score);
        text_add_json(out, s->family[i].seen);
        text_addc(out, '}');
    }
    text_addc(out, ']');
}

static void json_samples(struct text *out, const struct suspect *s)
{
    text_addc(out, '[');
    for (unsigned i = 0; i < s->sample_n; i++) {
        if (i)
            text_addc(out, ',');
        text_add_json(out, s->sample[i]);
    }
    text_addc(out, ']');
}

static void json_value(struct text *out, const struct suspect *s, unsigned column)
{
    switch (column) {
    case C_SENDER_LIST:
        json_counts(out, s->sender, s->sender_n);
        break;
    case C_CLIENTS:
        json_counts(out, s->client, s->client_n);
        break;
    case C_COUNTRIES:
        json_counts(out, s->country, s->country_n);
        break;
    case C_FAMILIES:
        json_families(out, s);
        break;
    case C_SAMPLES:
        json_samples(out, s);
        break;
    default:
        add_column(out, s, column);
    }
}

static bool is_json_text(unsigned column)
{
    return column <= C_PARTNER || column == C_SINCE;
}

void suspect_json(struct text *out, const struct suspect *s)
{
    struct text plain = {0};
    char sep = '{';

    for (unsigned i = 0; i < C_COUNT; i++) {
        plain.n = 0;
        add_column(&plain, s, i);
        if (plain.n == 0)
            continue;
        text_addc(out, sep);
        text_add_json(out, suspect_column_name[i]);
        text_addc(out, ':');
        if (is_json_text(i))
            text_add_json(out, text_slice(&plain));
        else
            json_value(out, s, i);
        sep = ',';
    }
    text_add(out, SL("}\n"));
    out->failed |= plain.failed;
    text_free(&plain);
}
