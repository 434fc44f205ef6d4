#!/bin/bash
# The maps with a real Postfix: set up by the commands of mptools-postfix(7) as they stand there; then
# what is refused, to whom, and to whom not: one address, rules, suspensions, subjects, hostile keys,
# sessions that are open while classes change hands, other table types, a full disk.
#
# Once it goes the whole way from a log; else what stands is written into the ledger by hand
# (tests/postfix/standing.py), and senderblock makes the maps of it. The instance, its customers' mail
# and the world's mail servers are in tests/postfix/ too. Needs root (a Postfix master does) and, when
# Postfix isn't there yet, Debian's packages.
set -u
cd "$(dirname "$0")/.." || exit 2
BIN=${BIN:-bin}
. tests/postfix/instance.sh

[ "$(id -u)" = 0 ] || { echo "skipped: a Postfix instance needs root"; exit 77; }
[ -x "$BIN/senderblock" ] || { echo "not ok - $BIN/senderblock is built"; exit 1; }
PATH=$(cd "$BIN" && pwd):$PATH
export MPTOOLS_SHARE=${MPTOOLS_SHARE:-$PWD/share/mptools}

T=$(mktemp -d /tmp/mptools-postfix.XXXXXX) || exit 2
WORLD= SESSIONS= MOUNTED=
finish() {
    instance_stop
    [ -z "$SESSIONS" ] || kill "$SESSIONS" 2>/dev/null
    [ -z "$WORLD" ] || kill "$WORLD" 2>/dev/null
    [ -z "$MOUNTED" ] || umount "$MOUNTED"
    [ -n "${KEEP-}" ] && echo "kept: $T" || rm -rf "$T"
}
trap finish EXIT
trap 'exit 1' INT TERM

failed=0
ok() { # ok WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$T/check.out" 2>&1; then
        echo "ok - $what"
    else
        failed=1
        echo "not ok - $what"
        head -n 20 "$T/check.out" | sed 's/^/#   /'
    fi
}
need() { # like ok, for what everything after it stands on
    ok "$@"
    [ $failed = 0 ] || exit 1
}
not() { ! "$@"; }

# try LOGIN SOURCE FROM [PORT [HELO [SUBJECT]]]: one mail; what was answered is in $T/try.
try() {
    printf '%s\t%s\t1\t%s\tfriend@office.example\t%s\t%s\n' "$1" "$2" "$3" "${6:-lunch?}" \
        "${5:-pc.client.example}" | python3 tests/postfix/send.py "${4:-$SUBMISSION}" >"$T/try" 2>&1
    cat "$T/try"
}
passes() { try "$@"; grep -q $'^1\t0\t250\t' "$T/try"; }
refused() { # refused TAG LOGIN SOURCE FROM...: by our rule with that tag
    local tag=$1
    shift
    try "$@"
    grep -qF $'0\t1\t554\t5.7.1 ' "$T/try" && grep -qF " rejected: [mp $tag] " "$T/try" &&
        grep -qF "; contact https://relay.example/help about incident ${tag%.*}" "$T/try"
}

# stands LINE...: exactly that stands, and Postfix knows it; see tests/postfix/standing.py ('~' is a tab).
nobody=$'#suspects\ttime\tstate\tkind\tidentity\n#end 0\n'
stands() {
    printf '%s\n' "$@" | grep . | tr '~' '\t' | python3 tests/postfix/standing.py "$T/ledger.db" || exit 2
    maps --reload
}
maps() { # maps [OPTION...]; what it said is in $T/maps.out
    printf '%s' "$nobody" | senderblock --postmap "$@" >"$T/maps.out" 2>&1
    STATUS=$?
    [ $STATUS -le 1 ] || sed 's/^/# /' "$T/maps.out"
}
# Contents of all maps and of the built tables, inodes and times.
shot() { (cd "$MAPS" && stat -c '%n %i %Y' mp_*[!k] && cat $(ls mp_* | grep -v 'lmdb$') | cksum); }

# ---- the instance ----
postfix_install "$T/install.log" || { tail -n 5 "$T/install.log"; echo "not ok - Postfix installs"; exit 1; }
python3 tests/postfix/world.py ports "$T" || exit 2
instance_make "$T"
. "$T/ports"
export MAIL_CONFIG=$T/etc MPTOOLS_CONF=$T/conf
MAPS=$T/etc/mptools
# The relay has rules of its own.
printf '/^X-Bad:/ REJECT no\n' >"$T/etc/theirs"
printf '%s\n' 'smtpd_sender_restrictions = reject_non_fqdn_sender' \
    "header_checks = regexp:$T/etc/theirs" >>"$T/etc/main.cf"
