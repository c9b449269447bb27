// server/internal/bootstrap_roles.h: the roles and bindings that every cluster has.

#pragma once

#include <vector>

#include "object/object.h"

namespace weft::server {

// ClusterRoles, Roles and their bindings of Kubernetes 1.36's bootstrap policy, without what the
// server fills in.
[[nodiscard]] std::vector<Value> bootstrap_roles();

}  // namespace weft::server
