#include "judge/reply_code.h"

size_t reply_dsn_length(const char *p, const char *end, unsigned dsn[3])
{
    const char *q = p;

    if (end - p < 5 || (*p != '2' && *p != '4' && *p != '5'))
        return 0;
    for (int i = 0; i < 3; i++) {
        int digits = 0;
        if (i > 0 && (q == end || *q++ != '.'))
            return 0;
        for (dsn[i] = 0; q < end && is_digit(*q) && digits < 5; q++, digits++)
            dsn[i] = dsn[i] * 10 + (unsigned)(*q - '0');
        if (digits == 0 || (i == 0 && digits > 1))
            return 0;
    }
    /* 5.7.1.2 is an address or a version */
    if (q < end && (is_digit(*q) || (*q == '.' && q + 1 < end && is_digit(q[1]))))
        return 0;
    return (size_t)(q - p);
}

/* The reply code at p, or 0. */
static unsigned code_at(const char *p, const char *end)
{
    if (end - p < 3 || *p < '2' || *p > '5' || !is_digit(p[1]) || !is_digit(p[2]) ||
        (end - p > 3 && p[3] != ' ' && p[3] != '-'))
        return 0;
    return (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
}

static const char *behind_code(const char *p, const char *end)
{
    return end - p > 3 ? p + 4 : end;
}

/* qmail's way: `Sorry, no mailbox here by that name. (#5.1.1)`; all 0 where there is none. */
static void trailing_dsn(unsigned dsn[3], const char *p, const char *end)
{
    const char *q = slice_rfind(slice_range(p, end), SL("(#"));

    if (q == NULL || reply_dsn_length(q + 2, end, dsn) == 0)
        dsn[0] = dsn[1] = dsn[2] = 0;
}

const char *reply_take_codes(struct reply_codes *codes, const char *p, const char *end)
{
    size_t n;

    if ((codes->code = code_at(p, end)) != 0)
        p = reply_skip_blanks(behind_code(p, end), end);
    const char *q = p < end && (*p == '#' || *p == '(') ? p + 1 : p;
    if ((n = reply_dsn_length(q, end, codes->dsn)) > 0)
        p = reply_skip_blanks(q + n, end);
    else
        trailing_dsn(codes->dsn, p, end);
    if (codes->code == 0)
        codes->code = codes->dsn[0] * 100;
    return p;
}

const char *reply_skip_repeat(const struct reply_codes *codes, const char *p, const char *end)
{
    unsigned dsn[3];

    if (codes->code == 0 || code_at(p, end) != codes->code)
        return p;
    p = behind_code(p, end);
    return reply_skip_blanks(p + reply_dsn_length(p, end, dsn), end);
}

/* Behind `host NAME[IP] said: ` and the like, which Postfix's smtp(8) and lmtp(8) write. */
static struct slice skip_prefix(struct slice s, struct slice start, struct slice stop)
{
    const char *q = slice_starts(s, start) ? slice_find(s, stop) : NULL;

    return q ? slice_range(q + stop.n, s.p + s.n) : s;
}

struct slice reply_bare(struct slice s)
{
    struct slice suspended = SL("delivery temporarily suspended: ");

    if (s.n == 0)
        return SL("");
    if (s.n > REPLY_RAW_MAX)
        s.n = REPLY_RAW_MAX;
    if (s.p[s.n - 1] == ')') {
        const char *q = slice_rfind(s, SL(" (in reply to "));
        if (q)
            s = slice_range(s.p, q);
    }
    if (slice_starts(s, suspended))
        s = slice_skip(s, suspended.n);
    if (slice_starts(s, SL("host "))) {
        size_t n = s.n;
        s = skip_prefix(s, SL("host "), SL("] said: "));
        if (s.n == n)
            s = skip_prefix(s, SL("host "), SL(" refused to talk to me: "));
    }
    return s;
}
