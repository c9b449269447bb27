// graph/plan.h: what can be done for an instance now, what waits for what, and what is true
// already.
//
// A plan has no memory: the same graph, instance and observations give the same plan. The caller
// observes, plans, carries the actions out, puts the answers into Observed, and plans again until
// there is nothing to do. A dependent is released as soon as the answer to its dependency's apply
// is ready; no time passes in between.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/apply_set.h"
#include "graph/compile.h"
#include "graph/status.h"

namespace weft::graph {

// What is known of one object.
struct ObservedObject {
    std::optional<Object> live;  // nothing: it is known not to exist
    // What was applied last and the answer it gave: an object that is still like that needs no
    // second apply, whatever the server made of the values.
    std::optional<Object> applied;
    std::optional<Object> answer;
    // Why the last apply in this turn of the loop failed: it is not tried again in this turn.
    std::optional<Error> error;
};

// What is known of the world. It is a value; the caller keeps it (or makes it from its caches) and
// puts answers in.
class Observed {
public:
    // An object that was read (absent: nothing).
    void see(const ObjectKey& key, std::optional<Object> live);
    // The items of an external collection, by node id.
    void see_list(std::string_view node, std::vector<Object> items);
    // Every object that carries the instance's part-of label, within the recorded scope. Only
    // metadata, apiVersion and kind are looked at.
    void see_members(std::vector<Object> members);

    // The answer to an Apply of a child.
    void see_applied(const ObjectKey& key, Object desired, Object answer);
    // What was applied to an object in an earlier pass, and the answer; see Plan::rewritten.
    void recall_applied(const ObjectKey& key, Object desired, Object answer);
    // An Apply or Prune failed.
    void see_failed(const ObjectKey& key, Error error);
    // A Prune was carried out. `deleted_at` is what the answer says of an object that its
    // finalizers hold (RFC 3339); empty: it is gone.
    void see_pruned(const ObjectKey& key, std::string_view deleted_at = {});

    [[nodiscard]] const ObservedObject* find(const ObjectKey& key) const;
    [[nodiscard]] const std::vector<Object>* find_list(std::string_view node) const;
    [[nodiscard]] const std::vector<Object>* members() const {
        return members_ ? &*members_ : nullptr;
    }

private:
    std::map<ObjectKey, ObservedObject> objects_;
    std::map<std::string, std::vector<Object>, std::less<>> lists_;
    std::optional<std::vector<Object>> members_;
};

struct PlanOptions {
    Time now;                        // for conditions
    std::string version = "v0.9.3";  // in labels and as tooling "kro/…"
    int64_t collection_size = limits::collection_size;
    // What exceeds it is an error of the node that does. The cost is counted only in graphs that
    // were compiled with a budget.
    Budget budget = {};
};

enum class NodeState : uint8_t {
    in_progress,            // waits for another node or for something to be observed
    waiting_for_readiness,  // exists; readyWhen is not satisfied yet
    skipped,                // includeWhen says no
    synced,
    deleting,  // its object is being deleted by somebody
    error,
};
[[nodiscard]] std::string_view text(NodeState state);  // "IN_PROGRESS", …

// What the plan found for one node.
struct NodePlan {
    std::string id;
    NodeState state = NodeState::in_progress;
    std::string why;                 // for people; "" when synced
    std::string waits_for;           // the id of another node; "" if none
    std::vector<ObjectKey> objects;  // what it wants, in order
};

// Something the plan looked at, or would have: what must be watched.
struct Interest {
    std::string node;
    GroupVersionKind kind;
    std::string resource;  // plural
    bool namespaced = true;
    NamespacedName name;  // by name; with an empty name: all in the namespace ("" = everywhere)
    Value selector;       // a LabelSelector; null: by name, or everything
    bool by_name = true;
};

// How much work a plan was, for metrics.
struct PlanCounts {
    uint64_t expressions = 0;  // evaluated
    uint64_t nodes = 0;
    uint64_t errors = 0;  // nodes that failed
    uint64_t ignored_checks = 0;
    uint64_t ignored = 0;
    uint64_t ready_checks = 0;
    uint64_t not_ready = 0;
    std::vector<size_t> collections;  // sizes
};

struct Plan {
    // In order; the instance's own applies (node "") must be answered before what follows them.
    // Applies of children may be carried out together.
    std::vector<Action> actions;
    // What must be read before more can be planned: objects by name, lists by selector.
    std::vector<Interest> unknown;
    // True if the ApplySet's members must be listed (see_members) before more can be planned.
    bool needs_members = false;

    std::vector<NodePlan> nodes;      // in topological order
    std::vector<Interest> interests;  // everything to watch, `unknown` included
    ApplySetScope scope;              // where members are after this plan
    InstanceStatus status;            // true if all actions succeed and nothing else happens
    std::string retry_reason;         // see wants_retry; "" for none
    // Objects that the server (a webhook) made something else of than was applied, and that are
    // good as they are only because of what is observed of that apply. Remember both (`applied` and
    // `answer` of Observed::find) and recall them in the next pass, or it applies again.
    std::vector<ObjectKey> rewritten;
    PlanCounts counts;

    [[nodiscard]] bool has_actions() const { return !actions.empty(); }
    [[nodiscard]] bool needs_observation() const { return needs_members || !unknown.empty(); }
    // Nothing to do, nothing unknown, nothing waiting.
    [[nodiscard]] bool is_at_rest() const;
    // An error that only a retry can lift (an apply that failed, an expression that failed).
    // `retry_reason` says what; "" otherwise.
    [[nodiscard]] bool wants_retry() const;
};

// `instance` is the newest that is known, with its status. CHECKs nothing about it: whatever is
// missing shows as an error of a node or of the status.
[[nodiscard]] Plan plan(const Graph& graph, const Object& instance, const Observed& observed,
                        const PlanOptions& options);

class Planner;

// The same in slices, for a caller that must not be held: a plan of a thousand objects takes many
// milliseconds. All four are borrowed and must stay as they are until `take`.
class Planning {
public:
    Planning(const Graph& graph, const Object& instance, const Observed& observed,
             const PlanOptions& options);
    ~Planning();
    Planning(const Planning&) = delete;
    Planning& operator=(const Planning&) = delete;

    // Goes on for about so many objects. False while there is more to do.
    bool advance(size_t objects);
    // Once, when `advance` was true.
    [[nodiscard]] Plan take();

private:
    std::unique_ptr<Planner> planner_;
};

// What to do while the instance is being deleted; needs no graph. `members` as for see_members.
struct DeletionPlan {
    std::vector<Action> actions;  // prunes of one wave; the next when these are gone
    bool is_done = false;         // no member is left: the finalizer may go
    std::string why;              // "deleting apply-order wave 2"
    InstanceStatus status;
};
// invalid if the instance's inventory is not to be trusted; the status to write is in
// blocked_deletion_status then.
[[nodiscard]] Result<DeletionPlan> deletion_plan(const Object& instance,
                                                 const std::vector<Object>& members,
                                                 bool has_author_conditions,
                                                 const PlanOptions& options);
[[nodiscard]] InstanceStatus deletion_status(const Object& instance, bool has_author_conditions,
                                             std::string_view message, Time now);

}  // namespace weft::graph
