"""Shows the fixture at work with kubectl; any client that reads a kubeconfig does."""

import json
import subprocess


def kubectl(cluster, *words, **options):
    return subprocess.run(["kubectl", f"--kubeconfig={cluster}", *words], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


def test_a_deployment_becomes_available(cluster):
    kubectl(cluster, "create", "deployment", "web", "--image=nginx:1.27", "--replicas=2")
    kubectl(cluster, "rollout", "status", "deployment/web", "--timeout=20s")
    web = json.loads(kubectl(cluster, "get", "deployment", "web", "-o", "json"))
    assert web["status"]["availableReplicas"] == 2


def test_the_server_lives_for_the_whole_session(cluster):
    assert "web" in kubectl(cluster, "get", "deployments", "-o", "name")
