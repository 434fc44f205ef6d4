#include "base/inifile_value.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    char letter;
    int64_t seconds;
} unit[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

static struct slice next_word(struct slice *s, const char *between)
{
    const char *p = s->p, *end = s->p + s->n, *from;

    while (p < end && strchr(between, *p))
        p++;
    for (from = p; p < end && !strchr(between, *p); p++)
        ;
    *s = slice_range(p, end);
    return slice_range(from, p);
}

/* 1000000 or 1,000,000; not 1,5. */
static bool whole(struct slice s, uint64_t *out)
{
    char digits[24];
    size_t n = 0, group = 0;
    bool grouped = false;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',') {
            if (grouped ? group != 3 : group == 0 || group > 3)
                return false;
            grouped = true;
            group = 0;
            continue;
        }
        if (n == sizeof digits)
            return false;
        digits[n++] = s.p[i];
        group++;
    }
    return (!grouped || group == 3) && slice_u64(slice_of(digits, n), out);
}

/* 0.01 or 1e-2: strtod knows more (hexadecimal, inf) than anybody means. */
static bool decimal(struct slice s, double *out)
{
    char buf[40], *end;

    if (s.n == 0 || s.n >= sizeof buf || !is_digit(s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && (s.p[i] == 0 || strchr(".eE+-", s.p[i]) == NULL))
            return false;
    memcpy(buf, s.p, s.n);
    buf[s.n] = '\0';
    *out = strtod(buf, &end);
    return *end == '\0';
}

static bool in_range(const struct inifile_key *key, double v)
{
    return v >= key->least && v <= key->most;
}

static bool number(const struct inifile_key *key, struct slice s, uint64_t *to)
{
    return whole(s, to) && in_range(key, (double)*to);
}

static bool rate(const struct inifile_key *key, struct slice s, double *to)
{
    struct slice first = next_word(&s, " \t"), per = next_word(&s, " \t"),
                 of = next_word(&s, " \t"), what = next_word(&s, " \t");
    uint64_t n = 1;

    if (per.n && (!slice_eq(per, SL("per")) || !whole(of, &n) || n == 0))
        return false;
    if (what.n && !slice_eq(what, SL("messages")))
        return false;
    if (!decimal(first, to) || next_word(&s, " \t").n)
        return false;
    *to /= (double)n;
    return in_range(key, *to);
}

static bool duration(const struct inifile_key *key, struct slice s, int64_t *to)
{
    int64_t seconds = 1;
    uint64_t n;

    for (size_t i = 0; s.n && i < sizeof unit / sizeof *unit; i++)
        if (s.p[s.n - 1] == unit[i].letter) {
            seconds = unit[i].seconds;
            s.n--;
            break;
        }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    if (!whole(s, &n) || !in_range(key, (double)n * (double)seconds))
        return false;
    *to = (int64_t)n * seconds;
    return true;
}

static bool flag(struct slice s, bool *to)
{
    *to = slice_eq(s, SL("yes"));
    return *to || slice_eq(s, SL("no"));
}

static bool path(struct slice s, const char *file, struct arena *arena, const char **to,
                 bool *failed)
{
    const char *slash = strrchr(file, '/');
    struct text t = {0};

    if (s.n == 0)
        return false;
    if (s.p[0] != '/' && slash)
        text_add(&t, slice_range(file, slash + 1));
    text_add(&t, s);
    *to = t.failed ? NULL : arena_str(arena, text_slice(&t));
    *failed |= *to == NULL;
    text_free(&t);
    return true;
}

/* The array has room for the next power of two. */
static bool list(struct slice s, struct arena *arena, struct inifile_list *to, bool *failed)
{
    struct slice word;

    while ((word = next_word(&s, " \t,")).n) {
        struct slice copy = arena_slice(arena, word);
        if ((to->n & (to->n - 1)) == 0) {
            struct slice *more = arena_alloc(arena, (to->n ? 2 * to->n : 1) * sizeof *more);
            if (more && to->n)
                memcpy(more, to->word, to->n * sizeof *more);
            to->word = more ? more : to->word;
            *failed |= more == NULL;
        }
        *failed |= copy.n != word.n;
        if (*failed)
            return false;
        to->word[to->n++] = copy;
    }
    return true;
}

bool inifile_value(const struct inifile_key *key, struct slice text, const char *file,
                   struct arena *arena, void *to, bool *failed)
{
    switch (key->type) {
    case INIFILE_PATH:
        return path(text, file, arena, to, failed);
    case INIFILE_TEXT:
        *(const char **)to = arena_str(arena, text);
        *failed |= *(const char **)to == NULL;
        return text.n > 0 && !*failed;
    case INIFILE_NUMBER:
        return number(key, text, to);
    case INIFILE_RATE:
        return rate(key, text, to);
    case INIFILE_DURATION:
        return duration(key, text, to);
    case INIFILE_FLAG:
        return flag(text, to);
    case INIFILE_LIST:
        return list(text, arena, to, failed);
    }
    return false;
}

/* In the largest unit that needs no fraction. */
static const char *duration_text(double seconds, char buf[32])
{
    int64_t s = (int64_t)seconds;
    size_t i = 0;

    while (s % unit[i].seconds)
        i++;
    snprintf(buf, 32, "%lld%c", (long long)(s / unit[i].seconds), s ? unit[i].letter : 's');
    return buf;
}

const char *inifile_needs(const struct inifile_key *key, char buf[INIFILE_NEEDS])
{
    char least[32], most[32];

    switch (key->type) {
    case INIFILE_PATH:
        snprintf(buf, INIFILE_NEEDS, "the name of a file or folder");
        break;
    case INIFILE_TEXT:
        snprintf(buf, INIFILE_NEEDS, "a text");
        break;
    case INIFILE_NUMBER:
        snprintf(buf, INIFILE_NEEDS, "a whole number from %.0f to %.0f", key->least, key->most);
        break;
    case INIFILE_RATE:
        snprintf(buf, INIFILE_NEEDS, "a rate from %g to %g, as 1e-6 or `1 per 1,000,000 messages',",
                 key->least, key->most);
        break;
    case INIFILE_DURATION:
        snprintf(buf, INIFILE_NEEDS, "a time from %s to %s, as 90s, 90m, 24h, 30d or 2w,",
                 duration_text(key->least, least), duration_text(key->most, most));
        break;
    case INIFILE_FLAG:
        snprintf(buf, INIFILE_NEEDS, "yes or no");
        break;
    case INIFILE_LIST:
        snprintf(buf, INIFILE_NEEDS, "words between blanks");
        break;
    }
    return buf;
}
