// tests/integration/rollout_test.cc: a new revision reaches some instances before the others.

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "integration/in_world.h"

namespace weft::test {
namespace {

// Each unit makes one ConfigMap with this text. `rollout` may be "". `ready` is a readyWhen.
Object unit_definition(std::string_view text, std::string_view rollout,
                       std::string_view ready = "true") {
    return document(cat(
        R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: unit}
spec:
  )yaml",
        rollout.empty() ? "" : "rollout: ", rollout, R"yaml(
  schema: {apiVersion: v1alpha1, kind: Unit, spec: {}}
  resources:
    - {id: m, readyWhen: ["${)yaml",
        ready,
        R"yaml(}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}"}, data: {v: ")yaml",
        text, R"yaml("}}})yaml"));
}

io::Task<Status> make_units(World* world, int count) {
    for (int i = 0; i < count; ++i) {
        CO_TRY(co_await world->apply(
            document(cat("{apiVersion: kro.run/v1alpha1, kind: Unit, metadata: {name: u", i,
                         i == 0 ? ", labels: {ring: first}" : "", "}}"))));
    }
    for (int i = 0; i < count; ++i) {
        CO_TRY(co_await world->wait("kro.run/v1alpha1", "Unit", cat("u", i), is_active));
    }
    co_return Status{};
}

// How many units' ConfigMaps hold this text.
io::Task<Result<int>> count_units(World* world, int of, std::string text) {
    int count = 0;
    for (int i = 0; i < of; ++i) {
        const Object map = CO_TRY(co_await world->get("v1", "ConfigMap", cat("u", i)));
        count += map.value().string_at("data", "v") == text ? 1 : 0;
    }
    co_return count;
}

std::string phase_of(const Object& definition) {
    return std::string(definition.value().string_at("status", "rollout", "phase"));
}
std::string paused_of(const Object& definition) {
    return std::string(definition.value().string_at("status", "rollout", "paused"));
}

io::Task<Result<bool>> is_told(World* world, std::string reason, std::string type) {
    const kube::List events =
        CO_TRY(co_await world->client()->list_all(control::event_resource(), {}));
    co_return std::ranges::any_of(events.items, [&](const Object& event) {
        return event.value().string_at("reason") == reason &&
               event.value().string_at("type") == type;
    });
}

io::Task<Result<Object>> wait_phase(World* world, std::string phase, int64_t revision) {
    co_return co_await world->wait(
        "kro.run/v1alpha1", "ResourceGraphDefinition", "unit", [=](const Object& definition) {
            return phase_of(definition) == phase &&
                   definition.value().int_at(0, "status", "rollout", "revision") == revision;
        });
}

TEST(Rollout, ReachesEveryInstanceAndComesToRest) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(unit_definition("one", "{share: 20%, maxUnavailable: 2}")));
        CO_TRY(
            co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "unit", is_active));
        CO_TRY(co_await make_units(world, 10));
        CO_TRY(co_await world->apply(unit_definition("two", "{share: 20%, maxUnavailable: 2}")));
        CO_TRY(co_await wait_phase(world, "Complete", 2));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 10, "two")), 10);
        EXPECT_TRUE(CO_TRY(co_await is_told(world, "RolloutComplete", "Normal")));
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        const size_t mark = world->sent()->lines.size();
        CO_TRY(co_await io::sleep(world->loop(), 600 * io::second));
        EXPECT_EQ(world->sent()->lines.size(), mark) << world->sent()->since(mark);
        co_return Status{};
    });
}

TEST(Rollout, AChangedRolloutAloneIsNoNewRevision) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await world->apply(unit_definition("one", "{share: 20%}")));
        CO_TRY(co_await wait_phase(world, "Complete", 1));
        CO_TRY(co_await world->apply(unit_definition("one", "{share: 3}")));
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        const Object definition =
            CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "unit"));
        EXPECT_EQ(definition.value().int_at(0, "status", "lastIssuedRevision"), 1);
        co_return Status{};
    });
}

TEST(Rollout, PausesWhenItsFirstInstancesTurnBadAndSurvivesARestart) {
    in_world({}, [](World* world) -> io::Task<Status> {
        const std::string_view how = "{share: 3, progressDeadlineSeconds: 60}";
        CO_TRY(co_await world->apply(unit_definition("one", how)));
        CO_TRY(co_await wait_phase(world, "Complete", 1));
        CO_TRY(co_await make_units(world, 10));
        // The second revision never gets ready.
        CO_TRY(co_await world->apply(unit_definition("two", how, "m.data.v == 'never'")));
        CO_TRY(co_await wait_phase(world, "First", 2));
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 10, "two")), 3);
        // A controller that starts anew moves nobody.
        co_await world->stop_controllers();
        CO_TRY(co_await world->start_controllers());
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 10, "two")), 3);
        const Object paused = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "unit",
            [](const Object& definition) { return !paused_of(definition).empty(); }));
        EXPECT_TRUE(paused_of(paused).contains("is not ready in time")) << paused_of(paused);
        EXPECT_EQ(CO_TRY(co_await count_units(world, 10, "two")), 3);
        EXPECT_TRUE(CO_TRY(co_await is_told(world, "RolloutPaused", "Warning")));
        // Back to what the first was: all at once, and the retained revision is not needed.
        CO_TRY(co_await world->apply(unit_definition("one", how)));
        CO_TRY(co_await wait_phase(world, "Complete", 3));
        CO_TRY(co_await io::sleep(world->loop(), 10 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 10, "one")), 10);
        co_return Status{};
    });
}

