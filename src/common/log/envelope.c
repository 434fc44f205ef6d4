#include "log/envelope.h"

#include <endian.h>

#include "log/stamp.h"

#define MONTH (30 * WHEN_DAY)
#define JUMP_LINES 3 /* so many lines in a row have to agree on a jump of more than a month */
#define TIME_END (INT64_C(253402300800) * WHEN_SECOND) /* the year 10000 */

const char *envelope_form_name(unsigned form)
{
    static const char *const names[ENVELOPE_FORMS] = {
        "none", "RFC 3164", "RFC 3339", "RFC 5424", "TAI64N", "journal export", "journal JSON"};

    return form < ENVELOPE_FORMS ? names[form] : "?";
}

/* The byte of a word that equals c, as 0x80 in its place; a byte behind it may be wrong. */
static uint64_t equal_bytes(uint64_t word, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = word ^ ones * (unsigned char)c;

    return (x - ones) & ~x & ones << 7;
}

/* Behind the tag of s: before '[', ':' or a blank, whatever comes first. */
static const char *tag_end(struct slice s)
{
    const char *p = s.p, *end = s.p + s.n;

    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        word = le64toh(word);
        uint64_t hit = equal_bytes(word, '[') | equal_bytes(word, ' ') | equal_bytes(word, ':');
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
    }
    while (p < end && *p != '[' && *p != ' ' && *p != ':')
        p++;
    return p;
}

/* "postfix/smtpd[123]: text", without pid, without colon. */
static bool split_tag(struct slice s, struct envelope *out)
{
    const char *end = s.p + s.n, *p = s.n ? tag_end(s) : s.p;

    if (p == s.p)
        return false;
    out->tag = slice_range(s.p, p);
    out->pid = 0;
    if (p < end && *p == '[') {
        uint32_t pid = 0;
        const char *q = p + 1;
        while (q < end && is_digit(*q) && pid < 400000000)
            pid = pid * 10 + (uint32_t)(*q++ - '0');
        if (q < end && *q == ']') {
            out->pid = pid;
            p = q + 1;
        } else if ((q = memchr(p, ']', (size_t)(end - p))) != NULL) {
            p = q + 1; /* "rsyslogd[main]" */
        }
    }
    if (p < end && *p == ':')
        p++;
    else if (p < end && *p != ' ')
        return false;
    if (p < end && *p == ' ')
        p++;
    out->text = slice_range(p, end);
    return true;
}

/* Host and tag. A line whose first word ends in a colon has no host. */
static bool split_host(struct slice s, struct envelope *out)
{
    const char *sp = slice_chr(s, ' ');

    out->host = SLICE_NONE;
    if (sp == NULL)
        return split_tag(s, out);
    struct slice word = slice_range(s.p, sp);
    if (word.n && word.p[word.n - 1] == ':')
        return split_tag(s, out);
    out->host = word;
    struct slice rest = slice_range(sp + 1, s.p + s.n);
    while (rest.n && rest.p[0] == ' ')
        rest = slice_skip(rest, 1);
    return split_tag(rest, out);
}

/* The word up to the next space, and s moved behind it; "-" is RFC 5424's nil. */
static struct slice next_word(struct slice *s)
{
    const char *sp = slice_chr(*s, ' ');
    struct slice w = sp ? slice_range(s->p, sp) : *s;

    *s = sp ? slice_range(sp + 1, s->p + s->n) : SLICE_NONE;
    return slice_eq(w, SL("-")) ? slice_of(w.p, 0) : w;
}

/* Behind RFC 5424's structured data, whose values may hold escaped brackets. */
static struct slice skip_structured(struct slice s)
{
    size_t i = 0;

