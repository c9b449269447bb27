#!/usr/bin/env bash
# Malformed requests, too much of everything, slow and lazy clients.
source "$(dirname "$0")/lib.sh"
serve hostile --no-controllers --workloads off
ulimit -n 8192 2>/dev/null || true
eventually "the ConfigMap to read" 10 kubectl get configmap kube-root-ca.crt
python3 "$root/tests/clients/hostile.py" "${pids[-1]}"
