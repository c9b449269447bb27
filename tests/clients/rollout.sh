#!/usr/bin/env bash
# `weft rollout` by kubeconfig: a revision that goes to one instance first and is taken back, seen with kubectl; and
# what `weft explain instance` says about drift.
source "$(dirname "$0")/lib.sh"
serve server
definition() {
    cat <<YAML
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: unit}
spec:
  rollout: {share: 1, progressDeadlineSeconds: 2}
  schema: {apiVersion: v1alpha1, kind: Unit, spec: {}}
  resources:
    - id: m
      driftPolicy: Report
      readyWhen: ["\${m.data.v != 'never'}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {v: $1}}
YAML
}
holding() { kubectl get configmaps -l kro.run/node-id=m -o "jsonpath={range .items[*]}{.data.v}{'\n'}{end}" | grep -c "^$1\$"; }
definition one | ok "a definition" kubectl apply -f -
ok "is ready" kubectl wait rgd/unit --for=condition=Ready --timeout=20s
for name in a b c; do
    echo "{apiVersion: kro.run/v1alpha1, kind: Unit, metadata: {name: $name}}" | kubectl apply -f - >/dev/null
done
for name in a b c; do ok "$name" kubectl wait "unit/$name" --for=condition=Ready --timeout=20s; done
definition two | ok "a second revision" kubectl apply -f -
ok "reaches all" "$weft" rollout status unit --timeout 30s
ok "... of them" test "$(holding two)" = 3
definition never | ok "one that gets nobody ready" kubectl apply -f -
eventually "is paused" 20 is 1 bash -c "kubectl get rgd unit -o 'jsonpath={.status.rollout.pauses}'"
ok "... with one instance" test "$(holding never)" = 1
"$weft" rollout status unit >"$work/status" && { echo "FAILED: a paused rollout ends with 0"; exit 1; }
ok "and says so" grep -q "1 of 3 instances; paused: default/. is not ready in time" "$work/status"
ok "in an Event, too" bash -c "kubectl get events -o 'jsonpath={.items[*].reason}' | grep -q RolloutPaused"
"$weft" rollout history unit >"$work/history"
ok "the history" grep -q "^3 .*rolling out" "$work/history"
ok "undo" "$weft" rollout undo unit
ok "ends" "$weft" rollout status unit --timeout 30s
eventually "all are back" 10 is 3 holding two
ok "undo to a revision" "$weft" rollout undo unit --to-revision 1
ok "ends" "$weft" rollout status unit --timeout 30s
eventually "all hold it" 10 is 3 holding one
"$weft" rollout undo unit --to-revision 77 >"$work/none" 2>&1 && { echo "FAILED: a revision that is not there"; exit 1; }
ok "one that is not there" grep -q "has no revision 77; there are: " "$work/none"
ok "pause" "$weft" rollout pause unit
ok "is written" test "$(kubectl get rgd unit -o 'jsonpath={.spec.rollout.paused}')" = true
ok "resume" "$weft" rollout resume unit
ok "is written" test -z "$(kubectl get rgd unit -o 'jsonpath={.spec.rollout.paused}')"
ok "drift" kubectl patch configmap a --type=merge -p '{"data": {"v": "foreign"}}'
eventually "is told" 10 is True kubectl get unit a -o 'jsonpath={.status.conditions[?(@.type=="Drifted")].status}'
ok "and explained" bash -c "'$weft' explain instance Unit a | grep -q 'data.v differs'"
ok "and left" test "$(kubectl get configmap a -o 'jsonpath={.data.v}')" = foreign
echo "rollout: $passed passed, 0 failed"
