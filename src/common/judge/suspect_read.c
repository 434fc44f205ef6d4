#include "judge/suspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "judge/suspect_columns.h"

#define COLUMNS_MAX 256u

struct suspect_reader {
    char why[200];
    uint64_t lines, suspects;
    int8_t column[COLUMNS_MAX]; /* which of ours each column of the stream is; -1 for none */
    unsigned columns;
    bool header, ended, bad;
    struct text text; /* the fields of the line at hand, their escapes undone */
};

bool suspect_is_header(struct slice line)
{
    return slice_starts(line, SL(SUSPECTS_NAME "\t"));
}

struct suspect_reader *suspect_reader_new(void)
{
    return calloc(1, sizeof(struct suspect_reader));
}

void suspect_reader_free(struct suspect_reader *r)
{
    if (r)
        text_free(&r->text);
    free(r);
}

bool suspect_reader_ended(const struct suspect_reader *r)
{
    return r->ended && !r->bad;
}

const char *suspect_reader_why(const struct suspect_reader *r)
{
    return r->why;
}

uint64_t suspect_reader_lines(const struct suspect_reader *r)
{
    return r->lines;
}

static enum suspect_line __attribute__((format(printf, 2, 3)))
bad(struct suspect_reader *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r->why, sizeof r->why, fmt, ap);
    va_end(ap);
    r->bad = true;
    return SUSPECT_LINE_BAD;
}

/* Takes what stands before the next sep off *rest. */
static struct slice cut(struct slice *rest, char sep)
{
    const char *end = slice_chr(*rest, sep);
    struct slice head = end ? slice_range(rest->p, end) : *rest;

    *rest = slice_skip(*rest, head.n + 1);
    return head;
}

static enum suspect_line read_header(struct suspect_reader *r, struct slice line)
{
    bool have[C_COUNT] = {false};

    if (!suspect_is_header(line))
        return bad(r, "not a suspect stream: the first line is not `" SUSPECTS_NAME "`");
    cut(&line, '\t');
    while (line.n) {
        struct slice name = cut(&line, '\t');
        if (r->columns == COLUMNS_MAX)
            return bad(r, "more than %u columns", COLUMNS_MAX);
        r->column[r->columns] = -1;
        for (int i = 0; i < C_COUNT; i++)
            if (slice_eq(name, suspect_column_name[i]) && !have[i]) {
                r->column[r->columns] = (int8_t)i;
                have[i] = true;
            }
        r->columns++;
    }
    if (!have[C_STATE] || !have[C_KIND] || !have[C_IDENTITY])
        return bad(r, "the columns state, kind and identity are needed");
    r->header = true;
    return SUSPECT_LINE_NONE;
}

static enum suspect_line read_end(struct suspect_reader *r, struct slice line)
{
    uint64_t n;

    if (!slice_u64(slice_skip(line, sizeof SUSPECTS_END - 1), &n))
        return bad(r, "the `#end` line has no number");
    if (n != r->suspects)
        return bad(r, "`#end` says %llu suspects, but %llu were read: some are missing",
                   (unsigned long long)n, (unsigned long long)r->suspects);
    r->ended = true;
    return SUSPECT_LINE_NONE;
}

static bool two_digits(const char *p, int *out)
{
    *out = (p[0] - '0') * 10 + p[1] - '0';
    return is_digit(p[0]) && is_digit(p[1]);
}

/* The RFC 3339 UTC times that when_print() writes; empty is 0. */
static bool read_time(struct slice s, int64_t *out)
{
    struct civil c;
    int century, year;
    int64_t micros = 0, unit = WHEN_SECOND / 10;

    *out = 0;
    if (s.n == 0)
        return true;
    if (s.n < 20 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' ||
        s.p[16] != ':' || s.p[s.n - 1] != 'Z' || !two_digits(s.p, &century) ||
        !two_digits(s.p + 2, &year) || !two_digits(s.p + 5, &c.month) ||
        !two_digits(s.p + 8, &c.day) || !two_digits(s.p + 11, &c.hour) ||
        !two_digits(s.p + 14, &c.minute) || !two_digits(s.p + 17, &c.second))
        return false;
    c.year = century * 100 + year;
    if (!when_valid(&c) || (s.n > 20 && (s.p[19] != '.' || s.n > 27)))
        return false;
    for (size_t i = 20; i + 1 < s.n; i++, unit /= 10) {
        if (!is_digit(s.p[i]))
            return false;
        micros += (s.p[i] - '0') * unit;
    }
    *out = when_utc(&c) * WHEN_SECOND + micros;
    return true;
}

/* Digits with at most one point; anything else, an exponent too, is refused. */
static bool read_score(struct slice s, double *out)
{
    char buf[32], *end;

    *out = 0;
    if (s.n == 0)
        return true;
    if (s.n >= sizeof buf)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && s.p[i] != '.' && !(i == 0 && s.p[i] == '-'))
            return false;
    memcpy(buf, s.p, s.n);
    buf[s.n] = 0;
    *out = strtod(buf, &end);
    return *end == 0 && end != buf;
}

