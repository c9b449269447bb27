#!/usr/bin/env bash
# Restarts: what was acknowledged is there after kill -9, the kubeconfig still works, graphs go on.
source "$(dirname "$0")/lib.sh"
serve first --data-dir "$work/data"
ok "a definition" kubectl apply -f "$root/examples/web-app/definition.yaml"
ok "is ready" kubectl wait rgd/web-app --for=condition=Ready --timeout=20s
ok "an instance" kubectl apply -f "$root/examples/web-app/instance.yaml"
ok "is ready, too" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
uid=$(kubectl get deployment shop -o 'jsonpath={.metadata.uid}')
fails "a second process on the same data" "is held by process" timeout 10 "$weft" serve --port 0 --data-dir "$work/data"
for round in 1 2 3; do
    pid=${pids[-1]}
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    unset 'pids[-1]'
    serve "again$round" --data-dir "$work/data"
    ok "the deployment is the same after kill -9 ($round)" is "$uid" kubectl get deployment shop -o 'jsonpath={.metadata.uid}'
    ok "drift" kubectl scale deployment shop --replicas=1
    eventually "is repaired" 20 is 3 kubectl get deployment shop -o 'jsonpath={.spec.replicas}'
done
ok "delete" kubectl delete webapp shop --timeout=30s
echo "restart: $passed passed, 0 failed"
