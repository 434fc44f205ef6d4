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

struct key {
    struct slice name;
    int column, extra;
};

static const struct key keys[] = {
    {SL("delay="), COL_DELAY, -1},
    {SL("delays="), -1, EXTRA_DELAYS},
    {SL("dsn="), COL_DSN, -1},
    {SL("relay="), COL_RELAY_NAME, -1},
    {SL("conn_use="), -1, EXTRA_CONN_USE},
    {SL("tls="), -1, EXTRA_TLS},
};

static const struct key *key_of(struct slice s)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (slice_starts(s, keys[i].name))
            return &keys[i];
    return NULL;
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
        const struct key *k = key_of(s);
        const char *comma = slice_chr(s, ',');
        struct slice v = comma ? slice_range(s.p, comma) : s;
        s = slice_skip(s, v.n);
        if (k == NULL)
            continue; /* a field of a later Postfix */
        v = slice_skip(v, k->name.n);
        if (k->column == COL_RELAY_NAME)
            relay(v, l);
        else if (k->column == COL_DELAY ? !field_is_number(v)
                                        : k->column == COL_DSN && !field_is_dsn(v))
            return false; /* a damaged line */
        else if (k->column >= 0)
            l->f[k->column] = v;
        else
            l->x[k->extra] = v;
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
