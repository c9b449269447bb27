// object/go_type.h: what Go calls the kinds of unstructured values, for messages that clients see.

#pragma once

#include <string_view>

#include "object/value.h"

namespace weft {

// "string", "int64", "map[string]interface {}", …; "<nil>" for null: Go's %T of what encoding/json
// and apimachinery's util/json make.
[[nodiscard]] std::string_view go_type_text(const Value& value);

}  // namespace weft