service=127.0.0.1:$SUBMISSION/inet
postconf -P "$service/smtpd_sender_restrictions=reject_unknown_sender_domain"
postconf -P "$service/smtpd_sender_restrictions=reject_non_fqdn_sender"
python3 tests/postfix/world.py run "$T" >"$T/world.out" 2>&1 &
WORLD=$!
for ((i = 0; i < 100; i++)); do [ -e "$T/world.ready" ] && break; sleep 0.1; done
need "a private Postfix starts" instance_start

mkdir "$T/conf"
cat >"$T/conf/mptools.conf" <<CF
[paths]
maps = $MAPS
ledger = $T/ledger.db
[block]
contact = https://relay.example/help
CF
cat >"$T/conf/customers" <<'CF'
acme    north-it  domain:acme.example net:127.0.1.0/24 sasl:acme1 sasl:acme2 sasl:acme-* mail:it@acme.example
globex  south-it  domain:globex.example net:127.0.2.0/24 net:127.0.1.200 sasl:globex1 sasl:globex2 sasl:acme-globex
initech south-it  domain:initech.example net:127.0.3.0/24 sasl:initech* net:127.0.2.200
hooli   south-it  net:127.0.2.128/28 sasl:initech-hooli sasl:joe@globex.example
CF

# ---- set up as the page says ----
checked() { senderblock --check-postfix >"$T/checked" 2>&1; }
says() { cat "$T/checked"; grep -qE "$1" "$T/checked"; }
checked
ok "before: --check-postfix exits 1" test $? = 1
ok "and names the maps" says 'maps are missing'
ok "and the classes" says 'classes are not in smtpd_restriction_classes'
ok "and the list in main.cf" says "smtpd_sender_restrictions doesn't have our checks"
ok "and the service with a list of its own" says "master.cf: smtpd_sender_restrictions of $service doesn't have"
ok "and header_checks" says 'header_checks lacks'

python3 tests/postfix/manpage.py man/mptools-postfix.7 'SETTING UP' >"$T/steps" || exit 1
need "the page has its steps" test "$(grep -c . "$T/steps")" -ge 10
log=$T/mail.log
steps_good=1
while IFS= read -r step; do
    case $step in log=* | service=*) continue ;; esac
    # In this shell, as the page says; it may leave variables for the next step.
    eval "$step" >"$T/step.out" 2>&1 </dev/null || { echo "# $step: exit $?"; sed 's/^/#   /' "$T/step.out"; steps_good=; }
done <"$T/steps"
need "all commands of mptools-postfix(7) work as they stand there" test -n "$steps_good"
checked
ok "then --check-postfix finds nothing (exit 0)" test $? = 0 -a ! -s "$T/checked"
ok "what main.cf and master.cf had is kept" test "$(postconf -h smtpd_sender_restrictions header_checks |
    cut -d, -f1 | tr '\n' ' ')" = "reject_non_fqdn_sender regexp:$T/etc/theirs " -a \
    "$(postconf -hP "$service/smtpd_sender_restrictions" | cut -d, -f1)" = reject_non_fqdn_sender
ok "postconf has nothing to say" test -z "$(postconf -n 2>&1 >/dev/null)"
ok "nothing stands: mail passes" passes acme1 127.0.0.9 bob@acme.example
ok "without a login, too" passes - 127.0.1.10 news@acme.example "$SMTP"
main_cf=$(cksum <"$T/etc/main.cf")

# ---- the whole thread: mail, its log, senderblock, and the same mail again ----
# Everybody's usual mail; then bob's login is stolen and spams as bob; globex2 is stolen too and spams as
# carol of acme, whom it never asked; a machine of initech's spams as everybody.
people='a%d@bigmail.example b%d@postbox.example'
victims='x%d@bigmail.example y%d@postbox.example z%d@freemail.example nobody%d@corp.example'
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    acme1 127.0.0.9 15 bob@acme.example "$people" minutes pc.client.example \
    acme2 127.0.0.10 15 eve@acme.example "$people" offer pc.client.example \
    acme2 127.0.0.10 5 carol@acme.example "$people" offer pc.client.example \
    - 127.0.1.10 10 news@acme.example "$people" newsletter web1.acme.example \
    globex1 127.0.0.11 10 greta@globex.example "$people" contract pc.client.example \
    globex1 127.0.0.11 5 bob@acme.example "$people" 'on behalf' pc.client.example \
    initech1 127.0.0.96 10 peter@initech.example "$people" report pc.client.example \
    initech2 127.0.0.95 10 milton@initech.example "$people" stapler pc.client.example \
    >"$T/usual"
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    acme1 127.0.0.99 30 bob@acme.example "$victims" 'cheap pills' pc.client.example \
    globex2 127.0.0.98 30 carol@acme.example "$victims" 'cheap pills' pc.client.example \
    initech1 127.0.0.97 40 '%s@initech.example' "$victims" 'cheap pills' bot.client.example \
    >"$T/spam"
