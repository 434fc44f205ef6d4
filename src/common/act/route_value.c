#include "act/route_value.h"

#include <stdio.h>

#include "base/ipnet.h"

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

bool route_name_good(struct slice name)
{
    static const char *const taken[] = {"randmap", "unix", "inet", "pipemap", "unionmap", "static"};

    if (name.n == 0 || name.n > ROUTE_NAME_MOST || name.p[0] == '-' || name.p[0] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_char(name.p[i]))
            return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (slice_ieq(name, slice_str(taken[i])))
            return false;
    return true;
}

static bool port_good(struct slice s, uint16_t *port)
{
    uint64_t n;

    if (!slice_u64(s, &n) || n == 0 || n > 65535)
        return false;
    *port = (uint16_t)n;
    return true;
}

bool route_way_good(struct slice way)
{
    const char *colon = slice_chr(way, ':');
    struct route_place place;

    if (colon == NULL || !route_name_good(slice_range(way.p, colon)))
        return false;
    struct slice rest = slice_skip(way, (size_t)(colon + 1 - way.p));
    return rest.n == 0 || (rest.p[0] == '[' && route_place_parse(rest, &place));
}

bool route_value_good(struct slice value)
{
    return route_way_good(slice_starts(value, SL("FILTER ")) ? slice_skip(value, 7) : value);
}

bool route_domain_good(struct slice domain)
{
    bool dot = false, letter = false;

    if (domain.n < 3 || domain.n > 253)
        return false;
    for (size_t i = 0; i < domain.n; i++) {
        char c = domain.p[i], before = i ? domain.p[i - 1] : '.';
        if (c == '.') {
            if (before == '.' || i + 1 == domain.n)
                return false;
            dot = true;
        } else if ((c >= 'a' && c <= 'z') || c == '_') {
            letter = true;
        } else if (!is_digit(c) && (c != '-' || before == '.')) {
            return false;
        }
    }
    return dot && letter;
}

bool route_place_parse(struct slice s, struct route_place *out)
{
    const char *colon = slice_rchr(s, ':');
    struct ipaddr ip;

    *out = (struct route_place){.port = 0};
    if (colon == NULL)
        return false;
    struct slice address = slice_range(s.p, colon);
    bool bracket = address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']';
    if (bracket)
        address = slice_of(address.p + 1, address.n - 2);
    if (!ipaddr_parse(address, &ip) || (!bracket && !ipaddr_is_v4(ip)) ||
        !port_good(slice_skip(s, (size_t)(colon + 1 - s.p)), &out->port))
        return false;
    ipaddr_text(ip, out->address);
    return true;
}

const char *route_place_text(const struct route_place *p, unsigned step, char buf[ROUTE_PLACE])
{
    snprintf(buf, ROUTE_PLACE, "[%s]:%u", p->address, p->port + step);
    return buf;
}

bool route_place_is_loopback(const struct route_place *p)
{
    struct slice address = slice_str(p->address);

    return slice_starts(address, SL("127.")) || slice_eq(address, SL("::1"));
}

bool route_place_has(const struct route_place *p, unsigned count, struct slice address,
                     uint64_t port)
{
    return p->port && slice_eq(address, slice_str(p->address)) && port >= p->port &&
           port - p->port < count;
}
