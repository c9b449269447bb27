# tests/clients/lib.sh: starting weft for a client test, and checking what it does. Sourced.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
weft=${WEFT:-$root/build/release/weft}
[ -x "$weft" ] || weft=$root/build/dev/weft
work=$(mktemp -d)
export PATH="$root/build/tools:$PATH:/usr/local/go/bin"
go_home=${GO_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)} # Go's caches are worth keeping
export HOME=$work # kubectl's caches and settings stay here
pids=()
mounts=() # what a failed check leaves mounted is taken off before the folder goes
passed=0

cleanup() {
    local code=$?
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ "$code" -ne 0 ]; then
        for log in "$work"/*.log; do
            [ -s "$log" ] && { echo "-- $(basename "$log")"; tail -n 30 "$log"; }
        done
    fi
    for mount in "${mounts[@]}"; do
        mountpoint -q "$mount" && umount -l "$mount"
    done
    rm -rf "$work"
    exit "$code"
}
trap cleanup EXIT

# Starts `weft serve` with these flags; sets KUBECONFIG.
serve() {
    local name=$1
    shift
    "$weft" serve --port 0 --kubeconfig "$work/$name.kubeconfig" "$@" >"$work/$name.out" 2>"$work/$name.log" &
    pids+=($!)
    local pid=$!
    touch "$work/$name.out"
    until grep -q "^weft: ready" "$work/$name.out"; do
        kill -0 "$pid" 2>/dev/null || { echo "weft serve ended"; cat "$work/$name.log"; return 1; }
        sleep 0.02
    done
    export KUBECONFIG=$work/$name.kubeconfig
}

# Go as our modules ask for it; without it the script ends with "skipped".
need_go() {
    if ! command -v go >/dev/null || ! go version | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; then
        echo "skipped: no Go"
        exit 0
    fi
}

# need_go_tool NAME PACKAGE: the program of the module tests/go/tools/NAME, in build/tools.
need_go_tool() {
    local out=$root/build/tools/$1 module=$root/tests/go/tools/$1 begin=$SECONDS
    need_go
    [ -x "$out" ] && [ "$out" -nt "$module/go.sum" ] && return
    mkdir -p "$root/build/tools"
    if ! (cd "$module" && HOME=$go_home go build -trimpath -ldflags '-s -w' -o "$out.new" "$2") 2>"$work/go.err"; then
        echo "FAILED: building $1"
        tail -n 20 "$work/go.err"
        return 1
    fi
    mv "$out.new" "$out"
    echo "$1 built in $((SECONDS - begin)) s"
}

# ok WHAT COMMAND…: the command succeeds.
ok() {
    local what=$1
    shift
    if ! "$@" >"$work/out" 2>&1; then
        echo "FAILED: $what"
        echo "  $*"
        cat "$work/out"
        return 1
    fi
    passed=$((passed + 1))
}
# fails WHAT TEXT COMMAND…: the command fails and says so.
fails() {
    local what=$1 text=$2
    shift 2
    if "$@" >"$work/out" 2>&1; then
        echo "FAILED: $what: it succeeded"
        return 1
    fi
    grep -qF -- "$text" "$work/out" || { echo "FAILED: $what: no \"$text\" in:"; cat "$work/out"; return 1; }
    passed=$((passed + 1))
}
# prints WHAT TEXT COMMAND…: the command succeeds and its output holds the text.
prints() {
    local what=$1 text=$2
    shift 2
    if ! "$@" >"$work/out" 2>&1; then
        echo "FAILED: $what"
        echo "  $*"
        cat "$work/out"
        return 1
    fi
    grep -qF -- "$text" "$work/out" || { echo "FAILED: $what: no \"$text\" in:"; cat "$work/out"; return 1; }
    passed=$((passed + 1))
}
# eventually WHAT SECONDS COMMAND…: the command succeeds within so many seconds.
eventually() {
    local what=$1 end=$((SECONDS + $2))
    shift 2
    until "$@" >"$work/out" 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "FAILED: $what"
            echo "  $*"
            cat "$work/out"
            return 1
        fi
        sleep 0.05
    done
    passed=$((passed + 1))
}
# is VALUE COMMAND…: the command prints just this.
is() {
    local value=$1
    shift
    [ "$("$@" 2>&1)" = "$value" ]
}
