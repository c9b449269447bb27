#!/usr/bin/env bash
# `weft tree`, `weft top`, `weft events` and `weft explain instance` against a server that runs: an instance that waits, one
# in conflict, one whose deletion is held up, and one that has a right taken from it.
source "$(dirname "$0")/lib.sh"
serve server --feature-gates=InstanceConditionEvents=true
ok "a definition" kubectl apply -f - <<'YAML'
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: stack}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Stack
    spec: {size: integer | default=1}
  resources:
    - id: db
      readyWhen: ["${db.data.?endpoint.orValue('') != ''}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-db"}
        data: {size: "${string(schema.spec.size)}"}
    - id: web
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-web"}
        data: {endpoint: "${db.data.endpoint}"}
YAML
ok "is ready" kubectl wait rgd/stack --for=condition=Ready --timeout=20s
prints "a definition alone" "stack  Active" "$weft" tree
stack() { kubectl apply -f - <<<'{"apiVersion":"kro.run/v1alpha1","kind":"Stack","metadata":{"name":"'"$1"'"}}'; }
state() { kubectl get stack "$1" -o 'jsonpath={.status.state}'; }
endpoint() { kubectl patch configmap "$1-db" --type=merge -p '{"data":{"endpoint":"db:5432"}}'; }

# Waiting for a node's readyWhen.
ok "an instance" stack shop
eventually "waits" 20 is IN_PROGRESS state shop
waits="readyWhen[0] \`db.data.?endpoint.orValue('') != ''\` is false"
prints "the wait is explained" "  db  WAITING_FOR_READINESS  $waits" "$weft" explain instance Stack shop
prints "that of what comes after it, too" "  web  IN_PROGRESS  waiting for \`db\`: $waits" "$weft" explain instance stacks shop
prints "with what is there" "      ConfigMap default/shop-db" "$weft" explain instance stacks.kro.run shop -n default
prints "and since when" "ResourcesReady False for " "$weft" explain instance Stack shop
prints "the tree shows the wait" 'Stack default/shop  IN_PROGRESS  resource reconciliation failed: apply results contain errors: waiting for node "db"' "$weft" tree
prints "and the child" "   └─ ConfigMap default/shop-db  ready" "$weft" tree
row() { "$weft" top | awk '$1 == "stack" {print $2, $3, $4, $5, $6, $7}'; }
is "Active 1 0 1 0 0" row || { echo "FAILED: top counts: $(row)"; exit 1; }
ok "an endpoint" endpoint shop
eventually "ends the wait" 20 is ACTIVE state shop
prints "which is explained" "  web  SYNCED" "$weft" explain instance Stack shop
prints "the tree is whole" "   └─ ConfigMap default/shop-web  ready" "$weft" tree
fails "nothing of that name" "not found" "$weft" explain instance Stack nobody
fails "no such kind" "Nothing" "$weft" explain instance Nothing shop

# In conflict: what it should make belongs to another.
ok "a stranger's object" kubectl apply -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"taken-web","labels":{"applyset.kubernetes.io/part-of":"applyset-other-v1"}}}'
ok "an instance that wants it" stack taken
eventually "waits, too" 20 is IN_PROGRESS state taken
ok "its endpoint" endpoint taken
eventually "is in conflict" 20 is ERROR state taken
conflict='resource belongs to a different ApplySet: default/taken-web (/v1, Kind=ConfigMap) belongs to ApplySet "applyset-other-v1", cannot reassign to "applyset-'
prints "the conflict is explained" "  web  ERROR  $conflict" "$weft" explain instance Stack taken
prints "and in the tree" "$conflict" "$weft" tree
is "Active 2 1 0 1 0" row || { echo "FAILED: top counts: $(row)"; exit 1; }
prints "the Events tell" "Stack default/taken" "$weft" events --name taken
prints "of it alone" "Warning  Stack default/taken  ResourcesReady  none -> False: NotReady" "$weft" events --name taken -n default
ok "and of no other" bash -c "! '$weft' events --name taken | grep -F default/shop"

# A deletion that is held up.
ok "a finalizer of a stranger" kubectl patch configmap shop-web --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'
ok "delete" kubectl delete stack shop --wait=false
eventually "it is going" 20 is DELETING state shop
held() { "$weft" explain instance Stack shop | grep -qF "  ConfigMap default/shop-web  is being deleted, held by finalizers [\"example.com/hold\"]"; }
eventually "what holds it is named" 20 held
prints "what comes later is there" "  ConfigMap default/shop-db  is there" "$weft" explain instance Stack shop
prints "since when" "it is being deleted for " "$weft" explain instance Stack shop
prints "in the tree, too" "ConfigMap default/shop-web  deleting" "$weft" tree
is "Active 2 0 0 1 1" row || { echo "FAILED: top counts: $(row)"; exit 1; }
ok "let go" kubectl patch configmap shop-web --type=merge -p '{"metadata":{"finalizers":null}}'
eventually "it is gone" 20 bash -c "! kubectl get stack shop"

# Off a terminal one table, on a terminal one that is drawn again and again.
[ "$("$weft" top | grep -c '^DEFINITION ')" = 1 ] || { echo "FAILED: top prints more than one table into a pipe"; exit 1; }
if command -v script >/dev/null; then
    script -qefc "stty rows 40 cols 200; exec '$weft' top --interval 100ms" "$work/typescript" </dev/null >/dev/null 2>&1 &
    pids+=($!)
    drawn() { [ "$(grep -c 'DEFINITION ' "$work/typescript")" -ge 3 ]; }
    eventually "top is drawn again" 20 drawn
    prints "over the old picture" $'\e[2A' cat "$work/typescript"
    kill "${pids[-1]}"
fi
echo "instances: $passed passed, 0 failed"
