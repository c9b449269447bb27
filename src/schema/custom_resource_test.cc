// schema/custom_resource_test.cc: proves what happens to a custom resource: prune, default,
// validate.

#include <gtest/gtest.h>

#include "schema/defaults.h"
#include "schema/list_type.h"
#include "schema/open_api.h"
#include "schema/prune.h"
#include "schema/validate.h"

namespace weft::schema {
namespace {

Value json(std::string_view text) {
    Result<Value> value = parse_json(text);
    return value ? std::move(*value) : Value();
}

SchemaPtr schema_from(std::string_view text) {
    Result<SchemaPtr> schema = from_open_api(json(text));
    return schema ? std::move(*schema) : nullptr;
}

std::string errors_of(const SchemaPtr& schema, std::string_view value) {
    return aggregate_text(validate(json(value), *schema));
}

TEST(Prune, DropsWhatTheSchemaDoesNotKnowAndSaysWhere) {
    const SchemaPtr schema = schema_from(R"({"type":"object","properties":{"spec":{"type":"object",
        "properties":{"a":{"type":"string"}}}}})");
    Value value =
        json(R"({"apiVersion":"v1","metadata":{"x":1},"spec":{"a":"1","b":{"c":1}},"z":1})");
    std::vector<std::string> dropped;

    prune(value, schema.get(), {.dropped = &dropped});

    EXPECT_EQ(to_json(value), R"({"apiVersion":"v1","metadata":{"x":1},"spec":{"a":"1"}})");
    EXPECT_EQ(dropped, (std::vector<std::string>{"spec.b", "z"}));
}

TEST(Prune, CopiesNothingWhereNothingIsDropped) {
    const SchemaPtr schema = schema_from(
        R"({"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})");
    Value value = json(R"({"spec":{"a":{"b":1}}})");
    const Value before = value;

    prune(value, schema.get());

    EXPECT_TRUE(value.is_same(before));
}

TEST(Defaults, FillInsideDefaultsToo) {
    const SchemaPtr schema = schema_from(R"({"type":"object","properties":{"spec":{"type":"object",
        "default":{},"properties":{"n":{"type":"integer","default":3}}}}})");
    Value value = json("{}");

    apply_defaults(value, schema.get());

    EXPECT_EQ(to_json(value), R"({"spec":{"n":3}})");
}

TEST(Validator, ReportsBoundsInKubernetesWords) {
    const SchemaPtr schema = schema_from(R"({"type":"object","required":["r"],"properties":{
        "r":{"type":"string"},"n":{"type":"integer","minimum":1,"maximum":3},
        "s":{"type":"string","minLength":2,"maxLength":3,"pattern":"^a"},
        "t":{"type":"string","format":"date-time"},"m":{"type":"object","minProperties":1},
        "l":{"type":"array","minItems":2,"items":{"type":"string"}}}})");

    EXPECT_EQ(errors_of(schema, R"({"r":"x","n":5})"),
              "n: Invalid value: 5: n in body should be less than or equal to 3");
    EXPECT_EQ(errors_of(schema, R"({"r":"x","s":"b"})"),
              "s: Invalid value: \"b\": s in body should be at least 2 chars long");
    EXPECT_EQ(errors_of(schema, R"({"r":"x","s":"abcd"})"),
              "s: Too long: may not be more than 3 bytes");
    EXPECT_EQ(errors_of(schema, R"({"r":"x","s":"bcd"})"),
              "s: Invalid value: \"bcd\": s in body should match '^a'");
    EXPECT_EQ(errors_of(schema, R"({"r":"x","t":"now"})"),
              "t: Invalid value: \"now\": t in body must be of type date-time: \"now\"");
    EXPECT_EQ(errors_of(schema, R"({"r":"x","m":{}})"),
              "m: Invalid value: 0: m in body should have at least 1 properties");
    EXPECT_EQ(errors_of(schema, R"({"l":[1]})"),
              "[l[0]: Invalid value: \"integer\": l[0] in body must be of type string: "
              "\"integer\", l: Invalid value: 1: l in body should have at least 2 items, "
              "r: Required value]");
}

TEST(Validator, LetsStandWhatStoodBefore) {
    const SchemaPtr schema = schema_from(
        R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}}})");
    const Value old = json(R"({"a":"x","b":1})");
    const Value changed = json(R"({"a":"x","b":"y"})");

    EXPECT_EQ(aggregate_text(validate(changed, *schema, &old)),
              "b: Invalid value: \"string\": b in body must be of type integer: \"string\"");
}

TEST(Formats, KnowTheTextsOfTheNet) {
    EXPECT_TRUE(has_format("ipv4", "10.0.0.1"));
    EXPECT_FALSE(has_format("ipv4", "10.0.0.256"));
    EXPECT_TRUE(has_format("ipv6", "fe80::1"));
    EXPECT_TRUE(has_format("ipv6", "::"));
    EXPECT_FALSE(has_format("ipv6", "1:2:3"));
    EXPECT_TRUE(has_format("cidr", "10.0.0.0/8"));
    EXPECT_TRUE(has_format("duration", "1h30m"));
    EXPECT_TRUE(has_format("duration", "2 days"));
    EXPECT_FALSE(has_format("date-time", "2020-13-01T00:00:00Z"));
    EXPECT_TRUE(has_format("uri", "https://a.b/c"));
    EXPECT_FALSE(has_format("uri", "a b"));
    EXPECT_TRUE(has_format("hostname", "a.example.com"));
    EXPECT_TRUE(has_format("no-such-format", "anything"));
}

TEST(ListTypes, NameTheSecondOfEqualKeys) {
    const SchemaPtr schema = schema_from(R"({"type":"array","x-kubernetes-list-type":"map",
        "x-kubernetes-list-map-keys":["a","b"],"items":{"type":"object","properties":{
        "a":{"type":"string"},"b":{"type":"string","default":"x"}}}})");

    EXPECT_EQ(aggregate_text(validate_list_types(json(R"([{"a":"1"},{"a":"2"},{"a":"1","b":"x"}])"),
                                                 schema.get(), "spec")),
              "spec[2]: Duplicate value: {\"a\":\"1\",\"b\":\"x\"}");
}

}  // namespace
}  // namespace weft::schema
