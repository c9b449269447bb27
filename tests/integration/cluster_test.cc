// tests/integration/cluster_test.cc: workloads, garbage collection and namespaces against the real
// API server.

#include <gtest/gtest.h>

#include "integration/in_world.h"
#include "object/json.h"
#include "object/yaml.h"

namespace weft::test {
namespace {

void in_cluster(cluster::WorkloadMode mode, io::Task<Status> (*body)(World*)) {
    in_world({.seed = 5, .workloads = mode, .controllers = false}, body);
}

constexpr std::string_view web = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
)";

bool is_available(const Object& deployment) {
    return deployment.value().int_at(0, "status", "availableReplicas") ==
               deployment.value().int_at(1, "spec", "replicas") &&
           deployment.value().int_at(0, "status", "updatedReplicas") ==
               deployment.value().int_at(1, "spec", "replicas") &&
           deployment.value().int_at(0, "status", "replicas") ==
               deployment.value().int_at(1, "spec", "replicas") &&
           deployment.value().int_at(0, "status", "observedGeneration") == deployment.generation();
}

const kube::Resource pods{{"", "v1", "pods"}, "Pod", true, true};
const kube::Resource replica_sets{{"apps", "v1", "replicasets"}, "ReplicaSet", true, true};
const kube::Resource deployments{{"apps", "v1", "deployments"}, "Deployment", true, true};
const kube::Resource config_maps{{"", "v1", "configmaps"}, "ConfigMap", true, false};

io::Task<Result<size_t>> count(World* world, kube::Resource resource,
                               std::string namespace_ = "default") {
    kube::ListOptions options;
    options.namespace_ = std::move(namespace_);
    const kube::List list = CO_TRY(co_await world->client()->list_all(resource, options));
    co_return list.items.size();
}

// Until the number is so many, in virtual time.
io::Task<Status> wait_count(World* world, kube::Resource resource, size_t wanted,
                            std::string namespace_ = "default") {
    for (int i = 0; i < 2000; ++i) {
        if (CO_TRY(co_await count(world, resource, namespace_)) == wanted) {
            co_return Status{};
        }
        CO_TRY(co_await io::sleep(world->loop(), 50 * io::millisecond));
    }
    co_return make_error(Reason::timeout, resource.gvr.resource, ": ",
                         CO_TRY(co_await count(world, resource, namespace_)), ", wanted ", wanted);
}

io::Task<Status> deploy_and_delete(World* world) {
    CO_TRY(co_await world->apply(document(web)));
    const Object deployment =
        CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    EXPECT_EQ(deployment.annotation("deployment.kubernetes.io/revision"), "1");
    EXPECT_EQ(CO_TRY(co_await count(world, pods)), 3U);
    CO_TRY(co_await world->apply(document(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
)")));
    CO_TRY(co_await world->wait("v1", "Endpoints", "web", [](const Object& endpoints) {
        const Value* subsets = endpoints.value().find("subsets");
        return subsets != nullptr && subsets->at(0).find("addresses")->size() == 3;
    }));
    CO_TRY(co_await world->wait("v1", "Service", "web", [](const Object& service) {
        return service.value().find("status", "loadBalancer", "ingress") != nullptr;
    }));
    CO_TRY(co_await world->remove("apps/v1", "Deployment", "web"));
    CO_TRY(co_await wait_count(world, pods, 0));
    CO_TRY(co_await wait_count(world, replica_sets, 0));
    co_return Status{};
}

TEST(Cluster, ADeploymentRunsAndItsDeletionTakesEverythingAlong) {
    in_cluster(cluster::WorkloadMode::instant, deploy_and_delete);
}
TEST(Cluster, ADeploymentRunsAndItsDeletionTakesEverythingAlongWithDelays) {
    in_cluster(cluster::WorkloadMode::delayed, deploy_and_delete);
}

io::Task<Status> roll(World* world) {
    CO_TRY(co_await world->apply(document(web)));
    CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    std::string changed(web);
    changed = replace_all(changed, "nginx:1.27", "nginx:1.28");
    CO_TRY(co_await world->apply(document(changed)));
    const Object deployment =
        CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    EXPECT_EQ(deployment.annotation("deployment.kubernetes.io/revision"), "2");
    CO_TRY(co_await wait_count(world, pods, 3));
    EXPECT_EQ(CO_TRY(co_await count(world, replica_sets)), 2U);
    changed = replace_all(changed, "nginx:1.28", "nginx:fail");
    CO_TRY(co_await world->apply(document(changed)));
    CO_TRY(co_await io::sleep(world->loop(), 600 * io::second));
    CO_TRY(co_await world->wait(
        "apps/v1", "Deployment", "web",
        [](const Object& object) {
            const Value* conditions = object.value().find("status", "conditions");
            return conditions != nullptr &&
                   std::ranges::any_of(conditions->items(), [](const Value& condition) {
                       return condition.string_at("reason") == "ProgressDeadlineExceeded";
                   });
        },
        "default"));
    co_return Status{};
}

TEST(Cluster, ARolloutEndsOrTimesOut) {
    in_cluster(cluster::WorkloadMode::delayed, roll);
}

io::Task<Status> rest(World* world) {
    CO_TRY(co_await world->apply(document(web)));
    CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    // Events of the beginning go after an hour.
    CO_TRY(co_await io::sleep(world->loop(), 2 * 3600 * io::second));
    kube::ListOptions options;
    const std::string before =
        CO_TRY(co_await world->client()->list(config_maps, options)).resource_version;
    CO_TRY(co_await io::sleep(world->loop(), 3600 * io::second));
    const std::string after =
        CO_TRY(co_await world->client()->list(config_maps, options)).resource_version;
    EXPECT_EQ(before, after);
    co_return Status{};
}

TEST(Cluster, AWorldAtRestIsNotWrittenToForAnHour) {
    in_cluster(cluster::WorkloadMode::instant, rest);
}

Object config_map(std::string_view name, const std::vector<Object>& owners, bool blocks = true) {
    Object object(
        Value::map_of({{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", Value::map_of({{"name", name}, {"namespace", "default"}})}}));
    for (const Object& owner : owners) {
        object.metadata()
            .mutable_member("ownerReferences")
            .push_back(Value::map_of({{"apiVersion", owner.api_version()},
                                      {"kind", owner.kind()},
                                      {"name", owner.name()},
                                      {"uid", owner.uid()},
                                      {"blockOwnerDeletion", blocks}}));
    }
    return object;
}

io::Task<Status> collect(World* world) {
    kube::Client* client = world->client();
    const Object a = CO_TRY(co_await client->create(config_maps, config_map("a", {}), {}));
    const Object b = CO_TRY(co_await client->create(config_maps, config_map("b", {}), {}));
    CO_TRY(co_await client->create(config_maps, config_map("of-a", {a}), {}));
    CO_TRY(co_await client->create(config_maps, config_map("of-both", {a, b}), {}));
    CO_TRY(co_await world->remove("v1", "ConfigMap", "a"));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "of-a"));
    const Object both =
        CO_TRY(co_await world->wait("v1", "ConfigMap", "of-both", [](const Object& object) {
            const Value* owners = object.value().find("metadata", "ownerReferences");
            return owners != nullptr && owners->size() == 1;
        }));
    EXPECT_EQ(both.value().find("metadata", "ownerReferences")->at(0).string_at("name"), "b");
    // An owner that never was, or of another uid, is absent.
    Object ghost(b);
    ghost.metadata().set("uid", "11111111-2222-3333-4444-555555555555");
    CO_TRY(co_await client->create(config_maps, config_map("of-ghost", {ghost}), {}));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "of-ghost"));
    co_return Status{};
}

TEST(Cluster, DependentsGoWhenTheirLastOwnerGoes) {
    in_cluster(cluster::WorkloadMode::off, collect);
}

io::Task<Status> foreground(World* world) {
    kube::Client* client = world->client();
    const Object top = CO_TRY(co_await client->create(config_maps, config_map("top", {}), {}));
    Object middle = config_map("middle", {top});
    middle.metadata().set("finalizers", Value::list_of({"example.com/hold"}));
    middle = CO_TRY(co_await client->create(config_maps, middle, {}));
    CO_TRY(co_await client->create(config_maps, config_map("bottom", {middle}), {}));
    CO_TRY(co_await client->remove(config_maps, top.key(), {.propagation = "Foreground"}));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "bottom"));
    CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
    const Object held = CO_TRY(co_await client->get(config_maps, top.key()));
    EXPECT_TRUE(held.is_deleting());
    EXPECT_TRUE(held.has_finalizer("foregroundDeletion"));
    Object free = CO_TRY(co_await client->get(config_maps, middle.key()));
    EXPECT_TRUE(free.is_deleting());
    free.metadata().erase("finalizers");
    CO_TRY(co_await client->update(config_maps, free, {}));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "top"));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "middle"));
    co_return Status{};
}

