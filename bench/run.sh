#!/usr/bin/env bash
# Measurements: run.sh [server|controller|cel|compile|micro|all]. Every figure stands beside the command that gives it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
what=${1:-all}
case $what in
micro)
    for program in build/release/bench/*_bench; do
        echo "== $(basename "$program")"
        "$program" --benchmark_min_time=0.2 2>/dev/null
    done
    ;;
compile) python3 bench/compile.py ;;
cel) python3 bench/cel.py "${@:2}" ;;
server | controller) python3 bench/bench.py "$what" ;;
all)
    python3 bench/bench.py all
    python3 bench/cel.py --brief
    ;;
*) echo "bench: no measurement '$what': server, controller, cel, compile, micro, all" >&2; exit 2 ;;
esac
