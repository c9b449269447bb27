// graph/internal/condition_checks.cc: a walk over the parsed expressions.

#include "graph/internal/condition_checks.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>

namespace weft::graph {

namespace {

constexpr std::array<std::string_view, 4> builtin_types = {"InstanceManaged", "GraphResolved",
                                                           "ResourcesReady", "Ready"};

// Calls `visit` for a node and everything below it, parents first.
void visit_all(const cel::Expr* node, const std::function<void(const cel::Expr&)>& visit) {
    if (node == nullptr) {
        return;
    }
    visit(*node);
    visit_all(node->operand, visit);
    for (const cel::Expr* argument : node->args) {
        visit_all(argument, visit);
    }
    for (const cel::Entry& entry : node->entries) {
        visit_all(entry.key, visit);
        visit_all(entry.value, visit);
    }
    if (const cel::Comprehension* loop = node->comprehension) {
        for (const cel::Expr* part :
             {loop->range, loop->initial, loop->condition, loop->step, loop->result}) {
            visit_all(part, visit);
        }
    }
}

bool is_runtime_call(const cel::Expr& node, std::string_view method) {
    return node.kind == cel::ExprKind::call && node.name == method && node.operand != nullptr &&
           node.operand->kind == cel::ExprKind::identifier && node.operand->name == "runtime";
}

std::optional<std::string> literal_text(const cel::Expr* node) {
    if (node == nullptr || node->kind != cel::ExprKind::literal || !node->literal.is_string()) {
        return std::nullopt;
    }
    return std::string(node->literal.as_string());
}

// The literal text of a key of the map that newCondition takes.
std::optional<std::string> literal_entry(const cel::Expr& call, std::string_view key) {
    if (call.args.size() != 1 || call.args[0]->kind != cel::ExprKind::map) {
        return std::nullopt;
    }
    for (const cel::Entry& entry : call.args[0]->entries) {
        if (literal_text(entry.key) == key) {
            return literal_text(entry.value);
        }
    }
    return std::nullopt;
}

Status check_new_condition(const cel::Expr& call, const std::string& text) {
    const std::optional<std::string> status = literal_entry(call, "status");
    if (status && status != "True" && status != "False" && status != "Unknown") {
        return make_error(Reason::invalid,
                          "runtime.newCondition: status must be one of True, False, Unknown (got ",
                          quote(*status), ") in expression ", quote(text));
    }
    if (literal_entry(call, "type") == "") {
        return make_error(Reason::invalid,
                          "runtime.newCondition: type must not be empty in expression ",
                          quote(text));
    }
    return {};
}

Status check_lookup(const cel::Expr& call, const std::set<std::string>& declared,
                    const std::string& text) {
    if (call.args.size() != 2 || call.args[0]->kind != cel::ExprKind::identifier ||
        call.args[0]->name != "schema") {
        return {};
    }
    const std::optional<std::string> type = literal_text(call.args[1]);
    if (!type || std::ranges::find(builtin_types, *type) != builtin_types.end()) {
        return {};
    }
    if (declared.contains(*type)) {
        return make_error(Reason::invalid, "runtime.condition(schema, ", quote(*type),
                          "): custom conditions cannot reference each other in expression ",
                          quote(text));
    }
    return make_error(
        Reason::invalid, "runtime.condition(schema, ", quote(*type),
        "): unknown condition type; only kro's built-in types (InstanceManaged, "
        "GraphResolved, ResourcesReady, Ready) can be read from schema in expression ",
        quote(text));
}

bool is_condition(const cel::Type* type) {
    return (type->kind == cel::TypeKind::opaque || type->kind == cel::TypeKind::structure) &&
           cel::type_name(type) == "kro.run.Condition";
}

}  // namespace

Status check_condition_literals(const cel::Environment& environment,
                                const std::vector<std::string>& expressions, size_t* wrong) {
    const auto at = [wrong](size_t index) {
        if (wrong != nullptr) {
            *wrong = index;
        }
    };
    std::vector<std::optional<cel::Ast>> trees;
    std::set<std::string> declared;
    for (const std::string& text : expressions) {
        Result<cel::Ast> ast = environment.parse(text);
        if (!ast) {
            // Told by the check of what the expression reads.
            trees.push_back(std::nullopt);
            continue;
        }
        std::set<std::string> of_this;
        visit_all(&ast->root(), [&of_this](const cel::Expr& node) {
            if (is_runtime_call(node, "newCondition")) {
                if (std::optional<std::string> type = literal_entry(node, "type")) {
                    of_this.insert(*std::move(type));
                }
            }
        });
        for (const std::string& type : of_this) {
            if (!declared.insert(type).second) {
                at(trees.size());
                return make_error(Reason::invalid, "condition type ", quote(type),
                                  " is declared by more than one conditions entry");
            }
        }
        trees.push_back(*std::move(ast));
    }
    for (size_t i = 0; i < trees.size(); ++i) {
        if (!trees[i]) {
            continue;
        }
        at(i);
        Status first;
        visit_all(&trees[i]->root(), [&](const cel::Expr& node) {
            if (!first) {
                return;
            }
            if (is_runtime_call(node, "condition")) {
                first = check_lookup(node, declared, expressions[i]);
            } else if (is_runtime_call(node, "newCondition")) {
                first = check_new_condition(node, expressions[i]);
            }
        });
        TRY(first);
    }
    return {};
}

Status check_condition_type(const cel::Type* type) {
    const cel::Type* inner = type->kind == cel::TypeKind::list && type->parameters.size() == 1
                                 ? type->parameters[0]
                                 : type;
    if (is_condition(inner) || inner->kind == cel::TypeKind::dyn) {
        return {};
    }
    return make_error(Reason::invalid,
                      "condition expressions must return runtime.newCondition(...) or a list of "
                      "them, got ",
                      quote(cel::to_text(type)));
}

}  // namespace weft::graph
