// cel/library/quantity.h: quantity(), isQuantity() and counting with them.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/quantity.go, of 1.30 to 1.36.
[[nodiscard]] Library quantity_library();

}  // namespace weft::cel
