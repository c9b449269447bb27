// merge/typed_test.cc: proof of typed.h.

#include "merge/typed.h"

#include <gtest/gtest.h>

#include "object/json.h"
#include "schema/open_api.h"

namespace weft::merge {
namespace {

Value value_of(std::string_view json) {
    return parse_json(json).value();
}

schema::SchemaPtr schema_of(std::string_view json) {
    return schema::from_open_api(parse_json(json).value()).value();
}

schema::SchemaPtr lists() {
    return schema_of(R"({"type":"object","properties":{
        "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
        "map":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
               "items":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"integer"}}}},
        "atomic":{"type":"array","items":{"type":"integer"}}}})");
}

TEST(Typed, AppliedItemsKeepTheirOrderAmongThoseOfOthers) {
    const schema::SchemaPtr schema = lists();

    const Result<Value> merged =
        merge_typed(value_of(R"({"set":["a","b","c","d"]})"), value_of(R"({"set":["c","x","a"]})"),
                    TypeRef::of(schema.get()));

    ASSERT_TRUE(merged);
    EXPECT_EQ(to_json(*merged), R"({"set":["b","c","d","x","a"]})");
}

TEST(Typed, MergingWhatIsThereAlreadySharesTheLiveValue) {
    const schema::SchemaPtr schema = lists();
    const Value live = value_of(R"({"map":[{"name":"a","value":1},{"name":"b"}],"atomic":[1,2]})");

    const Result<Value> merged =
        merge_typed(live, value_of(R"({"map":[{"name":"a","value":1}],"atomic":[1,2]})"),
                    TypeRef::of(schema.get()));

    ASSERT_TRUE(merged);
    EXPECT_TRUE(merged->is_same(live));
}

TEST(Typed, SaysAllThatDoesNotFit) {
    const schema::SchemaPtr schema = lists();

    const Status valid =
        validate(value_of(R"({"map":[{"name":"a","value":"x"},{"name":"a"}],"set":[1]})"),
                 TypeRef::of(schema.get()), Duplicates::refused);

    ASSERT_FALSE(valid);
    EXPECT_EQ(valid.error().message(),
              "errors:\n  .map[name=\"a\"].value: expected numeric (int or float), got string\n  "
              ".map: duplicate entries for key [name=\"a\"]\n  "
              ".set[=1]: expected string, got &value.valueUnstructured{Value:1}");
}

TEST(Typed, UnknownFieldsAreErrorsUnlessTheyArePreserved) {
    const schema::SchemaPtr closed = schema_of(
        R"({"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}})");
    const schema::SchemaPtr open = schema_of(
        R"({"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true,
            "properties":{"a":{"type":"string"}}}}})");
    const Value value = value_of(R"({"spec":{"foo":{"bar":[1,{"x":2}]}}})");

    EXPECT_EQ(validate(value, TypeRef::of(closed.get()), Duplicates::refused).error().message(),
              ".spec.foo: field not declared in schema");
    EXPECT_TRUE(validate(value, TypeRef::of(open.get()), Duplicates::refused));
    EXPECT_EQ(to_field_set(value, TypeRef::of(open.get())).serialized(),
              R"({"f:spec":{"f:foo":{".":{},"f:bar":{}}}})");
}

TEST(Typed, CustomResourcesHaveTheMetadataOfEveryObject) {
    const schema::SchemaPtr schema = schema_of(
        R"({"type":"object","properties":{"metadata":{"type":"object"},"spec":{"type":"object"}}})");
    const Value value = value_of(
        R"({"apiVersion":"x.io/v1","kind":"X","metadata":{"labels":{"a":"b"},"finalizers":["f"],
            "ownerReferences":[{"uid":"u","name":"n"}]}})");

    EXPECT_EQ(to_field_set(value, TypeRef::of(schema.get(), true)).serialized(),
              R"({"f:apiVersion":{},"f:kind":{},"f:metadata":{"f:finalizers":{"v:\"f\"":{}},)"
              R"("f:labels":{"f:a":{}},"f:ownerReferences":{"k:{\"uid\":\"u\"}":{}}}})");
}

}  // namespace
}  // namespace weft::merge