python3 tests/postfix/send.py "$SUBMISSION" <"$T/usual" >"$T/usual.sent" 2>&1
ok "the queue empties" instance_drain
honest=$(wc -l <"$T/mail.log")
python3 tests/postfix/send.py "$SUBMISSION" <"$T/spam" >"$T/spam.sent" 2>&1
ok "the queue empties after the spam" instance_drain
sent_all() { cat "$T/usual.sent" "$T/spam.sent"; [ "$(awk '$2 == 0' "$T/usual.sent" "$T/spam.sent" | wc -l)" = 11 ]; }
need "before, everything is accepted" sent_all
cp "$T/mail.log" "$T/thread.log"
thread() { senderblock --ledger "$T/thread.db" --postmap --reload "$@" "$T/thread.log" >"$T/thread.out" 2>&1; }
thread
ok "senderblock blocks (exit 1)" test $? = 1
tag_of() { sqlite_one "SELECT incident || '.' || rule FROM actions JOIN incidents i ON i.id = incident WHERE customer = '$1' AND until IS NULL"; }
sqlite_one() { python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])' "$T/thread.db" "$1"; }
bob=$(tag_of acme) carol=$(tag_of globex) forged=$(tag_of initech)
ok "one incident each" test -n "$bob" -a -n "$carol" -a -n "$forged" -a "$(sqlite_one "SELECT count(*) FROM incidents WHERE state IN ('address', 'rule')")" = 3
ok "bob's address is refused" refused "$bob" acme1 127.0.0.99 bob@acme.example
ok "his colleague's is not" passes acme2 127.0.0.10 eve@acme.example
ok "carol's is refused to her forger" refused "$carol" globex2 127.0.0.98 carol@acme.example
ok "and not to her" passes acme2 127.0.0.10 carol@acme.example
spam() { printf '%s\t%s\t20\t%s\tfriend@office.example\tpills\t%s\n' "$@" |
    python3 tests/postfix/send.py "$SUBMISSION" >"$T/try"; cat "$T/try"; }
spam_refused() { # spam_refused TAG LOGIN SOURCE FROM HELO
    local tag=$1
    shift
    spam "$@"
    grep -q $'^0\t20\t554\t5.7.1 .*'"\\[mp $tag\\]" "$T/try"
}
ok "new forged addresses of initech's machine are refused" spam_refused "$forged" initech1 127.0.0.97 'q%s@initech.example' bot.client.example
ok "the login's own mail from where it always came is not" passes initech1 127.0.0.96 peter@initech.example
ok "nor its colleague's" passes initech2 127.0.0.95 milton@initech.example
before=$(shot)
thread
ok "the same log again changes no map" test "$before" = "$(shot)"

# A day later (the log's times are moved) initech's machine still gets spam out, from elsewhere.
sed -n "$((honest + 1)),$(wc -l <"$T/thread.log")p" "$T/thread.log" | grep -v carol@ |
    python3 tests/postfix/later.py 25 >"$T/later.log"
sed -n "$(($(wc -l <"$T/thread.log") + 1)),\$p" "$T/mail.log" >"$T/refusals.log"
cat "$T/refusals.log" "$T/later.log" >>"$T/thread.log"
later=$(date -u -d '+26 hours' +%Y-%m-%dT%H:%M:%SZ)
thread --now "$later" --year "${later%%-*}"
ok "after 24 hours initech is suspended" test "$(sqlite_one "SELECT state FROM incidents WHERE customer = 'initech'")" = suspended
ok "acme, whose address alone spammed, is not" test "$(sqlite_one "SELECT state FROM incidents WHERE customer = 'acme'")" = address
suspended=$(tag_of initech)
ok "every login of initech is refused" refused "$suspended" initech1 127.0.0.96 peter@initech.example
ok "its colleagues', too" refused "$suspended" initech2 127.0.0.95 milton@initech.example
ok "and its nets" refused "$suspended" - 127.0.3.7 peter@initech.example "$SMTP"
ok "another customer's login that looks like it is not" passes initech-hooli 127.0.0.12 x@hooli.example
ok "our own refusals were counted" test "$(sqlite_one "SELECT attempts FROM incidents WHERE customer = 'initech'")" -ge 20
ticket() { senderblock --ledger "$T/thread.db" --reinstate initech --ticket T-1 --statement 'machine cleaned' --postmap --reload "$@" >"$T/thread.out" 2>&1; }
ticket --now "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
ok "no ticket helps while it still tries (exit 1)" test $? = 1
ok "and it stays refused" refused "$suspended" initech1 127.0.0.96 peter@initech.example
ticket --now "$later"
ok "after quiet hours the ticket does" test $? = 0
ok "reinstated: its mail flows" passes initech1 127.0.0.96 peter@initech.example
ok "its colleagues', too" passes initech2 127.0.0.95 milton@initech.example
ok "bob's address is still refused" refused "$bob" acme1 127.0.0.99 bob@acme.example

