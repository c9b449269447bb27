// tests/integration/extensions_test.cc: what definitions may say beyond kro.

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "integration/in_world.h"

namespace weft::test {
namespace {

// A definition of the kind Thing with these resources (YAML flow list).
io::Task<Status> define_thing(World* world, std::string resources) {
    CO_TRY(co_await world->apply(document(cat(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: thing}
spec:
  schema: {apiVersion: v1alpha1, kind: Thing, spec: {value: 'string | default="x"', open: 'boolean | default=true', names: '[]string | default=["a","b","c"]'}}
  resources: )yaml",
                                              resources))));
    CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "thing", is_active));
    co_return Status{};
}

io::Task<Status> make_thing(World* world, std::string spec) {
    CO_TRY(co_await world->apply(document(cat(
        "{apiVersion: kro.run/v1alpha1, kind: Thing, metadata: {name: one, namespace: default}, "
        "spec: ",
        spec, "}"))));
    co_return Status{};
}

// Until the ConfigMap holds this text.
io::Task<Status> wait_for_value(World* world, std::string name, std::string wanted) {
    CO_TRY(co_await world->wait("v1", "ConfigMap", std::move(name), [wanted](const Object& map) {
        return map.value().string_at("data", "v") == wanted;
    }));
    co_return Status{};
}

TEST(Extensions, WhatIsRetainedOutlivesItsInstance) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: kept, lifecycle: {onDelete: Retain}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: kept}, data: {v: "${schema.spec.value}"}}},
            {id: gone, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: gone}, data: {v: "${schema.spec.value}"}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{}"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", is_active));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Thing", "one"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Thing", "one"));
        CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "gone"));
        CO_TRY(co_await world->get("v1", "ConfigMap", "kept"));
        // An instance of the same name takes it up again.
        CO_TRY(co_await make_thing(world, "{value: z}"));
        CO_TRY(co_await wait_for_value(world, "kept", "z"));
        co_return Status{};
    });
}

TEST(Extensions, WhatIsProtectedHoldsItsInstance) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: safe, lifecycle: {onDelete: Protect}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: safe}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{}"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", is_active));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Thing", "one"));
        const Object held = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& object) {
                return to_json(object.value()).contains("default/safe is protected");
            }));
        EXPECT_EQ(held.value().string_at("status", "state"), "DELETING");
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        CO_TRY(co_await world->get("v1", "ConfigMap", "safe"));
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        CO_TRY(co_await world->client()->patch(
            maps, {"default", "safe"}, kube::PatchType::merge,
            Value::map_of(
                {{"metadata",
                  Value::map_of({{"annotations",
                                  Value::map_of({{graph::annotation_on_delete, Value()}})}})}}),
            {}));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Thing", "one"));
        co_return co_await world->wait_gone("v1", "ConfigMap", "safe");
    });
}

TEST(Extensions, WhatIsNotToBeAdoptedIsNotWritten) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(
            document("{apiVersion: v1, kind: ConfigMap, metadata: {name: mine}, data: {v: own}}")));
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: m, lifecycle: {adopt: Never}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: mine}, data: {v: "${schema.spec.value}"}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{}"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& object) {
            return object.value().string_at("status", "state") == "ERROR";
        }));
        const Object mine = CO_TRY(co_await world->get("v1", "ConfigMap", "mine"));
        EXPECT_EQ(mine.value().string_at("data", "v"), "own");
        EXPECT_EQ(mine.value().find("metadata", "labels"), nullptr);
        co_return Status{};
    });
}

TEST(Extensions, AChangeWaitsForItsPropagateWhen) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: m, propagateWhen: ["${schema.spec.open}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {v: "${schema.spec.value}"}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{open: false}"));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "m", [](const Object&) { return true; }));
        CO_TRY(co_await make_thing(world, "{open: false, value: z}"));
        CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
        Object map = CO_TRY(co_await world->get("v1", "ConfigMap", "m"));
        EXPECT_EQ(map.value().string_at("data", "v"), "x");
        CO_TRY(co_await make_thing(world, "{open: true, value: z}"));
        CO_TRY(co_await wait_for_value(world, "m", "z"));
        co_return Status{};
    });
}

