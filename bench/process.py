"""The processes that are measured: weft, and the real pair of etcd and kube-apiserver, and both controllers.

Each is started on loopback with its own folder, measured from /proc, and ended by its own handle.
"""

import atexit
import base64
import glob
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEFT = os.environ.get("WEFT", os.path.join(ROOT, "build/release/weft"))
LOAD = os.path.join(ROOT, "build/release/bench/bench_load")
PEERS = os.environ.get("WEFT_PEERS", os.path.join(ROOT, "build/peers"))
START_MAX = 60  # seconds; the real pair takes four on two idle cores.


def peer(name):
    """The path of a peer's binary, or None where it has not been built."""
    path = os.path.join(PEERS, name)
    return path if os.access(path, os.X_OK) else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# To the nanosecond, over the threads that live: a list costs less than a tick of the usual accounts.
def cpu_of(pid):
    return sum(int(open(path).read().split()[0]) for path in glob.glob(f"/proc/{pid}/task/*/schedstat")) / 1e9


def memory_of(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def write_kubeconfig(file, server, authority, token):
    with open(file, "w") as out:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "bench",
                   "clusters": [{"name": "bench", "cluster": {"server": server, "certificate-authority": authority}}],
                   "users": [{"name": "admin", "user": {"token": token}}],
                   "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "admin"}}]}, out)


class Measured:
    """Some processes that are one thing to their user: `self.processes` and a kubeconfig to reach it by."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="weft-bench-")
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        self.processes = []
        self.start_ms = 0.0
        atexit.register(self.stop)  # Also when a measurement ends early.

    def start(self, words, **options):
        log = open(os.path.join(self.folder, os.path.basename(words[0]) + ".log"), "w")
        process = subprocess.Popen(words, stderr=log, stdout=options.pop("stdout", log), **options)
        self.processes.append(process)
        return process

    def cpu(self):
        return sum(cpu_of(process.pid) for process in self.processes)

    def memory_mb(self):
        return sum(memory_of(process.pid) for process in self.processes)

    def load(self, *arguments):
        """Runs bench_load; returns its JSON with the CPU seconds of these processes added."""
        before = self.cpu()
        done = subprocess.run([LOAD, "--kubeconfig", self.kubeconfig, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench_load {' '.join(arguments)}: {done.stderr}")
        result = json.loads(done.stdout)
        result["cpu"] = self.cpu() - before
        return result

    def stop(self):
        for process in reversed(self.processes):
            end(process)
        shutil.rmtree(self.folder, ignore_errors=True)


class Weft(Measured):
    name = "weft"

    def __init__(self, *flags):
        super().__init__()
        # A token for the administrator, as the real pair has it: all clients are known in the same way.
        token = secrets.token_hex(16)
        tokens = os.path.join(self.folder, "tokens.csv")
        with open(tokens, "w") as out:
            out.write(f'{token},admin,1,"system:masters"\n')
        begin = time.monotonic()
        process = self.start([WEFT, "serve", "--port", "0", "--kubeconfig", self.kubeconfig, "--token-auth-file", tokens, *flags],
                             stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        self.start_ms = (time.monotonic() - begin) * 1000
        if not re.match(r"weft: ready \S+ ", line):
            sys.exit(f"weft serve did not start: {line}")
        authority = os.path.join(self.folder, "ca.crt")
        with open(authority, "wb") as out:
            out.write(base64.b64decode(re.search(r"certificate-authority-data: (\S+)", open(self.kubeconfig).read())[1]))
        write_kubeconfig(self.kubeconfig, line.split()[2], authority, token)

    @staticmethod
    def on_disk(sync):
        return Weft("--no-controllers", "--workloads", "off", "--data-dir", os.path.join(tempfile.mkdtemp(prefix="weft-bench-"), "d"), "--sync", sync)


class RealPair(Measured):
    """etcd and kube-apiserver with their usual settings: RBAC, a token for an administrator, fsync as etcd does it."""

    name = "real"

    def __init__(self, unsafe_no_fsync=False):
        super().__init__()
        etcd_port, etcd_peer, port = free_port(), free_port(), free_port()
        keys = os.path.join(self.folder, "sa.key")
        subprocess.run(["openssl", "genrsa", "-out", keys, "2048"], check=True, capture_output=True)
        token = secrets.token_hex(16)
        tokens = os.path.join(self.folder, "tokens.csv")
        with open(tokens, "w") as out:
            out.write(f'{token},admin,1,"system:masters"\n')
        begin = time.monotonic()
        etcd_url = f"http://127.0.0.1:{etcd_port}"
        self.start([peer("etcd"), "--data-dir", os.path.join(self.folder, "etcd"), "--listen-client-urls", etcd_url,
                    "--advertise-client-urls", etcd_url, "--listen-peer-urls", f"http://127.0.0.1:{etcd_peer}",
                    *(["--unsafe-no-fsync"] if unsafe_no_fsync else [])])
        certificates = os.path.join(self.folder, "certificates")
        self.start([peer("kube-apiserver"), "--etcd-servers", etcd_url, "--bind-address", "127.0.0.1", "--secure-port", str(port),
                    "--cert-dir", certificates, "--service-account-issuer", "https://kubernetes.default.svc",
                    "--service-account-key-file", keys, "--service-account-signing-key-file", keys, "--token-auth-file", tokens,
                    "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "RBAC", "--max-requests-inflight", "2000",
                    "--max-mutating-requests-inflight", "1000"])
        self.wait_ready(f"https://127.0.0.1:{port}/readyz", token)
        self.start_ms = (time.monotonic() - begin) * 1000
        write_kubeconfig(self.kubeconfig, f"https://127.0.0.1:{port}", os.path.join(certificates, "apiserver.crt"), token)

    def wait_ready(self, url, token):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + START_MAX
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self.processes):
                sys.exit(f"the real pair ended while it started; its logs are in {self.folder}")
            try:
                with urllib.request.urlopen(request, timeout=2, context=context) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.02)
        sys.exit(f"the real pair did not start in {START_MAX} s; its logs are in {self.folder}")


class Controller(Measured):
    """A graph controller, weft's or kro's, on the server whose kubeconfig it is given."""

    def __init__(self, words, kubeconfig, flags=()):
        super().__init__()
        self.kubeconfig = kubeconfig
        self.metrics_port, probe_port = free_port(), free_port()
        begin = time.monotonic()
        self.start([*words, "--kubeconfig", kubeconfig, "--metrics-bind-address", f"127.0.0.1:{self.metrics_port}",
                    "--health-probe-bind-address", f"127.0.0.1:{probe_port}", *flags], env={**os.environ, "KUBECONFIG": kubeconfig})
        self.wait_ready(f"http://127.0.0.1:{probe_port}/readyz")
        self.start_ms = (time.monotonic() - begin) * 1000

    def wait_ready(self, url):
        deadline = time.monotonic() + START_MAX
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except OSError:
                time.sleep(0.01)
        sys.exit(f"{self.processes[0].args[0]} did not become ready; its log is in {self.folder}")

    def requests(self):
        """All requests that it has sent so far, by its own metrics."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5).read().decode()
        for name in ("weft_api_requests_total", "rest_client_requests_total"):
            counts = re.findall(rf"^{name}\{{[^}}]*\}} ([0-9.e+]+)$", text, re.M)
            if counts:
                return sum(float(count) for count in counts)
        return 0.0