# ---- (a) one address, for its customer alone ----
address=('1~1~customer~acme~address~sender=bob@acme.example'
    '2~2~customer~globex~address~sender=carol@acme.example')
stands "${address[@]}"
need "senderblock writes the maps" test $STATUS -le 1
ok "the address is refused to the spammer's login" refused 1.1 acme1 127.0.0.99 bob@acme.example
ok "and to every login of his customer" refused 1.1 acme2 127.0.0.10 bob@acme.example
ok "and to those of a wildcard" refused 1.1 acme-web 127.0.0.10 bob@acme.example
ok "and to those of its domain" refused 1.1 joe@mail.acme.example 127.0.0.10 bob@acme.example
ok "and to its machines without a login" refused 1.1 - 127.0.1.10 bob@acme.example "$SMTP"
ok "in capitals" refused 1.1 acme1 127.0.0.99 BOB@Acme.Example
ok "quoted" refused 1.1 acme1 127.0.0.99 '"bob"@acme.example'
ok "with a dot behind" refused 1.1 acme1 127.0.0.99 bob@acme.example.
ok "with an extension" refused 1.1 acme1 127.0.0.99 bob+2@acme.example
ok "the log shows our tag" instance_log_wait "NOQUEUE: reject: RCPT from .*\[mp 1.1\] .*from=<bob@acme.example>"
ok "a colleague is not refused" passes acme2 127.0.0.10 eve@acme.example
ok "nor another address of the stolen login" passes acme1 127.0.0.9 bobby@acme.example
ok "nor the customer's machines" passes - 127.0.1.10 news@acme.example "$SMTP"
ok "nor the stranger who writes as bob" passes initech1 127.0.0.11 bob@acme.example
ok "nor that stranger's login in acme's own net" passes globex1 127.0.1.10 bob@acme.example
ok "nor his login within acme's wildcard" passes acme-globex 127.0.0.11 bob@acme.example
ok "nor his machine within acme's net" passes - 127.0.1.200 bob@acme.example "$SMTP"
ok "the forger of carol is refused" refused 2.1 globex2 127.0.0.98 carol@acme.example
ok "carol, whom it forged, is not" passes acme2 127.0.0.10 carol@acme.example
ok "nor her machine" passes - 127.0.1.11 carol@acme.example "$SMTP"
before=$(shot)
maps
ok "a second run changes no byte and no file" test "$before" = "$(shot)"

# ---- (b) many forged addresses from one client: rules with conditions ----
# Somebody else at initech has the same HELO, another the same shape of addresses, all the same net.
shape='sender_pattern=[a-z]{8}@initech\.example'
stands "3~3~customer~initech~rule~client=127.0.0.97~$shape"
ok "20 forged addresses from that client are refused" spam_refused 3.1 initech1 127.0.0.97 '%s@initech.example' bot
ok "with every login of the customer" spam_refused 3.1 initech2 127.0.0.97 '%s@initech.example' bot
ok "a colleague at the same client passes" passes initech2 127.0.0.97 peter@initech.example
ok "and one with such an address elsewhere" passes initech2 127.0.0.96 abcdefgh@initech.example
ok "another customer from there passes" passes globex1 127.0.0.97 abcdefgh@initech.example

stands '3~3~customer~initech~rule~client=127.0.0.71~sender=x@initech.example' \
    '3~3~customer~initech~rule~client=127.0.0.72~sender=y@initech.example' \
    "3~3~customer~initech~rule~login=initech5~$shape"
ok "two rules with a client each: the first" refused 3.1 initech1 127.0.0.71 x@initech.example
ok "the second" refused 3.2 initech1 127.0.0.72 y@initech.example
ok "they don't mix: the second's address at the first's client" passes initech1 127.0.0.71 y@initech.example
ok "nor the other way round" passes initech1 127.0.0.72 x@initech.example
ok "a login and a pattern" refused 3.3 initech5 127.0.0.73 abcdefgh@initech.example
ok "that login's other mail passes" passes initech5 127.0.0.73 peter@initech.example
ok "other logins' mail of that pattern passes" passes initech6 127.0.0.73 abcdefgh@initech.example

