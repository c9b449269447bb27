#!/usr/bin/env bash
# kro's chainsaw tests, with the real chainsaw, against `weft serve` and `weft controller`: chainsaw.sh CASES_DIR
source "$(dirname "$0")/lib.sh"
cases=$1
need_go_tool chainsaw github.com/kyverno/chainsaw
serve chainsaw --no-controllers
"$weft" controller --kubeconfig "$KUBECONFIG" --metrics-bind-address=0 --health-probe-bind-address=0 >"$work/controller.log" 2>&1 &
pids+=($!)
code=0
# Their own sleeps are most of the time: the tests run beside each other.
chainsaw test --test-dir "$cases" --parallel 4 --no-color --quiet --report-format JSON --report-path "$work" \
    --report-name report --assert-timeout "${CHAINSAW_TIMEOUT:-60s}" >"$work/chainsaw.out" 2>&1 || code=$?
if [ "$code" -ne 0 ]; then
    cat "$work/chainsaw.out"
    exit 1
fi
python3 - "$work/report.json" <<'PYTHON'
import json
import sys

tests = json.load(open(sys.argv[1]))["tests"]
failed = [t["name"] for t in tests if any("failure" in step or any("failure" in o for o in step.get("operations") or []) for step in t.get("steps") or [])]
for name in failed:
    print("FAILED:", name)
print(f"chainsaw: {len(tests) - len(failed)} passed, {len(failed)} failed")
sys.exit(1 if failed or not tests else 0)
PYTHON
