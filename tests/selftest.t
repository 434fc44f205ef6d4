#!/bin/bash
# The tests can fail: with a tool that is broken in a small way the suite says so. Each row breaks
# mplog-parse by a wrapper and runs one test file, which has to fail.
cd "$(dirname "$0")/.." || exit 2
real=$PWD/${BIN:-bin}
broken=$(mktemp -d) || exit 2
trap 'rm -rf "$broken"' EXIT
failed=0
for t in spamscore senderblock; do ln -s "$real/$t" "$broken/$t"; done
export MPTOOLS_SHARE="$PWD/share/mptools"

breaks() { # TEST WHAT FILTER
    printf '#!/bin/bash\nset -o pipefail\n"%s/mplog-parse" "$@" | %s\n' "$real" "$3" \
        >"$broken/mplog-parse"
    chmod +x "$broken/mplog-parse"
    if BIN=$broken tests/run "$1" >/dev/null 2>&1; then
        echo "not ok - $1 doesn't notice: $2"
        failed=1
    else
        echo "ok - $1 notices: $2"
    fi
}

breaks golden 'one record less' "sed '3d'"
breaks golden 'a login lost' "sed 's/ann@acme.example\t\t/\t\t/'"
breaks hostile 'no end line' "grep -v '^#end'"
breaks corpus 'a status changed' "sed 's/\tdeferred\t/\tsent\t/'"
breaks envelopes 'an hour wrong' "sed 's/T10:/T11:/'"
breaks badinput 'exit 0 after a failure' 'cat; exit 0'
exit $failed
