#!/usr/bin/env bash
# Builds the peers that weft is measured beside, by the ordinary Go client, from pinned modules: etcd,
# kube-apiserver and kro's controller, into build/peers (or $WEFT_PEERS). About ten minutes; never in CI.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${WEFT_PEERS:-$root/build/peers}
command -v go >/dev/null || { echo "skipped: no Go"; exit 0; }
mkdir -p "$out"
build() { # NAME PACKAGE
    echo "building $1" >&2
    (cd "$root/bench/peers/$1" && go build -trimpath -o "$out/$1" "$2")
    ls -l "$out/$1"
}
build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build kro github.com/kubernetes-sigs/kro/cmd/controller
