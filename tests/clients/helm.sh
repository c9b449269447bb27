#!/usr/bin/env bash
# Helm 3 and Helm 4, unmodified, with the charts of examples/charts and two of ../shared: install, upgrade, rollback,
# uninstall, each with --wait; hooks, CRDs, a rollout that fails and is rolled back.
source "$(dirname "$0")/lib.sh"
need_go_tool helm3 helm.sh/helm/v3/cmd/helm
need_go_tool helm4 helm.sh/helm/v4/cmd/helm
serve helm
charts=$root/examples/charts
shared=${WEFT_SHARED:-$root/../shared}/conformance/helm
wait_s=60s

status_of() { # RELEASE NAMESPACE
    "$helm" status "$1" -n "$2" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["info"]["status"])'
}

all_of() { # HELM ATOMIC: what this version calls "roll back if it fails"
    helm=$1
    local atomic=$2 ns=ns-$1
    kubectl create namespace "$ns" >/dev/null
    eventually "$helm: the namespace's account" 10 kubectl -n "$ns" get serviceaccount default
    prints "$helm: version" "v${helm#helm}." "$helm" version
    ok "$helm: lint" "$helm" lint "$charts/web"

    prints "$helm: install" 'greets with "hello"' "$helm" install shop "$charts/web" -n "$ns" --wait --timeout $wait_s
    ok "$helm: it is deployed" is deployed status_of shop "$ns"
    ok "$helm: --wait waited" is 2 kubectl -n "$ns" get deployment shop -o 'jsonpath={.status.availableReplicas}'
    ok "$helm: the first hook ran" is 1 kubectl -n "$ns" get job shop-before -o 'jsonpath={.status.succeeded}'
    fails "$helm: the second is deleted after success" "not found" kubectl -n "$ns" get job shop-after
    fails "$helm: install twice" " a name that is still in use" "$helm" install shop "$charts/web" -n "$ns"
    prints "$helm: list" "shop" "$helm" list -n "$ns"
    prints "$helm: get manifest" "kind: Ingress" "$helm" get manifest shop -n "$ns"
    ok "$helm: test" "$helm" test shop -n "$ns" --timeout $wait_s

    ok "$helm: upgrade" "$helm" upgrade shop "$charts/web" -n "$ns" --set image=nginx:1.29,replicas=3,ingress.enabled=false \
        --wait --timeout $wait_s
    ok "$helm: the image" is nginx:1.29 kubectl -n "$ns" get deployment shop -o 'jsonpath={.spec.template.spec.containers[0].image}'
    ok "$helm: three are available" is 3 kubectl -n "$ns" get deployment shop -o 'jsonpath={.status.availableReplicas}'
    fails "$helm: what the chart no longer has is gone" "not found" kubectl -n "$ns" get ingress shop
    prints "$helm: a dry run asks the server" "nginx:9" "$helm" upgrade shop "$charts/web" -n "$ns" --set image=nginx:9 --dry-run=server
    ok "$helm: and changes nothing" is nginx:1.29 kubectl -n "$ns" get deployment shop -o 'jsonpath={.spec.template.spec.containers[0].image}'

    # A rollout that cannot end: it fails, the old pods go on, and rollback brings the old image back.
    fails "$helm: a broken image" "" "$helm" upgrade shop "$charts/web" -n "$ns" --set image=nginx:does-not-exist --wait --timeout 3s
    ok "$helm: the release has failed" is failed status_of shop "$ns"
    ok "$helm: rollback" "$helm" rollback shop 2 -n "$ns" --wait --timeout $wait_s
    ok "$helm: the old image is back" is nginx:1.29 kubectl -n "$ns" get deployment shop -o 'jsonpath={.spec.template.spec.containers[0].image}'
    ok "$helm: it is deployed again" is deployed status_of shop "$ns"
    prints "$helm: history" "Rollback to 2" "$helm" history shop -n "$ns"
    fails "$helm: a failure rolls itself back" "" "$helm" upgrade shop "$charts/web" -n "$ns" --set image=nginx:does-not-exist "$atomic" --timeout 3s
    ok "$helm: to the image before" is nginx:1.29 kubectl -n "$ns" get deployment shop -o 'jsonpath={.spec.template.spec.containers[0].image}'
    ok "$helm: with an autoscaler and a volume" "$helm" upgrade shop "$charts/web" -n "$ns" --reset-values \
        --set autoscaling.enabled=true,storage.enabled=true --wait --timeout $wait_s
    ok "$helm: uninstall" "$helm" uninstall shop -n "$ns" --wait --timeout $wait_s
    fails "$helm: the deployment is gone" "not found" kubectl -n "$ns" get deployment shop
    ok "$helm: the hook before it ran" kubectl -n "$ns" get configmap shop-farewell

    # CRDs of a chart are there before its objects.
    ok "$helm: install a chart with a CRD" "$helm" upgrade --install widgets "$charts/widgets" -n "$ns" --wait --timeout $wait_s
    ok "$helm: its object, defaulted" is blue kubectl -n "$ns" get widget widgets -o 'jsonpath={.spec.color}'
    ok "$helm: lookup" is default kubectl -n "$ns" get configmap widgets -o 'jsonpath={.data.account}'
    ok "$helm: capabilities" is true kubectl -n "$ns" get configmap widgets -o 'jsonpath={.data.capable}'
    fails "$helm: the CRD's rules hold" "less than or equal to 10" "$helm" upgrade widgets "$charts/widgets" -n "$ns" --set size=11
    ok "$helm: a size that fits" "$helm" upgrade widgets "$charts/widgets" -n "$ns" --set size=5 --wait --timeout $wait_s
    ok "$helm: the size" is 5 kubectl -n "$ns" get widget widgets -o 'jsonpath={.spec.size}'
    ok "$helm: uninstall it" "$helm" uninstall widgets -n "$ns" --wait --timeout $wait_s
    ok "$helm: its CRD stays" kubectl get crd widgets.charts.example.com

    if [ -d "$shared/charts" ]; then
        ok "$helm: the collector's chart" "$helm" install otel "$shared/charts/opentelemetry-collector" -n "$ns" \
            -f "$shared/examples/opentelemetry-collector/daemonset-and-deployment/daemonset-values.yaml" --wait --timeout $wait_s
        ok "$helm: changes its mode" "$helm" upgrade otel "$shared/charts/opentelemetry-collector" -n "$ns" \
            -f "$shared/examples/opentelemetry-collector/statefulset-only/values.yaml" --wait --timeout $wait_s
        ok "$helm: back again" "$helm" rollback otel 1 -n "$ns" --wait --timeout $wait_s
        ok "$helm: uninstall the collector" "$helm" uninstall otel -n "$ns" --wait --timeout $wait_s
        ok "$helm: the instrumentation's chart" "$helm" install ebpf "$shared/charts/opentelemetry-ebpf-instrumentation" -n "$ns" \
            -f "$shared/examples/opentelemetry-ebpf-instrumentation/default/values.yaml" --wait --timeout $wait_s
        ok "$helm: its daemon set is ready" bash -c '[ "$(kubectl -n '"$ns"' get daemonsets -o "jsonpath={.items[0].status.numberReady}")" -ge 1 ]'
        ok "$helm: uninstall the instrumentation" "$helm" uninstall ebpf -n "$ns" --wait --timeout $wait_s
    else
        echo "skipped: the charts of ../shared"
    fi
    kubectl delete namespace "$ns" --timeout=30s >/dev/null
}

begin=$SECONDS
all_of helm3 --atomic
all_of helm4 --rollback-on-failure
echo "helm: $passed passed, 0 failed (in $((SECONDS - begin)) s)"
