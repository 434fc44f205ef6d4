/* What Postfix's other daemons and commands say: the queue, local delivery, master(8), scripts; and
 * what any of them may say. */
#include "log/shapes.h"

#define WARNING "{level=warning}: {text:rest}"
#define SCRIPTS "postfix-script postfix postlog postmulti postfix-wrapper"

static const struct shape rows[] = {
    /* cleanup(8) */
    NOTE("cleanup", "resent message-id", "{qid:qid}: resent-message-id={resent_msgid}"),
    NOTE("cleanup", "map lookup problem",
         "{level=warning}: {qid:qid}: {text:rest}{map:token} map lookup problem for {}"),
    /* message_reject_characters */
    MAKE(
        KIND_REJECT, "cleanup", "content rejected",
        "{qid:qid}: {action=reject}: content {text:last} from {client_name}[{client_ip:ip}]; from=<"
        "{sender:path}>{? to=<{rcpt:path}>}{? proto={proto:word}}{? helo=<{helo:path}>}: {reply}"),
    NOTE("cleanup", "SASL library", "unable to dlopen {}"),
    NOTE("cleanup", "undeliverable notification",
         "{qid:qid}: {text:rest}undeliverable {:word} notification discarded"),

    /* qmgr(8) and its older forms */
    NOTE("qmgr nqmgr oqmgr", "skipped", "{qid:qid}: {text=skipped, still being delivered}"),
    NOTE("qmgr nqmgr oqmgr", "message-id", "{qid:qid}: message-id=<{msgid:last}>"),
    NOTE("qmgr nqmgr oqmgr", "queue overflow",
         WARNING "mail for {domain:token} is using up {count:num} of {:num} active queue entries"),
    NOTE("qmgr nqmgr oqmgr", "transport failure",
         WARNING "transport {transport:token} failure -- {}"),
    NOTE("qmgr nqmgr oqmgr", "queue flush", "{=start |end |flushing |flush }{}"),

    /* postsuper(1) */
    MAKE(KIND_REMOVE, "postsuper", "postsuper removed", "{qid:qid}: {action=removed}"),
    MAKE(KIND_HOLD, "postsuper", "postsuper hold", "{qid:qid}: {action=placed on hold}"),
    NOTE("postsuper", "postsuper",
         "{qid:qid}: {action=requeued|released from hold|expired|force-expired|renamed|purged|"
         "skipped}{}"),
    NOTE("postsuper", "postsuper total",
         "{action=Deleted|Requeued|Placed on hold|Released from hold|Expired|Force-expired|"
         "Renamed to match inode number|Renamed|Purged}: {count:num} message{?s}"),

    /* bounce(8), defer(8), trace(8), beside the notices */
    NOTE("bounce defer trace", "undeliverable notification",
         "{qid:qid}: {text:rest}undeliverable {} notification {}"),

    /* master(8) and the start */
    NOTE("master", "started",
         "daemon started{? -- version {version:token}}{?, configuration {config_path:token}}"),
    NOTE("master", "reload",
         "reload{? -- version {version:token},} configuration {config_path:token}"),
    NOTE("master", "terminating", "terminating on signal {signal:num}"),
    NOTE("master", "process died",
         WARNING "process {path:token} pid {pid:num} {=killed by signal|exit status} {signal:num}"),
    NOTE("master", "process limit",
         WARNING "service \"{service}\" ({}) has reached its process limit \"{count:num}\": {}"),
    NOTE("master", "throttling", WARNING "{path}: bad command startup -- throttling"),
    NOTE(SCRIPTS, "start and stop",
         "{=starting|stopping|refreshing|aborting|waiting for} the Postfix mail system{}"),
    NOTE(SCRIPTS, "start and stop", "the Postfix mail system is {=running|not running}{}"),
    NOTE(SCRIPTS, "start and stop",
         "{=flushing |attempting to |checking |all Postfix |multi-instance }{}"),
    NOTE(SCRIPTS, "compatibility",
         "{=Postfix is running with |Postfix is using |See http|To disable backwards |to disable "
         "}{}"),
    NOTE(SCRIPTS, "file check",
         "{=set-permissions: |fixing |creating |removing |changing |updating |editing |removed |"
         "Editing |Creating |find: |chown: |chmod: |cp: |rm: }{}"),
    NOTE("postlog", "warning", "{level=warning}: {text}"),
    NOTE("postlog", "operator's message", "{text}"), /* postlog(1) logs what it is told */
    NOTE("postlogd", "start and stop", "{=logfile |rotated |reopened }{}"),

    /* scache(8), verify(8) and others with a cache; tlsmgr(8), flush(8) */
    NOTE("scache", "scache statistics",
         "statistics: {lookup=domain|address} lookup hits={scache_hits:num} miss={scache_miss:num} "
         "success={scache_success:num}%"),
    NOTE("scache", "scache statistics",
         "statistics: max simultaneous domains={scache_domains:num} "
         "addresses={scache_addresses:num} "
         "connection={scache_connection:num}"),
    NOTE("scache", "scache statistics", "statistics: start interval {scache_timestamp}"),
    NOTE("tlsmgr", "TLS cache",
         "{=open |close |opened |closed |cache |delete |reload |rand |PRNG |"
         "reseed}{}"),

    /* local(8), pipe(8), virtual(8), error(8) have their delivery lines, and warnings */
    NOTE("local virtual", "local delivery",
         "{qid:qid}: {text:rest}{=Couldn't |cannot |forwarded |alias |maildir |mailbox |unable to "
         "}{}"),
};

