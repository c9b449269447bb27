// control/internal/definition_pass.h: what the files of the DefinitionReconciler share.

#pragma once

#include <string>
#include <vector>

#include "control/definition.h"

namespace weft::control {

// The index of revisions by the name of their definition.
inline constexpr std::string_view by_definition = "definition";

inline bool allows_breaking(const Object& definition) {
    return definition.annotation(graph::annotation_allow_breaking) == "true";
}

// Whether the API server serves the kind of a CustomResourceDefinition.
[[nodiscard]] bool is_established(const Object& crd);

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
    std::string retry;  // why another pass is needed; "" for none
};

}  // namespace weft::control