stands "3~3~customer~initech~rule~client=127.0.0.0/26~helo=bot~$shape" \
    '3~3~customer~initech~rule~client=127.0.0.40~sender=x@initech.example' \
    '3~3~customer~initech~rule~client=127.0.0.41' '3~3~customer~initech~rule~helo=[127.0.0.1]' \
    '4~4~customer~acme~rule~login=acme1' \
    '4~4~customer~acme~rule~sender_pattern=(bob|eve)[0-9]+@acme\.example'
ok "three conditions" refused 3.1 initech1 127.0.0.39 abcdefgh@initech.example "$SUBMISSION" bot
ok "two of three are not enough: HELO" passes initech1 127.0.0.39 abcdefgh@initech.example "$SUBMISSION" pc
ok "address" passes initech1 127.0.0.39 peter@initech.example "$SUBMISSION" bot
ok "client" passes initech1 127.0.0.70 abcdefgh@initech.example "$SUBMISSION" bot
ok "a client within a net that another rule has: its own rule" refused 3.2 initech1 127.0.0.40 x@initech.example
ok "and the net's" refused 3.1 initech1 127.0.0.40 abcdefgh@initech.example "$SUBMISSION" bot
ok "and nothing else" passes initech1 127.0.0.40 peter@initech.example
ok "a client alone" refused 3.3 initech1 127.0.0.41 peter@initech.example
ok "but not another customer's there" passes globex1 127.0.0.41 peter@initech.example
ok "a HELO alone" refused 3.4 initech1 127.0.0.42 peter@initech.example "$SUBMISSION" '[127.0.0.1]'
ok "but not another customer's with it" passes globex1 127.0.0.42 a@globex.example "$SUBMISSION" '[127.0.0.1]'
ok "a login alone, whatever it sends" refused 4.1 acme1 127.0.0.9 anything@acme.example
ok "but not its colleagues" passes acme2 127.0.0.9 anything@acme.example
ok "a pattern alone" refused 4.2 acme2 127.0.0.9 bob17@acme.example
ok "at its machines, too" refused 4.2 - 127.0.1.10 eve2@acme.example "$SMTP"
ok "and nothing that only looks like it" passes acme2 127.0.0.9 bob17x@acme.example

# ---- subjects, of everybody's mail ----
stands '4~4~customer~acme~rule~subject=cheap +pills'
subject_refused() { try acme1 127.0.0.9 eve@acme.example "$SUBMISSION" pc "$1"; grep -q $'^0\t1\t550\t5.7.1 \[mp 4.1\] ' "$T/try"; }
ok "a subject is refused" subject_refused 'CHEAP  pills'
ok "another is not" passes acme1 127.0.0.9 eve@acme.example "$SUBMISSION" pc 'not so cheap pills'
stands
ok "no rule for subjects: it passes" passes acme1 127.0.0.9 eve@acme.example "$SUBMISSION" pc 'cheap pills'

# ---- (c) suspension, (d) lifted ----
suspended=('5~~customer~globex~suspension' '6~~login~alone@x.example~suspension' '7~~client~127.0.9.9~suspension')
stands "${address[0]}" "${suspended[@]}"
ok "suspended: a login" refused 5.1 globex1 127.0.0.9 greta@globex.example
ok "another, whatever it sends" refused 5.1 globex2 127.0.0.9 somebody@else.example
ok "one of its domain" refused 5.1 eva@globex.example 127.0.0.9 eva@globex.example
ok "one within another customer's wildcard" refused 5.1 acme-globex 127.0.0.9 greta@globex.example
ok "its net" refused 5.1 - 127.0.2.10 app@globex.example "$SMTP"
ok "its machine within another customer's net" refused 5.1 - 127.0.1.200 app@globex.example "$SMTP"
ok "another's login within its domain is not" passes joe@globex.example 127.0.0.9 joe@globex.example
ok "nor another's machine within its net" passes - 127.0.2.200 app@initech.example "$SMTP"
ok "nor another's net within it" passes - 127.0.2.130 app@hooli.example "$SMTP"
ok "nor others who write as globex" passes acme2 127.0.0.9 greta@globex.example
ok "nor a colleague's login at the suspended net" passes acme2 127.0.2.10 eve@acme.example
ok "the neighbour's rule stands" refused 1.1 acme-web 127.0.0.9 bob@acme.example
ok "a login alone" refused 6.1 alone@x.example 127.0.0.9 a@x.example
ok "its neighbours are not" passes other@x.example 127.0.0.9 a@x.example
stands
ok "lifted: a login passes" passes globex1 127.0.0.9 greta@globex.example
ok "a machine passes" passes - 127.0.2.10 app@globex.example "$SMTP"
ok "the neighbour, too" passes acme1 127.0.0.9 bob@acme.example
ok "all maps are empty again" test -z "$(cat $(ls "$MAPS"/mp_* | grep -v 'lmdb$') | grep -v '^#')"