TEST(Cluster, ForegroundDeletionWaitsForWhatBlocks) {
    in_cluster(cluster::WorkloadMode::off, foreground);
}

io::Task<Status> circle(World* world) {
    kube::Client* client = world->client();
    const Object a = CO_TRY(co_await client->create(config_maps, config_map("a", {}), {}));
    const Object b = CO_TRY(co_await client->create(config_maps, config_map("b", {a}), {}));
    const Object c = CO_TRY(co_await client->create(config_maps, config_map("c", {b}), {}));
    Object closed(CO_TRY(co_await client->get(config_maps, a.key())));
    closed.metadata().set("ownerReferences",
                          *config_map("x", {c}).value().find("metadata", "ownerReferences"));
    CO_TRY(co_await client->update(config_maps, closed, {}));
    CO_TRY(co_await client->remove(config_maps, a.key(), {.propagation = "Foreground"}));
    for (const auto* name : {"a", "b", "c"}) {
        CO_TRY(co_await world->wait_gone("v1", "ConfigMap", name));
    }
    co_return Status{};
}

TEST(Cluster, ACircleOfOwnersDoesNotBlock) {
    in_cluster(cluster::WorkloadMode::off, circle);
}

io::Task<Status> orphan(World* world) {
    CO_TRY(co_await world->apply(document(web)));
    CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    CO_TRY(co_await world->client()->remove(deployments, {"default", "web"},
                                            {.propagation = "Orphan"}));
    CO_TRY(co_await world->wait_gone("apps/v1", "Deployment", "web"));
    kube::ListOptions options;
    const kube::List sets = CO_TRY(co_await world->client()->list_all(replica_sets, options));
    EXPECT_EQ(sets.items.size(), 1U);
    EXPECT_EQ(sets.items.at(0).value().find("metadata", "ownerReferences"), nullptr);
    EXPECT_EQ(CO_TRY(co_await count(world, pods)), 3U);
    // Made again, it takes them over.
    CO_TRY(co_await world->apply(document(web)));
    CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available));
    EXPECT_EQ(CO_TRY(co_await count(world, replica_sets)), 1U);
    EXPECT_EQ(CO_TRY(co_await count(world, pods)), 3U);
    co_return Status{};
}

