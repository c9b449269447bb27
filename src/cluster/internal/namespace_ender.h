// cluster/internal/namespace_ender.h: empties a namespace that is being deleted.

#pragma once

#include <functional>
#include <vector>

#include "cluster/internal/namespace.h"
#include "kube/kube.h"

namespace weft::cluster {

// One step: asks everything in the namespace to go (pods first, the rest when they have gone),
// says in its conditions what remains, and when nothing does, takes the finalizer `kubernetes`
// off. True when it is done with the namespace.
[[nodiscard]] io::Task<Result<bool>> end_namespace(kube::Client* client, Object namespace_,
                                                   std::vector<kube::Resource> resources,
                                                   Moment moment);

}  // namespace weft::cluster
