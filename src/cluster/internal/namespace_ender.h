// cluster/internal/namespace_ender.h: empties a namespace that is being deleted.

#pragma once

#include <functional>
#include <vector>

#include "cluster/internal/namespace.h"
#include "kube/kube.h"

namespace weft::cluster {

// What a step has left to do.
struct Ending {
    Outcome outcome = {};   // conditions that say what remains
    bool is_empty = false;  // nothing remains: the namespace can be finalized
};
// One step: asks everything in the namespace to go, pods first, the rest when they have gone.
[[nodiscard]] io::Task<Result<Ending>> end_namespace(kube::Client* client, Object namespace_,
                                                     std::vector<kube::Resource> resources,
                                                     Moment moment);

// Takes the finalizer `kubernetes` off, after which the namespace is gone.
[[nodiscard]] io::Task<Status> finalize_namespace(kube::Client* client, Object namespace_);

}  // namespace weft::cluster
