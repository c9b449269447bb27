#!/usr/bin/env bash
# client-go (typed clients, informers, leader election, apply, dynamic client) against `weft serve`.
source "$(dirname "$0")/lib.sh"
need_go
serve go
cd "$root/tests/go"
HOME=$go_home go test -count=1 -timeout 300s ./...
echo "go: 1 passed, 0 failed"
