#!/usr/bin/env python3
"""weft's CEL beside cel-go: cel.py [--list NAME] [--rounds N] [--brief].

Every expression of ../shared/bench/cel-expressions.json, of kro's examples and of Appendix A of
reference/cel.md runs on both engines in this one run: their results are compared, then evaluating and
preparing (parse, check, program) is timed by turns, so that a busy machine hits both alike. A figure is
the least of all turns: cel-go's collector is mostly left out of it, which favours cel-go.

Exit 1 if results differ that bench/cel_differences.txt does not name.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("WEFT_SHARED", os.path.join(ROOT, "../shared"))
BENCH_CEL = os.path.join(ROOT, "build/release/bench/bench_cel")
PEER = os.path.join(ROOT, "bench/peers/cel-go")
TARGETS = {"median": 10, "worst": 5}


class Engine:
    def __init__(self, program, environment=None):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"an engine ended at {request}")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)


def build_peer():
    """cel-go's side, built by the ordinary Go client; None without Go."""
    go = next((p for p in [os.environ.get("GO", ""), "/usr/local/go/bin/go", "/usr/bin/go"] if os.access(p, os.X_OK)), None)
    if go is None:
        return None
    program = os.path.join(ROOT, "build/peers/cel-go")
    os.makedirs(os.path.dirname(program), exist_ok=True)
    subprocess.run([go, "build", "-trimpath", "-o", program, "."], cwd=PEER, check=True)
    return program


def known_differences():
    """The expressions whose results may differ, each with its reason."""
    out = {}
    with open(os.path.join(ROOT, "bench/cel_differences.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                reason, _, expression = line.rstrip("\n").partition("\t")
                out[expression] = reason
    return out


def difference(weft, peer):
    """What differs between two results; None if nothing does. What a compiler says of a mistake is compared
    by tests/conformance, here only that there is one."""
    if isinstance(weft, dict) and isinstance(peer, dict):
        for stage in ("compile", "program"):
            if stage in weft and stage in peer:
                return None
    return None if weft == peer else f"weft {json.dumps(weft)[:200]}, cel-go {json.dumps(peer)[:200]}"


def can_run(result):
    return not (isinstance(result, dict) and ("compile" in result or "program" in result))


class Row:
    """An expression that both engines run, with the least times seen so far."""

    def __init__(self, case):
        self.case = case
        self.least = {}

    def turn(self, engines, rounds):
        for name, engine in engines.items():
            engine.ask(self.request())
            for what in ("evaluate", "prepare"):
                measured = engine.ask({"measure": what, "rounds": rounds if what == "evaluate" else max(2, rounds // 4)})
                key = (name, what)
                self.least[key] = min(self.least.get(key, math.inf), measured["ns"])
                self.least[(name, what, "allocations")] = measured["allocations"]

    def request(self):
        return {key: self.case[key] for key in ("expression", "variables", "inputs")}

    def ratio(self, what):
        return self.least[("cel-go", what)] / self.least[("weft", what)]


def table_line(row):
    cells = []
    for what, unit in (("evaluate", 1), ("prepare", 1000)):
        weft, peer = row.least[("weft", what)] / unit, row.least.get(("cel-go", what), math.nan) / unit
        cells.append(f"{weft:>9,.1f} {peer:>11,.1f} {peer / weft:>7.1f}x")
    return f"{cells[0]}  {row.least[('weft', 'evaluate', 'allocations')]:>6.1f}  {cells[1]}  {row.case['name'][:90]}"


def summary(name, rows, what):
    ratios = sorted(row.ratio(what) for row in rows)
    worst = min(rows, key=lambda row: row.ratio(what))
    mean = math.exp(statistics.fmean(math.log(r) for r in ratios))
    slower = sum(1 for r in ratios if r < 1)
    print(f"{name:<9} {what:<9} {len(rows):>4} expressions: median {statistics.median(ratios):6.1f}x, geometric mean {mean:6.1f}x, "
          f"worst {ratios[0]:5.1f}x ({worst.case['name'][:60]}), slower than cel-go: {slower}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", choices=["bench", "kro", "appendix"], help="only this list")
    parser.add_argument("--only", help="only expressions that hold this text")
    parser.add_argument("--rounds", type=int, default=12, help="batches of a tenth of a millisecond per turn")
    parser.add_argument("--turns", type=int, default=3, help="turns of both engines")
    parser.add_argument("--brief", action="store_true", help="no line for each expression")
    options = parser.parse_args()
    listed = subprocess.run([BENCH_CEL, "cases", SHARED], capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit(listed.stderr)
    cases = [json.loads(line) for line in listed.stdout.splitlines()]
    cases = [c for c in cases if options.list in (None, c["list"]) and (options.only or "") in c["expression"]]
    engines = {"weft": Engine(BENCH_CEL)}
    peer = build_peer()
    if peer is None:
        print("cel-go: skipped: no Go")
    else:
        # One thread, as in weft, and no pauses that another thread makes.
        engines["cel-go"] = Engine(peer, dict(os.environ, GOMAXPROCS="1"))
    known = known_differences()
    rows, mismatches, counts = [], 0, {}
    for case in cases:
        row = Row(case)
        answers = {name: engine.ask(row.request()) for name, engine in engines.items()}
        weft = answers["weft"]
        counts[case["list"]] = counts.get(case["list"], 0) + 1
        if "expected" in case and weft.get("native") != case["expected"]:
            mismatches += 1
            print(f"WRONG {case['list']} {case['expression']}: {json.dumps(weft)[:300]}")
        if peer is not None:
            differs = difference(weft["result"], answers["cel-go"]["result"])
            if differs is not None and case["expression"] not in known:
                mismatches += 1
                print(f"DIFFERS {case['list']} {case['expression']}: {differs}")
        if all(can_run(answer["result"]) for answer in answers.values()):
            rows.append(row)
    print(f"compared: {', '.join(f'{n} of {name}' for name, n in counts.items())}; {mismatches} differ, "
          f"{sum(1 for c in cases if c['expression'] in known)} by a known reason")
    for _ in range(options.turns):
        for row in rows:
            row.turn(engines, options.rounds)
    if not options.brief:
        print(f"{'evaluate: weft ns':>17}   cel-go ns   ratio  allocs  prepare: us  cel-go us   ratio  expression")
        for row in rows:
            print(table_line(row))
    if peer is not None:
        for name in counts:
            of_list = [row for row in rows if row.case["list"] == name]
            for what in ("evaluate", "prepare"):
                if of_list:
                    summary(name, of_list, what)
    for engine in engines.values():
        engine.stop()
    return 1 if mismatches else 0


sys.exit(main())
