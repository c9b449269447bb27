#!/usr/bin/env bash
# Every subcommand of kubectl that needs no running container, against `weft serve`.
source "$(dirname "$0")/lib.sh"
serve kubectl_all
cd "$work"
k() { kubectl -n lab "$@"; }
node=$(kubectl get nodes -o 'jsonpath={.items[0].metadata.name}')

# --- Asking ---
prints "version" "Server Version: v1.36.3+weft" kubectl version
prints "version as json" '"serverVersion"' kubectl version -o json
prints "cluster-info" "is running at" kubectl cluster-info
prints "api-versions" "apiextensions.k8s.io/v1" kubectl api-versions
prints "api-resources of a group" "deployments" kubectl api-resources --api-group=apps
prints "api-resources by verb" "configmaps" kubectl api-resources --verbs=list,watch --namespaced=true -o name
prints "api-resources wide" "create,delete,deletecollection,get,list,patch,update,watch" kubectl api-resources -o wide
prints "explain" "strategy" kubectl explain deployment.spec
prints "explain recursively" "maxUnavailable" kubectl explain deployment --recursive
prints "explain of a version" "averageUtilization" kubectl explain hpa.spec.metrics.resource.target --api-version=autoscaling/v2
prints "explain as openapiv2" "replicas" kubectl explain deployment.spec --output=plaintext-openapiv2
fails "explain of nothing" 'field "nothing" does not exist' kubectl explain deployment.spec.nothing
prints "get --raw" '"gitVersion"' kubectl get --raw /version
prints "get --raw of a list" '"kind":"NamespaceList"' kubectl get --raw /api/v1/namespaces
prints "get --raw of OpenAPI v2" '"swagger":"2.0"' kubectl get --raw /openapi/v2
prints "get --raw of readyz" "readyz check passed" kubectl get --raw '/readyz?verbose'
prints "completion" "bash completion" kubectl completion bash
prints "options" "--as-group" kubectl options
ok "plugin list" bash -c 'kubectl plugin list 2>&1 || true'

# --- Settings of the client itself ---
prints "config view" "server: https://" kubectl config view
ok "config current-context" kubectl config current-context
prints "config get-contexts" "*" kubectl config get-contexts
prints "config get-clusters" "NAME" kubectl config get-clusters
prints "config get-users" "NAME" kubectl config get-users
cp "$KUBECONFIG" other.kubeconfig
ok "config set-context" kubectl config --kubeconfig=other.kubeconfig set-context --current --namespace=lab
ok "config set-credentials" kubectl config --kubeconfig=other.kubeconfig set-credentials robot --token=abc
ok "config set-cluster" kubectl config --kubeconfig=other.kubeconfig set-cluster far --server=https://far.example.com
ok "config rename-context" kubectl config --kubeconfig=other.kubeconfig rename-context "$(kubectl config current-context)" here
ok "config use-context" kubectl config --kubeconfig=other.kubeconfig use-context here
ok "config unset" kubectl config --kubeconfig=other.kubeconfig unset users.robot
ok "config delete-cluster" kubectl config --kubeconfig=other.kubeconfig delete-cluster far

# --- create, in every form ---
prints "create namespace" "created" kubectl create namespace lab
eventually "its account" 10 k get serviceaccount default
prints "create deployment" "created" k create deployment web --image=nginx:1.27 --replicas=2 --port=80
prints "create job" "created" k create job once --image=busybox -- true
prints "create cronjob" "created" k create cronjob nightly --image=busybox --schedule='0 3 * * *' -- true
prints "create job --from" "created" k create job by-hand --from=cronjob/nightly
prints "create configmap" "created" k create configmap settings --from-literal=a=b
echo content >file.txt
prints "create configmap of a file" "created" k create configmap files --from-file=file.txt
prints "create secret generic" "created" k create secret generic password --from-literal=p=w
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=weft 2>/dev/null
prints "create secret tls" "created" k create secret tls certificate --cert=tls.crt --key=tls.key
prints "create secret docker-registry" "created" k create secret docker-registry registry \
    --docker-server=registry.example.com --docker-username=u --docker-password=p
