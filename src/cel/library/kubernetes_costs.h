// cel/library/kubernetes_costs.h: what Kubernetes charges for calls, where cel-go charges
// otherwise.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/cost.go. A tenth of the size of the first argument, rounded up.
[[nodiscard]] std::optional<uint64_t> cost_of_parsing(std::span<const Value> args,
                                                      const Value& result);
// The same of the size that is known before, which is the result's, too.
[[nodiscard]] std::optional<CallEstimate> estimate_parsing(std::span<const Operand> args);
// The same without a size of the result.
[[nodiscard]] std::optional<CallEstimate> estimate_traversal(std::span<const Operand> args);

// The costs of functions of other libraries: cel-go's of texts and Kubernetes' of lists, which it
// charges by the name of the function. Comes after all that declare them.
[[nodiscard]] Library kubernetes_costs_library();

}  // namespace weft::cel
