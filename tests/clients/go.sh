#!/usr/bin/env bash
# client-go (typed clients, informers, leader election, apply, dynamic client) against `weft serve`.
source "$(dirname "$0")/lib.sh"
if ! command -v go >/dev/null || ! go version | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; then
    echo "skipped: no Go"
    exit 0
fi
serve go
cd "$root/tests/go"
HOME=${GO_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)} go test -count=1 -timeout 300s ./...
echo "go: 1 passed, 0 failed"
