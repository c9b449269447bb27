// tests/integration/graph_test.cc: from a definition to running objects and back, all parts real.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/in_world.h"

namespace weft::test {
namespace {

// Five ConfigMaps, each named by the one before it.
constexpr std::string_view chain_definition = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: chain}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Chain
    spec: {value: 'string | default="x"', extra: 'boolean | default=false'}
    status: {last: "${e.metadata.name}"}
  resources:
    - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-a"}, data: {v: "${schema.spec.value}"}}}
    - {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-b"}, data: {before: "${a.metadata.name}"}}}
    - {id: c, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-c"}, data: {before: "${b.metadata.name}"}}}
    - {id: d, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-d"}, data: {before: "${c.metadata.name}"}}}
    - {id: e, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-e"}, data: {before: "${d.metadata.name}"}}}
    - id: extra
      includeWhen: ["${schema.spec.extra}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-extra"}, data: {v: "${schema.spec.value}"}}
)yaml";

Object chain(std::string_view name, std::string_view value = "x") {
    return Object(
        Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                       {"kind", "Chain"},
                       {"metadata", Value::map_of({{"name", name}, {"namespace", "default"}})},
                       {"spec", Value::map_of({{"value", value}})}}));
}

io::Task<Status> define_chain(World* world) {
    CO_TRY(co_await world->apply(document(chain_definition)));
    CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "chain", is_active));
    co_return Status{};
}

TEST(Graph, ControllersStartOnAnEmptyServerAndAskOnce) {
    in_world({.controllers = false}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->start_controllers());
        // Nothing is asked for before it is there, and again a moment later.
        std::vector<std::string> lines = world->sent()->lines;
        std::erase_if(lines, [](const std::string& line) { return line.starts_with("POST"); });
        std::ranges::sort(lines);
        EXPECT_EQ(std::ranges::adjacent_find(lines), lines.end()) << world->sent()->since(0);
        co_return Status{};
    });
}

TEST(Graph, ADefinitionBecomesActiveWithAtMostSixRequests) {
    in_world({}, [](World* world) -> io::Task<Status> {
        const size_t before = world->sent()->lines.size();
        CO_TRY(co_await define_chain(world));
        const Object definition =
            CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "chain"));
        EXPECT_EQ(definition.value().int_at(0, "status", "lastIssuedRevision"), 1);
        EXPECT_EQ(to_json(*definition.value().find("status", "topologicalOrder")),
                  R"(["a","b","c","d","e","extra"])");
        // The watch of the new kind is the sixth.
        EXPECT_LE(world->sent()->lines.size() - before, 6U) << world->sent()->since(before);
        co_return Status{};
    });
}

TEST(Graph, AnInstanceOfFiveChainedChildrenTakesAtMostNineRequests) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("warm")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "warm", is_active));
        const size_t before = world->sent()->lines.size();
        CO_TRY(co_await world->apply(chain("one")));
        const Object one =
            CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        EXPECT_EQ(one.value().string_at("status", "last"), "one-e");
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        EXPECT_LE(world->sent()->lines.size() - before, 9U) << world->sent()->since(before);
        co_return Status{};
    });
}

TEST(Graph, AWorldAtRestIsNotWrittenToNorAsked) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        const kube::RequestCounts before = world->manager()->requests();
        CO_TRY(co_await io::sleep(world->loop(), 3600 * io::second));
        const kube::RequestCounts& after = world->manager()->requests();
        EXPECT_EQ(after.total() - after.watch, before.total() - before.watch);
        co_return Status{};
    });
}

