// server/internal/bootstrap.h: what every cluster has from the start.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Makes the namespaces, the Service default/kubernetes and the bootstrap roles that are missing,
// through the server itself, and takes the addresses of stored Services.
[[nodiscard]] io::Task<Status> bootstrap(Core* core, io::http::Handler* server);

}  // namespace weft::server
