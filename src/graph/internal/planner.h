// graph/internal/planner.h: one plan in the making.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/internal/programs.h"
#include "graph/limits.h"
#include "graph/plan.h"

namespace weft::graph {

// What the plan knows of a node so far. Nodes are visited after all they depend on.
struct NodeWork {
    // How far it is; rendering and matching go item by item and may be left in between.
    enum class Stage : uint8_t { beginning, rendering, matching, done };
    Stage stage = Stage::beginning;
    std::vector<std::vector<Value>> items;  // of a collection: the values of its variables
    size_t next = 0;                        // the item that is rendered or matched next
    bool is_good = true;                    // nothing that was matched was refused
    std::optional<std::string> held_back;   // by propagateWhen, and why; "": by nothing
    std::string drift;                      // what differs and is left as it is

    const Node* node = nullptr;
    const NodePrograms* programs = nullptr;
    NodePlan plan;
    bool is_ignored = false;
    bool is_visited = false;
    // Of a def: nobody has asked for its value yet, so it has none.
    bool is_deferred = false;
    std::string failure;  // of a def that only the status reads: why it has no value
    // Why includeWhen could not be decided; it is then why dependents wait, too.
    std::optional<EvaluationError> undecided;

    bool is_rendered = false;
    Manifests desired;
    std::vector<Object> live;  // those of `desired` that exist, in its order; or a list's items
    bool has_pending_apply = false;  // an apply of it is in this plan
    bool is_unknown = false;         // something must be observed first

    Value bound;  // what expressions read under the node's id
    bool is_bound = false;
};

// What expressions read of one of the node's objects.
[[nodiscard]] inline const Value& value_of(const NodeWork& work, const Object& object) {
    static const Value nothing;
    if (!work.node->is_def()) {
        return object.value();
    }
    const Value* value = object.value().find("def");
    return value == nullptr ? nothing : *value;
}

inline constexpr std::string_view drift_type = "Drifted";

class Planner {
public:
    Planner(const Graph& graph, const Object& instance, const Observed& observed,
            const PlanOptions& options);

    // Goes on for about so many objects. False while there is more to do.
    bool advance(size_t objects);
    Plan take();

private:
    // plan_defs.cc: what the user left out of the spec
    void compute_spec();

    // plan.cc: the walk
    bool plan_labels();
    // Each takes what it does from the budget; false if the node needs another turn.
    bool visit(NodeWork& work, size_t* budget);
    bool begin(NodeWork& work);
    void prepare(NodeWork& work);
    void finish();
    bool decide_inclusion(NodeWork& work);
    bool check_dependencies(NodeWork& work);
    // Finds out for which items objects are made.
    bool expand(NodeWork& work);
    bool drop_items(NodeWork& work, cel::Activation* variables);
    bool render(NodeWork& work, size_t* budget);
    bool refuse_to_render(NodeWork& work, const EvaluationError& error, std::string_view where);
    bool prepare_objects(NodeWork& work);

    // plan_defs.cc
    // Somebody reads the node: a def gets its value now, after the defs that it reads.
    void demand(NodeWork& work);
    void compute(NodeWork& work);

    // plan_members.cc: what all nodes together want
    void plan_apply_set();
    void plan_prunes(const std::vector<Object>& members);
    void drop_children_actions();
    void find_conflicts();

    // plan_nodes.cc: what each type does with its rendered objects
    bool match_children(NodeWork& work, size_t* budget);
    void begin_children(NodeWork& work);
    void end_children(NodeWork& work);
    [[nodiscard]] bool is_held_back(NodeWork& work);
    bool plan_child(NodeWork& work, const Object& desired, size_t index);
    void visit_external(NodeWork& work);
    void visit_external_collection(NodeWork& work);
    void settle(NodeWork& work, std::string_view wrapper);
    // Why the node is not ready: nothing if it is. Its own state only, not whether it is ignored.
    [[nodiscard]] std::optional<EvaluationError> find_unreadiness(const NodeWork& work);
    [[nodiscard]] std::optional<EvaluationError> find_item_unreadiness(const NodeWork& work);
    void decorate(Object& object, const NodeWork& work, size_t index, size_t size) const;

    // Differences are told and not repaired: driftPolicy, or the instance's annotation.
    [[nodiscard]] bool reports_drift(const NodeWork& work) const;

    // plan_status.cc
    [[nodiscard]] Value list_resources() const;
    [[nodiscard]] std::optional<Condition> drift_condition(ConditionSet& conditions) const;
    InstanceStatus make_status();
    void set_builtin_conditions(ConditionSet& conditions) const;
    bool project_status(Value& status);
    bool add_author_conditions(Value& status, const ConditionSet& builtin);

    NodeWork* find(std::string_view id);
    void wait(NodeWork& work, std::string text, std::string_view waits_for, std::string why);
    void fail(NodeWork& work, std::string text);
    void add_interest(NodeWork& work, Interest interest, bool is_known);
    // Binds what `references` names, as far as it is there.
    void bind(cel::Activation& variables, const std::vector<std::string>& references);
    // What evaluate() may use up; null: nobody counts.
    [[nodiscard]] uint64_t* cost_left() {
        return options_.budget.limits_cost() ? &cost_left_ : nullptr;
    }
    [[nodiscard]] Evaluated<bool> evaluate_bool(const CompiledExpression& expression,
                                                const cel::Activation& variables);

    const Graph& graph_;
    const Object& instance_;
    const Observed& observed_;
    const PlanOptions& options_;
    Plan plan_;
    std::vector<NodeWork> works_;  // in topological order
    size_t at_ = 0;                // the node that is worked on
    bool has_begun_ = false;
    bool is_finished_ = false;
    bool walks_ = false;  // the instance is labelled: nodes are looked at
    std::map<std::string, size_t, std::less<>> index_;
    Value schema_value_;  // the instance without its status
    std::string apply_set_id_;
    std::vector<std::pair<std::string_view, Value>> child_labels_;  // the same on every child
    cel::Arena arena_;
    uint64_t cost_left_;         // of options_.budget
    uint64_t objects_made_ = 0;  // likewise

    // What goes into ResourcesReady, in kro's words; the first of each counts.
    bool sums_up_ = false;    // the nodes are done; what is found now is about the status only
    std::string unresolved_;  // a node waits for data
    std::string fatal_;       // an expression failed, or two nodes want one object
    std::string deleting_;    // an object of ours is being deleted
    bool has_dying_orphan_ = false;  // somebody's finalizer holds what is pruned
    std::string management_;         // the instance could not be labelled
    std::string status_failure_;     // a status expression failed
    std::vector<std::string> node_errors_;
    std::vector<std::string> drifted_;  // "ConfigMap default/web: data.key differs", one an object
    bool is_suspended_ = false;
    bool has_conflict_ = false;  // two nodes want one object; `fatal_` names them
};

}  // namespace weft::graph
