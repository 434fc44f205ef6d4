#include "log/body.h"

#include "log/body_parts.h"
#include "log/field.h"

enum daemon body_daemon(struct slice name)
{
    static const struct {
        const char *name;
        enum daemon daemon;
    } table[] = {
        {"smtpd", DAEMON_SMTPD},
        {"cleanup", DAEMON_CLEANUP},
        {"qmgr", DAEMON_QMGR},
        {"nqmgr", DAEMON_QMGR},
        {"oqmgr", DAEMON_QMGR},
        {"smtp", DAEMON_DELIVERY},
        {"lmtp", DAEMON_DELIVERY},
        {"local", DAEMON_DELIVERY},
        {"virtual", DAEMON_DELIVERY},
        {"pipe", DAEMON_DELIVERY},
        {"error", DAEMON_DELIVERY},
        {"discard", DAEMON_DELIVERY},
        {"retry", DAEMON_DELIVERY},
        {"relay", DAEMON_DELIVERY},
        {"pickup", DAEMON_PICKUP},
        {"bounce", DAEMON_BOUNCE},
        {"defer", DAEMON_BOUNCE},
        {"trace", DAEMON_BOUNCE},
        {"postscreen", DAEMON_POSTSCREEN},
        {"postsuper", DAEMON_POSTSUPER},
        {"anvil", DAEMON_POSTFIX},
        {"dnsblog", DAEMON_POSTFIX},
        {"flush", DAEMON_POSTFIX},
        {"master", DAEMON_POSTFIX},
        {"postalias", DAEMON_POSTFIX},
        {"postdrop", DAEMON_POSTFIX},
        {"postfix-script", DAEMON_POSTFIX},
        {"postlog", DAEMON_POSTFIX},
        {"postlogd", DAEMON_POSTFIX},
        {"postmap", DAEMON_POSTFIX},
        {"postqueue", DAEMON_POSTFIX},
        {"proxymap", DAEMON_POSTFIX},
        {"qmqpd", DAEMON_SMTPD},
        {"scache", DAEMON_POSTFIX},
        {"sendmail", DAEMON_POSTFIX},
        {"showq", DAEMON_POSTFIX},
        {"spawn", DAEMON_POSTFIX},
        {"tlsmgr", DAEMON_POSTFIX},
        {"tlsproxy", DAEMON_POSTFIX},
        {"trivial-rewrite", DAEMON_POSTFIX},
        {"verify", DAEMON_POSTFIX},
        {"proxywrite", DAEMON_POSTFIX},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (slice_eq(name, slice_str(table[i].name)))
            return table[i].daemon;
    return DAEMON_OTHER;
}

/* The values behind client=NAME[IP]. sasl_sender is the client's own word (AUTH= of RFC 4954) and
 * may hold anything, so nothing behind it is believed; XFORWARD's fields never come with one. */
static void client_attributes(struct slice rest, struct line *l)
{
    static const struct {
        struct slice key;
        int column, extra;
    } keys[] = {{SL(", sasl_method="), -1, EXTRA_SASL_METHOD},
                {SL(", sasl_username="), COL_SASL_USER, -1},
                {SL(", sasl_sender="), -1, EXTRA_SASL_SENDER},
                {SL(", orig_queue_id="), -1, EXTRA_ORIG_QUEUE_ID},
                {SL(", orig_client="), -1, EXTRA_ORIG_CLIENT}};
    const size_t count = sizeof keys / sizeof *keys;

    for (size_t i = 0; i < count; i++) {
        if (!slice_starts(rest, keys[i].key))
            continue;
        rest = slice_skip(rest, keys[i].key.n);
        const char *stop = rest.p + rest.n;
        for (size_t k = i + 1; keys[i].extra != EXTRA_SASL_SENDER && k < count; k++) {
            const char *q = slice_find(slice_range(rest.p, stop), keys[k].key);
            stop = q ? q : stop;
        }
        struct slice v = slice_range(rest.p, stop);
        if (keys[i].column >= 0)
            l->f[keys[i].column] = v;
        else
            l->x[keys[i].extra] = v;
        rest = slice_range(stop, rest.p + rest.n);
    }
}

static bool client_line(struct slice s, struct line *l)
{
    struct host h;

    if (!field_host(&s, &h))
        return false;
    l->type = LINE_CLIENT;
    body_set_client(l, &h);
    client_attributes(s, l);
    return true;
}

/* "connect from NAME[IP]", "disconnect from NAME[IP] ehlo=1 auth=0/1 … commands=2/3". */
static bool connect_line(struct slice s, enum line_type type, struct line *l)
{
    struct host h;

    if (!field_host(&s, &h) || (type == LINE_CONNECT && s.n))
        return false;
    l->type = type;
    body_set_client(l, &h);
    if (s.n && s.p[0] == ' ')
        l->x[EXTRA_COMMANDS] = slice_skip(s, 1);
    return true;
}

/* "warning: NAME[IP]: SASL LOGIN authentication failed: reason, sasl_username=user". */
static bool auth_fail_line(struct slice s, struct line *l)
{
    struct host h;

    if (!field_host(&s, &h) || !slice_starts(s, SL(": SASL ")))
        return false;
    s = slice_skip(s, 7);
    const char *sp = slice_chr(s, ' ');
    if (sp == NULL)
        return false;
    struct slice method = slice_range(s.p, sp);
    s = slice_range(sp, s.p + s.n);
    if (!slice_starts(s, SL(" authentication failed")))
        return false;
    s = slice_skip(s, 22);
    s = slice_skip(s, slice_starts(s, SL(": ")) ? 2 : s.n && s.p[0] == ':' ? 1 : 0);
    body_set_client(l, &h);
    l->type = LINE_AUTH_FAIL;
    l->x[EXTRA_SASL_METHOD] = method;
    /* the login is the stranger's word: it is what follows the first mark, whatever it holds; the
     * reason is the SASL library's or the server's */
    const char *user = slice_find(s, SL(", sasl_username="));
    if (user) {
        l->f[COL_SASL_USER] = slice_range(user + 16, s.p + s.n);
        s = slice_range(s.p, user);
    }
    l->x[EXTRA_TEXT] = l->f[COL_REPLY] = s;
    return true;
}

static bool smtpd_line(struct slice s, struct line *l)
{
    if (field_qid(&s, &l->f[COL_QID])) {
        l->noqueue = l->f[COL_QID].n == 0;
        if (slice_starts(s, SL("client=")))
            return client_line(slice_skip(s, 7), l);
        return body_action(s, l);
    }
    if (slice_starts(s, SL("connect from ")))
        return connect_line(slice_skip(s, 13), LINE_CONNECT, l);
    if (slice_starts(s, SL("disconnect from ")))
        return connect_line(slice_skip(s, 16), LINE_DISCONNECT, l);
    if (slice_starts(s, SL("warning: ")))
        return auth_fail_line(slice_skip(s, 9), l);
    if (slice_starts(s, SL("proxy-")) ||
        slice_starts(s, SL("reject: "))) /* as Postfix 1 wrote it */
        return body_action(s, l);
    return false;
}

/* Without its brackets when that is all there is to it; a stranger's odd one stays as it is. */
static struct slice message_id(struct slice s)
{
    if (s.n > 2 && s.p[0] == '<' && s.p[s.n - 1] == '>') {
        struct slice in = slice_of(s.p + 1, s.n - 2);
        if (!slice_chr(in, '<') && !slice_chr(in, '>') && !slice_chr(in, ' '))
            return in;
    }
    return s;
}

static bool cleanup_line(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]))
        return false;
    if (slice_starts(s, SL("message-id="))) {
        l->type = LINE_MSGID;
        l->f[COL_MSGID] = message_id(slice_skip(s, 11));
        return true;
    }
    return body_action(s, l);
}

