#!/usr/bin/env bash
# Kinds from a server's OpenAPI: what it does not serve is told, what it serves is checked, documents are kept until
# their hash changes.
source "$(dirname "$0")/lib.sh"
serve cluster --no-controllers --workloads off
export XDG_CACHE_HOME=$work/cache
cat >"$work/crd.yaml" <<'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: databases, singular: database, kind: Database, listKind: DatabaseList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
YAML
cat >"$work/definition.yaml" <<'YAML'
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: shop}
spec:
  schema: {apiVersion: v1alpha1, kind: Shop}
  resources:
    - id: database
      template:
        apiVersion: example.com/v1
        kind: Database
        metadata: {name: "${schema.metadata.name}"}
        spec: {sise: 3}
    - id: config
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${database.metadata.name}"}}
YAML
validate() { "$weft" validate "$work/definition.yaml" --from-cluster --kubeconfig "$KUBECONFIG" -o json || true; }
ids() { python3 -c 'import json, sys; print(*[d["id"] for d in json.load(sys.stdin)["diagnostics"]])'; }
documents() { find "$XDG_CACHE_HOME/weft/openapi" -type f -name '*.json' | sort; }

[ "$(validate | ids)" = G025 ] || { echo "a kind that is not served: $(validate)"; exit 1; }
kubectl apply -f "$work/crd.yaml" >/dev/null
kubectl wait --for=condition=Established crd/databases.example.com --timeout=20s >/dev/null
eventually "the schema to be served" 20 sh -c "kubectl get --raw /openapi/v3 | grep -q example.com/v1"
[ "$(validate | ids)" = G012 ] || { echo "a field that is not there: $(validate)"; exit 1; }
before=$(documents)
validate >/dev/null
[ "$before" = "$(documents)" ] || { echo "read again though nothing changed"; exit 1; }
sed -i 's/size: {type: integer}/sise: {type: integer}/' "$work/crd.yaml"
kubectl apply -f "$work/crd.yaml" >/dev/null
eventually "the new schema" 20 sh -c "kubectl get --raw /openapi/v3/apis/example.com/v1 | grep -q sise"
[ -z "$(validate | ids)" ] || { echo "the old schema was used: $(validate)"; exit 1; }
[ "$before" != "$(documents)" ] && [ "$(documents | wc -l)" = "$(wc -l <<<"$before")" ] ||
    { echo "the old document was kept"; documents; exit 1; }
none=$("$weft" validate "$work/definition.yaml" --from-cluster --kubeconfig "$work/none" 2>&1 || true)
grep -q 'reading the kubeconfig' <<<"$none" ||
    { echo "a kubeconfig that is not there"; exit 1; }
echo "from_cluster: passed"
