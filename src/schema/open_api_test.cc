// schema/open_api_test.cc: proves that schemas are read from and written to OpenAPI.

#include "schema/open_api.h"

#include <gtest/gtest.h>

#include "schema/field_error.h"

namespace weft::schema {
namespace {

Value string_schema() {
    return Value::map_of({{"type", Value("string")}});
}

TEST(OpenApi, ReadsAndWritesTheSameSchema) {
    const Value json = Value::map_of(
        {{"type", Value("object")},
         {"required", Value::list_of({Value("name")})},
         {"properties",
          Value::map_of({{"name", Value::map_of({{"type", Value("string")},
                                                 {"default", Value("x")},
                                                 {"minLength", Value(1)},
                                                 {"pattern", Value("^a")}})},
                         {"ports", Value::map_of({{"type", Value("array")},
                                                  {"items", string_schema()},
                                                  {"x-kubernetes-list-type", Value("set")}})},
                         {"any", Value::map_of({{"x-kubernetes-int-or-string", Value(true)},
                                                {"nullable", Value(true)}})},
                         {"free", Value::map_of({{"type", Value("object")},
                                                 {"additionalProperties", string_schema()}})}})},
         {"x-kubernetes-preserve-unknown-fields", Value(true)}});

    const Result<SchemaPtr> schema = from_open_api(json);

    ASSERT_TRUE(schema.has_value());
    EXPECT_EQ(to_open_api(**schema), json);
    EXPECT_TRUE((*schema)->is_required("name"));
    EXPECT_EQ((*schema)->find_property("ports")->list_type, ListType::set);
    EXPECT_EQ((*schema)->find_property("nothing"), nullptr);
    EXPECT_TRUE((*schema)->find_property("any")->int_or_string);
}

TEST(OpenApi, MakesAGraphOfADefinitionThatContainsItself) {
    const Value node = Value::map_of(
        {{"type", Value("object")},
         {"properties",
          Value::map_of({{"next", Value::map_of({{"allOf", Value::list_of({Value::map_of(
                                                               {{"$ref", Value("#/d/Node")}})})},
                                                 {"default", Value::map()}})}})}});
    const Value root = Value::map_of({{"$ref", Value("#/d/Node")}});

    const Result<SchemaPtr> schema = from_open_api(root, {.resolve = [&](std::string_view name) {
                                                       return name == "#/d/Node" ? &node : nullptr;
                                                   }});

    ASSERT_TRUE(schema.has_value());
    const Schema* next = (*schema)->find_property("next");
    ASSERT_NE(next, nullptr);
    EXPECT_EQ(next->definition, "Node");
    EXPECT_EQ(next->default_value, Value::map());
    EXPECT_EQ(next->find_property("next"), next);
    EXPECT_EQ(to_open_api(**schema, {.reference_prefix = "#/d/"}), node);
}

TEST(OpenApi, NamesThePlaceOfAnIllTypedMember) {
    const Value json = Value::map_of(
        {{"properties", Value::map_of({{"a", Value::map_of({{"type", Value(1)}})}})}});

    EXPECT_EQ(from_open_api(json).error().message(),
              "schema at properties[a]: type must be a string");
}

TEST(OpenApi, RefusesAReferenceThatLeadsNowhere) {
    EXPECT_EQ(from_open_api(Value::map_of({{"$ref", Value("#/x")}})).error().message(),
              "schema: cannot resolve $ref \"#/x\"");
}

TEST(FieldError, ReadsAsApimachineryWritesIt) {
    EXPECT_EQ(field_required("spec.x").text(), "spec.x: Required value");
    EXPECT_EQ(field_invalid("spec.x", Value("y"), "detail").text(),
              "spec.x: Invalid value: \"y\": detail");
    EXPECT_EQ(field_not_supported("p", Value("y"), {"a", "b"}).text(),
              "p: Unsupported value: \"y\": supported values: \"a\", \"b\"");
    EXPECT_EQ(field_too_many("p", 3, 2).text(), "p: Too many: 3: must have at most 2 items");
    EXPECT_EQ(field_too_long("p", 63).text(), "p: Too long: may not be more than 63 bytes");
    EXPECT_EQ(field_forbidden("", "no").text(), "<nil>: Forbidden: no");
}

TEST(FieldError, MakesTheStatusOfSeveralAndNamesEqualOnesOnce) {
    const FieldErrors errors{field_required("a"), field_required("a"), field_required("b")};

    const Error error = invalid_error("apps", "Deployment", "web", errors);

    EXPECT_EQ(error.message(),
              "Deployment.apps \"web\" is invalid: [a: Required value, b: Required value]");
    EXPECT_EQ(error.details().causes.size(), 3U);
    EXPECT_EQ(error.details().causes[0].reason, "FieldValueRequired");
}

}  // namespace
}  // namespace weft::schema
