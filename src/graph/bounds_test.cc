// graph/bounds_test.cc: how large a definition can become, and what refuses it.

#include "graph/bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/diagnostics.h"

namespace weft::graph {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view zones = R"(
schema:
  kind: A
  apiVersion: v1
  spec: {zones: '[]string | maxItems=7', sizes: '[]integer | maxItems=3', open: '[]string'}
  status: {count: '${string(size(perZone))}'}
resources:
- id: plain
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${schema.metadata.name}'}}
- id: perZone
  forEach: [{zone: '${schema.spec.zones}'}, {size: '${schema.spec.sizes}'}]
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: '${zone}-${string(size)}'}
- id: perItem
  forEach: [{made: '${perZone}'}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${made.metadata.name}-copy'}}
- id: other
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: there}}
)";

Compiled compile_spec(std::string_view spec, const Budget& budget = {}) {
    const Result<Value> value = parse_yaml_value(spec);
    EXPECT_TRUE(value);
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    context.budget = budget;
    Diagnostics told;
    return compile(parse_definition(Object(Value::map_of({{"spec", *value}})), &told), context);
}

TEST(Bounds, ObjectsAreTheProductOfWhatTheSchemaAllowsTheLists) {
    const Compiled compiled = compile_spec(zones);
    ASSERT_NE(compiled.graph, nullptr) << first_error_text(compiled.diagnostics);

    const Bounds bounds = bounds_of(*compiled.graph);

    std::map<std::string, uint64_t> objects;
    for (const NodeBound& node : bounds.nodes) {
        objects[node.id] = node.objects;
    }
    EXPECT_EQ(objects, (std::map<std::string, uint64_t>{
                           {"plain", 1}, {"perZone", 21}, {"perItem", 21}, {"other", 0}}));
    EXPECT_EQ(bounds.objects, 43U);
    EXPECT_GT(bounds.status_cost, 0U);
}

TEST(Bounds, AListWithoutABoundStopsAtTheCollectionLimit) {
    const std::string spec = replace_all(zones, "${schema.spec.zones}", "${schema.spec.open}");
    const Compiled compiled = compile_spec(spec);
    ASSERT_NE(compiled.graph, nullptr) << first_error_text(compiled.diagnostics);

    EXPECT_EQ(bounds_of(*compiled.graph, 50).nodes[1].objects, 50U);
    EXPECT_EQ(bounds_of(*compiled.graph).nodes[1].objects, 1000U);
}

TEST(Bounds, WhatHasNoLimitIsNamedWhereItDrives) {
    const std::string spec = replace_all(zones, "${schema.spec.zones}", "${schema.spec.open}");
    const Bounds bounds = bounds_of(*compile_spec(spec).graph);

    const NodeBound& per_zone = bounds.nodes[1];
    ASSERT_EQ(per_zone.loops.size(), 2U);
    EXPECT_EQ(per_zone.loops[0].driver, "`schema.spec.open` has no maxItems");
    EXPECT_EQ(per_zone.loops[1].driver, "");
    EXPECT_TRUE(per_zone.is_limited);
    // The name of each object is as long as an item of the list may be.
    EXPECT_EQ(per_zone.costliest.driver, "`schema.spec.open[]` has no maxLength");
    EXPECT_EQ(bounds.costliest().text, per_zone.costliest.text);
}

TEST(Bounds, NoEstimateIsWithoutEnd) {
    const Compiled compiled = compile_spec(R"(
schema:
  kind: A
  apiVersion: v1
  spec: {name: string, words: '[]string', any: object}
resources:
- id: made
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: '${schema.spec.words.map(w, w.lowerAscii()).filter(w, w != "a").join("-").replace("a", "b")}'}
    data:
      all: '${schema.spec.any.list.map(x, schema.spec.words.exists(w, w == x)).map(b, string(b)).join()}'
      parts: '${schema.spec.name.split(",").map(p, p + "x").join()}'
)");
    ASSERT_NE(compiled.graph, nullptr) << first_error_text(compiled.diagnostics);

    const Bounds bounds = bounds_of(*compiled.graph);

    EXPECT_LT(bounds.cost, UINT64_MAX);
    EXPECT_GT(bounds.cost, uint64_t{1} << 20);
    EXPECT_THAT(bounds.costliest().driver, HasSubstr("`schema.spec."));
}

TEST(Bounds, ATighterBoundCostsLess) {
    const auto cost_with = [](std::string_view items) {
        const Compiled compiled = compile_spec(replace_all(zones, "maxItems=7", items));
        return compiled.graph == nullptr ? 0 : bounds_of(*compiled.graph).cost;
    };
    EXPECT_LT(cost_with("maxItems=2"), cost_with("maxItems=7"));
    EXPECT_LT(cost_with("maxItems=7"), cost_with("maxItems=300"));
}

TEST(Bounds, ABudgetRefusesAndNamesTheLoop) {
    const Compiled compiled = compile_spec(zones, {.objects = 42});

    EXPECT_EQ(compiled.graph, nullptr);
    ASSERT_EQ(compiled.diagnostics.size(), 1U);
    EXPECT_EQ(compiled.diagnostics[0].id, "G029");
    EXPECT_EQ(compiled.diagnostics[0].path, "spec.resources[1].forEach");
    EXPECT_THAT(compiled.diagnostics[0].message,
                HasSubstr("makes up to 43 objects, which exceeds the budget of 42; resource "
                          "\"perZone\" makes up to 21 in its loop over schema.spec.zones (at most "
                          "7) and schema.spec.sizes (at most 3)"));
    EXPECT_NE(compile_spec(zones, {.objects = 43}).graph, nullptr);
}

TEST(Bounds, ABudgetRefusesWhatCostsTooMuchAndNamesTheExpression) {
    const uint64_t cost = bounds_of(*compile_spec(zones).graph).cost;

    const Compiled compiled = compile_spec(zones, {.cost = cost - 1});

    ASSERT_EQ(compiled.diagnostics.size(), 1U);
    EXPECT_EQ(compiled.diagnostics[0].id, "G029");
    EXPECT_THAT(compiled.diagnostics[0].message, HasSubstr("evaluated up to 21 times"));
    EXPECT_NE(compile_spec(zones, {.cost = cost}).graph, nullptr);
}

}  // namespace
}  // namespace weft::graph
