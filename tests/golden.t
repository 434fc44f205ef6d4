#!/bin/bash
# Whole-tool tests with golden standard output, standard error and exit status.
# tests/golden/NAME/cmd is run by bash in that folder with the tools on PATH; what it prints must be
# the bytes of stdout and stderr (absent: empty), its exit status that in status (absent: 0).
# After a change that is meant: GOLDEN=write tests/golden.t, and read the difference in git.
cd "$(dirname "$0")/.." || exit 2
bin=$(cd "${BIN:-bin}" && pwd) || exit 2
export PATH="$bin:$PATH" MPTOOLS_SHARE="$PWD/share/mptools" MPTOOLS_CONF= LC_ALL=C.UTF-8 TZ=UTC
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
failed=0

for dir in tests/golden/*/; do
    name=$(basename "$dir")
    (cd "$dir" && bash ./cmd </dev/null >"$out/stdout" 2>"$out/stderr")
    echo $? >"$out/status"
    if [ "${GOLDEN:-}" = write ]; then
        rm -f "$dir"/{stdout,stderr,status}
        for f in stdout stderr; do [ -s "$out/$f" ] && cp "$out/$f" "$dir/$f"; done
        [ "$(cat "$out/status")" = 0 ] || cp "$out/status" "$dir/status"
        continue
    fi
    ok=yes
    for f in stdout stderr status; do
        want=$dir/$f
        [ -e "$want" ] || { want=$out/want; : >"$want"; [ $f = status ] && echo 0 >"$want"; }
        if ! cmp -s "$want" "$out/$f"; then
            ok=no
            diff -u "$want" "$out/$f" | head -20 | sed 's/^/#   /'
        fi
    done
    if [ $ok = yes ]; then echo "ok - $name"; else echo "not ok - $name"; failed=1; fi
done
exit $failed
