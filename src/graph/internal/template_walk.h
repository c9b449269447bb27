// graph/internal/template_walk.h: a template held against the schema of its kind.

#pragma once

#include <string>
#include <vector>

#include "graph/expression.h"
#include "schema/schema.h"

namespace weft::graph {

// A field that does not fit, in kro's words.
struct TemplateMistake {
    Path path;
    std::string message;
};

struct TemplateWalk {
    std::vector<FieldExpression> expressions;  // in document order
    std::vector<TemplateMistake> mistakes;     // every field that does not fit
};

// Walks a template depth first (§3.4). An expression that stands alone may go anywhere; its type is
// checked later. Required fields are not looked for, and values not held against enum, pattern or
// format: that is the API server's.
[[nodiscard]] TemplateWalk walk_template(const Value& object, const schema::Schema& schema);

// The types a node may have: "any", "string", …; empty if the schema says nothing.
[[nodiscard]] std::vector<std::string> expected_type_names(const schema::Schema& schema);
// The types that alternatives name, "object" before them where a branch has required or not.
[[nodiscard]] std::vector<std::string> alternative_type_names(
    const std::vector<const schema::Schema*>& alternatives);

}  // namespace weft::graph
