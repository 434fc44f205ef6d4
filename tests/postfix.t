#!/bin/bash
# The whole thread with a real Postfix: mail through a private instance, its log through
# mplog-parse | spamscore | senderblock, the maps back into it. The spammer is refused for his customer;
# his colleagues, and those whose address a stranger forges, are not.
#
# The instance, its customers' mail and the world's mail servers are in tests/postfix/. Needs root (a
# Postfix master does) and, when Postfix isn't there yet, Debian's packages.
set -u
cd "$(dirname "$0")/.." || exit 2
BIN=${BIN:-bin}
. tests/postfix/instance.sh

[ "$(id -u)" = 0 ] || { echo "skipped: a Postfix instance needs root"; exit 77; }
for tool in mplog-parse spamscore senderblock; do
    [ -x "$BIN/$tool" ] || { echo "not ok - $BIN/$tool is built"; exit 1; }
done

T=$(mktemp -d /tmp/mptools-postfix.XXXXXX) || exit 2
WORLD=
finish() {
    instance_stop
    [ -z "$WORLD" ] || kill "$WORLD" 2>/dev/null
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

# try LOGIN SOURCE FROM [PORT]: one honest mail; what was answered is in $T/try.
try() {
    printf '%s\t%s\t1\t%s\tfriend@office.example\tlunch?\n' "$1" "$2" "$3" |
        python3 tests/postfix/send.py "${4:-$SUBMISSION}" >"$T/try" 2>&1
    cat "$T/try"
}
passes() { try "$@"; grep -q $'^1\t0\t250\t' "$T/try"; }
refused() { # refused TAG LOGIN SOURCE FROM [PORT]: by our rule with that tag
    local tag=$1
    shift
    try "$@"
    grep -qF $'0\t1\t554\t5.7.1 ' "$T/try" && grep -qF "Sender address rejected: [mp $tag] " "$T/try"
}

suspects() { "$BIN/mplog-parse" "$T/mail.log" | "$BIN/spamscore" -C "$T/conf"; }
block() { # block [OPTION...]: the suspects in $T/suspects
    "$BIN/senderblock" -C "$T/conf" -d "$MAPS" -v "$@" "$T/suspects" >"$T/block.out" 2>"$T/block.err"
}
state_of() { awk -F'\t' -v who="$1" 'NR > 1 && $4 == who { print $2 }' "$T/suspects"; }
# mp_blocks has a backslash as two.
block_of() { A=${1//\\/\\\\} awk -F'\t' '$9 == ENVIRON["A"]' "$MAPS/mp_blocks"; }
tag_of() { block_of "$1" | awk -F'\t' '{ print $2 "." $3 }'; }
slot_of() { block_of "$1" | awk -F'\t' '{ printf "mp_slot%02d\n", $1 }'; }

# ---- the instance ----
postfix_install "$T/install.log" || { tail -n 5 "$T/install.log"; echo "not ok - Postfix installs"; exit 1; }
python3 tests/postfix/world.py ports "$T" || exit 2
instance_make "$T"
. "$T/ports"
export MAIL_CONFIG=$T/etc
MAPS=$T/etc/mptools
python3 tests/postfix/world.py run "$T" >"$T/world.out" 2>&1 &
WORLD=$!
for ((i = 0; i < 100; i++)); do [ -e "$T/world.ready" ] && break; sleep 0.1; done
need "a private Postfix starts" instance_start

mkdir "$T/conf"
cat >"$T/conf/customers" <<'CF'
acme    north-it  domain:acme.example net:127.0.1.0/24 sasl:acme1 sasl:acme2 sasl:acme-* mail:it@acme.example
globex  south-it  domain:globex.example net:127.0.2.0/24 net:127.0.1.200 sasl:globex1 sasl:globex2 sasl:acme-globex
initech south-it  domain:initech.example net:127.0.3.0/24 sasl:initech*
CF

# ---- mail: LOGIN SOURCE COUNT FROM TO SUBJECT ----
# Everybody's usual mail; bob's login is stolen and spams as bob; globex1 writes as bob now and then
# (a stranger to him, his mail is honest); globex2 is stolen too and spams as carol of acme, whom it
# never asked; initech's logins spam under addresses that are chosen to hurt.
people='a%d@bigmail.example b%d@postbox.example'
victims='x%d@bigmail.example y%d@postbox.example z%d@freemail.example nobody%d@corp.example'
printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
    acme1 127.0.0.9 15 bob@acme.example "$people" minutes \
    acme2 127.0.0.10 15 eve@acme.example "$people" offer \
    acme2 127.0.0.10 5 carol@acme.example "$people" offer \
    - 127.0.1.10 10 news@acme.example "$people" newsletter \
    globex1 127.0.0.11 10 greta@globex.example "$people" contract \
    globex1 127.0.0.11 5 bob@acme.example "$people" 'on behalf' \
    >"$T/usual"
printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
    acme1 127.0.0.99 30 bob@acme.example "$victims" 'cheap pills' \
    globex2 127.0.0.98 30 carol@acme.example "$victims" 'cheap pills' \
    initech1 127.0.0.97 20 '"eve@acme.example OK"@initech.example' "$victims" 'cheap pills' \
    initech2 127.0.0.97 20 '#peter@initech.example' "$victims" 'cheap pills' \
    initech3 127.0.0.97 20 '"a b\"c"@initech.example' "$victims" 'cheap pills' \
    >"$T/spam"
python3 tests/postfix/send.py "$SUBMISSION" <"$T/usual" >"$T/usual.sent" 2>&1
ok "the queue empties" instance_drain
python3 tests/postfix/send.py "$SUBMISSION" <"$T/spam" >"$T/spam.sent" 2>&1
ok "the queue empties after the spam" instance_drain
sent_all() { cat "$T/usual.sent" "$T/spam.sent"; [ "$(awk '$2 == 0' "$T/usual.sent" "$T/spam.sent" | wc -l)" = 11 ]; }
need "before, everything is accepted" sent_all

# ---- log to suspects to maps ----
suspects >"$T/suspects" 2>"$T/suspects.err"
found=$?
need "mplog-parse | spamscore finds suspects and says nothing else" test $found = 1 -a ! -s "$T/suspects.err"
for who in acme1 globex2 initech1 initech2 initech3; do
    need "$who is compromised" test "$(state_of $who)" = compromised
done
for who in acme2 globex1 127.0.1.10; do
    ok "$who is not" not grep -Eq '^(compromised|infected)$' <(state_of $who)
done
flagged_of() { awk -F'\t' -v c="$1" '($2 == "compromised" || $2 == "infected") && $5 == c { print $4 }' "$T/suspects"; }
ok "of acme, whose addresses two strangers use, only the stolen login is flagged" \
    test "$(flagged_of acme)" = acme1
raw_equals_records() {
    "$BIN/spamscore" -C "$T/conf" "$T/mail.log" | diff - "$T/suspects"
}
ok "spamscore says the same of the raw log" raw_equals_records

cp "$T/suspects" "$T/suspects.first"

block --dry-run
ok "a dry run exits 1 and writes nothing" test $? = 1 -a ! -e "$MAPS"
block --postmap
need "senderblock --postmap blocks (exit 1)" test $? = 1
ok "and says that main.cf doesn't use the maps yet, nothing else" \
    test "$(grep -c . "$T/block.err")" = 1 -a -n "$(grep 'warning: main.cf .*--print-postfix' "$T/block.err")"
"$BIN/senderblock" --print-postfix -d "$MAPS" >>"$T/etc/main.cf"
instance_reload
need "main.cf with the printed lines has no mistake" test -z "$(postconf -n 2>&1 >/dev/null)"
need "bob is blocked in acme's slot" grep -q . <(slot_of bob@acme.example)
need "carol's address is blocked in globex's slot" grep -qx "mp_customer_sasl" \
    <(grep -lx "globex1	$(slot_of carol@acme.example)" "$MAPS/mp_customer_sasl" | sed 's:.*/::')

# ---- who is refused ----
bob=$(tag_of bob@acme.example) carol=$(tag_of carol@acme.example)
ok "the spammer's address is refused to his login" refused "$bob" acme1 127.0.0.99 bob@acme.example
ok "and to every login of his customer" refused "$bob" acme2 127.0.0.10 bob@acme.example
ok "and to those of a wildcard" refused "$bob" acme-web 127.0.0.10 bob@acme.example
ok "and to its machines without a login" refused "$bob" - 127.0.1.10 bob@acme.example "$SMTP"
ok "in capitals" refused "$bob" acme1 127.0.0.99 BOB@Acme.Example
ok "quoted" refused "$bob" acme1 127.0.0.99 '"bob"@acme.example'
ok "with a dot behind" refused "$bob" acme1 127.0.0.99 bob@acme.example.
ok "with an extension" refused "$bob" acme1 127.0.0.99 bob+2@acme.example
ok "the log shows our tag" instance_log_wait "NOQUEUE: reject: RCPT from .*\[mp $bob\] .*from=<bob@acme.example>"
ok "a colleague is not refused" passes acme2 127.0.0.10 eve@acme.example
ok "nor another address of the stolen login" passes acme1 127.0.0.9 bobby@acme.example
ok "nor the customer's machines" passes - 127.0.1.10 news@acme.example "$SMTP"
ok "nor the stranger who writes as bob" passes globex1 127.0.0.11 bob@acme.example
ok "nor that stranger's login in acme's own net" passes globex1 127.0.1.10 bob@acme.example
ok "nor his login within acme's wildcard" passes acme-globex 127.0.0.11 bob@acme.example
ok "nor his machine within acme's net" passes - 127.0.1.200 bob@acme.example "$SMTP"
ok "the forger of carol is refused" refused "$carol" globex2 127.0.0.98 carol@acme.example
ok "carol, whom it forged, is not" passes acme2 127.0.0.10 carol@acme.example
ok "nor her machine" passes - 127.0.1.11 carol@acme.example "$SMTP"

# ---- hostile addresses: refused where meant, nobody else touched ----
evil='"eve@acme.example ok"@initech.example' hash='#peter@initech.example' quoted='"a b\"c"@initech.example'
ok "an address that holds another entry is refused" refused "$(tag_of "$evil")" initech1 127.0.0.97 "$evil"
ok "one that looks like a comment, too" refused "$(tag_of "$hash")" initech1 127.0.0.97 "$hash"
ok "one with a space and a quote, too" refused "$(tag_of "$quoted")" initech1 127.0.0.97 "$quoted"
ok "initech's other mail passes" passes initech1 127.0.0.97 peter@initech.example
ok "eve of acme is as before" passes acme2 127.0.0.10 eve@acme.example
ok "nobody was told to try again, and Postfix warns of nothing" \
    not grep -E 'NOQUEUE: reject: .* 451 |smtpd\[[0-9]+\]: (warning|fatal): .*mp_|unknown smtpd restriction' "$T/mail.log"

# ---- again: nothing to do ----
# The lock file apart, names, inodes, times and contents.
shot() { (cd "$MAPS" && stat -c '%n %i %Y' mp_*[!k] && cat mp_blocks mp_*_sender mp_customer_* | cksum); }
before=$(shot)
suspects >"$T/suspects" 2>/dev/null
block --postmap --reload
ok "a second run changes no byte and no file" test $? = 1 -a "$before" = "$(shot)"
ok "and has nothing to say" test ! -s "$T/block.err"
sed '$d' "$T/suspects" >"$T/cut"
"$BIN/senderblock" -C "$T/conf" -d "$MAPS" --postmap "$T/cut" >/dev/null 2>"$T/cut.err"
ok "a stream without its end changes nothing (exit 75)" test $? = 75 -a "$before" = "$(shot)"

# ---- the other kinds of tables ----
cp "$T/suspects.first" "$T/suspects"
for type in $(postconf -m | grep -xE 'hash|btree|cdb'); do
    MAPS=$T/etc/$type
    block --postmap --map-type $type
    ok "$type: maps are built (exit 1, no message)" test $? = 1 -a ! -s "$T/block.err"
    ok "$type: bob's entry answers" \
        grep -qF "554 5.7.1 [mp $bob] " <(postmap -q bob@acme.example "$type:$MAPS/$(slot_of bob@acme.example)_sender")
    before=$(shot)
    block --postmap --map-type $type
    ok "$type: a second run changes nothing" test "$before" = "$(shot)"
done
exit $failed
