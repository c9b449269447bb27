// control/internal/definition_pass.h: what the files of the DefinitionReconciler share.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/definition.h"
#include "control/events.h"
#include "graph/rollout.h"

namespace weft::control {

// The index of revisions by the name of their definition.
inline constexpr std::string_view by_definition = "definition";

inline bool allows_breaking(const Object& definition) {
    return definition.annotation(graph::annotation_allow_breaking) == "true";
}

// Whether the API server serves the kind of a CustomResourceDefinition.
[[nodiscard]] bool is_established(const Object& crd);

[[nodiscard]] inline int64_t revision_number(const Object& revision) {
    return revision.value().int_at(0, "spec", "revision");
}

// The body of a merge patch of one member of metadata.
[[nodiscard]] inline Value merge_metadata(std::string_view member, Value value) {
    return Value::map_of({{"metadata", Value::map_of({{member, std::move(value)}})}});
}

struct DefinitionReconciler::Pass {
    Object definition;
    std::string name;
    std::string hash;
    graph::ConditionSet conditions;
    std::vector<Object> live;  // revisions by number, terminating ones left out
    bool has_terminating = false;
    graph::SharedGraph graph;    // of the revision that is served
    bool keeps_topology = true;  // topologicalOrder and resources stay what they were
    bool graph_changed = false;  // instances have to look again
    int64_t last_issued = 0;
    // spec.rollout and status.rollout; nothing where the definition does not ask for it.
    std::optional<graph::RolloutSpec> rollout_spec;
    std::optional<graph::RolloutState> rollout;
    std::vector<std::pair<std::string, std::string>> rollout_news;  // reason and message of Events
    bool is_new_revision = false;  // the newest revision is not in the status yet
    std::string retry;             // why another pass is needed; "" for none
};

}  // namespace weft::control
