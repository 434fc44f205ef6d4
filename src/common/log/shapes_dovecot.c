/* Dovecot 1.0 to 2.4: login daemons, authentication, sessions, delivery.
 *
 * Sources: login-common/client-common.c, auth/auth-request.c, lib-lda/mail-deliver.c, the mail_log
 * plugin. A user name that failed to log in is the stranger's: it is read as the longest one, up to
 * Dovecot's own last ", rip=", or, where a password given by the stranger ends the line, as the
 * shortest one.
 */
#include "log/field.h"
#include "log/shapes.h"

#define LOGIN                                                                                  \
    "imap-login pop3-login managesieve-login submission-login sieve-login imap-urlauth-login " \
    "lmtp-login"
#define AUTH "auth auth-worker dovecot-auth"
#define SESSION                                                                           \
    "imap pop3 lmtp lda deliver managesieve submission sieve IMAP POP3 MANAGESIEVE LMTP " \
    "imap-urlauth imap-hibernate imap-urlauth-worker dovecot-lda"
#define OTHERS                                                                                   \
    "dovecot master log config anvil stats old-stats doveadm indexer indexer-worker ssl-params " \
    "dict dict-async director replicator aggregator ipc dns-client quota-status tcpwrap dsync "  \
    "dsync-local dsync-server doveadm-server"

/* (auth failed, 3 attempts in 16 secs) (auth_failed): */
#define FAILED                                                                                    \
    " ({reason=auth failed|tried to use disabled|tried to use disallowed|proxy dest auth failed}" \
    "{?, {attempts:num} attempt{?s}}{? in {seconds:num} secs}{? {:word} auth}){? ({:word})}: "
#define BY_USER "user=<{sasl_user:last}>{?, method={method:token}}, rip={client_ip:ip}"

/* sql(user,address,master,<session>): */
#define REQUEST(user) \
    "{driver:word}(" user ",{client_ip:ip}{?,{master:word}}{?,<{session:token}>}{?,}): "
#define REFUSED                                                                                  \
    "{reason=unknown user|Unknown user|Password mismatch|password mismatch|invalid credentials|" \
    "Invalid credentials|Login failed|user not found|User not found}{? (for LDAP bind)}"
#define PAM_REFUSED                                                                              \
    "pam_authenticate() failed: {reason=User not known to the underlying authentication module|" \
    "Authentication failure|authentication failure|Permission denied|User account has expired}"

#define DELIVERY                                                                                  \
    "{action=saved mail to|stored mail into mailbox|forwarded to|discarded duplicate forward to|" \
    "marked message to be discarded|sent vacation response to|discarding vacation|discarded "     \
    "vacation|not sending vacation|save failed to|rejected: |sent rejection|left message in "     \
    "mailbox|failed to store into mailbox|sent notification|discarded duplicate|permission "      \
    "denied|forwarding to|quota exceeded|pipe action}{}"

/* Only with an address from the context is it a stranger's attempt, not a look-up of our own. */
static bool has_address(struct slice rest, struct facts *facts)
{
    (void)rest;
    return shape_fact(facts, SL("client_ip")).n > 0;
}

