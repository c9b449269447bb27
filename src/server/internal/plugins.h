// server/internal/plugins.h: the admission plugins that a real API server has on by default.

#pragma once

#include <string>

#include "server/internal/core.h"

namespace weft::server {

// Changes an object on its way in: tolerations, priority and taints, protection finalizers, default
// classes, the user of a certificate request. `old_object` is null at creation.
[[nodiscard]] io::Task<Status> run_plugins(Call* call, Value* object, const Value* old_object);

// The Warning that goes with every request for a kind that is on its way out; "" for none.
[[nodiscard]] std::string deprecation_of(const GroupVersionKind& kind);

}  // namespace weft::server
