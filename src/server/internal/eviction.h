// server/internal/eviction.h: POST …/pods/NAME/eviction: a deletion that budgets may refuse.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Source of the behaviour and the texts: Kubernetes
// pkg/registry/core/pod/storage/eviction.go, 1.36.
[[nodiscard]] io::Task<Answer> evict_pod(Call* call);

}  // namespace weft::server
