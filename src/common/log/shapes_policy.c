/* Signing and policy: opendkim, opendmarc, openarc, SPF checkers, greylisting, policyd. None of
 * their lines makes a record: what they decide, Postfix logs as its own reject or hold. */
#include "log/shapes.h"

#define DKIM "opendkim dkim-filter"
#define MILTERS "opendkim opendmarc openarc dkim-filter sid-milter dk-milter smf-spf pyspf-milter"
#define SPF "policyd-spf policy-spf postfix-policyd-spf-python postfix-policyd-spf-perl policyspf"
#define RESULT                                                                            \
    "pass|Pass|fail|Fail|softfail|SoftFail|Softfail|neutral|Neutral|none|None|temperror|" \
    "TempError|Temperror|permerror|PermError|Permerror|PASS|FAIL|NONE"
#define POLICYD "policyd policyd-v2 cbpolicyd"

static const struct shape rows[] = {
    NOTE(DKIM, "DKIM signed",
         "{qid:qid}: DKIM-Signature {=field|header field|header} added (s={selector}, "
         "d={dkim_domain})"),
    NOTE(DKIM, "DKIM verified", "{qid:qid}: DKIM verification {dkim_result=successful|failed}{}"),
    NOTE(DKIM, "DKIM verified", "{qid:qid}: s={selector} d={dkim_domain} a={algorithm} SSL{text}"),
    NOTE(DKIM, "DKIM not signed",
         "{qid:qid}: {text:rest}no sign{=ing|ature}{= table match for | domain match for | "
         "subdomain "
         "match for | keys| data}{}"),
    NOTE(DKIM, "DKIM not internal", "{qid:qid}: {client_name} [{client_ip:ip}] not internal"),
    NOTE(DKIM, "DKIM not authenticated", "{qid:qid}: not authenticated"),
    NOTE(DKIM, "DKIM key problem",
         "{qid:qid}: key retrieval failed (s={selector}, d={dkim_domain}){}"),
    NOTE(DKIM, "DKIM external host",
         "{qid:qid}: external host {client_name} attempted to send as {dkim_domain}"),
    NOTE(DKIM, "DKIM signature refused", "{qid:qid}: {=bad signature|signature=}{text}"),
    NOTE("opendmarc", "DMARC result",
         "{qid:qid}: {dmarc_domain:token} {dmarc_result=pass|fail|none|bestguesspass}"),
    NOTE("opendmarc", "DMARC SPF", "{qid:qid}: SPF({what:word}): {spf_domain:token} {spf_result}"),
    NOTE("openarc", "ARC result", "{qid:qid}: {text:rest}chain {}"),
    NOTE(MILTERS, "milter start and stop",
         "{=OpenDKIM Filter|OpenDMARC Filter|OpenARC Filter|Sendmail DKIM Filter|configuration "
         "reloaded|terminating|restarting|shutdown|exiting|smfi_|ignoring connection from |"
         "trusted |additional |mi_stop}{text}"),
    NOTE(MILTERS, "milter detail", "{qid:qid}: {text}"), /* about a message, decides nothing */
    NOTE(MILTERS, "milter detail",
         "{=SSL error|dkimf_|dkim_|DNS |can't |could not |implicit |unable |warning: |key |ares_|"
         "arcf_|dmarcf_|accept |connect |milter|DKIM }{text}"),

    NOTE(SPF, "SPF header", "{?{qid:qid}: }{action=prepend|PREPEND} {text}"),
    NOTE(SPF, "SPF result", "{?{qid:qid}: }{?: }{spf_result=" RESULT "}; {text}"),
    NOTE(SPF, "SPF result", "{?{qid:qid}: }{?: }SPF {spf_result:word}: {text}"),
    NOTE(SPF, "SPF action",
         "{?{qid:qid}: }{=handler |decided action=|Policy action=|Action: |action=|spfcheck: |"
         "Received-SPF: |Attribute: |Read line: |Found the end|Normal exit|Keyboard|Mail From |"
         "HELO check |:HELO check |warning: |  |Address "
         "|Whitelist|whitelist|skip|Skip|Starting|ERROR: |Config: |Data: |"
         "Cached |policyd-spf|exempt|DUNNO|dunno|defer_if_permit |450 |451 |550 |5.7.|REJECT |"
         "Traceback|Not |No |Unknown |Error|Debug|SPF |No SPF|initial|testing|unable}{text}"),
    NOTE("policyd-weight", "policyd-weight",
         "{=weighted check|decided action=|cache: |child|master|warning: |err: |policyd-weight |"
         "cache|daemon|ready|starting|RBL}{text}"),

    NOTE("postgrey", "greylisting",
         "{?{qid:qid}: }action={action:token}, reason={reason}, client_name={client_name:token}, "
         "client_address={client_ip:ip}{text}"),
    NOTE("postgrey", "greylisting", "{?{qid:qid}: }action={action:token}, reason={text}"),
    NOTE("postgrey", "greylisting detail",
         "{=cleaning |whitelisted: |Process Backgrounded|Binding |Setting |Group |User |Resolved |"
         "Pid_file |Server |INFO: |Reloading |unlink|warning|WARNING|fatal|rm |Starting |"
         "Multiplexing|Connecting |Waiting |delayed |Unable |Parent |tarpit |ignoring garbage|"
         "unrecognized |Couldn't }{text}"),
    NOTE("postgrey", "greylisting detail", "{:num}/{:num}/{:num}-{text}"),
    NOTE("sqlgrey", "greylisting",
         "{=grey: |spam: |whitelist: |dbaccess: |conf: |config: |perf: |other: |martians: "
         "|warning: |"
         "Process Backgrounded|Binding |Setting |Server |Group |User |Resolved }{text}"),
    NOTE("sqlgrey", "greylisting detail", "{:num}/{:num}/{:num}-{text}"),
    NOTE("milter-greylist greylist", "greylisting",
         "{qid:qid}: addr {client_name}[{client_ip:ip}] from {sender:token} {text}"),
    NOTE("milter-greylist greylist", "greylisting",
         "{=addr |(local): |whitelisted|delayed|Final |greylist |reloading |configuration |"
         "milter-greylist |skipping |Received |accept|dump|lstopen}{text}"),
    NOTE("milter-greylist greylist", "greylisting", "{qid:qid}: {text}"),
    NOTE("gld", "greylisting",
         "{=Greylist|Local greylist|Updated |New |Bypass|Rejected |Got |gld }{text}"),

    NOTE(POLICYD, "policyd", "rcpt={count:num}, {text}"),
    NOTE(POLICYD, "policyd", "module={module:token}, {text}"),
    NOTE(POLICYD, "policyd detail",
         "{=connection from: |[|DEBUG|WARNING|ERROR|connecting to |fatal|quota|throttle|spamtrap|"
         "blacklist|whitelist|Process |Starting|Server |Binding |Group |User |Setting |"
         "Pid_file }{text}"),
    NOTE(
        "postfwd postfwd2 postfwd3", "postfwd",
        "{=[RULES] |[CACHE] |[STATS] |[DNSBL] |[LOGS|[COUNT|postfwd |Process Backgrounded|Setting |"
        "Binding |Server |terminating|Pid_file |Group |User |warning: |reloading }{text}"),
    NOTE("postsrsd", "SRS", "srs_{=forward|reverse}: {text}"),
    NOTE("postsrsd", "SRS", "{=Setting |Listening |Ready|Running|SRS |No |Cannot |Waiting }{text}"),
    NOTE("postfix-mta-sts mta-sts-daemon postfix-tlspol", "MTA-STS",
         "{=INFO|WARNING|ERROR|DEBUG|Starting|Server|Evaluated|Policy}{text}"),
};

SHAPE_TABLE(shapes_policy, FAMILY_COMPANION, rows);
