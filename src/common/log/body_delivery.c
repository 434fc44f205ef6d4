#include "log/body_parts.h"

void body_set_client(struct line *l, const struct host *h)
{
    l->f[COL_CLIENT_NAME] = h->name;
    l->f[COL_CLIENT_IP] = h->ip;
    l->x[EXTRA_CLIENT_PORT] = h->port;
}

/* The remote's own words, without Postfix's "host X[ip] said: " and "(in reply to … command)". */
static struct slice remote_words(struct slice s)
{
    static const struct slice said = SL("] said: "), refused = SL("] refused to talk to me: ");
    const char *q;

    if (!slice_starts(s, SL("host ")))
        return s;
    /* the name is DNS's and holds no space, so the first bracket closes the address */
    q = slice_chr(s, ']');
    struct slice rest = q ? slice_range(q, s.p + s.n) : SLICE_NONE;
    if (slice_starts(rest, refused))
        return slice_skip(rest, refused.n);
    if (!slice_starts(rest, said))
        return s;
    rest = slice_skip(rest, said.n);
    if (slice_ends(rest, SL(" command)")) && (q = slice_rfind(rest, SL(" (in reply to "))) != NULL)
        rest.n = (size_t)(q - rest.p);
    return rest;
}

static void relay(struct slice s, struct line *l)
{
    struct host h;

    if (!field_host(&s, &h)) {
        l->f[COL_RELAY_NAME] = s; /* none, local, virtual, a transport's name */
        return;
    }
    l->f[COL_RELAY_NAME] = h.name;
    l->f[COL_RELAY_IP] = h.ip;
    l->f[COL_RELAY_PORT] = h.port;
    l->x[EXTRA_SERVICE] = h.service;
}

/* "status=sent (text)": the last field; the text runs to the line's end. */
static bool status(struct slice s, struct line *l)
{
    const char *sp = slice_chr(s, ' ');

    l->f[COL_STATUS] = sp ? slice_range(s.p, sp) : s;
    if (sp) {
        s = slice_range(sp + 1, s.p + s.n);
        if (s.n && s.p[0] == '(')
            s = slice_skip(s, 1);
        if (s.n && s.p[s.n - 1] == ')')
            s.n--;
        l->x[EXTRA_TEXT] = s;
        l->f[COL_REPLY] = remote_words(s);
    }
    l->type = LINE_DELIVER;
    return field_is_status(l->f[COL_STATUS]);
}

/* "key=value" up to the comma; false when the value is damaged. Keys of a later Postfix are passed
 * over. */
static bool attribute(struct slice s, struct line *l)
{
    switch (s.n ? s.p[0] : 0) {
    case 'r':
        if (slice_starts(s, SL("relay=")))
            relay(slice_skip(s, 6), l);
        return true;
    case 'c':
        if (slice_starts(s, SL("conn_use=")))
            l->x[EXTRA_CONN_USE] = slice_skip(s, 9);
        return true;
    case 't':
        if (slice_starts(s, SL("tls=")))
            l->x[EXTRA_TLS] = slice_skip(s, 4);
        return true;
    case 'd':
        if (slice_starts(s, SL("delays=")))
            l->x[EXTRA_DELAYS] = slice_skip(s, 7);
        else if (slice_starts(s, SL("delay=")))
            return field_is_number(l->f[COL_DELAY] = slice_skip(s, 6));
        else if (slice_starts(s, SL("dsn=")))
            return field_is_dsn(l->f[COL_DSN] = slice_skip(s, 4));
        return true;
    default:
        return true;
    }
}

bool body_delivery(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]) || !slice_starts(s, SL("to=")))
        return false;
    s = slice_skip(s, 3);
    if (!field_address(&s, &l->f[COL_RCPT]))
        return false;
    /* What follows is Postfix's own: no value but orig_to holds a comma. */
    while (slice_starts(s, SL(", "))) {
        s = slice_skip(s, 2);
        if (slice_starts(s, SL("status=")))
            return status(slice_skip(s, 7), l);
        if (slice_starts(s, SL("orig_to="))) {
            s = slice_skip(s, 8);
            if (!field_address(&s, &l->f[COL_ORIG_RCPT]))
                return false;
            continue;
        }
        const char *comma = slice_chr(s, ',');
        struct slice v = comma ? slice_range(s.p, comma) : s;
        s = slice_skip(s, v.n);
        if (!attribute(v, l))
            return false; /* a damaged line */
    }
    return false;
}

struct slice body_queued_as(struct slice reply)
{
    const char *q = slice_rfind(reply, SL("ueued as "));

    if (q == NULL)
        return SLICE_NONE;
    struct slice s = slice_range(q + 9, reply.p + reply.n);
    size_t n = 0;
    while (n < s.n && ((unsigned char)(s.p[n] - '0') < 10 ||
                       ((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'z')))
        n++;
    s.n = n;
    return field_is_qid(s) ? s : SLICE_NONE;
}
