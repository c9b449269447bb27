// graph/dag.h: which nodes can be applied together, and which must wait.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"

namespace weft::graph {

// A Dag holds node ids and the edges "this node needs that one". It is a value: build it, ask it,
// copy it. The same calls in the same order give the same answers, so that plans can be compared.
// Invariant: it holds no cycle; an edge that would close one is refused.
class Dag {
public:
    using Index = size_t;

    // invalid: "node X already exists".
    Status add_node(std::string id);

    // Records that `id` needs each of the others first; all or none of them. invalid, in kro's
    // words: "node X does not exist", "self references are not allowed", "graph contains a cycle:
    // web -> db -> web" (each needs the next; it starts with the earliest node of the cycle).
    Status add_dependencies(std::string_view id, const std::vector<std::string>& dependencies);

    [[nodiscard]] size_t size() const { return nodes_.size(); }
    [[nodiscard]] bool contains(std::string_view id) const;
    // The ids that `id` needs, in the order they were recorded. CHECKs that it exists.
    [[nodiscard]] std::vector<std::string> dependencies_of(std::string_view id) const;

    // Every node, after all it needs; where there is a choice, in the order of adding.
    [[nodiscard]] std::vector<std::string> topological_order() const;

    // First the nodes that nobody needs, then those that only the first need, and so on: the waves
    // of deletion. Each layer in the order of adding.
    [[nodiscard]] std::vector<std::vector<std::string>> reverse_layers() const;

private:
    struct Node {
        std::string id;
        std::vector<Index> needs;
    };
    [[nodiscard]] std::vector<Index> find_cycle() const;

    std::vector<Node> nodes_;
    std::unordered_map<std::string, Index> index_;
};

}  // namespace weft::graph
