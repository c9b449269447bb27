// graph/plan_status.cc: what the instance may say after a plan: conditions, state, projections.

#include <algorithm>
#include <set>

#include "graph/internal/planner.h"
#include "graph/internal/status_resources.h"
#include "graph/labels.h"

namespace weft::graph {

namespace {

// A condition that an author's expression made.
Result<Condition> condition_from(const cel::Value& value, cel::Arena& arena) {
    if (!value.is(cel::Kind::opaque) || value.as_opaque()->type()->name != "kro.run.Condition") {
        return make_error(Reason::invalid, "is not a Condition (got ", cel::type_name_of(value),
                          ")");
    }
    Condition out;
    const auto field = [&](std::string_view name) {
        const cel::Value text = value.as_opaque()->field(name, arena);
        return text.is_string() ? std::string(text.as_string()) : std::string();
    };
    out.type = field("type");
    out.status = field("status");
    if (std::string reason = field("reason"); !reason.empty()) {
        out.reason = std::move(reason);
    }
    if (std::string message = field("message"); !message.empty()) {
        out.message = std::move(message);
    }
    return out;
}

// Sets a value below status; a list is made as long as it must be.
Status set_status_field(Value& target, std::span<const PathStep> steps, Value value) {
    if (steps.empty()) {
        target = std::move(value);
        return {};
    }
    if (const auto* name = std::get_if<std::string>(&steps[0])) {
        if (!target.is_map() && !target.is_null()) {
            return make_error(Reason::invalid, "expected map at path segment: ", *name);
        }
        return set_status_field(target.mutable_member(*name), steps.subspan(1), std::move(value));
    }
    const size_t index = std::get<size_t>(steps[0]);
    if (!target.is_list() && !target.is_null()) {
        return make_error(Reason::invalid, "expected array at path segment: ", index);
    }
    while (target.size() <= index) {
        target.push_back(Value());
    }
    return set_status_field(target.mutable_item(index), steps.subspan(1), std::move(value));
}

}  // namespace

void Planner::set_builtin_conditions(ConditionSet& conditions) const {
    if (!management_.empty()) {
        conditions.set_false("InstanceManaged", "ManagementFailed",
                             cat("finalizer/labeling failed: ", management_));
        return;
    }
    conditions.set_true("InstanceManaged", "Managed",
                        "instance is properly managed with finalizers and labels");
    conditions.set_true("GraphResolved", "Resolved",
                        "runtime graph created and all resources resolved");
    constexpr std::string_view failed = "resource reconciliation failed: ";
    if (is_suspended_) {
        conditions.set_false("ResourcesReady", "ReconciliationSuspended",
                             "reconciliation suspended via kro.run/reconcile annotation");
    } else if (!deleting_.empty()) {
        conditions.set_false("ResourcesReady", "ResourceDeleting", deleting_);
    } else if (!fatal_.empty()) {
        conditions.set_false("ResourcesReady", "NotReady", cat(failed, fatal_));
    } else if (!node_errors_.empty()) {
        conditions.set_false(
            "ResourcesReady", "NotReady",
            cat(failed, "apply results contain errors: ", join(node_errors_, "\n")));
    } else if (!unresolved_.empty()) {
        conditions.set_false("ResourcesReady", "NotReady",
                             cat(failed, "waiting for unresolved resource: ", unresolved_));
    } else if (!plan_.actions.empty() || plan_.needs_observation() || has_dying_orphan_) {
        // kro's word for "not settled yet"; lasting where a finalizer holds what is pruned.
        conditions.set_false("ResourcesReady", "NotReady", cat(failed, "cluster mutated"));
    } else {
        conditions.set_true("ResourcesReady", "AllResourcesReady",
                            "all resources are created and ready");
    }
}

InstanceStatus Planner::make_status() {
    ConditionSet conditions = instance_conditions(instance_, options_.now);
    set_builtin_conditions(conditions);
    InstanceStatus out;
    out.is_ready = conditions.is_ready();
    const auto any_node = [this](NodeState state) {
        return std::ranges::any_of(
            works_, [state](const NodeWork& work) { return work.plan.state == state; });
    };
    const bool all_done = std::ranges::all_of(works_, [](const NodeWork& work) {
        return work.plan.state == NodeState::synced || work.plan.state == NodeState::skipped;
    });
    if (out.is_ready) {
        out.state = "ACTIVE";
    } else if (is_suspended_) {
        // kro says ACTIVE here, as if nothing were there to be done; what was true stays true.
        const std::string_view before = instance_.value().string_at("status", "state");
        out.state = before.empty() ? "ACTIVE" : before;
    } else if (any_node(NodeState::error) || (!fatal_.empty() && !has_conflict_)) {
        out.state = "ERROR";
    } else {
        out.state = all_done ? "ACTIVE" : "IN_PROGRESS";
    }
    out.value = Value::map();
    std::vector<Condition> shown = conditions.own();
    const std::optional<Condition> drifted = drift_condition(conditions);
    if (drifted) {
        shown = conditions.all();
        std::erase_if(shown, [own = conditions.own()](const Condition& condition) {
            return condition.type != drift_type &&
                   std::ranges::find(own, condition.type, &Condition::type) == own.end();
        });
    }
    out.value.set("conditions", to_value(shown));
    sums_up_ = true;
    bool is_whole = project_status(out.value);
    if (graph_.has_author_conditions) {
        is_whole = add_author_conditions(out.value, conditions) && is_whole;
        if (drifted) {
            out.value.mutable_member("conditions").push_back(to_value(*drifted));
        }
    }
    if (graph_.lists_resources) {
        out.value.set(managed_resources, list_resources());
    }
    if (!is_whole) {
        out.state = "ERROR";
    }
    out.value.set("state", out.state);

    if (!management_.empty()) {
        plan_.retry_reason = management_;
    } else if (!fatal_.empty()) {
        plan_.retry_reason = fatal_;
    } else if (any_node(NodeState::error) ||
               (!node_errors_.empty() && !any_node(NodeState::waiting_for_readiness))) {
        plan_.retry_reason = join(node_errors_, "\n");
    } else if (!status_failure_.empty()) {
        plan_.retry_reason = status_failure_;
    }
    return out;
}

Value Planner::list_resources() const {
    ResourceList list;
    for (const NodeWork& work : works_) {
        if (!work.node->makes_objects() || work.is_ignored) {
            continue;
        }
        const bool is_ready = work.plan.state == NodeState::synced;
        const std::string_view state = text(work.plan.state);
        if (work.plan.objects.empty()) {
            list.add(work.node->id, {work.node->kind, {}}, state, is_ready, work.plan.why);
        }
        for (const ObjectKey& object : work.plan.objects) {
            list.add(work.node->id, object, state, is_ready, work.plan.why);
        }
    }
    return list.take();
}

// Nothing where no node reports drift.
std::optional<Condition> Planner::drift_condition(ConditionSet& conditions) const {
    const bool is_in_use =
        std::ranges::any_of(works_, [this](const NodeWork& work) { return reports_drift(work); });
    if (!is_in_use) {
        return std::nullopt;
    }
    if (drifted_.empty()) {
        conditions.set_false(drift_type, "NoDrift", "");
    } else {
        std::vector<std::string> named(
            drifted_.begin(), drifted_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                     drifted_.size(), limits::drifted_objects)));
        if (drifted_.size() > named.size()) {
            named.push_back(cat("…and ", drifted_.size() - named.size(), " more"));
        }
        conditions.set_true(drift_type, "DriftDetected", join(named, "; "));
    }
    return *conditions.find(drift_type);
}

