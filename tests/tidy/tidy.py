#!/usr/bin/env python3
"""The style's test: reads the tree once and holds it to what STYLE.md marks as checked.

Each finding prints its place, what is wrong and the cure. Exit 1 if there is any.
"""

import os
import re
import statistics
import subprocess
import sys

ROOT = os.environ.get("TIDY_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PURE = {"base", "object", "schema", "merge", "cel", "crd", "helm", "kustomize", "wasm", "graph", "nodes"}

# A word, where it may stand all the same, and what to write instead.
BANNED = [
    (r"\bstd::(mutex|thread|jthread|condition_variable|shared_mutex)\b", {"io"}, "use io::Worker, io::offload or io::Signal"),
    # The flag that stops an evaluation on the pool is set by the loop; programs that run there share what they guess and
    # the patterns they compile.
    (r"\bstd::atomic\b", {"io", "object/value.cc", "base/allocations.cc", "cel/program.h", "cel/internal/frame.h",
                          "cel/internal/regex.h", "cel/limits_test.cc"}, "state belongs to the loop thread"),
    # A private constructor cannot be reached by std::make_unique: the owner must stand on the same line.
    (r"(?<![\w.>])new [A-Za-z_:]+[({<]", {"base", "object/value.cc", "object/value.h"}, "use std::make_unique"),
    (r"(?<![=\w] )\bdelete [a-z_]+;", {"base", "object/value.cc"}, "let an owner destroy it"),
    (r"\b(malloc|free|realloc)\(", {"base"}, "use a container"),
    (r"\bsystem_clock\b|\bsteady_clock\b", {"io"}, "take the time as an argument, or ask io::Loop"),
    (r"\bFIXME\b|\bTODO\b|\bXXX\b", set(), "do it, or write an issue"),
    (r"\bstd::endl\b", set(), "write '\\n'"),
    (r"^\s*using namespace\b(?! std::\w*literals)", set(), "name what you use"),
    (r"\bstd::regex\b", set(), "use RE2"),
    (r"\bthrow\b(?! )", set(), "return an Error"),
]
PURE_BANNED = [
    (r"\bgetenv\(|\bfopen\(|\bstd::ifstream\b|\bstd::ofstream\b|\brandom_device\b|\btime\(nullptr\)",
     "make and the floor do no I/O: take it as an argument"),
]

findings = []


def find(place, message, cure):
    findings.append(f"{place}: {message}\n  cure: {cure}")


def read_layers():
    layers = {}
    with open(os.path.join(ROOT, "src/LAYERS")) as file:
        for number, line in enumerate(file, 1):
            match = re.match(r"^([a-z]+):(.*)$", line)
            if not match:
                continue
            name, allowed = match.group(1), match.group(2).split()
            for other in allowed:
                if other not in layers:
                    find(f"src/LAYERS:{number}", f"{name} names {other}, which is not above it",
                         "a line may name only folders above it")
            layers[name] = set(allowed)
    return layers


def files(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--"] + list(patterns), cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    return [f for f in out.splitlines() if os.path.exists(os.path.join(ROOT, f))]


def without_comments_and_texts(line):
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return re.sub(r"//.*", "", line)


def check_source(path, layers, sizes):
    folder = path.split("/")[1]
    inside = path[len("src/"):]
    lines = open(os.path.join(ROOT, path), encoding="utf-8").read().split("\n")
    sizes.append((len(lines), path))
    if folder not in layers:
        find(path, f"folder {folder} is not in src/LAYERS", "add a line for it")
        return
    if not lines[0].startswith(f"// {inside}: "):
        find(f"{path}:1", "the first line does not say what the file is for", f"open with '// {inside}: purpose'")
    if path.endswith(".h") and "#pragma once" not in lines:
        find(f"{path}:1", "no #pragma once", "add it below the first comment")
    raw = False
    for number, line in enumerate(lines, 1):
        include = re.match(r'#include "([a-z_]+)/(.+)"', line)
        if include:
            other, rest = include.groups()
            if other != folder:
                if other in layers and other not in layers[folder]:
                    find(f"{path}:{number}", f"{folder} may not include {other}",
                         f"src/LAYERS allows {folder}: {' '.join(sorted(layers[folder]))}; if the arrow is right, write a decision first")
                if rest.startswith("internal/"):
                    find(f"{path}:{number}", f"{other}/internal is for {other} alone", f"use what {other}/{other}.h offers")
        if 'R"' in line and ')"' not in line.split('R"', 1)[1]:
            raw = True
        if raw:
            raw = not re.search(r'\)[a-zA-Z_]*"', line.split('R"', 1)[-1])
            continue
        code = without_comments_and_texts(line)
        if re.search(r"\b(unique|shared)_ptr<[^()]*>(?: \w+)?\(new ", code):
            code = code.replace("new ", "")
        for pattern, allowed, cure in BANNED:
            if re.search(pattern, code) and folder not in allowed and inside not in allowed:
                find(f"{path}:{number}", f"'{re.search(pattern, code).group(0).strip()}' is not used here", cure)
        if folder in PURE and not path.endswith("_test.cc"):
            for pattern, cure in PURE_BANNED:
                if re.search(pattern, code):
                    find(f"{path}:{number}", f"'{re.search(pattern, code).group(0)}' in a pure folder", cure)


def check_markdown(path):
    text = open(os.path.join(ROOT, path), encoding="utf-8").read()
    titles = 0
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        titles += line.startswith("# ")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
            if re.match(r"^[a-z]+:", target):
                continue
            if not os.path.exists(os.path.join(ROOT, os.path.dirname(path), target)):
                find(f"{path}:{number}", f"link to {target} leads nowhere", "correct the path or write the page")
    if titles != 1:
        find(path, f"{titles} titles", "a page has exactly one line that opens with '# '")


def check_diagnostic_ids():
    """Every id stands once in a table of the code and is spoken of by a test."""
    tables, tests = {}, ""
    for path in files("src/*.cc", "src/*.h", "tests/scenarios/*.md"):
        text = open(os.path.join(ROOT, path), encoding="utf-8").read()
        if path.endswith("diagnostics.cc") or path.endswith("diagnostics_table.h"):
            for number, line in enumerate(text.split("\n"), 1):
                for found in re.findall(r'\{\s*"([A-Z]\d{3})"', line):
                    if found in tables:
                        find(f"{path}:{number}", f"diagnostic {found} is at {tables[found]} too", "give it the next free number")
                    tables[found] = f"{path}:{number}"
        elif path.endswith("_test.cc") or path.endswith(".md"):
            tests += text
    for identifier, place in tables.items():
        if identifier not in tests:
            find(place, f"no test speaks of {identifier}", "add a case that provokes it")


def main():
    layers = read_layers()
    sizes = []
    for path in files("src/*.h", "src/*.cc"):
        check_source(path, layers, sizes)
    for path in files("*.md"):
        check_markdown(path)
    check_diagnostic_ids()
    architecture = os.path.join(ROOT, "ARCHITECTURE.md")
    if os.path.exists(architecture):
        text = open(architecture).read()
        for folder in layers:
            if os.path.isdir(os.path.join(ROOT, "src", folder)) and f"`{folder}`" not in text and f" {folder}/" not in text:
                find("ARCHITECTURE.md", f"does not name the folder {folder}", "say in a line what it is for")
    for finding in findings:
        print(finding)
    counts = sorted(size for size, _ in sizes)
    if counts:
        print(f"{len(counts)} source files, {sum(counts)} lines; lines a file: median {int(statistics.median(counts))}, "
              f"nine in ten below {counts[int(len(counts) * 0.9)]}, longest {max(sizes)[0]} ({max(sizes)[1]}). "
              "Trees people call readable: 100, 460.")
    print(f"tidy: {len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
