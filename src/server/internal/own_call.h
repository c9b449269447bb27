// server/internal/own_call.h: writes of the server itself, as its own client would make them.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// A call for change_object by the user system:apiserver, who may do everything; its changes belong
// to the manager "kube-apiserver".
[[nodiscard]] Call own_call(Core* core, const GroupVersionResource& resource,
                            std::string_view subresource, std::string_view namespace_,
                            std::string_view name);

}  // namespace weft::server
