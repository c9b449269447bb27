// control/instance.h: keeps every instance equal to its graph.
//
// One controller for all generated kinds: a queue of (kind, name), caches of instances and of
// children, and `graph::plan`. It reads from caches, writes what a plan says and nothing else, and
// is woken by events only.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/revision_registry.h"
#include "control/world.h"

namespace weft::control {

// A generated kind that is being served.
struct ServedKind {
    std::string definition;  // name of the ResourceGraphDefinition
    kube::Resource resource;
    Informer* instances = nullptr;
    KindInstruments* instruments = nullptr;
    // The definition is gone, or going: instances stay as they are, but those that are deleted are
    // let go, with their children. Ends when no instance carries our finalizer.
    bool is_deletions_only = false;
};

struct InstanceKey {
    GroupVersionKind kind;
    NamespacedName name;

    auto operator<=>(const InstanceKey&) const = default;
};

class InstanceController {
public:
    InstanceController(World world, RevisionRegistry* registry);

    // Starts to serve a kind, or wakes all its instances if `graph_changed`.
    io::Task<Status> serve(std::string definition, kube::Resource resource, bool graph_changed);
    // Stops reconciling the definition's instances, but for their deletion.
    void detach(const std::string& definition);
    // Serves nothing but deletions of a kind whose definition is not there; nothing if it is served
    // already.
    io::Task<Status> serve_deletions(std::string definition, kube::Resource resource);
    // The definition's instances that carry our finalizer.
    [[nodiscard]] std::vector<const Object*> held(const std::string& definition) const;
    // Hears of instances that went, by the name of their definition; may be empty.
    std::function<void(const std::string& definition)> on_gone;

    // An instance of a definition that is served, with the revision that its last pass during a
    // rollout came to its end with; 0: none has since the rollout is known here.
    struct Followed {
        const Object* instance;
        int64_t revision;
    };
    [[nodiscard]] std::vector<Followed> followed(const std::string& definition) const;
    // Wakes the instances that follow another revision by now than in their last pass.
    void wake_strays(const std::string& definition);
    void forget_followed(const std::string& definition);
    // Hears of passes of instances whose definition is being rolled out; may be empty.
    std::function<void(const std::string& definition)> on_settled;

    // Works on the queue until it is cancelled; spawn several.
    io::Task<void> work();

    [[nodiscard]] bool is_idle() const { return queue_.is_idle(); }
    void shut_down() { queue_.shut_down(); }
    [[nodiscard]] const kube::WorkQueue<InstanceKey>& queue() const { return queue_; }
    void read_gauges();
    [[nodiscard]] const std::map<GroupVersionKind, ServedKind>& kinds() const { return kinds_; }

private:
    Informer& watch_instances(const kube::Resource& resource);
    void on_instance(const GroupVersionKind& kind, const Object* before, const Object* after);
    void read_condition_gauges();
    io::Task<Status> reconcile(InstanceKey key);
    io::Task<Status> reconcile_live(InstanceKey key, ServedKind kind, Object instance);
    io::Task<Status> reconcile_deleting(InstanceKey key, ServedKind kind, Object instance);
    io::Task<Status> observe(const graph::Graph* graph, const Object* instance,
                             const graph::Plan* plan, graph::Observed* observed, InstanceKey key);
    // Everything that carries the instance's part-of label, within its recorded scope and these.
    io::Task<Result<std::vector<Object>>> members(Object instance,
                                                  std::vector<kube::Resource> more);
    io::Task<void> carry_out(std::vector<Action> actions, graph::Observed* observed,
                             InstanceKey key, Object* instance);
    io::Task<void> carry_out_one(const Action* action, graph::Observed* observed, InstanceKey key,
                                 Object* instance);
    io::Task<Status> write_status(InstanceKey key, ServedKind kind, graph::InstanceStatus status);
    io::Task<Status> remove_finalizer(ServedKind kind, Object instance);

    // The cache of children of a kind (everything with a part-of label), synced.
    io::Task<Result<Informer*>> children(kube::Resource resource);
    io::Task<Result<Informer*>> external(InformerKey key, InstanceKey reader);
    void remember_interests(const InstanceKey& key, std::set<InformerKey> interests);
    io::Task<void> drop_unread();
    io::Task<void> drop_emptied();
    void on_child(const GroupVersionResource& gvr, const Object* before, const Object* after);
    io::Task<Result<graph::Plan>> make_plan(const graph::Graph* graph, const Object* instance,
                                            const graph::Observed* observed);
    void log_failure(const InstanceKey& key, const Error& error);
    void put_written(kube::Cache* cache, const Object& object, const InstanceKey& writer);

    World world_;
    RevisionRegistry* registry_;
    kube::WorkQueue<InstanceKey> queue_;
    std::map<GroupVersionKind, ServedKind> kinds_;
    // External references: who reads which watch.
    std::map<InstanceKey, std::set<InformerKey>> interests_;
    std::map<InformerKey, std::set<InstanceKey>> readers_;
    std::set<InformerKey> unread_;        // that may have lost their last reader
    std::set<GroupVersionKind> emptied_;  // served for deletions only, and may have none left
    std::map<GroupVersionKind, size_t> under_way_;  // passes
    int64_t longest_plan_ = 0;
    std::map<InstanceKey, int64_t> followed_;  // while their definitions are rolled out
    // Children that the server rewrote when they were applied: what was wanted, what came back.
    struct Rewritten {
        Object desired;
        Object answer;
    };
    std::map<ObjectKey, Rewritten> rewritten_;
    // The pass that is putting its own answer into a cache: that change needs no further pass.
    const InstanceKey* writing_ = nullptr;
};

}  // namespace weft::control
