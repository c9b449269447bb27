#!/usr/bin/env python3
"""How long compiling takes: one definition in the process, and a thousand in one `weft validate`.

Prints each figure with the command that gave it; ends with 1 if one is over its bound.
"""

import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEFT = os.path.join(ROOT, "build/release/weft")
BENCH = os.path.join(ROOT, "build/release/bench/compile_bench")

DEFINITION = """apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: app{n}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App{n}
    spec:
      name: string | required=true
      image: string | default="nginx"
      replicas: integer | default=3 minimum=1
    status:
      available: ${{deployment.status.availableReplicas}}
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: "${{schema.spec.name}}-config"}}
        data: {{replicas: "${{string(schema.spec.replicas)}}"}}
    - id: deployment
      readyWhen: ["${{deployment.status.availableReplicas > 0}}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: "${{schema.spec.name}}"}}
        spec:
          replicas: ${{schema.spec.replicas}}
          selector: {{matchLabels: {{app: "${{schema.spec.name}}"}}}}
          template:
            metadata: {{labels: {{app: "${{schema.spec.name}}"}}}}
            spec:
              containers:
                - name: main
                  image: ${{schema.spec.image}}
                  envFrom: [{{configMapRef: {{name: "${{config.metadata.name}}"}}}}]
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata: {{name: "${{deployment.metadata.name}}"}}
        spec:
          selector: ${{deployment.spec.selector.matchLabels}}
          ports: [{{port: 80}}]
    - id: account
      template:
        apiVersion: v1
        kind: ServiceAccount
        metadata: {{name: "${{schema.spec.name}}-account"}}
    - id: budget
      includeWhen: ["${{schema.spec.replicas > 1}}"]
      template:
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {{name: "${{deployment.metadata.name}}"}}
        spec:
          minAvailable: 1
          selector: {{matchLabels: {{app: "${{schema.spec.name}}"}}}}
"""

failed = False


def show(name, value, unit, bound, how):
    global failed
    failed = failed or value > bound
    print(f"{name:44} {value:9.2f} {unit:3} (bound {bound:g}{'' if value <= bound else ', EXCEEDED'})  {how}")


def micro():
    out = subprocess.run([BENCH, "--benchmark_format=csv", "--benchmark_min_time=0.2"], check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    times = {}
    for line in out.splitlines():
        cells = line.split(",")
        if len(cells) > 3 and "/" in cells[0]:
            times[cells[0].strip('"')] = float(cells[3]) / 1000
    how = "build/release/bench/compile_bench"
    show("a definition of 5 resources, CPU", times["compile_definition/5"], "ms", 1, how)
    show("a definition of 100 resources, CPU", times["compile_definition/100"], "ms", 10, how)


def validate(count):
    with tempfile.TemporaryDirectory() as folder:
        for n in range(count):
            with open(os.path.join(folder, f"app{n:04}.yaml"), "w", encoding="utf-8") as file:
                file.write(DEFINITION.format(n=n))
        best = None
        for _ in range(3):
            start = time.monotonic()
            run = subprocess.Popen([WEFT, "validate", folder], stdout=subprocess.PIPE, text=True)
            out = run.stdout.read()
            _, status, usage = os.wait4(run.pid, 0)
            wall = time.monotonic() - start
            if status != 0 or f"{count} of {count} definitions are valid" not in out:
                sys.exit(f"validate failed: {out[-500:]}")
            cpu = usage.ru_utime + usage.ru_stime
            if best is None or cpu < best[1]:
                best = (wall, cpu, usage.ru_maxrss / 1024)
        how = f"weft validate FOLDER, {count} files of 5 resources, best of 3"
        show(f"{count} definitions, wall", best[0], "s", 1, how)
        show(f"{count} definitions, CPU", best[1], "s", 1, how)
        show(f"{count} definitions, memory", best[2], "MB", 200, how)


micro()
validate(1000)
sys.exit(1 if failed else 0)
