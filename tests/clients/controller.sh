#!/usr/bin/env bash
# `weft controller` by kubeconfig against `weft serve --no-controllers`: two replicas with leader
# election; the leader is killed and the other goes on.
source "$(dirname "$0")/lib.sh"
serve server --no-controllers
controller() {
    "$weft" controller --kubeconfig "$KUBECONFIG" -leader-elect --leader-election-namespace kube-system \
        --leader-election-lease-duration 2s --leader-election-renew-deadline 1s --leader-election-retry-period 200ms \
        --metrics-bind-address=0 --health-probe-bind-address=0 >"$work/$1.log" 2>&1 &
    pids+=($!)
    eval "$1=$!"
}
controller one
eventually "the first leads" 10 grep -q leading "$work/one.log"
controller two
ok "a definition" kubectl apply -f "$root/examples/web-app/definition.yaml"
ok "is ready" kubectl wait rgd/web-app --for=condition=Ready --timeout=20s
ok "an instance" kubectl apply -f "$root/examples/web-app/instance.yaml"
ok "is ready, too" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
holder=$(kubectl -n kube-system get lease controller.kro.run -o 'jsonpath={.spec.holderIdentity}')
kill -9 "$one"
eventually "the second leads" 20 bash -c "[ \"\$(kubectl -n kube-system get lease controller.kro.run -o 'jsonpath={.spec.holderIdentity}')\" != '$holder' ]"
eventually "and says so" 10 grep -q "controllers run" "$work/two.log"
ok "drift" kubectl scale deployment shop --replicas=1
eventually "is repaired by the second" 20 is 3 kubectl get deployment shop -o 'jsonpath={.spec.replicas}'
ok "delete" kubectl delete webapp shop --timeout=30s
kill "$two"
wait "$two" || { echo "FAILED: the controller did not end cleanly"; exit 1; }
eventually "the lease is given up" 5 is "" kubectl -n kube-system get lease controller.kro.run -o 'jsonpath={.spec.holderIdentity}'
echo "controller: $passed passed, 0 failed"
