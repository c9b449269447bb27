// crd/internal/rule_cost.cc: estimates of cel, times how often a rule runs.

#include "crd/internal/rule_cost.h"

#include <optional>
#include <string>
#include <utility>

#include "base/base.h"
#include "cel/cost.h"

namespace weft::crd::internal {

namespace {

// Bytes of the largest request: what bounds how often something without bounds can stand in it.
constexpr uint64_t request_bytes_max = uint64_t{3} << 20;

std::string unescape(std::string_view identifier) {
    if (identifier.size() > 4 && identifier.starts_with("__") && identifier.ends_with("__") &&
        !identifier.substr(2, identifier.size() - 4).contains("__")) {
        return std::string(identifier.substr(2, identifier.size() - 4));
    }
    std::string out(identifier);
    for (const auto& [code, plain] : {std::pair{"__underscores__", "__"},
                                      {"__dot__", "."},
                                      {"__dash__", "-"},
                                      {"__slash__", "/"}}) {
        out = replace_all(out, code, plain);
    }
    return out;
}

// Upstream's estimator walks the path from the rule's own node and never looks at its first step,
// so constants and results of loops have the size of that node.
std::optional<cel::SizeEstimate> size_of(const schema::Schema* node,
                                         std::span<const std::string_view> path) {
    if (path.empty()) {
        return std::nullopt;
    }
    for (size_t i = 1; i < path.size() && node != nullptr; ++i) {
        if (path[i] == "@keys") {
            return i + 1 == path.size() ? std::optional(cel::SizeEstimate{0, 0}) : std::nullopt;
        }
        if (path[i] == "@items" || path[i] == "@values") {
            node = node->type == schema::Type::array ? node->items : node->additional_properties;
            continue;
        }
        const schema::Schema* property = node->find_property(path[i]);
        node = property != nullptr ? property : node->find_property(unescape(path[i]));
    }
    if (node == nullptr || !is_typable(*node)) {
        return std::nullopt;
    }
    return cel::SizeEstimate{0, cel::max_elements(*node)};
}

uint64_t estimate(const cel::Environment& environment, const cel::Program& program,
                  const schema::Schema& node) {
    return cel::estimate_cost(
               environment, program.ast(),
               [&node](std::span<const std::string_view> path) { return size_of(&node, path); })
        .max;
}

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
    const uint64_t cost = estimate(used_by(rule, environment), *program.program, *scope.node());
    // One comma at least stands between two values.
    const uint64_t count = scope.cardinality().value_or(
        request_bytes_max / (cel::min_serialized_size(*scope.node()) + 1));
    return cel::saturating_multiply(cost, count);
}

uint64_t message_cost(const RuleProgram& program, const schema::ValidationRule& rule,
                      const RuleEnvironment& environment, const RuleScope& scope) {
    return program.message ? estimate(used_by(rule, environment), *program.message, *scope.node())
                           : 0;
}

}  // namespace weft::crd::internal
