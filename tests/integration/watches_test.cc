// tests/integration/watches_test.cc: what the controllers watch, and that they stop.

#include <gtest/gtest.h>

#include "integration/in_world.h"

namespace weft::test {
namespace {

constexpr std::string_view reading_definition = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: reading}
spec:
  schema: {apiVersion: v1alpha1, kind: Reading, spec: {from: string}}
  resources:
    - {id: shared, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.from}", namespace: default}}}
    - {id: m, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}"}, data: {v: "${shared.data.v}"}}}
)yaml";

Object reading(std::string_view from) {
    return document(cat("{apiVersion: kro.run/v1alpha1, kind: Reading, metadata: {name: one}, ",
                        "spec: {from: ", from, "}}"));
}

io::Task<Status> make_source(World* world, std::string_view name) {
    CO_TRY(co_await world->apply(document(cat("{apiVersion: v1, kind: ConfigMap, metadata: {name: ",
                                              name, "}, data: {v: of-", name, "}}"))));
    co_return Status{};
}

// The sum of a metric over its labels; -1 if it is not there.
double metric(World* world, std::string_view name) {
    double sum = 0;
    bool found = false;
    const std::string text = world->manager()->metrics_text();
    for (const std::string_view line : split(text, '\n')) {
        const size_t value = line.rfind(' ');
        if (line.starts_with(name) && value != std::string_view::npos &&
            (line[name.size()] == ' ' || line[name.size()] == '{')) {
            found = true;
            sum += std::stod(std::string(line.substr(value + 1)));
        }
    }
    return found ? sum : -1;
}
double watches(World* world) {
    return metric(world, "dynamic_controller_watch_count");
}

io::Task<Status> wait_read(World* world, std::string text) {
    CO_TRY(co_await world->wait("v1", "ConfigMap", "one", [=](const Object& map) {
        return map.value().string_at("data", "v") == text;
    }));
    co_return co_await io::sleep(world->loop(), io::second);
}

TEST(Watches, OfAnExternalObjectEndWithTheInterestInIt) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "reading",
                                    is_active));
        CO_TRY(co_await make_source(world, "left"));
        CO_TRY(co_await make_source(world, "right"));
        const double before = watches(world);
        CO_TRY(co_await world->apply(reading("left")));
        CO_TRY(co_await wait_read(world, "of-left"));
        const double with_one = watches(world);
        EXPECT_GT(with_one, before);

        // Another object instead of the first.
        CO_TRY(co_await world->apply(reading("right")));
        CO_TRY(co_await wait_read(world, "of-right"));
        EXPECT_EQ(watches(world), with_one);

        // And no reader any more: the kind's children are watched on.
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(watches(world), with_one - 1);
        co_return Status{};
    });
}

TEST(Watches, OfAKindEndWithItsDefinitionAndItsLastInstance) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await make_source(world, "left"));
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "reading",
                                    is_active));
        CO_TRY(co_await world->apply(reading("left")));
        CO_TRY(co_await wait_read(world, "of-left"));
        EXPECT_EQ(metric(world, "dynamic_controller_gvr_count"), 1);
        EXPECT_EQ(metric(world, "dynamic_controller_instance_watch_count"), 1);
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "ResourceGraphDefinition", "reading"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition", "reading"));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(metric(world, "dynamic_controller_gvr_count"),
                  1);  // for the instance that is left

        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(metric(world, "dynamic_controller_gvr_count"), 0);
        EXPECT_EQ(metric(world, "dynamic_controller_instance_watch_count"), -1);
        // Whoever still watched the kind would ask anew once it is gone.
        const size_t mark = world->sent()->lines.size();
        CO_TRY(co_await world->remove("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                                      "readings.kro.run"));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        EXPECT_FALSE(world->sent()->since(mark).contains("/readings"))
            << world->sent()->since(mark);
        co_return Status{};
    });
}

// Somebody takes the finalizer away while the controllers still delete what it owns.
TEST(Watches, OfAnExternalObjectEndAlsoWhenTheirReaderIsTornAway) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await make_source(world, "left"));
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await world->apply(reading("left")));
        CO_TRY(co_await wait_read(world, "of-left"));
        const double before = watches(world);
        const kube::Resource readings =
            CO_TRY(co_await world->resource_of({"kro.run", "v1alpha1", "Reading"}));
        world->sent()->holds = [](const std::string& line) {
            return line.starts_with("DELETE") && line.contains("/configmaps/one");
        };
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(world->sent()->held, 1U);
        CO_TRY(co_await world->client()->patch(
            readings, {"default", "one"}, kube::PatchType::merge,
            Value::map_of({{"metadata", Value::map_of({{"finalizers", Value()}})}}), {}));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Reading", "one"));
        world->sent()->release();
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(watches(world), before - 1);
        co_return Status{};
    });
}

