/* amavisd-new and amavis, 2.3 to 2.13: the verdict lines of its $log_templ, and its detail lines.
 *
 * A verdict line has the stranger's words in four places: names of banned parts, the envelope, the
 * Message-ID and (by some templates) the Subject. The envelope is read by its grammar from the
 * left. Where somebody's words could pass for amavis's own further to the right, those fields are
 * left out: a forged line must never name another customer's message.
 */
#include "log/field.h"
#include "log/shapes.h"

#define DETAIL(name, pattern) NOTE("amavis amavisd amavisd-new", name, pattern)
#define ID "({amavis_id:word}) "
#define HEAD ID "{action=Passed|Blocked} {verdict:word}"
#define ACTIONS "{? {<}{:word}{?,{:word}}{?,{:word}}{?,{:word}}{?,{:word}}{>}}"
/* policy banks, "LOCAL", the client, the first address in Received, protocols */
#define ENVELOPE                                                               \
    ",{? {:word}}{? {:word}}{? [{?IPv6:}{client_ip:ip}]{?:{client_port:num}}}" \
    "{? [{?IPv6:}{:ip}]{?:{:num}}}{? {:word}} <{sender:path}> -> <{rcpt:path}>"
#define BEHIND                                                                       \
    "{:paths}{?, ({:word})}{?, ()}{?, quarantine: {quarantine:token}}{?, Queue-ID: " \
    "{qid:qid}}{rest}"

/* What stands between key and the next comma. */
static struct slice value_of(struct slice s, struct slice key)
{
    const char *p = slice_find(s, key);

    if (p == NULL)
        return SLICE_NONE;
    s = slice_range(p + key.n, s.p + s.n);
    const char *comma = slice_chr(s, ',');
    return comma ? slice_range(s.p, comma) : s;
}

static bool once(struct slice s, struct slice what)
{
    const char *p = slice_find(s, what);

    return p != NULL && p == slice_rfind(s, what);
}

static void message_id(struct slice s, struct facts *facts)
{
    if (!slice_starts(s, SL(", Message-ID: <")))
        return;
    s = slice_skip(s, 15);
    const char *close = slice_chr(s, '>');
    if (close != NULL && slice_chr(slice_range(s.p, close), ' ') == NULL)
        shape_add(facts, SL("msgid"), slice_range(s.p, close));
}

/* ", Message-ID: <…>, mail_id: …, Hits: …, size: …, queued_as: …, 80 ms". mail_id is always there,
 * so when it is there once, what follows is amavis's. */
static bool fields(struct slice rest, struct facts *facts)
{
    static const struct {
        struct slice key, name;
    } keys[] = {{SL(", Hits: "), SL("hits")}, {SL(", size: "), SL("size")}};
    const struct slice mail_id = SL(", mail_id: "), queued = SL(", queued_as: ");

    message_id(rest, facts);
    if (!once(rest, mail_id))
        return true;
    const char *p = slice_find(rest, mail_id);
    shape_add(facts, SL("mail_id"), value_of(rest, mail_id));
    rest = slice_range(p + 1, rest.p + rest.n);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct slice value = value_of(rest, keys[i].key);
        if (value.n)
            shape_add(facts, keys[i].name, value);
    }
    struct slice qid = value_of(rest, queued);
    if ((p = slice_chr(qid, ' ')) != NULL)
        qid.n = (size_t)(p - qid.p);
    if (field_is_qid(qid))
        shape_add(facts, SL("queued_as"), qid);
    return true;
}

/* Behind the recipient of a line with names of viruses or banned parts before the envelope. */
static bool after_names(struct slice rest, struct facts *facts)
{
    const struct slice arrow = SL("> -> <"), queue_id = SL(", Queue-ID: ");
    struct slice names = shape_fact(facts, SL("threat"));
    const char *end = slice_find(rest, SL(", Message-ID: "));
    struct slice head = end ? slice_range(rest.p, end) : rest;

    if (slice_find(names, arrow) || slice_find(rest, arrow)) {
        facts->n = 3; /* id, action, verdict: the envelope could be anybody's */
        return true;
    }
    struct slice qid = value_of(head, queue_id);
    if (once(head, queue_id) && field_is_qid(qid))
        shape_add(facts, SL("qid"), qid);
    return fields(end ? slice_range(end, rest.p + rest.n) : rest, facts);
}

static bool not_a_verdict(struct slice rest, struct facts *facts)
{
    (void)facts;
    return !slice_starts(rest, SL("Passed")) && !slice_starts(rest, SL("Blocked"));
}

static const struct shape rows[] = {
    {"amavis amavisd amavisd-new", "amavis verdict", HEAD ACTIONS ENVELOPE BEHIND, KIND_VERDICT,
     fields},
    {"amavis amavisd amavisd-new", "amavis verdict", HEAD " ({threat})" ACTIONS ENVELOPE "{rest}",
     KIND_VERDICT, after_names},
    DETAIL("amavis checking", ID "Checking: {mail_id:token} {text}"),
    DETAIL("amavis SMTP", ID "{proto=ESMTP|SMTP|LMTP|AM.PDP}{=:| }{text}"),
    DETAIL("amavis part", ID "p{:num}{? }{text}"),
    DETAIL("amavis part", ID "p.path {text}"),
    DETAIL("amavis forward",
           ID "{?{mail_id:token} }{=FWD|SEND} {=from|via} {text:last} queued as {queued_as:qid}"),
    DETAIL("amavis forward", ID "{?{mail_id:token} }{=FWD|SEND} {=from|via} {text}"),
    DETAIL("amavis timing", ID "{?size: {size:num}, }{=TIMING|RUSAGE}{text}"),
    DETAIL("amavis spam report", ID "{=SPAM, |SPAM-TAG, |SPAMMY, |Yes, |No, |spam}{text}"),
    DETAIL("amavis warning", ID "({=!!!|!!|!}){text}"),
    DETAIL("amavis warning", ID "{=WARN|NOTICE|INFO|_WARN|_DIE|TROUBLE|ERROR|DEBUG}: {text}"),
    /* it logs what it likes behind its id, by its log level; but a verdict is none of that */
    {"amavis amavisd amavisd-new", "amavis detail", ID "{rest}", KIND_NONE, not_a_verdict},
    DETAIL(
        "amavis start",
        "{=starting|Starting |Net::Server: |user=|Perl version |Module |SpamControl: |Found |No |"
        "Using |initializing |Creating |rundown|logging |config files |Valid PID |AM-protocol|"
        "ANTI-|SMTP-|Unpackers|DKIM |Fetch_modules|extra modules|Deleting |removed |INFO: |"
        "sd_notify |Amavis::|ZMQ|SQL |LDAP|DB |Lookup|SIG|exiting|stopping|restart|Decoder|"
        "load|TempDir|Group |Setting |Binding |bind|Pid_file|Server closing|Daemon|open_on|"
        "(!|_WARN: |WARN: |NOTICE: |storage|Compress|process |child|do_|Old |TLS}{text}"),
};

SHAPE_TABLE(shapes_amavis, FAMILY_COMPANION, rows);
