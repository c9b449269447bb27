#!/usr/bin/env python3
"""Real kro makes instances, weft takes them over, edits them, and kro takes them back: on etcd and kube-apiserver.

What must hold: taking over writes to no child and no CRD and issues no revision; taking back recreates nothing, issues no
revision and meets no conflict; what the one applied, the other can remove. Needs WEFT_PEERS (./dev peers) and kubectl.
  run.py [--crds DIR]   kro's own two CRDs; without them weft's, which allow the same
"""

import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from process import PEERS, WEFT, Controller, RealPair, Weft, peer  # noqa: E402

KUBECTL = os.environ.get("KUBECTL", "kubectl")
WITHIN = 90  # seconds: kro polls every three, and backs off.
QUIET = 8  # seconds without a change that count as rest.

CHAIN = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: chain}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Chain
    spec:
      text: string | default="one"
      replicas: integer | default=1
      names: '[]string | default=["a","b"]'
      extra: boolean | default=true
    status:
      first: ${first.data.text}
  resources:
    - id: first
      readyWhen: ["${first.data.text != ''}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-first"}, data: {text: "${schema.spec.text}"DATA}}
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "${first.metadata.name}-web"}
        spec:
          replicas: ${schema.spec.replicas}
          selector: {matchLabels: {app: "${schema.metadata.name}"}}
          template:
            metadata: {labels: {app: "${schema.metadata.name}"}}
            spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}], resources: {requests: {cpu: 0.5}}}]}
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata: {name: "${schema.metadata.name}"}
        spec: {selector: {app: "${schema.metadata.name}"}, ports: [{port: 80}]}
    - id: many
      forEach: [{name: "${schema.spec.names}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name + '-' + name}"}, data: {from: "${web.metadata.name}"}}
    - id: extra
      includeWhen: ["${schema.spec.extra}"]
      template: {apiVersion: v1, kind: Secret, metadata: {name: "${schema.metadata.name}-extra"}, stringData: {key: "${schema.spec.text}"}}
"""
OUTER = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: outer}
spec:
  schema: {apiVersion: v1alpha1, kind: Outer, spec: {text: string}}
  resources:
    - id: inner
      template: {apiVersion: kro.run/v1alpha1, kind: Chain, metadata: {name: "${schema.metadata.name}-inner"}, spec: {text: "${schema.spec.text}", names: [x]}}
"""
INSTANCES = """
apiVersion: kro.run/v1alpha1
kind: Chain
metadata: {name: one, namespace: default}
spec: {text: hello}
---
apiVersion: kro.run/v1alpha1
kind: Outer
metadata: {name: two, namespace: default}
spec: {text: nested}
"""
KINDS = ["configmaps", "deployments.apps", "services", "secrets", "chains.kro.run"]
failures = []


def check(what, holds, detail=""):
    print(f"{'ok    ' if holds else 'FAILED'} {what}{'' if holds or not detail else ': ' + detail}", flush=True)
    if not holds:
        failures.append(what)


class Cluster:
    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig

    def kubectl(self, *words, text=None, check_code=True):
        done = subprocess.run([KUBECTL, "--kubeconfig", self.kubeconfig, *words], input=text, capture_output=True, text=True)
        if check_code and done.returncode != 0:
            sys.exit(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def apply(self, text):
        self.kubectl("apply", "-f", "-", text=text)

    def items(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))["items"]

    def await_(self, what, holds):
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            if holds():
                return check(what, True)
            time.sleep(0.5)
        check(what, False, self.kubectl("get", "rgd,chains,outers", "-A", "-o", "yaml", check_code=False)[-3000:])

    def states(self):
        return [item.get("status", {}).get("state") for item in self.items("chains.kro.run", "-A") + self.items("outers.kro.run", "-A")]

    def is_active(self):
        states, definitions = self.states(), [item.get("status", {}).get("state") for item in self.items("rgd")]
        return bool(states) and all(state == "ACTIVE" for state in states) and all(state == "Active" for state in definitions)

    def children(self):
        """Name -> (uid, resourceVersion, what it wants). A nested instance gets its controller's own labels and status, so its version is left out.
        (A Deployment's generation counts changes of annotations, too: its spec is compared.)"""
        out = {}
        for kind in KINDS:
            for item in self.items(kind, "-A", "-l", "kro.run/owned=true"):
                if "applyset.kubernetes.io/part-of" in item["metadata"].get("labels", {}):
                    meta = item["metadata"]
                    wanted = json.dumps([item.get(part) for part in ("spec", "data", "type")], sort_keys=True)
                    version = "" if kind == "chains.kro.run" else meta["resourceVersion"]
                    out[f"{kind} {meta['namespace']}/{meta['name']}"] = (meta["uid"], version, wanted)
        return out

    def revisions(self):
        return sorted(item["metadata"]["name"] for item in self.items("graphrevisions"))

    def crds(self):
        return {item["metadata"]["name"]: (item["metadata"]["uid"], item["metadata"]["resourceVersion"], item["metadata"]["generation"])
                for item in self.items("crd", "-l", "kro.run/owned=true")}

    def rest(self):
        """The state once nothing has changed for a while."""
        before, since, deadline = None, time.monotonic(), time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            now = (self.children(), self.revisions(), self.crds(), self.states())
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > QUIET:
                break
            time.sleep(1)
        return before