prints "create service clusterip" "created" k create service clusterip inner --tcp=80:8080
prints "create service nodeport" "created" k create service nodeport outer --tcp=80
prints "create service loadbalancer" "created" k create service loadbalancer public --tcp=80
prints "create service externalname" "created" k create service externalname away --external-name=example.com
prints "create ingress" "created" k create ingress web --rule='web.example.com/*=inner:80'
prints "create role" "created" k create role reader --verb=get,list --resource=pods,deployments.apps
prints "create rolebinding" "created" k create rolebinding readers --role=reader --serviceaccount=lab:default
prints "create clusterrole" "created" kubectl create clusterrole lab-reader --verb=get --resource=nodes
prints "create clusterrole aggregated" "created" kubectl create clusterrole lab-all --aggregation-rule=rbac.example.com/lab=true
prints "create clusterrolebinding" "created" kubectl create clusterrolebinding lab-readers --clusterrole=lab-reader --user=ann
prints "create poddisruptionbudget" "created" k create poddisruptionbudget web --selector=app=web --min-available=1
prints "create priorityclass" "created" kubectl create priorityclass lab-high --value=1000 --description=high
prints "create quota" "created" k create quota small --hard=pods=100,services=50
prints "create serviceaccount" "created" k create serviceaccount robot
prints "create token" "." k create token robot --duration=1h
prints "create -f with validation" "created" k create --validate=strict -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"plain"},"data":{"a":"b"}}'
fails "an unknown field, strictly" 'unknown field "datum"' k create --validate=strict -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"no"},"datum":{}}'
prints "an unknown field, warned" 'Warning: unknown field "datum"' k create --validate=warn -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"warned"},"datum":{}}'
ok "an unknown field, ignored" k create --validate=ignore -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ignored"},"datum":{}}'
fails "an unknown kind" "no matches for kind" kubectl create -f - <<<'{"apiVersion":"none.example.com/v1","kind":"Nothing","metadata":{"name":"x"}}'
prints "run" "created" k run single --image=nginx:1.27 --labels=app=single --port=80
prints "run, dry" "created (server dry run)" k run ghost --image=nginx --dry-run=server
prints "create, dry on the client" "kind: Deployment" k create deployment ghost --image=nginx --dry-run=client -o yaml

# --- Waiting ---
ok "wait for a condition" k wait deployment/web --for=condition=Available --timeout=20s
ok "wait for a condition's value" k wait job/once --for=condition=complete=true --timeout=20s
ok "wait for a jsonpath" k wait pod/single --for=jsonpath='{.status.phase}'=Running --timeout=20s
ok "wait for a jsonpath to exist" k wait service/public --for=jsonpath='{.status.loadBalancer.ingress}' --timeout=20s
(sleep 0.3 && k create configmap late --from-literal=a=b >/dev/null) &
ok "wait for a create" k wait configmap/late --for=create --timeout=20s
wait $!
(sleep 0.3 && k delete configmap late >/dev/null) &
ok "wait for a delete" k wait configmap/late --for=delete --timeout=20s
wait $!
fails "wait in vain" "timed out" k wait pod/single --for=condition=Never --timeout=200ms