static const struct shape rows[] = {
    MAKE(KIND_LOGIN, LOGIN, "login", "Login: " BY_USER "{}, session=<{session:token}>{}"),
    MAKE(KIND_LOGIN, LOGIN, "login", "Login: " BY_USER "{}"),
    MAKE(KIND_LOGIN, LOGIN, "login", "Login: {sasl_user:token} [{client_ip:ip}]"),
    MAKE(KIND_LOGIN, LOGIN, "login", "Login: user=<{sasl_user}>{}rip={client_ip:ip}{}"),
    /* the frequent ones that said no word yet; nothing of the client's stands before it */
    NOTE(LOGIN, "login daemon disconnect",
         "{event=Disconnected: Inactivity|Disconnected: Connection closed|Disconnected|Aborted "
         "login|"
         "Login aborted: Connection closed|Login aborted: Logged out|Connection closed} "
         "({=no auth attempts|disconnected before auth|client didn't finish|cert required}{}"
         "rip={client_ip:ip}{}"),
    MAKE(KIND_AUTH_FAIL, LOGIN, "login failed",
         "{event}" FAILED BY_USER "{}, session=<{session:token}>{}"),
    MAKE(KIND_AUTH_FAIL, LOGIN, "login failed", "{event}" FAILED BY_USER "{}"),
    MAKE(KIND_AUTH_FAIL, LOGIN, "login failed",
         "{event}" FAILED "{?method={method:token}, }rip={client_ip:ip}{}"),
#define ENDS                                                                                    \
    "{event=Disconnected|Aborted login|Login aborted|Remote closed connection|Client has quit|" \
    "Connection closed|Logged out|Maximum number of |Internal login failure|Too many |Closed }"
    NOTE(LOGIN, "login daemon disconnect", ENDS "{}rip={client_ip:ip}{}"),
    NOTE(LOGIN, "login daemon disconnect", ENDS "{}"),
    MAKE(KIND_LOGIN, LOGIN, "login proxied",
         "proxy({}): started proxying to {}: " BY_USER "{}, session=<{session:token}>{}"),
    MAKE(KIND_LOGIN, LOGIN, "login proxied", "proxy({}): started proxying to {}: " BY_USER "{}"),
    NOTE(LOGIN, "login proxy", "proxy({}): {text}"),
    NOTE(LOGIN, "login proxy", "{=proxy|Proxy}{}"),

    /* the text behind a refusal: nothing or a hash; or a password that the stranger chose */
    MAKE(KIND_AUTH_FAIL, AUTH, "login refused", REQUEST("{sasl_user:last}") REFUSED),
    MAKE(KIND_AUTH_FAIL, AUTH, "login refused",
         REQUEST("{sasl_user:last}") REFUSED " (SHA1 of given password: {:word})"),
    MAKE(KIND_AUTH_FAIL, AUTH, "login refused",
         REQUEST("{sasl_user:last}") REFUSED " (status={:num})"),
    MAKE(KIND_AUTH_FAIL, AUTH, "login refused",
         REQUEST("{sasl_user}") REFUSED " ({=given password|SHA1 of given|try}{}"),
    MAKE(KIND_AUTH_FAIL, AUTH, "login refused", REQUEST("{sasl_user:last}") PAM_REFUSED "{}"),
    {AUTH, "login refused", "{driver:word}: " REFUSED "{rest}", KIND_AUTH_FAIL, has_address},
    {AUTH, "login refused", "{driver:word}: " PAM_REFUSED "{rest}", KIND_AUTH_FAIL, has_address},
/* user= stands there for a name that exists, so the last rhost= is PAM's */
#define PAM                                                                                    \
    "{?(}pam_unix{?)}{?({:word}:{:word}):} authentication failure; {} ruser={sasl_user:last} " \
    "rhost="
    MAKE(KIND_AUTH_FAIL, AUTH, "PAM refused", PAM "{client_ip:ip}{?  user={user:token}}"),
    MAKE(KIND_AUTH_FAIL, AUTH, "PAM refused", PAM "{client_name:token}{?  user={user:token}}"),
    NOTE(AUTH, "PAM detail", "{?(}pam_{module:word}{?)}{}"),
    NOTE(AUTH, "auth detail", "{driver:word}({}): {text}"),
    NOTE(AUTH, "auth detail",
         "{=client in: |client out: |client passdb out: |master in: |master out: |userdb out: |"
         "mysql: |pgsql: |sql: |ldap: |mysql(|pgsql(|ldap(|sqlite: |passwd: |passwd-file |"
         "Login denied|Policy |policy|new auth connection: |cache }{}"),

    NOTE(SESSION, "session",
         "{event=Logged out|Connection closed|Disconnected|Server shutting down|"
         "Hibernating|Maximum number of |Too many |Internal error}{}"),
    NOTE(SESSION, "delivery", "{?{sid:word}: }{?sieve: }msgid={msgid:last}: " DELIVERY),
    NOTE(SESSION, "delivery", "{?{sid:word}: }sieve: {text}"),
    NOTE(SESSION, "LMTP session", "{event=Connect from|Disconnect from} {}"),
    NOTE(
        SESSION, "mail log",
        "{event=copy|expunge|delete|undelete|save|append|flag_change|autoexpunge|mailbox_create|"
        "mailbox_delete|mailbox_rename|mailbox_subscribe|mailbox_unsubscribe|mailbox_update}{=: | }"
        "{}"),
    NOTE(SESSION, "session detail",
         "{=Effective uid=|Quota exceeded|Quota warning|Mailbox |mailbox |Fixed index file|"
         "Rebuilding index|fts|FTS|quota|Namespace |stored mail|sieve|IDLE |Panic|user |"
         "Raw backtrace|ID sent: |Indexed |imapsieve|antispam|script |Corrupted |Command |read |"
         "msgid=}{}"),

    NOTE("dovecot master", "start and stop",
         "{=Dovecot v|Killed with signal |SIGHUP received|Shutting down|If you have trouble|"
         "dovecot was |Dovecot was |service(|Log rotat|Loading modules |child }{}"),
    NOTE("ssl-params", "SSL parameters",
         "{=Generating SSL parameters|SSL parameters regeneration}{}"),
    NOTE(
        OTHERS, "Dovecot detail",
        "{=Connected to |Disconnected|Connect|Indexed |expunge|Sync |Timeout |Handshake |Director |"
        "User |Host |Looking |Moved |reload|Processed |Warning |conn |dict|client|dsync|stats}{}"),
};

static const struct shape generic[] = {
    NOTE("*", "warning", "{level=Warning}: {text}"), NOTE("*", "error", "{level=Error}: {text}"),
    NOTE("*", "fatal", "{level=Fatal}: {text}"),     NOTE("*", "panic", "{level=Panic}: {text}"),
    NOTE("*", "debug", "{level=Debug}: {text}"),
};

SHAPE_TABLE(shapes_dovecot, FAMILY_DOVECOT, rows);
SHAPE_TABLE(shapes_dovecot_generic, FAMILY_DOVECOT, generic);

static bool name_byte(char c)
{
    return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 26 || c == '-' || c == '_';
}