def differences(before, after, parts):
    out = []
    for name in sorted(set(before) | set(after)):
        a, b = before.get(name), after.get(name)
        if a is None or b is None or any(a[part] != b[part] for part in parts):
            out.append(f"{name}: {a} -> {b}")
    return "; ".join(out)


def log_of(controller):
    return open(os.path.join(controller.folder, os.path.basename(controller.processes[0].args[0]) + ".log"), errors="replace").read()


def main():
    if not (peer("etcd") and peer("kube-apiserver") and peer("kro")):
        print("skipped: no peers (./dev peers, WEFT_PEERS)")
        return 0
    server = RealPair(unsafe_no_fsync=True)
    cluster = Cluster(server.kubeconfig)
    crds = sys.argv[sys.argv.index("--crds") + 1] if "--crds" in sys.argv else None
    names = ["resourcegraphdefinitions.kro.run", "graphrevisions.internal.kro.run"]
    if crds:
        cluster.kubectl("create", "-f", crds)
    else:
        source = Weft()
        cluster.kubectl("create", "-f", "-", text=Cluster(source.kubeconfig).kubectl("get", "crd", *names, "-o", "yaml"))
        source.stop()
    cluster.kubectl("wait", "--for=condition=Established", *[f"crd/{name}" for name in names], "--timeout=30s")

    def start(name):
        words = [os.path.join(PEERS, "kro")] if name == "kro" else [WEFT, "controller"]
        return Controller(words, server.kubeconfig)

    kro = start("kro")
    cluster.apply(CHAIN.replace("DATA", ", old: gone"))
    cluster.kubectl("wait", "rgd/chain", "--for=condition=Ready", "--timeout=60s")
    cluster.apply(OUTER)
    cluster.kubectl("wait", "rgd/outer", "--for=condition=Ready", "--timeout=60s")
    cluster.apply(INSTANCES)
    cluster.await_("kro makes the instances", lambda: len(cluster.states()) == 3 and cluster.is_active())
    made = cluster.rest()
    kro.stop()

    weft = start("weft")
    taken = cluster.rest()
    check("weft takes over without a write to a child", not differences(made[0], taken[0], (0, 1, 2)), differences(made[0], taken[0], (0, 1, 2)))
    check("... nor to a CRD", made[2] == taken[2], differences(made[2], taken[2], (0, 1, 2)))
    check("... and issues no revision", made[1] == taken[1], f"{made[1]} -> {taken[1]}")
    cluster.await_("all is active", cluster.is_active)
    cluster.kubectl("patch", "chain", "one", "--type=merge", "-p", '{"spec": {"text": "changed", "replicas": 2, "names": ["b", "c"]}}')
    cluster.await_("weft's edit of an instance arrives", lambda: [item["data"].get("text") for item in cluster.items("configmaps", "-l", "kro.run/node-id=first,kro.run/instance-name=one")] == ["changed"])
    cluster.apply(CHAIN.replace("DATA", ', fresh: "yes"'))
    cluster.await_("weft's edit of the definition arrives, and what kro applied and is no longer wanted goes",
                   lambda: [sorted(item["data"]) for item in cluster.items("configmaps", "-l", "kro.run/node-id=first")] == [["fresh", "text"]] * 2)
    cluster.await_("all is active", cluster.is_active)
    edited = cluster.rest()
    check("one revision was issued", len(edited[1]) == len(taken[1]) + 1, f"{taken[1]} -> {edited[1]}")
    weft.stop()

    kro = start("kro")
    back = cluster.rest()
    check("kro takes back and recreates no child", not differences(edited[0], back[0], (0,)), differences(edited[0], back[0], (0,)))
    check("... and changes none of their specs", not differences(edited[0], back[0], (2,)), differences(edited[0], back[0], (2,)))
    check("... issues no revision", edited[1] == back[1], f"{edited[1]} -> {back[1]}")
    check("... changes no schema", not differences(edited[2], back[2], (0, 2)), differences(edited[2], back[2], (0, 2)))
    cluster.await_("all is active", cluster.is_active)
    cluster.apply(CHAIN.replace("DATA", ""))
    cluster.await_("what weft applied and is no longer wanted goes",
                   lambda: [sorted(item["data"]) for item in cluster.items("configmaps", "-l", "kro.run/node-id=first")] == [["text"]] * 2)
    cluster.kubectl("patch", "chain", "one", "--type=merge", "-p", '{"spec": {"extra": false}}')
    cluster.await_("what is left out is pruned", lambda: not cluster.items("secrets", "-l", "kro.run/instance-name=one"))
    cluster.await_("all is active", cluster.is_active)
    text = log_of(kro)
    told = sorted(set(re.findall(r"(?i)[^\n]*(?:field manager conflict|different ApplySet|breaking changes)[^\n]*", text)))
    check("kro tells of no conflict", not told, "\n".join(told[:5]))
    cluster.kubectl("delete", "chains.kro.run/one", "outers.kro.run/two", "--wait=false")
    cluster.await_("instances go under kro, with their children", lambda: not cluster.states() and not cluster.children())
    kro.stop()
    server.stop()
    print(f"hand-back: {'FAILED' if failures else 'all holds'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
