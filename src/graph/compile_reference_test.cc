// graph/compile_reference_test.cc: external references, scopes, and what the status becomes, each
// as the reference has it (§4.2 to §4.4, §3.9).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/compile.h"

namespace weft::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Compiled compiled_of(std::string_view spec) {
    const Result<Value> value = parse_yaml_value(spec);
    EXPECT_TRUE(value) << spec;
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    Diagnostics told;
    return compile(parse_definition(Object(Value::map_of({{"spec", *value}})), &told), context);
}
Compiled accepted(std::string_view spec) {
    Compiled out = compiled_of(spec);
    EXPECT_NE(out.graph, nullptr) << first_error_text(out.diagnostics);
    return out;
}
std::string refusal_of(std::string_view spec) {
    return first_error_text(compiled_of(spec).diagnostics);
}
std::string in_namespace(std::string_view resources) {
    return cat("schema: {kind: A, apiVersion: v1, spec: {name: string}}\nresources:\n", resources);
}
std::string in_cluster(std::string_view resources) {
    return cat(
        "schema: {kind: A, apiVersion: v1, scope: Cluster, spec: {name: string}}\nresources:\n",
        resources);
}

TEST(ExternalReference, ByNameIsOneObjectThatOthersMayRead) {
    const Compiled compiled = accepted(in_namespace(R"(
- id: shared
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${schema.spec.name}'}}
  readyWhen: ["${shared.data.ready == 'yes'}"]
- id: copy
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: copy}
    data: {host: '${shared.data.host}'}
)"));
    const Node& shared = *compiled.graph->find("shared");
    EXPECT_EQ(shared.type, NodeType::external);
    EXPECT_EQ(shared.resource, "configmaps");
    EXPECT_THAT(shared.dependencies, IsEmpty());
    EXPECT_THAT(compiled.graph->find("copy")->dependencies, ElementsAre("shared"));
}

TEST(ExternalReference, BySelectorIsAList) {
    const Compiled compiled = accepted(in_namespace(R"(
- id: base
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: base}}
- id: peers
  externalRef:
    apiVersion: v1
    kind: ConfigMap
    metadata: {selector: {matchLabels: {team: '${base.metadata.name}'}}}
- id: copy
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: copy}
    data: {names: '${peers.map(p, p.metadata.name).join(",")}'}
)"));
    const Node& peers = *compiled.graph->find("peers");
    EXPECT_EQ(peers.type, NodeType::external_collection);
    EXPECT_THAT(peers.dependencies, ElementsAre("base"));
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: peers
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {a: b}}}}
- id: copy
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${peers.metadata.name}'}}
)")),
                HasSubstr("type 'list(__type_peers.@idx)' does not support field selection"));
}

TEST(ExternalReference, ExcludesTemplateAndForEach) {
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: a
  forEach: [{x: "${['a']}"}]
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${x}'}}
)")),
                HasSubstr("invalid combination of resource fields: resource \"a\": cannot use "
                          "externalRef with forEach"));
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)")),
                HasSubstr("resource \"a\": cannot use externalRef with template"));
}

TEST(ExternalReference, IsAnObjectOfItsKindWhoseNameHasAType) {
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: a
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${1 + 1}'}}
)")),
                HasSubstr("returns type \"int\" but expected \"string\""));
}

TEST(Scope, OfAClusterScopedInstanceChildrenNameTheirNamespace) {
    EXPECT_THAT(refusal_of(in_cluster(R"(
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)")),
                HasSubstr("resource \"a\" is namespaced and must set metadata.namespace when the "
                          "instance CRD is cluster-scoped"));
    EXPECT_THAT(refusal_of(in_cluster(R"(
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: '  '}}
)")),
                HasSubstr("must set metadata.namespace"));
    const Compiled compiled = accepted(in_cluster(R"(
- id: space
  template: {apiVersion: v1, kind: Namespace, metadata: {name: '${schema.spec.name}'}}
- id: inside
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: '${space.metadata.name}'}
- id: everywhere
  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {a: b}}}}
)"));
    EXPECT_FALSE(compiled.graph->namespaced);
    EXPECT_EQ(compiled.graph->crd.string_at("spec", "scope"), "Cluster");
    EXPECT_FALSE(compiled.graph->find("space")->namespaced);
}

TEST(Scope, AClusterScopedInstanceHasNoNamespace) {
    EXPECT_THAT(refusal_of(in_cluster(R"(
- id: a
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: '${schema.metadata.namespace}'}
)")),
                HasSubstr("undefined field 'namespace'"));
    accepted(in_namespace(R"(
- id: a
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: '${schema.metadata.namespace}'}
)"));
}

TEST(Scope, AClusterScopedChildIsInNoNamespace) {
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: a
  template: {apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}
)")),
                HasSubstr("resource \"a\" is cluster-scoped and must not set metadata.namespace"));
}

