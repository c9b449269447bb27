// server/internal/warnings.h: what a server says about an object that it takes all the same.
//
// Source of the behaviour, the order and the texts: pkg/api/*/warnings.go and the WarningsOnCreate
// and WarningsOnUpdate of the strategies, Kubernetes 1.36.

#pragma once

#include "server/internal/core.h"

namespace weft::server {

// Adds warnings to the call's answer. `old_object` is null at creation.
void warn_about_object(Call* call, const Value& object, const Value* old_object);

}  // namespace weft::server
