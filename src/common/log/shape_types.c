#include "log/shape_parts.h"

#include "log/field.h"

int type_of(struct slice name)
{
    static const char *const names[] = {"num",   "dec",  "ip",    "qid", "word",
                                        "token", "path", "paths", "rest"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_eq(name, slice_str(names[i])))
            return (int)i;
    return -1;
}

/* What ends a word (1) and a token (2). */
static const unsigned char stops[256] = {
    ['\0'] = 3, ['\t'] = 3, ['\n'] = 3, ['\r'] = 3, [' '] = 3, [','] = 3,
    ['<'] = 3,  ['>'] = 3,  [';'] = 1,  [':'] = 1,  ['('] = 1, [')'] = 1,
    ['['] = 1,  [']'] = 1,  ['{'] = 1,  ['}'] = 1,  ['"'] = 1, ['\''] = 1};

static const char *word_end(const char *p, const char *end, unsigned char stop)
{
    const char *q = p;

    while (q < end && !(stops[(unsigned char)*q] & stop))
        q++;
    return q > p ? q : NULL;
}

static const char *digits_end(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && is_digit(*q))
        q++;
    return q > p ? q : NULL;
}

static const char *dec_end(const char *p, const char *end)
{
    const char *q = p, *digits = NULL;

    if (q < end && (*q == '-' || *q == '+'))
        q++;
    for (; q < end && (is_digit(*q) || *q == '.'); q++)
        if (is_digit(*q))
            digits = q;
    if (digits == NULL)
        return NULL;
    if (q + 1 < end && *q == 'e' && (is_digit(q[1]) || q[1] == '-')) {
        const char *e = digits_end(q + (q[1] == '-' ? 2 : 1), end);
        if (e != NULL)
            q = e;
    }
    return q;
}

static bool is_ipv4(const char *p, const char *end)
{
    for (int octets = 1;; octets++) {
        const char *q = digits_end(p, end);
        if (q == NULL || q - p > 3 || (q - p == 3 && memcmp(p, "255", 3) > 0))
            return false;
        if (q == end)
            return octets == 4;
        if (*q != '.')
            return false;
        p = q + 1;
    }
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 4291, section 2.2. */
static bool is_ipv6(const char *p, const char *end)
{
    int groups = 0;
    bool gap = false;

    while (p < end) {
        const char *q = p;
        if (*p == ':') {
            if (p + 1 == end || p[1] != ':' || gap) /* one colon at the start or two gaps */
                return false;
            gap = true;
            p += 2;
            continue;
        }
        while (q < end && is_hex(*q))
            q++;
        if (q < end && *q == '.')
            return is_ipv4(p, end) && (groups += 2) <= 8 && (gap || groups == 8);
        if (q - p > 4 || q == p)
            return false;
        groups++;
        if (q == end)
            break;
        if (*q != ':' || q + 1 == end)
            return false;
        p = q[1] == ':' ? q : q + 1;
    }
    return gap ? groups < 8 : groups == 8;
}

/* A colon behind an address isn't its own, unless there are two. */
static const char *ip_end(const char *p, const char *end)
{
    const char *q = p, *zone;

    if (end - p >= 7 && memcmp(p, "unknown", 7) == 0)
        return p + 7;
    while (q < end && q - p < 16 && (is_digit(*q) || *q == '.'))
        q++;
    if (is_ipv4(p, q))
        return q;
    while (q < end && q - p < 48 && (is_hex(*q) || *q == '.' || *q == ':'))
        q++;
    if (q - p > 2 && q[-1] == ':' && q[-2] != ':')
        q--;
    if (!is_ipv6(p, q))
        return NULL;
    if (q < end && *q == '%' && (zone = word_end(q + 1, end, 1)) != NULL)
        return zone; /* fe80::1%eth0 */
    return q;
}

static const char *qid_end(const char *p, const char *end)
{
    const char *q = p;

    while (q < end && q - p <= 32 && (is_digit(*q) || (unsigned char)((*q | 0x20) - 'a') < 26))
        q++;
    return field_is_qid(slice_range(p, q)) ? q : NULL;
}

static const char *path_end(const char *p, const char *end)
{
    if (p < end && *p == '"') {
        for (p++; p < end && *p != '"'; p++)
            if (*p == '\\')
                p++;
        if (p++ >= end)
            return NULL;
    }
    while (p < end && *p != '>' && *p != ' ')
        p++;
    return p;
}

static const char *paths_end(const char *p, const char *end)
{
    while (end - p > 2 && p[0] == ',' && p[1] == '<') {
        const char *q = path_end(p + 2, end);
        if (q == NULL || q == end || *q != '>')
            break;
        p = q + 1;
    }
    return p;
}

const char *type_run(enum type type, const char *p, const char *end)
{
    if (end - p > RUN_MAX && type != TYPE_PATHS)
        end = p + RUN_MAX;
    switch (type) {
    case TYPE_NUM:
        return digits_end(p, end);
    case TYPE_DEC:
        return dec_end(p, end);
    case TYPE_IP:
        return ip_end(p, end);
    case TYPE_QID:
        return qid_end(p, end);
    case TYPE_WORD:
        return word_end(p, end, 1);
    case TYPE_TOKEN:
        return word_end(p, end, 2);
    case TYPE_PATH:
        return path_end(p, end);
    case TYPE_PATHS:
        return paths_end(p, end);
    case TYPE_REST:
        return p;
    }
    return NULL;
}

bool type_takes(enum type type, char c)
{
    switch (type) {
    case TYPE_NUM:
    case TYPE_DEC:
        return is_digit(c);
    case TYPE_WORD:
        return !(stops[(unsigned char)c] & 1);
    case TYPE_TOKEN:
        return !(stops[(unsigned char)c] & 2);
    case TYPE_PATH:
        return c != '>' && c != ' ';
    default:
        return false;
    }
}