// The OpenAPI of a status field with this expression.
std::string inferred(std::string_view expression) {
    const Compiled compiled = accepted(cat(R"(
schema:
  kind: A
  apiVersion: v1
  spec: {name: string, any: object, sizes: '[]integer', ratio: float}
  status: {field: ')",
                                           expression, R"('}
resources:
- id: web
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: web}}
- id: many
  forEach: [{x: "${['a', 'b']}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${x}'}}
)"));
    if (compiled.graph == nullptr) {
        return "";
    }
    const Path path{"spec",       "versions", 0UL,          "schema", "openAPIV3Schema",
                    "properties", "status",   "properties", "field"};
    const Value* found = path.find_in(compiled.graph->crd);
    return found == nullptr ? "" : to_json(*found);
}

TEST(StatusInference, GivesEachTypeItsSchema) {
    EXPECT_EQ(inferred("${schema.spec.name}"), R"({"type":"string"})");
    EXPECT_EQ(inferred("a-${schema.spec.name}"), R"({"type":"string"})");
    EXPECT_EQ(inferred("${schema.spec.name == \"\"}"), R"({"type":"boolean"})");
    EXPECT_EQ(inferred("${size(schema.spec.name)}"), R"({"type":"integer"})");
    EXPECT_EQ(inferred("${schema.spec.ratio * 2.0}"), R"({"type":"number"})");
    EXPECT_EQ(inferred("${schema.spec.sizes}"), R"({"type":"array","items":{"type":"integer"}})");
    EXPECT_EQ(inferred("${web.data}"),
              R"({"type":"object","additionalProperties":{"type":"string"}})");
    EXPECT_EQ(inferred("${many.map(m, m.metadata.name)}"),
              R"({"type":"array","items":{"type":"string"}})");
    EXPECT_EQ(inferred("${schema.spec.any.whatever}"),
              R"({"x-kubernetes-preserve-unknown-fields":true})");
    EXPECT_EQ(inferred("${bytes(schema.spec.name)}"), R"({"type":"string","format":"byte"})");
    EXPECT_EQ(inferred("${duration(schema.spec.name)}"),
              R"({"description":"unknown CEL type: google.protobuf.Duration",)"
              R"("x-kubernetes-preserve-unknown-fields":true})");
    EXPECT_EQ(inferred("${quantity(schema.spec.name)}"),
              R"({"type":"object","additionalProperties":true})");
    EXPECT_EQ(inferred("${optional.of(schema.spec.name)}"),
              R"x({"description":"unknown CEL type: optional_type(string)",)x"
              R"x("x-kubernetes-preserve-unknown-fields":true})x");
}

// kro names a property as expressions do. Unlike kro's, our status keeps the real one, too.
TEST(StatusInference, NamesAPropertyAsKroDoesAndKeepsTheRealOne) {
    const std::string metadata = inferred("${web.metadata}");

    EXPECT_THAT(metadata, HasSubstr(R"("__namespace__":{"type":"string"})"));
    EXPECT_THAT(metadata, HasSubstr(R"(},"x-kubernetes-preserve-unknown-fields":true})"));
}

TEST(StatusFields, RefuseNullAndNumbers) {
    EXPECT_THAT(refusal_of(R"(
schema: {kind: A, apiVersion: v1, status: {a: null, b: {c: 5}, d: '${web.metadata.name}'}}
resources:
- id: web
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: web}}
)"),
                HasSubstr("status fields without expressions are not supported: [a b.c]"));
}

TEST(Template, NamesTheChoiceOfANumberOrATextAsItsSchemaDoes) {
    EXPECT_THAT(refusal_of(in_namespace(R"(
- id: web
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {strategy: {rollingUpdate: {maxSurge: {a: 1}}}}
)")),
                HasSubstr("expected integer or string type for path "
                          "spec.strategy.rollingUpdate.maxSurge, got object"));
}

// OpenAPI v3 says of a quantity that it is a text or a number; kro finds no type in that.
TEST(Quantities, TakeEverythingAndAloneHaveNoType) {
    const auto with = [](std::string_view requests, std::string_view expression) {
        return cat(R"(
schema: {kind: A, apiVersion: v1, spec: {amounts: 'map[string]integer'}}
resources:
- id: claim
  template:
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: claim}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: )",
                   requests, R"(}}
- id: pod
  template:
    apiVersion: v1
    kind: Pod
    metadata: {name: pod}
    spec: {volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}], containers: [{name: c}]}
- id: copy
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: copy}, data: {size: ')",
                   expression, "'}}\n");
    };
    accepted(with("'${schema.spec.amounts}'", "${claim.spec.resources.requests[\"storage\"]}"));
    EXPECT_THAT(refusal_of(with("{storage: 1Gi}", "${pod.spec.volumes[0].emptyDir.sizeLimit}")),
                HasSubstr("undefined field 'sizeLimit'"));
}

TEST(ReadyWhen, OfACollectionSeesEachItemAndNothingElse) {
    const auto with = [](std::string_view condition) {
        return in_namespace(cat(R"(
- id: many
  forEach: [{x: "${['a', 'b']}"}]
  readyWhen: [")",
                                condition, R"("]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${x}'}}
)"));
    };
    accepted(with("${each.data.ready == 'yes'}"));
    EXPECT_THAT(refusal_of(with("${many.size() == 2}")),
                HasSubstr("resource \"many\" readyWhen: references unknown identifiers: [many]"));
    EXPECT_THAT(refusal_of(with("${x == 'a'}")), HasSubstr("references unknown identifiers: [x]"));
}

TEST(IncludeWhen, MakesADependencyOfWhatItReads) {
    const Compiled compiled = accepted(in_namespace(R"(
- id: second
  includeWhen: ["${first.data.go == 'yes'}"]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: second}}
- id: first
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: first}}
)"));
    EXPECT_THAT(compiled.graph->topological_order, ElementsAre("first", "second"));
}

}  // namespace
}  // namespace weft::graph
