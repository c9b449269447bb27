// crd/internal/rule_cost.h: what a rule may cost at worst, by the sizes that its schema bounds.

#pragma once

#include <cstdint>

#include "crd/internal/rule_check.h"
#include "crd/internal/rule_program.h"

namespace weft::crd::internal {

// For all values of the scope together; 0 for what does not compile.
[[nodiscard]] uint64_t rule_cost(const RuleProgram& program, const schema::ValidationRule& rule,
                                 const RuleEnvironment& environment, const RuleScope& scope);
// Of one evaluation of messageExpression.
[[nodiscard]] uint64_t message_cost(const RuleProgram& program, const schema::ValidationRule& rule,
                                    const RuleEnvironment& environment, const RuleScope& scope);

}  // namespace weft::crd::internal
