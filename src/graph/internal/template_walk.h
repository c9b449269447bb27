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
    std::string suggestion = {};  // "did you mean …? ", for the cure
};

struct TemplateWalk {
    std::vector<FieldExpression> expressions;  // in document order
    std::vector<TemplateMistake> mistakes;     // every field that does not fit
    // What kro lets pass and the API server would refuse, in its words: a field that is required
    // and missing, a value that is none of the allowed ones.
    std::vector<TemplateMistake> refusals;
};

// Walks a template depth first (§3.4). An expression that stands alone may go anywhere; its type is
// checked later. Values are not held against patterns and formats: that is the API server's.
// A null schema is a mistake of the whole object.
[[nodiscard]] TemplateWalk walk_template(const Value& object, const schema::Schema* schema);

// The types a node may have: "any", "string", …; empty if the schema says nothing.
[[nodiscard]] std::vector<std::string> expected_type_names(const schema::Schema& schema);
// The types that alternatives name, "object" before them where a branch has required or not.
[[nodiscard]] std::vector<std::string> alternative_type_names(
    const std::vector<const schema::Schema*>& alternatives);

}  // namespace weft::graph
