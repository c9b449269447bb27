// server/internal/impersonate.h: requests in the name of somebody else.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Impersonate-* headers: the call's user becomes the one they name, if he may. Remembers in the
// core which way worked last for whom.
[[nodiscard]] io::Task<Status> impersonate(Call* call, Attributes attributes);

}  // namespace weft::server
