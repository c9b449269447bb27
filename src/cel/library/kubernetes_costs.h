// cel/library/kubernetes_costs.h: what Kubernetes charges for calls of its functions.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/cost.go. A tenth of the size of the first argument, rounded up.
[[nodiscard]] std::optional<uint64_t> cost_of_parsing(std::span<const Value> args,
                                                      const Value& result);
// The same with the estimate that Kubernetes makes of url().
[[nodiscard]] std::optional<CallEstimate> estimate_parsing(std::span<const Operand> args);

}  // namespace weft::cel
