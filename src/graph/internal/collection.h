// graph/internal/collection.h: the items of a forEach.

#pragma once

#include <string>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// Every combination of one value of each dimension, the last dimension fastest. No dimension, or an
// empty one, gives none. invalid, in kro's words, if there are more than `size_max`.
[[nodiscard]] Result<std::vector<std::vector<Value>>> cartesian_product(
    const std::vector<Value>& dimensions, int64_t size_max);

// "group/version/kind/namespace/name".
[[nodiscard]] std::string identity_of(const Object& object);
// invalid with "duplicate identity: …" if two objects are the same one.
Status check_unique_identities(const Manifests& objects);

}  // namespace weft::graph
