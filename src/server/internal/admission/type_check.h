// server/internal/admission/type_check.h: what a policy's expressions say of the kinds they judge.
//
// Source of the behaviour and the texts: apiserver pkg/admission/plugin/policy/validating/
// typechecking.go, 1.36.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// The list for status.typeChecking.expressionWarnings: every expression that does not fit one of
// the kinds that the rules name without stars. Empty if all is well.
[[nodiscard]] Value check_policy_types(const Core& core, const Value& policy);

}  // namespace weft::server
