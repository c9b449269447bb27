// server/internal/admit.h: runs the admission chain around a write.

#pragma once

#include <string>

#include "server/internal/core.h"

namespace weft::server {

// Mutating: the configured admissions may change *object (null for a deletion).
[[nodiscard]] io::Task<Status> admit_write(Call* call, std::string operation, Value* object,
                                           const Value* old_object);
// Validating, after everything else.
[[nodiscard]] io::Task<Status> validate_write(Call* call, std::string operation,
                                              const Value* object, const Value* old_object);

}  // namespace weft::server