static bool is_level(struct slice s)
{
    static const char *const levels[] = {"Info", "Warning", "Error", "Fatal", "Panic", "Debug"};

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (slice_eq(s, slice_str(levels[i])))
            return true;
    return false;
}

/* "(user)<pid><session>" or "(user,address,mech)<session>"; the closing parenthesis is the first
 * with "<" or ":" or the end behind it. False when there is none of it; s is then as it was. */
static bool context(struct slice *s, struct slice *who, struct slice *session)
{
    const char *p = s->p, *end = s->p + s->n, *q;

    *who = *session = slice_of(s->p, 0);
    if (p < end && *p == '(') {
        for (q = p + 1; q < end; q++)
            if (*q == ')' && (q + 1 == end || q[1] == '<' || q[1] == ':'))
                break;
        if (q == end)
            return false;
        *who = slice_range(p + 1, q);
        p = q + 1;
    }
    while (p < end && *p == '<' && (q = memchr(p, '>', (size_t)(end - p))) != NULL) {
        *session = slice_range(p + 1, q);
        p = q + 1;
    }
    bool some = p > s->p;
    *s = slice_range(p, end);
    return some;
}

static bool all_digits(struct slice s)
{
    uint64_t number;

    return slice_u64(s, &number);
}

/* The address is the last word of its form: the user name, before it, may have commas. */
static void context_facts(struct slice who, struct slice session, struct facts *facts)
{
    struct slice rest = who;
    const char *comma;

    if ((comma = slice_find(who, SL(", "))) != NULL && all_digits(slice_range(who.p, comma)))
        rest = who = slice_range(comma + 2, who.p + who.n); /* lmtp(PID, user) */
    if (session.n && !all_digits(session))
        shape_add(facts, SL("session"), session);
    while ((comma = slice_rchr(rest, ',')) != NULL) {
        struct slice word = slice_range(comma + 1, rest.p + rest.n);
        rest.n = (size_t)(comma - rest.p);
        if (field_is_ip(word)) {
            shape_add(facts, SL("sasl_user"), rest);
            shape_add(facts, SL("client_ip"), word);
            return;
        }
    }
    if (who.n && !all_digits(who) && !slice_eq(who, SL("default")))
        shape_add(facts, SL("user"), who);
}

/* "conn unix:auth-worker (pid=27359,uid=97): auth-worker<55>: " of Dovecot 2.3 */
static void skip_connection(struct slice *body)
{
    struct slice s = *body;
    const char *q = slice_starts(s, SL("conn unix:")) ? slice_find(s, SL("): ")) : NULL;
    size_t n = 0;

    if (q == NULL)
        return;
    *body = s = slice_range(q + 3, s.p + s.n);
    while (n < s.n && name_byte(s.p[n]))
        n++;
    if (n == 0 || n == s.n || s.p[n] != '<')
        return;
    struct slice who, session;
    s = slice_skip(s, n);
    if (context(&s, &who, &session) && slice_starts(s, SL(": ")))
        *body = slice_skip(s, 2);
}

/* "imap-login: " and the like at the start of body. */
static bool inner_name(struct slice *body, struct slice *name, struct facts *facts)
{
    struct slice s = *body, who, session;
    size_t n = 0;

    while (n < s.n && name_byte(s.p[n]))
        n++;
    *name = slice_of(s.p, n);
    if (n == 0 || is_level(*name))
        return false;
    s = slice_skip(s, n);
    context(&s, &who, &session);
    if (!slice_starts(s, SL(": ")))
        return false;
    context_facts(who, session, facts);
    *body = slice_skip(s, 2);
    return true;
}

/* "auth(user,address,sasl" as the tag, "plain)<session>: text" as the body: torn at the colon. */
static void torn_context(struct slice begin, struct slice *body, struct facts *facts)
{
    struct slice s = *body, who, session;
    const char *close = slice_chr(s, ')');

    if (close == NULL)
        return;
    s = slice_range(close + 1, s.p + s.n);
    context(&s, &who, &session);
    if (!slice_starts(s, SL(": ")))
        return;
    context_facts(begin, session, facts);
    *body = slice_skip(s, 2);
}

void shapes_dovecot_frame(struct slice *daemon, struct slice *body, struct facts *facts)
{
    struct slice name, who, session, tail;
    size_t n = 0;

    while (n < daemon->n && daemon->p[n] != '(' && daemon->p[n] != '<')
        n++;
    tail = slice_skip(*daemon, n);
    *daemon = slice_of(daemon->p, n);
    if (context(&tail, &who, &session))
        context_facts(who, session, facts);
    else if (tail.n && *tail.p == '(')
        torn_context(slice_skip(tail, 1), body, facts);
    if (slice_eq(*daemon, SL("dovecot"))) {
        if (slice_starts(*body, SL("dovecot: ")))
            *body = slice_skip(*body, 9);
        if (inner_name(body, &name, facts)) {
            shape_add(facts, SL("daemon"), name);
            *daemon = name;
        }
    }
    if (slice_starts(*body, SL("Info: ")))
        *body = slice_skip(*body, 6);
    skip_connection(body);
}
