// schema/builtin_test.cc: proves that the packed facts about the builtin API are read as they are.

#include "schema/builtin.h"

#include <gtest/gtest.h>

#include "schema/open_api.h"

namespace weft::schema {
namespace {

TEST(Builtin, ListsGroupsInDiscoveryOrder) {
    const auto groups = Builtin::get().groups();

    ASSERT_EQ(groups.size(), 23U);
    EXPECT_EQ(groups[0].group, "");
    EXPECT_EQ(groups[2].group, "apps");
    EXPECT_EQ(groups[2].priority, 17800);
    EXPECT_EQ(groups[6].versions[0].version, "v2");
    EXPECT_EQ(groups[1].priority, std::nullopt);
}

TEST(Builtin, KnowsWhatAResourceDoes) {
    const Builtin& builtin = Builtin::get();
    EXPECT_EQ(builtin.resources().size(), 95U);

    const BuiltinResource* pods = builtin.find_resource("", "v1", "pods");

    ASSERT_NE(pods, nullptr);
    EXPECT_EQ(pods->kind, "Pod");
    EXPECT_TRUE(pods->graceful);
    EXPECT_TRUE(pods->namespaced);
    EXPECT_EQ(pods->short_names[0], "po");
    EXPECT_EQ(pods->generation_at_create, 1);
    EXPECT_EQ(pods->find_subresource("eviction")->group, "policy");
    EXPECT_EQ(pods->find_subresource("status")->reset_fields[0].paths.size(), 3U);
    EXPECT_EQ(pods->find_subresource("status")->group, "");
    EXPECT_EQ(pods->storage_hash, "xPOwRZ+Yhw8=");
    EXPECT_EQ(builtin.find_resource("", "v1", "events")->ttl_seconds, 3600);
    EXPECT_EQ(builtin.find_resource_of({"apps", "v1", "Deployment"})->resource, "deployments");
}

TEST(Builtin, MakesTheSchemaOfAKindInGoOrder) {
    const SchemaPtr pod = Builtin::get().find_kind({"", "v1", "Pod"});

    ASSERT_NE(pod, nullptr);
    EXPECT_EQ(pod->definition, "io.k8s.api.core.v1.Pod");
    EXPECT_EQ(pod->properties[0].name, "kind");
    EXPECT_EQ(pod->properties[2].name, "metadata");
    const Schema* containers = pod->find_property("spec")->find_property("containers");
    EXPECT_EQ(containers->list_type, ListType::map);
    EXPECT_EQ(containers->list_map_keys, std::vector<std::string>{"name"});
    EXPECT_TRUE(containers->patch_merge);
    const Schema* ports = containers->items->find_property("ports");
    EXPECT_EQ(ports->list_map_keys, (std::vector<std::string>{"containerPort", "protocol"}));
    EXPECT_EQ(ports->items->find_property("protocol")->default_value, Value("TCP"));
    EXPECT_EQ(ports->items->find_property("containerPort")->format, "int32");
    EXPECT_EQ(pod->find_property("spec")->find_property("nodeSelector")->map_type, MapType::atomic);
}

TEST(Builtin, FindsWhatEveryGroupVersionHasInAny) {
    const Builtin& builtin = Builtin::get();

    EXPECT_NE(builtin.find_kind({"apps", "v1", "DeleteOptions"}), nullptr);
    EXPECT_EQ(builtin.find_kind({"apps", "v1", "Nothing"}), nullptr);
    EXPECT_NE(builtin.find_kind({"meta.k8s.io", "v1", "PartialObjectMetadataList"}), nullptr);
}

TEST(Builtin, MakesASchemaThatContainsItself) {
    const SchemaPtr props = Builtin::get().find_definition(
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");

    const Schema* inner = props->find_property("properties")->additional_properties;
    EXPECT_EQ(inner->definition, props->definition);
    EXPECT_EQ(inner->find_property("properties"), props->find_property("properties"));
}

TEST(Builtin, MakesEverySchemaOnceAndCheaply) {
    const Builtin& builtin = Builtin::get();
    for (const std::string_view name : builtin.definition_names()) {
        const SchemaPtr schema = builtin.find_definition(name);
        ASSERT_NE(schema, nullptr);
        EXPECT_EQ(schema->definition, name);
        EXPECT_EQ(builtin.find_definition(name).get(), schema.get());
    }
}

TEST(Builtin, WritesADefinitionAsKubernetesPublishesIt) {
    const SchemaPtr spec = Builtin::get().find_definition("io.k8s.api.apps.v1.DeploymentSpec");

    const Value json = to_open_api(*spec, {.reference_prefix = "#/components/schemas/"});

    EXPECT_EQ(to_json(*json.find("properties", "strategy")),
              R"({"allOf":[{"$ref":"#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy"}],)"
              R"("default":{},"x-kubernetes-patch-strategy":"retainKeys"})");
    EXPECT_EQ(json.string_at("properties", "selector", "$ref"),
              "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector");
}

}  // namespace
}  // namespace weft::schema
