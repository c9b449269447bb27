#!/usr/bin/env python3
"""What a user of the server and of the controllers can feel, measured from outside.

Starts build/release/weft, talks HTTPS to it from this process and from bench_load (C++), reads the
server's CPU time and memory from /proc. Prints one line a figure, with how it was got.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import re
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEFT = os.environ.get("WEFT", os.path.join(ROOT, "build/release/weft"))
LOAD = os.path.join(ROOT, "build/release/bench/bench_load")
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, *flags):
        self.folder = tempfile.mkdtemp()
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        begin = time.monotonic()
        self.process = subprocess.Popen([WEFT, "serve", "--port", "0", "--kubeconfig", self.kubeconfig, *flags],
                                        stdout=subprocess.PIPE, stderr=open(os.path.join(self.folder, "log"), "w"), text=True)
        line = self.process.stdout.readline()
        self.start_ms = (time.monotonic() - begin) * 1000
        match = re.match(r"weft: ready (\S+) ", line)
        if not match:
            sys.exit(f"weft serve did not start: {line}")
        self.url = match.group(1)

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mb(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0

    def load(self, *arguments):
        """Runs bench_load; returns its JSON with the server's CPU seconds added."""
        before = self.cpu()
        done = subprocess.run([LOAD, "--kubeconfig", self.kubeconfig, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench_load {' '.join(arguments)}: {done.stderr}")
        result = json.loads(done.stdout)
        result["cpu"] = self.cpu() - before
        return result

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def show(name, value, how):
    print(f"{name:<52} {value:<42} # {how}", flush=True)


def per_cpu(result):
    rate = result["count"] / result["seconds"]
    busy = result["count"] / result["cpu"] if result["cpu"] > 0 else float("inf")
    return f"{rate:,.0f}/s, {busy:,.0f} per CPU second"


def bench_server():
    times = []
    for _ in range(5):
        server = Server("--no-controllers", "--workloads", "off")
        times.append(server.start_ms)
        server.stop()
    show("cold start to /readyz (median of 5)", f"{sorted(times)[2]:.0f} ms", "weft serve --no-controllers --workloads off, until its ready line")
    server = Server()
    server.load("crds", "--count", "10")
    time.sleep(0.5)
    show("idle memory, all kinds and ten CRDs", f"{server.memory_mb():.1f} MB", "VmRSS of weft serve, controllers on")
    server.stop()
    for sync, clients in (("off", 1), ("off", 16), ("full", 1), ("full", 16), ("group", 16)):
        server = Server("--no-controllers", "--workloads", "off", "--data-dir", os.path.join(tempfile.mkdtemp(), "d"), "--sync", sync)
        result = server.load("create", "--count", "4000" if clients > 1 or sync == "off" else "1000", "--clients", str(clients))
        show(f"creates of 1 KB, sync={sync}, {clients} client(s)", per_cpu(result), f"bench_load create --clients {clients}")
        if sync == "off" and clients == 16:
            result = server.load("get", "--count", "20000", "--clients", "16")
            show("gets, 16 clients", per_cpu(result), "bench_load get --clients 16")
            result = server.load("apply", "--count", "4000", "--clients", "16")
            show("server-side apply without change, 16 clients", per_cpu(result), "bench_load apply --clients 16")
        server.stop()
    server = Server("--no-controllers", "--workloads", "off")
    server.load("create", "--count", "5000", "--clients", "16")
    result = server.load("list", "--count", "20")
    show("list of 5,000 x 1 KB", f"{result['seconds'] / 20 * 1000:.1f} ms, {result['cpu'] / 20 * 1000:.1f} ms CPU", "bench_load list --count 20")
    result = server.load("watch", "--clients", "100", "--count", "1000")
    show("watch fan-out, 100 watchers x 1,000 events", per_cpu(result) + " deliveries", "bench_load watch --clients 100 --count 1000")
    server.stop()


def bench_controller():
    server = Server()
    result = server.load("definition")
    show("definition applied -> Active", f"{result['milliseconds']:.1f} ms", "bench_load definition (five chained ConfigMaps)")
    result = server.load("instances", "--count", "1")
    show("instance applied -> ACTIVE, five children", f"{result['milliseconds']:.1f} ms", "bench_load instances --count 1")
    result = server.load("instances", "--count", "1000", "--clients", "16")
    show("1,000 instances of five children -> all ACTIVE", f"{result['milliseconds'] / 1000:.2f} s, {result['cpu']:.2f} CPU s", "bench_load instances --count 1000 --clients 16")
    show("memory with them", f"{server.memory_mb():.1f} MB", "VmRSS")
    result = server.load("change", "--count", "1000", "--clients", "16")
    show("one field changed on 1,000 instances -> all there", f"{result['milliseconds'] / 1000:.2f} s, {result['cpu']:.2f} CPU s", "bench_load change --count 1000 --clients 16")
    before = server.cpu()
    time.sleep(5)
    show("CPU at rest", f"{(server.cpu() - before) / 5 * 100:.2f} %", "5 s of weft serve after that")
    server.stop()
    bench_requests()


def sent(port):
    """Requests that the controller has sent, by verb, from its /metrics."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    return {verb: int(count) for verb, count in re.findall(r'weft_api_requests_total\{verb="(\w+)"\} (\d+)', text)}


def bench_requests():
    server = Server("--no-controllers", "--workloads", "off")
    port = 18078
    controller = subprocess.Popen([WEFT, "controller", "--kubeconfig", server.kubeconfig, "--metrics-bind-address", f"127.0.0.1:{port}",
                                   "--health-probe-bind-address", "0"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                if sent(port):
                    break
            except OSError:
                pass
            time.sleep(0.05)
        server.load("definition")
        server.load("instances", "--count", "1")
        time.sleep(1)
        before = sent(port)
        server.load("instances", "--count", "101")
        time.sleep(1)
        after = sent(port)
        show("requests per instance of five chained children", f"{(sum(after.values()) - sum(before.values())) / 100:.1f} (kro: 68)",
             "weft controller's /metrics around 100 new instances")
        time.sleep(10)
        later = sent(port)
        show("requests a minute at rest, 101 instances", f"{(sum(later.values()) - sum(after.values())) * 6}", "the same over 10 s")
    finally:
        controller.terminate()
        controller.wait(20)
        server.stop()


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    cores = os.cpu_count()
    print(f"weft {subprocess.run([WEFT, 'version'], capture_output=True, text=True).stdout.strip()}; {cores} cores, load generator on the same machine")
    if what in ("server", "all"):
        bench_server()
    if what in ("controller", "all"):
        bench_controller()


main()
