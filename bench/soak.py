"""./dev soak [--minutes N] [--definitions N] [--instances N]: the embedded server and a controller under a lasting load.

200 definitions, 20,000 instances of them with 5 chained children each, and then, minute after minute: what both processes
hold, what they do at rest, and how long they take to put 1 % of the children right that a stranger changed. Goes on where it
ended: the data and what was measured stay in build/soak (--fresh begins anew). Exit 1 when memory or handles grow without
bound, or an instance is not ACTIVE.
"""

import argparse
import base64
import http.client
import json
import os
import random
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from process import ROOT, WEFT, Controller, Measured, cpu_of, memory_of

FOLDER = os.environ.get("WEFT_SOAK", os.path.join(ROOT, "build/soak"))
CHILDREN = "abcde"
CLIENTS = 8
REST_S = 20          # of each minute nobody asks for anything
SETTLE_S = 1800      # for all instances to become ACTIVE
REPAIR_S = 120       # for 1 % of the children
GROWTH_MAX = 0.10    # of memory within half an hour, by the slope of the later half of the minutes
GROWTH_MINUTES = 30
# What may come on top of the first minute whatever the slope: ten minutes of the server's history of changes
# (history_age_max in store/limits.h).
FILLS_MB = {"server": 96, "controller": 0}
HANDLES_MAX = 16     # more than in the first minute


def definition(number):
    resources, before = [], "schema.spec.value"
    for child in CHILDREN:
        resources.append({"id": child, "template": {"apiVersion": "v1", "kind": "ConfigMap",
                                                    "metadata": {"name": "${schema.metadata.name}-" + child},
                                                    "data": {"v": "${" + before + "}"}}})
        before = f"{child}.data.v"
    return {"apiVersion": "kro.run/v1alpha1", "kind": "ResourceGraphDefinition", "metadata": {"name": f"soak-{number}"},
            "spec": {"schema": {"apiVersion": "v1alpha1", "kind": f"Soak{number}", "spec": {"value": 'string | default="x"'},
                                "status": {"last": "${e.metadata.name}"}}, "resources": resources}}


class Api:
    """Connections of one thread to the server of a kubeconfig."""

    def __init__(self, kubeconfig):
        text = open(kubeconfig, encoding="utf-8").read()
        self.host = re.search(r"server: https://(\S+)", text).group(1)
        self.context = ssl.create_default_context(cadata=base64.b64decode(re.search(r"authority-data: (\S+)", text).group(1)).decode())
        self.token = re.search(r"token: (\S+)", text)
        certificate = re.search(r"client-certificate-data: (\S+)", text)
        if certificate:
            with tempfile.NamedTemporaryFile() as file:
                file.write(base64.b64decode(certificate.group(1)) + base64.b64decode(re.search(r"client-key-data: (\S+)", text).group(1)))
                file.flush()
                self.context.load_cert_chain(file.name)
        self.connection = None

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token.group(1)}"
        for attempt in range(3):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=60)
                self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
                answer = self.connection.getresponse()
                return answer.status, json.loads(answer.read() or b"null")
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise


def each(kubeconfig, items, do):
    """Calls do(api, item) for all of them, by several clients at once."""
    items, lock, wrong = list(items), threading.Lock(), []

    def work():
        api = Api(kubeconfig)
        while not wrong:
            with lock:
                if not items:
                    return
                item = items.pop()
            try:
                do(api, item)
            except Exception as error:  # of any thread, told by the main one
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        sys.exit(f"soak: {wrong[0]}")


def create(path, make):
    def one(api, item):
        status, answer = api.ask("POST", path(item), make(item))
        if status not in (200, 201, 409):
            raise RuntimeError(f"{path(item)}: {status} {answer.get('message')}")
    return one


