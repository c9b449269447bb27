// cel/library/math.h: math.greatest, math.least, rounding, signs, bits.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: cel-go ext.Math, version 2.
[[nodiscard]] Library math_library();

}  // namespace weft::cel