TEST(Extensions, ItemsAreLeftOutOneByOne) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: m, forEach: [{region: "${schema.spec.names}"}], includeItemsWhen: ["${region != 'b' || schema.spec.open}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${'m-' + region}"}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{open: true}"));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "m-b", [](const Object&) { return true; }));
        CO_TRY(co_await make_thing(world, "{open: false}"));
        CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "m-b"));
        CO_TRY(co_await world->get("v1", "ConfigMap", "m-a"));
        CO_TRY(co_await world->get("v1", "ConfigMap", "m-c"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", is_active));
        co_return Status{};
    });
}

std::string_view condition_status(const Object& object, std::string_view type) {
    const Value* conditions = object.value().find("status", "conditions");
    if (conditions == nullptr) {
        return "";
    }
    for (const Value& condition : conditions->items()) {
        if (condition.string_at("type") == type) {
            return condition.string_at("status");
        }
    }
    return "";
}

std::string condition_message(const Object& object, std::string_view type) {
    const Value* conditions = object.value().find("status", "conditions");
    if (conditions != nullptr) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == type) {
                return std::string(condition.string_at("message"));
            }
        }
    }
    return "";
}

TEST(Extensions, AValueWithANameIsReadAndMakesNoRequest) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: naming, def: {name: "${schema.metadata.name + '-map'}", count: 3}},
            {id: list, forEach: [{region: "${schema.spec.names}"}], def: "${region + '-' + naming.name}"},
            {id: m, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${naming.name}"}, data: {v: "${list.join(',')}", next: "${string(naming.count + 1)}"}}}])yaml"));
        const size_t mark = world->sent()->lines.size();
        CO_TRY(co_await make_thing(world, "{names: [x, z]}"));
        const Object map = CO_TRY(
            co_await world->wait("v1", "ConfigMap", "one-map", [](const Object&) { return true; }));
        EXPECT_EQ(map.value().string_at("data", "v"), "x-one-map,z-one-map");
        EXPECT_EQ(map.value().string_at("data", "next"), "4");
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", is_active));
        EXPECT_LE(world->sent()->lines.size() - mark, 9U) << world->sent()->since(mark);
        co_return Status{};
    });
}

TEST(Extensions, AComputedFieldIsSeenByExpressionsAndNotWritten) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: thing}
spec:
  schema: {apiVersion: v1alpha1, kind: Thing, spec: {host: 'string | computed="${schema.metadata.name}.example.com"'}}
  resources:
    - {id: m, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {v: "${schema.spec.host}"}}})yaml")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "thing",
                                    is_active));
        CO_TRY(co_await make_thing(world, "{}"));
        CO_TRY(co_await wait_for_value(world, "m", "one.example.com"));
        const Object thing = CO_TRY(co_await world->get("kro.run/v1alpha1", "Thing", "one"));
        EXPECT_EQ(thing.value().find("spec", "host"), nullptr);
        CO_TRY(co_await make_thing(world, "{host: own}"));
        CO_TRY(co_await wait_for_value(world, "m", "own"));
        co_return Status{};
    });
}

