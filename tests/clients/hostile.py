#!/usr/bin/env python3
"""Requests that no good client sends, against a running `weft serve` ($KUBECONFIG).

Each must get the answer that a real API server gives, or at least do no harm: the server goes on,
others are served as quickly as before, memory stays bounded. Loopback only, bounded in count.
  hostile.py PID     PID of the server, for its memory
"""

import base64
import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
import time

passed, failed = 0, 0


def check(what, holds, seen=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what}: {seen}")


def read_kubeconfig():
    text = open(os.environ["KUBECONFIG"]).read()
    url = re.search(r"server: (\S+)", text).group(1)
    folder = tempfile.mkdtemp()
    names = {}
    for field in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
        data = re.search(field + r": (\S+)", text).group(1)
        names[field] = os.path.join(folder, field)
        with open(names[field], "wb") as file:
            file.write(base64.b64decode(data))
    context = ssl.create_default_context(cafile=names["certificate-authority-data"])
    context.load_cert_chain(names["client-certificate-data"], names["client-key-data"])
    host, port = re.match(r"https://([^:/]+):(\d+)", url).groups()
    return host, int(port), context


HOST, PORT, CONTEXT = read_kubeconfig()


def connect():
    raw = socket.create_connection((HOST, PORT), timeout=20)
    return CONTEXT.wrap_socket(raw, server_hostname=HOST)


