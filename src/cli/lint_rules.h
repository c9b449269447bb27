// cli/lint_rules.h: what is valid but most likely not meant, as a table of rules.

#pragma once

#include <span>
#include <string_view>

#include "graph/graph.h"

namespace weft::cli {

struct LintRule {
    std::string_view id;  // "L001"
    Severity severity = Severity::warning;
    std::string_view title;
    std::string_view why;  // what happens, or does not
    std::string_view cure;
};

// Ordered by id.
[[nodiscard]] std::span<const LintRule> lint_rules();
[[nodiscard]] const LintRule* find_lint_rule(std::string_view id);

// Everything the rules find in a definition that compiled, in the order of the rules. Paths are
// those of the definition.
[[nodiscard]] Diagnostics lint(const graph::Definition& definition, const graph::Graph& graph);

}  // namespace weft::cli