// A second reader comes in any turn of the loop while the watch of the first one ends.
TEST(Watches, OfAnExternalObjectEndWithoutTheReaderThatComesMeanwhile) {
    in_world({}, [](World* world) -> io::Task<Status> {
        constexpr int turns = 40;
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await make_source(world, "left"));
        CO_TRY(co_await make_source(world, "right"));
        const kube::Resource readings =
            CO_TRY(co_await world->resource_of({"kro.run", "v1alpha1", "Reading"}));
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        CO_TRY(co_await world->apply(reading("left")));
        CO_TRY(co_await world->apply(
            document("{apiVersion: kro.run/v1alpha1, kind: Reading, metadata: {name: two}, "
                     "spec: {from: right}}")));
        const auto read = [&](std::string name, std::string_view from) {
            return world->client()->patch(
                readings, {"default", std::move(name)}, kube::PatchType::merge,
                Value::map_of({{"spec", Value::map_of({{"from", from}})}}), {});
        };
        const auto says = [](std::string text) {
            return [=](const Object& map) { return map.value().string_at("data", "v") == text; };
        };
        CO_TRY(co_await wait_read(world, "of-left"));
        for (int turn = 0; turn < turns; ++turn) {
            const std::string left = turn % 2 == 0 ? "left" : "right";
            const std::string right = turn % 2 == 0 ? "right" : "left";
            CO_TRY(co_await read("one", right));
            for (int i = 0; i < turn; ++i) {
                CO_TRY(co_await io::sleep(world->loop(), 0));
            }
            CO_TRY(co_await read("two", left));
            CO_TRY(co_await io::sleep(world->loop(), io::second));
            for (const std::string& source : {left, right}) {
                CO_TRY(co_await world->client()->patch(
                    maps, {"default", source}, kube::PatchType::merge,
                    Value::map_of({{"data", Value::map_of({{"v", cat(source, turn)}})}}), {}));
            }
            CO_TRY(co_await world->wait("v1", "ConfigMap", "one", says(cat(right, turn)), "default",
                                        5 * io::second));
            CO_TRY(co_await world->wait("v1", "ConfigMap", "two", says(cat(left, turn)), "default",
                                        5 * io::second));
        }
        co_return Status{};
    });
}

// The last instance goes while the only worker is busy elsewhere, so that its kind is dropped
// before its turn comes.
TEST(Watches, OfAnExternalObjectEndAlsoWhenTheKindOfTheirReaderWentFirst) {
    in_world({.control = {.instance_workers = 1}}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await make_source(world, "left"));
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: slow}
spec:
  schema: {apiVersion: v1alpha1, kind: Slow, spec: {}}
  resources:
    - {id: m, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: slow}}}
)yaml")));
        for (const char* name : {"reading", "slow"}) {
            CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", name,
                                        is_active));
        }
        CO_TRY(co_await world->apply(reading("left")));
        CO_TRY(co_await wait_read(world, "of-left"));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "ResourceGraphDefinition", "reading"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition", "reading"));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        const double before = watches(world);

        world->sent()->holds = [](const std::string& line) {
            return line.starts_with("PATCH") && line.contains("/configmaps/slow");
        };
        CO_TRY(co_await world->apply(
            document("{apiVersion: kro.run/v1alpha1, kind: Slow, metadata: {name: one}}")));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(world->sent()->held, 1U);
        const kube::Resource readings =
            CO_TRY(co_await world->resource_of({"kro.run", "v1alpha1", "Reading"}));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Reading", "one"));
        CO_TRY(co_await world->client()->patch(
            readings, {"default", "one"}, kube::PatchType::merge,
            Value::map_of({{"metadata", Value::map_of({{"finalizers", Value()}})}}), {}));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        world->sent()->release();
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(metric(world, "dynamic_controller_gvr_count"), 1);
        EXPECT_EQ(watches(world), before - 2);  // of its kind, and of what it read
        co_return Status{};
    });
}

std::string condition_text(const Object& object, std::string_view type) {
    const Value* conditions = object.value().find("status", "conditions");
    for (size_t i = 0; conditions != nullptr && i < conditions->size(); ++i) {
        const Value& condition = conditions->items()[i];
        if (condition.string_at("type") == type) {
            return cat(condition.string_at("status"), " ", condition.string_at("reason"), ": ",
                       condition.string_at("message"));
        }
    }
    return "";
}

