// tests/integration/extensions_test.cc: what definitions may say beyond kro.

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "integration/world.h"

namespace weft::test {
namespace {

Object extension(std::string_view yaml) {
    auto value = parse_yaml_value(yaml);
    CHECK(value.has_value());
    return Object(*std::move(value));
}

void in_extension_world(io::Task<Status> (*body)(World*)) {
    io::sim::VirtualLoop loop(1);
    World world(&loop);
    const auto all = [](World* w, io::Task<Status> (*act)(World*)) -> io::Task<Status> {
        Status done = co_await w->start();
        if (done) {
            done = co_await act(w);
        }
        co_await w->stop();
        co_return done;
    };
    const Status done = io::run(&loop, all(&world, body));
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().text());
}

// A definition of the kind Thing with these resources (YAML flow list).
io::Task<Status> define_thing(World* world, std::string resources) {
    CO_TRY(co_await world->apply(extension(cat(R"yaml(
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
    CO_TRY(co_await world->apply(extension(cat(
        "{apiVersion: kro.run/v1alpha1, kind: Thing, metadata: {name: one, namespace: default}, "
        "spec: ",
        spec, "}"))));
    co_return Status{};
}

TEST(Extensions, WhatIsRetainedOutlivesItsInstance) {
    in_extension_world([](World* world) -> io::Task<Status> {
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
        CO_TRY(co_await world->wait("v1", "ConfigMap", "kept", [](const Object& map) {
            return map.value().string_at("data", "v") == "z";
        }));
        co_return Status{};
    });
}

TEST(Extensions, WhatIsProtectedHoldsItsInstance) {
    in_extension_world([](World* world) -> io::Task<Status> {
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
    in_extension_world([](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(extension(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: mine}, data: {v: own}}")));
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
    in_extension_world([](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_thing(world, R"yaml([
            {id: m, propagateWhen: ["${schema.spec.open}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {v: "${schema.spec.value}"}}}])yaml"));
        CO_TRY(co_await make_thing(world, "{open: false}"));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "m", [](const Object&) { return true; }));
        CO_TRY(co_await make_thing(world, "{open: false, value: z}"));
        CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
        Object map = CO_TRY(co_await world->get("v1", "ConfigMap", "m"));
        EXPECT_EQ(map.value().string_at("data", "v"), "x");
        CO_TRY(co_await make_thing(world, "{open: true, value: z}"));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "m", [](const Object& changed) {
            return changed.value().string_at("data", "v") == "z";
        }));
        co_return Status{};
    });
}

TEST(Extensions, ItemsAreLeftOutOneByOne) {
    in_extension_world([](World* world) -> io::Task<Status> {
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

}  // namespace
}  // namespace weft::test
