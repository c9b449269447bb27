// kube/resource.h: a kind as an API server serves it, and the URLs of its objects.

#pragma once

#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::kube {

struct Resource {
    GroupVersionResource gvr;
    std::string kind;
    bool namespaced = true;
    bool has_status = false;  // a status subresource is served

    [[nodiscard]] GroupVersionKind gvk() const { return {gvr.group, gvr.version, kind}; }
    auto operator<=>(const Resource&) const = default;
};

// "/apis/apps/v1/namespaces/ns/deployments/web/status", escaped. An empty namespace means all of
// them (or a cluster-scoped resource), an empty name the collection.
[[nodiscard]] std::string resource_path(const Resource& resource, std::string_view namespace_,
                                        std::string_view name, std::string_view subresource = "");

}  // namespace weft::kube
