// server/internal/open_api_roots.h: the OpenAPI documents of what is no group version: the roots of
// discovery, /version and the keys of service accounts.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/internal/registry.h"

namespace weft::server {

// "api", "apis", "apis/apps", "version", …: below /openapi/v3/.
[[nodiscard]] std::vector<std::string> open_api_roots(const Registry& registry);

// What a root's document says of its one path: an operation that answers with this kind.
struct OpenApiRoot {
    std::string operation;  // "getAppsAPIGroup"
    std::string tag;        // "apps"
    std::string_view description;
    std::string definition;  // of the answer; "": a text
    std::vector<std::string_view> media_types;
};
[[nodiscard]] std::optional<OpenApiRoot> find_open_api_root(const Registry& registry,
                                                            std::string_view path);

// The schema of what /version answers; no builtin definition holds it.
[[nodiscard]] Value version_info_schema();

}  // namespace weft::server
