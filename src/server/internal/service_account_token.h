// server/internal/service_account_token.h: POST …/serviceaccounts/x/token.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// A token for the account, bound to the object that the request names. Source of the behaviour:
// pkg/registry/core/serviceaccount/storage/token.go of Kubernetes 1.36.
[[nodiscard]] io::Task<Answer> issue_token(Call* call);

}  // namespace weft::server
