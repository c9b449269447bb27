// server/internal/strategy.h: what each builtin kind does to its objects before they are stored.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Fills in the defaults of a builtin kind; true if something was added (its order may be wrong).
bool apply_defaults(const Core& core, std::string_view definition, Value& object);

// Validation of builtin kinds beyond metadata and immutable members.
[[nodiscard]] FieldErrors validate_builtin(const Resource& resource, const Value& object);

}  // namespace weft::server
