#include "act/notice_words.h"

#include <stdlib.h>

#include "act/notice_escape.h"
#include "act/notice_facts.h"
#include "base/when.h"

static const char *const key_names[] = {"date",
                                        "thousands",
                                        "decimal",
                                        "and",
                                        "more",
                                        "kind.login",
                                        "kind.client",
                                        "state.watch",
                                        "state.address",
                                        "state.rule",
                                        "state.suspended",
                                        "state.reinstated",
                                        "state.closed",
                                        "state.suspect",
                                        "state.compromised",
                                        "state.infected",
                                        "type.address",
                                        "type.rule",
                                        "type.suspension",
                                        "field.sender",
                                        "field.sender_pattern",
                                        "field.client",
                                        "field.login",
                                        "field.helo",
                                        "field.subject",
                                        "family.replies-content",
                                        "family.replies-unknown",
                                        "family.verdict",
                                        "family.recipients",
                                        "family.volume",
                                        "family.origin",
                                        "family.sender",
                                        "source.dns",
                                        "source.log",
                                        "chart.title",
                                        "chart.minutes",
                                        "chart.hour",
                                        "chart.hours",
                                        "chart.sent",
                                        "chart.refused",
                                        "chart.flagged",
                                        "chart.action",
                                        "chart.newest"};

#define KEYS (sizeof(key_names) / sizeof(key_names[0]))

static size_t key_of(struct slice name)
{
    size_t i = 0;

    while (i < KEYS && !slice_eq(slice_str(key_names[i]), name))
        i++;
    return i;
}

static struct slice trim(struct slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static void take(struct notice_words *w, const char *file, unsigned line, struct slice s,
                 struct arena *arena, struct problems *problems)
{
    const char *equals = slice_chr(s, '=');
    struct slice name = trim(equals ? slice_range(s.p, equals) : s);
    size_t key = key_of(name);

    if (equals == NULL)
        problem_add(problems, file, line, "not KEY = TEXT");
    else if (key == KEYS)
        problem_add(problems, file, line, "there is no key `%.*s'", (int)name.n, name.p);
    else if (w->text[key].p)
        problem_add(problems, file, line, "%s comes twice", key_names[key]);
    else {
        struct slice value = trim(slice_range(equals + 1, s.p + s.n));
        w->text[key] = value.n ? arena_slice(arena, value) : SL("");
    }
}

bool notice_words_read(struct notice_words *w, const char *file, struct slice text,
                       struct arena *arena, struct problems *problems)
{
    unsigned before = problems->count;

    w->text = arena_alloc(arena, KEYS * sizeof(*w->text));
    if (w->text == NULL) {
        problem_add(problems, file, 0, "out of memory");
        return false;
    }
    for (unsigned line = 1; text.n; line++) {
        const char *nl = slice_chr(text, '\n');
        struct slice one = nl ? slice_range(text.p, nl) : text;
        text = slice_skip(text, one.n + 1);
        one = trim(one);
        if (one.n && one.p[0] != '#')
            take(w, file, line, one, arena, problems);
    }
    for (size_t i = 0; i < KEYS; i++)
        if (w->text[i].p == NULL)
            problem_add(problems, file, 0, "%s is missing", key_names[i]);
    return problems->count == before;
}

struct slice notice_word_of(const struct notice_words *w, const char *key)
{
    size_t i = key_of(slice_str(key));

    return i < KEYS ? w->text[i] : SLICE_NONE;
}

struct slice notice_word(const struct notice_words *w, const char *group, struct slice name)
{
    struct text key = {0};

    text_addf(&key, "%s.", group);
    text_add(&key, name);
    size_t i = key_of(text_slice(&key));
    text_free(&key);
    return i < KEYS ? w->text[i] : name;
}

void notice_word_add_n(struct text *out, const struct notice_words *w, const char *key, int64_t n)
{
    struct slice s = notice_word_of(w, key);
    const char *at = slice_find(s, SL("{n}"));

    if (at == NULL) {
        text_add(out, s);
        return;
    }
    text_add(out, slice_range(s.p, at));
    text_addf(out, "%lld", (long long)n);
    text_add(out, slice_range(at + 3, s.p + s.n));
}

void notice_add_number(struct text *out, const struct notice_words *w, struct slice s)
{
    size_t whole = 0;

    while (whole < s.n && is_digit(s.p[whole]))
        whole++;
    if (whole == 0 || whole > 18 || (whole < s.n && s.p[whole] != '.')) {
        notice_add_line(out, s, 40);
        return;
    }
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0)
            text_add(out, notice_word_of(w, "thousands"));
        text_addc(out, s.p[i]);
    }
    if (whole + 1 < s.n && is_digit(s.p[whole + 1])) {
        text_add(out, notice_word_of(w, "decimal"));
        text_addc(out, s.p[whole + 1]);
    }
}

void notice_add_time(struct text *out, const struct notice_words *w, struct slice s)
{
    static const char *const token[] = {"YYYY", "MM", "DD", "hh", "mm"};
    int64_t time = notice_time(s);
    struct slice form = notice_word_of(w, "date");
    struct civil c;

    if (time == WHEN_NONE) {
        notice_add_line(out, s, 40);
        return;
    }
    when_civil((time - (time % WHEN_SECOND + WHEN_SECOND) % WHEN_SECOND) / WHEN_SECOND, &c);
    const int value[] = {c.year, c.month, c.day, c.hour, c.minute};
    while (form.n) {
        unsigned i = 0;
        while (i < 5 && !slice_starts(form, slice_str(token[i])))
            i++;
        if (i < 5)
            text_addf(out, "%0*d", i ? 2 : 4, value[i]);
        else
            text_addc(out, form.p[0]);
        form = slice_skip(form, i < 5 ? strlen(token[i]) : 1);
    }
}
