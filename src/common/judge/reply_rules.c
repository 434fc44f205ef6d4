#include "judge/reply_rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    ALTERNATIVES = 4,     /* in a CODE or DSN column */
    MATCH_LIMIT = 50000,  /* a shipped pattern needs a few hundred for the longest reply */
    HEAP_LIMIT = 1024,    /* KiB */
    USES_BEFORE_JIT = 12, /* about what the compilation costs */
    RULES_MAX = 20000,
    LINE_MAX_BYTES = 4096
};

struct range {
    unsigned short from, to;
};

struct reply_rule {
    enum reply_class class;
    bool by_text; /* listed_by is the pattern's group `by` */
    unsigned char codes, dsns, uses;
    char code[ALTERNATIVES][4]; /* "5xx", "" for a reply without a code */
    struct range dsn[ALTERNATIVES][3];
    struct slice listed_by;
    pcre2_code *re; /* NULL: any text */
    unsigned by_group, line;
    const char *file;
};

/* --- reading -------------------------------------------------------------------------------- */

struct reader {
    struct reply_rules *rules;
    struct problems *problems;
    const char *file;
    unsigned line;
};

static struct slice next_word(struct slice *s)
{
    const char *p = s->p, *end = s->p + s->n, *start;

    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    for (start = p; p < end && *p != ' ' && *p != '\t'; p++)
        ;
    *s = slice_range(p, end);
    return slice_range(start, p);
}

static struct slice next_part(struct slice *s, char separator)
{
    const char *stop = slice_chr(*s, separator);
    struct slice part = stop ? slice_range(s->p, stop) : *s;

    *s = stop ? slice_range(stop + 1, s->p + s->n) : slice_of(s->p + s->n, 0);
    return part;
}

static bool read_code(struct reply_rule *rule, struct slice s)
{
    while (s.n > 0) {
        struct slice part = next_part(&s, ',');
        char *code = rule->code[rule->codes];
        if (rule->codes++ == ALTERNATIVES - 1 && s.n > 0)
            return false;
        if (slice_eq(part, SL("none"))) {
            code[0] = '\0';
            continue;
        }
        if (slice_eq(part, SL("*"))) {
            rule->codes = 0;
            return s.n == 0;
        }
        if (part.n != 3 || part.p[0] < '2' || part.p[0] > '5')
            return false;
        for (int i = 0; i < 3; i++)
            if (!is_digit(part.p[i]) && part.p[i] != 'x')
                return false;
        memcpy(code, part.p, 3);
        code[3] = '\0';
    }
    return true;
}

/* A number, * or FROM-TO. */
static bool read_range(struct range *r, struct slice s)
{
    uint64_t from, to;
    const char *dash = slice_chr(s, '-');

    if (slice_eq(s, SL("*"))) {
        *r = (struct range){0, UINT16_MAX};
        return true;
    }
    if (!slice_u64(dash ? slice_range(s.p, dash) : s, &from))
        return false;
    to = from;
    if (dash && !slice_u64(slice_range(dash + 1, s.p + s.n), &to))
        return false;
    *r = (struct range){(unsigned short)from, (unsigned short)to};
    return from <= to && to < UINT16_MAX;
}

static bool read_dsn(struct reply_rule *rule, struct slice s)
{
    if (slice_eq(s, SL("*")))
        return true;
    while (s.n > 0) {
        struct slice part = next_part(&s, ',');
        if (rule->dsns == ALTERNATIVES)
            return false;
        for (int i = 0; i < 3; i++)
            if (!read_range(&rule->dsn[rule->dsns][i], next_part(&part, '.')))
                return false;
        if (part.n > 0)
            return false;
        rule->dsns++;
    }
    return true;
}

static bool is_list_id(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!islower((unsigned char)s.p[i]) && !is_digit(s.p[i]) && !strchr(".-&", s.p[i]))
            return false;
    return s.n > 0 && s.n < REPLY_LISTED_MAX;
}

static bool compile(const struct reader *r, struct reply_rule *rule, struct slice pattern)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR text[128];

    rule->re = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
                             PCRE2_CASELESS | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF |
                                 PCRE2_NEVER_BACKSLASH_C,
                             &error, &at, NULL);
    if (rule->re == NULL) {
        pcre2_get_error_message(error, text, sizeof text);
        problem_add(r->problems, r->file, r->line, "the pattern is wrong at its byte %zu: %s",
                    (size_t)at + 1, (const char *)text);
        return false;
    }
    int group = pcre2_substring_number_from_name(rule->re, (PCRE2_SPTR) "by");
    rule->by_group = group > 0 ? (unsigned)group : 0;
    if (rule->by_text != (group > 0)) {
        problem_add(r->problems, r->file, r->line,
                    rule->by_text ? "$by needs a group (?<by>...) in the pattern"
                                  : "the pattern has a group (?<by>...): the second column has to "
                                    "be $by");
        return false;
    }
    return true;
}

