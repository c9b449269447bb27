// tests/integration/deletion_test.cc: a definition that goes strands no instance.

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "integration/world.h"

namespace weft::test {
namespace {

constexpr std::string_view pair_text = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pair}
spec:
  schema: {apiVersion: v1alpha1, kind: Pair, spec: {value: 'string | default="x"'}}
  resources:
    - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-a"}, data: {v: "${schema.spec.value}"}}}
    - {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-b"}, data: {before: "${a.metadata.name}"}}}
)yaml";

Object pair(std::string_view value) {
    return Object(
        Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                       {"kind", "Pair"},
                       {"metadata", Value::map_of({{"name", "one"}, {"namespace", "default"}})},
                       {"spec", Value::map_of({{"value", value}})}}));
}

void in_deletion_world(control::ControlOptions options, io::Task<Status> (*body)(World*)) {
    io::sim::VirtualLoop loop(1);
    World world(&loop, {.control = std::move(options)});
    const auto all = [](World* w, io::Task<Status> (*act)(World*)) -> io::Task<Status> {
        Status done = co_await w->start();
        if (done) {
            auto text = parse_yaml_value(pair_text);
            CHECK(text.has_value());
            CO_TRY(co_await w->apply(Object(*std::move(text))));
            CO_TRY(
                co_await w->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "pair", is_active));
            CO_TRY(co_await w->apply(pair("x")));
            CO_TRY(co_await w->wait("kro.run/v1alpha1", "Pair", "one", is_active));
            done = co_await act(w);
        }
        co_await w->stop();
        co_return done;
    };
    const Status done = io::run(&loop, all(&world, body));
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().text());
}

io::Task<Status> remove_definition(World* world) {
    CO_TRY(co_await world->remove("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
    co_return Status{};
}

io::Task<Status> expect_that_instance_goes(World* world) {
    CO_TRY(co_await world->remove("kro.run/v1alpha1", "Pair", "one"));
    CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "Pair", "one"));
    for (const char* child : {"one-a", "one-b"}) {
        const auto left = co_await world->get("v1", "ConfigMap", child);
        EXPECT_FALSE(left.has_value()) << child;
    }
    co_return Status{};
}

TEST(DefinitionDeletion, LeavesInstancesAsTheyAreAndLetsThemGoLater) {
    in_deletion_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await remove_definition(world));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
        CO_TRY(co_await world->apply(pair("changed")));
        CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
        const Object a = CO_TRY(co_await world->get("v1", "ConfigMap", "one-a"));
        EXPECT_EQ(a.value().string_at("data", "v"), "x");
        const Object one = CO_TRY(co_await world->get("kro.run/v1alpha1", "Pair", "one"));
        EXPECT_TRUE(is_active(one));
        co_return co_await expect_that_instance_goes(world);
    });
}

TEST(DefinitionDeletion, InstancesGoLaterAlsoAfterARestart) {
    in_deletion_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await remove_definition(world));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
        co_await world->stop_controllers();
        CO_TRY(co_await world->start_controllers());
        co_return co_await expect_that_instance_goes(world);
    });
}

TEST(DefinitionDeletion, TakesTheCrdAndTheInstancesWhereThatIsAllowed) {
    in_deletion_world({.allow_crd_deletion = true}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await remove_definition(world));
        CO_TRY(co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
        CO_TRY(co_await world->wait_gone("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                                         "pairs.kro.run"));
        CO_TRY(co_await world->wait_gone("v1", "ConfigMap", "one-a"));
        co_return co_await world->wait_gone("v1", "ConfigMap", "one-b");
    });
}

TEST(DefinitionDeletion, BlocksWhileInstancesExistIfAsked) {
    in_deletion_world(
        {.definition_deletion = control::DefinitionDeletion::block},
        [](World* world) -> io::Task<Status> {
            CO_TRY(co_await remove_definition(world));
            CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
            const Object definition =
                CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
            EXPECT_TRUE(to_json(*definition.value().find("status"))
                            .contains("waiting for 1 instance to be deleted: default/one"));
            CO_TRY(co_await expect_that_instance_goes(world));
            co_return co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition",
                                                "pair");
        });
}

TEST(DefinitionDeletion, BlocksAlsoAfterARestart) {
    in_deletion_world(
        {.definition_deletion = control::DefinitionDeletion::block},
        [](World* world) -> io::Task<Status> {
            co_await world->stop_controllers();
            CO_TRY(co_await remove_definition(world));
            CO_TRY(co_await world->start_controllers());
            CO_TRY(co_await io::sleep(world->loop(), 30 * io::second));
            CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "pair"));
            CO_TRY(co_await expect_that_instance_goes(world));
            co_return co_await world->wait_gone("kro.run/v1alpha1", "ResourceGraphDefinition",
                                                "pair");
        });
}

TEST(DefinitionDeletion, DrainsInstancesIfAsked) {
    in_deletion_world({.definition_deletion = control::DefinitionDeletion::drain},
                      [](World* world) -> io::Task<Status> {
                          CO_TRY(co_await remove_definition(world));
                          CO_TRY(co_await world->wait_gone("kro.run/v1alpha1",
                                                           "ResourceGraphDefinition", "pair"));
                          const auto left = co_await world->get("kro.run/v1alpha1", "Pair", "one");
                          EXPECT_FALSE(left.has_value());
                          const auto child = co_await world->get("v1", "ConfigMap", "one-a");
                          EXPECT_FALSE(child.has_value());
                          co_return Status{};
                      });
}

}  // namespace
}  // namespace weft::test
