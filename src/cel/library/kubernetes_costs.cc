// cel/library/kubernetes_costs.cc: costs that several of Kubernetes' functions share.

#include "cel/library/kubernetes_costs.h"

#include "cel/cost.h"

namespace weft::cel {

std::optional<uint64_t> cost_of_parsing(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[0]), string_traversal_factor);
}

std::optional<CallEstimate> estimate_parsing(std::span<const Operand> args) {
    const SizeEstimate size = args[0].size_or_unknown();
    return CallEstimate{scale_cost(size, string_traversal_factor), size};
}

}  // namespace weft::cel
