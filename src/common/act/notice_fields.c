#include "act/notice_fields.h"

#include "act/notice_escape.h"

#define TEXT_MOST 200u
#define NAME_MOST 100u

struct field {
    const char *name;
    void (*add)(struct text *out, const struct notice_view *v, const struct field *f);
    bool subject, blanks;     /* blanks: in a subject, it may have some: it is our own word */
    const char *fact, *group; /* the fact's name unless it is the field's; of notice_word() */
};

static struct slice fact_name(const struct field *f)
{
    return slice_str(f->fact ? f->fact : f->name);
}

static struct slice fact(const struct notice_view *v, const struct field *f)
{
    return notice_fact(v->facts, fact_name(f));
}

static void add_text(struct text *out, const struct notice_view *v, const struct field *f)
{
    notice_add_line(out, fact(v, f), TEXT_MOST);
}

static void add_number(struct text *out, const struct notice_view *v, const struct field *f)
{
    notice_add_number(out, v->words, fact(v, f));
}

static void add_time(struct text *out, const struct notice_view *v, const struct field *f)
{
    struct slice s = fact(v, f);

    if (s.n)
        notice_add_time(out, v->words, s);
}

static void add_word(struct text *out, const struct notice_view *v, const struct field *f)
{
    struct slice s = fact(v, f);

    if (s.n)
        notice_add_line(out, notice_word(v->words, f->group, s), TEXT_MOST);
}

/* Begins a list's row; false: the rest is only counted. */
static bool begin_row(struct text *out, const struct notice_view *v, unsigned row, unsigned rows)
{
    if (row)
        text_addc(out, '\n');
    if (row < NOTICE_LIST_MOST)
        return true;
    notice_word_add_n(out, v->words, "more", (int64_t)rows - row);
    return false;
}

static void add_lines(struct text *out, const struct notice_view *v, const struct field *f)
{
    unsigned rows = notice_fact_rows(v->facts, fact_name(f));

    for (unsigned i = 0; i < rows && begin_row(out, v, i, rows); i++)
        notice_add_line(out, notice_fact_at(v->facts, fact_name(f), i, 0), NAME_MOST);
}

/* [name, count]: the count first, so that no name can imitate one. */
static void add_counts(struct text *out, const struct notice_view *v, const struct field *f)
{
    unsigned rows = notice_fact_rows(v->facts, fact_name(f));

    for (unsigned i = 0; i < rows && begin_row(out, v, i, rows); i++) {
        struct text n = {0};
        notice_add_number(&n, v->words, notice_fact_at(v->facts, fact_name(f), i, 1));
        for (size_t width = n.n; width < 7; width++)
            text_addc(out, ' ');
        text_add(out, text_slice(&n));
        text_add(out, SL("  "));
        notice_add_line(out, notice_fact_at(v->facts, fact_name(f), i, 0), NAME_MOST);
        text_free(&n);
    }
}

/* In one line: DE, US (12), … */
static void add_names(struct text *out, const struct notice_view *v, const struct field *f)
{
    unsigned rows = notice_fact_rows(v->facts, fact_name(f));

    for (unsigned i = 0; i < rows && i < NOTICE_LIST_MOST; i++) {
        struct slice count = notice_fact_at(v->facts, fact_name(f), i, 1);
        text_add(out, i ? SL(", ") : SL(""));
        notice_add_line(out, notice_fact_at(v->facts, fact_name(f), i, 0), NAME_MOST);
        if (count.n) {
            text_add(out, SL(" ("));
            notice_add_number(out, v->words, count);
            text_addc(out, ')');
        }
    }
}

/* Does it speak against the identity? Evidence may also speak for it, or say nothing. */
static bool speaks(const struct notice_view *v, unsigned row)
{
    struct slice nats = notice_fact_at(v->facts, SL("families"), row, 1);

    for (size_t i = 0; i < nats.n && nats.p[0] != '-'; i++)
        if (nats.p[i] >= '1' && nats.p[i] <= '9')
            return true;
    return false;
}

static void add_families(struct text *out, const struct notice_view *v, const struct field *f)
{
    unsigned rows = notice_fact_rows(v->facts, SL("families")), shown = 0;

    for (unsigned i = 0; i < rows && shown < NOTICE_LIST_MOST; i++) {
        struct slice seen = notice_fact_at(v->facts, SL("families"), i, 2);
        struct slice name = notice_fact_at(v->facts, SL("families"), i, 0);
        if (!speaks(v, i))
            continue;
        text_add(out, shown++ ? SL("\n- ") : SL("- "));
        notice_add_line(out, notice_word(v->words, "family", name), NAME_MOST);
        if (seen.n && strcmp(f->name, "families") == 0) {
            text_add(out, SL("\n  "));
            notice_add_line(out, seen, TEXT_MOST);
        }
    }
}

static void add_conditions(struct text *out, const struct notice_view *v, const struct field *f)
{
    unsigned rows = notice_fact_rows(v->facts, SL("conditions"));

    if (rows == 0)
        notice_add_line(out, notice_fact(v->facts, SL("words")), TEXT_MOST);
    for (unsigned i = 0; i < rows; i++) {
        struct slice field = notice_fact_at(v->facts, SL("conditions"), i, 0);
        if (i && strcmp(f->name, "conditions") == 0) {
            text_addc(out, '\n');
        } else if (i) {
            text_addc(out, ' ');
            text_add(out, notice_word_of(v->words, "and"));
            text_addc(out, ' ');
        }
        notice_add_line(out, notice_word(v->words, "field", field), NAME_MOST);
        text_addc(out, ' ');
        notice_add_line(out, notice_fact_at(v->facts, SL("conditions"), i, 1), TEXT_MOST);
    }
}

