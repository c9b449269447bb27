// cluster/internal/owner_graph.cc: edges by uid.

#include "cluster/internal/owner_graph.h"

#include <algorithm>

namespace weft::cluster {

Item Item::of(const kube::Resource& resource, const Object& object) {
    Item item;
    item.resource = resource;
    item.name = object.key();
    item.uid = object.uid();
    item.is_deleting = object.is_deleting();
    item.is_foreground = object.has_finalizer("foregroundDeletion");
    item.orphans = object.has_finalizer("orphan");
    if (const Value* references = object.value().find("metadata", "ownerReferences")) {
        for (const Value& reference : references->items()) {
            const Value* blocks = reference.find("blockOwnerDeletion");
            item.owners.push_back({std::string(reference.string_at("apiVersion")),
                                   std::string(reference.string_at("kind")),
                                   std::string(reference.string_at("name")),
                                   std::string(reference.string_at("uid")),
                                   blocks != nullptr && blocks->is_bool() && blocks->as_bool()});
        }
    }
    return item;
}

void OwnerGraph::unlink(const Item& item) {
    for (const OwnerReference& owner : item.owners) {
        const auto found = dependents_.find(owner.uid);
        if (found != dependents_.end() && found->second.erase(item.uid) > 0 &&
            found->second.empty()) {
            dependents_.erase(found);
        }
    }
}

void OwnerGraph::put(Item item) {
    if (const Item* had = find(item.uid)) {
        unlink(*had);
    }
    for (const OwnerReference& owner : item.owners) {
        dependents_[owner.uid].insert(item.uid);
    }
    std::string uid = item.uid;
    items_.insert_or_assign(std::move(uid), std::move(item));
}

void OwnerGraph::remove(const std::string& uid) {
    const auto found = items_.find(uid);
    if (found != items_.end()) {
        unlink(found->second);
        items_.erase(found);
    }
}

const Item* OwnerGraph::find(const std::string& uid) const {
    const auto found = items_.find(uid);
    return found == items_.end() ? nullptr : &found->second;
}

std::vector<const Item*> OwnerGraph::dependents(const std::string& uid) const {
    std::vector<const Item*> out;
    const auto found = dependents_.find(uid);
    if (found != dependents_.end()) {
        for (const std::string& dependent : found->second) {
            if (const Item* item = find(dependent)) {
                out.push_back(item);
            }
        }
    }
    return out;
}

Verdict judge(const Item& item, const std::vector<Presence>& presences,
              const std::vector<const Item*>& dependents) {
    Verdict verdict;
    if (item.owners.empty()) {
        return verdict;
    }
    bool any_solid = false;
    bool any_waiting = false;
    for (size_t i = 0; i < item.owners.size(); ++i) {
        if (presences[i] == Presence::solid) {
            any_solid = true;
        } else {
            any_waiting |= presences[i] == Presence::waiting;
            verdict.uids.push_back(item.owners[i].uid);
        }
    }
    if (any_solid) {
        verdict.act = verdict.uids.empty() ? Verdict::Act::keep : Verdict::Act::drop_references;
        return verdict;
    }
    verdict.uids.clear();
    if (any_waiting && !dependents.empty()) {
        // Its owner waits in the foreground, so it does too. A dependent that waits already may
        // close a circle, which would wait for ever: then it blocks nobody.
        const bool may_be_circle = std::ranges::any_of(
            dependents, [](const Item* dependent) { return dependent->is_deleting_dependents(); });
        verdict.act = may_be_circle ? Verdict::Act::unblock : Verdict::Act::remove;
        verdict.propagation = "Foreground";
        return verdict;
    }
    verdict.act = Verdict::Act::remove;
    verdict.propagation = item.orphans         ? "Orphan"
                          : item.is_foreground ? "Foreground"
                                               : "Background";
    return verdict;
}

}  // namespace weft::cluster