TEST(Graph, DriftInAChildIsRepaired) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one", "wanted")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        CO_TRY(co_await world->client()->patch(
            maps, {"default", "one-a"}, kube::PatchType::merge,
            Value::map_of({{"data", Value::map_of({{"v", "drifted"}, {"mine", "kept"}})}}), {}));
        const Object repaired =
            CO_TRY(co_await world->wait("v1", "ConfigMap", "one-a", [](const Object& map) {
                return map.value().string_at("data", "v") == "wanted";
            }));
        EXPECT_EQ(repaired.value().string_at("data", "mine"), "kept");
        CO_TRY(co_await world->remove("v1", "ConfigMap", "one-c"));
        CO_TRY(
            co_await world->wait("v1", "ConfigMap", "one-c", [](const Object&) { return true; }));
        co_return Status{};
    });
}

TEST(Graph, AnIncludeWhenThatFlipsAddsAndPrunes) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        Object one = chain("one");
        CO_TRY(co_await world->apply(one));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        one.mutable_value().mutable_member("spec").set("extra", true);
        CO_TRY(co_await world->apply(one));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "one-extra",
                                    [](const Object&) { return true; }));
        one.mutable_value().mutable_member("spec").set("extra", false);
        CO_TRY(co_await world->apply(one));
        co_return co_await world->wait_gone("v1", "ConfigMap", "one-extra");
    });
}

// Quirk 26: the labels of children hold the name, and a label takes 63 characters.
TEST(Graph, AnInstanceWithTooLongANameSaysWhatTheServerSaysAndGoesAway) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        const std::string name(64, 'n');
        CO_TRY(co_await world->apply(chain(name)));
        const Object failed = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "Chain", name, [](const Object& instance) {
                return instance.value().string_at("status", "state") == "ERROR";
            }));
        EXPECT_THAT(to_json(*failed.value().find("status", "conditions")),
                    testing::HasSubstr("must be no more than 63"));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Chain", name));
        co_return co_await world->wait_gone("kro.run/v1alpha1", "Chain", name);
    });
}

TEST(Graph, DeletionLeavesNothing) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        CO_TRY(co_await world->remove("kro.run/v1alpha1", "Chain", "one"));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Chain", "one"));
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        const kube::List left =
            CO_TRY(co_await world->client()->list(maps, {.label_selector = "kro.run/owned=true"}));
        EXPECT_EQ(left.items.size(), 0U);
        co_return Status{};
    });
}

TEST(Graph, AChangedDefinitionReachesItsInstances) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        Object definition = document(chain_definition);
        definition.mutable_value()
            .mutable_member("spec")
            .mutable_member("resources")
            .mutable_item(1)
            .mutable_member("template")
            .mutable_member("data")
            .set("more", "text");
        CO_TRY(co_await world->apply(definition));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "one-b", [](const Object& map) {
            return map.value().string_at("data", "more") == "text";
        }));
        const Object now = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "chain", [](const Object& object) {
                return object.value().int_at(0, "status", "lastIssuedRevision") == 2;
            }));
        EXPECT_TRUE(is_active(now));
        co_return Status{};
    });
}

TEST(Graph, ABrokenChangeKeepsTheLastGoodRevisionServing) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        Object definition = document(chain_definition);
        definition.mutable_value()
            .mutable_member("spec")
            .mutable_member("resources")
            .mutable_item(1)
            .mutable_member("template")
            .mutable_member("data")
            .set("before", "${nothing.metadata.name}");
        CO_TRY(co_await world->apply(definition));
        const Object broken = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "chain", [](const Object& object) {
                return object.value().string_at("status", "state") == "Inactive";
            }));
        EXPECT_THAT(to_json(*broken.value().find("status", "conditions")),
                    testing::HasSubstr("references unknown identifiers: [nothing]"));
        // Of this generation it is still true that the last revision is served.
        for (const graph::Condition& condition :
             graph::conditions_from(broken.value().find("status", "conditions"))) {
            EXPECT_TRUE(condition.type != "GraphRevisionsResolved" ||
                        (condition.status == "True" &&
                         condition.observed_generation == broken.generation()));
        }
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        co_return Status{};
    });
}

