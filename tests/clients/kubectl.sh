#!/usr/bin/env bash
# An unmodified kubectl against `weft serve`: what people do every day.
source "$(dirname "$0")/lib.sh"
echo 'a-token-of-hers,jane,7,"builders,readers"' >"$work/tokens.csv"
serve kubectl --data-dir "$work/data" --token-auth-file "$work/tokens.csv"
cd "$work"

prints "version" "v1.36.3+weft" kubectl version
prints "auth whoami" "kubernetes-admin" kubectl auth whoami
prints "auth can-i" "yes" kubectl auth can-i create deployments
hers=(--kubeconfig=/dev/null --server="$(kubectl config view -o 'jsonpath={.clusters[0].cluster.server}')" --insecure-skip-tls-verify)
prints "a token's user" "jane" kubectl "${hers[@]}" --token=a-token-of-hers auth whoami
prints "and groups" "builders" kubectl "${hers[@]}" --token=a-token-of-hers auth whoami
fails "another token" "Unauthorized" kubectl "${hers[@]}" --token=somebody auth whoami
fails "her rights" "forbidden" kubectl "${hers[@]}" --token=a-token-of-hers get secrets
ok "create sa" kubectl create serviceaccount robot
robot=$(kubectl create token robot)
prints "a service account's token" "system:serviceaccount:default:robot" kubectl "${hers[@]}" --token="$robot" auth whoami
ok "delete sa" kubectl delete serviceaccount robot
fails "the token of an account that is gone" "Unauthorized" kubectl "${hers[@]}" --token="$robot" auth whoami
prints "api-resources" "deployments" kubectl api-resources
prints "api-versions" "apps/v1" kubectl api-versions
prints "get ns" "kube-system" kubectl get ns
prints "explain" "replicas" kubectl explain deployment.spec
ok "create ns" kubectl create ns shop
eventually "its service account" 10 kubectl -n shop get serviceaccount default
fails "twice" "already exists" kubectl create ns shop

cat >web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}
YAML
prints "apply" "created" kubectl apply -f web.yaml
prints "apply again" "unchanged" kubectl apply -f web.yaml
ok "rollout status" kubectl -n shop rollout status deployment/web --timeout=20s
prints "get" "2/2" kubectl -n shop get deployment web
prints "get wide" "nginx:1.27" kubectl -n shop get deployment web -o wide
prints "get yaml" "kind: Deployment" kubectl -n shop get deployment web -o yaml
prints "describe" "RollingUpdate" kubectl -n shop describe deployment web
prints "get pods" "Running" kubectl -n shop get pods
sed 's/replicas: 2/replicas: 3/' web.yaml >web3.yaml
kubectl diff -f web3.yaml >diff.out 2>&1 && { echo "FAILED: diff found nothing"; exit 1; }
grep -q 'replicas: 3' diff.out || { echo "FAILED: diff"; cat diff.out; exit 1; }
prints "server-side apply" "serverside-applied" kubectl apply --server-side --force-conflicts -f web3.yaml
ok "rollout status after the change" kubectl -n shop rollout status deployment/web --timeout=20s
prints "scale" "scaled" kubectl -n shop scale deployment web --replicas=1
eventually "one replica" 20 is 1 kubectl -n shop get deployment web -o 'jsonpath={.status.availableReplicas}'
prints "set image" "updated" kubectl -n shop set image deployment/web web=nginx:1.29
ok "rollout of the image" kubectl -n shop rollout status deployment/web --timeout=20s
prints "rollout history" "REVISION" kubectl -n shop rollout history deployment/web

prints "patch strategic" "patched" kubectl -n shop patch deployment web -p '{"spec":{"minReadySeconds":0},"metadata":{"labels":{"a":"b"}}}'
prints "patch merge" "patched" kubectl -n shop patch deployment web --type merge -p '{"metadata":{"labels":{"a":"c"}}}'
prints "patch json" "patched" kubectl -n shop patch deployment web --type json -p '[{"op":"replace","path":"/metadata/labels/a","value":"d"}]'
ok "the label" is d kubectl -n shop get deployment web -o 'jsonpath={.metadata.labels.a}'
prints "label" "labeled" kubectl -n shop label deployment web tier=front
prints "by label" "web" kubectl -n shop get deployments -l tier=front
prints "annotate" "annotated" kubectl -n shop annotate deployment web note=hello
EDITOR="sed -i s/tier:\ front/tier:\ back/" prints "edit" "edited" kubectl -n shop edit deployment web
ok "the edit" is back kubectl -n shop get deployment web -o 'jsonpath={.metadata.labels.tier}'