# --- Looking ---
prints "get wide" "IMAGES" k get deployments -o wide
prints "get several kinds" "service/inner" k get deployments,services,configmaps
prints "get all" "deployment.apps/web" k get all
prints "get everywhere" "kube-system" kubectl get configmaps -A
prints "get yaml" "kind: List" k get deployments,services -o yaml
prints "get as json" '"kind": "List"' k get configmaps -o json
prints "get names" "configmap/settings" k get configmaps -o name
prints "get columns" "nginx:1.27" k get deployments -o custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[*].image
prints "get by template" "web" k get deployment web -o go-template='{{.metadata.name}}'
prints "get sorted" "settings" k get configmaps --sort-by=.metadata.name
prints "get with labels" "app=web" k get pods --show-labels
prints "get with a label's column" "APP" k get pods -L app
prints "get by label" "web-" k get pods -l 'app in (web),app!=single'
prints "get by field" "single" k get pods --field-selector=status.phase=Running,metadata.name=single
prints "get in chunks" "settings" k get configmaps --chunk-size=1
prints "get a subresource" "web" k get deployment web --subresource=scale
prints "get managed fields" "kubectl-create" k get deployment web -o yaml --show-managed-fields
prints "get from server as json" "web" k get --server-print=false deployment
fails "get nothing" "NotFound" k get deployment nothing
ok "get nothing, quietly" k get deployment nothing --ignore-not-found
kubectl create -f - >/dev/null <<'YAML'
apiVersion: v1
kind: Event
metadata: {name: web.1, namespace: lab}
involvedObject: {apiVersion: apps/v1, kind: Deployment, name: web, namespace: lab}
type: Normal
reason: Scaled
message: to two
firstTimestamp: "2026-01-02T03:04:05Z"
lastTimestamp: "2026-01-02T03:04:05Z"
count: 2
source: {component: lab}
YAML
prints "events" "Scaled" k events
prints "events of an object" "Scaled" k events --for=deployment/web
prints "get events" "to two" k get events
prints "events as json" '"kind": "EventList"' k events -o json
# describe of every kind that there is an object of
while read -r name; do
    if [ -n "$(kubectl get "$name" -A -o name 2>/dev/null | head -n 1)" ]; then
        prints "describe $name" "Name" kubectl describe "$name" -A
    fi
done < <(kubectl api-resources --verbs=list -o name)
prints "describe a node" "Capacity" kubectl describe node "$node"
prints "describe by prefix" "Containers:" k describe pod web
fails "describe nothing" "not found" k describe pod nothing

# --- Changing ---
prints "label" "labeled" k label deployment web tier=front
prints "label over" "labeled" k label --overwrite deployment web tier=back
fails "label without over" "already has a value" k label deployment web tier=front
prints "label away" "unlabeled" k label deployment web tier-
prints "label all" "labeled" k label configmaps --all lab=yes
prints "annotate" "annotated" k annotate deployment web note=hello
prints "annotate away" "annotated" k annotate deployment web note-
prints "scale" "scaled" k scale deployment web --replicas=3
fails "scale from what is not" "Expected replicas to be 9" k scale deployment web --current-replicas=9 --replicas=1
prints "autoscale" "autoscaled" k autoscale deployment web --min=2 --max=4 --cpu-percent=80
prints "get hpa" "Deployment/web" k get hpa web
prints "expose" "exposed" k expose deployment web --name=web-front --port=80 --target-port=80
prints "expose a pod" "exposed" k expose pod single --port=80
prints "set image" "image updated" k set image deployment/web nginx=nginx:1.28
prints "set env" "env updated" k set env deployment/web MODE=fast
prints "set env of a source" "env updated" k set env deployment/web --from=configmap/settings
prints "set env --list" "MODE=fast" k set env deployment/web --list
prints "set resources" "resource requirements updated" k set resources deployment/web --limits=cpu=200m,memory=64Mi
prints "set serviceaccount" "serviceaccount updated" k set serviceaccount deployment/web robot
prints "set selector" "selector updated" k set selector service/inner app=web
prints "set subject" "subjects updated" k set subject rolebinding/readers --user=bob
ok "rollout status" k rollout status deployment/web --timeout=30s
prints "rollout history" "REVISION" k rollout history deployment/web
prints "rollout history of a revision" "nginx:1.27" k rollout history deployment/web --revision=1
prints "rollout pause" "paused" k rollout pause deployment/web
prints "rollout resume" "resumed" k rollout resume deployment/web
prints "rollout restart" "restarted" k rollout restart deployment/web
ok "rollout status after the restart" k rollout status deployment/web --timeout=30s
prints "rollout undo" "rolled back" k rollout undo deployment/web --to-revision=1
ok "rollout status after the undo" k rollout status deployment/web --timeout=30s
ok "the old image" is nginx:1.27 k get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'
prints "patch of the scale" "patched" k patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'
kubectl create -f - >/dev/null <<'YAML'
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: lab}
spec: {priorityLevelConfiguration: {name: exempt}}
YAML
prints "patch of the status" "patched" kubectl patch flowschema lab --subresource=status --type=merge \
    -p '{"status":{"conditions":[{"type":"Dangling","status":"True","reason":"patched"}]}}'