    if (s.n == 0 || s.p[0] != '[')
        return slice_skip(s, s.n && s.p[0] == '-' ? 1 : 0);
    while (i < s.n && s.p[i] == '[') {
        for (i++; i < s.n && s.p[i] != ']'; i++)
            if (s.p[i] == '"')
                for (i++; i < s.n && s.p[i] != '"'; i++)
                    if (s.p[i] == '\\')
                        i++;
        i++;
    }
    return slice_skip(s, i);
}

/* "<22>1 TIME HOST APP PID MSGID SD MSG", RFC 5424 section 6; s starts behind "1 ". */
static bool rfc5424(struct envelope_state *st, struct slice s, struct envelope *out)
{
    size_t n = envelope_rfc3339(st, s, &out->time, &out->digits);

    if (n == 0 || n >= s.n || s.p[n] != ' ')
        return false;
    s = slice_skip(s, n + 1);
    out->host = next_word(&s);
    out->tag = next_word(&s);
    struct slice pid = next_word(&s);
    uint64_t v;
    out->pid = slice_u64(pid, &v) && v <= UINT32_MAX ? (uint32_t)v : 0;
    next_word(&s); /* MSGID */
    s = skip_structured(s);
    if (s.n && s.p[0] == ' ')
        s = slice_skip(s, 1);
    if (slice_starts(s, SL("\xef\xbb\xbf")))
        s = slice_skip(s, 3);
    out->text = s;
    out->form = ENVELOPE_RFC5424;
    return out->tag.n > 0;
}

static size_t pri_length(struct slice s)
{
    size_t i = 1;

    if (s.n < 3 || s.p[0] != '<')
        return 0;
    while (i < 4 && i < s.n && is_digit(s.p[i]))
        i++;
    return i > 1 && i < s.n && s.p[i] == '>' ? i + 1 : 0;
}

static bool plain_forms(struct envelope_state *st, struct slice s, struct envelope *out)
{
    size_t n = stamp_rfc3164(st, s, &out->time);
    int64_t fraction;

    out->digits = 0;
    out->form = ENVELOPE_RFC3164;
    if (n && n < s.n && s.p[n] == '.') { /* journalctl -o short-precise */
        n += stamp_fraction(slice_skip(s, n), &fraction, &out->digits);
        out->time += fraction;
    }
    if (n == 0 && (n = envelope_rfc3339(st, s, &out->time, &out->digits)) > 0)
        out->form = ENVELOPE_RFC3339;
    if (n == 0 && (n = stamp_tai64n(s, &out->time)) > 0) {
        out->digits = 6;
        out->form = ENVELOPE_TAI64N;
    }
    if (n == 0 || n >= s.n || s.p[n] != ' ')
        return false;
    s = slice_skip(s, n + 1);
    while (s.n && s.p[0] == ' ')
        s = slice_skip(s, 1);
    return split_host(s, out);
}

bool envelope_time_ok(int64_t time)
{
    return time >= 0 && time < TIME_END;
}

/* The line that the next one's year goes by: not one astray, and not a single one that is more than
 * a month away. */
static void follow(struct envelope_state *st, int64_t time)
{
    bool jump = st->started && (time > st->last + MONTH || time < st->last - MONTH);

    st->jumps = jump ? st->jumps + 1 : 0;
    if (!st->astray && (!jump || st->jumps >= JUMP_LINES)) {
        st->last = time;
        st->started = true;
    }
    st->astray = false;
}

bool envelope_parse(struct envelope_state *st, struct slice line, struct envelope *out)
{
    size_t pri = line.n && line.p[0] == '<' ? pri_length(line) : 0;
    bool ok;

    line = slice_skip(line, pri);
    if (pri && line.n > 2 && line.p[0] == '1' && line.p[1] == ' ')
        ok = rfc5424(st, slice_skip(line, 2), out);
    else
        ok = plain_forms(st, line, out);
    if (!ok || !envelope_time_ok(out->time))
        return false;
    if (out->form != ENVELOPE_RFC3164)
        st->stamp[0] = '\0'; /* a full date may have moved the year */
    follow(st, out->time);
    return true;
}
