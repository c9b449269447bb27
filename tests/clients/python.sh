#!/usr/bin/env bash
# The Python client (package kubernetes) against `weft serve`.
source "$(dirname "$0")/lib.sh"
version=36.0.3
tools=$root/build/tools/python-$version
if [ ! -x "$tools/bin/python" ] || ! "$tools/bin/python" -c 'import kubernetes' 2>/dev/null; then
    begin=$SECONDS
    if ! python3 -m venv "$tools" >"$work/pip.log" 2>&1 || [ ! -x "$tools/bin/pip" ]; then
        echo "skipped: python3 has no venv with pip"
        exit 0
    fi
    if ! "$tools/bin/pip" install --quiet --disable-pip-version-check "kubernetes==$version" >"$work/pip.log" 2>&1; then
        echo "skipped: pip could not install kubernetes==$version: $(tail -n 1 "$work/pip.log")"
        exit 0
    fi
    echo "kubernetes $version installed in $((SECONDS - begin)) s"
fi
serve python
"$tools/bin/python" "$root/tests/clients/client.py"