ok "create deployment" kubectl -n shop create deployment api --image=nginx:1.27 --replicas=1
ok "wait for it" kubectl -n shop wait deployment/api --for=condition=Available --timeout=20s
ok "expose" kubectl -n shop expose deployment api --port=80
eventually "a cluster IP" 10 bash -c 'kubectl -n shop get svc api -o jsonpath={.spec.clusterIP} | grep -q "^10\."'
ok "create secret" kubectl -n shop create secret generic token --from-literal=key=value
ok "the secret" is dmFsdWU= kubectl -n shop get secret token -o 'jsonpath={.data.key}'
ok "create configmap" kubectl -n shop create configmap settings --from-literal=a=b
prints "table of configmaps" "DATA" kubectl -n shop get configmap settings
ok "create job" kubectl -n shop create job once --image=busybox
ok "wait for the job" kubectl -n shop wait job/once --for=condition=Complete --timeout=20s
prints "create token" "." kubectl -n shop create token default
fails "strict" 'unknown field "spec.replica"' kubectl -n shop create -f - <<<'{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replica":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}'
fails "not found" 'deployments.apps "nothing" not found' kubectl -n shop get deployment nothing

timeout 20 kubectl -n shop get configmap -w >watch.out 2>&1 &
watcher=$!
pids+=($watcher)
eventually "the watch has begun" 10 grep -q settings watch.out
ok "a change to watch" kubectl -n shop create configmap later --from-literal=x=y
eventually "the watch tells" 10 grep -q later watch.out
kill $watcher 2>/dev/null || true

prints "dry run" "created (server dry run)" kubectl -n shop create configmap ghost --from-literal=a=b --dry-run=server
fails "it is not there" "not found" kubectl -n shop get configmap ghost
prints "delete" "deleted" kubectl -n shop delete deployment web
eventually "its pods are gone" 20 is "" kubectl -n shop get pods -l app=web -o name
ok "delete ns" kubectl delete ns shop --timeout=30s
fails "it is gone" "not found" kubectl get ns shop

# A graph, as a user of kro does it.
ok "apply a definition" kubectl apply -f "$root/examples/web-app/definition.yaml"
ok "it becomes ready" kubectl wait rgd/web-app --for=condition=Ready --timeout=20s
prints "its table" "Active" kubectl get rgd web-app
eventually "the kind is served" 10 kubectl get webapps
ok "apply an instance" kubectl apply -f "$root/examples/web-app/instance.yaml"
ok "wait for it" kubectl wait webapp/shop --for=condition=Ready --timeout=20s
prints "its table" "ACTIVE" kubectl get webapp shop
prints "explain a generated kind" "replicas" kubectl explain webapp.spec
prints "describe an instance" "AllResourcesReady" kubectl describe webapp shop
ok "drift" kubectl scale deployment shop --replicas=1
eventually "is repaired" 20 is 3 kubectl get deployment shop -o 'jsonpath={.spec.replicas}'
ok "the ingress is there" kubectl get ingress shop
ok "flip includeWhen" kubectl patch webapp shop --type merge -p '{"spec":{"ingress":{"enabled":false}}}'
eventually "the ingress is pruned" 20 bash -c '! kubectl get ingress shop'
ok "flip it back" kubectl patch webapp shop --type merge -p '{"spec":{"ingress":{"enabled":true}}}'
eventually "the ingress is back" 20 kubectl get ingress shop
ok "delete the instance" kubectl delete webapp shop --timeout=30s
eventually "nothing is left" 20 is "" kubectl get deployments,services,ingresses -l kro.run/owned=true -o name

echo "kubectl: $passed passed, 0 failed"