/* Somebody's text of several lines, each marked as a quotation. */
static void add_quotation(struct text *out, const struct notice_view *v, const struct field *f)
{
    struct slice s = fact(v, f);

    for (unsigned lines = 0; s.n && lines < 50; lines++) {
        const char *nl = slice_chr(s, '\n');
        struct slice line = nl ? slice_range(s.p, nl) : s;
        s = slice_skip(s, line.n + 1);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        text_add(out, lines ? SL("\n> ") : SL("> "));
        notice_add_line(out, line, 500);
    }
}

/* What stands in refusals: [mp 7.2]. */
static void add_tag(struct text *out, const struct notice_view *v, const struct field *f)
{
    struct slice rule = notice_fact(v->facts, SL("rule"));

    (void)f;
    if (rule.n == 0)
        return;
    text_add(out, SL("[mp "));
    notice_add_ascii(out, notice_fact(v->facts, SL("incident")), 20, false);
    text_addc(out, '.');
    notice_add_ascii(out, rule, 20, false);
    text_addc(out, ']');
}

/* For a text that stands only where no rule was found. */
static void add_no_rule(struct text *out, const struct notice_view *v, const struct field *f)
{
    (void)f;
    if (notice_fact_rows(v->facts, SL("conditions")) == 0 &&
        notice_fact(v->facts, SL("words")).n == 0)
        text_addc(out, '-');
}

/* By name; mpnotify(8) has a line about each. */
static const struct field fields[] = {
    {"attempts", add_number, .subject = false},
    {"clients", add_counts, .subject = false},
    {"code", add_text, .subject = false},
    {"collateral", add_number, .subject = false},
    {"conditions", add_conditions, .subject = false},
    {"count", add_number, .subject = true},
    {"countries", add_names, .subject = false},
    {"covered", add_number, .subject = false},
    {"customer", add_text, .subject = true},
    {"customers", add_lines, .subject = false},
    {"deadline", add_time, .subject = false},
    {"evidence", add_number, .subject = false},
    {"families", add_families, .subject = false},
    {"family_names", add_families, .subject = false},
    {"flagged", add_time, .subject = false},
    {"from", add_text, .subject = false},
    {"identity", add_text, .subject = false},
    {"incident", add_text, .subject = true},
    {"ip", add_text, .subject = true},
    {"kind", add_word, .group = "kind"},
    {"last_attempt", add_time, .subject = false},
    {"legitimate", add_number, .subject = false},
    {"list_reason", add_text, .subject = false},
    {"listing", add_text, .subject = true},
    {"logins", add_lines, .subject = false},
    {"messages", add_number, .subject = false},
    {"nets", add_lines, .subject = false},
    {"no_rule", add_no_rule, .subject = false},
    {"nobody", add_text, .subject = false},
    {"notices", add_lines, .subject = false},
    {"operator", add_text, .subject = false},
    {"partner", add_text, .subject = false},
    {"partner_name", add_text, .subject = false},
    {"provider", add_text, .subject = true, .blanks = true},
    {"reason", add_text, .subject = false},
    {"recipients", add_number, .subject = false},
    {"refused", add_number, .subject = false},
    {"rule", add_number, .subject = false},
    {"rule_words", add_conditions, .subject = false},
    {"sample", add_text, .subject = false},
    {"scope", add_text, .subject = false},
    {"score", add_number, .subject = false},
    {"sender_list", add_counts, .subject = false},
    {"senders", add_number, .subject = false},
    {"since", add_time, .subject = false},
    {"source", add_word, .group = "source"},
    {"spam", add_number, .subject = false},
    {"state", add_word, .group = "state"},
    {"statement", add_quotation, .subject = false},
    {"tag", add_tag, .subject = false},
    {"threshold", add_number, .subject = false},
    {"ticket", add_text, .subject = false},
    {"time", add_time, .subject = false},
    {"type", add_word, .group = "type"},
    {"unknown", add_number, .subject = false},
    {"until", add_time, .subject = false},
    {"url", add_text, .subject = false},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

unsigned notice_field(struct slice name)
{
    for (unsigned i = 0; i < FIELDS; i++)
        if (slice_eq(slice_str(fields[i].name), name))
            return i;
    return NOTICE_NO_FIELD;
}

bool notice_field_in_subject(unsigned field)
{
    return fields[field].subject;
}

const char *notice_field_name(unsigned field)
{
    return field < FIELDS ? fields[field].name : NULL;
}

/* Letters, digits and what keys and addresses consist of. */
static void add_subject(struct text *out, struct slice s, bool blanks)
{
    for (size_t i = 0; i < s.n && i < 64; i++) {
        bool letter = (unsigned char)((s.p[i] | 0x20) - 'a') < 26 || is_digit(s.p[i]);
        bool sign = s.p[i] && strchr(blanks ? " (),._@+-:/" : "._@+-:/", s.p[i]);
        text_addc(out, letter || sign ? s.p[i] : '?');
    }
}

void notice_field_add(struct text *out, const struct notice_view *view, unsigned field,
                      bool subject)
{
    const struct field *f = &fields[field];

    if (subject)
        add_subject(out, fact(view, f), f->blanks);
    else
        f->add(out, view, f);
}
