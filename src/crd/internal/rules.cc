// crd/internal/rules.cc: walking an object and its schema, evaluating rules on the way.

#include "crd/internal/rules.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/base.h"
#include "crd/internal/field_path.h"
#include "crd/internal/map_list.h"
#include "crd/internal/rule_program.h"
#include "crd/limits.h"
#include "schema/open_api.h"

namespace weft::crd::internal {

using schema::FieldError;
using schema::FieldErrors;
using schema::Schema;
using schema::ValidationRule;

namespace {

// A node of the schema with rules at it or below.
struct RuleNode {
    const Schema* schema = nullptr;                      // of the view: what the values are
    const std::vector<ValidationRule>* rules = nullptr;  // null: none here
    std::unique_ptr<RuleNode> items;
    std::unique_ptr<RuleNode> additional;
    std::vector<std::pair<std::string_view, std::unique_ptr<RuleNode>>> properties;
    std::vector<std::unique_ptr<RuleNode>> all_of;
    // Made at the first value that comes here.
    mutable std::optional<std::vector<RuleProgram>> programs;

    [[nodiscard]] const RuleNode* find_property(std::string_view name) const {
        const auto found = std::ranges::find(
            properties, name, &std::pair<std::string_view, std::unique_ptr<RuleNode>>::first);
        return found == properties.end() ? nullptr : found->second.get();
    }
};

// `said`: where rules stand; `schema`: what the values are. They differ inside allOf.
std::unique_ptr<RuleNode> make_node(const Schema& said, const Schema& schema, size_t depth) {
    if (depth > schema_depth_max || !has_rules(said)) {
        return nullptr;
    }
    auto node = std::make_unique<RuleNode>();
    node->schema = &schema;
    const schema::Constraints* constraints = said.constraints.get();
    if (constraints != nullptr && !constraints->rules.empty()) {
        node->rules = &constraints->rules;
    }
    if (said.items != nullptr && schema.items != nullptr) {
        node->items = make_node(*said.items, *schema.items, depth + 1);
    }
    if (said.additional_properties != nullptr && schema.additional_properties != nullptr) {
        node->additional =
            make_node(*said.additional_properties, *schema.additional_properties, depth + 1);
    }
    for (const schema::Property& property : said.properties) {
        const Schema* inner = schema.find_property(property.name);
        // What has no type in CEL is not looked at.
        if (inner != nullptr && is_typable(*inner)) {
            if (auto child = make_node(*property.schema, *inner, depth + 1)) {
                node->properties.emplace_back(property.name, std::move(child));
            }
        }
    }
    if (constraints != nullptr) {
        for (const Schema* nested : constraints->all_of) {
            if (auto child = make_node(*nested, schema, depth + 1)) {
                node->all_of.push_back(std::move(child));
            }
        }
    }
    return node;
}

// Whether a value is as it was, as far as the old object can be told to have it.
struct Correlation {
    const Value* value = nullptr;  // null pointers: there is nothing to compare with
    const Value* old = nullptr;
    const Schema* schema = nullptr;
    bool is_known = false;                // `value` and `old` belong together; old may be absent
    const Correlation* parent = nullptr;  // the nearest that is known

