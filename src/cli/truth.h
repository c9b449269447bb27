// cli/truth.h: what a condition says whatever the instance holds, as far as that can be told.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::cli {

// True or false if the expression has that value for every instance the schema of `spec` (OpenAPI)
// allows; nothing if it depends, or if it cannot be told. Looks at literals, at `a == a`, and at
// comparisons of one field of schema.spec with a literal, by its enum, minimum and maximum.
[[nodiscard]] std::optional<bool> constant_truth(const std::string& expression,
                                                 const Value& spec_schema);

}  // namespace weft::cli