TEST(Cluster, OrphansAreLeftAndAdopted) {
    in_cluster(cluster::WorkloadMode::instant, orphan);
}

io::Task<Status> end_of_namespace(World* world) {
    CO_TRY(co_await world->apply(
        document("{apiVersion: v1, kind: Namespace, metadata: {name: team}}")));
    CO_TRY(co_await world->wait(
        "v1", "ServiceAccount", "default", [](const Object&) { return true; }, "team"));
    CO_TRY(co_await world->wait(
        "v1", "ConfigMap", "kube-root-ca.crt", [](const Object&) { return true; }, "team"));
    Object deployment = document(web);
    deployment.metadata().set("namespace", "team");
    CO_TRY(co_await world->apply(deployment));
    CO_TRY(co_await world->wait("apps/v1", "Deployment", "web", is_available, "team"));
    Object held = document("{apiVersion: v1, kind: ConfigMap, metadata: {name: held}}");
    held.metadata().set("namespace", "team");
    held.metadata().set("finalizers", Value::list_of({"example.com/hold"}));
    CO_TRY(co_await world->client()->create(config_maps, held, {}));
    CO_TRY(co_await world->remove("v1", "Namespace", "team"));
    const Object ending =
        CO_TRY(co_await world->wait("v1", "Namespace", "team", [](const Object& object) {
            const Value* conditions = object.value().find("status", "conditions");
            return conditions != nullptr &&
                   std::ranges::any_of(conditions->items(), [](const Value& condition) {
                       return condition.string_at("message") ==
                              "Some resources are remaining: configmaps. has 1 resource instances";
                   });
        }));
    EXPECT_EQ(ending.value().string_at("status", "phase"), "Terminating");
    EXPECT_EQ(CO_TRY(co_await count(world, pods, "team")), 0U);
    Object free = CO_TRY(co_await world->client()->get(config_maps, {"team", "held"}));
    free.metadata().erase("finalizers");
    CO_TRY(co_await world->client()->update(config_maps, free, {}));
    CO_TRY(co_await world->wait_gone("v1", "Namespace", "team"));
    co_return Status{};
}

