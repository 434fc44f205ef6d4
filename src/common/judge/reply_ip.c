#include "judge/reply_ip.h"

#include <arpa/inet.h>

#include "judge/reply_code.h"

static inline bool is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static inline bool is_hex(char c)
{
    return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6;
}

static inline bool is_wordy(char c)
{
    return is_digit(c) || is_alpha(c);
}

static size_t ip4_length(const char *p, const char *end)
{
    const char *q = p;

    for (int group = 0; group < 4; group++) {
        unsigned value = 0, digits = 0;
        if (group > 0 && (q == end || *q++ != '.'))
            return 0;
        for (; q < end && is_digit(*q) && digits < 4; q++, digits++)
            value = value * 10 + (unsigned)(*q - '0');
        if (digits == 0 || digits > 3 || value > 255)
            return 0;
    }
    if (q < end && (is_wordy(*q) || *q == '@'))
        return 0;
    if (q + 1 < end && (*q == '.' || *q == '-' || *q == '_') && is_wordy(q[1]))
        return 0;
    return (size_t)(q - p);
}

/* The run at p of what an IPv6 address is made of, without a sentence's last '.' or ':'. */
static size_t ip6_run(const char *p, const char *end, unsigned *colons)
{
    size_t n = 0;

    *colons = 0;
    while (p + n < end && n < INET6_ADDRSTRLEN - 1 && (is_hex(p[n]) || p[n] == ':' || p[n] == '.'))
        *colons += p[n++] == ':';
    while (n > 1 && (p[n - 1] == '.' || (p[n - 1] == ':' && p[n - 2] != ':')))
        *colons -= p[--n] == ':';
    return n;
}

static size_t ip6_length(const char *p, const char *end)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[16];
    unsigned colons;
    size_t n = ip6_run(p, end, &colons);

    if (colons < 2 || (p + n < end && is_wordy(p[n])))
        return 0;
    memcpy(copy, p, n);
    copy[n] = '\0';
    return inet_pton(AF_INET6, copy, address) == 1 ? n : 0;
}

size_t reply_ip_length(const char *p, const char *end)
{
    size_t hex = 0, n;

    if (p < end && is_digit(*p) && (n = ip4_length(p, end)) > 0)
        return n;
    while (p + hex < end && hex < 5 && is_hex(p[hex]))
        hex++;
    return hex < 5 && p + hex < end && p[hex] == ':' ? ip6_length(p, end) : 0;
}

/* --- whose it is ---------------------------------------------------------------------------- */

/* Words just before an address that make it the client's, and those that make it the remote's. */
static const struct slice ours[] = {SL("client"), SL("from"),    SL("your"),    SL("ip"),
                                    SL("sender"), SL("sending"), SL("host"),    SL("address"),
                                    SL("lookup"), SL("query"),   SL("mta you"), SL("relay=")};
static const struct slice theirs[] = {SL("mta("),        SL("connect to "), SL("said"),
                                      SL("this server"), SL("our server"),  SL("delivered to"),
                                      SL("connected to")};

/* At the start of a word: `our server` isn't in `your server`. */
static bool contains(struct slice s, struct slice needle)
{
    for (size_t i = 0; i + needle.n <= s.n; i++)
        if ((i == 0 || !is_alpha(s.p[i - 1])) && strncasecmp(s.p + i, needle.p, needle.n) == 0)
            return true;
    return false;
}

static bool any_in(struct slice s, const struct slice *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (contains(s, list[i]))
            return true;
    return false;
}

/* 1: named as the client's; 0: nothing is said; -1: not the client's. */
static int whose(struct slice reply, const char *at, size_t n)
{
    const char *start = at - reply.p > 40 ? at - 40 : reply.p;
    struct slice before = slice_range(start, at), ip = slice_of(at, n);

    if (slice_starts(ip, SL("127.")) || slice_starts(ip, SL("0.")) || slice_eq(ip, SL("::1")) ||
        slice_eq(ip, SL("::")) || (n > 3 && at[3] == '.' && memcmp(at, "224", 3) >= 0))
        return -1;
    if (slice_ends(before, SL("- "))) /* `... deferred - 4.16.55.1`: a version */
        return -1;
    for (size_t i = before.n; i > 0; i--) /* of an earlier sentence nothing counts */
        if (before.p[i - 1] == ';' || (before.p[i - 1] == ' ' && i > 1 && before.p[i - 2] == '.')) {
            before = slice_skip(before, i);
            break;
        }
    if (any_in(before, theirs, sizeof theirs / sizeof *theirs))
        return contains(before, SL("client")) ? 1 : -1;
    return any_in(before, ours, sizeof ours / sizeof *ours) ? 1 : 0;
}

/* Behind the word at p, or behind the one byte that is no word, so that no address starts inside
 * one. */
static const char *skip_word(const char *p, const char *end)
{
    if (!is_wordy(*p))
        return p + 1;
    while (p < end && (is_wordy(*p) || *p == '.' || *p == '-' || *p == '_'))
        p++;
    return p;
}

bool reply_quoted_ip(struct slice reply, struct slice *ip)
{
    struct slice s = reply_bare(reply);
    const char *p = s.p, *end = s.p + s.n;
    unsigned colons;
    size_t n;

    *ip = SLICE_NONE;
    if (p == end || !is_digit(*p)) /* no reply code: Postfix's own words name the remote only */
        return false;
    while (p < end) {
        if ((n = reply_ip_length(p, end)) > 0) {
            int who = whose(s, p, n);
            if (who > 0 || (who == 0 && ip->n == 0))
                *ip = slice_of(p, n);
            if (who > 0)
                break;
            p += n;
        } else if ((n = ip6_run(p, end, &colons)) > 0 && colons > 1) {
            p += n;
        } else {
            p = skip_word(p, end);
        }
    }
    return ip->n > 0;
}
