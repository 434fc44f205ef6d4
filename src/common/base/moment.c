#include "base/moment.h"

#include "base/slice.h"

#define SPAN_MOST (UINT64_C(100) * 366 * 86400) /* seconds */

/* Takes `digits` digits off *s; false when they are not there. */
static bool digits(struct slice *s, unsigned n, int *out)
{
    int v = 0;

    if (s->n < n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(s->p[i]))
            return false;
        v = v * 10 + s->p[i] - '0';
    }
    *s = slice_skip(*s, n);
    *out = v;
    return true;
}

static bool take(struct slice *s, const char *any)
{
    if (s->n == 0 || s->p[0] == 0 || strchr(any, s->p[0]) == NULL)
        return false;
    *s = slice_skip(*s, 1);
    return true;
}

bool span_option(const char *text, int64_t *out)
{
    static const struct {
        char letter;
        unsigned seconds;
    } unit[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    struct slice s = slice_str(text);
    uint64_t n;

    take(&s, "-");
    for (size_t i = 0; s.n > 1 && i < sizeof unit / sizeof *unit; i++) {
        if (s.p[s.n - 1] != unit[i].letter)
            continue;
        if (!slice_u64(slice_of(s.p, s.n - 1), &n) || n > SPAN_MOST / unit[i].seconds)
            return false;
        *out = (int64_t)(n * unit[i].seconds) * WHEN_SECOND;
        return true;
    }
    return false;
}

/* .5 of a second */
static bool fraction(struct slice *s, int64_t *micros)
{
    int64_t unit = WHEN_SECOND / 10;

    if (!take(s, "."))
        return true;
    size_t before = s->n;
    for (; s->n && is_digit(*s->p); unit /= 10, *s = slice_skip(*s, 1))
        *micros += (*s->p - '0') * unit;
    return s->n < before;
}

/* Z or +01:00, in seconds east; *local when there is none. */
static bool zone(struct slice s, int *east, bool *local)
{
    int hours, minutes, sign = s.n && *s.p == '-' ? -1 : 1;

    *east = 0;
    *local = s.n == 0;
    if (*local || take(&s, "Zz"))
        return s.n == 0;
    if (!take(&s, "+-") || !digits(&s, 2, &hours) || !take(&s, ":") || !digits(&s, 2, &minutes))
        return false;
    *east = sign * (hours * 3600 + minutes * 60);
    return s.n == 0 && hours < 24 && minutes < 60;
}

bool time_option(const char *text, int64_t now, int64_t *out)
{
    struct slice s = slice_str(text);
    struct civil c = {0};
    int64_t micros = 0;
    bool local = true;
    int east = 0;

    if (span_option(text, out)) {
        *out = now - *out;
        return true;
    }
    if (!digits(&s, 4, &c.year) || !take(&s, "-") || !digits(&s, 2, &c.month) || !take(&s, "-") ||
        !digits(&s, 2, &c.day))
        return false;
    if (s.n) {
        if (!take(&s, "Tt ") || !digits(&s, 2, &c.hour) || !take(&s, ":") ||
            !digits(&s, 2, &c.minute))
            return false;
        if (take(&s, ":") && (!digits(&s, 2, &c.second) || !fraction(&s, &micros)))
            return false;
        if (!zone(s, &east, &local))
            return false;
    }
    if (!when_valid(&c))
        return false;
    *out = (local ? when_local(&c, INT64_MIN) : when_utc(&c) - east) * WHEN_SECOND + micros;
    return true;
}
