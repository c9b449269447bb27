#!/usr/bin/env bash
# What `./dev test` runs beside the unit tests: scenarios and real clients, on the release program.
set -uo pipefail
cd "$(dirname "$0")"
failed=0
python3 scenarios/run.py || failed=1
python3 docs/run.py || failed=1
for client in diagnostics plan from_cluster instances kubectl kubectl_all restart storage testing kill controller rollout deploy examples hostile go python helm; do
    bash "clients/$client.sh" || { echo "FAILED: $client"; failed=1; }
done
exit "$failed"
