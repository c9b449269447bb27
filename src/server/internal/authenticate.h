// server/internal/authenticate.h: who sent a request.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// The user by bearer token, client certificate, or as anonymous; unauthorized if a token is wrong
// or nobody is known and anonymous requests are off.
[[nodiscard]] io::Task<Result<UserInfo>> authenticate(const Core* core,
                                                      const io::http::Request* request);

}  // namespace weft::server
