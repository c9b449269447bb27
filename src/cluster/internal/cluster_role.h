// cluster/internal/cluster_role.h: ClusterRoles that gather the rules of others.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// The rules of all roles that one of its selectors names, by name, each once.
[[nodiscard]] Outcome reconcile_cluster_role(const Object& role, const View& view);

}  // namespace weft::cluster
