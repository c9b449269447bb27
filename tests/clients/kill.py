#!/usr/bin/env python3
"""Kills a loaded `weft serve --data-dir` with SIGKILL again and again; nothing it answered may be missing.

  kill.py WEFT ROUNDS     every round: four clients write as fast as they can until the server dies
"""

import json
import os
import random
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import base64
import http.client

WEFT, ROUNDS = sys.argv[1], int(sys.argv[2])
WORK = tempfile.mkdtemp()
DATA = os.path.join(WORK, "data")
KUBECONFIG = os.path.join(WORK, "kubeconfig")
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
chance = random.Random(7)


def start():
    process = subprocess.Popen([WEFT, "serve", "--port", "0", "--data-dir", DATA, "--kubeconfig", KUBECONFIG],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = process.stdout.readline()
    if not line.startswith("weft: ready"):
        sys.exit(f"kill: the server does not start: {line!r}")
    return process


def connect():
    text = open(KUBECONFIG).read()
    host, port = re.search(r"server: https://([^:]+):(\d+)", text).groups()
    for field in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
        with open(os.path.join(WORK, field), "wb") as file:
            file.write(base64.b64decode(re.search(field + r": (\S+)", text).group(1)))
    context = ssl.create_default_context(cafile=os.path.join(WORK, "certificate-authority-data"))
    context.load_cert_chain(os.path.join(WORK, "client-certificate-data"), os.path.join(WORK, "client-key-data"))
    return http.client.HTTPSConnection(host, int(port), context=context, timeout=20)


def call(connection, method, path, body=None):
    connection.request(method, path, body=None if body is None else json.dumps(body), headers={"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def writer(number, acknowledged, round_number):
    """Creates and updates; notes what was answered with success, and the newest value of each."""
    try:
        connection = connect()
        for i in range(100000):
            name = f"k-{round_number}-{number}-{i // 3}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": str(i)}}
            if i % 3 == 0:
                status, _ = call(connection, "POST", CONFIG_MAPS, body)
            else:
                status, _ = call(connection, "PUT", f"{CONFIG_MAPS}/{name}", body)
            if status in (200, 201):
                acknowledged[name] = i
    except (OSError, http.client.HTTPException):
        return


def main():
    acknowledged = {}
    for round_number in range(ROUNDS):
        process = start()
        threads = [threading.Thread(target=writer, args=(n, acknowledged, round_number)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for thread in threads:
            thread.join()
    process = start()
    connection = connect()
    _, body = call(connection, "GET", CONFIG_MAPS)
    present = {item["metadata"]["name"]: int(item.get("data", {}).get("n", -1)) for item in json.loads(body)["items"]}
    # A write that was under way may be there without an answer, so newer is right, older or absent is not.
    lost = [name for name, value in acknowledged.items() if present.get(name, -2) < value]
    process.terminate()
    process.wait(20)
    print(f"kill: {ROUNDS} kills, {len(acknowledged)} objects acknowledged, {len(lost)} lost")
    sys.exit(1 if lost or not acknowledged else 0)


main()
