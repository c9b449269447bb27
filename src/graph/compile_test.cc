// graph/compile_test.cc: what definitions are accepted, what is said of the others.

#include "graph/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Compiled compile_yaml(std::string_view spec, bool with_omit = false) {
    Result<Value> value = parse_yaml_value(spec);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    const Object object(
        Value::map_of({{"metadata", Value::map_of({{"name", "web"}, {"uid", "u-1"}})},
                       {"spec", value ? *value : Value()}}));
    Diagnostics told;
    const Definition definition = parse_definition(object, &told);
    EXPECT_TRUE(told.empty());
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    context.gates.cel_omit_function = with_omit;
    return compile(definition, context);
}

std::string first_error(std::string_view spec) {
    return first_error_text(compile_yaml(spec).diagnostics);
}

// A definition with a schema of a few fields and the given resources.
std::string with_resources(std::string_view resources, std::string_view status = "") {
    return cat(R"(
schema:
  kind: Web
  apiVersion: v1alpha1
  spec:
    name: string
    replicas: integer | default=1
    zones: "[]string"
    values: object
)",
               status.empty() ? "" : "  status:\n", status, "resources:\n", resources);
}

constexpr std::string_view deployment = R"(
- id: deployment
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: "${schema.spec.name}"}
    spec:
      replicas: ${schema.spec.replicas}
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: web, image: "nginx:${schema.spec.name}"}]
  readyWhen: ["${deployment.status.readyReplicas == 1}"]
)";

TEST(Compile, BuildsAGraphInTopologicalOrder) {
    const Compiled compiled = compile_yaml(with_resources(
        cat(R"(
- id: config
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "${deployment.metadata.name}-x"}
    data: {replicas: "${string(deployment.status.replicas)}"}
)",
            deployment),
        "    available: ${deployment.status.availableReplicas}\n    name: ${schema.spec.name}\n"));

    ASSERT_NE(compiled.graph, nullptr) << first_error_text(compiled.diagnostics);
    const Graph& graph = *compiled.graph;
    EXPECT_THAT(graph.topological_order, ElementsAre("deployment", "config"));
    EXPECT_THAT(graph.nodes[1].dependencies, ElementsAre("deployment"));
    EXPECT_EQ(graph.nodes[0].apply_order, 1);
    EXPECT_EQ(graph.nodes[1].apply_order, 2);
    EXPECT_EQ(graph.nodes[0].resource, "deployments");
    EXPECT_THAT(graph.status_dependencies, ElementsAre("deployment", "schema"));
    const Value* status =
        graph.crd.find("spec", "versions")
            ->at(0)
            .find("schema", "openAPIV3Schema", "properties", "status", "properties");
    EXPECT_EQ(status->string_at("available", "type"), "integer");
    EXPECT_EQ(status->string_at("name", "type"), "string");
    EXPECT_EQ(to_json(graph.resources_status()),
              R"([{"id":"config","dependencies":[{"id":"deployment"}]}])");
}

TEST(Compile, TellsAllMistakesOfNamesInKrosWords) {
    const Compiled compiled = compile_yaml(R"(
schema: {kind: web, apiVersion: v1}
resources:
- {id: schema, template: &any {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}}
- {id: Web_1, template: *any}
- {id: ok, template: *any}
- {id: ok, template: *any}
)");

    std::vector<std::string> messages;
    for (const Diagnostic& diagnostic : compiled.diagnostics) {
        messages.push_back(diagnostic.message);
    }
    const std::string front =
        "failed to validate resourcegraphdefinition: naming convention violation: ";
    EXPECT_THAT(
        messages,
        ElementsAre(front + "kind 'web' is not a valid KRO kind name: must be UpperCamelCase",
                    front + "id schema is a reserved keyword in KRO",
                    front + "id Web_1 is not a valid KRO resource id: must be lower camelCase",
                    front + "found duplicate resource IDs ok"));
    EXPECT_EQ(compiled.diagnostics[3].path, "spec.resources[3].id");
    EXPECT_FALSE(compiled.diagnostics[3].cure.empty());
}

