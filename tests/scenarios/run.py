#!/usr/bin/env python3
"""Runs the scenarios: Markdown pages with files, commands and what they print.

In a page, ```yaml file=NAME makes a file, ```console holds `$ command` lines, each with its output
(standard output and error together) and, if it is not 0, the exit code as `[exit N]`. A line `...`
stands for any lines. ```sh is a script that must succeed; what it prints is in the ```text that follows, if anything
follows. Commands run in a folder of the page's own, with `weft` on the path.
  run.py [--bless] [PAGES]   --bless writes what was printed into the pages
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def matches(expected, got):
    parts = [re.escape(part) for part in "\n".join(expected).split("\n...\n")] if "..." in expected else None
    if parts is None:
        return expected == got
    pattern = "\n".join(".*" if line == "..." else re.escape(line) for line in expected)
    return re.fullmatch(pattern, "\n".join(got), re.S) is not None


def run_command(command, folder):
    env = dict(os.environ, PATH=os.path.dirname(weft()) + ":" + os.environ["PATH"], NO_COLOR="1", HOME=folder)
    try:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=60)
        code, out = done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        code, out = 124, "timed out\n"
    lines = out.split("\n")
    while lines and lines[-1] == "":
        lines.pop()
    if code != 0:
        lines.append(f"[exit {code}]")
    return lines


def weft():
    return os.environ.get("WEFT", os.path.join(ROOT, "build/release/weft"))


def run_page(path, bless, prepare=None):
    """(commands run, failures as texts); `prepare` is given the page's folder first"""
    lines = open(path, encoding="utf-8").read().split("\n")
    out, failures, count = [], [], 0
    folder = tempfile.mkdtemp()
    try:
        if prepare:
            prepare(folder)
        at, printed = 0, None
        while at < len(lines):
            line = lines[at]
            out.append(line)
            at += 1
            opened = re.match(r"```(\w+)?(?: file=(\S+))?\s*$", line)
            if not opened or not line.startswith("```"):
                continue
            end = at
            while end < len(lines) and lines[end] != "```":
                end += 1
            body = lines[at:end]
            was_printed, printed = printed, None
            if opened.group(1) == "sh" and not opened.group(2):
                printed = run_command("set -euo pipefail\n" + "\n".join(body), folder)
                count += 1
                if printed and re.fullmatch(r"\[exit \d+\]", printed[-1]):
                    failures.append(f"{path}:{at}: the script fails\n" + "".join(f"    {text}\n" for text in printed))
                out.extend(body)
            elif opened.group(1) == "text" and was_printed is not None:
                if matches(body, was_printed):
                    out.extend(body)
                else:
                    out.extend(was_printed)
                    if not bless:
                        failures.append(f"{path}:{at}: the script above prints something else\n  expected:\n" +
                                        "".join(f"    {text}\n" for text in body) + "  got:\n" +
                                        "".join(f"    {text}\n" for text in was_printed))
            elif opened.group(2):
                name = os.path.join(folder, opened.group(2))
                os.makedirs(os.path.dirname(name), exist_ok=True)
                with open(name, "w", encoding="utf-8") as file:
                    file.write("\n".join(body) + "\n")
                out.extend(body)
            elif opened.group(1) == "console":
                index = 0
                while index < len(body):
                    command = body[index]
                    first = at + index + 1
                    index += 1
                    out.append(command)
                    expected = []
                    while index < len(body) and not body[index].startswith("$ "):
                        expected.append(body[index])
                        index += 1
                    while expected and expected[-1] == "":
                        expected.pop()
                    if not command.startswith("$ "):
                        failures.append(f"{path}:{first}: a console block begins with '$ '")
                        continue
                    got = run_command(command[2:].replace("$ROOT", ROOT), folder)
                    count += 1
                    if matches(expected, got):
                        out.extend(expected)
                        continue
                    out.extend(got)
                    if not bless:
                        failures.append(f"{path}:{first}: {command}\n  expected:\n" +
                                        "".join(f"    {text}\n" for text in expected) + "  got:\n" +
                                        "".join(f"    {text}\n" for text in got))
            else:
                out.extend(body)
            out.append("```")
            at = end + 1
    finally:
        shutil.rmtree(folder)
    if bless:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(out))
    return count, failures


def main():
    arguments = sys.argv[1:]
    bless = "--bless" in arguments
    pages = [a for a in arguments if a != "--bless"]
    if not pages:
        pages = sorted(os.path.join(folder, name) for folder, _, names in os.walk(HERE) for name in names
                       if name.endswith(".md"))
    total, failed = 0, 0
    for page in pages:
        count, failures = run_page(page, bless)
        total += count
        failed += len(failures)
        for failure in failures:
            print(failure)
    print(f"scenarios: {total - failed} passed, {failed} failed")
    sys.exit(1 if failed or total == 0 else 0)


if __name__ == "__main__":
    main()
