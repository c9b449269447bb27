#!/usr/bin/env python3
"""Breaks src/{store,server,kube,control} by rule and looks whether a test or a simulated world notices.

mutants.py [--seed N] [--count N] [--again] [--build-only] [--seconds N] [--seeds N] [--only NUMBER] [--most SECONDS]
           [--programs REGEX]

One build holds every mutant of the sample, each behind a switch that WEFT_MUTANT turns on. A mutant of which a program
never reaches the place is not run by that program, and the quickest program that does comes first. What was found is kept
in build/mutants/results.json and not run again; --again shows the survivors to the programs that are new since. Exit 1 when fewer than 80 % are killed.
"""
import argparse
import filecmp
import glob
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import places

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = os.path.join(ROOT, "build", "mutants")
BUILD = os.path.join(TREE, "build", "dev")
FAST = os.path.join(TREE, "build", "release")  # of the simulator, whose worlds are many
RESULTS = os.path.join(TREE, "results.json")
FOLDERS = ("store", "server", "kube", "control")
SHARE = {"negate": 0.4, "drop": 0.35, "bound": 0.15, "reorder": 0.1}
AIM = 0.8
MEMORY_MAX = 4 << 30  # of one run: a mutant that never stops allocating ends there
# A run may take as many seconds of the processor more, and several times what it took unbroken; and, if it only waits on a busy
# machine, so many seconds by the clock.
BUSY_S, BUSY_TIMES = 20, 8
IDLE_S, IDLE_TIMES = 120, 20

SHARED = os.environ.get("WEFT_SHARED", os.path.join(ROOT, "..", "shared"))


class Program:
    """One thing that looks for a mutant: a suite of unit tests, a suite of outside cases, a script, the simulator."""

    def __init__(self, name, folders, command, binary, is_timed=False):
        self.name, self.folders, self.command, self.binary = name, folders, command, os.path.join(BUILD, binary)
        self.is_timed = is_timed  # it runs in real time, and may fail because the machine is busy

    def stamp(self):
        return os.path.getmtime(self.binary)


# Test programs of one folder, and what they can notice; of conformance suites, where their cases are.
TESTS = (("kube_test", ("kube",)), ("store_test", ("store",)), ("control_test", ("kube", "control")), ("server_test", FOLDERS),
         ("cluster_test", FOLDERS), ("tests/integration/integration_test", FOLDERS))
SUITES = (("builtin", "kubernetes"), ("apimachinery", "kubernetes/apimachinery"), ("apiextensions", "apiextensions"),
          ("transcripts", "kubernetes/transcripts"), ("tables", "kubernetes/tables"), ("discovery", "kubernetes/discovery-core"),
          ("kro_takeover", "kro"))
SCENARIOS = ("up", "test")
CLIENTS = ("kubectl", "controller", "deploy", "instances", "restart", "rollout")


def suites_at_hand():
    return [(name, os.path.join(SHARED, "conformance", where)) for name, where in SUITES
            if os.path.isdir(os.path.join(SHARED, "conformance", where))]


def targets_of_programs():
    names = [os.path.basename(path) for path, _ in TESTS] + [f"conformance_{name}" for name, _ in suites_at_hand()]
    return sorted([*names, "weft"])


