"""./dev bench server: what clients of the API server feel, beside etcd and kube-apiserver where they are built."""

import time

from process import RealPair, Weft, peer
from report import Report

LIST_RUNS = 100  # enough that the connection and the first faults of memory do not count


def run():
    has_peers = bool(peer("etcd") and peer("kube-apiserver"))
    report = Report("server", "etcd + kube-apiserver" if has_peers else None)
    cold_start(report, has_peers)
    idle(report, has_peers)
    writes(report, has_peers)
    reads(report, has_peers)
    definitions(report, has_peers)


def cold_start(report, has_peers):
    def median(make):
        times = []
        for _ in range(5 if make is not RealPair else 3):
            server = make()
            times.append(server.start_ms)
            server.stop()
        return sorted(times)[len(times) // 2]

    weft = median(lambda: Weft("--no-controllers", "--workloads", "off"))
    real = median(RealPair) if has_peers else None
    report.line("cold start to /readyz, median", f"{weft:.0f} ms", real and f"{real:.0f} ms", real and real / weft, want="60x, under 50 ms",
                how="weft serve --no-controllers --workloads off, until its ready line")


def idle(report, has_peers):
    server = Weft()
    server.load("crds", "--count", "10")
    time.sleep(1)
    weft = server.memory_mb()
    server.stop()
    real = None
    if has_peers:
        server = RealPair()
        time.sleep(3)
        real = server.memory_mb()
        server.stop()
    report.line("idle memory (weft: controllers on, ten CRDs)", f"{weft:.1f} MB", real and f"{real:.0f} MB", real and real / weft,
                want="10x, under 30 MB", how="VmRSS")


def writes(report, has_peers):
    """The same writes with and without fsync; the real pair's etcd always groups what waits for the disk."""
    for sync, real_without, clients, count, want in (("off", True, 1, 2000, None), ("off", True, 16, 4000, "8x a CPU second"), ("full", False, 1, 1000, None),
                                                     ("group", False, 16, 4000, "5x a CPU second"), ("full", False, 16, 4000, None)):
        server = Weft.on_disk(sync)
        weft = server.load("create", "--count", str(count), "--clients", str(clients))
        weft_apply = server.load("apply", "--count", str(count), "--clients", str(clients)) if sync == "off" else None
        server.stop()
        real = real_apply = None
        if has_peers:
            server = RealPair(unsafe_no_fsync=real_without)
            real = server.load("create", "--count", str(count // 2), "--clients", str(clients))
            real_apply = server.load("apply", "--count", str(count // 2), "--clients", str(clients)) if weft_apply else None
            server.stop()
        report.rate(f"creates of 1 KB, sync={sync}, {clients} client(s)", weft, real, want, f"bench_load create --clients {clients}")
        if weft_apply:
            report.rate(f"server-side apply without change, {clients} client(s)", weft_apply, real_apply, "10x a CPU second",
                        f"bench_load apply --clients {clients}")


def reads(report, has_peers):
    def all_of(server, watch_count):
        server.load("create", "--count", "5000", "--clients", "16")
        found = (server.load("get", "--count", "20000" if server.name == "weft" else "5000", "--clients", "16"),
                 server.load("list", "--count", str(LIST_RUNS)),
                 server.load("watch", "--clients", "100", "--count", str(watch_count)))
        server.stop()
        return found

    weft_get, weft_list, weft_watch = all_of(Weft("--no-controllers", "--workloads", "off"), 1000)
    real_get, real_list, real_watch = all_of(RealPair(), 1000) if has_peers else (None, None, None)
    report.rate("gets, 16 clients", weft_get, real_get, None, "bench_load get --clients 16")
    ratio = real_list and real_list["cpu"] / max(weft_list["cpu"], 0.001)
    text = [result and f"{result['seconds'] / LIST_RUNS * 1000:.1f} ms, {result['cpu'] / LIST_RUNS * 1000:.1f} ms CPU" for result in (weft_list, real_list)]
    report.line("list of 5,000 x 1 KB", *text, ratio, want="10x a CPU second", how=f"bench_load list --count {LIST_RUNS}")
    report.rate("deliveries, 100 watchers x 1,000 events", weft_watch, real_watch, "10x a CPU second", "bench_load watch --clients 100 --count 1000")


def definitions(report, has_peers):
    def first_object(server):
        result = server.load("crd-first", "--count", "20")
        return result["milliseconds"] / 20

    server = Weft("--no-controllers", "--workloads", "off")
    weft = first_object(server)
    server.stop()
    real = None
    if has_peers:
        server = RealPair()
        real = first_object(server)
        server.stop()
    report.line("CRD of 30 fields sent -> its first object accepted", f"{weft:.1f} ms", real and f"{real:.0f} ms", real and real / weft,
                want="under 5 ms", how="bench_load crd-first --count 20")

    def growth(server, count):
        before = server.memory_mb()
        result = server.load("crds", "--count", str(count), "--clients", "4")
        time.sleep(1)
        return result["seconds"], server.memory_mb(), (server.memory_mb() - before) * 1024 / count

    real = None
    if has_peers:
        server = RealPair()
        real = growth(server, 100)
        server.stop()
    server = Weft("--no-controllers", "--workloads", "off")
    seconds, memory, each = growth(server, 1000)
    server.stop()
    report.line("1,000 such CRDs (real: 100)", f"{seconds:.2f} s, {memory:.0f} MB", real and f"{real[0]:.2f} s, {real[1]:.0f} MB", None,
                want="under 2 s, 150 MB", how="bench_load crds --count 1000 --clients 4")
    report.line("memory a CRD", f"{each:.0f} KB", real and f"{real[2]:,.0f} KB", real and real[2] / each, want="under 100 KB", how="VmRSS after less before")


