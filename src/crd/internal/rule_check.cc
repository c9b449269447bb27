// crd/internal/rule_check.cc: compiling every rule of a definition once.

#include "crd/internal/rule_check.h"

#include <algorithm>
#include <cstdio>

#include "base/base.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/rule_cost.h"
#include "crd/internal/rule_program.h"
#include "crd/limits.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_internal;
using schema::field_invalid;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;

namespace {

uint64_t saturated_product(uint64_t a, uint64_t b) {
    uint64_t out = 0;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

schema::ValidationRule read_rule(const Value& json) {
    schema::ValidationRule rule{
        .rule = std::string(json.string_at("rule")),
        .message = std::string(json.string_at("message")),
        .message_expression = std::string(json.string_at("messageExpression"))};
    if (get(json, "optionalOldSelf") != nullptr) {
        rule.optional_old_self = is_set(json, "optionalOldSelf");
    }
    return rule;
}

}  // namespace

std::string cost_error_text(std::string_view what, uint64_t cost, uint64_t limit) {
    const double factor = static_cast<double>(cost) / static_cast<double>(limit);
    char text[64] = "more than 100x";
    if (factor < 1.5) {
        std::snprintf(text, sizeof text, "%fx", factor);
    } else if (factor <= 100.0) {
        std::snprintf(text, sizeof text, "%.1fx", factor);
    }
    return cat(what, " exceeds budget by factor of ", text,
               " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where "
               "arrays, maps, and strings are declared)");
}

RuleScope RuleScope::root(const schema::Schema* view) {
    RuleScope scope;
    scope.node_ = view;
    scope.cardinality_ = 1;
    return scope;
}

RuleScope RuleScope::child(const Value& parent, Step step, std::string_view name) const {
    RuleScope scope;
    if (node_ == nullptr) {
        return scope;
    }
    scope.node_ = step == Step::property ? node_->find_property(name)
                  : step == Step::item   ? node_->items
                                         : node_->additional_properties;
    const std::optional<uint64_t> elements = elements_max(parent);
    if (cardinality_ && elements) {
        scope.cardinality_ = saturated_product(*cardinality_, *elements);
    }
    return scope;
}

std::optional<uint64_t> RuleScope::elements_max(const Value& schema) {
    const std::string_view type = schema.string_at("type");
    const Value* bound = nullptr;
    if (type == "array") {
        bound = get(schema, "maxItems");
    } else if (type == "object" && get(schema, "additionalProperties") != nullptr) {
        bound = get(schema, "maxProperties");
    } else {
        return 1;
    }
    if (bound == nullptr || !bound->is_int()) {
        return std::nullopt;
    }
    return static_cast<uint64_t>(std::max<int64_t>(bound->as_int(), 0));
}

RuleCheck::RuleCheck(const schema::SchemaPtr& schema)
    : view_(has_rules(*schema) ? make_rule_view(*schema) : nullptr) {}

FieldErrors RuleCheck::check(std::span<const Value> rules, const std::string& path,
                             const RuleScope& scope, const std::string& uncorrelatable,
                             bool suppress_cost) {
    FieldErrors out;
    if (!is_typable(*scope.node())) {
        out.push_back(field_internal(
            path,
            "internal error: failed to construct type information for x-kubernetes-validations "
            "rules: unable to convert structural schema to CEL declarations"));
        return out;
    }
    const RuleEnvironment environment = make_rule_environment(view_, *scope.node());
    for (size_t i = 0; i < rules.size(); ++i) {
        const schema::ValidationRule rule = read_rule(rules[i]);
        const RuleProgram program = compile_rule(rule, environment);
        const std::string place = path_index(path, i);
        const std::string rule_path = path_child(place, "rule");
        const std::string message_path = path_child(place, "messageExpression");
        const uint64_t cost = rule_cost(program, rule, environment, scope);
        if (!suppress_cost && cost > rule_cost_max) {
            out.push_back(field_forbidden(
                rule_path, cost_error_text("estimated rule cost", cost, rule_cost_max)));
        }
        costs_.observe(rule_path, cost);
        if (!program.error.empty()) {
            out.push_back(field_invalid(rule_path, rule_as_go(rules[i]), program.error));
        }
        if (!program.message_error.empty()) {
            out.push_back(field_invalid(message_path, rule_as_go(rules[i]), program.message_error));
        } else if (program.message) {
            const uint64_t message = message_cost(program, rule, environment, scope);
            if (!suppress_cost && message > rule_cost_max) {
                out.push_back(field_forbidden(
                    message_path,
                    cost_error_text("estimated messageExpression cost", message, rule_cost_max)));
            }
            costs_.observe(message_path, message);
        }
        if (program.uses_old_self) {
            if (!uncorrelatable.empty()) {
                out.push_back(field_invalid(
                    rule_path, Value(rule.rule),
                    cat("oldSelf cannot be used on the uncorrelatable portion of the schema "
                        "within ",
                        uncorrelatable)));
            }
        } else if (rule.optional_old_self) {
            out.push_back(field_invalid(path_child(place, "optionalOldSelf"),
                                        Value(*rule.optional_old_self),
                                        "may not be set if oldSelf is not used in rule"));
        }
    }
    return out;
}

void CostTotal::observe(const std::string& path, uint64_t cost) {
    total_ = cost > UINT64_MAX - total_ ? UINT64_MAX : total_ + cost;
    if (cost < definition_cost_max / 100) {
        return;
    }
    expensive_.push_back({path, cost});
    std::ranges::stable_sort(expensive_, std::greater{}, &Rule::cost);
    if (expensive_.size() > expensive_rules_max) {
        expensive_.resize(expensive_rules_max);
    }
}

FieldErrors RuleCheck::total_errors(const std::string& path) const {
    FieldErrors out;
    if (costs_.total() <= definition_cost_max) {
        return out;
    }
    for (const CostTotal::Rule& rule : costs_.expensive()) {
        out.push_back(field_forbidden(rule.path,
                                      "contributed to estimated rule cost total exceeding cost "
                                      "limit for entire OpenAPIv3 schema"));
    }
    out.push_back(field_forbidden(
        path, cost_error_text("x-kubernetes-validations estimated rule cost total for entire "
                              "OpenAPIv3 schema",
                              costs_.total(), definition_cost_max)));
    return out;
}

}  // namespace weft::crd::internal
