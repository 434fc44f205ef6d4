/* Logins elsewhere: Cyrus, Courier, saslauthd, PAM.
 *
 * saslauthd's and PAM's lines have no client address of their own when Postfix asked: smtpd logs
 * the same failure with it, so they make no record.
 */
#include "log/shapes.h"

#define CYRUS "imap imaps imapd pop3 pop3s pop3d lmtpunix lmtpd sieve timsieved nntp httpd"
#define CYRUS_OTHER \
    "ctl_cyrusdb ctl_deliver cyr_expire cyrus-master squatter notifyd idled ctl_mboxlist"
#define COURIER                                                                                   \
    "courierpop3login courierimaplogin couriertcpd authdaemond courierpop3d pop3d-ssl imapd-ssl " \
    "imapd pop3d"

static const struct shape rows[] = {
    MAKE(KIND_LOGIN, CYRUS, "cyrus login",
         "login: {?{client_name:word} }[{client_ip:ip}] {sasl_user:token} {method:token} User "
         "logged "
         "in{}"),
    MAKE(KIND_LOGIN, CYRUS, "cyrus login",
         "login: {?{client_name:word} }[{client_ip:ip}] {sasl_user:token} {method:token}"),
    /* the user is the stranger's, so the address is the first one */
    MAKE(KIND_AUTH_FAIL, CYRUS, "cyrus login failed",
         "badlogin: {?{client_name:word} }[{client_ip:ip}] {method:token} {sasl_user:word} {text}"),
    MAKE(KIND_AUTH_FAIL, CYRUS, "cyrus login failed",
         "badlogin: {?{client_name:word} }[{client_ip:ip}] {method:token} {text}"),
    NOTE(CYRUS " " CYRUS_OTHER, "cyrus detail",
         "{=accepted connection|starttls: |executed|open: |open |seen_db|SQUAT |Expunged |"
         "Delivered: |Delivered |dupelim: |sieve redirected|counts: |USAGE |client id:|fetching |"
         "SSL_accept|TLS |tls |idle for too long|Connection reset|skiplist: |checkpointing |"
         "done checkpointing|archiving |recovering |DBERROR |DIGEST-MD5 |auditlog: |duplicate_|"
         "connection|mystore|created |cyrusdb|ready|process |IOERROR|IDLE|mailbox |Deleted |"
         "expunging |Expired |indexing |skipping |do_notify|MAIL, |unable |inflate|"
         "badlogin|login|ptload|verify error|Closing|telling |about to exec|LMTP |lmtp}{}"),

    MAKE(KIND_LOGIN, COURIER, "courier login",
         "LOGIN, user={sasl_user}, ip=[{?::ffff:}{client_ip:ip}]{}"),
    MAKE(KIND_AUTH_FAIL, COURIER, "courier login failed",
         "LOGIN FAILED, {?method={method:word}, }{?user={sasl_user:token}, "
         "}ip=[{?::ffff:}{client_ip:ip}]{}"),
    NOTE(COURIER, "courier session",
         "{=Connection, |Disconnected|LOGOUT, |TIMEOUT, |couriertls: |stopping |modules=|"
         "Installing |ip=|Maximum |authdaemon|received auth|authpam|authsql|Authenticated: |"
         "Authentication }{}"),

    NOTE("saslauthd", "saslauthd failure",
         "do_auth         : auth failure: [user={sasl_user:last}] [service={service:word}] "
         "[realm={}] [mech={mechanism:word}] [reason={reason}]"),
    NOTE("saslauthd", "saslauthd",
         "{=do_auth|do_request|auth_|ipc_|detach_tty|server_|cache_|get_accept|rel_accept|"
         "DEBUG: |START: |zm|ERROR|authentication|entering |ldap|bind|Retrying |num_procs|"
         "mechanism_option|run path|auth success|am_master|shutting |could not }{text}"),
    NOTE("saslauthd auth authdaemond", "PAM detail", "{?(}pam_{module:word}{?)}{text}"),
};

SHAPE_TABLE(shapes_logins, FAMILY_COMPANION, rows);
