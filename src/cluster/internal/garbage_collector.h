// cluster/internal/garbage_collector.h: deletes what nobody owns any more.

#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/internal/owner_graph.h"
#include "kube/kube.h"

namespace weft::cluster {

// Hears of every object by its caches, acts only on what the server itself confirms. Loop thread
// only; its workers run in the scope that it is given.
class GarbageCollector {
public:
    GarbageCollector(io::Loop* loop, kube::Client* client);

    // Follows a cache, which must outlive the collector's work. Before the cache is filled.
    void follow(const kube::Resource& resource, kube::Cache* cache);
    // The cache is going away (a CRD went): its objects are gone.
    void forget(const kube::Resource& resource);
    void start(io::Scope* scope);

    [[nodiscard]] bool is_idle() const { return queue_.is_idle() && queue_.delayed() == 0; }

    // Hears of failures, which are tried again; may be empty.
    std::function<void(const Error&)> on_error;

private:
    struct Source {
        kube::Cache* cache = nullptr;
        std::shared_ptr<bool> is_followed;
    };

    void changed(const kube::Resource& resource, const Object* before, const Object* after);
    [[nodiscard]] bool is_anything_to_do(const Item& item) const;
    [[nodiscard]] bool knows_all() const;
    [[nodiscard]] const kube::Resource* resource_of(const OwnerReference& owner) const;

    io::Task<void> work();
    io::Task<Status> process(std::string uid);
    io::Task<Status> orphan_dependents(Item item);
    io::Task<Status> end_foreground(Item item);
    io::Task<Status> carry_out(Verdict verdict, Item item, Object live);
    io::Task<Result<Presence>> presence_of(OwnerReference owner, Item dependent);
    // Replaces a list of the object's metadata, if it is still the one that was seen.
    io::Task<Status> patch_metadata(Item item, Object live, std::string member, Value list);
    // The object, if it still is the one; nothing if it has gone.
    io::Task<Result<std::optional<Object>>> get_live(Item item);

    kube::Client* client_;
    OwnerGraph graph_;
    std::map<kube::Resource, Source> sources_;
    kube::WorkQueue<std::string> queue_;  // uids
    // Owners that the server does not have, oldest first.
    std::list<std::string> absent_order_;
    std::set<std::string> absent_;
};

}  // namespace weft::cluster
