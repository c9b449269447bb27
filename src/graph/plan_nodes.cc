// graph/plan_nodes.cc: rendered objects against live ones, for each type of node.

#include <algorithm>

#include "graph/internal/live_match.h"
#include "graph/internal/planner.h"
#include "graph/labels.h"
#include "schema/label_selector.h"

namespace weft::graph {

namespace {

constexpr std::string_view waiting_mark = "waiting for readiness";

Interest interest_in(const Node& node, const Object& object) {
    Interest interest;
    interest.node = node.id;
    interest.kind = node.kind;
    interest.resource = node.resource;
    interest.namespaced = node.namespaced;
    interest.name = object.key();
    return interest;
}

std::string reference_text(const Object& object) {
    return object.key().text();
}

}  // namespace

// What kro writes on every child, on top of what the template says (§6.10).
void Planner::decorate(Object& object, const NodeWork& work, size_t index, size_t size) const {
    Value& metadata = object.metadata();
    Value& labels = metadata.mutable_member("labels");
    for (const auto& [name, value] : child_labels_) {
        labels.set(name, value);
    }
    labels.set(label_node_id, work.node->id);
    if (work.node->type == NodeType::collection) {
        labels.set(label_collection_index, cat(index));
        labels.set(label_collection_size, cat(size));
    }
    Value& annotations = metadata.mutable_member("annotations");
    annotations.set(annotation_apply_order, cat(work.node->apply_order));
    if (work.node->lifecycle.on_delete != Lifecycle::OnDelete::remove) {
        const bool is_kept = work.node->lifecycle.on_delete == Lifecycle::OnDelete::retain;
        annotations.set(annotation_on_delete, is_kept ? "retain" : "protect");
    }
    if (reports_drift(work)) {
        // By it a change that we want is told from one that somebody else made.
        Object plain = object;
        plain.metadata().mutable_member("labels").erase(label_version);
        object.metadata()
            .mutable_member("annotations")
            .set(annotation_applied_hash, cat(fnv64a(to_json(plain.value()))));
    }
}

void Planner::begin_children(NodeWork& work) {
    if (work.node->type == NodeType::collection) {
        // Everything that was made for this node, wherever it is; also what is to go.
        Interest interest = interest_in(*work.node, Object());
        interest.by_name = false;
        interest.name = {};
        interest.selector =
            Value::map_of({{"matchLabels", Value::map_of({{label_instance_id, instance_.uid()},
                                                          {label_node_id, work.node->id}})}});
        plan_.interests.push_back(std::move(interest));
    }
}

// False if there are more to match than the budget allows.
bool Planner::match_children(NodeWork& work, size_t* budget) {
    for (; work.next < work.desired.size(); ++work.next) {
        if (*budget == 0) {
            return false;
        }
        --*budget;
        decorate(work.desired[work.next], work, work.next, work.desired.size());
        work.is_good = plan_child(work, work.desired[work.next], work.next) && work.is_good;
    }
    return true;
}

void Planner::end_children(NodeWork& work) {
    if (work.is_unknown) {
        work.plan.state = NodeState::in_progress;
        work.plan.why = "not observed yet";
        return;
    }
    if (!work.is_good) {
        return;
    }
    if (work.has_pending_apply && !is_suspended_) {
        work.plan.state = NodeState::in_progress;
        work.plan.why = "is being applied";
        return;
    }
    settle(work, "waiting for node ");
}

// One object: is it known, is it ours, does it differ. False if the node can go no further.
bool Planner::plan_child(NodeWork& work, const Object& desired, size_t index) {
    const ObjectKey key{work.node->kind, desired.key()};
    work.plan.objects.push_back(key);
    const ObservedObject* seen = observed_.find(key);
    if (work.node->type == NodeType::resource || seen == nullptr) {
        add_interest(work, interest_in(*work.node, desired), seen != nullptr);
    }
    if (seen == nullptr) {
        return true;
    }
    const auto refuse = [&](std::string message) {
        if (work.plan.state == NodeState::error) {
            return false;  // kro 0.9.3 tells a collection's first error.
        }
        work.plan.state = NodeState::error;
        work.plan.why = message;
        node_errors_.push_back(work.node->type == NodeType::collection
                                   ? cat("collection item ", index, ": ", message)
                                   : std::move(message));
        return false;
    };
    if (seen->live && seen->live->is_deleting()) {
        work.plan.state = NodeState::deleting;
        work.plan.why = cat(reference_text(*seen->live), " is being deleted");
        if (deleting_.empty()) {
            deleting_ = cat("resource ", quote(reference_text(*seen->live)), " for node ",
                            quote(work.node->id),
                            " is currently being deleted; waiting for deletion to complete before "
                            "continuing reconciliation");
        }
        return false;
    }
    if (seen->live) {
        // What could not be taken over is not there for those that need it.
        const bool is_ours = seen->live->label(label_instance_id) == instance_.uid();
        if (is_ours || !seen->error) {
            work.live.push_back(*seen->live);
        }
        const std::string_view owner = seen->live->label(label_part_of);
        if (!owner.empty() && owner != apply_set_id_) {
            const std::string kind = seen->live->group_version_kind().text();
            return refuse(cat("resource belongs to a different ApplySet: ",
                              reference_text(*seen->live), " (", kind, ") belongs to ApplySet ",
                              quote(owner), ", cannot reassign to ", quote(apply_set_id_)));
        }
        if (owner.empty() && !work.node->lifecycle.adopts) {
            return refuse(
                cat("resource exists and lifecycle.adopt is Never: ", reference_text(*seen->live),
                    " belongs to nobody; delete it or allow adoption"));
        }
    }
    if (seen->error) {
        return refuse(seen->error->message());
    }
    std::string why = "does not exist";
    if (seen->live) {
        std::optional<std::string> difference =
            find_difference(desired, *seen->live, manager_children, work.programs->schema.get());
        if (!difference) {
            return true;
        }
        if (seen->applied && *seen->applied == desired &&
            seen->live->uid() == seen->answer->uid() &&
            is_same_but_for_status(*seen->live, *seen->answer)) {
            plan_.rewritten.push_back(key);
            return true;
        }
        why = *std::move(difference);
        if (!work.programs->propagate_when.empty() && is_held_back(work)) {
            return true;  // It stays as it is; its node says why.
        }
        if (reports_drift(work) && seen->live->annotation(annotation_applied_hash) ==
                                       desired.annotation(annotation_applied_hash)) {
            const std::string fields =
                join(find_differences(desired, *seen->live, manager_children,
                                      work.programs->schema.get(), limits::drifted_fields),
                     ", ");
            if (work.drift.empty()) {
                work.drift = cat("is left as it is (driftPolicy: Report): ", fields);
            }
            drifted_.push_back(
                cat(seen->live->kind(), " ", reference_text(*seen->live), ": ", fields));
            return true;
        }
    }
    work.has_pending_apply = true;
    plan_.actions.push_back(
        {Apply{work.node->id, desired, std::string(manager_children), false}, std::move(why)});
    return true;
}

void Planner::visit_external(NodeWork& work) {
    const Object& wanted = work.desired[0];
    const ObjectKey key{work.node->kind, wanted.key()};
    work.plan.objects.push_back(key);
    const ObservedObject* seen = observed_.find(key);
    add_interest(work, interest_in(*work.node, wanted), seen != nullptr);
    if (seen == nullptr) {
        work.plan.state = NodeState::in_progress;
        work.plan.why = "not observed yet";
        return;
    }
    if (!seen->live) {
        work.plan.state = NodeState::waiting_for_readiness;
        work.plan.why = cat(reference_text(wanted), " does not exist");
        node_errors_.push_back(
            cat("waiting for external reference ", quote(work.node->id), ": not found"));
        return;
    }
    work.live.push_back(*seen->live);
    settle(work, "waiting for external reference ");
}

void Planner::visit_external_collection(NodeWork& work) {
    const Object& wanted = work.desired[0];
    Interest interest = interest_in(*work.node, Object());
    interest.by_name = false;
    interest.name = {std::string(wanted.namespace_()), ""};
    if (const Value* selector = wanted.value().find("metadata", "selector")) {
        if (const auto parsed = schema::LabelSelector::of_object(*selector); !parsed) {
            fail(work,
                 cat("invalid label selector for ", work.node->id, ": ", parsed.error().message()));
            // No list is there to be read, not even an empty one.
            work.is_unknown = true;
            work.is_rendered = false;
            return;
        }
        interest.selector = *selector;
    }
    const std::vector<Object>* items = observed_.find_list(work.node->id);
    add_interest(work, std::move(interest), items != nullptr);
    if (items == nullptr) {
        work.plan.state = NodeState::in_progress;
        work.plan.why = "not observed yet";
        return;
    }
    work.live = *items;
    settle(work, "waiting for external collection ");
}

bool Planner::reports_drift(const NodeWork& work) const {
    if (!work.node->makes_objects()) {
        return false;
    }
    const std::string_view chosen = instance_.annotation(annotation_drift_policy);
    return chosen == "Report" || (work.node->reports_drift && chosen != "Repair");
}

// Whether a change of an object that exists must wait for a propagateWhen. What cannot be decided
// yet holds back, too.
bool Planner::is_held_back(NodeWork& work) {
    if (!work.held_back) {
        work.held_back = "";
        for (size_t i = 0; i < work.programs->propagate_when.size(); ++i) {
            const CompiledExpression& expression = work.programs->propagate_when[i];
            cel::Activation variables;
            bind(variables, expression.references);
            const Evaluated<bool> holds = evaluate_bool(expression, variables);
            if (!holds || !*holds) {
                work.held_back = cat("a change is held back: propagateWhen[", i, "] `",
                                     expression.source.user_text(), "`",
                                     holds ? " is false" : cat(": ", holds.error().text));
                break;
            }
        }
    }
    return !work.held_back->empty();
}

// The state of a node whose objects are all as they should be.
void Planner::settle(NodeWork& work, std::string_view wrapper) {
    // What waits for this node reads `why`, so it is set before anybody asks.
    const std::optional<EvaluationError> unready = find_unreadiness(work);
    ++plan_.counts.ready_checks;
    plan_.counts.not_ready += unready ? 1 : 0;
    if (!unready) {
        work.plan.state = NodeState::synced;
        work.plan.why = work.drift.empty() ? work.held_back.value_or("") : work.drift;
        return;
    }
    if (sums_up_) {
        work.plan.why = unready->path;  // A field of the status reads the value all the same.
    } else if (unready->is_pending) {
        work.plan.state = NodeState::waiting_for_readiness;
        work.plan.why = unready->path;
        node_errors_.push_back(cat(wrapper, quote(work.node->id), ": ", unready->text));
    } else {
        work.plan.state = NodeState::error;
        work.plan.why = unready->text;
        node_errors_.push_back(unready->text);
    }
}

// In `path` comes what people read: "readyWhen[0] `…`: no such key: endpoint".
std::optional<EvaluationError> Planner::find_unreadiness(const NodeWork& work) {
    const std::string node = cat("node ", quote(work.node->id));
    if (work.is_ignored) {
        return std::nullopt;
    }
    if (work.node->is_def() && !work.is_rendered) {
        return EvaluationError{true, cat(node, ": no value yet: ", waiting_mark), work.plan.why};
    }
    const bool is_children = work.node->makes_objects();
    if (work.node->type == NodeType::collection) {
        if (!work.is_rendered) {
            return EvaluationError{
                true, cat(node, ": collection not computed (", waiting_mark, ")"), work.plan.why};
        }
        if (work.live.size() < work.desired.size()) {
            return EvaluationError{
                true,
                cat(node, ": collection not ready: observed ", work.live.size(), " but desired ",
                    work.desired.size(), " (", waiting_mark, ")"),
                cat("only ", work.live.size(), " of ", work.desired.size(), " items exist")};
        }
    } else if (!work.node->is_list() && work.live.empty()) {
        return EvaluationError{true, cat(node, ": no observed state: ", waiting_mark),
                               work.plan.why.empty() ? "does not exist" : work.plan.why};
    } else if (work.node->type == NodeType::external_collection && work.is_unknown) {
        return EvaluationError{true, cat(node, ": no observed state: ", waiting_mark),
                               work.plan.why};
    }
    // What is about to change is judged by the answer to its apply.
    if (is_children && work.has_pending_apply && !is_suspended_) {
        return EvaluationError{true, cat(node, ": no observed state: ", waiting_mark),
                               "is being applied"};
    }
    if (work.node->iterates()) {
        return find_item_unreadiness(work);
    }
    cel::Activation variables;
    Value list;
    if (work.node->type == NodeType::external_collection) {
        std::vector<Value> items;
        for (const Object& object : work.live) {
            items.push_back(object.value());
        }
        list = Value::list(std::move(items));
        variables.bind_raw(work.node->id, list);
    } else {
        variables.bind_raw(work.node->id, value_of(work, work.live[0]));
    }
    for (size_t i = 0; i < work.programs->ready_when.size(); ++i) {
        const CompiledExpression& expression = work.programs->ready_when[i];
        const std::string& user_text = expression.source.user_text();
        const std::string where = cat("readyWhen[", i, "] `", user_text, "`");
        const Evaluated<bool> ready = evaluate_bool(expression, variables);
        if (!ready) {
            const EvaluationError& error = ready.error();
            return EvaluationError{
                error.is_pending,
                cat(node, ": failed to evaluate readyWhen expression: ", quote(user_text), " (",
                    error.is_pending ? std::string(waiting_mark) : error.in_condition(), ")"),
                cat(where, ": ", error.text)};
        }
        if (!*ready) {
            return EvaluationError{true,
                                   cat("readyWhen condition evaluated to false: ", quote(user_text),
                                       " (", waiting_mark, ")"),
                                   cat(where, " is false")};
        }
    }
    return std::nullopt;
}

std::optional<EvaluationError> Planner::find_item_unreadiness(const NodeWork& work) {
    if (work.programs->ready_when.empty()) {
        return std::nullopt;
    }
    const std::string node = cat("node ", quote(work.node->id));
    cel::Activation variables;
    for (size_t item = 0; item < work.live.size(); ++item) {
        variables.clear();
        variables.bind_raw("each", value_of(work, work.live[item]));
        for (size_t i = 0; i < work.programs->ready_when.size(); ++i) {
            const CompiledExpression& expression = work.programs->ready_when[i];
            const std::string& user_text = expression.source.user_text();
            const std::string where = cat("item ", item, ": readyWhen[", i, "] `", user_text, "`");
            const Evaluated<bool> ready = evaluate_bool(expression, variables);
            if (!ready) {
                const EvaluationError& error = ready.error();
                const std::string text = cat(node, ": failed to evaluate readyWhen ",
                                             quote(user_text), " (item ", item, ")");
                return EvaluationError{error.is_pending,
                                       error.is_pending ? cat(text, " (", waiting_mark, ")")
                                                        : cat(text, ": ", error.in_condition()),
                                       cat(where, ": ", error.text)};
            }
            if (!*ready) {
                return EvaluationError{true,
                                       cat("readyWhen condition evaluated to false: ",
                                           quote(user_text), " (", waiting_mark, ")"),
                                       cat(where, " is false")};
            }
        }
    }
    return std::nullopt;
}

}  // namespace weft::graph
