#!/bin/bash
# Replays the kept corpus through every harness of tests/fuzz, compiled with gcc and a plain main:
# nothing may crash and nothing that a harness checks may fail. And one harness has to notice a
# broken input, or all of this would prove nothing. Fuzzing itself is `make fuzz`.
B=${B:-build}
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
failed=0

objects=$(find src/common -name '*.c' | sed "s|^src/\(.*\)c\$|$B/\1o|")
for o in $objects; do
    [ -e "$o" ] || { echo "$o is not built: make unit"; exit 77; }
done
ar rcs "$out/all.a" $objects || exit 2
sanitize=
nm "$B/common/base/text.o" | grep -q __asan_ && sanitize='-fsanitize=address,undefined'
libs=$(pkg-config --libs libpcre2-8 zlib libzstd libpsl libxxhash)
compile() {
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -Isrc/common -Wall -Wextra -Werror -O1 -g -fno-lto $sanitize "$@" \
        tests/fuzz/main.c "$out/all.a" $libs -lm
}

replay() {
    local name=$1
    if ! compile -o "$out/$name" "tests/fuzz/$name.c" >"$out/log" 2>&1; then
        echo "not ok - $name: does not compile"
        sed 's/^/    /' "$out/log"
        return 1
    fi
    if ! MPTOOLS_SHARE=share/mptools timeout 120 "$out/$name" tests/fuzz/corpus/"$name"/* \
        >"$out/log" 2>&1; then
        echo "not ok - $name"
        tail -n 20 "$out/log" | cut -c1-500 | sed 's/^/    /'
        return 1
    fi
    echo "ok - $name: $(grep -c "^tests/fuzz/corpus/$name/" "$out/log") inputs"
}

for f in tests/fuzz/*.c; do
    name=$(basename "$f" .c)
    [ "$name" = main ] && continue
    replay "$name" || failed=1
done

# A harness that reads nothing would find nothing: here the reader of lines aborts.
printf '#include "parser.c"\nbool body_parse(enum daemon d, struct slice s, struct line *l)\n%s\n' \
    '{ (void)d; (void)s; (void)l; abort(); }' >"$out/broken.c"
if compile -Itests/fuzz -Wl,--allow-multiple-definition -o "$out/broken" "$out/broken.c" \
    >"$out/log" 2>&1 && ! ("$out/broken" tests/fuzz/corpus/parser/rfc3339) >"$out/log" 2>&1; then
    echo "ok - a crash in what is called fails the replay"
else
    echo "not ok - a crash in what is called is not noticed"
    tail -n 5 "$out/log"
    failed=1
fi
exit $failed