# ---- (e) hostile keys: refused where Postfix can carry them, and never anybody else touched ----
# The rows of others, and what their tables hold.
others() { (cd "$MAPS" && grep -v '^#' $(ls mp_slot* | grep -v 'lmdb$\|^mp_slot03')
    grep 'mp_slot0[12]' mp_customer_net mp_customer_sasl mp_customer_sasl_regexp
    for m in mp_slot01_sender mp_slot02_sender; do postmap -s "lmdb:$MAPS/$m"; done); }
stands "${address[@]}" '3~3~customer~initech~address~sender=plain@initech.example'
others >"$T/others"
hostile() { # hostile carried|unfit ADDRESS [WIRE]: WIRE is how it is written in MAIL FROM
    local kind=$1 value=$2 wire=${3-$2}
    stands "${address[@]}" "3~3~customer~initech~address~sender=$value"
    others >"$T/others.now"
    ok "$kind: $value: nobody else's row is touched" diff "$T/others" "$T/others.now"
    [ "$kind" = unfit ] || ok "$kind: $value: it is refused" refused 3.1 initech1 127.0.0.97 "$wire"
    [ "$kind" = carried ] || ok "$kind: $value: and that is told" grep -qF '[mp 3.1]' "$T/maps.out"
}
hostile carried '"eve@acme.example ok"@initech.example'
hostile carried '#peter@initech.example'
hostile carried '"#a"@initech.example' '#a@initech.example'
hostile carried '"a b\"c"@initech.example'
hostile carried '"a\\b"@initech.example'
hostile carried '"a,b;c"@initech.example'
hostile carried 'a$b%c@initech.example'
hostile carried 'a:@initech.example'
hostile carried '"<a>"@initech.example'
hostile carried '"com b"@initech.example'
hostile carried '"/^.*$/"@initech.example'
hostile unfit 'com b@initech.example'
hostile unfit ' v@initech.example'
hostile unfit 'a\x09b@initech.example'
hostile unfit 'a\x0dv@initech.example'
hostile unfit 'a\x0bv@initech.example'
hostile unfit 'a\x0aeve@acme.example OK@initech.example'
hostile unfit '"a\x0aeve@acme.example OK"@initech.example'
hostile unfit 'a\x00b@initech.example'
hostile unfit '"a@initech.example'
hostile unfit '<>'
hostile unfit '@initech.example'
hostile unfit 'initech.example'
hostile unfit 'eve@'
hostile unfit "$(printf 'x%.0s' {1..300})@initech.example"
evil=("3~3~customer~initech~rule~sender_pattern=.*/ OK" '3~3~customer~initech~rule~sender_pattern=(' \
    '3~3~customer~initech~rule~sender_pattern=a\x0a/.*/ REJECT' '3~3~customer~initech~rule~helo=a\x0a/./ REJECT' \
    '3~3~customer~initech~rule~client=0.0.0.0/0 REJECT' '3~3~customer~initech~rule~login=a\x0aacme1')
stands "${address[@]}" "${evil[@]}"
others >"$T/others.now"
ok "evil patterns, HELO names, clients and logins: nobody else's row is touched" diff "$T/others" "$T/others.now"
ok "and all are told" test "$(grep -c '\[mp 3\.[1-6]\]' "$T/maps.out")" = 6
ok "everybody is as before" passes acme2 127.0.0.10 eve@acme.example
ok "and bob is refused as before" refused 1.1 acme1 127.0.0.99 bob@acme.example
ok "initech's mail passes" passes initech1 127.0.0.97 peter@initech.example

