/* What a delivery says: the code, which of our addresses it left by, and where it went. */
#include <ctype.h>

#include "act/provblock_parts.h"
#include "judge/reply_ip.h"

/* The code and, if there is one, the enhanced code that the reply begins with. */
struct slice provblock_code(struct slice reply)
{
    size_t n = 3;

    if (reply.n < 3 || !is_digit(reply.p[0]) || !is_digit(reply.p[1]) || !is_digit(reply.p[2]))
        return SLICE_NONE;
    if (reply.n > 4 && is_digit(reply.p[4])) {
        size_t dots = 0, i = 4;
        for (; i < reply.n && i < 16 && (is_digit(reply.p[i]) || reply.p[i] == '.'); i++)
            dots += reply.p[i] == '.';
        if (dots == 2 && (i == reply.n || reply.p[i] == ' '))
            n = i;
    }
    return slice_of(reply.p, n);
}

static bool is_ours(const struct provblock *p, struct slice s, struct ipaddr *out)
{
    if (!ipaddr_parse(s, out))
        return false;
    for (size_t i = 0; i < p->o.ours_n; i++)
        if (ipaddr_cmp(p->o.ours[i], *out) == 0)
            return true;
    return false;
}

/* The only one of that family that we have. */
static bool only_one(const struct provblock *p, struct slice relay, struct ipaddr *out)
{
    struct ipaddr remote;
    unsigned n = 0;
    bool any = !ipaddr_parse(relay, &remote);

    for (size_t i = 0; i < p->o.ours_n; i++) {
        if (!any && ipaddr_is_v4(p->o.ours[i]) != ipaddr_is_v4(remote))
            continue;
        *out = p->o.ours[i];
        n++;
    }
    return n == 1;
}

bool provblock_outbound(const struct provblock *p, const struct record *r, bool refused,
                        char buf[IPADDR_TEXT])
{
    struct ipaddr a;
    struct slice quoted;
    bool quotes = refused && reply_quoted_ip(r->f[COL_REPLY], &quoted);

    if (!is_ours(p, r->f[COL_OUTBOUND_IP], &a) && !(quotes && is_ours(p, quoted, &a)) &&
        (quotes || !only_one(p, r->f[COL_RELAY_IP], &a)))
        return false; /* also when it speaks of another address than ours */
    ipaddr_text(a, buf);
    return true;
}

struct slice provblock_lower(struct slice s, char buf[NAME_MOST + 1])
{
    size_t n = s.n > NAME_MOST ? NAME_MOST : s.n;

    for (size_t i = 0; i < n; i++)
        buf[i] = (char)tolower((unsigned char)s.p[i]);
    return slice_of(buf, n);
}

/* `@ID` of the provider that answered, else the recipient's domain. */
struct slice provblock_place(const struct record *r, const struct provider *at,
                             char buf[NAME_MOST + 1])
{
    const char *sign = slice_rchr(r->f[COL_RCPT], '@');

    if (at && at->id.n < NAME_MOST) {
        buf[0] = '@';
        memcpy(buf + 1, at->id.p, at->id.n);
        return slice_of(buf, at->id.n + 1);
    }
    return sign ? provblock_lower(slice_range(sign + 1, r->f[COL_RCPT].p + r->f[COL_RCPT].n), buf)
                : SLICE_NONE;
}
