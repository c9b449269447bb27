// cel/library/optional.h: optional values: optional.of, orValue, optMap and their like.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library optional_library();

}  // namespace weft::cel
