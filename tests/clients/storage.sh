#!/usr/bin/env bash
# The data of a server: backed up while it runs, put back, refused where it is torn, full or in use.
source "$(dirname "$0")/lib.sh"
put() { kubectl create configmap "$1" --from-literal=x="$1"; }

serve first --data-dir "$work/data"
ok "a map" put before
ok "a backup of a running server by its folder" "$weft" backup --data-dir "$work/data" --to "$work/one.weft"
ok "another map" put after
ok "a backup by its address" "$weft" backup --kubeconfig "$KUBECONFIG" --to "$work/two.weft"
fails "a backup over a backup" "exists" "$weft" backup --kubeconfig "$KUBECONFIG" --to "$work/two.weft"
fails "a restore into data in use" "is held by process" "$weft" restore --force --from "$work/one.weft" --data-dir "$work/data"
fails "a second process" "is held by process" timeout 10 "$weft" serve --port 0 --data-dir "$work/data"

serve memory
ok "a map in memory" put fleeting
ok "a backup of a server that keeps nothing" "$weft" backup --kubeconfig "$KUBECONFIG" --to "$work/three.weft"

kill "${pids[0]}"
wait "${pids[0]}" || true
ok "a backup of a folder that nobody uses" "$weft" backup --data-dir "$work/data" --to "$work/four.weft"
fails "a restore over data" "is not empty" "$weft" restore --from "$work/one.weft" --data-dir "$work/data"
ok "a restore into an empty folder" "$weft" restore --from "$work/one.weft" --data-dir "$work/new"
serve second --data-dir "$work/new"
ok "what was there is there" kubectl get configmap before
fails "what came later is not" "not found" kubectl get configmap after
kill "${pids[-1]}"
wait "${pids[-1]}" || true
ok "a restore by force" "$weft" restore --force --from "$work/two.weft" --data-dir "$work/new"
serve third --data-dir "$work/new"
ok "the later one is there now" kubectl get configmap after
ok "of memory, too" "$weft" restore --from "$work/three.weft" --data-dir "$work/kept"
serve fourth --data-dir "$work/kept"
ok "the fleeting one has stayed" kubectl get configmap fleeting

cp "$work/one.weft" "$work/torn.weft"
dd if=/dev/urandom of="$work/torn.weft" bs=4096 seek=3 count=20 conv=notrunc status=none
fails "a torn backup" "is no whole backup" "$weft" restore --from "$work/torn.weft" --data-dir "$work/none"
fails "what is no backup" "is no whole backup" "$weft" restore --from "$0" --data-dir "$work/none2"
mkdir "$work/damaged"
cp "$work/torn.weft" "$work/damaged/weft.db"
fails "a torn store" "damaged" timeout 10 "$weft" serve --port 0 --data-dir "$work/damaged"

# A disk of 4 MiB that fills while the server runs, where this user may make one.
mkdir "$work/small"
if mount -t tmpfs -o size=4m none "$work/small" 2>/dev/null; then
    mounts+=("$work/small")
    serve full --data-dir "$work/small/data"
    ok "a map on a small disk" put fits
    head -c 600000 /dev/zero | tr '\0' x >"$work/large"
    full=
    for n in 1 2 3 4 5 6 7 8 9 10; do
        kubectl create configmap "large$n" --from-file="$work/large" >"$work/refused" 2>&1 || { full=yes; break; }
    done
    ok "the disk fills up" test -n "$full"
    ok "the client hears why" grep -qF "the disk is full" "$work/refused"
    ok "so does who runs the server" grep -qF "the disk is full" "$work/full.log"
    ok "reading goes on" kubectl get configmap fits
    mount -o remount,size=16m "$work/small"
    ok "writing goes on when there is room" put room
    kill "${pids[-1]}"
    wait "${pids[-1]}" || true
    umount "$work/small"
fi
echo "storage: $passed passed, 0 failed"
