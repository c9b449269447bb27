// cluster/stage_test.cc: proves what stages make of an object.

#include "cluster/stage.h"

#include <gtest/gtest.h>

namespace weft::cluster {
namespace {

constexpr std::string_view now = "2026-01-02T03:04:05Z";

Object bucket(std::string_view rest = "") {
    auto value = parse_yaml_value(cat(R"(
apiVersion: storage.example.com/v1
kind: Bucket
metadata: {name: b, namespace: n, uid: u-1, generation: 3, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {size: 4}
)",
                                      rest));
    CHECK(value.has_value());
    return Object(*std::move(value));
}

Stage stage_of(std::string_view spec) {
    auto stages = Stage::parse_all(cat("apiVersion: weft.dev/v1alpha1\nkind: Stage\nmetadata: "
                                       "{name: s}\nspec:\n",
                                       spec),
                                   "test");
    CHECK(stages.has_value());
    return std::move(stages->at(0));
}

std::string failure_of(std::string_view spec) {
    const auto stages = Stage::parse_all(
        cat("apiVersion: weft.dev/v1alpha1\nkind: Stage\nmetadata: {name: s}\nspec:\n", spec),
        "file.yaml");
    return stages ? "" : stages.error().message();
}

TEST(Stage, FillsTextsAndKeepsTypes) {
    const Stage stage = stage_of(R"(
  selector: {group: "*.example.com"}
  status: {url: "https://${object.metadata.name}.x:${object.spec.size}", size: "${object.spec.size}", ready: true}
)");

    const Value status = *stage.status_of(bucket(), Value(), now);

    EXPECT_EQ(to_json(status), R"({"url":"https://b.x:4","size":4,"ready":true})");
}

TEST(Stage, SelectsByGroupSuffixVersionAndKind) {
    const Stage stage = stage_of(R"(  selector: {group: "*.example.com", kind: Bucket})");
    const auto selects = [&](std::string group, std::string kind) {
        return stage.selects({{std::move(group), "v1", "x"}, std::move(kind), true, true});
    };

    EXPECT_TRUE(selects("storage.example.com", "Bucket"));
    EXPECT_FALSE(selects("example.com", "Bucket"));
    EXPECT_FALSE(selects("storage.example.com", "Queue"));
    EXPECT_FALSE(selects("storage.example.org", "Bucket"));
}

TEST(Stage, WaitsForItsTurnAndLeavesWhatIsGoing) {
    const Stage stage = stage_of(R"(
  selector: {group: "*"}
  when: "object.status.phase == 'creating'"
)");

    EXPECT_FALSE(stage.applies(bucket(), now));
    EXPECT_FALSE(stage.applies(bucket("status: {phase: there}"), now));
    EXPECT_TRUE(stage.applies(bucket("status: {phase: creating}"), now));
    Object going = bucket("status: {phase: creating}");
    going.metadata().set("deletionTimestamp", now);
    EXPECT_FALSE(stage.applies(going, now));
}

TEST(Stage, MergesConditionsByTypeAndKeepsTheirTimes) {
    const Stage stage = stage_of(R"(
  selector: {group: "*"}
  conditions: [{type: Ready, status: "True", reason: Done}]
)");
    const Value first = *stage.status_of(bucket(), Value(), "2026-01-01T00:00:00Z");
    Object later = bucket(R"(status: {conditions: [{type: Other, status: "False"}]})");
    later.mutable_value()
        .mutable_member("status")
        .mutable_member("conditions")
        .push_back(first.find("conditions")->at(0));

    const Value status = *stage.status_of(later, Value(), now);

    ASSERT_EQ(status.find("conditions")->size(), 2U);
    EXPECT_EQ(status.find("conditions")->at(0).string_at("type"), "Other");
    EXPECT_EQ(status.find("conditions")->at(1).string_at("lastTransitionTime"),
              "2026-01-01T00:00:00Z");
    EXPECT_EQ(status, *later.value().find("status"));
}

TEST(Stage, MakesUpWhatTheSchemaSaysButNoConditionsAndNothingThatIsThere) {
    const Stage stage = stage_of("  selector: {group: \"*\"}\n  fill: true");
    const Value schema = *parse_yaml_value(R"(
properties:
  status:
    properties:
      arn: {type: string}
      state: {type: string, enum: [OPEN, SHUT]}
      port: {type: integer}
      hosts: {type: array, items: {type: object, properties: {name: {type: string}}}}
      since: {type: string, format: date-time}
      conditions: {type: array, items: {type: object}}
)");

    const Value status = *stage.status_of(bucket("status: {port: 7}"), schema, now);
    const Value again =
        *stage.status_of(bucket("status: {port: 7}"), schema, "2030-01-01T00:00:00Z");

    EXPECT_TRUE(status.string_at("arn").starts_with("arn-"));
    EXPECT_EQ(status.string_at("state"), "OPEN");
    EXPECT_EQ(status.int_at(0, "port"), 7);
    EXPECT_TRUE(status.find("hosts")->at(0).string_at("name").starts_with("name-"));
    EXPECT_EQ(status.string_at("since"), "2026-01-01T00:00:00Z");
    EXPECT_FALSE(status.contains("conditions"));
    EXPECT_EQ(status, again);
}

TEST(Stage, SaysWhereAMistakeIs) {
    EXPECT_EQ(failure_of("  selector: {}"),
              "file.yaml: Stage \"s\": spec.selector.group is missing");
    EXPECT_EQ(failure_of("  selector: {group: a}\n  sttus: {}"),
              "file.yaml: Stage \"s\": unknown field spec.sttus");
    EXPECT_EQ(failure_of("  selector: {group: a}\n  delay: soon"),
              "file.yaml: Stage \"s\": spec.delay is no time such as 500ms, 2s or 1m");
    EXPECT_EQ(failure_of("  selector: {group: a}\n  status: {x: \"${object\"}"),
              "file.yaml: Stage \"s\": spec.status.x: ${ without its }");
    EXPECT_TRUE(failure_of("  selector: {group: a}\n  status: {x: \"${nope}\"}")
                    .starts_with("file.yaml: Stage \"s\": spec.status.x: ERROR: <input>:1:1: "
                                 "undeclared reference to 'nope'"));
}

TEST(Stage, TheOnesThatComeWithWeftAreFineThemselves) {
    EXPECT_GT(cloud_stages().size(), 5U);
}

}  // namespace
}  // namespace weft::cluster