TEST(Rollout, GoesOnAfterAFailureWhenItIsResumed) {
    in_world({}, [](World* world) -> io::Task<Status> {
        const std::string_view how =
            "{labels: {ring: first}, maxUnavailable: 100%, progressDeadlineSeconds: 30}";
        CO_TRY(co_await world->apply(unit_definition("one", how)));
        CO_TRY(co_await wait_phase(world, "Complete", 1));
        CO_TRY(co_await make_units(world, 4));
        CO_TRY(co_await world->apply(unit_definition("two", how, "m.data.done == 'yes'")));
        const Object paused = CO_TRY(co_await world->wait(
            "kro.run/v1alpha1", "ResourceGraphDefinition", "unit",
            [](const Object& definition) { return !paused_of(definition).empty(); }));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "two")), 1);
        EXPECT_EQ(
            CO_TRY(co_await world->get("v1", "ConfigMap", "u0")).value().string_at("data", "v"),
            "two");
        // Somebody mends the first one, and says so.
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        const auto mend = [&](std::string name) {
            return world->client()->patch(
                maps, {"default", std::move(name)}, kube::PatchType::merge,
                Value::map_of({{"data", Value::map_of({{"done", "yes"}})}}), {});
        };
        CO_TRY(co_await mend("u0"));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "two")), 1);
        CO_TRY(co_await world->client()->patch(
            control::definition_resource(), {"", "unit"}, kube::PatchType::merge,
            Value::map_of(
                {{"metadata",
                  Value::map_of({{"annotations",
                                  Value::map_of({{graph::annotation_rollout_resume, "2.1"}})}})}}),
            {}));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "u3", [](const Object& map) {
            return map.value().string_at("data", "v") == "two";
        }));
        for (const char* name : {"u1", "u2", "u3"}) {
            CO_TRY(co_await mend(name));
        }
        CO_TRY(co_await wait_phase(world, "Complete", 2));
        co_return Status{};
    });
}

// Four units on the first revision, and a rollout of the second that a user holds.
io::Task<Status> pause_before_the_second(World* world) {
    constexpr std::string_view paused = "{share: 1, paused: true}";
    CO_TRY(co_await world->apply(unit_definition("one", paused)));
    CO_TRY(co_await wait_phase(world, "Complete", 1));
    CO_TRY(co_await make_units(world, 4));
    CO_TRY(co_await world->apply(unit_definition("two", paused)));
    CO_TRY(co_await wait_phase(world, "Starting", 2));
    co_return Status{};
}

TEST(Rollout, WaitsWhileTheUserPausesIt) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await pause_before_the_second(world));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "two")), 0);
        CO_TRY(co_await world->apply(unit_definition("two", "{share: 1, paused: false}")));
        CO_TRY(co_await wait_phase(world, "Complete", 2));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "two")), 4);
        co_return Status{};
    });
}

// An instance that has a pass while the new revision's kind is being written.
TEST(Rollout, HoldsFromTheMomentThatItsRevisionIsThere) {
    in_world({}, [](World* world) -> io::Task<Status> {
        constexpr std::string_view paused = "{share: 1, paused: true}";
        CO_TRY(co_await world->apply(unit_definition("one", paused)));
        CO_TRY(co_await wait_phase(world, "Complete", 1));
        CO_TRY(co_await make_units(world, 4));
        world->sent()->holds = [](const std::string& line) {
            return line.starts_with("PATCH") && line.contains("/customresourcedefinitions/");
        };
        Object second = unit_definition("two", paused);
        second.mutable_value().mutable_member("spec").mutable_member("schema").set(
            "spec", Value::map_of({{"more", "string"}}));
        CO_TRY(co_await world->apply(std::move(second)));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(world->sent()->held, 1U);
        const kube::Resource maps = CO_TRY(co_await world->resource_of({"", "v1", "ConfigMap"}));
        CO_TRY(co_await world->client()->patch(
            maps, {"default", "u2"}, kube::PatchType::merge,
            Value::map_of({{"data", Value::map_of({{"v", "foreign"}})}}), {}));
        CO_TRY(co_await io::sleep(world->loop(), io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "one")), 4);
        world->sent()->release();
        CO_TRY(co_await wait_phase(world, "Starting", 2));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        EXPECT_EQ(CO_TRY(co_await count_units(world, 4, "one")), 4);
        co_return Status{};
    });
}

TEST(Rollout, EndsForAllWhenItsDefinitionHasNoneAnyMore) {
    in_world({}, [](World* world) -> io::Task<Status> {
        CO_TRY(co_await pause_before_the_second(world));
        CO_TRY(co_await world->apply(unit_definition("two", "")));
        for (const char* name : {"u0", "u1", "u2", "u3"}) {
            CO_TRY(co_await world->wait("v1", "ConfigMap", name, [](const Object& map) {
                return map.value().string_at("data", "v") == "two";
            }));
        }
        const Object definition =
            CO_TRY(co_await world->get("kro.run/v1alpha1", "ResourceGraphDefinition", "unit"));
        EXPECT_EQ(definition.value().find("status", "rollout"), nullptr);
        co_return Status{};
    });
}

}  // namespace
}  // namespace weft::test
