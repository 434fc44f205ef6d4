# A private Postfix for the tests: its own configuration, queue, log and ports on loopback. Sourced by
# tests/*.t; needs root. The system's own Postfix, running or not, is left alone.
#
#   postfix_install LOG       from Debian if it is absent, without starting the system's service
#   instance_make DIR         writes DIR/etc and DIR/queue; reads DIR/ports (see world.py)
#   instance_start, instance_stop, instance_reload
#   instance_log_wait REGEX [SECONDS]   waits for a line in the log
#   instance_drain [SECONDS]  waits until the queue is empty
#
# smtpd and smtp run in the queue's chroot, as on Debian. That is also how names come to loopback
# addresses without a DNS server: DIR/queue/etc/hosts is the hosts file that they see.

postfix_install() {
    local want=() pkg policy=/usr/sbin/policy-rc.d made=
    for pkg in postfix postfix-lmdb; do
        dpkg-query -W -f '${Status}\n' "$pkg" 2>/dev/null | grep -q 'ok installed' || want+=("$pkg")
    done
    [ ${#want[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || return 1
    # 'No configuration' leaves /etc/postfix without a main.cf: nothing could start even by hand.
    [ -e /etc/postfix/main.cf ] ||
        echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    if [ ! -e $policy ]; then
        made=1
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
    fi
    { DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${want[@]}" ||
        { apt-get -qq update &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${want[@]}"; }
    } </dev/null >"$1" 2>&1
    local status=$?
    [ -z "$made" ] || rm -f $policy
    return $status
}

# instance_make DIR: the relay of a small provider. Customers log in at SUBMISSION or come from their
# nets to SMTP; a content filter sees everything; transports lead to the world's mail servers.
instance_make() {
    INSTANCE=$1
    . "$1/ports"
    mkdir -p "$1/etc" "$1/queue/etc" "$1/data"
    chmod 755 "$1" "$1/etc" "$1/queue" "$1/queue/etc"
    chown postfix "$1/data"
    : >"$1/mail.log"
    cp "$1/hosts" "$1/queue/etc/hosts"
    echo 'hosts: files' >"$1/queue/etc/nsswitch.conf"
    cp /etc/services "$1/queue/etc/services" 2>/dev/null || :
    cat >"$1/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $1/queue
data_directory = $1/data
maillog_file = $1/mail.log
maillog_file_prefixes = $1
myhostname = relay.example.net
mydestination = relay.example.net
local_recipient_maps =
local_transport = discard:
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.1.0/24, 127.0.2.0/24, 127.0.3.0/24
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level =
transport_maps = texthash:$1/etc/transport
content_filter = scan:[127.0.0.1]:$FILTER
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = sasl/auth
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
minimal_backoff_time = 300s
bounce_queue_lifetime = 0
CF
    cat >"$1/etc/master.cf" <<CF
127.0.0.1:$SMTP inet n - y - - smtpd
127.0.0.1:$SUBMISSION inet n - y - - smtpd
  -o syslog_name=postfix/submission
127.0.0.1:$REINJECT inet n - y - - smtpd
  -o syslog_name=postfix/10025 -o content_filter= -o smtpd_sasl_auth_enable=no
  -o smtpd_sender_restrictions= -o mynetworks=127.0.0.0/8
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
trace unix - - y - 0 bounce
flush unix n - y 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - y - - smtp
scan unix - - y - 10 smtp
  -o smtp_send_xforward_command=yes -o disable_dns_lookups=yes
error unix - - y - - error
retry unix - - y - - error
discard unix - - y - - discard
showq unix n - y - - showq
anvil unix - - y - 1 anvil
scache unix - - y - 1 scache
postlog unix-dgram n - n - 1 postlogd
CF
    awk -v port="$REMOTE" '{ print $1, "smtp:[" $2 "]:" port }' "$1/domains" >"$1/etc/transport"
}

instance_start() {
    postfix -c "$INSTANCE/etc" start >"$INSTANCE/start.out" 2>&1 || {
        cat "$INSTANCE/start.out"
        return 1
    }
}

instance_reload() {
    postfix -c "$INSTANCE/etc" reload >/dev/null 2>&1
}

instance_stop() {
    [ -n "${INSTANCE-}" ] && [ -e "$INSTANCE/etc/main.cf" ] &&
        postfix -c "$INSTANCE/etc" stop >/dev/null 2>&1
    return 0
}

instance_log_wait() {
    local i
    for ((i = 0; i < ${2:-20} * 10; i++)); do
        grep -Eq -- "$1" "$INSTANCE/mail.log" && return 0
        sleep 0.1
    done
    return 1
}

# Deferred mail stays by design (minimal_backoff_time): only what can move is waited for.
instance_drain() {
    local i
    for ((i = 0; i < ${1:-60} * 10; i++)); do
        [ -z "$(find "$INSTANCE"/queue/{maildrop,incoming,active} -type f 2>/dev/null | head -n 1)" ] &&
            return 0
        sleep 0.1
    done
    return 1
}
