// object/go_format.h: values as Go's fmt prints them, which error texts show.

#pragma once

#include <string>

#include "object/value.h"

namespace weft {

// "map[a:1 b:[x y]]", keys sorted; strings bare; null as "<nil>".
[[nodiscard]] std::string go_format(const Value& value);

// What %#v prints: `map[string]interface {}{"a":1}`, `interface {}(nil)` inside lists and maps.
[[nodiscard]] std::string go_syntax(const Value& value);

// What %s prints: as %v for texts, "%!s(int64=5)" for what is none.
[[nodiscard]] std::string go_format_as_text(const Value& value);

}  // namespace weft