static bool read_columns(const struct reader *r, struct reply_rule *rule, struct slice s)
{
    struct slice class = next_word(&s), by = next_word(&s), code = next_word(&s),
                 dsn = next_word(&s);
    unsigned before = r->problems->count;

#define WRONG(...) problem_add(r->problems, r->file, r->line, __VA_ARGS__)
    rule->class = reply_class_of(class);
    if (rule->class == REPLY_CLASS_COUNT)
        WRONG("no class is called `%.*s'", (int)class.n, class.p);
    rule->by_text = slice_eq(by, SL("$by"));
    if (!rule->by_text && !slice_eq(by, SL("-"))) {
        if (!is_list_id(by))
            WRONG("`%.*s' can't be a list: -, $by or a name in lower case", (int)by.n, by.p);
        rule->listed_by = arena_slice(&r->rules->arena, by);
    }
    if (!read_code(rule, code) || code.n == 0)
        WRONG("`%.*s' is no reply code: *, none, 550, 5xx, or up to %d of them with commas",
              (int)code.n, code.p, ALTERNATIVES);
    if (!read_dsn(rule, dsn) || dsn.n == 0)
        WRONG("`%.*s' is no status code: *, 5.1.1, *.2.2, 5.7.600-649, or up to %d of them with "
              "commas",
              (int)dsn.n, dsn.p, ALTERNATIVES);
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t'))
        s = slice_skip(s, 1);
    if (s.n == 0)
        WRONG("there is no pattern: the columns are class, list, code, status code, pattern");
    else if (!slice_eq(s, SL("*")))
        compile(r, rule, s);
    else if (rule->by_text)
        WRONG("$by needs a group (?<by>...) in the pattern");
#undef WRONG
    return r->problems->count == before;
}

static void read_rule(const struct reader *r, struct slice s)
{
    struct reply_rules *rules = r->rules;

    if (rules->n == RULES_MAX) {
        problem_add(r->problems, r->file, r->line, "there are more than %d rules", RULES_MAX);
        return;
    }
    if (rules->n == rules->room) {
        size_t room = rules->room ? rules->room * 2 : 256;
        struct reply_rule *more = realloc(rules->rule, room * sizeof *more);
        if (more == NULL) {
            problem_add(r->problems, r->file, r->line, "out of memory");
            return;
        }
        rules->rule = more;
        rules->room = room;
    }
    struct reply_rule *rule = &rules->rule[rules->n];
    *rule = (struct reply_rule){.file = r->file, .line = r->line};
    if (read_columns(r, rule, s))
        rules->n++;
    else
        pcre2_code_free(rule->re);
}

static void read_line(const struct reader *r, struct slice s)
{
    while (s.n > 0 && strchr("\r\n \t", s.p[s.n - 1]) && s.p[s.n - 1] != '\0')
        s.n--;
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t'))
        s = slice_skip(s, 1);
    if (s.n == 0 || *s.p == '#')
        return;
    if (s.n > LINE_MAX_BYTES) {
        problem_add(r->problems, r->file, r->line, "the line is longer than %d bytes",
                    LINE_MAX_BYTES);
        return;
    }
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') {
            problem_add(r->problems, r->file, r->line, "there is a control character in the line");
            return;
        }
    read_rule(r, s);
}

