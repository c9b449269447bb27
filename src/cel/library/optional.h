// cel/library/optional.h: optional values: optional.of, orValue, optMap and their like.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Version 1 has optFlatMap, 2 first, last, optional.unwrap and unwrapOpt.
[[nodiscard]] Library optional_library(int version);

}  // namespace weft::cel