def programs(options):
    """What looks for a mutant. Test programs look suite by suite, so that only those run that come to the place."""
    out = []
    for path, folders in TESTS:
        binary = os.path.join(BUILD, path)
        listed = subprocess.run([binary, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
        for suite in re.findall(r"^(\S+)\.", listed, re.M):
            out.append(Program(f"{os.path.basename(path)} {suite}", folders,
                               [binary, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={suite}.*"], path))
    for name, cases in suites_at_hand():
        out.append(Program(f"conformance {name}", FOLDERS,
                           [sys.executable, os.path.join(TREE, "tests/conformance/run"), name.replace("_", "-"), "--cases", cases,
                            "--first"], f"tests/conformance/conformance_{name}", True))
    for name in SCENARIOS:
        out.append(Program(f"scenario {name}", FOLDERS, [sys.executable, os.path.join(TREE, "tests/scenarios/run.py"), name], "weft"))
    for name in CLIENTS:
        out.append(Program(f"client {name}", FOLDERS, ["bash", os.path.join(TREE, "tests/clients", f"{name}.sh")], "weft", True))
    out.append(Program("sim", FOLDERS, [os.path.join(FAST, "tests/sim/sim"), "range", "1", str(options.seeds), "--first",
                                        "--seconds", str(options.seconds)], os.path.join(FAST, "tests/sim/sim")))
    return out


def same_copy(source, target, text=None):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if text is None:
        if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
            shutil.copyfile(source, target)
        return
    if not os.path.exists(target) or open(target, encoding="utf-8").read() != text:
        with open(target, "w", encoding="utf-8") as out:
            out.write(text)


def sources():
    for folder in FOLDERS:
        for name in sorted(glob.glob(f"{ROOT}/src/{folder}/**/*.cc", recursive=True)):
            if not re.search(r"(_test|_testing|/faulty_vfs)\.cc$", name):
                yield os.path.relpath(name, ROOT)


def sample(options, unfit):
    """The mutants of the smallest sums of seed and key: a change of one file leaves the rest of the sample as it is."""
    by_rule = {rule: [] for rule in places.RULES}
    total = {rule: 0 for rule in places.RULES}
    texts = {}
    for name in sources():
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            texts[name] = file.read()
        for mutant in places.places(name, texts[name]):
            total[mutant.rule] += 1
            if mutant.key not in unfit:
                by_rule[mutant.rule].append(mutant)
    chosen, taken = [], {}
    for rule, found in by_rule.items():
        found.sort(key=lambda mutant: hashlib.sha256(f"{options.seed} {mutant.key}".encode()).hexdigest())
        left = round(options.count * SHARE[rule])
        for mutant in found:
            others = taken.setdefault(mutant.file, [])
            if left == 0:
                break
            if any(mutant.begin < other.end and other.begin < mutant.end for other in others):
                continue
            others.append(mutant)
            chosen.append(mutant)
            left -= 1
    return chosen, total, texts


def write_tree(chosen, texts):
    for name in ("CMakeLists.txt", "CMakePresets.json"):
        same_copy(os.path.join(ROOT, name), os.path.join(TREE, name))
    for name in ("cmake", "tests", "examples", "docs", "tools", "deploy", "bench", "build/tools"):
        link = os.path.join(TREE, name)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.islink(link):
            os.symlink(os.path.join(ROOT, name), link)
    kept = {os.path.join(TREE, "src", "mutant.h")}
    same_copy(os.path.join(ROOT, "tests/mutants/mutant.h"), os.path.join(TREE, "src/mutant.h"))
    by_file = {}
    for mutant in chosen:
        by_file.setdefault(mutant.file, []).append(mutant)
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            source = os.path.join(folder, name)
            inner = os.path.relpath(source, ROOT)
            target = os.path.join(TREE, inner)
            kept.add(target)
            mutants = by_file.get(inner)
            same_copy(source, target, places.written(texts[inner], mutants) if mutants else None)
    for folder, _, names in os.walk(os.path.join(TREE, "src")):
        for name in names:
            if os.path.join(folder, name) not in kept:
                os.unlink(os.path.join(folder, name))


def compile_all(chosen, folder, targets):
    """Builds; returns the mutants on lines that the compiler refused, none when it built."""
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", os.path.basename(folder)], cwd=TREE, check=True, stdout=subprocess.DEVNULL)
    slot = os.environ.get("WEFT_BUILD_SLOT", "").split()
    run = subprocess.run([*slot, "ninja", "-C", folder, "-k", "0", "-j", os.environ.get("WEFT_JOBS", "2"), *targets],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode == 0:
        return []
    refused = []
    wrong = set(re.findall(r"(src/[\w/]+\.cc):(\d+):\d+: error:", run.stdout))
    for mutant in chosen:
        first, last = mutant.line, mutant.last_line
        if any(name == mutant.file and first <= int(line) <= last for name, line in wrong):
            refused.append(mutant)
    if not refused:
        sys.exit("mutants: the build failed beside every mutant:\n" + run.stdout[-4000:])
    return refused


def spent_by_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_once(command, env, unbroken):
    """(whether it succeeded, seconds of the processor, why not) of what takes so many unbroken; all it started ends with it."""
    seconds = IDLE_S + IDLE_TIMES * unbroken

    def prepare():
        os.setpgid(0, 0)  # and no session of its own: it stays as modest as who started it
        busy = int(BUSY_S + BUSY_TIMES * unbroken)
        resource.setrlimit(resource.RLIMIT_CPU, (busy, busy))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    began = spent_by_children()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(command, cwd=TREE, env={**os.environ, "WEFT": os.path.join(BUILD, "weft"), "WEFT_BUILD": BUILD,
                                                           "TMPDIR": folder, **env},
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, preexec_fn=prepare)
        try:
            code = process.wait(timeout=seconds)
            why = "" if code == 0 else f"exit {code}"
        except subprocess.TimeoutExpired:
            code, why = -1, f"no end within {seconds:.0f} s"
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        out.seek(0)
        text = out.read().decode(errors="replace")
    if code != 0:
        told = re.search(r"\[  FAILED  \] ([\w./]+)|BROKEN ([^\n]*)|CHECK[^\n]*|(?:FAILED|FAIL)(?![^\n]*\(known\))[^\n]*|WRONG[^\n]*", text)
        why += ": " + told.group()[:160] if told else ""
    return code == 0, spent_by_children() - began, why


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--only", type=int)
    parser.add_argument("--programs", default="", help="only those whose names this expression finds")
    parser.add_argument("--most", type=float, default=3600, help="leave out what takes more seconds unbroken")
    options = parser.parse_args()
    os.makedirs(TREE, exist_ok=True)
    results = {"unfit": [], "mutants": {}, "baseline": {}}
    if os.path.exists(RESULTS):
        results = json.load(open(RESULTS, encoding="utf-8"))

    def save():
        with open(RESULTS + ".new", "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)
        os.replace(RESULTS + ".new", RESULTS)

    while True:
        chosen, total, texts = sample(options, set(results["unfit"]))
        for mutant in chosen:
            mutant.last_line = mutant.line + texts[mutant.file][mutant.begin:mutant.end].count("\n")
        write_tree(chosen, texts)
        refused = compile_all(chosen, BUILD, targets_of_programs())
        if not refused and re.search(options.programs, "sim"):
            refused = compile_all(chosen, FAST, ["sim"])
        if not refused:
            break
        print(f"{len(refused)} mutants do not compile and are left out", flush=True)
        results["unfit"] += [mutant.key for mutant in refused]
        save()
    print(f"{sum(total.values())} places ({', '.join(f'{count} {rule}' for rule, count in total.items())}), "
          f"{len(chosen)} in the sample of seed {options.seed}, {len(results['unfit'])} did not compile", flush=True)
    if options.build_only:
        return 0

    # Unbroken, each program shows how long it takes and which places it reaches.
    looking = [program for program in programs(options) if re.search(options.programs, program.name)]
    sample_stamp = hashlib.sha256("".join(sorted(mutant.key for mutant in chosen)).encode()).hexdigest()[:16]
    for program in looking:
        stamp = [sample_stamp, program.stamp()]
        if results["baseline"].get(program.name, {}).get("stamp") == stamp:
            continue
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "trace")
            fine, seconds, why = run_once(program.command, {"WEFT_MUTANT_TRACE": trace}, 600)
            reached = sorted(set(map(int, open(trace).read().split()))) if os.path.exists(trace) else []
        print(f"  unbroken: {program.name}: {seconds:.1f} s, reaches {len(reached)}{'' if fine else ', FAILS: ' + why}", flush=True)
        results["baseline"][program.name] = {"stamp": stamp, "seconds": seconds, "reached": reached, "fine": fine}
        save()
    looking.sort(key=lambda program: results["baseline"][program.name]["seconds"])

    for at, mutant in enumerate(chosen, 1):
        if options.only and mutant.number != options.only:
            continue
        known = results["mutants"].get(mutant.key)
        if known:
            known["line"] = mutant.line
        if known and (known["killed"] or not options.again) and not options.only:
            continue
        # What has looked already and is as it was then need not look again.
        looked = {} if known is None or options.only else known.get("looked", {})
        asked = {program.name for program in looking}
        killer, why, reached_by = "", "", [name for name in (known or {}).get("reached", []) if name not in asked]
        for program in looking:
            before = results["baseline"][program.name]
            if not before["fine"] or mutant.number not in before["reached"]:
                continue
            reached_by.append(program.name)
            if looked.get(program.name) == program.stamp() or before["seconds"] > options.most:
                continue
            broken = {"WEFT_MUTANT": str(mutant.number)}
            fine, _, why = run_once(program.command, broken, before["seconds"])
            if not fine and program.is_timed:
                # Its failure counts if it comes again, and does not come unbroken in between.
                if not run_once(program.command, {}, before["seconds"])[0]:
                    continue
                fine, _, why = run_once(program.command, broken, before["seconds"])
            if not fine:
                killer = program.name
                break
            looked[program.name] = program.stamp()
        results["mutants"][mutant.key] = {"file": mutant.file, "line": mutant.line, "rule": mutant.rule, "text": mutant.text,
                                          "change": mutant.change, "number": mutant.number, "killed": killer, "why": why if killer else "",
                                          "reached": reached_by, "looked": {} if killer else looked}
        save()
        print(f"{at}/{len(chosen)} {mutant.file}:{mutant.line} {mutant.change[:100]}: "
              f"{'killed by ' + killer + ' (' + why + ')' if killer else 'SURVIVES' if reached_by else 'SURVIVES, never reached'}", flush=True)

    outcome = [results["mutants"][mutant.key] for mutant in chosen if mutant.key in results["mutants"]]
    survivors = [one for one in outcome if not one["killed"]]
    killed = len(outcome) - len(survivors)
    print(f"\n{killed} of {len(outcome)} killed: {100 * killed / max(1, len(outcome)):.1f} %")
    for rule in places.RULES:
        of_rule = [one for one in outcome if one["rule"] == rule]
        print(f"  {rule}: {sum(bool(one['killed']) for one in of_rule)} of {len(of_rule)}")
    for one in sorted(survivors, key=lambda one: (one["file"], one["line"])):
        print(f"SURVIVOR {one['number']} {one['file']}:{one['line']}: {one['change']}\n    {one['text']}\n"
              f"    reached by: {', '.join(one['reached']) or 'nothing'}")
    return 0 if outcome and killed >= AIM * len(outcome) else 1


if __name__ == "__main__":
    sys.exit(main())
