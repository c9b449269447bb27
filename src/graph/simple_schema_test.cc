// graph/simple_schema_test.cc: SimpleSchema's grammar, markers and their oddities.

#include "graph/simple_schema.h"

#include <gtest/gtest.h>

#include "graph/markers.h"
#include "graph/pluralize.h"

namespace weft::graph {
namespace {

std::string first_mistake(const Value& spec, const Value& types = Value()) {
    const SimpleSchemaResult result = simple_schema(spec, types);
    return result.mistakes.empty() ? "" : result.mistakes[0].message;
}

Value property(std::string_view field) {
    const SimpleSchemaResult result = simple_schema(Value::map_of({{"f", field}}), Value());
    EXPECT_TRUE(result.mistakes.empty()) << result.mistakes[0].message;
    const Value* found = result.schema.find("properties", "f");
    return found == nullptr ? Value() : *found;
}

TEST(SimpleSchema, InlinesCustomTypesAndSortsRequired) {
    const Value spec =
        Value::map_of({{"z", "Port | required=true"}, {"a", "[]Port"}, {"b", "Name"}});
    const Value types = Value::map_of(
        {{"Name", "string | required=true"}, {"Port", Value::map_of({{"number", "integer"}})}});

    const SimpleSchemaResult result = simple_schema(spec, types);

    ASSERT_TRUE(result.mistakes.empty());
    EXPECT_EQ(*result.schema.find("required"), Value::list_of({"b", "z"}));
    EXPECT_EQ(result.schema.string_at("properties", "a", "items", "properties", "number", "type"),
              "integer");
}

TEST(SimpleSchema, GivesAnEmptyDefaultUpwardsUnlessAMemberIsRequired) {
    const Value with_default = Value::map_of({{"port", "integer | default=80"}});
    const Value required = Value::map_of({{"port", "integer | default=80 required=true"}});

    EXPECT_EQ(*simple_schema(with_default, Value()).schema.find("default"), Value::map());
    EXPECT_FALSE(simple_schema(required, Value()).schema.contains("default"));
}

TEST(SimpleSchema, NamesEveryMistakeInKrosWords) {
    EXPECT_EQ(first_mistake(Value::map_of({{"image", "sting"}})),
              "field image: unknown type: sting");
    EXPECT_EQ(first_mistake(Value::map_of({{"a", Value::map_of({{"b", 3}})}})),
              "field a: field b: unexpected type: int64");
    EXPECT_EQ(first_mistake(Value::map_of({{"a", "map[integer]string"}})),
              "field a: map key must be string");
    EXPECT_EQ(first_mistake(Value(), Value::map_of({{"A", "B"}, {"B", "A"}})),
              "cyclic dependency in type B: graph contains a cycle: A -> B -> A");
    EXPECT_EQ(first_mistake(Value(), Value::map_of({{"A", "Nowhere"}})),
              "node Nowhere does not exist");
    EXPECT_EQ(first_mistake(Value::map_of({{"p", "string | pattern=\"[x\""}})),
              "field p: invalid pattern regex: error parsing regexp: missing closing ]: `[x`");
    EXPECT_EQ(first_mistake(Value::map_of({{"p", "integer | minLength=1"}})),
              "field p: minLength marker is only valid for string types, got type: integer");
    EXPECT_EQ(first_mistake(Value::map_of({{"p", "string | minLength=x"}})),
              "field p: failed to parse minLength value: strconv.ParseInt: parsing \"x\": invalid "
              "syntax");

    EXPECT_EQ(simple_schema(Value::map_of({{"a", "x"}, {"b", "y"}}), Value()).mistakes.size(), 2U);
}

TEST(SimpleSchema, RefusesTypesNestedWithoutEnd) {
    std::string deep;
    for (int i = 0; i < 17; ++i) {
        deep += "[]";
    }
    EXPECT_EQ(first_mistake(Value::map_of({{"f", deep + "string"}})),
              "field f: type nesting too deep (max 16): \"string\"");
    Value types = Value::map_of({{"T0", Value::map_of({{"a", "string"}})}});
    for (int i = 1; i < 24; ++i) {
        const std::string inner = cat("T", i - 1);
        types.set(cat("T", i), Value::map_of({{"a", inner}, {"b", inner}}));
    }
    EXPECT_TRUE(first_mistake(Value::map_of({{"f", "T23"}}), types).ends_with("nodes"));
}

TEST(Markers, KeepTheScannersOddities) {
    EXPECT_EQ(parse_markers("requ ired=true")->at(0), (Marker{"required", "true"}));
    EXPECT_EQ(parse_markers("required=true ").error().message(), "marker key '' without a value");
    EXPECT_EQ(parse_markers("default=\"").error().message(), "unclosed quote");
    EXPECT_EQ(parse_markers("x=1").error().message(),
              "invalid marker key \"x\": unknown marker: x");
    EXPECT_EQ(parse_markers(R"(pattern="a\.\"b")")->at(0).value, R"(a\."b)");
}

TEST(Markers, ApplyToTheFieldsSchema) {
    EXPECT_EQ(property("boolean | default=T"),
              Value::map_of({{"type", "boolean"}, {"default", true}}));
    EXPECT_EQ(property("integer | minimum=1 maximum=2.5"),
              Value::map_of({{"type", "integer"}, {"minimum", 1}, {"maximum", 2.5}}));
    EXPECT_EQ(property("[]string | uniqueItems=true"),
              Value::map_of({{"type", "array"},
                             {"items", Value::map_of({{"type", "string"}})},
                             {"x-kubernetes-list-type", "set"}}));
}

TEST(Pluralize, FollowsFlect) {
    EXPECT_EQ(pluralize("webapp"), "webapps");
    EXPECT_EQ(pluralize("policy"), "policies");
    EXPECT_EQ(pluralize("gateway"), "gateways");
    EXPECT_EQ(pluralize("ingress"), "ingresses");
    EXPECT_EQ(pluralize("status"), "statuses");
    EXPECT_EQ(pluralize("person"), "people");
    EXPECT_EQ(pluralize("equipment"), "equipment");
    EXPECT_EQ(pluralize("webindex"), "webindices");
    EXPECT_EQ(pluralize("indexes"), "indexes");
    EXPECT_EQ(pluralize("dns"), "dnses");
}

}  // namespace
}  // namespace weft::graph
