#include "log/body_parts.h"

#define HEADER_MAX 200u /* bytes of a header that cleanup(8) logs; it cuts within characters */

/* What smtpd(8), postscreen(8), cleanup(8) and header_checks(5) can say they did. */
static bool is_action(struct slice s)
{
    static const char *const actions[] = {"reject",
                                          "reject_warning",
                                          "milter-reject",
                                          "milter-hold",
                                          "milter-discard",
                                          "hold",
                                          "discard",
                                          "filter",
                                          "warn",
                                          "warning",
                                          "info",
                                          "redirect",
                                          "bcc",
                                          "prepend",
                                          "replace",
                                          "delay",
                                          "proxy-reject",
                                          "proxy-accept",
                                          "ignore",
                                          "strip",
                                          "milter-header-redirect",
                                          "header-redirect",
                                          "trace",
                                          "permit",
                                          "milter-quarantine",
                                          "quarantine",
                                          "accept",
                                          "tempfail",
                                          "milter-accept",
                                          "defer_warning",
                                          "defer",
                                          "warn_if_reject"};

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (slice_eq(s, slice_str(actions[i])))
            return true;
    return slice_starts(s, SL("milter-"));
}

/* smtpd(8) leaves blanks in a HELO and makes ? of its brackets: so the last mark is the right one.
 */
static bool take_helo(struct slice *s, struct slice *helo)
{
    const char *q = s->n && s->p[s->n - 1] == '>' ? slice_rfind(*s, SL("helo=<")) : NULL;

    if (q == NULL || q == s->p || q[-1] != ' ')
        return false;
    *helo = slice_range(q + 6, s->p + s->n - 1);
    if (slice_chr(*helo, '>'))
        return false;
    s->n = (size_t)(q - s->p);
    while (s->n && (s->p[s->n - 1] == ' ' || s->p[s->n - 1] == ','))
        s->n--;
    return true;
}

/* Takes helo, proto, to and from off the end of s, in that order; they have to stand behind a
 * semicolon, else nothing is taken: words of the reply are not the envelope. */
static void envelope(struct slice *s, struct line *l)
{
    struct slice rest = *s, helo = SLICE_NONE, proto = SLICE_NONE, to = SLICE_NONE,
                 from = SLICE_NONE, login = SLICE_NONE, method = SLICE_NONE;
    bool have_from, have_to;

    if (!take_helo(&rest, &helo)) {
        /* later versions tell the login behind the HELO, which can't hold a bracket */
        if (!field_tail(&rest, SL("sasl_username=<"), &login))
            field_tail(&rest, SL("sasl_username="), &login);
        field_tail(&rest, SL("sasl_method="), &method);
        if (!take_helo(&rest, &helo) && slice_ends(rest, SL(" helo=")))
            rest.n -= 6; /* a client that said no HELO; or the line is cut there */
    }
    field_tail(&rest, SL("proto="), &proto);
    have_to = field_tail(&rest, SL("to=<"), &to);
    have_from = field_tail(&rest, SL("from=<"), &from);
    if (rest.n == s->n || rest.n == 0 || rest.p[rest.n - 1] != ';')
        return;
    rest.n--;
    *s = rest;
    l->f[COL_HELO] = helo;
    l->f[COL_SASL_USER] = login;
    l->x[EXTRA_SASL_METHOD] = method;
    l->x[EXTRA_PROTO] = proto;
    if (have_to)
        l->f[COL_RCPT] = field_sender(to);
    if (have_from)
        l->f[COL_SENDER] = field_sender(from);
}

/* "5.7.1" or "554 5.7.1" at the start of a reply. */
static struct slice dsn_of(struct slice s)
{
    if (s.n > 4 && is_digit(s.p[0]) && is_digit(s.p[1]) && is_digit(s.p[2]) &&
        (s.p[3] == ' ' || s.p[3] == '-'))
        s = slice_skip(s, 4);
    const char *sp = slice_chr(s, ' ');
    struct slice dsn = sp ? slice_range(s.p, sp) : s;
    return field_is_dsn(dsn) ? dsn : SLICE_NONE;
}

static void reply(struct slice s, struct line *l)
{
    l->f[COL_REPLY] = s;
    l->f[COL_DSN] = dsn_of(s);
}

/* "RCPT from NAME[IP]: 554 5.7.1 …": the stage is Postfix's word, the name is DNS's. */
static bool stage_from(struct slice s, struct line *l)
{
    const char *from = slice_find(s, SL(" from "));
    struct host h;

    if (from == NULL)
        return false;
    l->x[EXTRA_STAGE] = slice_range(s.p, from);
    s = slice_range(from + 6, s.p + s.n);
    if (slice_starts(s, SL("local")))
        s = slice_skip(s, 5);
    else if (field_host(&s, &h))
        body_set_client(l, &h);
    else
        return false;
    if (slice_starts(s, SL(": ")))
        s = slice_skip(s, 2);
    else if (s.n && s.p[0] == ':')
        s = slice_skip(s, 1);
    reply(s, l);
    return true;
}