    [[nodiscard]] bool is_same() const {
        if (is_known) {
            return value != nullptr && old != nullptr && *value == *old;
        }
        return parent != nullptr && parent->is_same();
    }
    [[nodiscard]] Correlation key(std::string_view name) const {
        if (!is_known) {
            return *this;
        }
        if (parent == nullptr && (name == "apiVersion" || name == "kind")) {
            return {};
        }
        Correlation child{.parent = this};
        if (old == nullptr || !old->is_map() || value == nullptr || schema == nullptr) {
            return child;
        }
        child.value = value->find(name);
        child.old = old->find(name);
        child.schema = schema->find_member(name);
        child.is_known = child.schema != nullptr;
        return child;
    }
    [[nodiscard]] Correlation item(const Value& at) const {
        if (!is_known) {
            return *this;
        }
        Correlation child{.parent = this};
        if (old != nullptr && schema != nullptr && schema->list_type == schema::ListType::map) {
            child.old = find_map_item(*old, at, *schema);
            child.value = &at;
            child.schema = schema->items;
            child.is_known = child.old != nullptr;
        }
        return child;
    }
};

std::string rule_text(const ValidationRule& rule) {
    return std::string(trim(rule.message.empty() ? rule.rule : rule.message));
}

Value type_value(const Schema& schema) {
    return Value(schema::type_text(schema.type));
}

class Evaluation {
public:
    Evaluation(const schema::SchemaPtr& view, cel::Arena& arena, const RuleLimits& limits)
        : view_(view),
          arena_(arena),
          per_call_limit_(limits.per_call),
          remaining_(static_cast<int64_t>(limits.budget)) {}

    [[nodiscard]] int64_t remaining() const { return remaining_; }

    FieldErrors errors;

    void walk(const RuleNode& node, const Value& value, const Value* old, const std::string& path,
              const Correlation& correlation, size_t depth) {
        if (value.is_null() || depth > object_depth_max || is_over()) {
            return;
        }
        if (node.rules != nullptr) {
            evaluate(node, value, old, path, correlation);
        }
        for (const auto& nested : node.all_of) {
            // Upstream does not ratchet what allOf says by the value itself.
            const Correlation unknown{.parent = correlation.parent};
            walk(*nested, value, old, path, unknown, depth + 1);
        }
        if (value.is_list() && node.items != nullptr) {
            const bool by_key = node.schema->list_type == schema::ListType::map;
            for (size_t i = 0; i < value.size() && !is_over(); ++i) {
                const Value& item = value.at(i);
                const Value* old_item =
                    by_key && old != nullptr ? find_map_item(*old, item, *node.schema) : nullptr;
                walk(*node.items, item, old_item, schema::path_index(path, i),
                     correlation.item(item), depth + 1);
            }
        } else if (value.is_map()) {
            walk_members(node, value, old, path, correlation, depth);
        }
    }

private:
    [[nodiscard]] bool is_over() const { return remaining_ < 0 || errors.size() >= errors_max; }

    void walk_members(const RuleNode& node, const Value& value, const Value* old,
                      const std::string& path, const Correlation& correlation, size_t depth) {
        for (const Member& member : value.members()) {
            const RuleNode* child = node.find_property(member.name());
            const bool is_property = child != nullptr;
            child = is_property ? child : node.additional.get();
            if (child == nullptr) {
                continue;
            }
            walk(*child, member.value, old == nullptr ? nullptr : old->find(member.name()),
                 is_property ? schema::path_child(path, member.name())
                             : schema::path_key(path, member.name()),
                 correlation.key(member.name()), depth + 1);
            if (is_over()) {
                return;
            }
        }
    }

    const std::vector<RuleProgram>& programs_of(const RuleNode& node) {
        if (!node.programs) {
            const RuleEnvironment environment = make_rule_environment(view_, *node.schema);
            std::vector<RuleProgram> programs;
            programs.reserve(node.rules->size());
            for (const ValidationRule& rule : *node.rules) {
                programs.push_back(compile_rule(rule, environment));
            }
            node.programs = std::move(programs);
        }
        return *node.programs;
    }

    void refuse(const std::string& path, const Schema& schema, std::string text) {
        errors.push_back(schema::field_invalid(path, type_value(schema), std::move(text)));
    }
    void refuse_and_stop(const std::string& path, const Schema& schema, std::string text) {
        refuse(path, schema, std::move(text));
        remaining_ = -1;
    }