// Every status field whose expression has a value now. False if one is broken.
bool Planner::project_status(Value& status) {
    bool is_whole = true;
    for (const FieldProgram& field : graph_.programs->status) {
        const std::vector<PathStep>& steps = field.path.steps();
        if (steps[0] == PathStep(std::string("state"))) {
            continue;  // the author may give it a type, the value is always ours
        }
        cel::Activation variables;
        bind(variables, field.expression.references);
        Evaluated<Value> value = evaluate(field.expression, variables, arena_, cost_left());
        for (const std::string& name : field.expression.references) {
            if (const NodeWork* work = find(name); work != nullptr && !work->failure.empty()) {
                value = std::unexpected(EvaluationError{false, work->failure, ""});
            }
        }
        if (!value && value.error().is_pending) {
            continue;
        }
        Status set = value ? set_status_field(status, steps, *std::move(value))
                           : Status(make_error(Reason::invalid, value.error().text));
        if (!set) {
            is_whole = false;
            if (status_failure_.empty()) {
                status_failure_ = cat("status.", field.path.text(), ": ", set.error().message());
            }
        }
    }
    return is_whole;
}

// Replaces the builtin conditions by the author's. False if one is broken.
bool Planner::add_author_conditions(Value& status, const ConditionSet& builtin) {
    Value schema = schema_value_;
    Value list = Value::list();
    for (const Condition& condition : builtin.own()) {
        list.push_back(Value::map_of({{"type", condition.type},
                                      {"status", condition.status},
                                      {"reason", condition.reason.value_or("")},
                                      {"message", condition.message.value_or("")}}));
    }
    schema.set("status", Value::map_of({{"conditions", std::move(list)}}));

    std::vector<Condition> made;
    bool is_whole = true;
    bool is_complete = true;
    const auto refuse = [&](const CompiledExpression& expression, std::string_view text) {
        is_whole = false;
        is_complete = false;
        if (status_failure_.empty()) {
            status_failure_ =
                cat("author condition evaluation degraded: ", quote(expression.source.user_text()),
                    ": ", text);
        }
    };
    for (const CompiledExpression& expression : graph_.programs->conditions) {
        cel::Activation variables;
        std::vector<std::string> references = expression.references;
        std::erase(references, "schema");
        bind(variables, references);
        variables.bind("schema", schema);
        arena_.reset();
        cel::EvaluateOptions limit;
        limit.cost_limit = cost_left_;
        const cel::Outcome outcome = expression.program.evaluate(variables, arena_, limit);
        cost_left_ -= std::min(cost_left_, outcome.cost);
        const cel::Value value = outcome.value;
        if (value.is_error()) {
            if (cel::is_pending(value.as_error())) {
                is_complete = false;
            } else {
                refuse(expression, cel::error_text(value.as_error()));
            }
            continue;
        }
        std::vector<cel::Value> parts = {value};
        if (value.is_list()) {
            const std::span<const cel::Value> items = value.items(arena_);
            parts.assign(items.begin(), items.end());
        }
        for (const cel::Value& part : parts) {
            Result<Condition> condition = condition_from(part, arena_);
            if (condition) {
                made.push_back(*std::move(condition));
            } else {
                refuse(expression, condition.error().message());
            }
        }
    }
    // A type that two expressions gave says nothing.
    std::set<std::string> seen;
    std::set<std::string> doubled;
    for (const Condition& condition : made) {
        if (!seen.insert(condition.type).second) {
            doubled.insert(condition.type);
        }
    }
    if (!doubled.empty()) {
        is_whole = false;
        is_complete = false;
        std::erase_if(made, [&doubled](const Condition& condition) {
            return doubled.contains(condition.type);
        });
    }
    const std::vector<Condition> before =
        conditions_from(instance_.value().find("status", "conditions"));
    for (Condition& condition : made) {
        condition.observed_generation = instance_.generation();
        const auto old = std::ranges::find(before, condition.type, &Condition::type);
        const bool is_same = old != before.end() && old->status == condition.status;
        condition.last_transition = is_same && old->last_transition
                                        ? old->last_transition
                                        : std::optional(Time{options_.now.seconds, 0});
    }
    if (!is_complete) {
        for (const Condition& old : before) {
            if (std::ranges::find(made, old.type, &Condition::type) == made.end()) {
                made.push_back(old);
            }
        }
    }
    status.set("conditions", to_value(made));
    return is_whole;
}

}  // namespace weft::graph