/* qmgr writes what follows the sender, so the sender ends at the last ">, size=". */
static bool qmgr_line(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]))
        return false;
    if (slice_eq(s, SL("removed"))) {
        l->type = LINE_REMOVED;
        return true;
    }
    if (!slice_starts(s, SL("from=")))
        return false;
    s = slice_skip(s, 5);
    struct slice sender = s;
    if (slice_ends(s, SL(", returned to sender"))) {
        const char *q = slice_rfind(s, SL(", status="));
        if (q == NULL)
            return false;
        l->type = LINE_EXPIRED;
        l->f[COL_STATUS] = slice_range(q + 9, s.p + s.n - 20);
        if (!field_is_status(l->f[COL_STATUS]))
            return false;
        l->f[COL_REPLY] = SL("returned to sender");
        sender = slice_range(s.p, q);
    } else {
        const char *size = slice_rfind(s, SL(", size=")), *nrcpt;
        if (size == NULL)
            return false;
        struct slice rest = slice_range(size + 7, s.p + s.n);
        if ((nrcpt = slice_find(rest, SL(", nrcpt="))) == NULL)
            return false;
        l->type = LINE_ACTIVE;
        l->f[COL_SIZE] = slice_range(rest.p, nrcpt);
        struct slice n = slice_range(nrcpt + 8, s.p + s.n);
        const char *sp = slice_chr(n, ' ');
        l->f[COL_NRCPT] = sp ? slice_range(n.p, sp) : n;
        uint64_t number;
        if (!slice_u64(l->f[COL_SIZE], &number) || !slice_u64(l->f[COL_NRCPT], &number))
            return false; /* a damaged line */
        sender = slice_range(s.p, size);
    }
    if (sender.n >= 2 && sender.p[0] == '<' && sender.p[sender.n - 1] == '>')
        sender = slice_of(sender.p + 1, sender.n - 2);
    l->f[COL_SENDER] = field_sender(sender);
    return true;
}