def read_response(stream):
    """(status, headers, body) of one HTTP/1.1 answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = stream.recv(65536)
        if not got:
            return None, {}, data
        data += got
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    if "content-length" in headers:
        while len(rest) < int(headers["content-length"]):
            got = stream.recv(65536)
            if not got:
                break
            rest += got
    elif headers.get("transfer-encoding") == "chunked":
        while b"0\r\n\r\n" not in rest:
            got = stream.recv(65536)
            if not got:
                break
            rest += got
    return status, headers, rest


def request(method, path, body=b"", content_type="application/json", extra=""):
    with connect() as stream:
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n{extra}"
        if body or method in ("POST", "PUT", "PATCH"):
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        try:
            stream.sendall(head.encode() + b"\r\n" + body)
        except OSError:
            pass  # The answer may have come before all was sent.
        return read_response(stream)


def status_of(answer):
    try:
        return json.loads(answer[2])
    except ValueError:
        return {}


def memory_mb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def config_map(name, **more):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **more}).encode()


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def bodies():
    answer = request("POST", CONFIG_MAPS, config_map("big", data={"x": "y" * (3 * 1024 * 1024)}))
    check("a body over 3 MiB is 413", answer[0] == 413, answer[:2])
    check("413 is a Status", status_of(answer).get("reason") == "RequestEntityTooLarge", answer[2][:300])
    answer = request("POST", CONFIG_MAPS, b'{"a":' * 10001 + b"1" + b"}" * 10001)
    check("nesting 10,001 deep is 400", answer[0] == 400, answer[0])
    answer = request("POST", CONFIG_MAPS, b"[" * 100000)
    check("brackets without end are 400", answer[0] == 400, answer[0])
    answer = request("POST", CONFIG_MAPS, b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"utf"},"data":{"a":"\xff\xfe"}}')
    check("invalid UTF-8 is taken as Go takes it, or refused", answer[0] in (201, 400), answer[0])
    answer = request("POST", CONFIG_MAPS, b"{")
    check("half an object is 400", answer[0] == 400 and status_of(answer).get("reason") == "BadRequest", answer[2][:300])
    answer = request("POST", CONFIG_MAPS, b"not json")
    check("no JSON is 400", answer[0] == 400, answer[0])
    answer = request("POST", CONFIG_MAPS, b"")
    check("an empty body is 400", answer[0] == 400, answer[0])
    answer = request("POST", CONFIG_MAPS, b"x", content_type="text/csv")
    check("an unknown content type is 415", answer[0] == 415, answer[0])
    answer = request("POST", CONFIG_MAPS, b"k8s\x00\xff\xff\xff\xff\xff", content_type="application/vnd.kubernetes.protobuf")
    check("broken protobuf is 400", answer[0] == 400, answer[0])
    answer = request("PATCH", CONFIG_MAPS + "/kube-root-ca.crt", b'[{"op":"add"}', content_type="application/json-patch+json")
    check("a broken patch is 400", answer[0] == 400, answer[0])
    answer = request("PATCH", CONFIG_MAPS + "/kube-root-ca.crt", json.dumps([{"op": "test", "path": "/x", "value": 1}] * 10001).encode(),
                     content_type="application/json-patch+json")
    check("a patch of 10,001 operations is 413", answer[0] == 413, answer[0])
    answer = request("POST", CONFIG_MAPS, b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*%s,*%s]\n" % (i, i, n, n) for i, n in
                     ((i, b"a" if i == 0 else b"b%d" % (i - 1)) for i in range(60))), content_type="application/yaml")
    check("a YAML bomb is 400", answer[0] == 400, answer[0])


def requests():
    check("an unknown path is 404", request("GET", "/nothing/here")[0] == 404)
    check("a missing object is 404", status_of(request("GET", CONFIG_MAPS + "/none")).get("reason") == "NotFound")
    check("a wrong method is 405", request("POST", "/api/v1/namespaces/default/configmaps/none", config_map("none"))[0] == 405)
    check("a bad selector is 400", request("GET", CONFIG_MAPS + "?labelSelector=a%20b%20c")[0] == 400)
    check("a bad continue token is 400", request("GET", CONFIG_MAPS + "?continue=xyz")[0] == 400)
    check("a bad name is 422", request("POST", CONFIG_MAPS, config_map("Not A Name"))[0] == 422)
    check("a broken escape is 400", request("GET", "/api/v1/namespaces/%zz")[0] in (400, 404))
    answer = request("GET", "/api/v1/namespaces", extra="X-Long: " + "a" * 200000 + "\r\n")
    check("a header of 200 KB is 431", answer[0] in (431, 400, None), answer[0])
    answer = request("GET", "/api/v1/namespaces", extra="".join(f"X-{i}: y\r\n" for i in range(20000)))
    check("20,000 headers are 431", answer[0] in (431, 400, None), answer[0])
    with connect() as stream:
        stream.sendall(b"GARBAGE\r\n\r\n")
        check("what is no HTTP is 400 or cut", read_response(stream)[0] in (400, None))
    with connect() as stream:
        stream.sendall(b"POST " + CONFIG_MAPS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n")
        check("a negative length is 400 or cut", read_response(stream)[0] in (400, None))
    with connect() as stream:
        stream.sendall(b"POST " + CONFIG_MAPS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        check("both length and chunks are 400 or cut", read_response(stream)[0] in (400, None))
    # Without a client certificate nobody is the administrator.
    anonymous = ssl.create_default_context()
    anonymous.check_hostname = False
    anonymous.verify_mode = ssl.CERT_NONE
    with anonymous.wrap_socket(socket.create_connection((HOST, PORT), timeout=20)) as stream:
        stream.sendall(f"GET /api/v1/namespaces HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        check("without a certificate it is 401 or 403", read_response(stream)[0] in (401, 403))


def quick_ms(times=50):
    """The slowest but one of so many gets on one connection."""
    took = []
    with connect() as stream:
        for _ in range(times):
            begin = time.monotonic()
            stream.sendall(f"GET {CONFIG_MAPS}/kube-root-ca.crt HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            answer = read_response(stream)
            took.append((time.monotonic() - begin) * 1000)
            if answer[0] != 200:
                return float("inf")
    return sorted(took)[-2]


def crowds(pid):
    quiet = quick_ms()
    before = memory_mb(pid)
    watches = []
    for _ in range(2000):
        stream = connect()
        stream.sendall(f"GET {CONFIG_MAPS}?watch=1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        watches.append(stream)
    head = b""
    while b"\r\n\r\n" not in head:
        head += watches[-1].recv(4096)
    check("watch 2,000 is answered", head.startswith(b"HTTP/1.1 200"), head)
    grown = memory_mb(pid) - before
    print(f"2,000 idle watches on 2,000 TLS connections: {grown:.1f} MB, {grown * 1024 / 2000:.1f} KB each")
    check("2,000 idle watches take under 150 MB", grown < 150, f"{grown:.0f} MB")
    check("others are served meanwhile", quick_ms() < max(20 * quiet, 100), quick_ms())
    for stream in watches:
        stream.close()

    # A watcher that never reads, while much is written.
    lazy = connect()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.sendall(f"GET {CONFIG_MAPS}?watch=1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    before = memory_mb(pid)
    with connect() as stream:
        for i in range(300):
            body = config_map(f"flood-{i}", data={"x": "y" * 100000})
            stream.sendall(f"POST {CONFIG_MAPS} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            if read_response(stream)[0] != 201:
                check("writes go on beside a lazy watcher", False)
                break
    grown = memory_mb(pid) - before
    print(f"a watcher that never reads while 30 MB are written: {grown:.1f} MB more (the objects are 30 MB)")
    check("a lazy watcher holds no copies without end", grown < 150, f"{grown:.0f} MB")
    lazy.close()
    request("DELETE", CONFIG_MAPS)

    # Clients that send a byte now and then.
    slow = [connect() for _ in range(50)]
    for stream in slow:
        stream.sendall(b"GET /api/v1/na")
    check("others are served beside 50 slow clients", quick_ms() < max(20 * quiet, 100), quick_ms())
    for stream in slow:
        stream.close()


def main():
    pid = int(sys.argv[1])
    bodies()
    requests()
    crowds(pid)
    check("the server is alive", request("GET", "/readyz")[0] == 200)
    print(f"hostile: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
