#!/bin/bash
# Fuzzes each harness of tests/fuzz with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
#   tests/fuzz.sh [NAME ...]      FUZZ_SECONDS=30 each; B=build/fuzz for objects and findings
# Begins with the kept corpus (tests/fuzz/corpus/NAME); what it learns stays in $B/corpus/NAME. Exit 1
# on a finding: the input that made it is in $B/findings/NAME-*, and `$B/NAME FILE` makes it again
# (FUZZ_SHOW=1: with the log that the harness correlate makes of it).
cd "$(dirname "$0")/.." || exit 2
command -v clang >/dev/null || { echo "clang is needed"; exit 77; }
B=${B:-build/fuzz} seconds=${FUZZ_SECONDS:-30} failed=0
export TZ=UTC MPTOOLS_SHARE=share/mptools
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# NULL + 0 (an empty slice) is what clang would report besides overflows; C2y allows it (N3322)
checks='-fsanitize=address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=all'
mkdir -p "$B"
echo "$checks" | cmp -s - "$B/flags" || rm -rf "$B/common" # of other flags
echo "$checks" >"$B/flags"
objects=$(find src/common -name '*.c' | sed "s|^src/\(.*\)c\$|$B/\1o|")
make --no-print-directory -s B="$B" CC=clang OPT='-O1 -g' SAN="-fsanitize=fuzzer-no-link $checks" \
    $objects || exit 2
rm -f "$B/all.a"
ar rcs "$B/all.a" $objects || exit 2
libs=$(pkg-config --libs libpcre2-8 zlib libzstd libpsl libxxhash)

harness() {
    local name=$1 dict=
    local corpus=$B/corpus/$name
    clang -std=c11 -D_GNU_SOURCE -Isrc/common -Wall -Wextra -Werror -O1 -g \
        -fsanitize=fuzzer $checks -o "$B/$name" "tests/fuzz/$name.c" "$B/all.a" $libs -lm || return 2
    mkdir -p "$corpus" "$B/findings"
    case $name in
    parser | facts | resume) dict=-dict=tests/fuzz/log.dict ;;
    *) [ -e "tests/fuzz/$name.dict" ] && dict=-dict=tests/fuzz/$name.dict ;;
    esac
    "$B/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="$B/findings/$name-" $dict \
        "$corpus" "tests/fuzz/corpus/$name" >"$B/$name.log" 2>&1
    local rc=$?
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$B/$name.log")
    if [ $rc != 0 ]; then
        echo "not ok - $name: exit $rc after ${runs:-?} runs"
        grep -v '^#[0-9]*	' "$B/$name.log" | tail -n 60
        ls "$B"/findings/"$name"-* 2>/dev/null
        return 1
    fi
    echo "ok - $name: ${runs:-?} runs, $(ls "$corpus" | wc -l) inputs"
}

if [ $# = 0 ]; then
    for f in tests/fuzz/*.c; do
        [ "$f" = tests/fuzz/main.c ] || set -- "$@" "$(basename "$f" .c)"
    done
fi
for name; do
    harness "$name" || failed=1
done
exit $failed
