// cli/definition_diff.h: what a new version of a definition means for the instances there are.

#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace weft::cli {

enum class Level : uint8_t {
    breaking,  // instances stop to be valid, or objects of theirs are lost or made anew
    risky,     // depends on the instance: objects may come or go
    safe,
};
[[nodiscard]] std::string_view text(Level level);

struct DefinitionChange {
    Level level = Level::safe;
    std::string category;  // "api", "schema", "status", "resource", "readiness"
    std::string path;      // "spec.replicas", "resources.web.template.spec.replicas"
    std::string message;
};

// One version, compiled.
struct Version {
    const graph::Definition* definition = nullptr;
    const graph::Graph* graph = nullptr;
};

// Breaking changes first; in each level the order of the definition.
[[nodiscard]] std::vector<DefinitionChange> compare_definitions(const Version& before,
                                                                const Version& after);

}  // namespace weft::cli