void reply_rules_read(struct reply_rules *rules, const char *file, struct problems *problems)
{
    struct reader r = {rules, problems, arena_str(&rules->arena, slice_str(file)), 0};
    FILE *in = fopen(file, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (r.file == NULL)
        r.file = "";
    if (in == NULL) {
        problem_add(problems, file, 0, "can't open it: %s", strerror(errno));
        return;
    }
    for (r.line = 1; (n = getline(&line, &room, in)) >= 0; r.line++)
        read_line(&r, slice_of(line, (size_t)n));
    if (ferror(in))
        problem_add(problems, file, 0, "can't read it: %s", strerror(errno));
    free(line);
    fclose(in);
}

void reply_rules_free(struct reply_rules *r)
{
    for (size_t i = 0; i < r->n; i++)
        pcre2_code_free(r->rule[i].re);
    free(r->rule);
    arena_free(&r->arena);
    pcre2_match_data_free(r->match);
    pcre2_match_context_free(r->context);
    *r = (struct reply_rules){0};
}

/* --- matching ------------------------------------------------------------------------------- */

static bool code_fits(const struct reply_rule *rule, unsigned code)
{
    char digits[3] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10),
                      (char)('0' + code % 10)};

    if (rule->codes == 0)
        return true;
    for (int i = 0; i < rule->codes; i++) {
        const char *c = rule->code[i];
        if (*c == '\0') {
            if (code == 0)
                return true;
        } else if (code && c[0] == digits[0] && (c[1] == 'x' || c[1] == digits[1]) &&
                   (c[2] == 'x' || c[2] == digits[2])) {
            return true;
        }
    }
    return false;
}

static bool dsn_fits(const struct reply_rule *rule, const unsigned dsn[3])
{
    if (rule->dsns == 0)
        return true;
    if (dsn[0] == 0)
        return false;
    for (int i = 0; i < rule->dsns; i++) {
        const struct range *r = rule->dsn[i];
        int fits = 0;
        for (int k = 0; k < 3; k++)
            fits += dsn[k] >= r[k].from && dsn[k] <= r[k].to;
        if (fits == 3)
            return true;
    }
    return false;
}

/* The match data and the limits, made at the first use. */
static bool ready(struct reply_rules *r)
{
    if (r->match == NULL)
        r->match = pcre2_match_data_create(2, NULL);
    if (r->context == NULL && (r->context = pcre2_match_context_create(NULL)) != NULL) {
        pcre2_set_match_limit(r->context, MATCH_LIMIT);
        pcre2_set_depth_limit(r->context, MATCH_LIMIT);
        pcre2_set_heap_limit(r->context, HEAP_LIMIT);
    }
    return r->match && r->context;
}

static bool text_fits(struct reply_rules *r, struct reply_rule *rule, struct slice text)
{
    if (rule->re == NULL)
        return true;
    if (rule->uses < USES_BEFORE_JIT && ++rule->uses == USES_BEFORE_JIT)
        pcre2_jit_compile(rule->re, PCRE2_JIT_COMPLETE); /* if it can't, it works without */
    return pcre2_match(rule->re, (PCRE2_SPTR)text.p, text.n, 0, 0, r->match, r->context) > 0;
}

/* `s` in lower case, if it can be a domain name; else nothing. */
static struct slice listed_name(struct slice s, char name[REPLY_LISTED_MAX])
{
    const char *dot;
    size_t label = 0;

    while (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    if (s.n >= REPLY_LISTED_MAX || (dot = slice_rchr(s, '.')) == NULL || dot + 2 >= s.p + s.n)
        return SLICE_NONE;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '.' ? label == 0 : !(c < 0x80 && isalnum(c)) && c != '-' && c != '_')
            return SLICE_NONE;
        if (s.p + i > dot && !isalpha(c))
            return SLICE_NONE;
        label = c == '.' ? 0 : label + 1;
        name[i] = (char)tolower(c);
    }
    return slice_of(name, s.n);
}

void reply_rules_match(struct reply_rules *r, const struct reply_text *t,
                       char name[REPLY_LISTED_MAX], struct reply_verdict *out)
{
    *out = (struct reply_verdict){REPLY_OTHER, SLICE_NONE, 0};
    if (!ready(r))
        return;
    for (size_t i = 0; i < r->n; i++) {
        struct reply_rule *rule = &r->rule[i];
        if (!code_fits(rule, t->codes.code) || !dsn_fits(rule, t->codes.dsn) ||
            !text_fits(r, rule, t->words))
            continue;
        *out = (struct reply_verdict){rule->class, rule->listed_by, (unsigned)i + 1};
        if (rule->by_text) {
            const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match);
            size_t k = 2 * (size_t)rule->by_group;
            if (rule->by_group < pcre2_get_ovector_count(r->match) && at[k] != PCRE2_UNSET)
                out->listed_by = listed_name(slice_of(t->words.p + at[k], at[k + 1] - at[k]), name);
        }
        return;
    }
}

unsigned reply_rules_where(const struct reply_rules *r, unsigned rule, const char **file)
{
    if (rule == 0 || rule > r->n)
        return 0;
    *file = r->rule[rule - 1].file;
    return r->rule[rule - 1].line;
}
