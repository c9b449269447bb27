// graph/bounds.h: how large a definition can become, known before anything runs.
//
// Sizes come from the schema of the instance and of what is read (maxItems, maxLength,
// maxProperties; else what fits into a request of three mebibytes, as Kubernetes' CEL bounds them)
// and from the collection limit; what an expression makes is at most what an evaluation may hold.
// Costs are those of cel-go's estimate, the unit of Kubernetes' own budgets.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/compile.h"

namespace weft::graph {

// The expression that costs most, its place in the definition, and how often it is evaluated.
struct CostlyExpression {
    std::string text;  // "": there is none
    std::string path;
    uint64_t cost = 0;  // of all evaluations
    uint64_t times = 1;
    // The field without a limit that makes it costly, and what it lacks:
    // "`schema.spec.zones` has no maxItems". "" if no such field matters.
    std::string driver;
};

// A list that a forEach walks, as it is written, with the most items it can have.
struct LoopBound {
    std::string list;
    uint64_t items = 0;
    std::string driver;  // why there can be so many, as above
};

// The worst case of one resource. Numbers end at 2^64-1, which means: so much or more.
struct NodeBound {
    std::string id;
    uint64_t objects = 1;  // 0 for what somebody else makes, and for values
    uint64_t items = 1;    // of its forEach
    uint64_t cost = 0;     // of evaluating all of its expressions for one plan of an instance
    CostlyExpression costliest;
    std::vector<LoopBound> loops;  // of the forEach
    bool is_limited = false;       // by the collection limit: the loops alone could make more
    Path path;
};

struct Bounds {
    std::vector<NodeBound> nodes;  // in topological order
    uint64_t status_cost = 0;      // of the status and its conditions
    CostlyExpression status_costliest;
    uint64_t cost = 0;  // of everything
    uint64_t objects = 0;

    // The costliest expression of all.
    [[nodiscard]] const CostlyExpression& costliest() const;
};

[[nodiscard]] Bounds bounds_of(const Graph& graph,
                               int64_t collection_size = limits::collection_size);

// What a definition with these bounds exceeds: nothing, or a G029 for each of the two budgets, told
// where the loop or expression stands that takes most.
[[nodiscard]] Diagnostics check_budget(const Bounds& bounds, const Budget& budget);

// "1,024,000"; the largest number is "18,446,744,073,709,551,615 or more".
[[nodiscard]] std::string bound_text(uint64_t bound);

}  // namespace weft::graph
