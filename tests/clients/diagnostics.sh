#!/usr/bin/env bash
# The table of diagnostics: each example gives exactly its diagnostic through `weft validate`, SARIF names each rule,
# and docs/reference/diagnostics.md is what `weft explain` prints.
set -euo pipefail
cd "$(dirname "$0")/../.."
weft=${WEFT:-build/release/weft}
"$weft" explain -o markdown | diff -u docs/reference/diagnostics.md - ||
    { echo "docs/reference/diagnostics.md is stale: $weft explain -o markdown >docs/reference/diagnostics.md"; exit 1; }
exec python3 - "$weft" <<'PY'
import json
import os
import subprocess
import sys
import tempfile

weft = os.path.abspath(sys.argv[1])
entries = json.loads(subprocess.run([weft, "explain", "-o", "json"], check=True, stdout=subprocess.PIPE).stdout)
wrong = 0
for entry in entries:
    identifier = entry["id"]
    with tempfile.TemporaryDirectory() as folder:
        flags = []
        if identifier == "G029":
            # Any definition exceeds a budget of nothing.
            entry["example"] = next(e for e in entries if e["id"] == "G026")["example"].replace("readywhen", "readyWhen")
            flags = ["--max-cost=1"]
        if entry["example"]:
            with open(os.path.join(folder, "example.yaml"), "w", encoding="utf-8") as file:
                file.write(entry["example"])
        run = subprocess.run([weft, "validate", "example.yaml", "-o", "sarif", *flags], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        log = json.loads(run.stdout)["runs"][0]
        found = [(result["ruleId"], log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"], result["level"])
                 for result in log["results"]]
        # A circle of two definitions is told once; everything else once, too.
        if found != [(identifier, identifier, entry["severity"])]:
            print(f"{identifier}: its example gives {found}")
            wrong += 1
        if (run.returncode != 0) != (entry["severity"] == "error"):
            print(f"{identifier}: exit {run.returncode}")
            wrong += 1
        if entry["example"]:
            place = log["results"][0]["locations"][0]["physicalLocation"] if log["results"] else {}
            if place.get("region", {}).get("startLine", 0) < 1 or place["artifactLocation"]["uri"] != "example.yaml":
                print(f"{identifier}: no place: {place}")
                wrong += 1
    page = subprocess.run([weft, "explain", identifier.lower()], check=True, text=True, stdout=subprocess.PIPE).stdout
    if not page.startswith(f"# {identifier}: {entry['title']}\n"):
        print(f"{identifier}: weft explain prints {page[:80]}")
        wrong += 1
print(f"diagnostics: {len(entries)} entries, {wrong} wrong")
sys.exit(1 if wrong else 0)
PY
