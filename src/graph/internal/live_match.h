// graph/internal/live_match.h: whether an object already is what we want, by what the server tells.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "object/object.h"
#include "schema/schema.h"

namespace weft::graph {

// Why `live` is not what an apply of `desired` by `manager` would leave: "field spec.replicas
// differs", "field spec.x is no longer wanted", "not applied by kro.run/applyset yet". Nothing if
// it is. Fields of other managers do not matter: only what we want and what our own managedFields
// entry holds is looked at. Values that the API server itself writes in another form are the same:
// quantities, times, base64, stringData of Secrets, zeros that Go leaves out; `schema` (of a whole
// object; may be null) tells which those are. So is what another version of the controller applied:
// kro and weft take over from each other without writing every child.
[[nodiscard]] std::optional<std::string> find_difference(const Object& desired, const Object& live,
                                                         std::string_view manager,
                                                         const schema::Schema* schema);

// Every difference, `most` at the most, as texts "spec.replicas differs". Empty if there is none.
[[nodiscard]] std::vector<std::string> find_differences(const Object& desired, const Object& live,
                                                        std::string_view manager,
                                                        const schema::Schema* schema, size_t most);

// Whether two states of an object differ in nothing but status and what servers count in metadata:
// what was applied to one is applied to the other.
[[nodiscard]] bool is_same_but_for_status(const Object& a, const Object& b);

}  // namespace weft::graph
