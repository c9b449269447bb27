#!/usr/bin/env bash
# Every example comes up by `weft up --until-ready`, instantly and with delays.
source "$(dirname "$0")/lib.sh"
for mode in instant delayed; do
    for example in web-app job-pipeline tenants; do
        ok "$example, $mode" "$weft" up -f "$root/examples/$example/definition.yaml" -f "$root/examples/$example/instance.yaml" \
            --workloads $mode --until-ready --timeout 60s
    done
done
# An upgrade that fails half way, and its cure.
serve rollout
ok "definition" kubectl apply -f "$root/examples/web-app/definition.yaml"
ok "ready" kubectl wait rgd/web-app --for=condition=Ready --timeout=20s
ok "instance" kubectl apply -f "$root/examples/web-app/instance.yaml"
ok "ready" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
ok "a broken image" kubectl apply -f "$root/examples/web-app-rollout/1-broken-image.yaml"
eventually "is not ready" 20 is False kubectl get webapp shop -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
prints "the reason names the node" "deployment" kubectl get webapp shop -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'
ok "old pods go on" bash -c '[ "$(kubectl get deployment shop -o jsonpath={.status.availableReplicas})" -ge 2 ]'
ok "the cure" kubectl apply -f "$root/examples/web-app-rollout/2-upgrade.yaml"
ok "ready again" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
ok "the image" is nginx:1.29 kubectl get deployment shop -o 'jsonpath={.spec.template.spec.containers[0].image}'
echo "examples: $passed passed, 0 failed"
