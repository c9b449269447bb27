#!/usr/bin/env bash
# 20 real kill -9 under load, on a data dir with every write synced.
source "$(dirname "$0")/lib.sh"
python3 "$root/tests/clients/kill.py" "$weft" "${ROUNDS:-20}"
