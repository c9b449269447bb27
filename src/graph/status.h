// graph/status.h: what an instance says about itself.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/compile.h"
#include "graph/conditions.h"

namespace weft::graph {

// "kro.run/reconcile: suspended" (or disabled), in any case: nothing is applied or pruned.
[[nodiscard]] bool is_suspended(const Object& instance);

// The whole status to write, as kro writes it. `value` replaces the old one.
struct InstanceStatus {
    Value value;
    std::string state;  // "ACTIVE", "IN_PROGRESS", "ERROR", "DELETING"
    bool is_ready = false;

    // Compares as JSON would: members in any order, 3 is 3.0. False means: write.
    [[nodiscard]] bool is_same_as(const Value* existing) const;
};

// For an instance whose graph is not there: GraphResolved is False with this text and the state
// ERROR. While a revision is `pending` an instance that has a state keeps its whole status (kro
// shows ERROR for a moment), and one that has none is IN_PROGRESS. Everything else is kept.
[[nodiscard]] InstanceStatus unresolved_status(const Object& instance, bool has_author_conditions,
                                               std::string_view message, bool pending, Time now);

// For an instance of which the server does not show what there is: ResourcesReady is False with
// this text and the state ERROR. Everything else is kept.
[[nodiscard]] InstanceStatus unobserved_status(const Object& instance, bool has_author_conditions,
                                               std::string_view message, Time now);

}  // namespace weft::graph
