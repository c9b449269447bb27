"""./dev bench controller: graphs and instances, weft beside kro, on weft's server and on the real one."""

import os
import subprocess
import time

from process import PEERS, WEFT, Controller, RealPair, Weft, peer
from report import Report

KRO_BEST = ("--resource-graph-definition-concurrent-reconciles", "40", "--dynamic-controller-concurrent-reconciles", "40",
            "--client-qps", "10000", "--client-burst", "10000", "--dynamic-controller-rate-limiter-rate-limit", "100000",
            "--dynamic-controller-rate-limiter-burst-limit", "100000")


def run():
    embedded()
    if peer("etcd") and peer("kube-apiserver") and peer("kro"):
        beside_kro()
    else:
        requests_alone()


def embedded():
    report = Report("controllers on the embedded server", None)
    server = Weft()
    result = server.load("definition")
    report.line("definition applied -> Active", f"{result['milliseconds']:.1f} ms", want="under 20 ms", how="bench_load definition (five chained ConfigMaps)")
    result = server.load("instances", "--count", "1")
    report.line("instance applied -> ACTIVE", f"{result['milliseconds']:.1f} ms", want="under 50 ms", how="bench_load instances --count 1")
    empty = server.memory_mb()
    result = server.load("instances", "--count", "1000", "--clients", "16")
    report.line("1,000 instances -> all ACTIVE", f"{result['seconds']:.2f} s, {result['cpu']:.2f} CPU s", want="under 2 s",
                how="bench_load instances --count 1000 --clients 16")
    report.line("memory with them (server and controllers)", f"{server.memory_mb():.1f} MB, empty {empty:.1f} MB", how="VmRSS")
    result = server.load("change", "--count", "1000", "--clients", "16")
    report.line("one field changed on 1,000 -> in all last children", f"{result['seconds']:.2f} s, {result['cpu']:.2f} CPU s", how="bench_load change --count 1000 --clients 16")
    before = server.cpu()
    time.sleep(5)
    report.line("CPU at rest", f"{(server.cpu() - before) / 5 * 100:.2f} %", how="5 s of weft serve after that")
    server.stop()
    server = Weft()
    result = server.load("definitions", "--count", "100", "--clients", "8")
    report.line("100 definitions at once -> all Active", f"{result['seconds']:.2f} s", want="under 1 s", how="bench_load definitions --count 100 --clients 8")
    server.stop()
    start_with_many(report)


def start_with_many(report):
    """How long a controller takes from its start until it is ready, with 100 definitions of 5 revisions each."""
    server = Weft("--no-controllers", "--workloads", "off")
    controller = Controller([WEFT, "controller"], server.kubeconfig)
    for turn in range(5):
        server.load("definitions", "--count", "100", "--clients", "8", "--turn", str(turn))
    controller.stop()
    times = []
    for _ in range(5):
        controller = Controller([WEFT, "controller"], server.kubeconfig)
        times.append(controller.start_ms)
        controller.stop()
    server.stop()
    report.line("start with 100 definitions, 500 revisions -> ready", f"{sorted(times)[2]:.0f} ms", want="under 200 ms",
                how="weft controller until /readyz, after bench_load definitions --turn 0 to 4")


def one_controller(server, words, flags, count):
    """Everything that is measured of one controller on one server, as a dict."""
    found = {}
    controller = Controller(words, server.kubeconfig, flags)
    time.sleep(3)
    found["idle"] = controller.memory_mb()
    before = controller.requests()
    found["definition_ms"] = server.load("definition")["milliseconds"]
    time.sleep(5)
    found["definition_requests"] = controller.requests() - before
    server.load("instances", "--count", "1")
    time.sleep(8)  # kro comes back after its requeue interval until nothing changes.
    before = controller.requests()
    server.load("instances", "--count", "11")
    time.sleep(8)
    found["instance_requests"] = (controller.requests() - before) / 10
    before = controller.requests()
    server.load("change", "--count", "10")
    time.sleep(8)
    found["change_requests"] = (controller.requests() - before) / 10
    found["instances_s"] = server.load("instances", "--count", str(count), "--clients", "16")["seconds"]
    found["memory"] = controller.memory_mb()
    found["change_s"] = server.load("change", "--count", str(count), "--clients", "16")["seconds"]
    time.sleep(8)
    found["memory_at_rest"] = controller.memory_mb()
    before, busy = controller.requests(), controller.cpu()
    time.sleep(10)
    found["rest_requests"] = (controller.requests() - before) * 6
    found["rest_cpu"] = (controller.cpu() - busy) * 10
    controller.stop()
    return found


