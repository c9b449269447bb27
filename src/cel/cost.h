// cel/cost.h: what an expression may cost before it has run, as Kubernetes bounds its rules.
//
// Source: cel-go checker/cost.go; for the sizes of schemas, apiserver pkg/cel/types.go and
// apiextensions' size estimator. What a run did cost is `Outcome::cost`.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cel/environment.h"
#include "schema/schema.h"

namespace weft::cel {

// Sums and products that end at 2^64-1 instead of wrapping.
[[nodiscard]] uint64_t saturating_add(uint64_t a, uint64_t b);
[[nodiscard]] uint64_t saturating_multiply(uint64_t a, uint64_t b);
// A size times a factor below one, rounded up.
[[nodiscard]] uint64_t scale_cost(uint64_t size, double factor);

[[nodiscard]] CostEstimate operator+(const CostEstimate& a, const CostEstimate& b);
[[nodiscard]] CostEstimate operator*(const CostEstimate& a, const CostEstimate& b);
[[nodiscard]] CostEstimate unite(const CostEstimate& a, const CostEstimate& b);
[[nodiscard]] SizeEstimate operator+(const SizeEstimate& a, const SizeEstimate& b);
[[nodiscard]] SizeEstimate unite(const SizeEstimate& a, const SizeEstimate& b);
// What traversing something of that size costs: 0.1 a code point for texts.
[[nodiscard]] CostEstimate scale_cost(const SizeEstimate& size, double factor);

inline constexpr double string_traversal_factor = 0.1;
inline constexpr double regex_length_factor = 0.25;

// Kubernetes' largest request, on which sizes rest that have no bound of their own.
inline constexpr uint64_t request_size_max = 3 * 1024 * 1024;

// What is known about the length of a value: its path ("self", "items", "@items"), and whether it
// is the value that the path names. Nothing if it does not know.
using SizeOfPath =
    std::function<std::optional<SizeEstimate>(std::span<const std::string_view> path)>;

// The cost of a checked expression, between the least and the most. Sizes are asked of `size_of`
// if it is given; otherwise variables that the environment declares by a schema have the sizes that
// the schema bounds. A value about which nothing is known has the size `unknown`; cel-go and
// Kubernetes, and so the default, know no bound of it.
[[nodiscard]] CostEstimate estimate_cost(const Environment& environment, const Ast& ast,
                                         const SizeOfPath& size_of = nullptr,
                                         const std::optional<SizeEstimate>& unknown = {});

// The size of the value of a checked expression: elements, entries or code points. Nothing if
// nothing is known about it and there is no `unknown`.
[[nodiscard]] std::optional<SizeEstimate> estimate_size(
    const Environment& environment, const Ast& ast, const SizeOfPath& size_of,
    const std::optional<SizeEstimate>& unknown = {});

// The most elements, entries or characters that a value of a schema may have in a request of three
// mebibytes: Kubernetes' DeclType.MaxElements.
[[nodiscard]] uint64_t max_elements(const schema::Schema& schema);
// The fewest bytes that a value of a schema takes: DeclType.MinSerializedSize.
[[nodiscard]] uint64_t min_serialized_size(const schema::Schema& schema);

}  // namespace weft::cel
