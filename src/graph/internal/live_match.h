// graph/internal/live_match.h: whether an object already is what we want, by what the server tells.

#pragma once

#include <optional>
#include <string>

#include "object/object.h"

namespace weft::graph {

// Why `live` is not what an apply of `desired` by `manager` would leave: "field spec.replicas
// differs", "field spec.x is no longer wanted", "not applied by kro.run/applyset yet". Nothing if
// it is. Fields of other managers do not matter: only what we want and what our own managedFields
// entry holds is looked at. Values that the server writes in another form (quantities) differ here;
// the caller knows by resourceVersion that it has applied them.
[[nodiscard]] std::optional<std::string> find_difference(const Object& desired, const Object& live,
                                                         std::string_view manager);

}  // namespace weft::graph