TEST(Compile, HoldsTemplatesAgainstTheirSchema) {
    const Compiled compiled = compile_yaml(with_resources(R"(
- id: pod
  template:
    apiVersion: v1
    kind: Pod
    metadata: {name: x, labels: [a]}
    spec: {containers: [{name: 3, image: x, wrong: 1}], hostNetwork: "yes ${schema.spec.name}"}
)"));

    std::vector<std::string> messages;
    for (const Diagnostic& diagnostic : compiled.diagnostics) {
        messages.push_back(cat(diagnostic.path, ": ", diagnostic.message));
    }
    const std::string front =
        "failed to build resource \"pod\": failed to extract CEL expressions from schema for "
        "resource pod: ";
    const std::string path = "spec.resources[0].template.";
    EXPECT_THAT(
        messages,
        ElementsAre(
            path + "metadata.labels: " + front +
                "expected object type for path metadata.labels, got array",
            path + "spec.containers[0].name: " + front +
                "expected string type for path spec.containers[0].name, got integer",
            path + "spec.containers[0].wrong: " + front +
                "error getting field schema for path spec.containers[0].wrong: schema not found "
                "for field wrong",
            path + "spec.hostNetwork: " + front +
                "expected boolean type for path spec.hostNetwork, got string"));
}

TEST(Compile, NamesWhatIsUnknown) {
    EXPECT_EQ(
        first_error(with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${other.metadata.name}"}}
)")),
        "failed to build dependency graph: failed to extract dependencies: references unknown "
        "identifiers: [other]");
    EXPECT_EQ(first_error(with_resources(R"(
- id: thing
  template: {apiVersion: example.com/v1, kind: Thing, metadata: {name: x}}
)")),
              "failed to build resource \"thing\": failed to get schema for resource thing: schema "
              "not found");
    EXPECT_THAT(first_error(with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.nope}"}}
)")),
                HasSubstr("failed to validate resource \"config\": failed to compile template "
                          "expression \"schema.spec.nope\" at path \"metadata.name\": ERROR: "));
    EXPECT_EQ(first_error(with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${runtime.x}"}}
)")),
              "failed to build dependency graph: failed to extract dependencies: runtime is only "
              "available in status.conditions expressions");
}

TEST(Compile, NamesACycle) {
    EXPECT_EQ(first_error(with_resources(R"(
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b.metadata.name}"}}
- id: b
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${a.metadata.name}"}}
)")),
              "failed to build dependency graph: graph contains a cycle: a -> b -> a");
}

TEST(Compile, ChecksTheTypeOfEveryField) {
    EXPECT_EQ(
        first_error(with_resources(R"(
- id: config
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: x}
    data: {a: "${schema.spec.replicas}"}
)")),
        "failed to validate resource \"config\": type mismatch in resource \"config\" at path "
        "\"data.a\": expression \"schema.spec.replicas\" returns type \"int\" but expected "
        "\"string\": type kind mismatch: got \"int\", expected \"string\"");
    EXPECT_EQ(first_error(with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: "${schema.spec.values}"}
  includeWhen: ["${schema.spec.replicas}"]
)")),
              "failed to validate resource \"config\": includeWhen expression "
              "\"schema.spec.replicas\" in resource \"config\" must return bool or "
              "optional_type(bool), but returns \"int\"");
}

TEST(Compile, ChecksCollections) {
    EXPECT_EQ(first_error(with_resources(R"(
- id: configs
  forEach: [{zone: "${schema.spec.zones}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
)")),
              "failed to build dependency graph: node \"configs\": all forEach dimensions must be "
              "used to produce a unique resource identity, missing: [zone]");
    EXPECT_THAT(first_error(with_resources(R"(
- id: configs
  forEach: [{zone: "${schema.spec.name}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${zone}"}}
)")),
                HasSubstr("node \"configs\": forEach iterator \"zone\" must return a list, got "
                          "\"string\""));
    EXPECT_EQ(first_error(with_resources(R"(
- id: configs
  forEach: [{zone: "${schema.spec.zones}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${zone}"}}
  readyWhen: ["${each.data.size() > 0}"]
- id: all
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: all}
    data: {names: "${configs.map(c, c.metadata.name)[0]}"}
)")),
              "");
}

TEST(Compile, KeepsReadyWhenToItsOwnNode) {
    EXPECT_EQ(first_error(with_resources(cat(deployment, R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
  readyWhen: ["${deployment.status.replicas == 1}"]
)"))),
              "failed to validate resource \"config\": resource \"config\" readyWhen: references "
              "unknown identifiers: [deployment]");
}

TEST(Compile, KeepsKrosLabelsToItself) {
    EXPECT_EQ(first_error(with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {kro.run/a: b}}}
)")),
              "failed to build resource \"config\": invalid label for resource \"config\". labels "
              "with prefix \"kro.run/\" are reserved for internal use");
}

TEST(Compile, WantsExpressionsInTheStatus) {
    EXPECT_EQ(first_error(R"(
schema: {kind: Web, apiVersion: v1, status: {a: "text", b: {c: 3}}}
resources: []
)"),
              "failed to build instance status schema: status fields without expressions are not "
              "supported: [a b.c]");
    EXPECT_EQ(first_error(R"(
schema: {kind: Web, apiVersion: v1, status: {a: "${1 + 1}"}}
resources: []
)"),
              "failed to create instance node: instance status field must refer to a resource or "
              "schema: status.a");
}

TEST(Compile, ChecksAuthorConditions) {
    EXPECT_EQ(first_error(R"(
schema:
  kind: Web
  apiVersion: v1
  status:
    conditions:
    - "${runtime.newCondition({type: 'A', status: 'True', reason: '', message: ''})}"
    - "${runtime.newCondition({type: 'A', status: 'True', reason: '', message: ''})}"
resources: []
)"),
              "failed to build instance conditions: condition type \"A\" is declared by more than "
              "one conditions entry");
}

TEST(Compile, AllowsOmitOnlyWhereItCanBe) {
    const std::string in_name = with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${omit()}"}}
)");
    EXPECT_EQ(first_error_text(compile_yaml(in_name).diagnostics),
              "failed to build dependency graph: failed to extract dependencies: omit() requires "
              "the CELOmitFunction feature gate to be enabled");
    EXPECT_EQ(first_error_text(compile_yaml(in_name, true).diagnostics),
              "resource \"config\": omit() cannot be used at path \"metadata.name\" — the field is "
              "required and must resolve to a concrete value");
    const std::string in_when = with_resources(R"(
- id: config
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
  includeWhen: ["${schema.spec.replicas > 1 ? true : omit()}"]
)");
    EXPECT_NE(first_error_text(compile_yaml(in_when, true).diagnostics), "");
}

}  // namespace
}  // namespace weft::graph
