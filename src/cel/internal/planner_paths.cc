// cel/internal/planner_paths.cc: names and chains of fields become single steps.

#include <algorithm>

#include "cel/internal/planner.h"

namespace weft::cel {

const Planner::Local* Planner::find_local(std::string_view name) const {
    const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                    [&](const Local& local) { return local.name == name; });
    return found == locals_.rend() ? nullptr : &*found;
}

const Variable* Planner::find_variable(std::string_view name) const {
    const Variable* found = nullptr;
    environment_.each_candidate(name, [&](std::string_view candidate) {
        found = environment_.find_variable(candidate);
        return found != nullptr;
    });
    return found;
}

uint32_t Planner::slot_of(const std::vector<std::string>& names, const schema::Schema* schema) {
    for (uint32_t i = 0; i < out_.slots.size(); ++i) {
        if (std::ranges::equal(out_.slots[i].names, names, {}, &VariableName::text)) {
            return i;
        }
    }
    std::vector<VariableName> kept;
    for (const std::string& name : names) {
        kept.emplace_back(out_.arena.copy(name));
    }
    out_.slots.push_back({.names = keep(kept), .name = kept[0], .schema = schema});
    return static_cast<uint32_t>(out_.slots.size() - 1);
}

const Step* Planner::plan_qualified(const Expr& expr, bool is_free) {
    const Variable* variable = nullptr;
    if (const Reference* reference = ast_.reference_of(expr.id)) {
        if (reference->is_constant) {
            return constant(expr, reference->constant);
        }
        variable = environment_.find_variable(reference->name);
        if (variable == nullptr) {
            return nullptr;
        }
    } else {
        std::string name;
        if (ast_.is_checked() || !qualified_name(expr, name) || starts_with_local(expr)) {
            return nullptr;
        }
        variable = find_variable(name);
        if (variable == nullptr) {
            return nullptr;
        }
        if (variable->is_constant) {
            return constant(expr, variable->constant);
        }
    }
    auto* step =
        make<PathStep>(expr, either(run_variable, run_tracked_variable), StepKind::variable);
    step->index = slot_of({std::string(variable->name)}, variable->schema);
    step->cost = is_free ? 0 : 1;
    return step;
}

bool Planner::starts_with_local(const Expr& expr) const {
    const Expr* at = &expr;
    while (at->kind == ExprKind::select) {
        at = at->operand;
    }
    return at->kind == ExprKind::identifier && find_local(at->name) != nullptr;
}

const Step* Planner::plan_identifier(const Expr& expr, bool is_free) {
    if (const Local* local = find_local(expr.name)) {
        auto* step = make<PathStep>(expr, either(run_local, run_tracked_local), StepKind::local);
        step->base = PathBase::local;
        step->index = local->index;
        step->cost = is_free ? 0 : 1;
        return step;
    }
    if (const Step* step = plan_qualified(expr, is_free)) {
        return step;
    }
    // Not declared: an unchecked expression finds out when it runs.
    std::vector<std::string> names;
    environment_.each_candidate(expr.name, [&](std::string_view candidate) {
        names.emplace_back(candidate);
        return false;
    });
    auto* step =
        make<PathStep>(expr, either(run_variable, run_tracked_variable), StepKind::variable);
    step->index = slot_of(names, nullptr);
    step->cost = is_free ? 0 : 1;
    return step;
}

const Step* Planner::plan_path(const Expr& expr, bool is_free) {
    if (expr.kind == ExprKind::identifier) {
        return plan_identifier(expr, is_free);
    }
    if (const Step* step = plan_qualified(expr, is_free)) {
        return step;
    }
    const bool is_attribute = can_be_attribute(*expr.operand);
    const Step* operand = is_free && is_attribute ? plan_free(*expr.operand) : plan(*expr.operand);
    const uint32_t cost = is_attribute ? 1 : (is_free ? 1 : 2);
    return extend_path(expr, operand, cost);
}

Field Planner::field_of(const Expr& operand, std::string_view field_name) {
    Field field(field_name, out_.arena);
    const Type* object = ast_.type_of(operand.id);
    if (is_optional_type(object)) {
        object = object->parameters[0];
    }
    if (object->kind != TypeKind::structure || object->schema == nullptr) {
        return field;
    }
    std::string name(field_name);
    const schema::Schema* property = object->schema->find_property(name);
    if (property == nullptr && name.find("__") != std::string::npos) {
        name = unescape_property(name);
        property = object->schema->find_property(name);
    }
    if (property != nullptr) {
        if (name != field_name) {
            const Field plain(name, out_.arena);
            field.key = plain.key;
            field.hash = plain.hash;
        }
        field.owner = object->schema;
        field.schema = property;
    }
    return field;
}

const Step* Planner::extend_path(const Expr& expr, const Step* operand, uint32_t cost) {
    return extend_path(expr, operand, cost, field_of(*expr.operand, expr.name), false);
}

const Step* Planner::extend_path(const Expr& expr, const Step* operand, uint32_t cost,
                                 const Field& field, bool is_optional) {
    auto* step = make<PathStep>(expr, either(run_path, run_tracked_path), StepKind::path);
    std::vector<Field> fields;
    if (optimize_ && operand->kind == StepKind::optional_path) {
        const auto& before = static_cast<const PathStep&>(*operand);
        *step = before;
        step->id = expr.id;
        fields.assign(before.fields.begin(), before.fields.end());
        cost += before.cost;
    } else if (optimize_ && operand->kind >= StepKind::variable) {
        const auto& before = static_cast<const PathStep&>(*operand);
        step->base = before.base;
        step->index = before.index;
        step->operand = before.operand;
        fields.assign(before.fields.begin(), before.fields.end());
        cost += before.cost;
    } else {
        step->base = PathBase::step;
        step->operand = operand;
    }
    if (is_optional && step->kind != StepKind::optional_path) {
        step->run = run_optional_path;
        step->kind = StepKind::optional_path;
        step->optional_from = static_cast<uint32_t>(fields.size());
    }
    fields.push_back(field);
    fields.back().id = expr.id;
    step->fields = keep(fields);
    step->cost = cost;
    return step;
}

bool Planner::can_be_attribute(const Expr& expr) const {
    switch (expr.kind) {
        case ExprKind::identifier: {
            const Reference* reference = ast_.reference_of(expr.id);
            return reference == nullptr || !reference->is_constant;
        }
        case ExprKind::select:
            return !expr.test_only;
        case ExprKind::call:
            return expr.operand == nullptr &&
                   (expr.name == operators::index || expr.name == operators::optional_index ||
                    expr.name == operators::optional_select || expr.name == operators::conditional);
        default:
            return false;
    }
}

const Step* Planner::plan_test(const Expr& expr) {
    auto* step = make<TestStep>(expr, run_test);
    step->operand = plan(*expr.operand);
    step->field = out_.arena.make<Field>(field_of(*expr.operand, expr.name));
    step->cost =
        (environment_.presence_test_is_free ? 0 : 1) + (can_be_attribute(*expr.operand) ? 0 : 1);
    if (!out_.track && step->operand->kind == StepKind::path) {
        step->run = run_test_path;
    }
    return step;
}

}  // namespace weft::cel
