/* Content filters beside amavis: rspamd, SpamAssassin, ClamAV and its proxies. */
#include "log/shapes.h"

#define VERDICT(daemons, name, pattern)            \
    {                                              \
        daemons, name, pattern, KIND_VERDICT, NULL \
    }

/* <task>; module; */
#define TASK "{?({:word}) }<{task_id:word}>; {module:word}; "
/* rspamd's default log_format. rspamd takes white space out of a Message-ID, the sender is read by
 * its grammar, so nobody's words pass for the result. */
#define RSPAMD                                                                                     \
    TASK                                                                                           \
        "rspamd_task_write_log: id: <{msgid}>{?, qid: <{qid:qid}>}{?, qid: <{:word}>}{?, qid: <>}" \
        "{?, ip: {client_ip:ip}}{?, user: {sasl_user:token}}{?, from: <{sender:path}>},"           \
        " ({:word}: {is_spam:word} ({verdict}): [{hits:dec}/{required:dec}] [{symbols}]), "        \
        "len: {size:num}, time: "

#define SPAMD "spamd spamd-child spampd perl"
#define CLAM "clamav-milter"

static const struct shape rows[] = {
    VERDICT("rspamd", "rspamd verdict", RSPAMD "{}, digest: <{:word}>{?,} rcpts: <{rcpt:path}>{}"),
    VERDICT("rspamd", "rspamd verdict", RSPAMD "{}"),
    NOTE("rspamd", "rspamd detail", TASK "{text}"),
    NOTE("rspamd rmilter", "rspamd detail", "<{task_id:word}>; {text}"),
    NOTE("rspamd", "rspamd detail", "({:word}) {text}"),

    /* spamd logs both; only the first names the message */
    VERDICT(SPAMD, "spamd result",
            "{?spamd: }result: {verdict=Y|N|.} {? }{hits:dec} - {tests}scantime={scantime:dec},"
            "size={size:num},user={user},{}mid=<{msgid:last}>,{}"),
    VERDICT(SPAMD, "spamd result",
            "{?spamd: }result: {verdict=Y|N|.} {? }{hits:dec} - {tests}scantime={scantime:dec},"
            "size={size:num},{}"),
    NOTE(SPAMD, "spamd score",
         "{?spamd: }{verdict=clean message|identified spam} ({hits:dec}/{required:dec}) for "
         "{user:last} "
         "in {seconds:dec} seconds, {size:num} bytes{?.}"),
    NOTE(SPAMD, "spamd message",
         "{?spamd: }{=processing|checking|skipped} {?large }message{?,} {text}"),
    NOTE(SPAMD, "spamd connection", "{?spamd: }{=got connection over |connection from }{text}"),
    NOTE(SPAMD, "spamd detail",
         "{?spamd: }{=setuid to |handle_user |handled cleanup |server |creating |using default |"
         "still running as root|Tell: |child |failed |bad protocol|timeout|copy_config|accept|"
         "cannot |could not |info: setuid}{text}"),
    NOTE(SPAMD, "spamd detail",
         "{module=prefork|logger|config|rules|bayes|dns|spf|dkim|pyzor|razor2|dcc|plugin|auto-"
         "whitelist|"
         "reporter|util|async|netset|check|auto_welcomelist|txrep|uri|info|FuzzyOcr|zoom|learn|"
         "archive-"
         "iterator|message|pyzor|geodb|asn|util}: {text}"),

    /* the subject is the stranger's */
    VERDICT(CLAM, "clamav-milter verdict",
            "Message {?{qid:qid} }from <{sender:path}> to <{rcpt:path}>{:paths} {verdict=infected} "
            "by {threat}"),
    VERDICT(CLAM, "clamav-milter verdict",
            "Message {?{qid:qid} }from <{sender:path}> to <{rcpt:path}>{:paths} with {:last} "
            "{verdict=infected} by {threat:token}"),
    VERDICT(CLAM, "clamav-milter verdict",
            "{verdict=Clean} message from <{sender:path}> to <{rcpt:path}>{}"),
    NOTE(CLAM, "clamav-milter detail",
         "{=+++ |--- |clamav-milter|WARNING: |ERROR: |Probe |No clamd |Failed |Local socket|TCP: |"
         "Exiting|SIG|Pid file|Message |Connection |Socket |Listening }{text}"),
    VERDICT("clamsmtpd clamsmtp", "clamsmtpd verdict",
            "{:word}: from={sender:token}, to={rcpt:token}{?, to={:token}}{?, to={:token}}"
            "{?, to={:token}}, status={verdict=CLEAN|VIRUS|ERROR}{}"),
    VERDICT("clamsmtpd clamsmtp", "clamsmtpd verdict",
            "{:word}: from={sender:token}, to={rcpt:token}, "
            "{}status={verdict=CLEAN|VIRUS|ERROR}{}"),
    NOTE("clamsmtpd clamsmtp", "clamsmtpd detail",
         "{:word}: {=accepted connection |connected to |error |couldn't |new session |quarantined |"
         "client |server |timeout |connection |closed |unexpected }{text}"),
    NOTE("clamsmtpd clamsmtp", "clamsmtpd detail",
         "{=created |accepting |exiting |processing |"
         "stopping |starting |couldn't }{text}"),
    VERDICT("spampd", "spampd verdict",
            "{verdict=clean message|identified spam} <{msgid}> ({hits:dec}/{required:dec}) from "
            "<{sender:path}> for <{rcpt:path}>{}"),
    NOTE("spampd", "spampd detail",
         "{=processing |skipped |Initializing |Process |Binding |Group |"
         "User |Setting |Server |WARNING}{text}"),
    NOTE("spamass-milter", "spamass-milter detail",
         "{=spamass-milter |Could not |queueid=|Thrown |SpamAssassin: |Unexpected |mi_}{text}"),
};

SHAPE_TABLE(shapes_filters, FAMILY_COMPANION, rows);
