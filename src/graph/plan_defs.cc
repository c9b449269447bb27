// graph/plan_defs.cc: values are made when they are read for the first time.
//
// A def that nobody reads is never evaluated: a value made of an optional field does not hold the
// instance while the nodes that need it are left out by their includeWhen.

#include <algorithm>

#include "graph/internal/planner.h"

namespace weft::graph {

// Only expressions see the values: the instance itself stays as the user wrote it.
void Planner::compute_spec() {
    for (const ComputedField& field : graph_.programs->computed) {
        const std::vector<PathStep>& steps = field.path.steps();
        const Value* at = schema_value_.find("spec");
        // The first part of the path that is absent; the objects up to it are there.
        size_t present = 0;
        while (at != nullptr && at->is_map() && present < steps.size()) {
            at = at->find(std::get<std::string>(steps[present]));
            if (at == nullptr || at->is_null()) {
                break;
            }
            ++present;
        }
        const bool is_absent = at == nullptr || at->is_null();
        // may_be_made[0] is spec itself, [i] the object that steps[i - 1] names.
        const size_t first = schema_value_.contains("spec") ? present + 1 : 0;
        bool may_be_made = is_absent && present < steps.size();
        for (size_t i = first; may_be_made && i < field.may_be_made.size(); ++i) {
            may_be_made = field.may_be_made[i];
        }
        if (!may_be_made) {
            continue;
        }
        cel::Activation variables;
        variables.bind("schema", schema_value_);
        ++plan_.counts.expressions;
        Evaluated<Value> value = evaluate(field.expression, variables, arena_, cost_left());
        if (!value && value.error().is_pending) {
            continue;  // It stays absent, as what it reads is.
        }
        Path whole{"spec"};
        for (const PathStep& step : steps) {
            whole.push(std::get<std::string>(step));
        }
        const Status set = value ? whole.set_in(schema_value_, *std::move(value))
                                 : Status(make_error(Reason::invalid, value.error().text));
        if (!set && fatal_.empty()) {
            fatal_ = cat("computing ", whole.text(), ": ", set.error().message());
        }
    }
}

void Planner::demand(NodeWork& work) {
    if (!work.is_deferred) {
        return;
    }
    work.is_deferred = false;
    std::vector<size_t> wanted = {index_.find(work.node->id)->second};
    for (size_t i = 0; i < wanted.size(); ++i) {
        for (const std::string& id : works_[wanted[i]].node->dependencies) {
            const size_t below = index_.find(id)->second;
            if (std::exchange(works_[below].is_deferred, false)) {
                wanted.push_back(below);
            }
        }
    }
    std::ranges::sort(wanted);  // in topological order
    for (const size_t index : wanted) {
        compute(works_[index]);
    }
}

void Planner::compute(NodeWork& work) {
    if (!check_dependencies(work) || !expand(work)) {
        return;
    }
    size_t budget = SIZE_MAX;
    work.stage = NodeWork::Stage::rendering;
    const bool is_rendered = render(work, &budget);
    work.stage = NodeWork::Stage::done;
    if (!is_rendered) {
        return;
    }
    work.live = std::move(work.desired);
    work.desired.clear();
    settle(work, "waiting for def ");
}

}  // namespace weft::graph