TEST(Extensions, TheStatusListsObjectsAndHowFarADeletionIs) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(document(R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: thing}
spec:
  schema: {apiVersion: v1alpha1, kind: Thing, managedResources: true, spec: {count: 'integer | default=2'}}
  resources:
    - {id: base, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base, finalizers: [test/hold]}}}
    - {id: late, readyWhen: ["${late.data.done == 'yes'}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {from: "${base.metadata.name}"}}}
    - {id: many, forEach: [{i: "${lists.range(schema.spec.count)}"}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${'m-' + string(i)}"}}})yaml")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "thing",
                                    is_active));
        CO_TRY(co_await make_thing(world, "{count: 120}"));
        const Object waiting = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
                const Value* list = thing.value().find("status", "managedResources");
                return list != nullptr && list->size() == 101;
            }));
        const Value& list = *waiting.value().find("status", "managedResources");
        EXPECT_EQ(to_json(list.at(0)),
                  R"({"apiVersion":"v1","id":"base","kind":"ConfigMap","name":"base",)"
                  R"("namespace":"default","ready":true,"state":"SYNCED"})");
        EXPECT_EQ(list.at(1).string_at("state"), "WAITING_FOR_READINESS");
        EXPECT_TRUE(list.at(1).string_at("message").starts_with("readyWhen[0]"))
            << to_json(list.at(1));
        EXPECT_EQ(list.at(100).string_at("message"), "…and 22 more");

        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Thing", "one"));
        const Object held = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
                return thing.value().int_at(0, "status", "deletion", "remaining") == 1;
            }));
        EXPECT_EQ(to_json(*held.value().find("status", "deletion", "waitsFor")),
                  R"(["ConfigMap default/base"])");
        EXPECT_EQ(held.value().find("status", "managedResources")->size(), 1U);
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        CO_TRY(co_await world->client()->patch(
            maps, {"default", "base"}, kube::PatchType::merge,
            Value::map_of({{"metadata", Value::map_of({{"finalizers", Value()}})}}), {}));
        co_return co_await world->wait_gone("kro.run/v1alpha1", "Thing", "one");
    });
}

TEST(Extensions, DriftIsReportedAndNotRepaired) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: m, driftPolicy: Report, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {v: "${schema.spec.value}", w: same}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{}"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
            return condition_status(thing, "Drifted") == "False" && is_active(thing);
        }));
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        const auto change = [&](std::string_view member, Value value) {
            return world->client()->patch(
                maps, {"default", "m"}, kube::PatchType::merge,
                Value::map_of({{"data", Value::map_of({{member, std::move(value)}})}}), {});
        };
        CO_TRY(co_await change("v", "foreign"));
        CO_TRY(co_await change("w", Value()));
        const Object drifted = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
                return condition_message(thing, "Drifted") ==
                       "ConfigMap default/m: data.v differs, data.w is missing";
            }));
        EXPECT_EQ(condition_status(drifted, "Drifted"), "True");
        EXPECT_EQ(condition_status(drifted, "Ready"), "True");
        // It stays so, and nobody is asked or written to.
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        const size_t mark = world->sent()->lines.size();
        CO_TRY(co_await io::sleep(world->loop(), 600 * io::second));
        EXPECT_EQ(world->sent()->lines.size(), mark) << world->sent()->since(mark);
        EXPECT_EQ(
            CO_TRY(co_await world->get("v1", "ConfigMap", "m")).value().string_at("data", "v"),
            "foreign");
        // Also for a controller that starts anew.
        co_await world->stop_controllers();
        CO_TRY(co_await world->start_controllers());
        CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
        EXPECT_EQ(
            CO_TRY(co_await world->get("v1", "ConfigMap", "m")).value().string_at("data", "v"),
            "foreign");
        // What the user wants anew is applied, and takes the drift with it.
        CO_TRY(co_await make_thing(world, "{value: new}"));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "m", [](const Object& map) {
            return map.value().string_at("data", "v") == "new" &&
                   map.value().string_at("data", "w") == "same";
        }));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
            return condition_status(thing, "Drifted") == "False";
        }));
        // The instance may ask for repairs all the same.
        CO_TRY(co_await change("v", "foreign"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Thing", "one", [](const Object& thing) {
            return condition_status(thing, "Drifted") == "True";
        }));
        const kube::Resource things =
            CO_TRY(co_await world->resource_of({"kro.run", "v1alpha1", "Thing"}));
        CO_TRY(co_await world->client()->patch(
            things, {"default", "one"}, kube::PatchType::merge,
            Value::map_of(
                {{"metadata",
                  Value::map_of({{"annotations",
                                  Value::map_of({{graph::annotation_drift_policy, "Repair"}})}})}}),
            {}));
        CO_TRY(co_await wait_for_value(world, "m", "new"));
        co_return Status{};
    });
}

}  // namespace
}  // namespace weft::test
