// kube/rest_mapper.h: from kinds to resources, as the server says now.

#pragma once

#include <map>
#include <set>
#include <string>

#include "kube/client.h"
#include "kube/resource.h"

namespace weft::kube {

// Asks discovery for a group version when a kind of it is first wanted, and again when a kind is
// not found (it may have come since). Loop thread only.
class RestMapper {
public:
    explicit RestMapper(Client* client) : client_(client) {}

    // not_found `no matches for kind "K" in version "g/v"` if the server does not serve it.
    io::Task<Result<Resource>> for_kind(GroupVersionKind kind);
    // Without asking: the resource if it is known already.
    [[nodiscard]] const Resource* find(const GroupVersionKind& kind) const;
    // Without asking: whether a kind of this group version is known.
    [[nodiscard]] bool serves(const GroupVersion& version) const;
    // The served version of a kind: for ApplySets, which name only group and kind. not_found as
    // above.
    io::Task<Result<Resource>> for_group_kind(std::string group, std::string kind);
    // What the caller knows (a CRD that it has just seen established).
    void put(Resource resource);
    // Forgets a group version: a CRD went or changed.
    void forget(const GroupVersion& version);

private:
    io::Task<Status> load(GroupVersion version);

    Client* client_;
    std::map<GroupVersionKind, Resource> known_;
};

}  // namespace weft::kube
