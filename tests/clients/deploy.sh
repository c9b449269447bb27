#!/usr/bin/env bash
# The manifests of deploy/: what they grant is enough for the controller, and no more than it needs. Two replicas run here as
# the ServiceAccount against a server that checks every request by RBAC.
source "$(dirname "$0")/lib.sh"
kubectl kustomize "$root/deploy" | diff -u "$root/deploy/weft.yaml" - ||
    { echo "deploy/weft.yaml is stale: kubectl kustomize deploy >deploy/weft.yaml"; exit 1; }
serve server --no-controllers
admin=$KUBECONFIG
ok "the manifests apply" kubectl apply -k "$root/deploy"
ok "and again as one file" kubectl apply -f "$root/deploy/weft.yaml"
granted() { kubectl get clusterrole weft:controller -o jsonpath='{.rules[*].resources[*]}' | grep -qw "$1"; }
eventually "the grants are gathered" 10 granted graphrevisions

# A kubeconfig of the ServiceAccount: its token and nothing else.
server=$(kubectl config view --raw -o 'jsonpath={.clusters[0].cluster.server}')
kubectl config view --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$work/ca.crt"
token=$(kubectl -n kro-system create token weft)
account=$work/controller.kubeconfig
kubectl --kubeconfig "$account" config set-cluster here --server="$server" --certificate-authority="$work/ca.crt" --embed-certs >/dev/null
kubectl --kubeconfig "$account" config set-credentials weft --token="$token" >/dev/null
kubectl --kubeconfig "$account" config set-context here --cluster=here --user=weft >/dev/null
kubectl --kubeconfig "$account" config use-context here >/dev/null
as_weft() { kubectl --kubeconfig "$account" "$@"; }

# The flags of the Deployment, but for ports and for a lease that a test can wait for.
mapfile -t flags < <(kubectl -n kro-system get deployment weft -o 'jsonpath={range .spec.template.spec.containers[0].args[*]}{@}{"\n"}{end}' | grep -v -- -bind-address)
controller() {
    "$weft" "${flags[@]}" --kubeconfig "$account" --metrics-bind-address=0 --health-probe-bind-address=0 \
        --leader-election-lease-duration 2s --leader-election-renew-deadline 1s --leader-election-retry-period 200ms \
        >"$work/$1.log" 2>&1 &
    pids+=($!)
    eval "$1=$!"
}
controller one
eventually "the first leads" 10 grep -q leading "$work/one.log"
controller two

fails "it may not read Secrets" "forbidden" as_weft get secrets -A
fails "nor one Secret" "forbidden" as_weft -n kube-system get secret x
fails "nor make a Deployment" "forbidden" as_weft -n default create deployment x --image=x
fails "nor make a definition" "forbidden" as_weft create -f "$root/examples/web-app/definition.yaml"
fails "nor grant itself more" "forbidden" as_weft create clusterrolebinding more --clusterrole=cluster-admin --serviceaccount=kro-system:weft
fails "nor widen its own role" "forbidden" as_weft patch clusterrole weft:controller:static --type=json -p '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}}]'
fails "nor hold a lease elsewhere" "forbidden" as_weft -n kube-system create -f - <<<'{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"controller.kro.run"}}'
fails "nor another lease here" "forbidden" as_weft -n kro-system get lease other
is no as_weft auth can-i '*' '*' || { echo "FAILED: it may do everything"; exit 1; }

condition() { # KIND NAME: every message of its conditions
    kubectl get "$1" "$2" -o jsonpath='{range .status.conditions[*]}{.type}={.status} {.message}{"\n"}{end}'
}
tells() { # KIND NAME TEXT
    condition "$1" "$2" | grep -qF "$3"
}
eventually "kro's CRDs are there" 20 kubectl get crd resourcegraphdefinitions.kro.run
eventually "a definition" 20 kubectl apply -f "$root/examples/web-app/definition.yaml"
eventually "its CRD is made" 20 kubectl get crd webapps.kro.run
eventually "an instance" 20 kubectl apply -f "$root/examples/web-app/instance.yaml"

# Without any grant the controller cannot see instances: the definition says so.
eventually "the definition names the right that lacks" 20 tells rgd web-app 'cannot watch resource "webapps" in API group "kro.run" at the cluster scope'
# With a grant for the instances alone, the instance says what its children lack.
sed '/# Children/,$d' "$root/deploy/grants/web-app.yaml" >"$work/half.yaml"
ok "half a grant" kubectl apply -f "$work/half.yaml"
eventually "the instance names the right that lacks" 30 tells webapp shop 'cannot watch resource "deployments" in API group "apps" at the cluster scope'
fails "and waits" "timed out" kubectl wait webapp/shop --for=condition=Ready --timeout=1s
ok "the grant of the example" kubectl apply -f "$root/deploy/grants/web-app.yaml"
ok "is enough" kubectl wait webapp/shop --for=condition=Ready --timeout=60s
ok "the instance is ACTIVE" is ACTIVE kubectl get webapp shop -o 'jsonpath={.status.state}'

kill -9 "$one"
eventually "the second replica leads" 20 grep -q "controllers run" "$work/two.log"
ok "drift" kubectl scale deployment shop --replicas=1
eventually "is repaired by it" 30 is 3 kubectl get deployment shop -o 'jsonpath={.spec.replicas}'
# A right that is taken away is named as well: here that to write.
kubectl get clusterrole weft:grant:web-app -o json | sed 's/"patch",//; s/"patch"/"list"/' >"$work/less.json"
ok "deleting needs no more" kubectl delete webapp shop --timeout=60s
ok "the children are gone" is "" kubectl get deployments,services,ingresses -l app.kubernetes.io/managed-by=kro -o name
! grep -hi "forbidden" "$work/two.log" | grep -v "webapps\|deployments\|services\|ingresses" ||
    { echo "FAILED: the controller asked for what the manifests do not grant"; exit 1; }
echo "deploy: $passed passed, 0 failed"
