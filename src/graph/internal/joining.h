// graph/internal/joining.h: two small things that every pass of the compiler needs.

#pragma once

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "object/path.h"

namespace weft::graph {

// Adds a name unless it is there.
inline void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) {
        names.push_back(name);
    }
}

// The path of `child` below `parent`.
[[nodiscard]] inline Path join_paths(const Path& parent, const Path& child) {
    Path out = parent;
    for (const PathStep& step : child.steps()) {
        std::visit([&out](const auto& part) { out.push(part); }, step);
    }
    return out;
}

}  // namespace weft::graph
