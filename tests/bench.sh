#!/bin/bash
# bench.sh: how fast the tools read a log, beside wc, grep and pflogsumm, on one core, in one run;
# and how much memory spamscore takes for many identities. Called by `make bench`. It measures and
# prints, with the goals beside; nothing here passes or fails.
#
#   BENCH_DIR   where the generated log is kept (/tmp/mptools-bench); made once, used again
#   BENCH_SIZE  its size (1G)      BENCH_RUNS  runs, of which the best counts (3)
#   BENCH_CPU   the core to use (the last one that we may use)
#   BENCH_IDENTITIES  how many, with four messages each (1000000; 0: not measured)
#   B, BIN      where the generators and the tools are (build, bin)
set -eu
export LC_ALL=C TZ=UTC

dir=${BENCH_DIR:-/tmp/mptools-bench} size=${BENCH_SIZE:-1G} runs=${BENCH_RUNS:-3}
loggen=${B:-build}/loggen many=${B:-build}/bench_identities bin=${BIN:-bin}
identities=${BENCH_IDENTITIES:-1000000} messages=4 memory_goal=512 time_goal=1.5 block_goal=1.4
export MPTOOLS_SHARE=${MPTOOLS_SHARE:-$PWD/share/mptools}
prefix_size=64000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/conf"

cpu=${BENCH_CPU:-$(taskset -pc $$ | sed 's/.*[ ,-]//')}
log=$dir/mail-$size.log prefix=$dir/mail-$size.prefix.log

# The generator stops before the line that would pass the size, so a whole log ends just below it.
want=$(numfmt --from=iec "$size")
have=$(stat -c %s "$log" 2>/dev/null || echo 0)
mkdir -p "$dir"
if [ "$have" -gt "$want" ] || [ "$have" -lt $((want - 65536)) ]; then
	echo "making $log" >&2
	"$loggen" --size "$size" --scenario compromised --reuse 0.01 >"$log.new"
	mv "$log.new" "$log"
	have=$(stat -c %s "$log")
fi
head -c "$prefix_size" "$log" | sed '$d' >"$prefix"
prefix_have=$(stat -c %s "$prefix")

names=(wc grep few all score block)
declare -A title=(
	[wc]="wc -l"
	[grep]="grep -c status=bounced"
	[few]="mplog-parse, 6 columns"
	[all]="mplog-parse, all columns"
	[score]="spamscore"
	[block]="senderblock"
	[pflogsumm]="pflogsumm, 64 MB scaled"
)
declare -A command=(
	[wc]="wc -l"
	[grep]="grep -c status=bounced"
	[few]="$bin/mplog-parse --columns time,kind,qid,sasl_user,rcpt,status"
	[all]="$bin/mplog-parse"
	[score]="$bin/spamscore -C $work/conf"
	[block]="$bin/senderblock -C $work/conf -d $work/maps --ledger $work/ledger.db --confirm"
	[pflogsumm]="pflogsumm"
)
declare -A best rss

# run NAME FILE: once on one core; keeps the best wall time (microseconds) and the most memory.
run() {
	local name=$1 file=$2 out=/dev/null status=0 from to kb
	# GNU grep stops at its first match when it sees that its output is /dev/null.
	[ "$name" != grep ] || out=$work/out
	rm -rf "$work/maps" "$work"/ledger.db* # senderblock begins anew
	# shellcheck disable=SC2086 # the command is words
	set -- ${command[$name]}
	command -v "$1" >/dev/null || return 0
	from=${EPOCHREALTIME/./}
	taskset -c "$cpu" /usr/bin/time -q -o "$work/kb" -f %M "$@" "$file" >"$out" \
		2>"$work/err" || status=$?
	to=${EPOCHREALTIME/./}
	# 1 is a find (spamscore, senderblock) or grep's no match; anything above is a failure.
	if [ "$status" -gt 1 ]; then
		echo "bench: $* $file: exit $status: $(head -1 "$work/err")" >&2
		return 0
	fi
	kb=$(tail -1 "$work/kb")
	if [ -z "${best[$name]:-}" ] || [ $((to - from)) -lt "${best[$name]}" ]; then
		best[$name]=$((to - from))
	fi
	if [ "$kb" -gt "${rss[$name]:-0}" ]; then
		rss[$name]=$kb
	fi
}

cat "$log" >/dev/null
lines=$(wc -l <"$log")
for ((i = 0; i < runs; i++)); do
	for name in "${names[@]}"; do
		run "$name" "$log"
	done
	run pflogsumm "$prefix"
done
if [ -n "${best[pflogsumm]:-}" ]; then
	best[pflogsumm]=$((best[pflogsumm] * (have / 1000) / (prefix_have / 1000)))
fi

# ratio A B: A/B with two digits that matter.
ratio() {
	if [ -z "$1" ] || [ -z "$2" ]; then
		echo -
	else
		awk -v a="$1" -v b="$2" 'BEGIN { printf a / b < 10 ? "%.2f" : "%.0f", a / b }'
	fi
}

cached=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
echo "log: $log, $((have / 1000000)) MB, $lines lines, $((have / lines)) bytes a line"
echo "one core (cpu $cpu) of: $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
echo "best of $runs runs in turn; log read once before; $cached MB of memory available;" \
	"load $(cut -d' ' -f1 /proc/loadavg)"
echo
printf '%-26s %8s %8s %8s %9s %9s %13s %8s\n' \
	"" "wall s" "MB/s" "ns/line" "time/wc" "time/grep" "pflogsumm/it" "max MB"
for name in "${names[@]}" pflogsumm; do
	us=${best[$name]:-}
	if [ -z "$us" ]; then
		printf '%-26s %8s\n' "${title[$name]}" "(absent or failed)"
		continue
	fi
	printf '%-26s %8s %8s %8s %9s %9s %13s %8s\n' "${title[$name]}" \
		"$(awk -v u="$us" 'BEGIN { printf "%.2f", u / 1e6 }')" \
		"$((have / us))" "$((us * 1000 / lines))" \
		"$(ratio "$us" "${best[wc]:-}")" "$(ratio "$us" "${best[grep]:-}")" \
		"$(ratio "${best[pflogsumm]:-}" "$us")" \
		"$(awk -v k="${rss[$name]}" 'BEGIN { printf "%.1f", k / 1024 }')"
done
echo
echo "spamscore takes $(ratio "${best[score]:-}" "${best[all]:-}") times as long as mplog-parse with" \
	"all columns (goal: at most $time_goal)"
echo "senderblock takes $(ratio "${best[block]:-}" "${best[score]:-}") times as long as spamscore" \
	"(goal: at most $block_goal)"

# Records come from a pipe, so that what is measured is spamscore's own.
if [ "$identities" -gt 0 ] && [ -x "$many" ]; then
	"$many" "$identities" $((identities / 50 + 1)) $messages |
		/usr/bin/time -q -o "$work/kb" -f %M "$bin/spamscore" -C "$work/conf" >"$work/out" \
			2>"$work/err" || true
	kb=$(tail -1 "$work/kb")
	if [ -s "$work/err" ]; then
		echo "bench: $identities identities: $(head -1 "$work/err")" >&2
	else
		echo "spamscore of $identities identities, $messages messages each: at most" \
			"$((kb / 1024)) MB of memory, $((kb * 1024 / identities)) bytes an identity" \
			"(goal for a million: at most $memory_goal MB)"
	fi
elif [ "$identities" -gt 0 ]; then
	echo "bench: no $many: run make bench" >&2
fi
