/* The names that are asked for, and what the codes in an answer say: no network here. */
#include <stdio.h>

#include "act/dnsbl.h"

#define KEY_LABEL SL("KEY")
#define LABEL_MAX 63u

/* A name being written; n stays below DNSBL_NAME - 2 (RFC 1035 section 2.3.4: 253 as text). */
struct name {
    char *p;
    size_t n;
    bool bad;
};

static bool is_label(struct slice s)
{
    if (s.n == 0 || s.n > LABEL_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)(s.p[i] | 0x20);
        if (!(c >= 'a' && c <= 'z') && !is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    }
    return true;
}

static void add_label(struct name *n, struct slice label)
{
    size_t dot = n->n > 0;

    if (n->bad || !is_label(label) || n->n + dot + label.n > DNSBL_NAME - 3) {
        n->bad = true;
        return;
    }
    if (dot)
        n->p[n->n++] = '.';
    memcpy(n->p + n->n, label.p, label.n);
    n->n += label.n;
    n->p[n->n] = '\0';
}

static void add_number(struct name *n, const char *fmt, unsigned v)
{
    char buf[12];

    add_label(n, slice_of(buf, (size_t)snprintf(buf, sizeof buf, fmt, v)));
}

static void add_address(struct name *n, struct ipaddr a, bool v6)
{
    if (!v6) {
        for (unsigned i = 0; i < 4; i++)
            add_number(n, "%u", (unsigned)(a.lo >> 8 * i) & 255);
        return;
    }
    for (unsigned i = 0; i < 32; i++)
        add_number(n, "%x", (unsigned)((i < 16 ? a.lo : a.hi) >> 4 * (i % 16)) & 15);
}

/* The zone's labels; the one that stands for the key becomes the key, or nothing for drop. A final
 * dot is dropped. */
static void add_zone(struct name *n, const struct zone *z, struct slice key, bool drop)
{
    struct slice left = z->zone;
    bool keyed = false;

    if (left.n && left.p[left.n - 1] == '.')
        left.n--;
    for (bool more = true; more;) {
        const char *dot = slice_chr(left, '.');
        struct slice label = dot ? slice_range(left.p, dot) : left;
        bool here = z->keyed && slice_eq(label, KEY_LABEL);
        keyed |= here;
        if (!here || !drop)
            add_label(n, here ? key : label);
        more = dot != NULL;
        left = slice_skip(left, label.n + 1);
    }
    n->bad |= z->keyed && !keyed;
}

bool dnsbl_name(char buf[DNSBL_NAME], const struct zone *z, struct slice key, struct ipaddr a,
                bool v6)
{
    struct name n = {.p = buf};

    buf[0] = '\0';
    add_address(&n, a, v6);
    add_zone(&n, z, key, false);
    return !n.bad && (!z->keyed || key.n >= DNSBL_KEY_MIN);
}

const char *dnsbl_zone_name(char buf[DNSBL_NAME], const struct zone *z)
{
    struct name n = {.p = buf};

    buf[0] = '\0';
    add_zone(&n, z, SLICE_NONE, true);
    return buf;
}

size_t dnsbl_scrub(char *p, size_t n, struct slice secret)
{
    size_t to = 0;

    if (secret.n < DNSBL_KEY_MIN)
        return n;
    for (size_t i = 0; i < n;) {
        if (n - i >= secret.n && strncasecmp(p + i, secret.p, secret.n) == 0) {
            memcpy(p + to, KEY_LABEL.p, KEY_LABEL.n);
            to += KEY_LABEL.n;
            i += secret.n;
        } else {
            p[to++] = p[i++];
        }
    }
    return to;
}

bool dnsbl_resolver(const char *s, char buf[DNSBL_RESOLVER])
{
    struct slice host = slice_str(s), port = SLICE_NONE;
    const char *end;
    struct ipaddr a;
    uint64_t number = 53;
    char text[IPADDR_TEXT];

    if (host.n && host.p[0] == '[') {
        end = slice_chr(host, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        port = end[1] ? slice_str(end + 2) : SLICE_NONE;
        if (end[1] && port.n == 0)
            return false;
        host = slice_range(host.p + 1, end);
        if (slice_chr(host, ':') == NULL)
            return false;
    } else if ((end = slice_chr(host, ':')) != NULL && end == slice_rchr(host, ':')) {
        port = slice_str(end + 1);
        if (port.n == 0)
            return false;
        host = slice_range(host.p, end);
    }
    if (!ipaddr_parse(host, &a) || (port.n && !slice_u64(port, &number)) || number == 0 ||
        number > 65535)
        return false;
    ipaddr_text(a, text);
    snprintf(buf, DNSBL_RESOLVER, ipaddr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, (unsigned)number);
    return true;
}

const struct zone_code *dnsbl_code(const struct zone *z, uint32_t code)
{
    for (unsigned i = 0; i < z->codes; i++) {
        if (code >= z->code[i].first && code <= z->code[i].last)
            return &z->code[i];
    }
    return NULL;
}

/* Outside and errors before everything: such an answer isn't the list's word on the address. */
enum dnsbl_verdict dnsbl_read(const struct zone *z, const uint32_t *code, unsigned n,
                              enum dnsbl_reason *why, const struct zone_code **by)
{
    bool outside = false, error = false, unknown = false;

    *by = NULL;
    for (unsigned i = 0; i < n; i++) {
        const struct zone_code *c = dnsbl_code(z, code[i]);
        outside |= code[i] >> 24 != 127;
        error |= code[i] >> 8 == 0x7fffff;
        unknown |= c == NULL;
        if (*by == NULL && c && c->listed)
            *by = c;
    }
    *why = n == 0                   ? DNSBL_BAD_ANSWER
           : outside                ? DNSBL_OUTSIDE
           : error                  ? DNSBL_ERROR_CODE
           : unknown && *by == NULL ? DNSBL_UNKNOWN_CODE
                                    : DNSBL_FINE;
    if (*why != DNSBL_FINE) {
        *by = NULL;
        return DNSBL_CANNOT_TELL;
    }
    return *by ? DNSBL_LISTED : DNSBL_NOT_LISTED;
}

const char *dnsbl_reason_text(enum dnsbl_reason reason)
{
    static const char *const text[] = {
        [DNSBL_FINE] = "its test went well",
        [DNSBL_NO_TEST_ENTRY] = "no answer: its test entry 127.0.0.2 isn't listed",
        [DNSBL_WILDCARD] = "it lists everything: its entry 127.0.0.1 must not be listed",
        [DNSBL_ERROR_CODE] = "it answered an error code of 127.255.255.0/24",
        [DNSBL_OUTSIDE] = "it answered an address outside 127.0.0.0/8",
        [DNSBL_UNKNOWN_CODE] = "it answered a code of unknown meaning",
        [DNSBL_BAD_ANSWER] = "its answer has no address or can't be read",
        [DNSBL_SERVFAIL] = "the resolver failed (SERVFAIL)",
        [DNSBL_REFUSED] = "the resolver refused to answer",
        [DNSBL_TIME_OUT] = "no answer in time",
        [DNSBL_UNREACHABLE] = "the resolver can't be reached",
        [DNSBL_NO_TIME] = "the time for all questions was up",
        [DNSBL_NO_KEY] = "it needs a key",
    };
    return text[reason];
}
