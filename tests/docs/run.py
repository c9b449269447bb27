#!/usr/bin/env python3
"""Tests the documentation: every command of a page runs and prints what the page says, no page has a command that does
not run, and generated pages are what the program makes. (Links are looked at by tests/tidy/tidy.py.)

Pages are run as scenarios are (tests/scenarios/run.py), with real servers, in a folder with a copy of examples/. Without
kubectl in build/tools or on the path, pages that use it are skipped.
  run.py [--bless] [PAGES]   --bless writes what was printed, and the generated pages
"""

import os
import re
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

# What begins a line that somebody would type. `./dev` builds and tests the tree itself.
COMMAND = re.compile(r"(\$ )?(weft|kubectl|git|helm|docker|curl|cat|cp|sed|export (?!PATH=))\b.* ")


def pages():
    out = [os.path.join(ROOT, "README.md")]
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        out += [os.path.join(folder, name) for name in names if name.endswith(".md")]
    return sorted(out)


def prepare(folder):
    shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(folder, "examples"))


def plain_commands(path):
    """Commands that stand in a page as text that nobody runs, as failures."""
    failures, fence, is_hidden = [], None, False
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for number, line in enumerate(lines, 1):
        opened = re.match(r" *```(\w*)(.*)$", line)
        if opened:
            fence = None if fence is not None else opened.group(1) + opened.group(2)
        elif line in ("<!-- run", "<!-- console", "-->"):
            is_hidden = line != "-->"
        elif (fence == "" or (fence is None and not is_hidden and line.startswith("    "))) and \
                COMMAND.match(line.strip() + " "):
            failures.append(f"{path}:{number}: {line.strip()}: stands as plain text, so nobody runs it; write it as "
                            "```console or ```sh\n")
    return failures


def can_run(path):
    """False for a page that wants kubectl where there is none."""
    if shutil.which("kubectl", path=os.path.join(ROOT, "build/tools") + ":" + os.environ["PATH"]):
        return True
    with open(path, encoding="utf-8") as file:
        is_wanted = re.search(r"^(\$ )?kubectl ", file.read(), re.M)
    if is_wanted:
        print(f"skipped: {os.path.relpath(path, ROOT)}: no kubectl")
    return not is_wanted


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
        if os.path.relpath(page, ROOT) in GENERATED:
            continue  # no commands
        if "/docs/internals/" in page or "/docs/decisions/" in page:
            continue  # for people who change the code
        failures += plain_commands(page)
        if not can_run(page):
            continue
        count, found = scenarios.run_page(page, bless, prepare)
        total += count
        failures += found
    for failure in failures:
        print(failure)
    print(f"docs: {total - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures or total == 0 else 0)


main()
