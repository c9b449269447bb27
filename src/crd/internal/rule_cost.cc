// crd/internal/rule_cost.cc: estimates of cel, times how often a rule runs.

#include "crd/internal/rule_cost.h"

#include "cel/cost.h"

namespace weft::crd::internal {

namespace {

// Bytes of the largest request: what bounds how often something without bounds can stand in it.
constexpr uint64_t request_bytes_max = uint64_t{3} << 20;

const cel::Environment& used_by(const schema::ValidationRule& rule,
                                const RuleEnvironment& environment) {
    return rule.optional_old_self.value_or(false) ? environment.optional : environment.plain;
}

}  // namespace

uint64_t rule_cost(const RuleProgram& program, const schema::ValidationRule& rule,
                   const RuleEnvironment& environment, const RuleScope& scope) {
    if (!program.program) {
        return 0;
    }
    const uint64_t cost =
        cel::estimate_cost(used_by(rule, environment), program.program->ast()).max;
    // One comma at least stands between two values.
    const uint64_t count = scope.cardinality().value_or(
        request_bytes_max / (cel::min_serialized_size(*scope.node()) + 1));
    return cel::saturating_multiply(cost, count);
}

uint64_t message_cost(const RuleProgram& program, const schema::ValidationRule& rule,
                      const RuleEnvironment& environment) {
    return program.message
               ? cel::estimate_cost(used_by(rule, environment), program.message->ast()).max
               : 0;
}

}  // namespace weft::crd::internal
