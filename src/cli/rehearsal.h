// cli/rehearsal.h: what the controller would do for an instance, played through without a server.
//
// A rehearsal takes turns with graph::plan as the controller does, but carries the actions out on
// objects in memory: what the planner asks for is looked up there, and the answer to an apply is
// what server-side apply makes of it. Nothing else happens: a status stays as it is.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/live.h"
#include "graph/graph.h"
#include "merge/field_diff.h"

namespace weft::cli {

using World = std::map<ObjectKey, Object>;

// Where objects come from that the rehearsal does not know yet.
class ObjectSource {
public:
    virtual ~ObjectSource() = default;
    // The object, or nothing.
    virtual Result<std::optional<Object>> get(const GroupVersionKind& kind,
                                              const NamespacedName& name) = 0;
    // All of a kind in a namespace ("": everywhere) that a labelSelector's text matches.
    virtual Result<std::vector<Object>> list(const GroupVersionKind& kind,
                                             const std::string& namespace_,
                                             const Value& selector) = 0;
    // All members of an ApplySet; `scope` says where the instance's record has them, besides the
    // instance's own namespace.
    virtual Result<std::vector<Object>> members(const graph::ApplySetScope& scope,
                                                const std::string& namespace_) = 0;
};

// Objects that were read from files.
class FileSource : public ObjectSource {
public:
    explicit FileSource(std::vector<Object> objects) : objects_(std::move(objects)) {}
    Result<std::optional<Object>> get(const GroupVersionKind& kind,
                                      const NamespacedName& name) override;
    Result<std::vector<Object>> list(const GroupVersionKind& kind, const std::string& namespace_,
                                     const Value& selector) override;
    Result<std::vector<Object>> members(const graph::ApplySetScope& scope,
                                        const std::string& namespace_) override;

private:
    std::vector<Object> objects_;
};

// Objects of a live cluster, read when they are asked for. What `first` has counts before them.
class ClusterSource : public ObjectSource {
public:
    // Both are borrowed.
    ClusterSource(LiveCluster* cluster, FileSource* first) : cluster_(cluster), first_(first) {}
    Result<std::optional<Object>> get(const GroupVersionKind& kind,
                                      const NamespacedName& name) override;
    Result<std::vector<Object>> list(const GroupVersionKind& kind, const std::string& namespace_,
                                     const Value& selector) override;
    Result<std::vector<Object>> members(const graph::ApplySetScope& scope,
                                        const std::string& namespace_) override;

private:
    LiveCluster* cluster_;
    FileSource* first_;
};

// One thing that was done to a child.
struct Change {
    enum class Kind : uint8_t { create, change, remove };
    Kind kind = Kind::create;
    std::string node;
    ObjectKey key;
    std::string why;                             // the planner's reason
    std::optional<Object> before;                // what was there
    Object desired;                              // what is applied
    Object after;                                // what that leaves
    std::vector<merge::FieldDifference> fields;  // of a change; may be empty: only ownership moves
};

struct RehearsalOptions {
    // Objects that are made get what every server gives: uid, generation, resourceVersion. Without
    // it, what reads a uid waits, as nobody knows it before.
    bool gives_identity = false;
    // Everything is applied anew, also what is as it should be: `desired` of every node comes out.
    // What is known of an object's status then counts for what is applied: its generation stays.
    bool applies_all = false;
};

class Rehearsal {
public:
    using FindSchema = std::function<schema::SchemaPtr(const GroupVersionKind&)>;

    // The graph and the source are borrowed.
    Rehearsal(const graph::Graph* graph, Object instance, ObjectSource* source,
              FindSchema find_schema, RehearsalOptions options = {});

    // Plans and applies until nothing is left to do. An error is the source's.
    Status run();

    // What was done since the start, in order. Applies to the instance itself are left out.
    [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
    // The last plan: states, reasons, status.
    [[nodiscard]] const graph::Plan& plan() const { return plan_; }
    // Its status without the times of transitions: nobody knows when it would happen.
    [[nodiscard]] Value status() const;
    [[nodiscard]] const Object& instance() const { return instance_; }
    // Every object that was looked at or made.
    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] const Object* find(const ObjectKey& key) const;

    // For tests: the world moves on, then `run` again.
    void put(Object object);
    void change_instance(Object instance) { instance_ = std::move(instance); }

private:
    Status observe();
    Status see_members();
    Status see_list(const graph::Interest& interest);
    [[nodiscard]] std::vector<Object> newest(std::vector<Object> listed,
                                             const std::function<bool(const Object&)>& is_wanted);
    void carry_out(const Action& action);
    void apply_to_instance(const Apply& apply);
    void apply_child(const Apply& apply, std::string why);
    void prune_child(const Prune& prune, std::string why);
    [[nodiscard]] Object applied(const Object* live, const Object& desired) const;

    const graph::Graph* graph_;
    Object instance_;
    ObjectSource* source_;
    FindSchema find_schema_;
    RehearsalOptions options_;
    World world_;
    std::set<ObjectKey> known_;  // what the source need not be asked for any more
    graph::Observed observed_;
    graph::Plan plan_;
    std::vector<Change> changes_;
    int64_t version_ = 0;
};

// The labels and annotations that the controller adds to a child, taken off again; maps that are
// empty without them go.
[[nodiscard]] Object without_decoration(const Object& object);

// "Deployment default/shop".
[[nodiscard]] std::string object_text(const ObjectKey& key);

}  // namespace weft::cli
