// merge/internal/go_format.h: values as Go's fmt prints them with %v, which error texts show.

#pragma once

#include <string>

#include "object/value.h"

namespace weft::merge::internal {

// "map[a:1 b:[x y]]", keys sorted; strings bare; null as "<nil>".
[[nodiscard]] std::string go_format(const Value& value);

// What %s prints: as %v for texts, "%!s(int64=5)" for what is none.
[[nodiscard]] std::string go_format_as_text(const Value& value);

}  // namespace weft::merge::internal
