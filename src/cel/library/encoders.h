// cel/library/encoders.h: base64.encode and base64.decode.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: cel-go ext.Encoders, version 0.
[[nodiscard]] Library encoders_library();

}  // namespace weft::cel
