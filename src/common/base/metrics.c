#include "base/metrics.h"

#include <float.h>
#include <math.h>

#include "base/atomic.h"
#include "base/exits.h"
#include "base/msg.h"

static bool letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || c == '_';
}

/* [a-zA-Z_][a-zA-Z0-9_]*: colons are for rules of the server. */
static bool is_name(const char *s)
{
    if (!letter(*s))
        return false;
    while (letter(*s) || is_digit(*s))
        s++;
    return *s == '\0';
}

static void escape(struct text *out, struct slice s, bool quotes)
{
    const char *end = s.p + s.n;
    size_t n;

    for (const char *p = s.p; p < end; p += n ? n : 1) {
        n = utf8_length(p, end);
        if (n == 0)
            text_addf(out, "\\\\x%02x", (unsigned char)*p);
        else if (*p == '\n')
            text_add(out, SL("\\n"));
        else if (*p == '\\' || (*p == '"' && quotes))
            text_addf(out, "\\%c", *p);
        else
            text_add(out, slice_of(p, n));
    }
}

void metrics_family(struct metrics *m, const char *name, const char *type, const char *help)
{
    m->wrong |= strncmp(name, "mptools_", 8) != 0 || !is_name(name);
    text_addf(&m->text, "# HELP %s ", name);
    escape(&m->text, slice_str(help), false);
    text_addf(&m->text, "\n# TYPE %s %s\n", name, type);
    m->name = slice_str(name);
}

/* Whole numbers without an exponent, as long as a double has them exactly. */
static void number(struct text *out, double value)
{
    if (isnan(value))
        text_add(out, SL("NaN"));
    else if (isinf(value))
        text_add(out, value > 0 ? SL("+Inf") : SL("-Inf"));
    else if (value == floor(value) && fabs(value) < 0x1p53)
        text_addf(out, "%.0f", value);
    else
        text_addf(out, "%.*g", DBL_DECIMAL_DIG, value);
}

void metrics_sample(struct metrics *m, const struct metrics_label *label, size_t labels,
                    double value)
{
    m->wrong |= m->name.n == 0;
    text_add(&m->text, m->name);
    for (size_t i = 0; i < labels; i++) {
        m->wrong |= !is_name(label[i].name) || strncmp(label[i].name, "__", 2) == 0;
        text_addf(&m->text, "%c%s=\"", i ? ',' : '{', label[i].name);
        escape(&m->text, label[i].value, true);
        text_addc(&m->text, '"');
    }
    text_add(&m->text, labels ? SL("} ") : SL(" "));
    number(&m->text, value);
    text_addc(&m->text, '\n');
}

void metrics_gauge(struct metrics *m, const char *name, const char *help, double value)
{
    metrics_family(m, name, "gauge", help);
    metrics_sample(m, NULL, 0, value);
}

int metrics_write(const struct metrics *m, const char *path, struct failure *failure)
{
    if (m->text.failed)
        return failure_memory(failure);
    if (m->wrong)
        return failure_set(failure, EXIT_DATA, "%s: a metric's name is wrong: not written", path);
    return atomic_write(path, text_slice(&m->text), 0, NULL, failure);
}

int metrics_save(const struct metrics *m, const char *path)
{
    struct failure failure = {0};
    int status = metrics_write(m, path, &failure);

    if (status)
        msg_error("%s", failure_text(&failure));
    failure_free(&failure);
    return status;
}

void metrics_free(struct metrics *m)
{
    text_free(&m->text);
}
