"""What Python programs do with the official client, against the server that $KUBECONFIG names."""

import threading
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()
passed = 0


def check(what, holds, seen=None):
    global passed
    if not holds:
        raise SystemExit(f"FAILED: {what}: {seen}")
    passed += 1


def eventually(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"FAILED: {what}")
        time.sleep(0.02)
    check(what, True)


def refused(what, status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        check(what, error.status == status, error)
        return error
    raise SystemExit(f"FAILED: {what}: it succeeded")


def deployment(name, replicas):
    labels = {"app": name}
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1DeploymentSpec(
            replicas=replicas,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx:1.27")]),
            ),
        ),
    )


def create_read_update_delete(ns):
    version = client.VersionApi().get_code()
    check("version", version.git_version == "v1.36.3+weft", version)
    made = apps.create_namespaced_deployment(ns, deployment("web", 2))
    check("defaults", made.spec.strategy.type == "RollingUpdate", made.spec)
    refused("a second create", 409, apps.create_namespaced_deployment, ns, deployment("web", 2))
    eventually("available", lambda: apps.read_namespaced_deployment_status("web", ns).status.available_replicas == 2)
    made = apps.read_namespaced_deployment("web", ns)
    made.metadata.labels = {"changed": "yes"}
    check("replace", apps.replace_namespaced_deployment("web", ns, made).metadata.labels == {"changed": "yes"})
    refused("a stale replace", 409, apps.replace_namespaced_deployment, "web", ns, made)
    # Three kinds of patches: the client chooses the content type by the body's shape.
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:1.29"}]}}}}
    check("strategic merge", apps.patch_namespaced_deployment("web", ns, body).spec.template.spec.containers[0].image == "nginx:1.29")
    body = [{"op": "replace", "path": "/metadata/labels/changed", "value": "again"}]
    check("JSON patch", apps.patch_namespaced_deployment("web", ns, body).metadata.labels["changed"] == "again")
    check("scale", apps.patch_namespaced_deployment_scale("web", ns, {"spec": {"replicas": 1}}).spec.replicas == 1)
    check("list by label", [d.metadata.name for d in apps.list_namespaced_deployment(ns, label_selector="changed=again").items] == ["web"])
    check("list by field", apps.list_namespaced_deployment(ns, field_selector="metadata.name=none").items == [])
    error = refused("an invalid object", 422, core.create_namespaced_config_map, ns, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="Not A Name")))
    check("says why", "Invalid value" in error.body, error.body)
    pages = []
    for i in range(7):
        core.create_namespaced_config_map(ns, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"page-{i}", labels={"paged": "yes"}), data={"n": str(i)}))
    token = None
    while True:
        page = core.list_namespaced_config_map(ns, label_selector="paged=yes", limit=3, _continue=token)
        pages.append([item.metadata.name for item in page.items])
        token = page.metadata._continue
        if not token:
            break
    check("pages", pages == [["page-0", "page-1", "page-2"], ["page-3", "page-4", "page-5"], ["page-6"]], pages)
    core.delete_collection_namespaced_config_map(ns, label_selector="paged=yes")
    check("delete of a collection", core.list_namespaced_config_map(ns, label_selector="paged=yes").items == [])
    apps.delete_namespaced_deployment("web", ns, propagation_policy="Foreground")
    eventually("its pods are gone", lambda: not core.list_namespaced_pod(ns, label_selector="app=web").items)
    refused("it is gone", 404, apps.read_namespaced_deployment, "web", ns)
    utils.create_from_dict(client.ApiClient(), {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "made"}, "stringData": {"a": "b"}}, namespace=ns)
    check("created from a dict", core.read_namespaced_secret("made", ns).data == {"a": "Yg=="})
    review = client.AuthorizationV1Api().create_self_subject_access_review(
        {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": ns}}})
    check("access review", review.status.allowed, review)


def watching(ns):
    began = threading.Event()
    seen = []

    def follow():
        for event in watch.Watch().stream(core.list_namespaced_config_map, ns, label_selector="watched=yes", timeout_seconds=20):
            seen.append((event["type"], event["object"].metadata.name))
            began.set()
            if event["type"] == "DELETED":
                return

    def config_map(value):
        return client.V1ConfigMap(metadata=client.V1ObjectMeta(name="seen", labels={"watched": "yes"}), data={"a": value})

    thread = threading.Thread(target=follow)
    core.create_namespaced_config_map(ns, config_map("1"))
    thread.start()
    check("the state comes first", began.wait(20))
    core.replace_namespaced_config_map("seen", ns, config_map("2"))
    core.delete_namespaced_config_map("seen", ns)
    thread.join(20)
    check("a watch", seen == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")], seen)
    # From the version of a list there is no gap and nothing twice.
    listed = core.list_namespaced_config_map(ns)
    core.create_namespaced_config_map(ns, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="later")))
    for event in watch.Watch().stream(core.list_namespaced_config_map, ns, resource_version=listed.metadata.resource_version, timeout_seconds=20):
        check("the first event after a list", (event["type"], event["object"].metadata.name) == ("ADDED", "later"), event["type"])
        break


def electing(ns):
    led = threading.Event()
    lock = ConfigMapLock("leader", ns, "me")
    settings = electionconfig.Config(lock, lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=led.set, onstopped_leading=lambda: None)
    threading.Thread(target=leaderelection.LeaderElection(settings).run, daemon=True).start()
    check("leads", led.wait(20))
    # And with a Lease, by hand: the correctness rests on the version.
    leases = client.CoordinationV1Api()
    lease = leases.create_namespaced_lease(ns, client.V1Lease(metadata=client.V1ObjectMeta(name="lease"), spec=client.V1LeaseSpec(holder_identity="one", lease_duration_seconds=3)))
    lease.spec.holder_identity = "two"
    check("takes a lease over", leases.replace_namespaced_lease("lease", ns, lease).spec.holder_identity == "two")
    refused("with an old version", 409, leases.replace_namespaced_lease, "lease", ns, lease)


def being_dynamic(ns):
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gadgets.py.example.com"},
        "spec": {"group": "py.example.com", "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                               "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                                   "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 3, "maximum": 10}}},
                                   "status": {"type": "object", "properties": {"phase": {"type": "string"}}}}}}}]}}
    dyn = dynamic.DynamicClient(client.ApiClient())
    dyn.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition").create(body=crd)
    gadgets = dyn.resources.get(api_version="py.example.com/v1", kind="Gadget")
    made = gadgets.create(body={"apiVersion": "py.example.com/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {}}, namespace=ns)
    check("defaulted", made.spec.size == 3, made)
    made = gadgets.patch(body={"spec": {"size": 4}}, name="one", namespace=ns, content_type="application/merge-patch+json")
    check("merge patch", made.spec.size == 4)
    try:
        gadgets.patch(body={"spec": {"size": 11}}, name="one", namespace=ns, content_type="application/merge-patch+json")
        check("over the maximum", False)
    except dynamic.exceptions.UnprocessibleEntityError as error:
        check("over the maximum", "less than or equal to 10" in str(error.body), error)
    made = gadgets.status.patch(body={"status": {"phase": "Good"}}, name="one", namespace=ns, content_type="application/merge-patch+json")
    check("its status", made.status.phase == "Good")
    applied = gadgets.server_side_apply(body={"apiVersion": "py.example.com/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {"size": 5}},
                                        name="one", namespace=ns, field_manager="python", force_conflicts=True)
    check("applied", applied.spec.size == 5, applied)
    check("listed", [g.metadata.name for g in gadgets.get(namespace=ns).items] == ["one"])
    for event in gadgets.watch(namespace=ns, timeout=5):
        check("watched", event["type"] == "ADDED" and event["object"].spec.size == 5, event)
        break
    gadgets.delete(name="one", namespace=ns)
    customs = client.CustomObjectsApi()
    refused("gone", 404, customs.get_namespaced_custom_object, "py.example.com", "v1", ns, "gadgets", "one")
    client.ApiextensionsV1Api().delete_custom_resource_definition("gadgets.py.example.com")


ns = core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(generate_name="py-"))).metadata.name
create_read_update_delete(ns)
watching(ns)
electing(ns)
being_dynamic(ns)
core.delete_namespace(ns)
print(f"python: {passed} passed, 0 failed")
