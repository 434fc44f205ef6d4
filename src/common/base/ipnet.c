#include "base/ipnet.h"

#include <arpa/inet.h>
#include <stdio.h>

#define V4_PREFIX UINT64_C(0xffff00000000) /* lo of ::ffff:0.0.0.0 */

static struct ipaddr from_bytes(const unsigned char b[16])
{
    struct ipaddr a = {0, 0};

    for (int i = 0; i < 8; i++) {
        a.hi = a.hi << 8 | b[i];
        a.lo = a.lo << 8 | b[i + 8];
    }
    return a;
}

static void to_bytes(struct ipaddr a, unsigned char b[16])
{
    for (int i = 7; i >= 0; i--) {
        b[i] = (unsigned char)a.hi;
        b[i + 8] = (unsigned char)a.lo;
        a.hi >>= 8;
        a.lo >>= 8;
    }
}

bool ipaddr_parse(struct slice s, struct ipaddr *out)
{
    char buf[IPADDR_TEXT];
    unsigned char b[16] = {0};

    if (s.n == 0 || s.n >= sizeof buf || memchr(s.p, 0, s.n) != NULL)
        return false;
    memcpy(buf, s.p, s.n);
    buf[s.n] = 0;
    if (slice_chr(s, ':') == NULL) {
        b[10] = b[11] = 0xff;
        if (inet_pton(AF_INET, buf, b + 12) != 1)
            return false;
    } else if (inet_pton(AF_INET6, buf, b) != 1) {
        return false;
    }
    *out = from_bytes(b);
    return true;
}

static uint64_t high_bits(unsigned n) /* 0 to 64 */
{
    return n == 0 ? 0 : ~UINT64_C(0) << (64 - n);
}

struct ipnet ipnet_of(struct ipaddr a, uint8_t bits)
{
    a.hi &= high_bits(bits > 64 ? 64 : bits);
    a.lo &= bits > 64 ? high_bits(bits - 64u) : 0;
    return (struct ipnet){a, bits};
}

const char *ipnet_parse(struct slice s, struct ipnet *out)
{
    const char *slash = slice_chr(s, '/');
    struct slice addr = slash ? slice_range(s.p, slash) : s;
    struct ipaddr a;
    uint64_t bits;

    if (!ipaddr_parse(addr, &a))
        return "not an IP address";
    bool v4 = slice_chr(addr, ':') == NULL;
    if (slash == NULL)
        bits = v4 ? 32 : 128;
    else if (!slice_u64(slice_range(slash + 1, s.p + s.n), &bits) || bits > (v4 ? 32 : 128))
        return v4 ? "the prefix length must be 0 to 32" : "the prefix length must be 0 to 128";
    *out = ipnet_of(a, (uint8_t)(v4 ? bits + 96 : bits));
    if (ipaddr_cmp(out->addr, a) != 0)
        return "address bits are set behind the prefix length";
    return NULL;
}

bool ipaddr_is_v4(struct ipaddr a)
{
    return a.hi == 0 && a.lo >> 32 == V4_PREFIX >> 32;
}

const char *ipaddr_text(struct ipaddr a, char buf[IPADDR_TEXT])
{
    unsigned char b[16];

    to_bytes(a, b);
    if (ipaddr_is_v4(a))
        inet_ntop(AF_INET, b + 12, buf, IPADDR_TEXT);
    else
        inet_ntop(AF_INET6, b, buf, IPADDR_TEXT);
    return buf;
}

const char *ipnet_text(struct ipnet n, char buf[IPNET_TEXT])
{
    unsigned bits = n.bits;

    ipaddr_text(n.addr, buf);
    if (ipaddr_is_v4(n.addr) && bits >= 96)
        bits -= 96;
    size_t len = strlen(buf);
    snprintf(buf + len, IPNET_TEXT - len, "/%u", bits);
    return buf;
}

bool ipaddr_is_private(struct ipaddr a)
{
    uint32_t v4 = (uint32_t)a.lo;

    if (ipaddr_is_v4(a))
        return v4 >> 24 == 127 || v4 >> 24 == 10 || v4 >> 20 == 0xac1 || v4 >> 16 == 0xc0a8 ||
               v4 >> 16 == 0xa9fe || v4 >> 24 == 0;
    return (a.hi == 0 && a.lo <= 1) || a.hi >> 54 == 0xfe80 >> 6 || a.hi >> 57 == 0xfc >> 1;
}

bool ipnet_has(struct ipnet n, struct ipaddr a)
{
    return ipaddr_cmp(ipnet_of(a, n.bits).addr, n.addr) == 0;
}

bool ipnet_covers(struct ipnet outer, struct ipnet inner)
{
    return outer.bits <= inner.bits && ipnet_has(outer, inner.addr);
}

struct ipaddr ipnet_last(struct ipnet n)
{
    struct ipaddr a = n.addr;

    a.hi |= ~high_bits(n.bits > 64 ? 64 : n.bits);
    a.lo |= n.bits > 64 ? ~high_bits(n.bits - 64u) : ~UINT64_C(0);
    return a;
}

int ipaddr_cmp(struct ipaddr a, struct ipaddr b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

int ipnet_cmp(struct ipnet a, struct ipnet b)
{
    int c = ipaddr_cmp(a.addr, b.addr);

    return c ? c : (int)a.bits - (int)b.bits;
}
