// cel/internal/planner_literals.cc: lists, maps and structures.

#include <algorithm>

#include "cel/internal/planner.h"

namespace weft::cel {

const Step* Planner::plan_list(const Expr& expr) {
    auto* step = make<ListStep>(expr, run_list);
    std::vector<const Step*> elements;
    for (const Expr* element : expr.args) {
        elements.push_back(plan(*element));
    }
    step->elements = keep(elements);
    if (!expr.optionals.empty()) {
        bool* optionals = out_.arena.array<bool>(elements.size());
        std::fill_n(optionals, elements.size(), false);
        for (const uint32_t at : expr.optionals) {
            optionals[at] = true;
        }
        step->optionals = {optionals, elements.size()};
        return step;
    }
    return without_cost(
        std::ranges::all_of(elements, [](const Step* item) { return is_constant(item); })
            ? fold(expr, step)
            : step);
}

const Step* Planner::without_cost(const Step* step) {
    if (is_constant(step)) {
        const_cast<ConstantStep*>(static_cast<const ConstantStep*>(step))->cost = 0;
    }
    return step;
}

bool Planner::has_distinct_keys(const std::vector<MapStep::Item>& items) {
    std::vector<std::string_view> keys;
    for (const MapStep::Item& item : items) {
        if (!is_constant(item.key) || !constant_value(item.key).is_string()) {
            return false;
        }
        keys.push_back(constant_value(item.key).as_string());
    }
    std::ranges::sort(keys);
    return std::ranges::adjacent_find(keys) == keys.end();
}

const Step* Planner::plan_map(const Expr& expr) {
    auto* step = make<MapStep>(expr, run_map);
    step->strict = environment_.profile.kind == Profile::Kind::spec;
    std::vector<MapStep::Item> items;
    bool are_constant = true;
    for (const Entry& entry : expr.entries) {
        items.push_back({plan(*entry.key), plan(*entry.value), entry.optional});
        are_constant = are_constant && !entry.optional && is_constant(items.back().key) &&
                       is_constant(items.back().value);
    }
    step->items = keep(items);
    step->distinct = optimize_ && has_distinct_keys(items);
    if (step->distinct && !out_.track && items.size() <= record_entries_max &&
        std::ranges::none_of(items, &MapStep::Item::optional)) {
        step->run = run_record;
    }
    return are_constant ? without_cost(fold(expr, step)) : step;
}

const Step* Planner::plan_structure(const Expr& expr) {
    auto* step = make<StructureStep>(expr, run_structure);
    if (const Reference* reference = ast_.reference_of(expr.id)) {
        step->type = environment_.find_structure(reference->name);
    } else {
        environment_.each_candidate(expr.name, [&](std::string_view candidate) {
            step->type = environment_.find_structure(candidate);
            return step->type != nullptr;
        });
    }
    std::vector<StructureStep::Item> items;
    for (const Entry& entry : expr.entries) {
        items.push_back({entry.field, plan(*entry.value), entry.optional});
    }
    if (step->type == nullptr) {
        return fail(expr, cat("unknown type: ", expr.name), {}, ErrorCode::invalid_argument);
    }
    step->items = keep(items);
    return step;
}

}  // namespace weft::cel
