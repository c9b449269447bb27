// server/internal/strategy.h: what each builtin kind does to its objects before they are stored.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Fills in the defaults of a builtin kind; true if something was added (its order may be wrong).
bool apply_defaults(const Core& core, std::string_view definition, Value& object);

// The status of an APIService that no Service stands behind, from its creation on.
[[nodiscard]] Value status_of_local_api_service(Time now);

// Validation of a new builtin object beyond its metadata.
[[nodiscard]] FieldErrors validate_builtin(const Resource& resource, const Value& object);
// What a kind's own validation says of an update at an endpoint ("" for the object itself):
// metadata, members that may not change, and the rules of the kind, in upstream's order.
[[nodiscard]] FieldErrors validate_builtin_update(const Resource& resource,
                                                  std::string_view subresource, const Value& object,
                                                  const Value& old_object);

}  // namespace weft::server
