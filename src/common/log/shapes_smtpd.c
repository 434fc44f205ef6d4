/* What the daemons say that strangers talk to: smtpd(8), postscreen(8), dnsblog(8), tlsproxy(8),
 * anvil(8), qmqpd(8), and the TLS and SASL libraries inside them. From Postfix 2.x to 3.10. */
#include "log/shapes.h"

#define CLIENT "{client_name:word}[{client_ip:ip}]{?:{client_port:num}}"
#define PEER "[{client_ip:ip}]:{client_port:num}"
#define WARNING "{level=warning}: {text:rest}"

#define SESSION_END "after {stage:word}{? ({?approximately }{bytes:num} bytes)} from " CLIENT

#define PROXY                                                                                    \
    ": {stage:word}: {reply:last}; from=<{sender:path}>{? to=<{rcpt:path}>} proto={proto:word} " \
    "helo=<{helo:path}>"

static const struct shape rows[] = {
    NOTE("smtpd qmqpd", "lost connection", "{event=lost connection} " SESSION_END),
    NOTE("smtpd tlsproxy", "TLS connection from",
         SHAPE_TLS_LEVEL "TLS connection {=established|reused} from " CLIENT SHAPE_TLS_SESSION),
    NOTE("smtpd qmqpd", "timeout", "{event=timeout} " SESSION_END),
    NOTE("smtpd", "too many errors", "{event=too many errors} " SESSION_END),
    NOTE("smtpd", "bare <LF>", "{event=bare <LF> received} " SESSION_END),
    NOTE("smtpd", "hangup", "{event=hangup|server shutdown|unexpected end of input} " SESSION_END),
    NOTE("smtpd", "lost connection",
         "NOQUEUE: {event=lost connection|timeout|too many errors} " SESSION_END),
    NOTE("smtpd", "lost connection",
         "{qid:qid}: {event=lost connection|timeout|too many errors} " SESSION_END),
    /* what follows is up to the client: ": " and its bytes, or nothing */
    NOTE("smtpd", "improper command pipelining",
         "{event=improper command pipelining} after {stage:word} from " CLIENT "{}"),
    NOTE("smtpd tlsproxy", "SSL_accept error", "{event=SSL_accept error} from " CLIENT ": {text}"),
    NOTE("smtpd tlsproxy", "TLS connection from",
         "TLS connection established from " CLIENT SHAPE_TLS_SESSION),
    NOTE("smtpd tlsproxy", "setting up TLS", "setting up TLS connection from " CLIENT),
    NOTE("smtpd postscreen smtp lmtp", "discarding EHLO keywords",
         "discarding EHLO keywords: {ehlo_keywords}"),
    /* with smtpd_proxy_filter, from versions that log no queue id here */
    NOTE("smtpd", "proxy-accept", "{action=proxy-accept}" PROXY),
    MAKE(KIND_REJECT, "smtpd", "proxy-reject", "{action=proxy-reject}" PROXY),

    /* limits and DNS */
    NOTE("smtpd", "rate limit exceeded",
         WARNING
         "{limit=Connection rate|Connection concurrency|Message delivery request rate|"
         "Recipient address rate|New TLS session rate|AUTH command rate|Command rate} limit "
         "exceeded: {count:num} from " CLIENT " for service {service}"),
    NOTE("smtpd qmqpd", "hostname does not resolve",
         WARNING "hostname {hostname} does not resolve to address {client_ip:ip}{}"),
    NOTE("smtpd qmqpd", "hostname does not resolve",
         WARNING "{?smtpd_peer_init: }{client_ip:ip}: hostname {hostname} verification failed: {}"),
    NOTE("smtpd qmqpd", "hostname does not resolve",
         WARNING "{?smtpd_peer_init: }{client_ip:ip}: address not listed for hostname {hostname}"),
    NOTE("smtpd", "RBL lookup error", WARNING "{dnsbl_query:word}: RBL lookup error: {}"),

    /* odd clients */
    NOTE("smtpd", "non-SMTP command", WARNING "non-SMTP command from " CLIENT ": {command}"),
    NOTE("smtpd", "non-SMTP command", WARNING CLIENT " sent non-SMTP command: {command}"),
    NOTE("smtpd", "non-SMTP command",
         WARNING CLIENT
         " sent {:word} message {=header|content} instead of SMTP command: {command}"),
    NOTE("smtpd", "illegal address syntax",
         WARNING "Illegal address syntax from " CLIENT " in {stage:word} command: {address}"),
    NOTE("smtpd cleanup", "milter problem", WARNING "milter {milter}: {}"),
    NOTE("smtpd", "client warning", "{level=warning}: " CLIENT ": {text}"),

    /* the SASL library's own words */
    NOTE("smtpd", "SASL library",
         "{=begin transaction|commit transaction|sql plugin |sql auxprop plugin |sql_select |"
         "SQL engine |auxpropfunc |OTP unavailable |unable to open Berkeley db |unable to get |"
         "looking for plugins in |ldapdb|GSSAPI |DIGEST-MD5 |No worthy mechs |could not find "
         "|unable to dlopen }{}"),
    NOTE("smtpd", "name service library", "{=gethostby*.getanswer: |nss_ldap: }{}"),

    /* postscreen(8) and its helpers */
    NOTE("postscreen", "postscreen connect",
         "CONNECT from " PEER " to [{server_ip:ip}]:{server_port:num}"),
    NOTE("postscreen", "postscreen access",
         "{access=PASS OLD|PASS NEW|WHITELISTED|ALLOWLISTED|BLACKLISTED|DENYLISTED|WHITELIST VETO|"
         "ALLOWLIST VETO} " PEER),
    NOTE("postscreen tlsproxy", "disconnect", "DISCONNECT " PEER),
    NOTE("postscreen", "DNSBL rank", "{violation=DNSBL} rank {dnsbl_rank:dec} for " PEER),
    NOTE("postscreen", "HANGUP",
         "{violation=HANGUP} after {violation_time:dec} from " PEER " in {stage}"),
    NOTE("postscreen", "PREGREET",
         "{violation=PREGREET} {bytes:num} after {violation_time:dec} from " PEER ": {text}"),
    NOTE("postscreen", "command limit",
         "{violation=COMMAND TIME LIMIT|COMMAND COUNT LIMIT|COMMAND LENGTH LIMIT} from " PEER
         " after {stage:word}"),
    NOTE("postscreen", "protocol violation",
         "{violation=COMMAND PIPELINING|NON-SMTP COMMAND|BARE NEWLINE} from " PEER
         " after {stage:word}{}"),
    MAKE(KIND_REJECT, "postscreen", "postscreen too busy",
         "NOQUEUE: reject: {stage=CONNECT} from " PEER
         ": {reply=too many connections|all screening ports busy|all server ports busy}"),
    NOTE("postscreen", "stress mode",
         "{=entering|leaving} STRESS mode with {count:num} connections"),
    NOTE("tlsproxy", "tlsproxy connect", "CONNECT {=from|to} " PEER),
    NOTE("dnsblog", "DNSBL listing",
         "addr {client_ip:ip} {=listed|blocked} by domain {dnsbl_domain:token} as {dnsbl_result}"),

    /* anvil(8) */
    NOTE("anvil", "anvil rate",
         "statistics: max connection rate {anvil_conn_rate:num}/{period:word} for ({service}:"
         "{client_ip:ip}) at {anvil_timestamp}"),
    NOTE(
        "anvil", "anvil count",
        "statistics: max connection count {anvil_conn_count:num} for ({service}:{client_ip:ip}) at "
        "{anvil_timestamp}"),
    NOTE("anvil", "anvil rate",
         "statistics: max {what=message|recipient|newtls|auth} rate {anvil_rate:num}/{period:word} "
         "for ({service}:{client_ip:ip}) at {anvil_timestamp}"),
    NOTE("anvil", "anvil cache",
         "statistics: max cache size {anvil_cache_size:num} at {anvil_timestamp}"),
    NOTE("anvil", "anvil rate", "statistics: max {what} for ({service}) at {anvil_timestamp}"),

    /* certificates; debug_peer_list */
    NOTE("smtpd tlsproxy", "TLS detail",
         CLIENT ": {=Trusted|Untrusted|Verified|Anonymous}: subject_CN={}"),
    NOTE("smtpd tlsproxy", "TLS detail",
         CLIENT ": {=subject_CN=|certificate |re-using |save |"
                "looking |reloaded |Issuing |depth=|requesting }{}"),
    NOTE("smtpd", "dialogue", "{=< |> }" CLIENT ": {text}"),
};

SHAPE_TABLE(shapes_smtpd, FAMILY_POSTFIX, rows);
