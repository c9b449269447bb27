#!/usr/bin/env bash
# Fuzzing: run.sh NAME|all|cel|list MINUTES. Goes on from tests/fuzz/corpus/NAME (seeds, kept in the tree) and
# build/corpus/NAME (what was found since). `all` gives each target the minutes; `cel` shares them among those of CEL.
# A crash is written to build/crashes and ends with exit 1. See docs/internals/fuzzing.md.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
names=()
for file in tests/fuzz/*_fuzz.cc; do
    name=$(basename "$file" _fuzz.cc)
    names+=("$name")
done
what=${1:-list} minutes=${2:-1}
if [ "$what" = list ]; then
    printf '%s\n' "${names[@]}"
    exit
fi
case $what in
all) ;;
cel)
    names=($(printf '%s\n' "${names[@]}" | grep '^cel_'))
    minutes=$(awk "BEGIN { print $minutes / ${#names[@]} }")
    ;;
*) names=("$what") ;;
esac
seconds=$(awk "BEGIN { print int($minutes * 60 + 0.5) }")
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
targets=()
for name in "${names[@]}"; do targets+=("${name}_fuzz"); done
ninja -C build/fuzz --quiet "${targets[@]}"
mkdir -p build/crashes

# One target, from its corpora; a line on stdout, and the log where it failed.
fuzz_one() {
    local name=$1 seconds=$2 log=build/corpus/$1.log
    mkdir -p "build/corpus/$name" "tests/fuzz/corpus/$name"
    if timeout $((seconds + 120)) "build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3000 \
        -artifact_prefix="build/crashes/$name-" "build/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "$name: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log" | tail -n 1)(s), no finding"
    else
        echo "$name: FAILED"
        tail -n 30 "$log"
        return 1
    fi
}
export -f fuzz_one
# A target a core; xargs ends with an error if one of them does.
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$1" "$2"' - {} "$seconds"