TEST(Cluster, ANamespaceEndsWithAllItHolds) {
    in_cluster(cluster::WorkloadMode::instant, end_of_namespace);
}

io::Task<Status> custom(World* world) {
    CO_TRY(co_await world->apply(document(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
)")));
    const Object owner = CO_TRY(co_await world->apply(
        document("{apiVersion: example.com/v1, kind: Thing, metadata: {name: owner}}")));
    CO_TRY(co_await world->client()->create(config_maps, config_map("of-thing", {owner}), {}));
    Object part = document("{apiVersion: example.com/v1, kind: Thing, metadata: {name: part}}");
    part.metadata().set("ownerReferences",
                        *config_map("x", {owner}).value().find("metadata", "ownerReferences"));
    CO_TRY(co_await world->apply(part));
    CO_TRY(co_await io::sleep(world->loop(), io::second));
    CO_TRY(co_await world->get("example.com/v1", "Thing", "part"));
    CO_TRY(co_await world->remove("example.com/v1", "Thing", "owner"));
    CO_TRY(co_await world->wait_gone("example.com/v1", "Thing", "part"));
    CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "of-thing"));
    CO_TRY(co_await world->apply(
        document("{apiVersion: example.com/v1, kind: Thing, metadata: {name: last}}")));
    CO_TRY(co_await world->remove("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                                  "things.example.com"));
    CO_TRY(co_await world->wait_gone("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                                     "things.example.com"));
    co_return Status{};
}

TEST(Cluster, CustomResourcesAreCollectedToo) {
    in_cluster(cluster::WorkloadMode::off, custom);
}

io::Task<Status> other_workloads(World* world) {
    CO_TRY(co_await world->apply(document(R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "pg:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
)")));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}]}
)")));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  completions: 3
  parallelism: 2
  template:
    spec: {restartPolicy: Never, containers: [{name: pi, image: perl}]}
)")));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "*/10 * * * *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: pi, image: perl}]}
)")));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
)")));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}
)")));
    CO_TRY(co_await world->wait("apps/v1", "StatefulSet", "db", [](const Object& set) {
        return set.value().int_at(0, "status", "availableReplicas") == 2;
    }));
    CO_TRY(co_await world->wait("v1", "PersistentVolumeClaim", "data-db-1", [](const Object& o) {
        return o.value().string_at("status", "phase") == "Bound";
    }));
    CO_TRY(co_await world->wait("apps/v1", "DaemonSet", "agent", [](const Object& set) {
        return set.value().int_at(0, "status", "numberAvailable") == 1;
    }));
    const Object job = CO_TRY(co_await world->wait("batch/v1", "Job", "pi", [](const Object& o) {
        return o.value().int_at(0, "status", "succeeded") == 3 &&
               !o.value().string_at("status", "completionTime").empty();
    }));
    CO_TRY(co_await world->wait("networking.k8s.io/v1", "Ingress", "web", [](const Object& o) {
        return o.value().find("status", "loadBalancer", "ingress") != nullptr;
    }));
    CO_TRY(co_await world->wait("policy/v1", "PodDisruptionBudget", "db", [](const Object& o) {
        return o.value().int_at(0, "status", "disruptionsAllowed") == 1;
    }));
    CO_TRY(co_await io::sleep(world->loop(), 600 * io::second));
    CO_TRY(co_await world->wait(
        "batch/v1", "CronJob", "tick",
        [](const Object& o) {
            return !o.value().string_at("status", "lastSuccessfulTime").empty();
        },
        "default"));
    CO_TRY(co_await world->remove("apps/v1", "StatefulSet", "db"));
    CO_TRY(co_await world->remove("v1", "PersistentVolumeClaim", "data-db-0"));
    CO_TRY(co_await world->wait_gone("v1", "PersistentVolumeClaim", "data-db-0"));
    co_return Status{};
}