# ---- sessions that are open while classes change hands ----
coproc OPEN { exec python3 -u tests/postfix/open.py "$SUBMISSION" 2>"$T/open.err"; }
SESSIONS=$OPEN_PID
say() { # say COMMAND...: what was answered is in $ANSWER
    echo "$*" >&"${OPEN[1]}"
    IFS= read -r -t 20 ANSWER <&"${OPEN[0]}" || ANSWER=nothing
}
answers() { # answers REGEX COMMAND...
    local want=$1
    shift
    say "$@"
    echo "$ANSWER"
    [[ $ANSWER =~ $want ]]
}
flows='^250 '
by() { echo "^554 5.7.1 .*\\[mp ${1/./\\.}\\]"; }
stands '8~8~customer~acme~rule~helo=shared' '8~8~customer~acme~address~sender=bob@acme.example'
say open bob acme1 127.0.0.9 pc
say open machine - 127.0.1.10 pc
say open shared globex1 127.0.0.11 shared
say open spammer globex2 127.0.0.98 pc
say open hooli initech-hooli 127.0.0.97 pc
ok "open session: bob is refused" answers "$(by 8.2)" mail bob bob@acme.example
ok "open session: so is acme's machine" answers "$(by 8.2)" mail machine bob@acme.example
ok "open session: carol's forger is not yet" answers "$flows" mail spammer carol@acme.example
# acme is reinstated; globex gets the class that has rested longest, which is not acme's.
stands '9~9~customer~globex~address~sender=bob@acme.example' '10~~customer~hooli~suspension'
ok "lifted: bob's open session passes" answers "$flows" mail bob bob@acme.example
ok "acme's machine, whose session keeps the old tables, passes" answers "$flows" mail machine news@acme.example
ok "even as bob, from its next session on" passes - 127.0.1.10 bob@acme.example "$SMTP"
ok "globex' login, which meets new rows in its old process, is not judged by acme's HELO" \
    answers "$flows" mail shared greta@globex.example
ok "its blocked address is refused in the open session, at once" answers "$(by 9.1)" mail spammer bob@acme.example
ok "and its other addresses are not" answers "$flows" mail spammer greta@globex.example
ok "a suspended login is refused in its open session, at once" answers "$(by 10.1)" mail hooli joe@hooli.example
stands
ok "lifted again, at once: the suspended one" answers "$flows" mail hooli joe@hooli.example
ok "and the blocked one" answers "$flows" mail spammer bob@acme.example
for name in bob machine shared spammer hooli; do say close $name; done

# The same with acme's own class, given away at once: this is what resting classes are for.
stands '8~8~customer~acme~rule~helo=shared' '8~8~customer~acme~address~sender=bob@acme.example'
say open machine - 127.0.1.10 pc
say open shared globex1 127.0.0.11 shared
ok "(a session begins)" answers "$(by 8.2)" mail machine bob@acme.example
stands '9~8~customer~globex~address~sender=news@acme.example'
say mail machine news@acme.example
wrong_way=$ANSWER
say mail shared greta@globex.example
wrong_rule=$ANSWER
ok "a class that doesn't rest lets somebody innocent be refused, so this test can tell" \
    grep -q '^554 .*\[mp ' <(printf '%s\n' "$wrong_way" "$wrong_rule")
kill "$SESSIONS" 2>/dev/null
SESSIONS=
stands

ok "nobody was told to try again, and Postfix warns of nothing of ours" \
    not grep -E 'NOQUEUE: reject: .* 451 |smtpd\[[0-9]+\]: (warning|fatal): .*mp_|unknown smtpd restriction' "$T/mail.log"
ok "main.cf was never touched" test "$main_cf" = "$(cksum <"$T/etc/main.cf")"

# ---- what --check-postfix finds ----
cp -r "$T/etc" "$T/broken"
broken() { # broken WHAT REGEX PARAMETER...: postconf's arguments that break it
    local what=$1 want=$2
    shift 2
    cp "$T/etc/main.cf" "$T/etc/master.cf" "$T/broken/"
    MAIL_CONFIG=$T/broken postconf "$@"
    MAIL_CONFIG=$T/broken senderblock --check-postfix >"$T/checked" 2>&1
    ok "--check-postfix: $what" says "$want"
}
R='$mp_restrictions'
broken "mynetworks before ours" 'permit_mynetworks stands before check_sasl_access' \
    -e "smtpd_sender_restrictions=permit_mynetworks,$R"
broken "logins before ours" 'permit_sasl_authenticated stands before check_sasl_access' \
    -e "smtpd_sender_restrictions=permit_sasl_authenticated,$R"
broken "theirs behind ours" 'reject_non_fqdn_sender stands behind ours' \
    -e "smtpd_sender_restrictions=$R,reject_non_fqdn_sender"
broken "ours out of order" 'mp_suspended_sasl is missing or out of order|out of order' \
    -e 'mp_restrictions=check_sasl_access $mp_index/mp_customer_sasl,check_sasl_access $mp_index/mp_suspended_sasl'
broken "the net's check is missing" 'check_client_access .*mp_customer_net is missing' \
    -e "mp_restrictions=$(postconf -h mp_restrictions | sed 's/check_client_access .mp_cidr.mp_customer_net//')"
broken "a class that isn't declared" 'not in smtpd_restriction_classes \(the first is mp_slot32_and3_sender\)' \
    -e "mp_classes=$(postconf -h mp_classes | sed 's/ mp_slot32_and3_sender//')"
broken "a class without a check" 'without some of their checks.*the first is mp_slot07\)' \
    -e 'mp_slot07=check_sender_access $mp_index/mp_slot07_sender'