ok "the status" is patched kubectl get flowschema lab -o 'jsonpath={.status.conditions[0].reason}'
prints "replace of the status" "replaced" bash -c 'kubectl get flowschema lab -o json | sed s/patched/replaced/ | kubectl replace --subresource=status -f -'
prints "patch by file" "patched" k patch configmap settings --patch-file=<(echo '{"data":{"c":"d"}}')
prints "patch, locally" "data:" k patch --local -f <(k get configmap settings -o yaml) -p '{"data":{"e":"f"}}' -o yaml
EDITOR="sed -i s/a:\ b/a:\ z/" prints "edit" "edited" k edit configmap settings
EDITOR="true" prints "edit without a change" "no changes made" k edit configmap settings
prints "replace" "replaced" k replace -f <(k get configmap settings -o json | sed 's/"z"/"y"/')
ok "the new value" is y k get configmap settings -o 'jsonpath={.data.a}'
uid=$(k get configmap settings -o 'jsonpath={.metadata.uid}')
k get configmap settings -o json >settings.json
prints "replace --force" "replaced" k replace --force -f settings.json
[ "$uid" != "$(k get configmap settings -o 'jsonpath={.metadata.uid}')" ] || { echo "FAILED: replace --force kept the object"; exit 1; }

# --- apply and its relatives ---
mkdir -p base overlay
cat >base/kustomization.yaml <<'YAML'
resources: [service.yaml]
configMapGenerator:
  - name: made
    literals: [x=y]
YAML
cat >base/service.yaml <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: kustomized}
spec: {selector: {app: web}, ports: [{port: 80}]}
YAML
printf 'namespace: lab\nnamePrefix: pre-\nresources: [../base]\nlabels: [{pairs: {from: kustomize}}]\n' >overlay/kustomization.yaml
prints "kustomize" "name: pre-kustomized" kubectl kustomize overlay
prints "apply -k" "created" kubectl apply -k overlay
ok "diff of nothing" kubectl diff -k overlay
cat >applied.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: applied, namespace: lab}
data: {a: "1", b: "2"}
YAML
prints "apply" "created" kubectl apply -f applied.yaml
sed -i 's/, b: "2"//' applied.yaml
kubectl diff -f applied.yaml >diff.out && { echo "FAILED: diff found nothing"; exit 1; }
grep -q -- '-  b: "2"' diff.out || { echo "FAILED: diff"; cat diff.out; exit 1; }
prints "apply takes away" "configured" kubectl apply -f applied.yaml
ok "what is left" is '{"a":"1"}' k get configmap applied -o 'jsonpath={.data}'
prints "apply view-last-applied" "a:" kubectl apply view-last-applied -f applied.yaml
prints "apply set-last-applied" "configured" kubectl apply set-last-applied -f applied.yaml
printf '#!/bin/sh\nsed -i "s/\\"1\\"/\\"3\\"/" "$1"\n' >editor.sh
chmod +x editor.sh
EDITOR="$work/editor.sh" prints "apply edit-last-applied" "edited" k apply edit-last-applied configmap/applied
prints "apply --server-side" "serverside-applied" kubectl apply --server-side --force-conflicts -f applied.yaml
fails "a conflict" "conflict" kubectl apply --server-side --field-manager=other -f <(sed 's/"1"/"9"/' applied.yaml)
labeled() { sed "s/name: applied/name: $1, labels: {prune: me}/" applied.yaml; }
(labeled applied2; echo ---; labeled applied3) >two.yaml
ok "apply of two" kubectl apply -f two.yaml
labeled applied2 >one.yaml
prints "apply --prune" "configmap/applied3 pruned" kubectl -n lab apply -f one.yaml --prune -l prune=me --prune-allowlist=core/v1/ConfigMap

# --- Access ---
prints "auth whoami" "system:masters" kubectl auth whoami
prints "auth can-i" "yes" kubectl auth can-i delete nodes
fails "auth can-i, as another" "no" kubectl auth can-i delete nodes --as=ann
prints "auth can-i, as one who may" "yes" kubectl auth can-i get nodes --as=ann
prints "auth can-i in a namespace" "yes" k auth can-i list deployments.apps --as=bob
prints "auth can-i --list" "*.*" k auth can-i --list
prints "auth reconcile" "reconciled" kubectl auth reconcile -f <(k get role reader -o yaml)
fails "forbidden" 'User "ann" cannot list resource "secrets"' k get secrets --as=ann
cat >csr.yaml <<YAML
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: NAME}
spec:
  request: $(openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=ann 2>/dev/null | base64 -w0)
  signerName: example.com/lab
  usages: [client auth]
