// cluster/internal/stage_runner.h: keeps the objects of custom kinds where their stages say.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/internal/view.h"
#include "cluster/stage.h"

namespace weft::cluster {

// Hears of objects by their caches. Loop thread only; its worker runs in the scope it is given.
class StageRunner {
public:
    StageRunner(io::Loop* loop, kube::Client* client, std::vector<Stage> stages);

    // Whether some stage is about the kind: its objects must be watched whole then.
    [[nodiscard]] bool concerns(const kube::Resource& resource) const;
    // Follows a cache, which must outlive the work. Before the cache is filled.
    void follow(const kube::Resource& resource, kube::Cache* cache);
    void forget(const kube::Resource& resource);
    void start(io::Scope* scope);
    [[nodiscard]] bool is_idle() const { return queue_.is_idle() && queue_.delayed() == 0; }

    // The openAPIV3Schema of a resource's version; null if it is not known.
    std::function<Value(const kube::Resource&)> schema_of;
    std::function<Moment()> moment;
    std::function<void(const Error&)> on_error;

private:
    struct Key {
        kube::Resource resource;
        NamespacedName name;
        auto operator<=>(const Key&) const = default;
    };
    // What is known of an object while stages follow one another.
    struct Progress {
        int64_t generation = -1;
        int turns = 0;
        std::string waiting_for;  // a stage whose time has been set
        int64_t due = 0;
    };

    io::Task<void> work();
    io::Task<Status> process(Key key);

    io::Loop* loop_;
    kube::Client* client_;
    std::vector<Stage> stages_;
    std::map<kube::Resource, kube::Cache*> caches_;
    std::map<Key, Progress> progress_;
    kube::WorkQueue<Key> queue_;
};

}  // namespace weft::cluster