TEST(Watches, OfAKindThatAreForbiddenAreToldAndTriedAgain) {
    WorldOptions options{.controllers = false};
    options.controller = {};
    options.controller.has_certificate = true;
    options.controller.certificate_name = "controllers";
    in_world(options, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: controllers}
rules:
  - {apiGroups: ["", apiextensions.k8s.io, internal.kro.run], resources: ["*"], verbs: ["*"]}
  - apiGroups: [kro.run]
    resources: [resourcegraphdefinitions, resourcegraphdefinitions/status]
    verbs: ["*"]
)yaml")));
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: controllers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: controllers}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: controllers}]
)yaml")));
        CO_TRY(co_await world->start_controllers());
        CO_TRY(co_await world->apply(document(reading_definition)));
        const Object refused = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "reading", [](const Object& definition) {
                return condition_text(definition, "KindReady").starts_with("True") &&
                       condition_text(definition, "ControllerReady").starts_with("False");
            }));
        EXPECT_EQ(condition_text(refused, "ControllerReady"),
                  "False FailedToStart: watching readings: readings.kro.run is forbidden: User "
                  "\"controllers\" cannot watch resource \"readings\" in API group \"kro.run\" at "
                  "the cluster scope");
        EXPECT_EQ(refused.value().string_at("status", "state"), "Inactive");

        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: controllers-at-last}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: controllers}]
)yaml")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "reading",
                                    is_active));
        co_return Status{};
    });
}

constexpr std::string_view widgets = R"yaml(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
)yaml";

TEST(Watches, OfDefinitionsOfKindsWakeWhoWaitsForAKind) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: late}
spec:
  schema: {apiVersion: v1alpha1, kind: Late, spec: {}}
  resources:
    - {id: w, template: {apiVersion: example.com/v1, kind: Widget, metadata: {name: "${schema.metadata.name}"}, spec: {size: 1}}}
)yaml")));
        // Long enough for every wait to have grown.
        CO_TRY(co_await io::sleep(world->loop(), 1200 * io::second));
        const Object waiting =
            CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "late"));
        EXPECT_FALSE(is_active(waiting));
        CO_TRY(co_await world->apply(document(widgets)));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "late",
                                    is_active, "default", 2 * io::second));
        co_return Status{};
    });
}

TEST(Watches, OfDefinitionsOfKindsTellOfNewSchemasAndNothingElse) {
    in_world({}, [](World* world) -> io::Task<Status> {
        const auto definition = [](std::string_view name, std::string_view spec) {
            return document(cat(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: )yaml",
                                to_lower(name), R"yaml(}
spec:
  schema: {apiVersion: v1alpha1, kind: )yaml",
                                name, R"yaml(, spec: {}}
  resources:
    - {id: w, template: {apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: )yaml",
                                spec, "}}"));
        };
        CO_TRY(co_await world->apply(document(widgets)));
        CO_TRY(co_await world->apply(definition("First", "{size: 1}")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "first",
                                    is_active));
        CO_TRY(co_await world->apply(definition("Second", "{size: 1, color: red}")));
        CO_TRY(co_await io::sleep(world->loop(), 1200 * io::second));
        // It waits for a field of the kind; what changes no schema wakes it not.
        const kube::Resource& crds = control::crd_resource();
        const double passes = metric(world, "controller_runtime_reconcile_total");
        CO_TRY(co_await world->client()->patch(
            crds, {"", "widgets.example.com"}, kube::PatchType::merge,
            Value::map_of(
                {{"metadata", Value::map_of({{"annotations", Value::map_of({{"a", "b"}})}})}}),
            {}));
        CO_TRY(co_await io::sleep(world->loop(), io::second / 10));
        EXPECT_EQ(metric(world, "controller_runtime_reconcile_total"), passes);
        std::string wider(widgets);
        wider.insert(wider.find("size:"), "color: {type: string}, ");
        CO_TRY(co_await world->apply(document(wider)));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "second",
                                    is_active, "default", 2 * io::second));
        co_return Status{};
    });
}

TEST(Watches, OfItsOwnDefinitionOfAKindUndoWhatSomebodyDoesToIt) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(reading_definition)));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "reading",
                                    is_active));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        const auto has_from = [](const Object& crd) {
            return to_json(*crd.value().find("spec", "versions")).contains("\"from\"");
        };
        Object crd = CO_TRY(co_await world->get("apiextensions.k8s.io/v1",
                                                "CustomResourceDefinition", "readings.kro.run"));
        EXPECT_TRUE(has_from(crd));
        CO_TRY(co_await world->client()->patch(
            control::crd_resource(), {"", "readings.kro.run"}, kube::PatchType::json,
            Value::list_of({Value::map_of(
                {{"op", "remove"},
                 {"path",
                  "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/"
                  "from"}})}),
            {}));
        CO_TRY(co_await world->wait("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                                    "readings.kro.run", has_from, "", 2 * io::second));
        co_return Status{};
    });
}

}  // namespace
}  // namespace weft::test
