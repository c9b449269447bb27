// server/internal/backup.h: GET /weft/backup: everything the store holds, as one file.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// A consistent copy of the store at one revision, in the store's own format
// (docs/internals/storage.md); writes go on meanwhile. Whoever may get the path /weft/backup sees
// all objects, Secrets too: by RBAC's defaults the administrators only.
[[nodiscard]] io::Task<io::http::Response> serve_backup(Call* call);

}  // namespace weft::server