TEST(Graph, ARemovedFieldIsABreakingChangeThatNeedsTheAnnotation) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        Object definition = document(chain_definition);
        definition.mutable_value()
            .mutable_member("spec")
            .mutable_member("schema")
            .mutable_member("spec")
            .set("added", "string");
        CO_TRY(co_await world->apply(definition));
        CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "chain", [](const Object& object) {
                return is_active(object) &&
                       object.value().int_at(0, "status", "lastIssuedRevision") == 2;
            }));
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        Object changed = document(chain_definition);
        changed.mutable_value()
            .mutable_member("spec")
            .mutable_member("resources")
            .mutable_item(0)
            .mutable_member("template")
            .mutable_member("data")
            .set("v", "changed");
        CO_TRY(co_await world->apply(changed));
        const Object refused = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "chain", [](const Object& object) {
                return object.value().string_at("status", "state") == "Inactive";
            }));
        EXPECT_THAT(to_json(*refused.value().find("status", "conditions")),
                    testing::HasSubstr("breaking changes detected: Property added was removed"));
        Object allowed = changed;
        allowed.set_annotation("kro.run/allow-breaking-changes", "true");
        CO_TRY(co_await world->apply(allowed));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "chain",
                                    is_active));
        // The revision was there before its CRD was; its instances hear of it now.
        CO_TRY(co_await world->wait("v1", "ConfigMap", "one-a", [](const Object& object) {
            return object.value().string_at("data", "v") == "changed";
        }));
        co_return Status{};
    });
}

TEST(Graph, ChangesOfConditionsBecomeEventsBehindTheGate) {
    in_world({.control = {.condition_events = true}}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one")));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        const kube::Resource events = CO_TRY(co_await world->resource_of({"", "v1", "Event"}));
        const kube::List found = CO_TRY(co_await world->client()->list(
            events, {.field_selector = "involvedObject.name=one,reason=Ready,type=Normal"}));
        EXPECT_EQ(found.items.size(), 1U);
        if (!found.items.empty()) {
            EXPECT_EQ(found.items[0].value().string_at("message"), "none -> True: Ready");
        }
        co_return Status{};
    });
}

TEST(Graph, ControllersThatStartAnewChangeNothing) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await define_chain(world));
        CO_TRY(co_await world->apply(chain("one")));
        const Object before =
            CO_TRY(co_await world->wait("kro.run/v1alpha1", "Chain", "one", is_active));
        co_await world->stop_controllers();
        CO_TRY(co_await world->start_controllers());
        CO_TRY(co_await io::sleep(world->loop(), 5 * io::second));
        EXPECT_EQ(world->manager()->requests().writes(), 2U)
            << "more than asking for the two CRDs:\n"
            << world->sent()->since(0);
        const Object after = CO_TRY(co_await world->get("kro.run/v1alpha1", "Chain", "one"));
        EXPECT_EQ(after.resource_version(), before.resource_version());
        co_return Status{};
    });
}

TEST(Graph, ADeploymentThatBecomesAvailableReleasesWhatWaits) {
    in_world({.workloads = cluster::WorkloadMode::delayed}, [](World* world) -> io::Task<Status> {
        const auto file = [](const char* name) {
            std::string text;
            std::FILE* in = std::fopen(name, "r");
            CHECK(in != nullptr);
            char buffer[4096];
            size_t got = 0;
            while ((got = std::fread(buffer, 1, sizeof buffer, in)) > 0) {
                text.append(buffer, got);
            }
            std::fclose(in);
            return document(text);
        };
        CO_TRY(co_await world->apply(file("examples/web-app/definition.yaml")));
        CO_TRY(co_await world->apply(file("examples/web-app/instance.yaml")));
        const Object waiting = CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "WebApp", "shop", [](const Object& object) {
                return object.value().string_at("status", "state") == "IN_PROGRESS";
            }));
        EXPECT_THAT(to_json(*waiting.value().find("status", "conditions")),
                    testing::HasSubstr("deployment"));
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "WebApp", "shop", is_active));
        co_return Status{};
    });
}

}  // namespace
}  // namespace weft::test
