// graph/internal/status_resources.h: an instance's objects in its own status, where its definition
// asks for it (spec.schema.managedResources). Not in kro.

#pragma once

#include "object/object.h"

namespace weft::graph {

// The members of the status.
inline constexpr std::string_view managed_resources = "managedResources";
inline constexpr std::string_view deletion_progress = "deletion";

// A list that stays small: what exceeds limits::listed_resources is counted in a last entry.
class ResourceList {
public:
    // `name` may be empty: of a node without objects yet.
    void add(std::string_view id, const ObjectKey& key, std::string_view state, bool is_ready,
             std::string_view message);
    [[nodiscard]] Value take();

private:
    Value list_ = Value::list();
    size_t more_ = 0;
};

}  // namespace weft::graph