YAML
ok "a request" kubectl create -f <(sed s/NAME/good/ csr.yaml)
ok "another" kubectl create -f <(sed s/NAME/bad/ csr.yaml)
prints "certificate approve" "approved" kubectl certificate approve good
prints "certificate deny" "denied" kubectl certificate deny bad
prints "their conditions" "Approved" kubectl get csr good
prints "their conditions" "Denied" kubectl get csr bad

# --- Nodes ---
prints "cordon" "cordoned" kubectl cordon "$node"
prints "a cordoned node" "SchedulingDisabled" kubectl get node "$node"
prints "uncordon" "uncordoned" kubectl uncordon "$node"
prints "taint" "tainted" kubectl taint nodes "$node" lab=yes:NoSchedule
prints "taint away" "untainted" kubectl taint nodes "$node" lab-
prints "label a node" "labeled" kubectl label node "$node" lab=yes
ok "delete the budget" k delete poddisruptionbudget web
prints "drain" "drained" kubectl drain "$node" --ignore-daemonsets --force --delete-emptydir-data --timeout=30s
eventually "no pod is left of those" 10 bash -c '! kubectl -n lab get pod single'
ok "uncordon after the drain" kubectl uncordon "$node"
fails "top of nodes" "Metrics API not available" kubectl top nodes
fails "top of pods" "Metrics API not available" k top pods

# --- What asks for a container says so ---
k run shell --image=busybox >/dev/null
ok "it runs" k wait pod/shell --for=condition=Ready --timeout=20s
fails "logs" "" k logs shell
fails "exec" "" k exec shell -- true
fails "port-forward" "" timeout 5 kubectl -n lab port-forward shell 18080:80
ok "debug" k debug shell --image=busybox --attach=false -c helper
ok "an ephemeral container" is helper k get pod shell -o 'jsonpath={.spec.ephemeralContainers[0].name}'

# --- proxy ---
kubectl proxy --port=0 >proxy.out 2>&1 &
pids+=($!)
eventually "proxy starts" 10 grep -q "Starting to serve" proxy.out
prints "proxy" '"gitVersion"' curl -sS "http://$(sed -n 's/.*on //p' proxy.out)/version"

# --- delete ---
prints "delete by name" "deleted" k delete configmap plain
prints "delete by label" "deleted" k delete configmaps -l lab=yes
prints "delete by field" "deleted" k delete pods --field-selector=metadata.name=shell
prints "delete by file" "deleted" kubectl delete -f applied.yaml --ignore-not-found
prints "delete --dry-run" "(server dry run)" k delete deployment web --dry-run=server
ok "it is there" k get deployment web
ok "delete without waiting" k delete job once --wait=false
prints "delete --cascade=orphan" "deleted" k delete deployment web --cascade=orphan
ok "its replica sets stay" bash -c '[ -n "$(kubectl -n lab get rs -l app=web -o name)" ]'
prints "delete --cascade=foreground" "deleted" k delete rs -l app=web --cascade=foreground --timeout=20s
eventually "and its pods are gone" 20 is "" k get pods -l app=web -o name
prints "delete --grace-period=0 --force" "force deleted" bash -c 'kubectl -n lab run hasty --image=nginx >/dev/null; kubectl -n lab delete pod hasty --grace-period=0 --force 2>&1'
ok "delete --all" k delete secrets --all
prints "cluster-info dump" '"kind": "NodeList"' kubectl cluster-info dump --namespaces=lab
prints "delete namespace" "deleted" kubectl delete namespace lab --timeout=30s
ok "delete several" kubectl delete clusterrole/lab-reader clusterrole/lab-all clusterrolebinding/lab-readers priorityclass/lab-high flowschema/lab csr/good csr/bad
echo "kubectl_all: $passed passed, 0 failed"