TEST(Cluster, EveryOtherWorkloadGetsThere) {
    in_cluster(cluster::WorkloadMode::delayed, other_workloads);
}

// --- Roles, quotas, stages ---

io::Task<Status> aggregate_roles(World* world) {
    const auto has_rule = [](std::string_view resource) {
        return [resource](const Object& role) {
            return to_json(role.value()).find(resource) != std::string::npos;
        };
    };
    // The roles of every cluster are filled by those that come with it.
    CO_TRY(co_await world->wait("rbac.authorization.k8s.io/v1", "ClusterRole", "view",
                                has_rule("configmaps"), ""));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: buckets, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [example.com], resources: [buckets], verbs: [get]}]
)")));
    CO_TRY(co_await world->wait("rbac.authorization.k8s.io/v1", "ClusterRole", "view",
                                has_rule("buckets"), ""));
    // `edit` gathers what is for `view`, too, and `admin` what is for `edit`.
    CO_TRY(co_await world->wait("rbac.authorization.k8s.io/v1", "ClusterRole", "admin",
                                has_rule("buckets"), ""));
    CO_TRY(co_await world->remove("rbac.authorization.k8s.io/v1", "ClusterRole", "buckets", ""));
    CO_TRY(co_await world->wait(
        "rbac.authorization.k8s.io/v1", "ClusterRole", "admin",
        [&](const Object& role) { return !has_rule("buckets")(role); }, ""));
    co_return Status{};
}

TEST(Cluster, RolesGatherTheRulesOfOthers) {
    in_cluster(cluster::WorkloadMode::off, aggregate_roles);
}

io::Task<Status> count_quota(World* world) {
    const auto has_used = [](std::string_view name, std::string_view amount) {
        return [name, amount](const Object& quota) {
            return quota.value().string_at("status", "used", name) == amount;
        };
    };
    const auto map = [](std::string_view name) {
        return document(cat("{apiVersion: v1, kind: ConfigMap, metadata: {name: ", name, "}}"));
    };
    CO_TRY(co_await world->apply(document(R"(
apiVersion: v1
kind: ResourceQuota
metadata: {name: q}
spec: {hard: {configmaps: "3", pods: "5", requests.cpu: "2", count/deployments.apps: "1"}}
)")));
    // There is kube-root-ca.crt already.
    CO_TRY(co_await world->wait("v1", "ResourceQuota", "q", has_used("configmaps", "1")));
    CO_TRY(co_await world->apply(map("a")));
    CO_TRY(co_await world->apply(map("b")));
    const auto refused = co_await world->apply(map("c"));
    EXPECT_FALSE(refused);
    if (!refused) {
        EXPECT_EQ(refused.error().message(),
                  "configmaps \"c\" is forbidden: exceeded quota: q, requested: configmaps=1, "
                  "used: configmaps=3, limited: configmaps=3");
    }
    CO_TRY(co_await world->remove("v1", "ConfigMap", "a"));
    CO_TRY(co_await world->wait("v1", "ResourceQuota", "q", has_used("configmaps", "2")));
    CO_TRY(co_await world->apply(map("c")));

    Object deployment = document(web);
    deployment.mutable_value()
        .mutable_member("spec")
        .mutable_member("template")
        .set("spec", *parse_yaml_value(R"(
containers: [{name: web, image: "nginx:1.27", resources: {requests: {cpu: 500m}}}])"));
    CO_TRY(co_await world->apply(deployment));
    CO_TRY(co_await world->wait("v1", "ResourceQuota", "q", has_used("requests.cpu", "1500m")));
    CO_TRY(
        co_await world->wait("v1", "ResourceQuota", "q", has_used("count/deployments.apps", "1")));
    CO_TRY(co_await world->remove("apps/v1", "Deployment", "web"));
    CO_TRY(co_await world->wait("v1", "ResourceQuota", "q", has_used("requests.cpu", "0")));
    CO_TRY(co_await world->wait("v1", "ResourceQuota", "q", has_used("pods", "0")));
    co_return Status{};
}

TEST(Cluster, AQuotaFollowsWhatComesAndGoes) {
    in_cluster(cluster::WorkloadMode::instant, count_quota);
}

io::Task<Status> evict_within_budget(World* world) {
    CO_TRY(co_await world->apply(document(web)));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
)")));
    CO_TRY(
        co_await world->wait("policy/v1", "PodDisruptionBudget", "web", [](const Object& budget) {
            return budget.value().int_at(0, "status", "disruptionsAllowed") == 1;
        }));
    kube::ListOptions options;
    options.namespace_ = "default";
    const kube::List list = CO_TRY(co_await world->client()->list_all(pods, options));
    const auto evict = [&](size_t index) {
        const std::string name(list.items.at(index).name());
        return world->client()->create(
            pods,
            Object(Value::map_of(
                {{"apiVersion", "policy/v1"},
                 {"kind", "Eviction"},
                 {"metadata", Value::map_of({{"name", name}, {"namespace", "default"}})}})),
            {.subresource = "eviction"});
    };
    // Both in the same moment: the budget has room for one.
    const auto first = co_await evict(0);
    const auto second = co_await evict(1);
    EXPECT_TRUE(first.has_value());
    EXPECT_FALSE(second.has_value());
    if (!second) {
        EXPECT_EQ(second.error().reason(), Reason::too_many_requests);
        EXPECT_EQ(second.error().message(),
                  "Cannot evict pod as it would violate the pod's disruption budget.");
    }
    // The Deployment makes up for it, and then the next may go.
    CO_TRY(
        co_await world->wait("policy/v1", "PodDisruptionBudget", "web", [](const Object& budget) {
            return budget.value().int_at(0, "status", "disruptionsAllowed") == 1 &&
                   budget.value().find("status", "disruptedPods") == nullptr;
        }));
    CO_TRY(co_await evict(1));
    co_return Status{};
}

TEST(Cluster, EvictionsKeepWithinTheBudget) {
    in_cluster(cluster::WorkloadMode::instant, evict_within_budget);
}

constexpr std::string_view bucket_definition = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: buckets.s3.services.k8s.aws}
spec:
  group: s3.services.k8s.aws
  names: {kind: Bucket, plural: buckets, singular: bucket, listKind: BucketList}
  scope: Namespaced
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {name: {type: string}}}
          status:
            type: object
            properties:
              location: {type: string}
              ackResourceMetadata: {type: object, properties: {arn: {type: string}, ownerAccountID: {type: string}, region: {type: string}}}
              conditions: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}
)";

