// graph/bounds.h: how large a definition can become, known before anything runs.
//
// Sizes come from the schema of the instance and of what is read (maxItems, maxLength,
// maxProperties; else what fits into a request of three mebibytes) and from the collection limit;
// costs are those of cel-go's estimate, the unit of Kubernetes' own budgets.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/compile.h"

namespace weft::graph {

// The worst case of one resource. Numbers end at 2^64-1, which means: without bound.
struct NodeBound {
    std::string id;
    uint64_t objects = 1;  // 0 for what somebody else makes, and for values
    uint64_t items = 1;    // of its forEach
    uint64_t cost = 0;     // of evaluating all of its expressions for one plan of an instance
    // The expression that costs most, its place in the definition, and how often it is evaluated.
    std::string costliest;
    std::string costliest_path;
    uint64_t costliest_cost = 0;
    uint64_t times = 1;
    // Lists that the forEach walks, as they are written, with the most items each can have.
    std::vector<std::pair<std::string, uint64_t>> loops;
    Path path;
};

struct Bounds {
    std::vector<NodeBound> nodes;  // in topological order
    uint64_t status_cost = 0;      // of the status and its conditions
    uint64_t cost = 0;             // of everything
    uint64_t objects = 0;
};

[[nodiscard]] Bounds bounds_of(const Graph& graph,
                               int64_t collection_size = limits::collection_size);

// What a definition with these bounds exceeds: nothing, or a G029 for each of the two budgets, told
// where the loop or expression stands that takes most.
[[nodiscard]] Diagnostics check_budget(const Bounds& bounds, const Budget& budget);

// "1,024,000", "unbounded".
[[nodiscard]] std::string bound_text(uint64_t bound);

}  // namespace weft::graph
