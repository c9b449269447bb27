// graph/internal/condition_checks.h: what status.conditions may say, as far as literals show it.

#pragma once

#include <string>
#include <vector>

#include "cel/cel.h"

namespace weft::graph {

// Checks the author's condition expressions together: a literal type in two entries, literal
// statuses and types, and which conditions of the instance they read. invalid, in kro's words.
Status check_condition_literals(const cel::Environment& environment,
                                const std::vector<std::string>& expressions,
                                size_t* wrong = nullptr);

// A Condition, a list of them, or dyn. invalid, in kro's words.
Status check_condition_type(const cel::Type* type);

}  // namespace weft::graph