def install(server):
    """kro's two definitions, as weft makes them, put into the server by kubectl."""
    source = Weft()
    names = ["resourcegraphdefinitions.kro.run", "graphrevisions.internal.kro.run"]
    kubectl = os.environ.get("KUBECTL", "kubectl")
    text = subprocess.run([kubectl, "--kubeconfig", source.kubeconfig, "get", "crd", *names, "-o", "yaml"], check=True, capture_output=True, text=True).stdout
    source.stop()
    subprocess.run([kubectl, "--kubeconfig", server.kubeconfig, "create", "-f", "-"], check=True, input=text, capture_output=True, text=True)
    subprocess.run([kubectl, "--kubeconfig", server.kubeconfig, "wait", "--for=condition=Established", *[f"crd/{name}" for name in names], "--timeout=30s"],
                   check=True, capture_output=True)


def bare_client(count):
    """Seconds that a client which waits for nobody takes for the writes of so many instances: those of one that weft made, under other names."""
    server = RealPair()
    install(server)
    controller = Controller([WEFT, "controller"], server.kubeconfig)
    server.load("definition")
    server.load("instances", "--count", "1")
    controller.stop()
    time.sleep(10)  # As old as the others' when their instances come.
    seconds = server.load("bare", "--count", str(count), "--clients", "64")["seconds"]
    server.stop()
    return seconds


def beside_kro():
    count = int(os.environ.get("BENCH_INSTANCES", "1000"))
    rows = {}
    bare = bare_client(count)
    for name, words, flags in (("weft", [WEFT, "controller"], ()), ("kro", [os.path.join(PEERS, "kro")], KRO_BEST)):
        server = RealPair()
        install(server)
        rows[name] = one_controller(server, words, flags, count)
        server.stop()
    report = Report("controllers on a real API server", f"kro with its best flags, {count:,} instances")
    for key, name, unit, want in (("definition_ms", "definition applied -> Active", "ms", None), ("definition_requests", "requests for it", "", "at most 6"),
                                  ("instance_requests", "requests an instance of five chained children", "", "at most 9"),
                                  ("change_requests", "requests for one field changed", "", "at most 7"),
                                  ("instances_s", f"{count:,} instances -> all ACTIVE", "s", "8x"), ("change_s", "one field changed on all", "s", None),
                                  ("idle", "memory, idle", "MB", "4x"), ("memory", f"memory when {count:,} instances have just become ACTIVE", "MB", None),
                                  ("memory_at_rest", f"memory at rest with {count:,} instances", "MB", "4x"),
                                  ("rest_requests", "requests a minute at rest", "", "none"), ("rest_cpu", "CPU at rest", "%", "none")):
        weft, kro = rows["weft"][key], rows["kro"][key]
        report.line(name, f"{weft:,.1f} {unit}", f"{kro:,.1f} {unit}", kro / weft if weft else None, want=want, how="weft controller | kro, each alone on its own etcd and kube-apiserver")
    took = rows["weft"]["instances_s"]
    report.line("writes a second, 9 for an instance", f"{9 * count / took:,.0f}", f"{9 * count / bare:,.0f}", bare / took, want="0.8x",
                how="weft controller and the user | bench_load bare --clients 64: the same nine writes, on a server without controllers")



def requests_alone():
    server = Weft("--no-controllers", "--workloads", "off")
    found = one_controller(server, [WEFT, "controller"], (), 1000)
    server.stop()
    report = Report("controller process on weft's server", None)
    report.line("requests an instance of five chained children", f"{found['instance_requests']:.1f}", want="at most 9", how="its /metrics around ten new instances")
    report.line("requests for one field changed", f"{found['change_requests']:.1f}", want="at most 7", how="the same around ten changes")
    report.line("requests a minute at rest", f"{found['rest_requests']:.0f}", want="none", how="the same over 10 s")
