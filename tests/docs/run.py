#!/usr/bin/env python3
"""Tests the documentation: every command of a page runs and prints what the page says, and generated pages are what the
program makes. (Links are looked at by tests/tidy/tidy.py.)

Pages are run as scenarios are (tests/scenarios/run.py), in a folder with a copy of examples/.
  run.py [--bless] [PAGES]   --bless writes what was printed, and the generated pages
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests/scenarios"))
import run as scenarios  # noqa: E402

# Page -> what `weft __reference` is asked for.
GENERATED = {
    "docs/reference/commands.md": "commands",
    "docs/reference/simple-schema.md": "simple-schema",
    "docs/reference/lint-rules.md": "lint-rules",
}


def pages():
    out = [os.path.join(ROOT, "README.md")]
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        out += [os.path.join(folder, name) for name in names if name.endswith(".md")]
    return sorted(out)


def prepare(folder):
    shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(folder, "examples"))


def check_generated(bless):
    failures = []
    for page, name in GENERATED.items():
        done = subprocess.run([scenarios.weft(), "__reference", name], stdout=subprocess.PIPE, timeout=60, check=True)
        path = os.path.join(ROOT, page)
        old = open(path, "rb").read() if os.path.exists(path) else b""
        if old == done.stdout:
            continue
        if bless:
            with open(path, "wb") as file:
                file.write(done.stdout)
        else:
            failures.append(f"{page} is stale: python3 tests/docs/run.py --bless\n")
    return len(GENERATED), failures


def main():
    arguments = sys.argv[1:]
    bless = "--bless" in arguments
    chosen = [os.path.abspath(a) for a in arguments if a != "--bless"]
    total, failures = check_generated(bless) if not chosen else (0, [])
    for page in chosen or pages():
        if os.path.relpath(page, ROOT) in GENERATED or page == os.path.join(ROOT, "README.md"):
            continue  # no commands, or commands that stay (servers)
        if "/docs/internals/" in page or "/docs/decisions/" in page:
            continue  # for people who change the code
        count, found = scenarios.run_page(page, bless, prepare)
        total += count
        failures += found
    for failure in failures:
        print(failure)
    print(f"docs: {total - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures or total == 0 else 0)


main()
