#!/usr/bin/env bash
# Writes the known-failure list of a suite anew from what fails now: learn.sh SUITE DIR. For shrinking a list after a
# fix; a list grows only with new cases, in the commit that adds them.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=$1 list=$here/known/$1.txt
fresh=$(mktemp)
"$here/run" "$suite" --cases "$2" --known none --failures "$fresh" | tail -n 1
header=$(grep '^#' "$list" 2>/dev/null || echo "# What fails of $suite, and how.")
kept=$(mktemp)
# Reasons that a person wrote are kept.
python3 - "$fresh" "$list" >"$kept" <<'PY'
import sys
known = {}
try:
    for line in open(sys.argv[2], encoding="utf-8"):
        if not line.startswith("#") and "\t" in line:
            name, reason = line.rstrip("\n").split("\t", 1)
            known[name] = reason
except FileNotFoundError:
    pass
for line in open(sys.argv[1], encoding="utf-8"):
    name, reason = line.rstrip("\n").split("\t", 1)
    print(f"{name}\t{known.get(name, reason[:160])}")
PY
if [ -s "$kept" ]; then { echo "$header"; cat "$kept"; } >"$list"; else rm -f "$list"; fi
