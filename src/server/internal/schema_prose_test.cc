// server/internal/schema_prose_test.cc: descriptions survive their way out of a schema and back.

#include "server/internal/schema_prose.h"

#include <gtest/gtest.h>

#include "object/yaml.h"
#include "server/server_testing.h"

namespace weft::server {
namespace {

constexpr std::string_view described = R"(
description: a thing
type: object
properties:
  description: {type: string}
  spec:
    type: object
    properties:
      sizes:
        description: how large
        type: array
        items: {description: one size, type: integer}
      marks: {type: object, additionalProperties: {description: a mark, type: string}}
)";

Value without_descriptions(const Value& schema) {
    if (!schema.is_map()) {
        return schema;
    }
    Value out = Value::map();
    for (const Member& member : schema.members()) {
        if (member.name() != "description" || member.value.is_map()) {
            out.append_new(member.name(), without_descriptions(member.value));
        }
    }
    return out;
}

TEST(SchemaProse, ComesBackToWhereItWas) {
    const Value schema = *parse_yaml_value(described);
    const std::string prose = prose_of(schema);
    Value bare = without_descriptions(schema);
    ASSERT_NE(bare, schema);

    add_prose(bare, prose);

    EXPECT_EQ(bare, schema);
    Value other = *parse_yaml_value("{type: object, properties: {spec: {type: string}}}");
    add_prose(other, prose);
    EXPECT_EQ(to_json(other), R"({"description":"a thing","type":"object",)"
                              R"("properties":{"spec":{"type":"string"}}})");
    EXPECT_EQ(prose_of(without_descriptions(schema)), "");
    EXPECT_EQ(prose_of(*parse_yaml_value("{description: [no, text]}")), "");
}

// What `kubectl explain` reads.
TEST(SchemaProse, IsPublishedWithTheKindsOfDefinitions) {
    TestServer world;
    Value definition = *parse_yaml_value(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, kind: Thing}
)");
    Value version = Value::map_of({{"name", "v1"}, {"served", true}, {"storage", true}});
    version.set("schema", Value::map_of({{"openAPIV3Schema", *parse_yaml_value(described)}}));
    definition.mutable_member("spec").set("versions", Value::list_of({std::move(version)}));
    ASSERT_EQ(world
                  .send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                        to_json(definition))
                  .status,
              201);

    const Value third = world.json("GET", "/openapi/v3/apis/example.com/v1");
    const Value second = world.json("GET", "/openapi/v2");

    const Value* kind = third.find("components", "schemas", "com.example.v1.Thing");
    ASSERT_NE(kind, nullptr);
    EXPECT_EQ(kind->string_at("description"), "a thing");
    EXPECT_EQ(kind->string_at("properties", "spec", "properties", "sizes", "items", "description"),
              "one size");
    kind = second.find("definitions", "com.example.v1.Thing");
    ASSERT_NE(kind, nullptr);
    EXPECT_EQ(kind->string_at("properties", "spec", "properties", "sizes", "description"),
              "how large");
}

}  // namespace
}  // namespace weft::server
