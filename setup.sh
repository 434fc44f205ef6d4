#!/bin/sh
# Sets mptools up on Debian 12 and runs it.
#   sh setup.sh demo    packages, build, and the main job on the sample log
#   sh setup.sh check   packages, build, and all tests (real Postfix, sanitizers and linters too)
# Packages are installed with apt-get (by sudo when you are not root); nothing else of the system is
# changed. SKIP_PACKAGES=1 leaves the packages alone.
set -eu
cd "$(dirname "$0")"

build='gcc libc6-dev make pkg-config libpcre2-dev zlib1g-dev libzstd-dev libpsl-dev libxxhash-dev
libmaxminddb-dev libinih-dev libsqlite3-dev libc-ares-dev tzdata'
test='clang clang-format cppcheck libcmocka-dev mandoc python3 python3-yaml pflogsumm zstd gzip
tmux procps postfix postfix-lmdb sasl2-bin libsasl2-modules rbldnsd sqlite3'

packages() {
    [ -z "${SKIP_PACKAGES:-}" ] || return 0
    missing=
    for p in "$@"; do
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
    done
    [ -n "$missing" ] || return 0
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    # A new Postfix must not start: the tests make a private one.
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq \
        --no-install-recommends $missing >/dev/null
}

demo() {
    log=share/mptools/sample.log
    # shellcheck disable=SC2086
    packages $build
    make -s >/dev/null
    maps=$(mktemp -d)
    printf '\n== What is in %s ==\n' "$log"
    bin/mplog-parse -s kind=deliver -c status "$log" | grep -v '^#' | sort | uniq -c
    printf '\n== Who is compromised? (spamscore %s) ==\n' "$log"
    bin/spamscore -o table "$log" || [ $? = 1 ]
    printf '\n== Block exactly them (senderblock -d DIR %s) ==\n' "$log"
    bin/senderblock -d "$maps" -v "$log" || [ $? = 1 ]
    for f in "$maps"/mp_customer* "$maps"/mp_suspended* "$maps"/mp_slot*; do
        grep -q '^[^#]' "$f" 2>/dev/null && printf '\n-- %s\n' "${f##*/}" && grep -v '^#' "$f"
    done
    printf '\n== Who is blocked, and why? (senderblock --show) ==\n'
    bin/senderblock -d "$maps" --show
    printf '\n== What the partner is told (mpnotify --print) ==\n'
    bin/mpnotify --ledger "$maps/mp_ledger.db" --print | sed -n '1,45p'
    rm -rf "$maps"
    printf '\nNext: man ./man/mptools-postfix.7 has the set-up, step by step\n'
}

check() {
    # shellcheck disable=SC2086
    packages $build $test
    make -s -j2 all unit build/loggen
    make -s lint
    make -s check
    make -s asan
}

case "${1:-}" in
demo) demo ;;
check) check ;;
*)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
