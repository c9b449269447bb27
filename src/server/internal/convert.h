// server/internal/convert.h: builtin kinds that are served in several versions.

#pragma once

#include <string>

#include "server/internal/registry.h"

namespace weft::server {

// True if versions of this resource differ in more than their apiVersion.
[[nodiscard]] bool changes_shape(const Resource& resource);
// The object of any served version as another; only apiVersion changes where shapes agree.
[[nodiscard]] Value convert_object(const Resource& resource, const Value& object,
                                   const std::string& api_version);

}  // namespace weft::server