/* Takes the envelope off cleanup's line, and what stands behind it, the operator's text. The header
 * is the stranger's and may hold a whole such line, so the last envelope counts. A line that was
 * cut in its own shows that by its client or sender behind a forged one: then nothing is taken. */
static struct slice content_envelope(struct slice *s, struct line *l)
{
    struct slice head = *s, after = SLICE_NONE;
    const char *q;

    do {
        size_t before = head.n;
        envelope(&head, l);
        if (head.n != before) {
            *s = head;
            return after;
        }
        if ((q = slice_rfind(head, SL(">: "))) == NULL)
            return SLICE_NONE;
        after = slice_range(q + 3, s->p + s->n);
        head = slice_range(head.p, q + 1);
    } while (slice_find(after, SL("; from=<")) == NULL);
    return SLICE_NONE;
}

/* Without the UTF-8 character at its end that isn't all there. */
static struct slice whole_characters(struct slice s)
{
    size_t k = 1;

    while (k < 4 && k < s.n && (s.p[s.n - k] & 0xc0) == 0x80)
        k++;
    unsigned char first = s.n ? (unsigned char)s.p[s.n - k] : 0;
    size_t all = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (all > k)
        s.n -= k;
    return s;
}

/* "Subject: TEXT", as its sender wrote it; header_checks(5) see no other header here. */
static void take_subject(struct slice header, struct line *l)
{
    if (header.n < 8 || !slice_ieq(slice_of(header.p, 8), SL("Subject:")))
        return;
    bool cut = header.n >= HEADER_MAX;
    header = slice_skip(header, 8);
    while (header.n && (header.p[0] == ' ' || header.p[0] == '\t'))
        header = slice_skip(header, 1);
    if (header.n > SUBJECT_MAX)
        header.n = SUBJECT_MAX;
    l->f[COL_SUBJECT] = cut ? whole_characters(header) : header;
}

/* Cleanup's "header Subject: TEXT from NAME[IP]; from=<…> … helo=<…>: 5.7.1 reason": the client is
 * the one right before the envelope. */
static bool content_check(struct slice s, struct line *l)
{
    struct slice head = s, after = content_envelope(&head, l);
    bool whole = head.n != s.n;
    const char *q;
    struct host h;

    l->x[EXTRA_RESULT] = after;
    if (whole && (q = slice_rfind(head, SL(" from "))) != NULL) {
        struct slice client = slice_range(q + 6, head.p + head.n);
        if (slice_eq(client, SL("local")) || (field_host(&client, &h) && client.n == 0)) {
            if (!slice_eq(slice_range(q + 6, head.p + head.n), SL("local")))
                body_set_client(l, &h);
            head.n = (size_t)(q - head.p);
        }
    }
    const char *sp = slice_chr(head, ' ');
    l->x[EXTRA_STAGE] = sp ? slice_range(head.p, sp) : head;
    l->x[EXTRA_TEXT] = sp ? slice_range(sp + 1, head.p + head.n) : SLICE_NONE;
    if (whole && slice_eq(l->x[EXTRA_STAGE], SL("header")))
        take_subject(l->x[EXTRA_TEXT], l);
    reply(after, l);
    return true;
}

/* "proxy-reject: END-OF-MESSAGE: 554 …; from=<…>": smtpd_proxy_filter, no client on the line. */
static bool proxy(struct slice s, struct line *l)
{
    const char *q = slice_chr(s, ':');

    if (q == NULL)
        return false;
    l->x[EXTRA_STAGE] = slice_range(s.p, q);
    s = slice_range(q + 1, s.p + s.n);
    while (s.n && s.p[0] == ' ')
        s = slice_skip(s, 1);
    envelope(&s, l);
    reply(s, l);
    return true;
}

static bool is_content(struct slice s)
{
    return slice_starts(s, SL("header ")) || slice_starts(s, SL("body ")) ||
           slice_starts(s, SL("mime-header ")) || slice_starts(s, SL("nested-header ")) ||
           slice_starts(s, SL("nested header ")) || slice_starts(s, SL("content "));
}

bool body_action(struct slice s, struct line *l)
{
    const char *colon = slice_find(s, SL(": "));

    if (colon == NULL || !is_action(slice_range(s.p, colon)))
        return false;
    l->x[EXTRA_ACTION] = slice_range(s.p, colon);
    s = slice_range(colon + 2, s.p + s.n);
    bool ok;
    if (slice_starts(l->x[EXTRA_ACTION], SL("proxy-"))) {
        ok = proxy(s, l);
    } else if (is_content(s)) {
        ok = content_check(s, l);
    } else {
        struct slice rest = s;
        const char *q;
        /* milter-header-redirect and kin end in ": target" behind the envelope */
        if (s.n && s.p[s.n - 1] != '>' && (q = slice_rfind(s, SL(">: "))) != NULL) {
            struct slice head = slice_range(s.p, q + 1);
            size_t before = head.n;
            envelope(&head, l);
            if (head.n != before) {
                l->x[EXTRA_RESULT] = slice_range(q + 3, s.p + s.n);
                rest = head;
            }
        }
        if (rest.n == s.n)
            envelope(&rest, l);
        ok = stage_from(rest, l);
    }
    if (ok)
        l->type = LINE_ACTION;
    return ok;
}
