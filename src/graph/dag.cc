// graph/dag.cc: Kahn's algorithm forwards and backwards, and a walk that names a cycle.

#include "graph/dag.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace weft::graph {

Status Dag::add_node(std::string id) {
    const auto [position, is_new] = index_.emplace(id, nodes_.size());
    if (!is_new) {
        return make_error(Reason::invalid, "node ", id, " already exists");
    }
    nodes_.push_back({std::move(id), {}});
    return {};
}

bool Dag::contains(std::string_view id) const {
    return index_.contains(std::string(id));
}

Status Dag::add_dependencies(std::string_view id, const std::vector<std::string>& dependencies) {
    const auto from = index_.find(std::string(id));
    if (from == index_.end()) {
        return make_error(Reason::invalid, "node ", id, " does not exist");
    }
    const std::vector<Index> before = nodes_[from->second].needs;
    std::vector<Index> needs = before;
    for (const std::string& dependency : dependencies) {
        const auto to = index_.find(dependency);
        if (to == index_.end()) {
            return make_error(Reason::invalid, "node ", dependency, " does not exist");
        }
        if (to->second == from->second) {
            return make_error(Reason::invalid, "self references are not allowed");
        }
        if (std::ranges::find(needs, to->second) == needs.end()) {
            needs.push_back(to->second);
        }
    }
    nodes_[from->second].needs = std::move(needs);
    const std::vector<Index> cycle = find_cycle();
    if (cycle.empty()) {
        return {};
    }
    nodes_[from->second].needs = before;
    std::string text = "graph contains a cycle: ";
    for (const Index node : cycle) {
        append(text, nodes_[node].id, " -> ");
    }
    append(text, nodes_[cycle.front()].id);
    return Error(Reason::invalid, std::move(text));
}

std::vector<Dag::Index> Dag::find_cycle() const {
    // Depth first without recursion: the path is a stack of nodes with the edge each is at.
    enum class Mark : unsigned char { unseen, on_path, done };
    struct Step {
        Index node;
        size_t edge;
    };
    std::vector<Mark> marks(nodes_.size(), Mark::unseen);
    std::vector<Step> path;
    for (Index start = 0; start < nodes_.size(); ++start) {
        if (marks[start] != Mark::unseen) {
            continue;
        }
        marks[start] = Mark::on_path;
        path.push_back({start, 0});
        while (!path.empty()) {
            Step& step = path.back();
            if (step.edge == nodes_[step.node].needs.size()) {
                marks[step.node] = Mark::done;
                path.pop_back();
                continue;
            }
            const Index next = nodes_[step.node].needs[step.edge++];
            if (marks[next] == Mark::on_path) {
                std::vector<Index> cycle;
                const auto first = std::ranges::find(path, next, &Step::node);
                std::transform(first, path.end(), std::back_inserter(cycle),
                               [](const Step& on_cycle) { return on_cycle.node; });
                std::ranges::rotate(cycle, std::ranges::min_element(cycle));
                return cycle;
            }
            if (marks[next] == Mark::unseen) {
                marks[next] = Mark::on_path;
                path.push_back({next, 0});
            }
        }
    }
    return {};
}

std::vector<std::string> Dag::dependencies_of(std::string_view id) const {
    const auto found = index_.find(std::string(id));
    CHECK(found != index_.end());
    std::vector<std::string> out;
    for (const Index needed : nodes_[found->second].needs) {
        out.push_back(nodes_[needed].id);
    }
    return out;
}

std::vector<std::string> Dag::topological_order() const {
    std::vector<size_t> missing(nodes_.size());
    std::vector<std::vector<Index>> dependents(nodes_.size());
    std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
    for (Index node = 0; node < nodes_.size(); ++node) {
        missing[node] = nodes_[node].needs.size();
        if (missing[node] == 0) {
            ready.push(node);
        }
        for (const Index needed : nodes_[node].needs) {
            dependents[needed].push_back(node);
        }
    }
    std::vector<std::string> order;
    while (!ready.empty()) {
        const Index node = ready.top();
        ready.pop();
        order.push_back(nodes_[node].id);
        for (const Index dependent : dependents[node]) {
            if (--missing[dependent] == 0) {
                ready.push(dependent);
            }
        }
    }
    CHECK(order.size() == nodes_.size());
    return order;
}

std::vector<std::vector<std::string>> Dag::reverse_layers() const {
    std::vector<size_t> dependents(nodes_.size());
    for (const Node& node : nodes_) {
        for (const Index needed : node.needs) {
            ++dependents[needed];
        }
    }
    std::vector<Index> layer;
    for (Index node = 0; node < nodes_.size(); ++node) {
        if (dependents[node] == 0) {
            layer.push_back(node);
        }
    }
    std::vector<std::vector<std::string>> layers;
    while (!layer.empty()) {
        std::vector<std::string>& ids = layers.emplace_back();
        std::vector<Index> next;
        for (const Index node : layer) {
            ids.push_back(nodes_[node].id);
            for (const Index needed : nodes_[node].needs) {
                if (--dependents[needed] == 0) {
                    next.push_back(needed);
                }
            }
        }
        std::ranges::sort(next);
        layer = std::move(next);
    }
    return layers;
}

}  // namespace weft::graph