io::Task<Status> ready_bucket(World* world) {
    CO_TRY(co_await world->start());
    CO_TRY(co_await world->apply(document(bucket_definition)));
    CO_TRY(co_await world->apply(document(R"(
apiVersion: s3.services.k8s.aws/v1alpha1
kind: Bucket
metadata: {name: b}
spec: {name: mine}
)")));
    const Object bucket = CO_TRY(co_await world->wait(
        "s3.services.k8s.aws/v1alpha1", "Bucket", "b", [](const Object& object) {
            return !object.value().string_at("status", "ackResourceMetadata", "arn").empty();
        }));
    EXPECT_EQ(bucket.value().string_at("status", "ackResourceMetadata", "arn"),
              "arn:aws:s3:us-west-2:000000000000:bucket/b");
    EXPECT_TRUE(bucket.value().string_at("status", "location").starts_with("location-"));
    EXPECT_NE(to_json(*bucket.value().find("status", "conditions")).find("ACK.ResourceSynced"),
              std::string::npos);
    // It stays as it is: nothing is written without a reason.
    CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
    const Object later = CO_TRY(co_await world->get("s3.services.k8s.aws/v1alpha1", "Bucket", "b"));
    EXPECT_EQ(later.resource_version(), bucket.resource_version());
    co_return Status{};
}

TEST(Cluster, StagesMakeCustomKindsReady) {
    for (const auto mode : {cluster::WorkloadMode::instant, cluster::WorkloadMode::delayed}) {
        io::sim::VirtualLoop loop(5);
        World world(&loop, {.seed = 5,
                            .workloads = mode,
                            .controllers = false,
                            .stages = cluster::cloud_stages()});
        const auto all = [](World* w) -> io::Task<Status> {
            Status done = co_await ready_bucket(w);
            co_await w->stop();
            co_return done;
        };
        const Status done = io::run(&loop, all(&world));
        EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().text());
    }
}

}  // namespace
}  // namespace weft::test
