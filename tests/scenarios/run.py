#!/usr/bin/env python3
"""Runs the scenarios: Markdown pages with files, commands and what they print.

In a page, ```yaml file=NAME makes a file, ```console holds `$ command` lines, each with its output
(standard output and error together) and, if it is not 0, the exit code as `[exit N]`. A line `...`
stands for any lines. ```sh is a script that must succeed; what it prints is in the ```text that follows, if anything
follows. What readers need not see is a script in <!-- run … -->, or commands in <!-- console … -->. Commands run in a folder of the page's own, with `weft` on
the path (and kubectl, if there is one); what they export stays for the page's later commands.

A command that ends in ` &` is a server: it is started on a port that is free (`--port 0`), what it prints until it is
ready is compared, and at the page's end it is stopped and must end with 0. A port of its own stands in the page as 6443,
and the age of an object as 5s.
  run.py [--bless] [PAGES]   --bless writes what was printed into the pages
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT = 60  # seconds, of a command and of a server until it is ready


def matches(expected, got):
    pattern = "\n".join(".*" if line == "..." else re.escape(line) for line in expected)
    return re.fullmatch(pattern, "\n".join(got), re.S) is not None


def weft():
    return os.environ.get("WEFT", os.path.join(ROOT, "build/release/weft"))


class Page:
    """The folder, the environment and the servers of a page while it runs."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.exported = os.path.join(tempfile.mkdtemp(), "environment")
        self.servers = []  # (command, process)
        self.environment = dict(os.environ, NO_COLOR="1", HOME=self.folder)
        path = [os.path.dirname(weft()), os.path.join(ROOT, "build/tools"), os.environ["PATH"]]
        self.environment["PATH"] = ":".join(path)
        self.environment.pop("KUBECONFIG", None)

    def bash(self, command):
        """The arguments of a shell that has what earlier commands exported, and keeps what this one does."""
        begin = f". {self.exported}; " if os.path.exists(self.exported) else ""
        return ["bash", "-c", f"{begin}trap 'export -p >{self.exported}' EXIT\n{command}"]

    def run(self, command):
        """What a command prints, by lines, and its exit code if it is not 0."""
        if command.endswith(" &"):
            return self.start(command)
        process = subprocess.Popen(self.bash(command), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            out, _ = process.communicate(timeout=TIMEOUT)
            code, text = process.returncode, out.decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            code, text = 124, "timed out\n"
        lines = self.plain(text)
        return lines + [f"[exit {code}]"] if code != 0 else lines

    def start(self, command):
        """Starts a server; what it prints until it is ready."""
        command = "exec " + command[:-2]
        if command.startswith("exec weft serve"):
            command = command.replace("weft serve", "weft serve --port 0", 1)
        process = subprocess.Popen(self.bash(command), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)
        self.servers.append((command, process))
        out, end = b"", time.monotonic() + TIMEOUT
        while b"ready" not in out or not out.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                return self.plain(out.decode(errors="replace")) + ["timed out"]
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return self.plain(out.decode(errors="replace")) + [f"[exit {process.wait()}]"]
            out += piece
        return self.plain(out.decode(errors="replace"))

    def plain(self, text):
        """Lines without what differs from run to run."""
        text = text.replace(self.folder, "$PWD")
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:6443", text)
        text = re.sub(r"(?m)( {3})(\d+[smh])+$", r"\g<1>5s", text)
        lines = text.split("\n")
        while lines and lines[-1] == "":
            lines.pop()
        return lines

    def close(self):
        """Stops the servers; failures as texts."""
        failures = []
        for command, process in reversed(self.servers):
            if process.poll() is None:
                process.terminate()
            try:
                process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            if process.returncode != 0:
                failures.append(f"{command[5:]}: ended with {process.returncode}\n")
        shutil.rmtree(self.folder)
        shutil.rmtree(os.path.dirname(self.exported))
        return failures


def indented(lines):
    return "".join(f"    {text}\n" for text in lines)


class Runner:
    """One walk through a page: what was run, what failed, and the page as it should read."""

    def __init__(self, path, bless):
        self.path = path
        self.bless = bless
        self.page = Page()
        self.out = []
        self.failures = []
        self.count = 0
        self.printed = None  # by the script right before

    def compare(self, line, what, expected, got):
        if matches(expected, got):
            self.out.extend(expected)
            return
        self.out.extend(got)
        if not self.bless:
            self.failures.append(f"{self.path}:{line}: {what}\n  expected:\n{indented(expected)}  got:\n{indented(got)}")

    def script(self, line, body):
        got = self.page.run("set -euo pipefail\n" + "\n".join(body))
        self.count += 1
        if got and re.fullmatch(r"\[exit \d+\]", got[-1]):
            self.failures.append(f"{self.path}:{line}: the script fails\n{indented(got)}")
        return got

    def console(self, line, body):
        index = 0
        while index < len(body):
            command, first = body[index], line + index + 1
            index += 1
            self.out.append(command)
            expected = []
            while index < len(body) and not body[index].startswith("$ "):
                expected.append(body[index])
                index += 1
            while expected and expected[-1] == "":
                expected.pop()
            if not command.startswith("$ "):
                self.failures.append(f"{self.path}:{first}: a console block begins with '$ '")
                continue
            got = self.page.run(command[2:].replace("$ROOT", ROOT))
            self.count += 1
            self.compare(first, command, expected, got)

    def block(self, line, language, name, body):
        was_printed, self.printed = self.printed, None
        if language == "sh" and not name:
            self.printed = self.script(line, body)
            self.out.extend(body)
        elif language == "text" and was_printed is not None:
            self.compare(line, "the script above prints something else", body, was_printed)
        elif name:
            path = os.path.join(self.page.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(body) + "\n")
            self.out.extend(body)
        elif language == "console":
            self.console(line, body)
        else:
            self.out.extend(body)

    def walk(self, lines):
        at = 0
        while at < len(lines):
            line = lines[at]
            self.out.append(line)
            at += 1
            fence = re.match(r"( *)```(\w+)?(?: file=(.+?))?\s*$", line)
            if not fence and line not in ("<!-- run", "<!-- console"):
                continue
            # A block inside a list is indented as a whole.
            indent = fence.group(1) if fence else ""
            closing = indent + "```" if fence else "-->"
            end = lines.index(closing, at) if closing in lines[at:] else len(lines)
            body = [text.removeprefix(indent) for text in lines[at:end]]
            first = len(self.out)
            if fence:
                self.block(at, fence.group(2), fence.group(3), body)
            elif line == "<!-- console":
                self.console(at, body)
            else:
                self.script(at, body)
                self.out.extend(body)
            self.out[first:] = [indent + text if text else text for text in self.out[first:]] + [closing]
            at = end + 1


def run_page(path, bless, prepare=None):
    """(commands run, failures as texts); `prepare` is given the page's folder first"""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    runner = Runner(path, bless)
    try:
        if prepare:
            prepare(runner.page.folder)
        runner.walk(lines)
    finally:
        runner.failures += [f"{path}: {failure}" for failure in runner.page.close()]
    if bless:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(runner.out))
    return runner.count, runner.failures


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
