#!/usr/bin/env bash
# Every suite whose program and cases exist, each by tests/conformance/run: all.sh CONFORMANCE_DIR [SUITE…]
set -uo pipefail
cd "$(dirname "$0")"
cases=$1
shift
declare -A where=([builtin]=kubernetes [cel]=cel [yaml]=kubernetes/golden [smd]=smd [golden]=kubernetes/golden [discovery]=kubernetes/discovery-core [tables]=kubernetes/tables
    [strategies]=kubernetes/strategies [strategic-merge-patch]=kubernetes/strategic-merge-patch
    [apimachinery]=kubernetes/apimachinery [apiextensions]=apiextensions [transcripts]=kubernetes/transcripts
    [cel-appendix]=../reference [kro-tables]=kro/tables [kro-takeover]=kro [kro-compile]=kro [kro-examples]=kro [crds]=crds)
failed=0
for suite in ${*:-cel cel-appendix yaml builtin smd golden discovery tables strategies strategic-merge-patch apimachinery apiextensions transcripts kro-tables kro-compile kro-examples kro-takeover crds chainsaw}; do
    if [ "$suite" = chainsaw ]; then
        echo "== chainsaw"
        bash ../clients/chainsaw.sh "$cases/kro/chainsaw" || failed=1
        continue
    fi
    [ -e "${suite//-/_}.cc" ] || [ -e "${suite//-/_}.py" ] || continue
    printf '== %s\n' "$suite"
    [ -d "$cases/${where[$suite]:-$suite}" ] || { echo "skipped: no conformance data"; continue; }
    ./run "$suite" --cases "$cases/${where[$suite]:-$suite}" | grep -v '(known)$' || failed=1
done
# kro makes, weft takes over and edits, kro takes back: where the peers are built.
if [ $# -eq 0 ] || [ "$1" = handback ]; then
    printf '== handback\n'
    python3 ../handback/run.py --crds "$cases/kro/crds" || failed=1
fi
# Each break of kro's own examples must be told where it is.
breaker=../../build/dev/tests/breaker/breaker
if [ -x "$breaker" ] && { [ $# -eq 0 ] || [ "$1" = breaker ]; }; then
    printf '== breaker\n'
    "$breaker" --seed 1 --crds "$cases/crds" "$cases/kro/examples" "$cases/kro/docs" || failed=1
fi
exit "$failed"
