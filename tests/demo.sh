#!/usr/bin/env bash
# The end of `./dev demo`: a real graph on the embedded server, its tree, and how to go on.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
weft=$root/build/release/weft
cd "$root"
"$weft" up -f examples/web-app/definition.yaml -f examples/web-app/instance.yaml --until-ready --timeout 60s
cat <<'TEXT'

That was a Deployment, a Service and an Ingress from six fields, on weft's own API server. Go on with:

  build/release/weft up -f examples/web-app            # keeps running; Ctrl-C stops it
  build/release/weft serve --data-dir ./data &         # an API server for kubectl, kept in ./data
  export KUBECONFIG=./data/kubeconfig PATH=$PWD/build/tools:$PATH
  kubectl apply -f examples/web-app/definition.yaml
  kubectl wait rgd/web-app --for=condition=Ready && kubectl apply -f examples/web-app/instance.yaml
  kubectl get webapps,deployments,pods
  build/release/weft validate examples/                # every mistake, with place and cure
TEXT