/* For any daemon of Postfix. */
static const struct shape generic[] = {
    NOTE("*", "warning", "{level=warning}: {qid:qid}: {text}"),
    NOTE("*", "warning", "{level=warning}: {text}"),
    NOTE("*", "error", "{level=error}: {text}"),
    NOTE("*", "fatal", "{level=fatal}: {qid:qid}: {text}"),
    NOTE("*", "fatal", "{level=fatal}: {text}"),
    NOTE("*", "panic", "{level=panic}: {text}"),
    NOTE("*", "table changed", "table {table} has changed -- {text}"),
    NOTE("*", "cache cleanup",
         "cache {cache} {cleanup_type=full|partial} cleanup: retained={cache_retained:num} "
         "dropped={cache_dropped:num} entries"),
    NOTE("*", "compatibility", "using backwards-compatible default setting {text}"),
    NOTE("*", "table problem", "{=close|open} database {text}"),
    NOTE("*", "table problem", "premature end-of-input {text}"),
    /* with -v, debug_peer_list or smtpd_tls_loglevel: "function: what it does" */
    NOTE(
        "*", "verbose",
        "{=send attr |input attribute |private/|public/|match_|dict_|maps_find: |maps_append|"
        "generic_checks: |rewrite_clnt: |resolve_clnt: |ctable_|xsasl_|watchdog_|auto_clnt_|"
        "vstream_|event_|rec_put|rec_get|smtpd_|permit_|reject_unknown_|reject_unauth_|reject_non_|"
        "reject_invalid_|reject_unlisted_|reject_unverified_|reject_rbl|check_|mail_addr_|cleanup_|"
        "qmgr_|deliver_|dns_|mynetworks: |extract_addr: |name_mask: |inet_addr_|been_here: |milter|"
        "flush_|connection established|connection closed|master_notify|idle timeout |smtp_|lmtp_|"
        ">>> |<<< |report |trigger_|input socket|proxymap stream|rewrite stream|master disconnect|"
        "fsspace: |mail_flow|mac_parse|process generation|chroot |set_eugid|server features|"
        "psc_|tls_|tlsmgr_|anvil_|scan_dir|dir_|chat_|string_list|inet_|sock_|attr_|get_dns_|argv_|"
        "local_|virtual_|pipe_|starting new SASL|disposing SASL|skipping non-protocol|mapping DSN|"
        "header_token: |PUSH boundary|POP boundary|Compiled against|Run-time}"
        "{}"),
};

SHAPE_TABLE(shapes_queue, FAMILY_POSTFIX, rows);
SHAPE_TABLE(shapes_generic, FAMILY_POSTFIX, generic);