    void evaluate(const RuleNode& node, const Value& value, const Value* old,
                  const std::string& path, const Correlation& correlation) {
        const Schema& schema = *node.schema;
        if (!is_typable(schema)) {
            refuse(path, schema,
                   cat("rule compiler initialization error: rule declared on schema that does not "
                       "support validation rules type: '",
                       schema::type_text(schema.type), "' x-kubernetes-preserve-unknown-fields: '",
                       schema.preserve_unknown_fields, "'"));
            return;
        }
        const std::vector<RuleProgram>& programs = programs_of(node);
        if (remaining_ <= 0) {
            refuse_and_stop(path, schema,
                            "validation failed due to running out of cost budget, no further "
                            "validation rules will be run");
            return;
        }
        if (old != nullptr && old->is_null()) {
            old = nullptr;
        }
        const bool has_transitions = std::ranges::any_of(programs, &RuleProgram::uses_old_self);
        cel::Activation plain;
        plain.bind("self", value);
        cel::Activation optional = plain;
        if (has_transitions) {
            cel::Value old_value = cel::Value::optional(nullptr);
            if (old != nullptr) {
                plain.bind("oldSelf", *old);
                old_value = cel::make_optional(arena_, cel::Value::borrow(*old, &schema, arena_));
            }
            optional.bind("oldSelf", old_value);
        }
        for (size_t i = 0; i < programs.size() && !is_over(); ++i) {
            evaluate_rule((*node.rules)[i], programs[i], schema, value, old, plain, optional, path,
                          correlation);
        }
        arena_.reset();
    }

    void evaluate_rule(const ValidationRule& rule, const RuleProgram& program, const Schema& schema,
                       const Value& value, const Value* old, const cel::Activation& plain,
                       const cel::Activation& optional, const std::string& path,
                       const Correlation& correlation) {
        if (!program.error.empty()) {
            refuse(path, schema, cat("rule compile error: ", program.error));
            return;
        }
        const bool is_optional = rule.optional_old_self.value_or(false);
        if (!program.program || (program.uses_old_self && old == nullptr && !is_optional)) {
            return;
        }
        const cel::Outcome outcome = program.program->evaluate(
            is_optional ? optional : plain, arena_, {.cost_limit = per_call_limit_});
        if (outcome.cost > static_cast<uint64_t>(remaining_)) {
            refuse_and_stop(path, schema,
                            "validation failed due to running out of cost budget, no further "
                            "validation rules will be run");
            return;
        }
        remaining_ -= static_cast<int64_t>(outcome.cost);
        if (outcome.value.is_error()) {
            const std::string text = cel::error_text(outcome.value.as_error());
            if (text.starts_with("no such overload")) {
                refuse(path, schema,
                       cat("'", text,
                           "': call arguments did not match a supported operator, function or "
                           "macro signature for rule: ",
                           rule_text(rule)));
            } else if (text.starts_with("operation cancelled: actual cost limit exceeded")) {
                refuse_and_stop(path, schema,
                                cat("'", text,
                                    "': no further validation rules will be run due to call cost "
                                    "exceeds limit for rule: ",
                                    rule_text(rule)));
            } else {
                refuse(path, schema, cat(text, " evaluating rule: ", rule_text(rule)));
            }
            return;
        }
        if (!outcome.value.is_true()) {
            report(rule, program, schema, value, plain, path, correlation);
        }
    }

    // A rule that is false.
    void report(const ValidationRule& rule, const RuleProgram& program, const Schema& schema,
                const Value& value, const cel::Activation& activation, const std::string& path,
                const Correlation& correlation) {
        std::string place = path;
        if (!rule.field_path.empty()) {
            if (const auto found = find_field_path(rule.field_path, schema)) {
                place = schema::path_child(path, found->text);
            }
        }
        const auto add = [&](FieldError error) {
            if (program.uses_old_self || !correlation.is_same()) {
                errors.push_back(std::move(error));
            }
        };
        std::optional<std::string> detail;
        if (program.message) {
            std::string problem;
            detail = evaluate_message(rule, *program.message, activation, problem);
            if (!problem.empty()) {
                add(schema::field_invalid(place, type_value(schema), std::move(problem)));
                remaining_ = -1;
                return;
            }
        }
        if (!detail) {
            detail = rule.message.empty() ? cat("failed rule: ", trim(rule.rule))
                                          : std::string(trim(rule.message));
        }
        add(error_of(rule.reason, place, value, std::move(*detail)));
    }

