// control/preview.h: what would be done for an instance, asked of a real server and done by nobody.

#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"
#include "kube/kube.h"

namespace weft::control {

// One object that would be written or deleted.
struct PreviewedChange {
    Action action;
    std::optional<Object> before;  // nothing: it would be made
    std::optional<Object> after;   // as the server would answer; nothing: deleted, or refused
    std::string refusal;           // why the server would refuse it; "" if it would not
};

struct Preview {
    std::vector<PreviewedChange> changes;  // in the order in which they would be made
    graph::Plan plan;                      // the last: what waits for what, and the status
};

// Plans the instance by the graph, reads what the plan asks for, and lets the server answer every
// write as a dry run, so that dependents are planned by what it would make of them. With
// `only_looks` nothing is sent but reads, and the plan is the first that has actions or is at rest.
// Nothing is stored in either way. Fails when a read fails.
[[nodiscard]] io::Task<Result<Preview>> preview(io::Loop* loop, kube::Client* client,
                                                kube::RestMapper* mapper, graph::SharedGraph graph,
                                                Object instance, graph::PlanOptions options,
                                                bool only_looks);

}  // namespace weft::control
