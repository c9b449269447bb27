#!/usr/bin/env bash
# What examples/testing offers, at work: envtest with weft's stand-ins, the Go helper, the pytest fixture.
source "$(dirname "$0")/lib.sh"
export WEFT=$weft
if python3 -c 'import pytest' 2>/dev/null; then
    ok "the pytest fixture" python3 -m pytest -q -p no:cacheprovider "$root/examples/testing/python"
else
    echo "skipped: no pytest"
fi
if command -v go >/dev/null && go version | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; then
    cd "$root/tests/go/envtest"
    export HOME=${GO_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
    ok "envtest and the Go helper" go test -count=1 -timeout 300s ./...
else
    echo "skipped: no Go"
fi
echo "testing: $passed passed, 0 failed"