    static FieldError error_of(std::string_view reason, const std::string& path, const Value& value,
                               std::string detail) {
        if (reason == "FieldValueForbidden") {
            return schema::field_forbidden(path, std::move(detail));
        }
        if (reason == "FieldValueRequired") {
            return schema::field_required(path, std::move(detail));
        }
        // Whole objects would drown the message.
        const bool omits = value.is_map() || value.is_list();
        FieldError error =
            reason == "FieldValueDuplicate"
                ? schema::field_duplicate(path, omits ? Value() : value)
                : schema::field_invalid(path, omits ? Value() : value, std::move(detail));
        error.omit_value = omits;
        return error;
    }

    // The message; nothing if the rule's own is to be taken. `problem`: why no more rules are run.
    std::optional<std::string> evaluate_message(const ValidationRule& rule,
                                                const cel::Program& program,
                                                const cel::Activation& activation,
                                                std::string& problem) {
        const cel::Outcome outcome =
            program.evaluate(activation, arena_, {.cost_limit = per_call_limit_});
        if (outcome.cost > static_cast<uint64_t>(remaining_)) {
            problem =
                "messageExpression evaluation failed due to running out of cost budget, no "
                "further validation rules will be run";
            return std::nullopt;
        }
        if (outcome.value.is_error() &&
            cel::error_text(outcome.value.as_error())
                .starts_with("operation cancelled: actual cost limit exceeded")) {
            problem =
                cat("no further validation rules will be run due to call cost exceeds limit for "
                    "messageExpression: ",
                    quote(rule.message_expression));
            return std::nullopt;
        }
        remaining_ -= static_cast<int64_t>(outcome.cost);
        if (!outcome.value.is_string()) {
            return std::nullopt;
        }
        const std::string_view text = trim(outcome.value.as_string());
        if (text.empty() || text.size() > message_bytes_max || text.contains('\n')) {
            return std::nullopt;
        }
        return std::string(text);
    }

    const schema::SchemaPtr& view_;
    cel::Arena& arena_;
    uint64_t per_call_limit_;
    int64_t remaining_;
};

}  // namespace

struct Rules::Rep {
    schema::SchemaPtr view;
    std::unique_ptr<RuleNode> root;
    mutable cel::Arena arena;
};

Rules::Rules(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Rules::~Rules() = default;

std::unique_ptr<const Rules> Rules::make(const schema::SchemaPtr& root, bool is_root) {
    if (root == nullptr || !has_rules(*root)) {
        return nullptr;
    }
    auto rep = std::make_unique<Rep>();
    rep->view = make_rule_view(*root, is_root);
    if (rep->view == nullptr) {
        return nullptr;
    }
    rep->root = make_node(*rep->view, *rep->view, 0);
    return rep->root == nullptr ? nullptr : std::unique_ptr<const Rules>(new Rules(std::move(rep)));
}

FieldErrors Rules::validate(const Value& object, const Value* old, const RuleLimits& limits) const {
    Evaluation evaluation(rep_->view, rep_->arena, limits);
    const Correlation correlation{.value = &object,
                                  .old = limits.ratchets ? old : nullptr,
                                  .schema = rep_->view.get(),
                                  .is_known = limits.ratchets && old != nullptr};
    evaluation.walk(*rep_->root, object, old, limits.path, correlation, 0);
    if (limits.cost != nullptr) {
        *limits.cost = evaluation.remaining() < 0
                           ? limits.budget
                           : limits.budget - static_cast<uint64_t>(evaluation.remaining());
    }
    return std::move(evaluation.errors);
}

}  // namespace weft::crd::internal
