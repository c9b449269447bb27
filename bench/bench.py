#!/usr/bin/env python3
"""What a user of the server and of the controllers can feel, measured from outside: bench.py server|controller|all."""

import os
import subprocess
import sys

import controller
import server
from process import WEFT

what = sys.argv[1] if len(sys.argv) > 1 else "all"
version = subprocess.run([WEFT, "version"], capture_output=True, text=True).stdout.strip()
print(f"weft {version}; {os.cpu_count()} cores, load generator on the same machine")
if what in ("server", "all"):
    server.run()
if what in ("controller", "all"):
    controller.run()
