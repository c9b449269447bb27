// schema/object_meta_test.cc: proves how metadata of custom resources is read.

#include "schema/object_meta.h"

#include <gtest/gtest.h>

#include "schema/builtin.h"
#include "schema/open_api.h"

namespace weft::schema {
namespace {

const GoTypes& go_types() {
    static const GoTypes instance(&Builtin::get());
    return instance;
}

Value resource_of(std::string_view text) {
    Result<Value> value = parse_json(text);
    return value ? std::move(*value) : Value();
}

TEST(ObjectMeta, LosesWhatItDoesNotKnowAtTheRootAndInEmbeddedResources) {
    const SchemaPtr schema =
        *from_open_api(resource_of(R"({"type":"object","properties":{"e":{"type":"object",
            "x-kubernetes-embedded-resource":true}}})"));
    Value value = resource_of(R"({"kind":"X","metadata":{"name":"a","generation":null,"u":1},
        "e":{"metadata":{"v":1,"labels":{"b":"c"}}}})");
    std::vector<std::string> unknown;

    EXPECT_FALSE(coerce_object_meta(go_types(), value, schema.get(), {.unknown = &unknown}));

    EXPECT_EQ(to_json(value),
              R"({"kind":"X","metadata":{"name":"a"},"e":{"metadata":{"labels":{"b":"c"}}}})");
    EXPECT_EQ(unknown, (std::vector<std::string>{"e.metadata.v", "metadata.u"}));
}

TEST(ObjectMeta, NamesTheFirstMemberThatDoesNotFit) {
    Value value = resource_of(R"({"metadata":{"labels":{"a":1}}})");

    const auto error = coerce_object_meta(go_types(), value, nullptr);

    ASSERT_TRUE(error);
    EXPECT_EQ(error->text(),
              "metadata: Invalid value: {\"labels\":{\"a\":1}}: json: cannot unmarshal number into "
              "Go struct field ObjectMeta.labels of type string");
}

TEST(ObjectMeta, IsAskedOfTheValidatorWithItsPath) {
    std::string path;
    const FieldErrors errors = validate_object_meta(
        go_types(), resource_of(R"({"apiVersion":"a/b/c","kind":"X_","metadata":{}})"), nullptr,
        true, [&](const Value& meta, const std::string& at) {
            path = cat(at, " ", meta.string_at("name"));
            return FieldErrors();
        });

    EXPECT_EQ(path, "metadata fakename");
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].text(),
              "apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c");
    EXPECT_EQ(errors[1].path, "kind");
}

}  // namespace
}  // namespace weft::schema