broken "another folder" 'doesn.t have our checks|missing or out of order' -e "mp_index=lmdb:$T/elsewhere"
broken "smtpd_delay_reject" 'smtpd_delay_reject = no' -e smtpd_delay_reject=no
broken "soft_bounce" 'soft_bounce = yes' -e soft_bounce=yes
broken "recipient_delimiter" 'recipient_delimiter has .-' -e recipient_delimiter=+-
broken "header_checks" 'header_checks lacks' -e "header_checks=regexp:$T/etc/theirs"
broken "no_header_body_checks" 'no_header_body_checks' -e receive_override_options=no_header_body_checks
broken "ours in the client's list" 'smtpd_client_restrictions has our checks' -e "smtpd_client_restrictions=$R"
broken "proxymap" 'through proxymap' -e "mp_slot07=check_sender_access proxy:\$mp_index/mp_slot07_sender"
broken "a service with its own list" "smtpd_sender_restrictions of $service doesn't have" \
    -P "$service/smtpd_sender_restrictions=reject_non_fqdn_sender"
broken "a service that permits first" "of $service: permit_sasl_authenticated stands before" \
    -P "$service/smtpd_sender_restrictions=permit_sasl_authenticated,$R"
broken "a service with other classes" "$service sets smtpd_restriction_classes itself" \
    -P "$service/smtpd_restriction_classes=other"
broken "a cleanup with its own header_checks" 'cleanup/unix sets header_checks itself' \
    -P "cleanup/unix/header_checks=regexp:$T/etc/theirs"
cp "$T/etc/main.cf" "$T/etc/master.cf" "$T/broken/"
mv "$MAPS/mp_slot32_helo" "$T/kept"
checked
ok "--check-postfix: a missing map" says '1 of [0-9]+ maps are missing.*mp_slot32_helo'
mv "$T/kept" "$MAPS/mp_slot32_helo"
checked
ok "--check-postfix: nothing again" test $? = 0

# ---- a full disk, a folder that can't be written ----
mkdir "$T/small"
if mount -t tmpfs -o size=1400k none "$T/small" 2>/dev/null; then
    MOUNTED=$T/small
    stands "${address[@]}"
    maps -d "$T/small/maps" --slots 4
    need "maps on a small disk" test $STATUS -le 1
    small() { (cd "$T/small/maps" && cat $(ls mp_* | grep -v lmdb) | cksum && for m in mp_*.lmdb; do
        postmap -s "lmdb:$T/small/maps/${m%.lmdb}"; done); }
    small >"$T/small.before"
    stands '1~1~customer~acme~address~sender=other@acme.example'
    dd if=/dev/zero of="$T/small/filler" bs=4k >/dev/null 2>&1
    maps -d "$T/small/maps" --slots 4 >/dev/null
    ok "a full disk: exit 73 or 74, and a message" test $STATUS -ge 73 -a $STATUS -le 74 -a -s "$T/maps.out"
    small >"$T/small.after"
    ok "all old maps and tables are there" diff "$T/small.before" "$T/small.after"
    rm "$T/small/filler"
    maps -d "$T/small/maps" --slots 4
    ok "with room again it goes on" grep -q '^other@acme.example' "$T/small/maps/mp_slot01_sender"
    mount -o remount,ro "$T/small"
    stands "${address[@]}"
    small >"$T/small.before"
    maps -d "$T/small/maps" --slots 4 >/dev/null
    ok "a read-only folder: exit 73 or 74, and a message" test $STATUS -ge 73 -a $STATUS -le 74 -a -s "$T/maps.out"
    small >"$T/small.after"
    ok "and all as it was" diff "$T/small.before" "$T/small.after"
else
    echo "# no tmpfs can be mounted here: the full disk is left out"
fi

# ---- the other kinds of tables ----
for type in $(postconf -m | grep -xE 'hash|btree|cdb'); do
    MAPS=$T/etc/$type
    stands "${address[0]}" "${suspended[@]}"
    maps -d "$MAPS" --map-type $type --slots 4
    ok "$type: maps are built" test $STATUS -le 1
    ok "$type: bob's row answers" grep -qF '554 5.7.1 [mp 1.1] ' <(postmap -q bob@acme.example "$type:$MAPS/mp_slot01_sender")
    ok "$type: a suspended login's, too" grep -qF '554 5.7.1 [mp 5.1] ' <(postmap -q globex1 "$type:$MAPS/mp_suspended_sasl")
    before=$(shot)
    maps -d "$MAPS" --map-type $type --slots 4
    ok "$type: a second run changes nothing" test "$before" = "$(shot)"
done
exit $failed