class Soak:
    def __init__(self, options):
        self.options = options
        self.state_file = os.path.join(FOLDER, "state.json")
        if options.fresh:
            shutil.rmtree(FOLDER, ignore_errors=True)
        os.makedirs(FOLDER, exist_ok=True)
        shape = [options.definitions, options.instances]
        self.state = {"shape": shape, "minutes": []}
        if os.path.exists(self.state_file):
            self.state = json.load(open(self.state_file, encoding="utf-8"))
            if self.state["shape"] != shape:
                sys.exit(f"soak: {FOLDER} holds a run of {self.state['shape']}; --fresh begins anew")
        self.of_each = options.instances // options.definitions

    def save(self):
        with open(self.state_file + ".new", "w", encoding="utf-8") as out:
            json.dump(self.state, out)
        os.replace(self.state_file + ".new", self.state_file)

    def start(self):
        self.server = Measured()
        process = self.server.start([WEFT, "serve", "--port", "0", "--kubeconfig", self.server.kubeconfig, "--no-controllers",
                                     "--workloads", "off", "--sync", "group", "--data-dir", os.path.join(FOLDER, "data")],
                                    stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        line = process.stdout.readline()
        if not line.startswith("weft: ready"):
            sys.exit(f"soak: weft serve did not start: {line}")
        print(f"server ready after {time.monotonic() - began:.2f} s", flush=True)
        self.kubeconfig = self.server.kubeconfig
        self.controller = Controller([WEFT, "controller"], self.kubeconfig, ("--install-crds", "--leader-elect=false", "--log-format=json"))
        self.api = Api(self.kubeconfig)
        self.pids = {"server": process.pid, "controller": self.controller.processes[0].pid}

    def instances(self, number):
        status, answer = self.api.ask("GET", f"/apis/kro.run/v1alpha1/namespaces/default/soak{number}s")
        if status != 200:
            raise RuntimeError(f"instances of soak-{number}: {status}")
        return answer["items"]

    def not_active(self):
        return [item["metadata"]["name"] for number in range(self.options.definitions) for item in self.instances(number)
                if item.get("status", {}).get("state") != "ACTIVE"]

    def fill(self):
        if self.state.get("filled"):
            return
        began = time.monotonic()
        each(self.kubeconfig, range(self.options.definitions),
             create(lambda _: "/apis/kro.run/v1alpha1/resourcegraphdefinitions", definition))
        deadline = time.monotonic() + SETTLE_S
        while True:
            _, answer = self.api.ask("GET", "/apis/kro.run/v1alpha1/resourcegraphdefinitions")
            if all(item.get("status", {}).get("state") == "Active" for item in answer["items"]):
                break
            if time.monotonic() > deadline:
                sys.exit("soak: the definitions do not become Active")
            time.sleep(0.2)
        print(f"{self.options.definitions} definitions Active after {time.monotonic() - began:.1f} s", flush=True)
        began = time.monotonic()
        wanted = [(number, at) for number in range(self.options.definitions) for at in range(self.of_each)]
        each(self.kubeconfig, wanted, create(
            lambda item: f"/apis/kro.run/v1alpha1/namespaces/default/soak{item[0]}s",
            lambda item: {"apiVersion": "kro.run/v1alpha1", "kind": f"Soak{item[0]}", "metadata": {"name": f"soak-{item[0]}-{item[1]}"}}))
        print(f"{len(wanted)} instances there after {time.monotonic() - began:.1f} s", flush=True)
        while left := self.not_active():
            if time.monotonic() > deadline:
                sys.exit(f"soak: {len(left)} instances are not ACTIVE, such as {left[0]}")
            time.sleep(1)
        print(f"all ACTIVE after {time.monotonic() - began:.1f} s; CPU seconds: server {cpu_of(self.pids['server']):.0f}, "
              f"controller {cpu_of(self.pids['controller']):.0f}", flush=True)
        self.state["filled"] = True
        self.save()

    def repair(self, minute):
        """Seconds until 1 % of the children, changed by a stranger, are as they were."""
        count = self.options.instances * len(CHILDREN) // 100
        chance = random.Random(minute)
        names = {f"soak-{chance.randrange(self.options.definitions)}-{chance.randrange(self.of_each)}-{chance.choice(CHILDREN)}"
                 for _ in range(count)}
        path = "/api/v1/namespaces/default/configmaps/"

        def drift(api, name):
            status, _ = api.ask("PATCH", path + name, {"data": {"v": "drift"}}, "application/merge-patch+json")
            if status != 200:
                raise RuntimeError(f"{name}: {status}")

        def mended(api, name):
            while api.ask("GET", path + name)[1]["data"]["v"] != "x":
                if time.monotonic() > began + REPAIR_S:
                    raise RuntimeError(f"{name} was not put right within {REPAIR_S} s")
                time.sleep(0.02)

        began = time.monotonic()
        each(self.kubeconfig, names, drift)
        changed = time.monotonic()
        each(self.kubeconfig, names, mended)
        return len(names), changed - began, time.monotonic() - changed

    def minute(self, number):
        began = time.monotonic()
        count, changing, repairing = self.repair(number)
        time.sleep(2)
        rest = {name: cpu_of(pid) for name, pid in self.pids.items()}
        requests = self.controller.requests()
        time.sleep(REST_S)
        sample = {"minute": number, "drift": count, "repair_s": repairing,
                  "requests_at_rest": self.controller.requests() - requests - 1}
        for name, pid in self.pids.items():
            sample[name] = {"mb": memory_of(pid), "handles": len(os.listdir(f"/proc/{pid}/fd")),
                            "rest_cpu_s": (cpu_of(pid) - rest[name]) * 60 / REST_S}
        self.state["minutes"].append(sample)
        self.save()
        print(f"minute {number}: " + ", ".join(
            f"{name} {sample[name]['mb']:.1f} MB {sample[name]['handles']} handles {sample[name]['rest_cpu_s']:.2f} CPU s a minute at rest"
            for name in self.pids) + f"; {count} drifted within {changing:.1f} s, right {repairing:.2f} s later", flush=True)
        time.sleep(max(0.0, 60 - (time.monotonic() - began)))

    def verdict(self):
        wrong = []
        minutes = self.state["minutes"]
        later = minutes[len(minutes) // 2:]
        for name in ("server", "controller"):
            values = [sample[name]["mb"] for sample in later]
            mean = sum(values) / len(values)
            middle = (len(values) - 1) / 2
            spread = sum((at - middle) ** 2 for at in range(len(values)))
            slope = sum((at - middle) * (value - mean) for at, value in enumerate(values)) / spread if spread else 0.0
            growth = slope * GROWTH_MINUTES / mean
            print(f"{name}: {mean:.1f} MB over the later half, {slope:+.3f} MB a minute ({growth * 100:+.1f} % in {GROWTH_MINUTES} minutes), "
                  f"most {max(sample[name]['mb'] for sample in minutes):.1f} MB")
            is_past_filling = minutes[-1][name]["mb"] - minutes[0][name]["mb"] > FILLS_MB[name]
            if len(values) >= 5 and growth > GROWTH_MAX and is_past_filling:
                wrong.append(f"the memory of the {name} grows")
            if minutes[-1][name]["handles"] > minutes[0][name]["handles"] + HANDLES_MAX:
                wrong.append(f"the handles of the {name} grow")
        left = self.not_active()
        if left:
            wrong.append(f"{len(left)} instances are not ACTIVE, such as {left[0]}")
        repairs = sorted(sample["repair_s"] for sample in minutes)
        print(f"repair of 1 %: median {repairs[len(repairs) // 2]:.2f} s, longest {repairs[-1]:.2f} s")
        for what in wrong:
            print(f"FAILED: {what}")
        print(f"soak: {len(minutes)} minutes, {len(wrong)} wrong")
        return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--definitions", type=int, default=200)
    parser.add_argument("--instances", type=int, default=20000)
    parser.add_argument("--fresh", action="store_true")
    options = parser.parse_args()
    soak = Soak(options)
    soak.start()
    soak.fill()
    for number in range(len(soak.state["minutes"]) + 1, options.minutes + 1):
        soak.minute(number)
    code = soak.verdict()
    soak.controller.stop()
    soak.server.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