static bool read_number(struct slice s, uint64_t *out)
{
    *out = 0;
    return s.n == 0 || slice_u64(s, out);
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A list's name without its %XX, in place: the field is ours, and the name can only get shorter. */
static bool name_plain(struct slice *s)
{
    char *p = (char *)(uintptr_t)s->p, *to = p, *end = p + s->n;

    while (p < end) {
        if (*p != '%') {
            *to++ = *p++;
            continue;
        }
        if (end - p < 3 || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
            return false;
        *to++ = (char)(hex_value(p[1]) * 16 + hex_value(p[2]));
        p += 3;
    }
    s->n = (size_t)(to - s->p);
    return true;
}

static bool read_counts(struct slice field, struct suspect_count *list, unsigned max, unsigned *n)
{
    for (*n = 0; field.n && *n < max;) {
        struct slice item = cut(&field, ' ');
        const char *eq = slice_rchr(item, '=');
        struct suspect_count *c = &list[*n];
        if (item.n == 0)
            continue;
        if (eq == NULL || !slice_u64(slice_range(eq + 1, item.p + item.n), &c->count))
            return false;
        c->name = slice_range(item.p, eq);
        if (!name_plain(&c->name))
            return false;
        ++*n;
    }
    return true;
}

static bool read_families(struct slice field, struct suspect *s)
{
    for (s->family_n = 0; field.n && s->family_n < SUSPECT_FAMILIES;) {
        struct suspect_family *f = &s->family[s->family_n];
        const char *sep = slice_find(field, SL("; "));
        struct slice item = sep ? slice_range(field.p, sep) : field;
        const char *colon = slice_find(item, SL(": "));
        struct slice head = colon ? slice_range(item.p, colon) : item;
        const char *eq = slice_rchr(head, '=');

        field = slice_skip(field, item.n + 2);
        f->seen = colon ? slice_skip(item, head.n + 2) : SLICE_NONE;
        if (eq == NULL || !read_score(slice_range(eq + 1, head.p + head.n), &f->score))
            return false;
        f->name = slice_range(head.p, eq);
        if (!name_plain(&f->name))
            return false;
        s->family_n++;
    }
    return true;
}

static bool read_samples(struct slice field, struct suspect *s)
{
    for (s->sample_n = 0; field.n && s->sample_n < SUSPECT_SAMPLES;) {
        struct slice item = cut(&field, ' ');
        if (item.n == 0)
            continue;
        if (!name_plain(&item))
            return false;
        s->sample[s->sample_n++] = item;
    }
    return true;
}

static uint8_t name_index(struct slice name, struct slice (*name_of)(unsigned), unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (slice_eq(name, name_of(i)))
            return (uint8_t)i;
    return 0;
}

static bool read_column(unsigned column, struct slice field, struct suspect *s)
{
    struct slice *const plain[] = {&s->identity, &s->customer, &s->partner};
    uint64_t *const number[] = {&s->messages, &s->recipients, &s->refused, &s->unknown,
                                &s->senders};

    switch (column) {
    case C_TIME:
    case C_SINCE:
        return read_time(field, column == C_TIME ? &s->time : &s->since);
    case C_STATE:
        s->state = name_index(field, suspect_state_name, STATE_INFECTED + 1);
        return true;
    case C_KIND:
        s->kind = name_index(field, identity_kind_name, IDENTITY_CLIENT + 1);
        return s->kind != IDENTITY_NONE;
    case C_IDENTITY:
    case C_CUSTOMER:
    case C_PARTNER:
        *plain[column - C_IDENTITY] = field;
        return column != C_IDENTITY || field.n;
    case C_SCORE:
    case C_THRESHOLD:
        return read_score(field, column == C_SCORE ? &s->score : &s->threshold);
    case C_SENDER_LIST:
        return read_counts(field, s->sender, SUSPECT_SENDERS, &s->sender_n);
    case C_CLIENTS:
        return read_counts(field, s->client, SUSPECT_CLIENTS, &s->client_n);
    case C_COUNTRIES:
        return read_counts(field, s->country, SUSPECT_COUNTRIES, &s->country_n);
    case C_FAMILIES:
        return read_families(field, s);
    case C_SAMPLES:
        return read_samples(field, s);
    default:
        return read_number(field, number[column - C_MESSAGES]);
    }
}

static enum suspect_line read_suspect(struct suspect_reader *r, struct slice line,
                                      struct suspect *out)
{
    *out = (struct suspect){0};
    r->text.n = 0;
    if (!text_room(&r->text, line.n)) /* no field gets longer, so no slice into it moves */
        return bad(r, "out of memory");
    for (unsigned i = 0; i < r->columns; i++) {
        if (i && line.p == NULL)
            return bad(r, "a line has %u columns where the header has %u", i, r->columns);
        const char *tab = slice_chr(line, '\t');
        struct slice raw = tab ? slice_range(line.p, tab) : line;
        line = tab ? slice_skip(line, raw.n + 1) : SLICE_NONE;
        size_t from = r->text.n;
        if (!text_add_untsv(&r->text, raw))
            return bad(r, "column %u: an escape that isn't one of ours", i + 1);
        int column = r->column[i];
        if (column >= 0 &&
            !read_column((unsigned)column, slice_of(r->text.p + from, r->text.n - from), out))
            return bad(r, "column %.*s is damaged", (int)suspect_column_name[column].n,
                       suspect_column_name[column].p);
    }
    if (line.p != NULL)
        return bad(r, "a line has more columns than the header's %u", r->columns);
    r->suspects++;
    return SUSPECT_LINE_ONE;
}

enum suspect_line suspect_reader_line(struct suspect_reader *r, struct slice line,
                                      struct suspect *out)
{
    if (r->bad)
        return SUSPECT_LINE_BAD;
    r->lines++;
    if (line.n && line.p[line.n - 1] == '\n')
        line.n--;
    if (!r->header)
        return read_header(r, line);
    if (line.n == 0)
        return SUSPECT_LINE_NONE;
    if (r->ended)
        return bad(r, "something follows the `#end` line");
    if (slice_starts(line, SL(SUSPECTS_END)))
        return read_end(r, line);
    return read_suspect(r, line, out);
}
