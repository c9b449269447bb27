"""A pytest fixture that gives each test session an API server: copy it into your conftest.py."""

import os
import signal
import subprocess

import pytest


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The path of a kubeconfig for `weft serve`, which runs until the session ends.

    The program is $WEFT, or weft in the path.
    """
    kubeconfig = tmp_path_factory.mktemp("weft") / "kubeconfig"
    server = subprocess.Popen(
        [os.environ.get("WEFT", "weft"), "serve", "--port=0", f"--kubeconfig={kubeconfig}"],
        stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if line.startswith("weft: ready "):
            break
    else:
        pytest.fail(f"weft ended with {server.wait()} before it was ready")
    yield str(kubeconfig)
    server.send_signal(signal.SIGTERM)
    server.wait()
