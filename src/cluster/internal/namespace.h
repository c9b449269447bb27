// cluster/internal/namespace.h: what every namespace gets, and the words of its end.

#pragma once

#include <map>

#include "cluster/internal/view.h"

namespace weft::cluster {

// The ServiceAccount `default` (where workloads run) and the ConfigMap `kube-root-ca.crt`, made
// again if they go.
[[nodiscard]] Outcome reconcile_namespace(const Object& namespace_, const View& view,
                                          const Moment& moment);

// What was found in a namespace that ends, after everything was asked to go.
struct Remains {
    std::map<std::string, int64_t> resources;   // by "pods." or "deployments.apps"
    std::map<std::string, int64_t> finalizers;  // how many objects each holds
    std::vector<std::string> failures;          // texts of errors
    [[nodiscard]] bool empty() const { return resources.empty() && failures.empty(); }
};

// The status of a namespace that ends, with the five conditions in the real controller's words.
[[nodiscard]] Value ending_status(const Object& namespace_, const Remains& remains,
                                  const Moment& moment);

}  // namespace weft::cluster
