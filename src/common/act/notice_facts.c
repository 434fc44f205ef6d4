#include "act/notice_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"

static bool room(struct notice_facts *f)
{
    if (f->n < f->cap)
        return true;
    size_t cap = f->cap ? f->cap * 2 : 64;
    struct notice_fact *list = realloc(f->list, cap * sizeof(*list));
    if (list == NULL)
        return false;
    f->list = list;
    f->cap = cap;
    return true;
}

bool notice_facts_add(struct notice_facts *f, struct slice name, unsigned row, unsigned column,
                      struct slice value)
{
    if (value.n == 0 || f->n >= NOTICE_FACTS_MOST)
        return true;
    if (!room(f))
        return false;
    struct notice_fact fact = {arena_slice(&f->arena, name), arena_slice(&f->arena, value), row,
                               column};
    if (fact.name.p == NULL || fact.value.p == NULL)
        return false;
    f->list[f->n++] = fact;
    return true;
}

bool notice_facts_add_int(struct notice_facts *f, struct slice name, int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);

    return notice_facts_add(f, name, 0, 0, slice_of(digits, (size_t)n));
}

bool notice_facts_add_time(struct notice_facts *f, struct slice name, int64_t time)
{
    char stamp[WHEN_TEXT_MAX];

    return time == WHEN_NONE ||
           notice_facts_add(f, name, 0, 0, slice_of(stamp, when_print(stamp, time, 0)));
}

/* "[3]" of a list's path, behind its name. */
static unsigned index_of(struct slice path)
{
    uint64_t n = 0;

    return path.n > 2 && slice_u64(slice_of(path.p + 1, path.n - 2), &n) && n < UINT32_MAX
               ? (unsigned)n
               : 0;
}

/* The name in a path of json_tree(), `$.name`, `$.name[3]`, `$.name[3][0]`, and what follows it.
 * Names that aren't letters and digits alone are in quotation marks. */
static struct slice name_of(struct slice path, struct slice *rest)
{
    bool quoted = path.n > 2 && path.p[2] == '"';
    struct slice s = slice_skip(path, quoted ? 3 : 2);
    size_t n = 0;

    while (n < s.n && (quoted ? s.p[n] != '"' : s.p[n] != '[' && s.p[n] != '.'))
        n++;
    *rest = slice_skip(s, quoted ? n + 1 : n);
    return slice_of(s.p, n);
}

static bool add_at(struct notice_facts *f, struct slice path, struct slice value)
{
    struct slice rest, name = name_of(path, &rest);
    unsigned at[2] = {0, 0};

    for (unsigned i = 0; i < 2 && rest.n && rest.p[0] == '['; i++) {
        const char *end = slice_chr(rest, ']');
        size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;
        at[i] = index_of(slice_of(rest.p, n));
        rest = slice_skip(rest, n);
    }
    return rest.n > 0 || notice_facts_add(f, name, at[0], at[1], value); /* else an object within */
}

/* Does it have the name among the first `before` ones? */
static bool has(const struct notice_facts *f, size_t before, struct slice path)
{
    struct slice rest, name = name_of(path, &rest);

    for (size_t i = 0; i < before; i++)
        if (slice_eq(name, f->list[i].name))
            return true;
    return false;
}

bool notice_facts_load(struct notice_facts *f, struct ledger *l, int64_t notice)
{
    struct ledger_rows r =
        ledger_query(l,
                     "SELECT t.fullkey, CAST(t.atom AS TEXT) FROM notices n, json_tree(n.facts) t"
                     " WHERE n.id = ? AND t.atom IS NOT NULL",
                     "i", notice);
    size_t before = f->n;
    bool ok = true;

    while (ok && ledger_next(&r))
        if (!has(f, before, ledger_text(&r, 0)))
            ok = add_at(f, ledger_text(&r, 0), ledger_text(&r, 1));
    ledger_done(&r);
    return ok && ledger_failure(l)->status == 0;
}

void notice_facts_free(struct notice_facts *f)
{
    free(f->list);
    arena_free(&f->arena);
    *f = (struct notice_facts){0};
}

struct slice notice_fact_at(const struct notice_facts *f, struct slice name, unsigned row,
                            unsigned column)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].row == row && f->list[i].column == column && slice_eq(f->list[i].name, name))
            return f->list[i].value;
    return SLICE_NONE;
}

struct slice notice_fact(const struct notice_facts *f, struct slice name)
{
    return notice_fact_at(f, name, 0, 0);
}

unsigned notice_fact_rows(const struct notice_facts *f, struct slice name)
{
    unsigned rows = 0;

    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].row >= rows && slice_eq(f->list[i].name, name))
            rows = f->list[i].row + 1;
    return rows;
}

/* n digits at p as a number; -1 when they aren't. */
static int digits(const char *p, unsigned n)
{
    int v = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

int64_t notice_time(struct slice s)
{
    int64_t micro = 0, unit = WHEN_SECOND;

    if (s.n < 20 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' ||
        s.p[16] != ':' || s.p[s.n - 1] != 'Z')
        return WHEN_NONE;
    struct civil c = {digits(s.p, 4),      digits(s.p + 5, 2),  digits(s.p + 8, 2),
                      digits(s.p + 11, 2), digits(s.p + 14, 2), digits(s.p + 17, 2)};
    if (c.year < 0 || !when_valid(&c))
        return WHEN_NONE;
    for (size_t i = 20; i + 1 < s.n; i++) {
        if (s.p[19] != '.' || !is_digit(s.p[i]))
            return WHEN_NONE;
        unit /= 10;
        micro += unit * (s.p[i] - '0');
    }
    return when_utc(&c) * WHEN_SECOND + micro;
}
