// graph/internal/programs.h: the compiled part of a Graph.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/node_kind.h"

namespace weft::graph {

struct NodePrograms {
    schema::SchemaPtr schema;  // of one object
    std::unique_ptr<const Renderer> renderer;
    std::vector<std::string> variables;          // of forEach
    std::vector<CompiledExpression> dimensions;  // one for each variable
    std::vector<CompiledExpression> include_when;
    std::vector<CompiledExpression> ready_when;
    std::vector<CompiledExpression> propagate_when;
    std::vector<CompiledExpression> include_items_when;
    // What the fields and readyWhen were checked with, where it is not the graph's: for bounds.
    std::optional<cel::Environment> environment;
    std::optional<cel::Environment> ready_environment;
};

// A field of the instance's spec that has a value where the user gives none.
struct ComputedField {
    Path path;  // below spec
    CompiledExpression expression;
    std::vector<bool> may_be_made;  // see ComputedText
};

struct Programs {
    std::vector<ComputedField> computed;  // each after those that it reads
    std::vector<NodePrograms> nodes;      // as Graph::nodes
    std::vector<FieldProgram> status;     // paths below status
    Value status_template;                // what the paths are put into
    std::vector<CompiledExpression> conditions;
    std::optional<cel::Environment> environment;
    schema::SchemaPtr instance_schema;
};

}  // namespace weft::graph
