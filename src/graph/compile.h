// graph/compile.h: from a definition to a Graph, or to everything that is wrong with it.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/definition.h"
#include "graph/diagnostics.h"
#include "graph/expression.h"
#include "graph/limits.h"
#include "schema/schema.h"

namespace weft::graph {

// What the cluster knows about a kind.
struct KindFacts {
    schema::SchemaPtr schema;  // of a whole object
    std::string resource;      // "deployments"
    bool namespaced = true;
    bool is_known = true;  // false: the schema takes anything, and the rest is a guess
};

// For a kind that nobody knows: an object with metadata and any other fields.
[[nodiscard]] KindFacts unknown_kind_facts(const GroupVersionKind& kind);

// The facts of a kind that a CustomResourceDefinition defines, with a whole object's metadata; for
// whoever has the CRD and no API server. not_found if it has no such version.
[[nodiscard]] Result<KindFacts> kind_facts_of_crd(const Value& crd, std::string_view version);
// The facts of a builtin kind. not_found ("schema not found") for every other.
[[nodiscard]] Result<KindFacts> builtin_kind_facts(const GroupVersionKind& kind);
// The schema of a kind in a document of /openapi/v3/apis/GROUP/VERSION; not_found ("schema not
// found") if it is not there.
[[nodiscard]] Result<schema::SchemaPtr> schema_of_open_api(const Value& document,
                                                           const GroupVersionKind& kind);

// Switches of kro's --feature-gates that compile looks at.
struct FeatureGates {
    bool cel_omit_function = false;
};

// How large a definition may become, counted before it runs and while it does.
struct Budget {
    uint64_t cost = UINT64_MAX;     // of one plan of an instance, in CEL's units: --max-cost
    uint64_t objects = UINT64_MAX;  // of one instance: --max-objects

    [[nodiscard]] bool limits_cost() const { return cost != UINT64_MAX; }
};

struct CompileContext {
    // The facts of a kind, or why there are none: its text follows "failed to get schema for
    // resource X: ". Must give the same answer during one compile.
    std::function<Result<KindFacts>(const GroupVersionKind&)> find_kind;
    // A kind without facts is a warning and its fields are not checked; except where its group is
    // Kubernetes' own, which has no other kinds.
    bool allow_unknown_kinds = false;
    int64_t collection_dimensions = limits::collection_dimensions;
    int64_t collection_size = limits::collection_size;  // for the budget
    Budget budget;  // a definition that may exceed it is refused
    FeatureGates gates;
};

// def and def_collection make no object: they are values that other nodes read.
enum class NodeType : uint8_t {
    resource,
    collection,
    external,
    external_collection,
    def,
    def_collection,
};

// What is known of one entry once it compiled.
struct Node {
    std::string id;
    NodeType type = NodeType::resource;
    GroupVersionKind kind;
    std::string resource;  // plural
    bool namespaced = true;
    std::vector<std::string> dependencies;     // ids, in the order of the definition
    int64_t apply_order = 1;                   // dependents have higher numbers
    std::vector<FieldExpression> expressions;  // of the template or external reference
    std::vector<Expression> include_when;
    std::vector<Expression> ready_when;
    Lifecycle lifecycle;
    bool reports_drift = false;
    Path path;  // of the entry in the definition

    [[nodiscard]] bool is_external() const {
        return type == NodeType::external || type == NodeType::external_collection;
    }
    [[nodiscard]] bool is_def() const {
        return type == NodeType::def || type == NodeType::def_collection;
    }
    // Its objects are the instance's own: applied, pruned, deleted with it.
    [[nodiscard]] bool makes_objects() const {
        return type == NodeType::resource || type == NodeType::collection;
    }
    // Made once for each item of a forEach.
    [[nodiscard]] bool iterates() const {
        return type == NodeType::collection || type == NodeType::def_collection;
    }
    // What expressions read under its id is a list.
    [[nodiscard]] bool is_list() const {
        return iterates() || type == NodeType::external_collection;
    }
};

struct Programs;  // the compiled expressions, graph/internal/programs.h

// A Graph is what a GraphRevision stores: everything needed to plan an instance. It is immutable
// and may be shared by threads.
struct Graph {
    std::string definition_name;
    std::string definition_uid;
    GroupVersionKind instance_kind;
    std::string instance_resource;  // plural
    bool namespaced = true;

    std::vector<Node> nodes;                     // in topological order
    std::vector<std::string> topological_order;  // their ids
    // Ids that the status reads, in topological order; "schema" last if it reads the instance.
    std::vector<std::string> status_dependencies;
    bool has_author_conditions = false;
    bool lists_resources = false;  // see Definition

    Value crd;  // the CustomResourceDefinition, without kro's labels

    std::shared_ptr<const Programs> programs;

    [[nodiscard]] const Node* find(std::string_view id) const;
    // status.resources of the definition: nodes with dependencies, in topological order.
    [[nodiscard]] Value resources_status() const;
};
using SharedGraph = std::shared_ptr<const Graph>;

struct Compiled {
    SharedGraph graph;        // null if a diagnostic is an error
    Diagnostics diagnostics;  // the first error is the one that kro reports
};

// Everything of §4: names, templates against schemas, dependencies, scopes, types, the status
// schema, conditions. Pure: the same definition and facts give the same answer. Mistakes that do
// not follow from another are told together, in the order in which kro would meet them.
[[nodiscard]] Compiled compile(const Definition& definition, const CompileContext& context);

}  // namespace weft::graph