/* "uid=0 from=<root>[ orig_id=OLD]": the sender's bytes are a local user's. */
static bool pickup_line(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]) || !slice_starts(s, SL("uid=")))
        return false;
    const char *from = slice_find(s, SL(" from="));
    if (from == NULL)
        return false;
    l->type = LINE_PICKUP;
    l->x[EXTRA_UID] = slice_range(s.p + 4, from);
    s = slice_range(from + 6, s.p + s.n);
    const char *orig = slice_rfind(s, SL("> orig_id="));
    if (orig && field_is_qid(slice_range(orig + 10, s.p + s.n))) {
        l->x[EXTRA_ORIG_QUEUE_ID] = slice_range(orig + 10, s.p + s.n);
        s.n = (size_t)(orig + 1 - s.p);
    }
    if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
        s = slice_of(s.p + 1, s.n - 2);
    l->f[COL_SENDER] = field_sender(s);
    return true;
}

/* "sender non-delivery notification: QID", also postmaster's, delay and success notices. */
static bool bounce_line(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]))
        return false;
    const char *q = slice_find(s, SL(" notification: "));
    if (q == NULL || !field_is_qid(slice_range(q + 15, s.p + s.n)))
        return false;
    l->type = LINE_NOTICE;
    l->x[EXTRA_CHILD] = slice_range(q + 15, s.p + s.n);
    const char *sp = slice_chr(s, ' ');
    l->x[EXTRA_NOTICE_TO] = slice_range(s.p, sp < q ? sp : q);
    l->x[EXTRA_NOTICE] = sp < q ? slice_range(sp + 1, q) : SLICE_NONE;
    return true;
}

static bool postsuper_line(struct slice s, struct line *l)
{
    if (!field_qid(&s, &l->f[COL_QID]))
        return false;
    if (slice_eq(s, SL("removed")))
        l->type = LINE_REMOVED;
    else if (slice_eq(s, SL("placed on hold")))
        l->type = LINE_HELD;
    l->x[EXTRA_ACTION] = s;
    return l->type != LINE_OTHER;
}

bool body_parse(enum daemon d, struct slice text, struct line *l)
{
    switch (d) {
    case DAEMON_SMTPD:
        return smtpd_line(text, l);
    case DAEMON_CLEANUP:
        return cleanup_line(text, l);
    case DAEMON_QMGR:
        return qmgr_line(text, l);
    case DAEMON_DELIVERY:
        return body_delivery(text, l);
    case DAEMON_PICKUP:
        return pickup_line(text, l);
    case DAEMON_BOUNCE:
        return bounce_line(text, l) || body_delivery(text, l);
    case DAEMON_POSTSCREEN: /* takes no mail in: it has no queue id */
        l->noqueue = true;
        return field_qid(&text, &l->f[COL_QID]) && l->f[COL_QID].n == 0 && body_action(text, l);
    case DAEMON_POSTSUPER:
        return postsuper_line(text, l);
    case DAEMON_POSTFIX:
        return body_delivery(text, l); /* a clone of an agent under another name */
    case DAEMON_OTHER:
    case DAEMON_COUNT:
        break;
    }
    return false;
}

static void fact(struct facts *facts, const char *name, struct slice value)
{
    if (value.p != NULL && facts->n < FACTS_MAX)
        facts->f[facts->n++] = (struct fact){slice_str(name), value};
}

void body_facts(const struct line *l, struct facts *facts)
{
    static const char *const extras[EXTRA_COUNT] = {[EXTRA_ACTION] = "action",
                                                    [EXTRA_STAGE] = "stage",
                                                    [EXTRA_PROTO] = "proto",
                                                    [EXTRA_CLIENT_PORT] = "client_port",
                                                    [EXTRA_SASL_METHOD] = "sasl_method",
                                                    [EXTRA_SASL_SENDER] = "sasl_sender",
                                                    [EXTRA_ORIG_QUEUE_ID] = "orig_queue_id",
                                                    [EXTRA_ORIG_CLIENT] = "orig_client",
                                                    [EXTRA_CHILD] = "child",
                                                    [EXTRA_NOTICE_TO] = "notice_to",
                                                    [EXTRA_NOTICE] = "notice",
                                                    [EXTRA_DELAYS] = "delays",
                                                    [EXTRA_TLS] = "tls",
                                                    [EXTRA_CONN_USE] = "conn_use",
                                                    [EXTRA_SERVICE] = "service",
                                                    [EXTRA_COMMANDS] = "commands",
                                                    [EXTRA_UID] = "uid",
                                                    [EXTRA_TEXT] = "text",
                                                    [EXTRA_RESULT] = "result"};
    static const char *const shapes[] = {
        "",         "client", "message-id", "pickup",  "queued",     "expired",      "removed",
        "delivery", "notice", "action",     "connect", "disconnect", "SASL failure", "held"};

    bool subject = l->type == LINE_ACTION && l->f[COL_SUBJECT].p;
    *facts = (struct facts){.shape = subject ? SL("subject") : slice_str(shapes[l->type])};
    for (unsigned c = 0; c < COL_COUNT; c++)
        fact(facts, record_column_name(c).p, l->f[c]);
    for (unsigned x = 0; x < EXTRA_COUNT; x++)
        fact(facts, extras[x], l->x[x]);
}
