// cluster/internal/owner_graph.h: who owns whom, and what becomes of a dependent.
//
// The rules are those of Kubernetes' garbage collector (kubernetes-api.md §1.7).

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/kube.h"
#include "object/object.h"

namespace weft::cluster {

struct OwnerReference {
    std::string api_version;
    std::string kind;
    std::string name;
    std::string uid;
    bool blocks = false;  // blockOwnerDeletion
};

// What the collector knows of an object.
struct Item {
    kube::Resource resource;
    NamespacedName name;
    std::string uid;
    std::vector<OwnerReference> owners;
    bool is_deleting = false;
    bool is_foreground = false;  // has the finalizer foregroundDeletion
    bool orphans = false;        // has the finalizer orphan

    [[nodiscard]] bool is_deleting_dependents() const { return is_deleting && is_foreground; }
    [[nodiscard]] static Item of(const kube::Resource& resource, const Object& object);
};

class OwnerGraph {
public:
    void put(Item item);
    void remove(const std::string& uid);
    [[nodiscard]] const Item* find(const std::string& uid) const;
    // By uid.
    [[nodiscard]] std::vector<const Item*> dependents(const std::string& uid) const;
    [[nodiscard]] size_t size() const { return items_.size(); }

private:
    void unlink(const Item& item);

    std::unordered_map<std::string, Item> items_;
    std::unordered_map<std::string, std::set<std::string>> dependents_;
};

// What has been found out about one owner.
enum class Presence : uint8_t {
    solid,    // it exists
    absent,   // it does not, as the server said
    waiting,  // it is being deleted and waits for its dependents
};

struct Verdict {
    enum class Act : uint8_t {
        keep,
        drop_references,  // those with the uids
        unblock,          // blockOwnerDeletion of all becomes false, then it is deleted Foreground
        remove,           // with `propagation`
    };
    Act act = Act::keep;
    std::vector<std::string> uids;
    std::string propagation;
};

// What to do with an item that is not being deleted. `presences` go with its owners.
[[nodiscard]] Verdict judge(const Item& item, const std::vector<Presence>& presences,
                            const std::vector<const Item*>& dependents);

}  // namespace weft::cluster
