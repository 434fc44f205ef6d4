/* What smtp(8) and lmtp(8) say beside their delivery lines: attempts on the way to one, TLS, DNS.
 * A failed attempt that is not the last one is logged as "QID: REASON", see smtp_trouble(3). */
#include "log/shapes.h"

#define AGENT(name, pattern) NOTE("smtp lmtp", name, pattern)
#define TLS(name, pattern)                                                                   \
    {                                                                                        \
        "smtp lmtp smtpd tlsproxy postscreen posttls-finger", name, pattern, KIND_NONE, NULL \
    }

#define HOST "{relay_name}[{relay_ip:ip}]{?:{relay_port:num}}"
#define SOCKET "{relay_name}[{relay_service}]{?:{relay_port:num}}"
#define WARNING "{level=warning}: {text:rest}"

static const struct shape rows[] = {
    TLS("TLS connection to",
        SHAPE_TLS_LEVEL "TLS connection {=established|reused} to " HOST SHAPE_TLS_SESSION),
    AGENT("TLS connection to",
          SHAPE_TLS_LEVEL "TLS connection {=established|reused} to " SOCKET SHAPE_TLS_SESSION),
    AGENT("connect to", "connect to " HOST ": {text}"),
    /* the reply is the remote server's, so our own words are the last ones */
    AGENT("host said", "{qid:qid}: host " HOST " said: {reply:last} (in reply to {stage} command)"),
    AGENT("host said", "{qid:qid}: host " HOST " said: {reply:last} (in reply to {stage})"),
    AGENT("host said", "{qid:qid}: host " HOST " said: {reply}"),
    AGENT("host refused", "{qid:qid}: host " HOST " refused to talk to me: {reply}"),
    AGENT("lost connection", "{qid:qid}: {event=lost connection} with " HOST " while {stage}"),
    AGENT("timeout", "{qid:qid}: {event=conversation} with " HOST " timed out while {stage}"),
    AGENT("host said",
          "{qid:qid}: host " SOCKET " said: {reply:last} (in reply to {stage} command)"),
    AGENT("host said", "{qid:qid}: host " SOCKET " said: {reply:last} (in reply to {stage})"),
    AGENT("host refused", "{qid:qid}: host " SOCKET " refused to talk to me: {reply}"),
    AGENT("lost connection", "{qid:qid}: {event=lost connection} with " SOCKET " while {stage}"),
    AGENT("timeout", "{qid:qid}: {event=conversation} with " SOCKET " timed out while {stage}"),
    AGENT("connect to", "connect to " SOCKET ": {text}"),
    AGENT("connect to", "connect to {relay_name:token} server {=refused|dropped} {text}"),
    AGENT("connect to", "connect to {relay_name}: {text}"),
    AGENT("PIX workaround", "{qid:qid}: enabling PIX workarounds: {pix_workaround} for " HOST),
    AGENT("PIX workaround", "{qid:qid}: enabling PIX <CRLF>.<CRLF> workaround for " HOST),
    AGENT("SASL login refused",
          "{qid:qid}: SASL {?[CACHED] }authentication failed; server " HOST " said: {reply}"),
    AGENT("SASL login refused",
          "{qid:qid}: SASL authentication failed; {=cannot authenticate to server} " HOST
          ": {text}"),
    AGENT("SASL login refused", "{qid:qid}: SASL {?[CACHED] }authentication failed; {text}"),
    AGENT("TLS handshake failed", "{qid:qid}: {text:rest}Cannot start TLS: {}"),
    AGENT("certificate refused",
          "{qid:qid}: {text:rest}{=Server certificate |Certificate |certificate }{}"),
    AGENT("TLS not offered", "{qid:qid}: {text:rest}TLS {=is required, |policy }{}"),
    AGENT("host lacks an extension",
          "{qid:qid}: {text:rest}{=SMTPUTF8|DSN|REQUIRETLS|8BITMIME} is required, but {}"),
    AGENT("message too large for host",
          "{qid:qid}: {text:rest}message size {size:num} exceeds size limit {:num} of server {}"),
    AGENT("name service error",
          "{qid:qid}: {text:rest}{=Host or domain name not found|Host not found|unable to look up |"
          "Domain |Name service error|Recipient address|no MX |MX |Network |mail for |"
          "Service unavailable|service unavailable|Connection |connect to }{}"),
    AGENT(
        "header check",
        "{qid:qid}: {action=replace|prepend|warning|info|reject|discard|strip|filter|ignore|bcc}: "
        "{class=header|mime-header|nested-header|body} {text}"),
    AGENT("line broken", "{qid:qid}: breaking line > {:num} bytes with <CR><LF>SPACE"),
    AGENT("mail loop", WARNING "mailer loop: best MX {?host }for {domain:token} is local"),
    AGENT("mail loop", WARNING
          "host " HOST " {=greeted me|replied to HELO/EHLO} with my own hostname {hostname}"),
    AGENT("no address", WARNING "no MX host for {domain:token} has a valid {:word} record"),
    AGENT("no AUTH mechanism", WARNING HOST " offered {}"),

    /* TLS, tls_client(3), tls_server(3), tls_verify(3) */
    TLS("certificate verification failed",
        "certificate verification failed for " HOST ": {tls_error}"),
    TLS("certificate verification failed", "certificate verification failed for {}: {tls_error}"),
    TLS("certificate verification failed", "certificate peer name verification failed for {}: "
                                           "{tls_error}"),
    TLS("SSL_connect error", "SSL_connect error to " HOST ": {text}"),
    AGENT("SSL_connect error", "SSL_connect error to " SOCKET ": {text}"),
    TLS("setting up TLS", "setting up TLS connection to {}"),
    AGENT("TLS connection to", "TLS connection established to " HOST SHAPE_TLS_SESSION),
    AGENT("STARTTLS offered", "Host offered STARTTLS: [{relay_name}]"),
    TLS("TLS detail",
        "{=SSL_accept:|SSL_connect:|SSL3 alert |verify |Peer |Server certificate |peer "
        "cert|issuer=|"
        "Unverified: |Verified: |cert |certificate |fingerprint=|subject=|depth=|save session |"
        "looking for session |looking up session |lookup |put |reloaded session |remove session |"
        "delete smtp|Issuing session ticket|Reusing old|read from |write to |read smtp|write smtp|"
        "open smtp|using DANE RR: |auto-clear |SNI |TLSA |cannot load |starting TLS engine|"
        "global TLS level|TLS cipher list |DANE |dane_}{}"),
    TLS("TLS detail", "initializing the {=client|server}-side TLS engine"),
    AGENT("TLS detail",
          HOST ": {=subject_CN=|Trusted: |Untrusted: |Verified: |Matched |depth=|re-using session |"
               "untrusted |certificate |TLSA |SNI |looking for |save session|reloaded |issuer |"
               "using DANE }{}"),
    AGENT("SASL library",
          "{=No worthy mechs |GSSAPI |sql_select |auxpropfunc |looking for plugins in |"
          "OTP |DIGEST-MD5 }{}"),
    AGENT("dialogue", "{=< |> }" HOST ": {text}"),
};

SHAPE_TABLE(shapes_smtp, FAMILY_POSTFIX, rows);
