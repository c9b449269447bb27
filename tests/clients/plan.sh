#!/usr/bin/env bash
# `weft plan` and `weft render` beside a live server: what is there is read, nothing is written.
source "$(dirname "$0")/lib.sh"
serve plan
example=$root/examples/web-app
plan() { "$weft" plan -f "$example/definition.yaml" -i "$1" --from-cluster; }
prints "an instance that is not there yet" "1 to create, 0 to change" plan "$example/instance.yaml"
fails "nothing was made" "NotFound" kubectl get deployment shop
ok "definition" kubectl apply -f "$example/definition.yaml"
ok "served" kubectl wait rgd/web-app --for=condition=Ready --timeout=20s
ok "instance" kubectl apply -f "$example/instance.yaml"
ok "ready" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
prints "what the controller made is as it should be" "0 to create, 0 to change, 0 to delete" plan "$example/instance.yaml"
sed 's/replicas: 3/replicas: 5/' "$example/instance.yaml" >"$work/changed.yaml"
prints "a changed field" "spec.replicas: 3 → 5" plan "$work/changed.yaml"
prints "what waits for it" "service waits for" plan "$work/changed.yaml"
sed 's/enabled: true/enabled: false/' "$example/instance.yaml" >"$work/smaller.yaml"
prints "what is no longer wanted" "- Ingress default/shop  (ingress)" plan "$work/smaller.yaml"
ok "still three" is 3 kubectl get deployment shop -o jsonpath='{.spec.replicas}'
kubectl get webapp,deployment,service,ingress -o yaml --show-managed-fields >"$work/observed.yaml"
prints "the same from files" "0 to create, 0 to change, 0 to delete" \
    "$weft" plan -f "$example/definition.yaml" -i "$example/instance.yaml" --observed "$work/observed.yaml"
prints "all objects are rendered with the live status" "kind: Ingress" \
    "$weft" render -f "$example/definition.yaml" -i "$example/instance.yaml" --from-cluster
fails "a server that is not there" "reading the kubeconfig" \
    "$weft" plan -f "$example/definition.yaml" -i "$example/instance.yaml" --from-cluster --kubeconfig /nowhere
echo "plan: $passed passed, 0 failed"
