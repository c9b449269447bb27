#!/usr/bin/env bash
# Malformed requests, too much of everything, slow and lazy clients.
source "$(dirname "$0")/lib.sh"
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
serve hostile --no-controllers --workloads off
eventually "the ConfigMap to read" 10 kubectl get configmap kube-root-ca.crt
python3 "$root/tests/clients/hostile.py" "${pids[-1]}"
